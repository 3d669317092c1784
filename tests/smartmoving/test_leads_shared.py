"""Workers share the outbox: a row is claimed by one of them (T74)."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from branchline import outbox
from branchline.warehouse import connect, render

from tests.smartmoving.leads import QUICK, Leads, fault


def test_t74_two_workers_one_row_one_post(leads: Leads) -> None:
    for attempt in range(5):
        leads.submit(f"web-{attempt}")

        async def race() -> list[outbox.Delivery]:
            return await asyncio.gather(*(leads.worker() for _ in range(4)))

        outcomes = sum((delivery.outcomes for delivery in asyncio.run(race())), Counter())
        assert outcomes == {"sent": 1}
        assert leads.posts == attempt + 1


def test_t74_two_workers_share_many_rows(leads: Leads) -> None:
    for number in range(60):
        leads.submit(f"web-{number}")

    async def race() -> list[outbox.Delivery]:
        return await asyncio.gather(*(leads.worker(replace(QUICK, batch=5)) for _ in range(3)))

    deliveries = asyncio.run(race())
    assert sum(delivery.outcomes["sent"] for delivery in deliveries) == 60
    assert sum(bool(delivery.outcomes) for delivery in deliveries) > 1, "one worker did it all: nothing was shared"
    assert leads.posts == 60
    assert leads.stored().total() == 60


def test_t74_a_row_that_another_claims_is_skipped_without_waiting(leads: Leads) -> None:
    for number in range(3):
        leads.submit(f"web-{number}")
    claim = render("crm/leads.claim.sql")
    params = {"client": "lgm", "account": "smartmoving", "seen": [], "lease": 60}
    with connect(leads.warehouse.loader, client="lgm") as one, connect(leads.warehouse.loader, client="lgm") as other:
        other.execute("SET lock_timeout = '1s'")
        with one.transaction():
            first = one.execute(claim, params | {"most": 2, "claim": "one"}).fetchall()
            second = other.execute(claim, params | {"most": 2, "claim": "other"}).fetchall()
            assert (len(first), len(second)) == (2, 1)
            assert {row.lead_id for row in first}.isdisjoint({row.lead_id for row in second})


def test_t74_an_outcome_of_a_lost_claim_is_not_written(leads: Leads) -> None:
    leads.control.faults(fault({"kind": "accept_then_timeout", "seconds": 0.2}))
    leads.submit("web-1")

    async def overtaken() -> None:
        task = asyncio.create_task(leads.worker())
        while not leads.control.leads():
            await asyncio.sleep(0.01)
        await asyncio.to_thread(leads.warehouse.execute, "UPDATE crm.leads SET claimed_by = 'another'")
        await task

    asyncio.run(overtaken())
    row = leads.row("web-1")
    assert (row.state, row.claimed_by) == ("sending", "another")
