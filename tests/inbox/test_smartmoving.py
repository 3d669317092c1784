"""SmartMoving's webhooks: what they tell of is asked for by id, and only the vendor's answer is believed."""

from __future__ import annotations

from typing import Any

import pytest
from branchline.request import Request

from tests.conftest import window
from tests.inbox.conftest import Mailbox

DAY = "2026-07-15"
NO_STORAGE = "a payment without an opportunity: storage is not read"


@pytest.fixture
def moving(smartmoving: Any) -> Mailbox:
    """A company whose day is in the warehouse."""
    line = smartmoving(customers_per_day=6)
    line.sync(window(DAY))
    return Mailbox(line, ("details",))


def some_opportunity(moving: Mailbox) -> Any:
    return moving.line.warehouse.rows(
        "SELECT * FROM smartmoving.opportunities WHERE NOT is_deleted AND status <> 20 ORDER BY opportunity_id LIMIT 1"
    )[0]


def event(kind: str, **ids: str) -> dict[str, Any]:
    return {"event-type": kind} | {name.replace("_", "-"): value for name, value in ids.items()}


def test_a_change_is_in_the_warehouse_without_a_sweep(moving: Mailbox) -> None:
    known = some_opportunity(moving)
    moving.line.vendor.control.change({"cancel": known.opportunity_id})
    moving.receive(event("opportunity-status-changed", opportunity_id=known.opportunity_id))
    assert moving.waiting() == moving.events[0].event_id
    before = moving.line.vendor.control.served()["total"]
    assert moving.work_off() == {"done": 1}
    assert moving.line.vendor.control.served()["total"] - before == 1, "one call, and no list"
    assert moving.waiting() is None
    row = moving.line.warehouse.one(
        "SELECT status FROM smartmoving.opportunities WHERE opportunity_id = %s", (known.opportunity_id,)
    )
    assert row == 20
    assert known.status != 20
    (done,) = moving.events
    assert (done.state, done.attempts, done.taken_by) == ("done", 1, "inbox 1")


def test_T89_many_events_about_one_record_are_one_call(moving: Mailbox) -> None:
    key = some_opportunity(moving).opportunity_id
    kinds = ("opportunity-changed", "opportunity-status-changed", "opportunity-created")
    moving.receive(*(event(kind, opportunity_id=key) for kind in kinds))
    moving.receive(event("payment-made", payment_id="1", opportunity_id=key))
    before = moving.line.vendor.control.served()["total"]
    assert moving.work_off() == {"done": 4}
    assert moving.line.vendor.control.served()["total"] - before == 1


def test_a_deletion_is_believed_when_the_vendor_does_not_find_the_record(moving: Mailbox) -> None:
    first = some_opportunity(moving).opportunity_id
    moving.receive(event("opportunity-deleted", opportunity_id=first))
    assert moving.work_off() == {"done": 1}
    deleted = "SELECT is_deleted FROM smartmoving.opportunities WHERE opportunity_id = %s"
    assert not moving.line.warehouse.one(deleted, (first,)), "it is still there: the event was wrong"
    moving.line.vendor.control.change({"delete": first})
    moving.receive(event("opportunity-deleted", opportunity_id=first))
    assert moving.work_off() == {"done": 1}
    assert moving.line.warehouse.one(deleted, (first,))


def test_a_job_is_its_opportunitys(moving: Mailbox) -> None:
    job = moving.line.warehouse.rows("SELECT * FROM smartmoving.opportunity_jobs ORDER BY job_id LIMIT 1")[0]
    moving.receive(event("job-closed", job_id=job.job_id), event("job-created", job_id="no-such-job"))
    assert moving.take("look") == {"opportunities": [job.opportunity_id], "jobs": [job.opportunity_id]}
    known, unknown = moving.events
    assert (known.state, known.asks) == (
        "taken", {"opportunities": job.opportunity_id, "jobs": job.opportunity_id},
    )  # fmt: skip
    assert (unknown.state, unknown.why) == (
        "ignored", "no opportunity of this job is known yet: the next sweep finds it",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (event("customer-updated", customer_id="c"), "a customer is not asked for by id: the next sweep reads it"),
        (event("follow-up-created", followup_id="f", opportunity_id="o"), "follow-ups are not read"),
        (event("payment-made", payment_id="p", storage_id="s"), NO_STORAGE),
        (event("opportunity-merged", opportunity_id="o"), "an event of a kind that is not known"),
        ({"hello": ["there"]}, "an event of a kind that is not known"),
    ],
    ids=lambda given: given if isinstance(given, str) else next(iter(given.values())),
)  # fmt: skip
def test_what_cannot_be_asked_for_is_kept_and_ignored_with_a_reason(
    moving: Mailbox, body: dict[str, Any], why: str
) -> None:
    moving.receive(body)
    assert moving.take("look") == {}
    (kept,) = moving.events
    assert (kept.state, kept.why, kept.payload) == ("ignored", why, body)
    assert kept.ended_at is not None
    assert moving.waiting() is None


def test_T89_a_run_that_dies_leaves_its_events_to_the_next(moving: Mailbox) -> None:
    key = some_opportunity(moving).opportunity_id
    moving.receive(event("opportunity-changed", opportunity_id=key))
    assert moving.take("killed") == {"opportunities": [key]}
    assert moving.waiting() is None, "the killed run's lease is not over"
    assert moving.take("beside it") == {}
    assert moving.take("killed") == {"opportunities": [key]}, "a retry of its task finds them"
    moving.wait()
    assert moving.waiting() is not None
    assert moving.work_off() == {"done": 1}
    assert moving.events[0].attempts == 2


def test_a_call_that_fails_is_tried_again_later_and_given_up_in_the_end(moving: Mailbox) -> None:
    key = some_opportunity(moving).opportunity_id
    moving.receive(event("opportunity-changed", opportunity_id=key))
    moving.line.vendor.control.faults({"match": f"/opportunities/{key}", "action": {"kind": "status", "status": 403}})
    for attempt in range(1, 5):
        assert moving.work_off() == {"pending": 1}
        (event_row,) = moving.events
        assert event_row.attempts == attempt
        assert "403" in event_row.why
        assert moving.waiting() is None, "it waits"
        moving.wait()
    assert moving.work_off() == {"dead": 1}
    assert "403" in moving.events[0].why
    moving.wait()
    assert moving.waiting() is None


def test_a_run_by_name_proves_nothing_about_the_others(moving: Mailbox) -> None:
    key = some_opportunity(moving).opportunity_id
    moving.line.sync(Request(ids={"opportunities": (key,)}))
    (row,) = moving.line.warehouse.rows("SELECT * FROM ops.sync_history ORDER BY sync_id DESC LIMIT 1")
    assert (row.sync_type, row.records_fetched, row.status) == ("opportunities", 1, "success")
    assert row.configuration["ids"] == {"opportunities": [key]}
    assert not moving.line.warehouse.one("SELECT core.is_routine(%s)", ('{"ids": {}}',))
