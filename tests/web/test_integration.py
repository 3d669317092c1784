"""The integration's own documents: is the vendor there, whose account is it, what of the two days."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from sandbox.server import Running
from tests.access.conftest import OURS, THEIRS
from tests.smartmoving.leads import KEY
from tests.web.conftest import STRANGER, House, lead_at
from tests.web.test_lists import problem_of

TEST = "/smartmoving/test"
TRY = "/smartmoving-integration/test-connection"
CONNECTION = "AIRFLOW_CONN_SMARTMOVING"


@pytest.fixture
def vendor(vendors: Callable[..., Running], monkeypatch: pytest.MonkeyPatch) -> Running:
    """The sandbox as the vendor behind Airflow's connection."""
    started = vendors()
    connect(monkeypatch, started.smartmoving)
    return started


def connect(monkeypatch: pytest.MonkeyPatch, host: str, key: str = KEY) -> None:
    extra = {"monthly_calls": 20000}
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "http", "host": host, "password": key, "extra": extra}))


def ours(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (found,) = (account for account in answer.json()["accounts"] if account["account"] == "smartmoving")
    return dict(found)


def pings(vendor: Running) -> int:
    answers: dict[str, int] = vendor.control.served()["by_path"].get("GET /smartmoving/v1/api/ping", {})
    return sum(answers.values())


def test_the_vendor_is_asked_and_its_answer_kept_for_a_minute(house: House, vendor: Running) -> None:
    assert ours(house.front.post("admin", TRY)) | {"milliseconds": 0, "asked_at": 0} == {
        "account": "smartmoving", "ok": True, "detail": "smartmoving answers and accepts the key", "milliseconds": 0,
        "asked_at": 0,
    }  # fmt: skip
    assert pings(vendor) == 1
    for _ in range(3):
        assert ours(house.front.get("auditor", TEST))["ok"] is True
    assert pings(vendor) == 1, "each ping is a call of the month's budget"
    assert ours(house.front.post("admin", TRY))["ok"] is True
    assert pings(vendor) == 2


def test_a_refused_key_is_told_without_it(house: House, vendor: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, vendor.smartmoving, "a key that is wrong")
    answer = house.front.post("admin", TRY)
    assert ours(answer)["ok"] is False
    assert "401" in ours(answer)["detail"]
    assert "a key that is wrong" not in answer.text


def test_a_vendor_that_says_nothing_is_given_up(house: House, vendor: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("branchline.web.vendors.pinging.LONGEST", 0.3)
    vendor.control.faults({"match": "/api/ping", "action": {"kind": "stall", "seconds": 2}})
    found = ours(house.front.post("admin", TRY))
    assert (found["ok"], "did not answer within" in found["detail"]) == (False, True)


def test_who_may_try_a_connection_airflow_says(house: House) -> None:
    """A viewer of Airflow sees no connection; who sees journeys alone sees no account."""
    assert "Airflow does not allow you GET /connections" in problem_of(house.front.post("auditor", TRY), 403)["detail"]
    assert house.front.get("driver", TEST).status_code == 403
    assert house.front.get(STRANGER, TEST).json() == {"accounts": []}


def test_the_account_tells_instance_tier_branches_and_quota(
    house: House, vendor: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ours(house.front.get("auditor", "/smartmoving-integration/account"))
    calls = house.warehouse.one(
        "SELECT sum(calls)::bigint FROM ops.api_calls WHERE source = 'smartmoving' AND account = 'smartmoving' "
        "AND called_on >= date_trunc('month', now() AT TIME ZONE 'UTC')"
    )
    assert (found["client_id"], found["instance"], found["tier"], found["branches"]) == (OURS, "127.0.0.1", "Basic", 66)
    assert (found["calls_this_month"], found["monthly_calls"]) == (calls, 20000)
    assert found["quota_used_percent"] == round(100 * calls / 20000, 1) > 0
    others = house.front.get("other_auditor", "/smartmoving-integration/account").json()["accounts"]
    assert [(account["client_id"], account["tier"]) for account in others] == [(THEIRS, None)]
    assert KEY not in house.front.get("super", "/smartmoving-integration/account").text


def test_the_connection_is_judged_by_the_ledger_without_a_call(house: House, vendor: Running) -> None:
    found = ours(house.front.get("auditor", "/smartmoving-integration/connection-status"))
    assert (found["is_configured"], found["last_failure"]) == (True, None)
    assert found["last_success_at"] is not None
    assert vendor.control.served()["by_path"] == {}


def test_the_status_counts_leads_by_state(house: House) -> None:
    sent = {"Idempotency-Key": "counted"}
    body = lead_at(house.loaded.places[0])
    assert (
        house.front.post("admin", "/smartmoving-integration/leads/submit", json=body, headers=sent).status_code == 202
    )
    status = house.front.get("manager", "/smartmoving-integration/status").json()
    (pending,) = (found for found in status["leads"] if found["state"] == "pending")
    assert pending["leads"] == house.warehouse.one(
        "SELECT count(*) FROM crm.leads WHERE location_id = %s AND state = 'pending' AND NOT dry_run",
        (house.loaded.places[0],),
    )
    assert status["dag_id"] == "smartmoving"
    assert {found["stream"] for found in status["streams"]} >= {"branches", "customers", "jobs"}


# --------------------------------------------------------------------------------------------------------- the two days


@pytest.fixture
def moved(house: House) -> Iterator[list[Any]]:
    """Journeys and jobs of the first branch, moved to its today and tomorrow; one of today was withdrawn."""
    place = house.loaded.places[0]
    today: date = house.warehouse.one(
        "SELECT (now() AT TIME ZONE timezone)::date FROM core.locations WHERE location_id = %s", (place,)
    )
    before = house.warehouse.rows(
        "SELECT external_id, job_id, customer_id, date, status, is_deleted FROM crm.truck_journeys "
        "WHERE location_id = %s AND client_id = %s ORDER BY external_id LIMIT 3",
        (place, OURS),
    )
    assert len(before) == 3
    jobs = house.warehouse.rows(
        "SELECT job_id, service_date FROM smartmoving.opportunity_jobs WHERE client_id = %s", (OURS,)
    )
    for row, days in zip(before, (0, 0, 1), strict=True):
        day = today + timedelta(days=days)
        house.warehouse.execute(
            "UPDATE crm.truck_journeys SET date = %s, status = 'MORNING_PREP', is_deleted = FALSE WHERE client_id = %s "
            "AND external_id = %s",
            (day, OURS, row.external_id),
        )
        house.warehouse.execute(
            "UPDATE smartmoving.opportunity_jobs SET service_date = %s WHERE client_id = %s AND job_id = %s",
            (day, OURS, row.job_id),
        )
    house.warehouse.execute(
        "UPDATE crm.truck_journeys SET status = 'CANCELLED' WHERE client_id = %s AND external_id = %s",
        (OURS, before[1].external_id),
    )
    yield before
    for row in before:
        house.warehouse.execute(
            "UPDATE crm.truck_journeys SET date = %s, status = %s, is_deleted = %s WHERE client_id = %s "
            "AND external_id = %s",
            (row.date, row.status, row.is_deleted, OURS, row.external_id),
        )
    for job in jobs:
        house.warehouse.execute(
            "UPDATE smartmoving.opportunity_jobs SET service_date = %s WHERE client_id = %s AND job_id = %s "
            "AND service_date <> %s",
            (job.service_date, OURS, job.job_id, job.service_date),
        )


def test_the_two_days_are_told_whole_by_branch(house: House, moved: list[Any]) -> None:
    found = house.front.get("manager", "/smartmoving/data/complete").json()
    shown = {moved[0].external_id: 0, moved[2].external_id: 1}
    assert {journey["external_id"]: journey["days_ahead"] for journey in found["journeys"]} == shown
    (branch,) = found["branches"]
    assert branch["location_id"] == house.loaded.places[0]
    assert (branch["journeys_today"], branch["journeys_tomorrow"]) == (1, 1)
    assert (branch["jobs_today"], branch["jobs_tomorrow"]) == (2, 1), "the job of a withdrawn journey is still a job"
    assert {job["job_id"] for job in found["jobs"]} == {row.job_id for row in moved}
    customers = {moved[0].customer_id, moved[2].customer_id}
    assert {customer["customer_id"] for customer in found["customers"]} == customers
    assert branch["customers"] == len(customers)
    assert found["totals"] == {
        "branches": 1, "journeys": 2, "journeys_today": 1, "journeys_tomorrow": 1, "jobs": 3,
        "customers": len(customers),
    }  # fmt: skip
    assert found["as_of"] is not None
    house.warehouse.execute(
        "UPDATE crm.truck_journeys SET date = date + 1 WHERE external_id = %s", (moved[2].external_id,)
    )
    later = house.front.get("manager", "/smartmoving/data/complete").json()
    assert [journey["external_id"] for journey in later["journeys"]] == [moved[0].external_id], "of two days alone"


def test_the_two_days_are_bounded_and_their_totals_are_not(house: House, moved: list[Any]) -> None:
    whole = house.front.get("admin", "/smartmoving/data/complete").json()
    cut = house.front.get("admin", "/smartmoving/data/complete", limit=1).json()
    assert cut["totals"] == whole["totals"]
    assert cut["branches"] == whole["branches"]
    assert [len(cut[name]) for name in ("journeys", "jobs", "customers")] == [1, 1, 1]
    narrowed = house.front.get("admin", "/smartmoving/data/complete", location=house.loaded.places[1]).json()
    assert [branch["location_id"] for branch in narrowed["branches"]] == [house.loaded.places[1]]
    problem_of(house.front.get("admin", "/smartmoving/data/complete", limit=1001), 422)
    assert house.front.get(STRANGER, "/smartmoving/data/complete").json()["totals"]["branches"] == 0
    assert house.front.get("driver", "/smartmoving/data/complete").status_code == 403
