"""Leads handed to SmartMoving: real PostgreSQL, the sandbox's Lead Provider API and Open API, every way to fail."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from branchline import outbox
from branchline.errors import Reconfigure
from branchline.hooks import smartmoving_leads
from branchline.hooks.smartmoving_leads import LeadDesk, leads_conn_id, send_leads
from branchline.ledger import Account
from branchline.outbox import LeadRefused, Outbox, Pace, open_ledger, preview, problems, submit_lead
from branchline.transport import Endpoint, Transport
from branchline.warehouse import connect, render

PROVIDER_KEY = "sandbox-provider-key"
QUICK = Pace(settle=0.05, lease=2.0, post=0.4, backoff=0.005, longest=0.02, concurrency=8, batch=20)
ACCOUNT = Account("smartmoving", "smartmoving", "smartmoving", "lgm")
PROVIDER = "from-provider"
KEY = "sandbox-smartmoving-key"
SEEN = ("id", "customerName", "emailAddress", "phoneNumber", "serviceDate", "status", "createdAtUtc")


@dataclass
class Leads:
    """The write-back against a sandbox whose clock is the machine's, with branches and reference lists known."""

    line: Any
    provider_key: str = PROVIDER_KEY
    provider_url: str | None = None
    open_api_url: str | None = None
    posts: int = 0
    lookups: int = 0
    places: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        # What a sync of the reference lists leaves behind, written by hand: a lead needs no more of it.
        self.warehouse.execute("INSERT INTO core.clients VALUES ('lgm')")
        for branch in self.ask("/api/branches")[:20]:
            self.warehouse.execute(
                "INSERT INTO core.locations (client_id, source, account, external_id, name) "
                "VALUES ('lgm', 'smartmoving', 'smartmoving', %s, %s)",
                (branch["id"], branch["name"]),
            )
        for table, key in (("move_sizes", "move_size_id"), ("referral_sources", "referral_source_id")):
            for row in self.ask("/api/" + table.replace("_", "-")):
                self.warehouse.execute(
                    f"INSERT INTO smartmoving.{table} (client_id, account, observed_at, row_hash, {key}, name) "
                    "VALUES ('lgm', 'smartmoving', now(), gen_random_uuid(), %s, %s)",
                    (row["id"], row["name"]),
                )
        self.places = self.warehouse.rows(
            "SELECT location_id, external_id FROM core.locations WHERE is_mapped ORDER BY location_id"
        )

    @property
    def warehouse(self) -> Any:
        return self.line.warehouse

    @property
    def control(self) -> Any:
        return self.line.vendor.control

    def ask(self, path: str) -> list[Any]:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["x-api-key"] = KEY
            rows: list[Any] = session.get(self.line.vendor.smartmoving + path, timeout=5).json()["pageResults"]
        return rows

    def read_by_sync(self) -> None:
        """What a sync of the leads would leave in the warehouse."""
        for lead in self.ask(f"/api/leads?PageSize=200&From={datetime.now(UTC):%Y%m%d}"):
            self.warehouse.execute(
                "INSERT INTO smartmoving.leads (client_id, account, observed_at, row_hash, lead_id, customer_name, "
                "email_address, phone_number, service_date, status, created_at) VALUES ('lgm', 'smartmoving', now(), "
                "gen_random_uuid(), %(id)s, %(customerName)s, %(emailAddress)s, %(phoneNumber)s, "
                "core.as_day(%(serviceDate)s::text)::date, %(status)s, core.as_instant(%(createdAtUtc)s)::timestamptz)",
                {name: lead.get(name) for name in SEEN},
            )

    def submit(self, key: str, fields: dict[str, Any] | None = None, **how: Any) -> outbox.Submitted:
        location = how.pop("location_id", self.places[0].location_id)
        with connect(self.warehouse.loader, client="lgm") as connection:
            return submit_lead(connection, location, key, fields or person(key), **how)

    def row(self, key: str) -> Any:
        return self.warehouse.one("SELECT * FROM crm.leads WHERE idempotency_key = %s", (key,), role="admin")

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.warehouse.rows("SELECT state FROM crm.leads", role="admin"))

    def work(self, pace: Pace = QUICK, limit: int = 1000) -> outbox.Delivery:
        """One pass of one worker."""
        return asyncio.run(self.worker(pace, limit))

    async def worker(self, pace: Pace = QUICK, limit: int = 1000) -> outbox.Delivery:
        vendor = self.line.vendor
        provider = Endpoint("smartmoving", "smartmoving_leads", self.provider_url or vendor.leads, {})
        open_api = replace(self.line.endpoint(), read_seconds=1.0)
        if self.open_api_url:
            open_api = replace(open_api, base_url=self.open_api_url)
        async with (
            await open_ledger(self.warehouse.loader, "lgm") as ledger,
            Transport(open_api) as transport,
            LeadDesk(provider, self.provider_key, transport, longest=pace.post) as desk,
        ):
            try:
                return await Outbox(ledger, ACCOUNT, desk, pace).work(limit)
            finally:
                self.posts += desk.posts
                self.lookups += transport.calls

    def settle(self, passes: int = 60, pace: Pace = QUICK) -> int:
        """Pass after pass until nothing waits; returns how many."""
        for number in range(1, passes + 1):
            self.work(pace)
            if not self.states() & Counter(pending=10**6, sending=10**6, unknown=10**6):
                return number
        raise AssertionError(f"still waiting after {passes} passes: {self.states()}")

    def stored(self) -> Counter[str]:
        """Leads that the vendor has, by the e-mail that names our key."""
        return Counter(lead["emailAddress"].partition("@")[0] for lead in self.control.leads())


def person(key: str, **more: Any) -> dict[str, Any]:
    """A synthetic lead that its e-mail tells apart."""
    place = sum(key.encode()) % 9000
    return {
        "fullName": f"Alex  Example {place}",
        "phoneNumber": f"+1 (403) 555-{place:04d}",
        "phoneType": "mobile",
        "email": f"{key}@Example.com",
        "moveDate": date(2027, 3, 1 + place % 28),
        "originAddressFull": "100 Sample St, Calgary",
        "notes": "Ring twice",
    } | more


@pytest.fixture
def leads(smartmoving: Any, monkeypatch: pytest.MonkeyPatch) -> Leads:
    async def no_wait(*_: Any) -> None:
        pass

    monkeypatch.setattr(Transport, "_sleep", no_wait)
    return Leads(smartmoving(now=None))


def fault(action: Any, *, times: int | None = 1, match: str = PROVIDER, **more: Any) -> dict[str, Any]:
    return {"match": match, "action": action, "times": times, **more}


def status(code: int, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": code, **more}


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
        with connect(leads.warehouse.loader, client="lgm") as connection:
            for place in range(6):
                key = f"seed{seed}-{place}"
                submit_lead(connection, draw.choice(leads.places).location_id, key, person(key))
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


# ------------------------------------------------------------------------------------------------------------- T71


def test_t71_the_same_key_is_the_same_lead(leads: Leads) -> None:
    first = leads.submit("web-1")
    again = leads.submit("web-1", person("web-1", email="  web-1@Example.com ", utmSource=""))
    assert (again.lead_id, again.is_new) == (first.lead_id, False)
    leads.work()
    assert leads.submit("web-1").state == "sent"
    assert leads.states() == {"sent": 1}
    assert leads.posts == 1


@pytest.mark.parametrize("change", [{"notes": "Ring once"}, {"location_id": 2}, {"dry_run": True}])
def test_t71_the_same_key_with_another_payload_is_refused(leads: Leads, change: dict[str, Any]) -> None:
    leads.submit("web-1")
    how = dict(change)
    fields = person("web-1") | ({"notes": how.pop("notes")} if "notes" in how else {})
    if "location_id" in how:
        how["location_id"] = leads.places[2].location_id
    with pytest.raises(LeadRefused, match="this key was used before for another lead"):
        leads.submit("web-1", fields, **how)
    row = leads.row("web-1")
    assert (row.payload["notes"], row.state) == ("Ring twice", "pending")


# ------------------------------------------------------------------------------------------------------------- T72


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_t72_a_passing_refusal_is_tried_again_later(leads: Leads, code: int) -> None:
    leads.control.faults(fault(status(code), times=2))
    leads.submit("web-1")
    leads.work(replace(QUICK, backoff=30.0, longest=30.0))
    row = leads.row("web-1")
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.next_attempt_at > row.updated_at + timedelta(seconds=20)
    assert f"HTTP {code}" in row.last_error
    leads.warehouse.execute("UPDATE crm.leads SET next_attempt_at = now()")
    leads.settle()
    assert (leads.row("web-1").attempts, leads.stored()) == (3, {"web-1": 1})
    assert (leads.lookups > 0) == (code >= 500), "a 5xx may have been taken, a 429 was not"


def test_t72_the_vendors_wait_is_honoured(leads: Leads) -> None:
    leads.control.faults(fault(status(429, retry_after=50)))
    leads.submit("web-1")
    leads.work()
    row = leads.row("web-1")
    assert timedelta(seconds=45) < row.next_attempt_at - row.updated_at < timedelta(seconds=55)


def test_t72_no_connection_is_tried_again_without_a_look_up(leads: Leads) -> None:
    leads.provider_url = "http://127.0.0.1:9"
    leads.submit("web-1")
    assert leads.work().outcomes == {"pending": 1}
    row = leads.row("web-1")
    assert (row.state, row.doubtful_since) == ("pending", None)
    leads.provider_url = None
    leads.settle()
    assert (leads.stored(), leads.lookups) == ({"web-1": 1}, 0)


def test_t72_a_refused_lead_is_a_dead_letter_with_the_vendors_words(leads: Leads) -> None:
    body = json.dumps({"message": "The request is invalid.", "errors": {"Email": ["Not a mailbox."]}})
    leads.control.faults(fault(status(400, body=body)))
    leads.submit("web-1")
    leads.submit("web-2")
    since = datetime.now(UTC)
    leads.work(replace(QUICK, concurrency=1))
    row = leads.row("web-1")
    assert row.state == "rejected"
    assert "Not a mailbox." in row.last_error
    assert leads.row("web-2").state == "sent"
    leads.work()
    assert leads.posts == 2
    with connect(leads.warehouse.loader, client="lgm") as connection:
        assert problems(connection, ACCOUNT, since, timedelta(hours=1)) == {"rejected": 1}
        assert problems(connection, ACCOUNT, datetime.now(UTC), timedelta(hours=1)) == {}


def test_t72_what_the_vendor_has_already_is_a_duplicate(leads: Leads) -> None:
    leads.submit("web-1")
    leads.submit("web-2", person("web-1"))
    leads.work(replace(QUICK, concurrency=1))
    assert [leads.row(key).state for key in ("web-1", "web-2")] == ["sent", "duplicate"]
    assert leads.row("web-2").vendor_lead_id == leads.control.leads()[0]["id"]
    assert leads.stored() == {"web-1": 1}


def test_t72_a_wrong_key_stops_the_pass_and_loses_nothing(leads: Leads) -> None:
    leads.provider_key = "wrong"
    for number in range(5):
        leads.submit(f"web-{number}")
    error = leads.work(replace(QUICK, concurrency=1)).error
    assert isinstance(error, Reconfigure)
    assert "Provider not found" in str(error)
    assert (leads.posts, leads.states()) == (1, {"pending": 5})
    leads.provider_key = PROVIDER_KEY
    leads.settle()
    assert leads.stored().total() == 5


def test_t72_a_vendor_that_takes_nothing_is_left_alone(leads: Leads) -> None:
    leads.control.faults(fault(status(503), times=None))
    for number in range(12):
        leads.submit(f"web-{number}")
    leads.work(replace(QUICK, batch=4, backoff=30, longest=30))
    assert (leads.posts, leads.states()) == (4, {"pending": 12})


# ------------------------------------------------------------------------------------------------------------- T73


def test_t73_a_dry_run_lead_is_never_sent(leads: Leads) -> None:
    leads.submit("dry", dry_run=True)
    assert leads.work().outcomes == {}
    leads.warehouse.execute("UPDATE crm.leads SET next_attempt_at = now() - interval '1 day'")
    leads.work()
    assert (leads.posts, leads.lookups, leads.row("dry").state) == (0, 0, "pending")
    with pytest.raises(Exception, match="a_dry_run_is_never_sent"):
        leads.warehouse.execute("UPDATE crm.leads SET attempts = 1")


def test_t73_a_dry_run_of_the_dag_shows_what_would_be_sent(
    leads: Leads, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads.submit("web-1")
    leads.submit("dry", dry_run=True)
    before = leads.warehouse.rows("SELECT * FROM crm.leads ORDER BY 1", role="admin")
    with connect(leads.warehouse.loader, client="lgm") as connection:
        shown = dict(preview(connection, ACCOUNT, 10))
    text = shown[leads.row("web-1").lead_id]
    assert f"moveDate={person('web-1')['moveDate']:%Y%m%d}" in text
    assert f"branchId={leads.places[0].external_id}" in text
    assert "phoneNumber" in text
    assert "555" not in text
    assert shown[leads.row("dry").lead_id].startswith("dry run: ")
    entries = [{"source": "smartmoving", "account": "smartmoving", "conn_id": "smartmoving", "client": "lgm"}]
    with caplog.at_level(logging.INFO):
        send_leads(leads.warehouse.loader, entries, limit=10, dry_run=True, since=datetime.now(UTC))
    assert caplog.text.count("would send lead") == 2
    assert leads.warehouse.rows("SELECT * FROM crm.leads ORDER BY 1", role="admin") == before
    assert leads.control.leads() == []


# ------------------------------------------------------------------------------------------------------------- T74


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


# ------------------------------------------------------------------------------------- the key and the person's data


def test_t83_the_provider_key_is_nowhere(
    leads: Leads, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "canary/5f3a+9 &z"
    leads.provider_key = canary
    quoted = "canary%2F5f3a%2B9%20%26z"
    echo = f"No route https://api.example/x?providerKey={quoted}&a=1 for {canary}, canary%2F5f3a%2B9+%26z"
    seen: list[str] = []
    plans: list[tuple[Any, str | None]] = [
        (status(code, body=body), None)
        for code in (200, 302, 400, 401, 404, 409, 429, 500)
        for body in (echo, f"<html>{echo}</html>", json.dumps({"message": echo, "providerKey": canary}))
    ]
    plans += [("reset", None), ("cut", None), ("accept_then_timeout", None), ("gzip_cut", None), ("truncate", None)]
    plans += [({"kind": "redirect", "location": f"http://127.0.0.1:9/?providerKey={quoted}"}, None)]
    plans += [("reset", "http://127.0.0.1:9")]
    with caplog.at_level(logging.DEBUG):
        for number, (action, url) in enumerate(plans):
            leads.control.clear_faults()
            leads.control.faults(fault(action))
            leads.provider_url = url
            leads.submit(f"web-{number}")
            delivery = leads.work()
            seen += [repr(delivery), str(delivery.error), repr(getattr(delivery.error, "__cause__", None))]
    seen += [str(row) for row in leads.warehouse.rows("SELECT to_jsonb(leads) FROM crm.leads", role="admin")]
    seen += [caplog.text, *capsys.readouterr()]
    assert leads.posts >= len(plans)
    for text in seen:
        assert "canary" not in text, text[:3000]
    # Nor does a log hold the person's data.
    assert "555" not in caplog.text.replace(f":{leads.line.vendor.url}", "")
    assert not re.search(r"web-\d+@", caplog.text)


def test_t83_the_key_is_read_from_the_connection(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    def set_connection(name: str, host: str, key: str) -> None:
        value = {"conn_type": "http", "host": host, "password": key, "extra": {"allow_http": False}}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))

    set_connection("SMARTMOVING", leads.line.vendor.smartmoving, "sandbox-smartmoving-key")
    set_connection("SMARTMOVING_LEADS", leads.line.vendor.leads, PROVIDER_KEY)
    entries = [
        {"source": "tekmetric", "account": "tekmetric", "conn_id": "tekmetric", "client": "lgm"},
        {"source": "smartmoving", "account": "smartmoving", "conn_id": "smartmoving", "client": "lgm"},
    ]

    def send() -> dict[str, int]:
        return send_leads(
            leads.warehouse.loader, entries, limit=100, dry_run=False, since=datetime.now(UTC) - timedelta(minutes=1)
        )

    monkeypatch.setattr(smartmoving_leads, "PROVIDER_PER_MINUTE", 6000)
    leads.submit("web-1")
    leads.submit("web-2", person("web-1"))
    assert send() == {}
    assert leads.states() == {"sent": 1, "duplicate": 1}
    calls = dict(
        leads.warehouse.rows("SELECT account, sum(calls)::int FROM ops.api_calls WHERE priority = 'leads' GROUP BY 1")
    )
    assert calls == {"smartmoving_leads": 2, "smartmoving": 1}
    rates = leads.warehouse.rows("SELECT account FROM ops.rate_buckets")
    assert "smartmoving_leads" in {row.account for row in rates}
    # An idle run reads no connection at all.
    monkeypatch.delenv("AIRFLOW_CONN_SMARTMOVING_LEADS")
    leads.warehouse.execute("UPDATE crm.leads SET vendor_lead_id = 'x' WHERE state = 'sent'")
    assert send() == {}
    leads.submit("late")
    leads.warehouse.execute(
        "UPDATE crm.leads SET created_at = now() - interval '2 hours', next_attempt_at = 'infinity' "
        "WHERE idempotency_key = 'late'"
    )
    assert send() == {"late": 1}


def test_an_exhausted_budget_leaves_the_doubtful_in_doubt(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    leads.control.faults(fault(status(403, body="Out of call volume quota"), match="v1/api/leads", times=None))
    leads.control.faults(fault("accept_then_timeout"))
    leads.submit("web-1")
    delivery = leads.work()
    assert delivery.error is None, "nobody has to mend anything"
    assert leads.row("web-1").state == "unknown"


def test_a_list_that_moves_while_it_is_read_proves_no_absence(leads: Leads) -> None:
    leads.control.faults(fault({"kind": "total", "delta": 3}, match="v1/api/leads", times=None))
    leads.control.faults(fault("reset"))
    leads.submit("web-1")
    for _ in range(5):
        leads.work(replace(QUICK, settle=0.0))
    row = leads.row("web-1")
    assert (row.state, leads.posts) == ("unknown", 1)
    assert "moved" in row.last_error


# ----------------------------------------------------------------------------------------------- people and their rows


def as_person(leads: Leads, user: str) -> Any:
    connection = connect(leads.warehouse.as_role("api"))
    connection.execute("SELECT set_config('branchline.user', %s, FALSE)", (user,))
    return connection


def test_who_may_ask_and_whose_leads_they_see(leads: Leads) -> None:
    here, there = leads.places[0].location_id, leads.places[1].location_id
    leads.warehouse.execute("SELECT access.grant_role('mia', 'MANAGER', 'lgm', %s)", (here,))
    leads.warehouse.execute("SELECT access.grant_role('ada', 'ADMIN', 'lgm')")
    leads.warehouse.execute("SELECT access.grant_role('sue', 'SUPER_ADMIN')")
    leads.warehouse.execute("SELECT access.grant_role('oda', 'AUDITOR', 'lgm')")
    leads.warehouse.execute("SELECT access.grant_role('dan', 'DISPATCHER', 'lgm', %s)", (here,))
    with as_person(leads, "mia") as connection:
        assert submit_lead(connection, here, "m-1", person("m-1")).is_new
        with pytest.raises(LeadRefused, match="no SmartMoving branch that you may see"):
            submit_lead(connection, there, "m-2", person("m-2"))
        with pytest.raises(LeadRefused, match="names another branch"):
            submit_lead(connection, here, "m-3", person("m-3", branchId=leads.places[1].external_id))
    with as_person(leads, "ada") as connection:
        assert submit_lead(connection, there, "a-1", person("a-1")).is_new
    with as_person(leads, "sue") as connection:
        assert submit_lead(connection, there, "s-1", person("s-1")).is_new
    with as_person(leads, "oda") as connection, pytest.raises(LeadRefused, match="may not write"):
        submit_lead(connection, here, "o-1", person("o-1"))
    for user in ("dan", "nobody"):
        with as_person(leads, user) as connection, pytest.raises(LeadRefused, match="that you may see"):
            submit_lead(connection, here, "d-1", person("d-1"))
    asked = {row.idempotency_key: row.requested_by for row in leads.warehouse.rows("SELECT * FROM crm.leads")}
    assert asked == {"m-1": "mia", "a-1": "ada", "s-1": "sue"}
    with as_person(leads, "mia") as connection:
        assert [row.idempotency_key for row in connection.execute("SELECT * FROM crm.leads")] == ["m-1"]
        # a key used at a branch that she does not see is refused without telling what it holds
        with pytest.raises(LeadRefused, match="this key was used before"):
            submit_lead(connection, here, "a-1", person("a-1"))
        for forged in ("requested_by", "state", "vendor_lead_id"):
            with pytest.raises(Exception, match="permission denied"):
                connection.execute(
                    f"INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload, {forged}) "
                    "VALUES ('lgm', 'smartmoving', %s, 'f', '{}', 'x')",
                    (here,),
                )
        with pytest.raises(Exception, match="permission denied"):
            connection.execute("UPDATE crm.leads SET payload = '{}'")
    assert leads.settle() >= 1
    assert leads.stored() == {"m-1": 1, "a-1": 1, "s-1": 1}


def test_another_tenants_outbox_is_not_touched(leads: Leads) -> None:
    leads.warehouse.execute("INSERT INTO core.clients VALUES ('other')")
    leads.warehouse.execute(
        "INSERT INTO core.locations (client_id, source, account, external_id, name) "
        "VALUES ('other', 'smartmoving', 'smartmoving', 'b', 'Elsewhere')"
    )
    where = leads.warehouse.one("SELECT location_id FROM core.locations WHERE client_id = 'other'", role="admin")
    insert = (
        "INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload) "
        'VALUES (%s, \'smartmoving\', %s, \'k\', \'{"fullName": "A", "email": "a@b"}\')'
    )
    leads.warehouse.execute(insert, ("other", where))
    assert leads.work().outcomes == {}
    with pytest.raises(Exception, match="violates foreign key"):
        leads.warehouse.execute(insert, ("lgm", where))


# ---------------------------------------------------------------------------------------------------- reference texts


def test_unknown_reference_texts_are_refused_unless_meant(leads: Leads) -> None:
    known = leads.warehouse.one(
        "SELECT move_size_id, name FROM smartmoving.move_sizes ORDER BY move_size_id LIMIT 1", role="admin"
    )
    leads.submit("known", person("known", moveSize=known.name.strip()))
    assert leads.row("known").payload["moveSize"] == known.name.strip()
    leads.submit("by-id", person("by-id", movesizeid=known.move_size_id.upper()))
    for field_name, value in (
        ("moveSize", "Half a House"),
        ("referralSource", "A Friend's Dog"),
        ("moveSizeId", "00000000-0000-0000-0000-000000000001"),
    ):
        with pytest.raises(LeadRefused, match=re.escape(field_name.removesuffix("Id"))):
            leads.submit("unknown", person("unknown", **{field_name: value}))
    leads.submit("meant", person("meant", referralSource="A Friend's Dog"), allow_new_texts=True)
    leads.settle()
    forms = {lead["emailAddress"].partition("@")[0]: lead["form"] for lead in leads.control.leads()}
    assert "movesize" not in forms["known"]
    assert forms["known"]["movesizeid"] == forms["by-id"]["movesizeid"] == known.move_size_id
    assert forms["meant"]["referralsource"] == "A Friend's Dog"
    # The vendor has the text now, and so do the lists: the same request is the same lead still.
    leads.warehouse.execute(
        "INSERT INTO smartmoving.referral_sources (client_id, account, observed_at, row_hash, referral_source_id, "
        "name) VALUES ('lgm', 'smartmoving', now(), gen_random_uuid(), %s, %s)",
        ("00000000-0000-0000-0000-000000000002", "A Friend's Dog"),
    )
    again = leads.submit("meant", person("meant", referralSource="A Friend's Dog"), allow_new_texts=True)
    assert not again.is_new


def test_a_row_that_came_another_way_is_checked_before_it_is_sent(leads: Leads) -> None:
    for key, payload in {
        "no-name": {"email": "a@b"},
        "other-branch": person_json("x") | {"branchId": leads.places[1].external_id},
        "new-text": person_json("y") | {"moveSize": "Half a House"},
        "key": person_json("z") | {"providerKey": "x"},
    }.items():
        leads.warehouse.execute(
            "INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload) "
            "VALUES ('lgm', 'smartmoving', %s, %s, %s)",
            (leads.places[0].location_id, key, json.dumps(payload)),
        )
    assert leads.work().outcomes == {"rejected": 4}
    assert leads.posts == 0


def person_json(key: str) -> dict[str, Any]:
    return person(key) | {"moveDate": "20270301"}


# -------------------------------------------------------------------------------------------------------------- the DAG


def test_the_dag_is_small_and_is_no_source() -> None:
    path = Path(__file__).parents[2] / "dags" / "smartmoving_leads.py"
    spec = importlib.util.spec_from_file_location("smartmoving_leads_dag", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    dag = module.dag
    assert dag.dag_id == path.stem
    assert dag.tags == {"smartmoving", "write-back", "tier-2"}
    assert sorted(dag.params) == ["dry_run", "limit"]
    assert sorted(dag.task_dict) == ["send", "verify"]
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    for word in ("Kind", "Healthy when", "If it fails", "If left red"):
        assert f"**{word}" in dag.doc_md


@pytest.mark.parametrize(
    ("entry", "conn_id"),
    [
        ({"account": "smartmoving"}, "smartmoving_leads"),
        ({"account": "smartmoving_eco"}, "smartmoving_leads_eco"),
        ({"account": "eco"}, "smartmoving_leads_eco"),
        ({"account": "smartmoving", "leads_conn_id": "mine"}, "mine"),
    ],
)
def test_which_connection_an_account_sends_by(entry: dict[str, str], conn_id: str) -> None:
    assert leads_conn_id(entry) == conn_id
