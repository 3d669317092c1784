"""How syncs stand: what the ledger says to this person, beside what Airflow says of the DAG."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from branchline.web.syncs.schedules import _daily
from branchline.web.syncs.triggers import TRIGGERS

from tests.access.conftest import OURS, THEIRS
from tests.web.conftest import STRANGER, House

COUNTS = ("records_fetched", "created", "updated", "unchanged", "stale", "deleted", "quarantined", "api_calls")
JOBS = "/smartmoving/sync/jobs"


def streams_of(house: House, user: str, path: str = JOBS) -> dict[tuple[str, str], dict[str, Any]]:
    answer = house.front.get(user, path)
    assert answer.status_code == 200, answer.text
    return {(found["client_id"], found["stream"]): found for found in answer.json()["streams"]}


def test_the_last_ended_sync_of_each_stream_is_told_with_its_counts(house: House) -> None:
    found = streams_of(house, "super")
    assert set(found) == {
        (client, stream) for client in (OURS, THEIRS) for stream in ("customers", "opportunities", "jobs")
    }
    for (client, stream), told in found.items():
        (row,) = house.warehouse.rows(
            "SELECT * FROM ops.sync_history WHERE crm_source = 'smartmoving' AND client_id = %s AND sync_type = %s "
            "AND status <> 'running' ORDER BY start_time DESC LIMIT 1",
            (client, stream),
        )
        assert {name: told["last_sync"][name] for name in COUNTS} == {name: getattr(row, name) for name in COUNTS}
        assert (told["last_sync"]["status"], told["last_sync"]["run_id"]) == (row.status, row.run_id)


def test_whose_rows_decide_who_is_told(house: House) -> None:
    assert {client for client, _ in streams_of(house, "manager")} == {OURS}
    assert {client for client, _ in streams_of(house, "other_auditor")} == {THEIRS}
    assert streams_of(house, STRANGER) == {}
    for path in {trigger.status_path for trigger in TRIGGERS}:
        answer = house.front.get("driver", path)
        assert answer.status_code == 403, f"{path}: {answer.text}"


@pytest.fixture
def a_run(house: House) -> Iterator[dict[str, Any]]:
    """A run that was triggered, and what its tasks would have written so far: one stream ended, one under way."""
    started = house.front.post("manager", JOBS).json()
    for stream, status in (("customers", "partial"), ("jobs", "running")):
        house.warehouse.execute(
            "INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, dag_id, run_id, "
            "records_fetched, created, error_message) "
            "VALUES ('smartmoving', 'smartmoving', %s, %s, %s, 'smartmoving', %s, 7, 7, 'a slice waits')",
            (OURS, stream, status, started["run_id"]),
        )
    yield started
    house.warehouse.execute("DELETE FROM ops.sync_history WHERE run_id = %s", (started["run_id"],))


def test_a_run_is_told_by_its_address(house: House, a_run: dict[str, Any]) -> None:
    told = house.front.get("manager", a_run["status"]).json()
    (run,) = told["runs"]
    assert (run["run_id"], run["asked_by"], run["asked"]) == (a_run["run_id"], "manager", a_run["asked"])
    streams = {found["stream"]: found for found in told["streams"]}
    assert set(streams) == {"customers", "jobs"}
    assert streams["customers"]["last_sync"]["status"] == "partial"
    assert streams["customers"]["last_sync"]["error_message"] == "a slice waits"
    assert [streams[name]["is_running"] for name in ("customers", "jobs")] == [False, True]
    # the other client's people see the run in Airflow, and nothing of its rows
    other = house.front.get("other_auditor", a_run["status"]).json()
    assert (len(other["runs"]), other["streams"]) == (1, [])


def test_what_runs_now_does_not_hide_what_ended_last(house: House, a_run: dict[str, Any]) -> None:
    found = streams_of(house, "manager")
    assert found[OURS, "customers"]["last_sync"]["run_id"] == a_run["run_id"]
    assert found[OURS, "jobs"]["is_running"] is True
    assert found[OURS, "jobs"]["running_since"] is not None
    assert found[OURS, "jobs"]["last_sync"]["run_id"] != a_run["run_id"]
    assert found[OURS, "opportunities"]["is_running"] is False


@pytest.fixture
def expected(house: House) -> Iterator[None]:
    """What upkeep would write down of the schedule: the sweep is due every two hours, and was read long ago."""
    house.warehouse.execute(
        "INSERT INTO ops.expectations (client_id, source, account, stream, period, dag_id, is_paused, since) "
        "SELECT client_id, source, account, unnest(ARRAY['customers', 'jobs']), "
        "unnest(ARRAY[interval '1 microsecond', interval '100 days']), source, FALSE, now() - interval '1 day' "
        "FROM core.accounts WHERE source = 'smartmoving'"
    )
    yield
    house.warehouse.execute("DELETE FROM ops.expectations WHERE source = 'smartmoving'")


@pytest.mark.usefixtures("expected")
def test_the_worst_verdict_comes_first(house: House) -> None:
    found = streams_of(house, "super")
    assert found[OURS, "customers"]["verdict"] == "error"
    assert found[OURS, "customers"]["remedy"]
    assert (found[OURS, "jobs"]["verdict"], found[OURS, "jobs"]["places_late"]) == ("fresh", 0)
    assert found[OURS, "opportunities"]["verdict"] is None, "nobody expects it"
    assert house.front.get("super", JOBS).json()["verdict"] == "error"


def test_the_schedule_is_airflows(house: House) -> None:
    night = house.front.get("auditor", "/fms/sync-status").json()["schedule"]
    assert night["enabled"] is True
    assert night["next_run"] == house.front.airflow("GET", "/dags/fms")["next_dagrun_run_after"]
    assert (night["timetable"], night["hour"], night["minute"]) == ("0 2 * * *", 2, 0)
    often = house.front.get("auditor", "/tekmetric/sync/employees").json()["schedule"]
    assert (often["timetable"], often["hour"], often["minute"]) == ("*/15 * * * *", None, None)


@pytest.mark.parametrize(
    ("timetable", "time"),
    [
        ("30 3 * * *", (3, 30)),
        ("0 2 * * 1", (None, None)),
        ("0 */2 * * *", (None, None)),
        ("Asset", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_time_of_day_is_read_off_a_daily_timetable_alone(timetable: str, time: tuple[int | None, int | None]) -> None:
    assert _daily(timetable) == time


def test_fms_is_told_without_its_urls(house: House) -> None:
    config = house.front.get("auditor", "/fms/sync-config")
    assert [found["report"] for found in config.json()["reports"]] == [
        "vehicles", "media_partners", "loan_history", "current_activity", "approved_makes",
    ]  # fmt: skip
    assert config.json()["manual_only"] == ["ops_capacity", "holiday_blackout_dates", "rules", "budgets"]
    assert (config.json()["schedule"]["hour"], config.json()["schedule"]["minute"]) == (2, 0)
    assert "://" not in config.text


def test_what_has_not_changed_is_not_sent_again(house: House) -> None:
    answer = house.front.get("super", "/arrivy/sync/crews")
    again = house.front.get("super", "/arrivy/sync/crews", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
