"""A lead is sent exactly once: the good way, and every POST whose answer was not heard (T70)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from branchline import outbox
from branchline.outbox import Pace

from tests.smartmoving.leads import QUICK, Leads, fault, person, status

# ------------------------------------------------------------------------------------------------------ the good way


def test_a_lead_reaches_its_branch(leads: Leads) -> None:
    place = leads.places[13]
    new = leads.submit("web-1", location_id=place.location_id)
    assert new == outbox.Submitted(new.lead_id, "pending", True)
    assert leads.work().outcomes == {"sent": 1}
    (stored,) = leads.control.leads()
    form = {name: value for name, value in stored["form"].items() if name != "branchid"}
    assert stored["form"]["branchid"] == place.external_id
    assert form == {
        "fullname": "Alex  Example " + stored["customerName"].rpartition(" ")[2],
        "phonenumber": person("web-1")["phoneNumber"],
        "phonetype": "Mobile",
        "email": "web-1@Example.com",
        "movedate": f"{person('web-1')['moveDate']:%Y%m%d}",
        "originaddressfull": "100 Sample St, Calgary",
        "notes": "Ring twice",
    }
    row = leads.row("web-1")
    assert (row.state, row.attempts, row.doubtful_since, row.claimed_until) == ("sent", 1, None, None)
    assert row.requested_by == "branchline_loader"
    assert leads.lookups == 0, "a first POST that is answered costs no call of the Open API"
    assert leads.work().outcomes == {}


def test_an_accepted_lead_gets_its_vendor_id_from_the_next_sync(leads: Leads) -> None:
    leads.submit("web-1")
    leads.work()
    leads.read_by_sync()
    leads.work()
    assert leads.row("web-1").vendor_lead_id == leads.control.leads()[0]["id"]
    assert leads.lookups == 0


def test_a_lead_the_warehouse_knows_is_not_sent(leads: Leads) -> None:
    leads.submit("web-1")
    leads.work()
    leads.read_by_sync()
    leads.submit("web-2", person("web-1", phoneNumber="1.403.555." + person("web-1")["phoneNumber"][-4:]))
    assert leads.work().outcomes == {"duplicate": 1}
    assert leads.posts == 1
    assert leads.row("web-2").vendor_lead_id == leads.control.leads()[0]["id"]


# ------------------------------------------------------------------------------------------------------------- T70


def test_t70_a_timeout_after_the_vendor_took_it_is_unknown_then_found_and_sent(leads: Leads) -> None:
    leads.control.faults(fault("accept_then_timeout"))
    leads.submit("web-1")
    assert leads.work(replace(QUICK, backoff=30.0, longest=30.0, settle=30.0)).outcomes == {"unknown": 1}
    row = leads.row("web-1")
    assert (row.state, row.attempts) == ("unknown", 1)
    assert "no answer" in row.last_error
    leads.warehouse.execute("UPDATE crm.leads SET next_attempt_at = now()")
    assert leads.work().outcomes == {"sent": 1}
    (stored,) = leads.control.leads()
    row = leads.row("web-1")
    assert (row.state, row.attempts, row.vendor_lead_id, row.last_error) == ("sent", 1, stored["id"], None)
    assert (leads.posts, leads.lookups) == (1, 1)


def test_t70_a_connection_cut_before_the_vendor_took_it_is_sent_again_after_the_settling_time(leads: Leads) -> None:
    leads.control.faults(fault("reset"))
    leads.submit("web-1")
    slow = replace(QUICK, settle=60.0)
    seen = []
    for _ in range(5):
        leads.work(slow)
        seen.append(leads.row("web-1").state)
        leads.warehouse.execute("UPDATE crm.leads SET next_attempt_at = now()")
        if len(seen) == 2:
            assert leads.posts == 1, "absence is not believed before the settling time"
            leads.warehouse.execute("UPDATE crm.leads SET doubtful_since = doubtful_since - interval '1 minute'")
    assert seen == ["unknown", "unknown", "pending", "sent", "sent"]
    assert (leads.row("web-1").attempts, leads.posts, leads.stored()) == (2, 2, {"web-1": 1})
    assert leads.lookups == 3, "once while settling, once to believe it, once more right before the second POST"


def test_t70_nothing_in_doubt_is_posted_while_the_look_up_fails(leads: Leads) -> None:
    leads.control.faults(fault("accept_then_timeout"), fault(status(500), match="/api/leads", method="GET", times=None))
    leads.submit("web-1")
    for _ in range(4):
        leads.work(replace(QUICK, settle=0.0))
        leads.warehouse.execute("UPDATE crm.leads SET next_attempt_at = now()")
    row = leads.row("web-1")
    assert (row.state, row.attempts, leads.posts) == ("unknown", 1, 1)
    assert "the look-up failed" in row.last_error
    leads.control.clear_faults()
    assert leads.work().outcomes == {"sent": 1}
    assert leads.stored() == {"web-1": 1}


def test_t70_a_web_page_as_success_proves_nothing(leads: Leads) -> None:
    leads.control.faults(fault("html200"))
    leads.submit("web-1")
    leads.settle()
    assert (leads.row("web-1").attempts, leads.stored()) == (2, {"web-1": 1})


def test_t70_a_killed_worker_leaves_a_trace_and_its_lead_is_found(leads: Leads) -> None:
    leads.control.faults(fault("accept_then_timeout"))
    leads.submit("web-1")

    async def killed() -> None:
        task = asyncio.create_task(leads.worker())
        while not leads.control.leads():
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(killed())
    row = leads.row("web-1")
    assert (row.state, row.doubtful_since is not None) == ("sending", True)
    assert leads.work().outcomes == {}, "the claim still holds"
    leads.warehouse.execute("UPDATE crm.leads SET claimed_until = now()")
    assert leads.work().outcomes == {"sent": 1}
    assert (leads.posts, leads.stored()) == (1, {"web-1": 1})


def test_t70_a_claim_too_short_for_its_post_is_not_used(leads: Leads) -> None:
    leads.submit("web-1")
    leads.work(replace(QUICK, lease=0.3, post=0.4))
    assert (leads.posts, leads.row("web-1").state) == (0, "sending")


FAULTS: Sequence[Any] = (
    {"kind": "accept_then_timeout", "seconds": 0.0},
    {"kind": "accept_then_timeout", "seconds": 0.02},
    {"kind": "accept_then_timeout", "seconds": 5},
    "cut",
    "reset",
    "html200",
    status(500),
    status(502),
    status(504),
    status(429, retry_after=0),
)


@pytest.mark.timeout(300)
def test_t70_exactly_one_lead_at_the_vendor_over_100_runs_with_seeded_faults(leads: Leads) -> None:
    """A hundred seeds, six leads, two workers, one of them killed every fourth time; POSTs and look-ups fail."""
    pace = replace(QUICK, post=0.15, settle=0.02, lease=0.6)
    struck = 0
    for seed in range(100):
        draw = random.Random(seed)
        leads.control.reset()  # its ids begin anew, so ours must not refer to the last seed's
        leads.warehouse.execute("DELETE FROM crm.leads")
        for _ in range(5):
            rule = {"after": draw.randrange(6), "every": 1 + draw.randrange(3), "times": 1 + draw.randrange(3)}
            leads.control.faults(fault(draw.choice(FAULTS), **rule))
        kind = draw.choice(("reset", "cut", "truncate", status(500), status(429, retry_after=0)))
        leads.control.faults(fault(kind, match="v1/api/leads", after=draw.randrange(3), times=1 + draw.randrange(2)))
        keys = [f"seed{seed}-{place}" for place in range(6)]
        leads.submit_all([(draw.choice(leads.places).location_id, key, person(key)) for key in keys])
        asyncio.run(two_workers(leads, pace, is_one_killed=seed % 4 == 0))
        leads.warehouse.execute("UPDATE crm.leads SET claimed_until = now() WHERE state = 'sending'")  # saves waiting
        leads.settle(pace=pace, passes=200)
        assert leads.stored() == Counter(f"seed{seed}-{place}" for place in range(6)), f"seed {seed}"
        assert leads.states() == {"sent": 6}, f"seed {seed}"
        served = leads.control.served()
        answers = served["by_path"]["POST /smartmoving-leads/api/leads/from-provider/v2"]
        assert answers.get("400", 0) == 0, f"seed {seed} sent a lead twice: only the vendor refused it"
        struck += sum(served["faults"].values())
    assert struck > 500


async def two_workers(leads: Leads, pace: Pace, *, is_one_killed: bool) -> None:
    workers = [asyncio.create_task(leads.worker(pace)) for _ in range(2)]
    if is_one_killed:
        await asyncio.sleep(0.03)
        workers[0].cancel()
    outcomes = await asyncio.gather(*workers, return_exceptions=True)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
