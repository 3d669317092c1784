"""Runs as an operator asks for them: windows, dry runs, limits, budgets, retries, backfills, several accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline import sync
from branchline.errors import Incomplete, Reconfigure
from branchline.hooks.smartmoving import SmartMovingHook
from branchline.ledger import Account
from branchline.request import Request

DAY = date(2026, 7, 15)


def served(line: Any, path: str) -> int:
    """Calls that the sandbox answered on a path template."""
    paths = line.vendor.control.served()["by_path"]
    return sum(sum(statuses.values()) for name, statuses in paths.items() if name.endswith(path))


def test_an_explicit_window_reads_exactly_its_days(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    request = Request(since=DAY - timedelta(days=3), until=DAY - timedelta(days=2))
    assert set(line.sync(request).values()) == {"success"}
    windows = line.warehouse.rows(
        "SELECT window_start FROM ops.sync_slices WHERE run_id = 'run 2' AND stream = 'customers' ORDER BY 1"
    )
    assert [row.window_start for row in windows] == [date(2026, 7, 12), date(2026, 7, 13)]


def test_a_dry_run_counts_and_writes_no_row(smartmoving: Any) -> None:
    line = smartmoving()
    statuses = line.sync(Request(streams=("branches",), dry_run=True))
    assert statuses == {"branches": "success"}
    row = line.warehouse.one("SELECT records_fetched, created, configuration FROM ops.sync_history")
    assert (row.records_fetched, row.created, row.configuration) == (66, 66, {"dry_run": True, "streams": ["branches"]})
    assert line.warehouse.one("SELECT count(*) FROM smartmoving.branches") == 0


def test_the_vendor_ignoring_branches_is_swept_once_and_one_that_honours_them_a_branch_at_a_time(
    smartmoving: Any,
) -> None:
    line = smartmoving()
    line.sync(Request(streams=("branches", "customers")))
    assert line.warehouse.one("SELECT count(*) FROM ops.sync_slices WHERE stream = 'customers'") == 2
    assert line.warehouse.one("SELECT cursor_value FROM ops.sync_cursors WHERE scope = 'honours_location'") is False


def test_each_branch_is_swept_on_its_own_where_the_vendor_filters(smartmoving: Any) -> None:
    line = smartmoving(branch_filter="honoured", scale="plan", customers_per_day=2)
    statuses = line.sync(Request(streams=("branches", "customers")))
    assert set(statuses.values()) == {"success"}, line.errors
    assert line.warehouse.one("SELECT count(*) FROM ops.sync_slices WHERE stream = 'customers'") == 132
    without = line.warehouse.one("SELECT count(*) FROM smartmoving.swept_jobs WHERE location_id IS NULL")
    assert without == 0
    assert line.warehouse.one("SELECT count(DISTINCT location_id) FROM crm.truck_journeys") == 66


def test_daily_lists_are_read_once_a_day_and_by_full(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    assert served(line, "/api/branches") == 1
    assert set(line.sync()) == {"customers", "opportunities", "jobs"}
    assert served(line, "/api/branches") == 1
    assert len(line.sync(Request(full=True))) == 14
    assert served(line, "/api/branches") == 2


def test_T64_what_a_wrong_clock_wrote_does_not_hold_for_ever(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync(Request(streams=("branches", "users", "customers")))
    probed = served(line, "/api/customers")
    line.sync(Request(streams=("customers",)))
    sweeps = served(line, "/api/customers") - probed
    assert line.warehouse.one("SELECT sum(calls) FROM ops.api_calls WHERE priority = 'reference'") == 2 + 2
    line.warehouse.execute(
        "UPDATE ops.sync_cursors SET moved_at = now() + interval '9 years', cursor_value = 'true' "
        "WHERE scope = 'honours_location'"
    )
    line.warehouse.execute("UPDATE ops.sync_history SET start_time = start_time + interval '9 years'")
    before = served(line, "/api/customers")
    statuses = line.sync()
    assert {"branches", "users"} <= set(statuses)
    assert set(statuses.values()) == {"success"}
    assert served(line, "/api/customers") - before > sweeps, "the vendor was asked anew whether it filters by location"
    fact = line.warehouse.one(
        "SELECT cursor_value, moved_at <= now() AS is_past FROM ops.sync_cursors WHERE scope = 'honours_location'"
    )
    assert tuple(fact) == (False, True)
    assert not {"branches", "users"} & set(line.sync()), "and now they are read: once a day"


def test_T21_a_short_slice_makes_the_run_partial_and_is_told_with_what_to_do(smartmoving: Any) -> None:
    line = smartmoving(page_cap=5)
    line.sync(Request(streams=("branches",)))
    line.vendor.control.faults({"match": "PageSize=200", "action": {"kind": "total", "delta": 7}})
    days = Request(since=DAY, until=DAY, streams=("customers",))
    statuses = line.sync(days)
    assert statuses == {"customers": "partial"}
    with pytest.raises(Incomplete, match="customers partial"):
        sync.verify(statuses)
    row = line.warehouse.one("SELECT * FROM ops.sync_history WHERE sync_type = 'customers'", role="admin")
    assert row.created == row.records_fetched > 0, "what came is merged"
    assert f"it counts {row.created + 7}, {row.created} came" in row.error_message
    assert "trigger a new run" in row.error_message
    line.vendor.control.clear_faults()
    assert line.sync(days) == {"customers": "success"}


def test_a_cleared_runs_failed_slice_is_resumed_and_not_taken_for_one_that_moved(smartmoving: Any) -> None:
    line = smartmoving(page_cap=5, customers_per_day=60)
    line.sync(Request(streams=("branches",)))
    line.vendor.control.faults({"match": "PageSize=200", "page": 12, "action": {"kind": "status", "status": 403}})
    days = Request(since=DAY, until=DAY, streams=("customers",))
    assert line.sync(days, run_id="cleared") == {"customers": "failed"}
    kept = line.warehouse.one("SELECT count(DISTINCT page) FROM landing.records WHERE slice_id = "
                              "(SELECT max(slice_id) FROM ops.sync_slices)", role="admin")  # fmt: skip
    assert kept > 0
    line.vendor.control.clear_faults()
    before = served(line, "/api/customers")
    assert line.sync(days, run_id="cleared") == {"customers": "success"}
    assert served(line, "/api/customers") - before == 12 - kept


def test_a_backfills_details_are_those_of_its_own_days(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync(Request(streams=("branches",)))
    line.sync(Request(since=DAY - timedelta(days=6), until=DAY - timedelta(days=5), streams=("customers",)))
    # what was gone from its window waits for the schedule, whatever day it had
    line.warehouse.execute(
        "INSERT INTO ops.lookups (source, account, stream, record_key, asked_at, reason, was_found, wanted) "
        "SELECT 'smartmoving', account, 'opportunities', opportunity_id, now() - interval '8 days', 'missing', TRUE, "
        "'missing' FROM smartmoving.swept_opportunities"
    )
    for age in (9, 8):
        begins = datetime(DAY.year, DAY.month, DAY.day, 4, tzinfo=UTC) - timedelta(days=age)  # midnight in Toronto
        statuses = line.sync(Request(is_backfill=True), interval=(begins, begins + timedelta(hours=2)))
        assert set(statuses.values()) == {"success"}, line.errors
    asked = line.warehouse.rows(
        "SELECT key.value #>> '{}' AS opportunity_id FROM ops.sync_slices, jsonb_array_elements(request -> 'keys') AS "
        "key (value) WHERE stream IN ('opportunities', 'jobs')"
    )
    own = line.warehouse.rows(
        "SELECT opportunity_id FROM smartmoving.swept_jobs WHERE service_date IN (%s, %s)",
        (DAY - timedelta(days=9), DAY - timedelta(days=8)),
    )
    assert asked
    assert set(asked) <= set(own)
    waiting = line.warehouse.rows("SELECT record_key AS opportunity_id FROM ops.lookups WHERE wanted IS NOT NULL")
    assert len(waiting) > 10
    assert not set(waiting) & set(own)


def test_a_stream_that_does_not_exist_is_refused_with_those_that_do(smartmoving: Any) -> None:
    line = smartmoving()
    run = line.begin(Request(streams=("customer",)))
    with pytest.raises(Reconfigure, match=r"no stream customer; there are .*customers"):
        sync.plan_wave(run, "sweep", line.endpoint(), SmartMovingHook("smartmoving"))


def test_a_sweep_before_any_location_is_known_says_what_to_do(smartmoving: Any) -> None:
    line = smartmoving()
    statuses = line.sync(Request(streams=("customers",)))
    assert statuses == {}
    assert any("no location has a time zone yet" in str(error) for error in line.errors)


def test_a_spent_budget_defers_details_and_leaves_todays_sweep(smartmoving: Any) -> None:
    line = smartmoving(settings={"monthly_calls": 100})
    line.warehouse.execute(
        "INSERT INTO ops.api_calls VALUES ('smartmoving', 'smartmoving', '2026-07-01', 'details', 70)"
    )
    statuses = line.sync()
    assert statuses["customers"] == "success"
    asked = line.warehouse.one("SELECT count(*) FROM ops.lookups")
    assert asked < 20, "the soft stop left no room for all details"


def test_max_records_stops_early_and_means_no_absence(smartmoving: Any) -> None:
    line = smartmoving(scale="original")
    line.sync(Request(streams=("branches", "customers")))
    before = line.warehouse.one("SELECT count(*) FROM ops.lookups")
    assert line.sync(Request(streams=("customers",), max_records=10))["customers"] == "success"
    assert line.warehouse.one("SELECT count(*) FROM ops.lookups") == before


def test_a_cleared_run_gets_a_further_attempt_and_fetches_only_what_is_missing(smartmoving: Any) -> None:
    line = smartmoving()
    line.vendor.control.faults({"match": "/api/users", "action": {"kind": "status", "status": 403}})
    first = line.sync(Request(streams=("branches", "users")), run_id="cleared")
    assert first == {"branches": "success", "users": "failed"}
    line.vendor.control.clear_faults()
    second = line.sync(Request(streams=("branches", "users")), run_id="cleared")
    assert second == {"branches": "success", "users": "success"}
    assert served(line, "/api/branches") == 1
    attempts = line.warehouse.rows("SELECT sync_type, attempt, status FROM ops.sync_history ORDER BY 1, 2")
    assert [tuple(row) for row in attempts if row.sync_type == "users"] == [
        ("users", 1, "failed"),
        ("users", 2, "success"),
    ]


def test_two_accounts_of_one_client_work_in_one_warehouse(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    other = replace(line, account=Account("smartmoving", "smartmoving_east", "smartmoving_east", "lgm"), errors=[])
    assert set(other.sync().values()) == {"success"}, other.errors
    per_account = line.warehouse.rows("SELECT account, count(*) AS n FROM crm.truck_journeys GROUP BY 1 ORDER BY 1")
    assert per_account[0].n == per_account[1].n > 20
    assert (
        line.warehouse.one(
            "SELECT count(*) FROM crm.truck_journeys WHERE external_id LIKE 'sm_job_smartmoving_east_%%'"
        )
        == per_account[1].n
    )


def test_a_backfill_interval_without_a_midnight_has_no_work(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync(Request(streams=("branches",)))
    request = Request(is_backfill=True)
    begins = datetime(2026, 7, 10, 4, tzinfo=UTC)  # midnight in Toronto
    with_midnight = line.begin(request, interval=(begins, begins + timedelta(hours=2)))
    without = line.begin(request, interval=(begins + timedelta(hours=2), begins + timedelta(hours=4)))
    assert sync.has_work(with_midnight)
    assert not sync.has_work(without)


def test_an_account_that_cannot_be_planned_closes_as_failed_with_the_reason(smartmoving: Any) -> None:
    line = smartmoving()
    run = line.begin(Request(streams=("customers",)))
    sync.refuse(run, "sweep", Reconfigure("Reading the connection", "it has no host"))
    assert sync.close(run) == {"customers": "failed"}
    assert "no host" in line.warehouse.one("SELECT error_message FROM ops.sync_history")
