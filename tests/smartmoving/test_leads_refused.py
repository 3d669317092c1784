"""What the vendor refuses, for now or for good (T72), and look-ups that prove nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from branchline.errors import Reconfigure
from branchline.outbox import problems
from branchline.warehouse import connect

from tests.smartmoving.leads import ACCOUNT, PROVIDER_KEY, QUICK, Leads, fault, person, status


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


def test_a_long_pause_of_the_vendor_ends_the_pass_and_holds_no_lead_back(leads: Leads) -> None:
    """Waiting for one's turn may fail, too: every claim is given back, and what was in doubt stays in doubt."""
    leads.control.faults(fault("accept_then_timeout"))
    leads.submit("doubtful")
    leads.work()
    assert leads.row("doubtful").state == "unknown"
    # the vendor lists it not, so it would be sent again
    leads.control.faults(fault({"kind": "body", "body": '{"pageResults": []}'}, match="v1/api/leads", times=None))
    for number in range(3):
        leads.submit(f"web-{number}")
    leads.warehouse.rows("SELECT ops.pause_calls('smartmoving', 'smartmoving_leads', '1 hour')", role="loader")
    posts = leads.posts
    delivery = leads.work(replace(QUICK, settle=0.0))
    assert delivery.error is None, "nobody has to mend anything"
    assert leads.posts == posts
    assert leads.states()["sending"] == 0
    for number in range(3):
        row = leads.row(f"web-{number}")
        assert (row.state, row.claimed_by, row.doubtful_since) == ("pending", None, None)
        assert "the vendor asked for a pause" in row.last_error
    assert leads.row("doubtful").doubtful_since is not None
    leads.control.clear_faults()
    leads.warehouse.execute("DELETE FROM ops.rate_buckets")
    leads.settle()
    assert leads.stored() == {"doubtful": 1, "web-0": 1, "web-1": 1, "web-2": 1}


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
