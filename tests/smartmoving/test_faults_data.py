"""What must happen to odd data that SmartMoving alone sends: its details by id, its calendars (T31 to T38)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline import calendars
from branchline.ledger import Account

from tests.blocks.landed import Bench, bench, charge, detail, embedded

TORONTO, VANCOUVER = "America/Toronto", "America/Vancouver"


@pytest.fixture
def lgm(warehouse: Any) -> Iterator[Bench]:
    with bench(warehouse.loader) as found:
        yield found


def flaws(line: Any) -> set[tuple[str, str, str]]:
    return {
        (row.severity, row.reason, row.field)
        for row in line.warehouse.rows("SELECT * FROM ops.quarantine WHERE resolved_at IS NULL")
    }


def test_t31_a_number_that_is_none_rejects_its_record_alone(smartmoving: Any) -> None:
    line = smartmoving()
    told = line.vendor.control.truth("2026-07-15", "2026-07-16")["opportunities"][0]["id"]
    line.vendor.control.faults(
        {"match": f"/api/opportunities/{told}\\?", "action": {"kind": "nan", "field": "estimatedTotal.tax"}}
    )
    assert set(line.sync().values()) == {"success"}, line.errors
    assert flaws(line) == {("record", "not_finite", "")}
    row = line.warehouse.rows("SELECT record_key, payload, payload_raw FROM ops.quarantine")[0]
    assert (row.record_key, row.payload) == (told, None)
    assert b"NaN" in bytes(row.payload_raw)
    assert line.warehouse.rows("SELECT FROM smartmoving.opportunities WHERE opportunity_id = %s", (told,)) == []
    line.vendor.control.clear_faults()
    line.warehouse.execute("UPDATE ops.lookups SET wanted = 'missing' WHERE record_key = %s", (told,))
    line.sync()
    assert len(line.warehouse.rows("SELECT FROM smartmoving.opportunities WHERE opportunity_id = %s", (told,))) == 1
    assert flaws(line) == set()


def test_t32_a_charge_or_payment_without_an_amount_rejects_the_record(lgm: Bench) -> None:
    bad = detail(1, embedded(1, estimatedCharges=[charge(1) | {"totalCost": None}]))
    assert lgm.take("opportunities", [bad], keys=["opportunity 1"]).quarantined == 1


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 11, 2), 25), (date(2026, 3, 8), 23), (date(2026, 7, 15), 24)])
def test_t37_a_local_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    length = calendars.midnight(day + timedelta(days=1), TORONTO) - calendars.midnight(day, TORONTO)
    assert length == timedelta(hours=hours)


@pytest.mark.parametrize("first", [date(2025, 10, 30), date(2026, 3, 5)])
@pytest.mark.parametrize("every", [timedelta(hours=2), timedelta(hours=24), timedelta(hours=7)])
def test_t37_windows_of_adjoining_runs_neither_overlap_nor_leave_a_gap(first: date, every: timedelta) -> None:
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = begin + timedelta(days=7)
    seen: list[date] = []
    while begin < end:
        seen += calendars.days_beginning_in(begin, begin + every, TORONTO)
        begin += every
    assert seen == [seen[0] + timedelta(days=ahead) for ahead in range(len(seen))]
    assert len(seen) >= 7


def test_t37_two_zones_in_one_run_see_each_its_own_today(smartmoving: Any) -> None:
    """At 03:30 in Toronto it is yesterday still in Vancouver: three dates are swept, none twice."""
    instant = datetime(2025, 11, 2, 7, 30, tzinfo=UTC)  # 03:30 EST after the clock went back, 00:30 PDT
    early = instant - timedelta(hours=1)  # 02:30 EDT, 23:30 PDT on the 1st
    assert calendars.visible_days(early, [TORONTO, VANCOUVER]) == [date(2025, 11, day) for day in (1, 2, 3)]
    line = smartmoving(now=early)
    assert set(line.sync(instant=early).values()) == {"success"}, line.errors
    windows = line.warehouse.rows(
        "SELECT window_start, window_end FROM ops.sync_slices WHERE stream = 'customers' ORDER BY 1"
    )
    assert [row.window_start for row in windows] == [date(2025, 11, day) for day in (1, 2, 3)]
    assert all(row.window_end - row.window_start == timedelta(days=1) for row in windows)
    told = line.vendor.control.truth("2025-11-01", "2025-11-03")["jobs"]
    dates = {
        row.job_id: row.service_date.isoformat() for row in line.warehouse.rows("SELECT * FROM smartmoving.swept_jobs")
    }
    assert dates == {one["id"]: one["serviceDate"] for one in told}, "a local date is never converted"


def test_t38_instants_without_a_zone_are_utc(lgm: Bench) -> None:
    listed = {"id": "job 1", "type": 1, "jobNumber": "1", "jobDate": 20260715}
    times = {"startTimeUtc": "2026-07-15T12:30:00.1234567", "endTimeUtc": "2026-07-15T10:00:00-04:00"}
    lgm.take("jobs", [listed | times | {"completedAtUtc": "0001-01-01T00:00:00"}], keys=["opportunity 1"])
    row = lgm.one("SELECT start_at, end_at, completed_at FROM smartmoving.jobs")
    assert row.start_at == datetime(2026, 7, 15, 12, 30, 0, 123457, tzinfo=UTC)
    assert row.end_at == datetime(2026, 7, 15, 14, 0, tzinfo=UTC)
    assert row.completed_at is None


def test_t35_the_journeys_of_two_accounts_carry_their_account_and_its_places(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    line.account = Account("smartmoving", "second", "smartmoving_second", "lgm")
    assert set(line.sync().values()) == {"success"}, line.errors
    names = line.warehouse.rows("SELECT external_id FROM crm.truck_journeys WHERE account = 'second'")
    assert names
    assert all(row.external_id.startswith("sm_job_second_") for row in names)
    mixed = line.warehouse.one(
        "SELECT count(*) FROM crm.truck_journeys INNER JOIN core.locations USING (location_id) "
        "WHERE truck_journeys.account <> locations.account"
    )
    assert mixed == 0
