"""The days that Arrivy's schedule is read for: what rolls with today, what an outage leaves, what a backfill covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from branchline import sync
from branchline.request import Request

from tests.arrivy.company import LITTLE, change, counts, later, task, truth_of, watch
from tests.conftest import NOW

GROUPS = Request(streams=("groups",))
READ = Request(streams=("tasks",))
DAY = timedelta(days=1)
#: Today in Los Angeles, where the little company's days are counted.
TODAY = date(2026, 7, 15)


@pytest.fixture
def line(arrivy: Any) -> Any:
    """A little account whose groups are in the warehouse."""
    made = arrivy(**LITTLE)
    made.sync(GROUPS)
    # the three branches lie in three zones: let most of them lie in one
    made.warehouse.execute("UPDATE core.locations SET timezone = 'America/Los_Angeles' WHERE is_mapped")
    return made


def planned(line: Any, request: Request = READ, **how: Any) -> list[Any]:
    """What a run asks for: scope, first and last instant, in order."""
    run = line.begin(request, **how)
    line.plan(run, "lists")
    rows = line.warehouse.rows(
        "SELECT scope, request FROM ops.sync_slices WHERE run_id = %s AND stream = 'tasks' ORDER BY slice_id",
        (run.run.run_id,),
        role="admin",
    )
    return [(row.scope, row.request["params"].get("from"), row.request["params"].get("to")) for row in rows]


def days(pieces: list[Any]) -> tuple[date, date]:
    """First and last day; every day between them is there once, from its midnight to the next."""
    found = [date.fromisoformat(scope) for scope, _, _ in pieces]
    assert found == [found[0] + place * DAY for place in range(len(found))]
    for (_, _, end), (_, start, _) in pairwise(pieces):
        assert end == start
    zone = ZoneInfo("America/Los_Angeles")
    assert datetime.fromisoformat(pieces[0][1]) == datetime.combine(found[0], datetime.min.time(), zone)
    return found[0], found[-1]


def cursor(line: Any) -> datetime | None:
    rows = line.warehouse.rows("SELECT cursor_value FROM ops.sync_cursors WHERE stream = 'tasks'")
    return datetime.fromisoformat(rows[0].cursor_value) if rows else None


def complete(line: Any, instant: datetime) -> None:
    """Let every window have been read whole at an instant."""
    line.warehouse.execute(
        "INSERT INTO ops.sync_cursors (source, account, stream, scope, cursor_value) "
        "VALUES ('arrivy', %s, 'tasks', 'window', to_jsonb(%s::text)) "
        "ON CONFLICT (source, account, stream, scope) DO UPDATE SET cursor_value = excluded.cursor_value",
        (line.account.account, instant.isoformat()),
    )


# --------------------------------------------------------------------------------------------------------- the window


def test_the_first_run_reads_everything_and_the_next_one_the_window(line: Any) -> None:
    old = change(line, {"insert": 1, "start": "2024-03-01T15:00:00Z"})[0]["inserted"][0]
    far = change(line, {"insert": 1, "start": "2028-03-01T15:00:00Z"})[0]["inserted"][0]
    before, *window, after = planned(line)
    assert before == ("before 2026-07-08", None, "2026-07-08T07:00:00+00:00")
    assert days(window) == (TODAY - 7 * DAY, TODAY + 30 * DAY)
    assert after == ("from 2026-08-15", "2026-08-15T07:00:00+00:00", None)
    line.sync(READ)
    scheduled = {key for key, one in truth_of(line)["tasks"].items() if one["kind"] == "scheduled"}
    assert {row.task_id for row in line.warehouse.rows("SELECT task_id FROM arrivy.tasks")} == scheduled
    assert {str(old), str(far)} < scheduled
    assert cursor(line) == NOW
    assert days(planned(line, instant=NOW + timedelta(hours=1))) == (TODAY - 7 * DAY, TODAY + 30 * DAY)


def test_a_list_that_ends_where_the_vendor_is_said_to_cut_is_not_believed(arrivy: Any) -> None:
    line = arrivy(arrivy_window_cap=10)
    line.sync(GROUPS)
    pages = line.source.stream("tasks").paging
    assert pages.cap == 1000
    cut = {stream.name: replace(stream, paging=replace(pages, cap=10)) for stream in line.source.streams}
    line.source = replace(
        line.source,
        streams=tuple(cut[one.name] if one.name == "tasks" else one for one in line.source.streams),
    )
    assert line.sync(READ)["tasks"] == "partial"
    (row,) = line.warehouse.rows("SELECT * FROM ops.sync_history WHERE sync_type = 'tasks'")
    assert "10 records came, which is where this vendor is said to cut a list" in row.error_message
    assert row.deleted == 0
    assert cursor(line) is None, "the next run begins at the beginning again"
    # a day holds fewer: read one by one, they are whole
    told = {key for key, one in truth_of(line)["tasks"].items() if one["kind"] == "scheduled"}
    first = min(truth_of(line)["tasks"][key]["start"] for key in told)
    assert line.sync(Request(streams=("tasks",), since=date.fromisoformat(first[:10]) - DAY))["tasks"] == "success"
    assert {row.task_id for row in line.warehouse.rows("SELECT task_id FROM arrivy.tasks")} == told
    # now all are known, and what the cut list does not show is neither asked for nor a loss that a guard refuses
    assert line.sync(Request(streams=("tasks",), full=True), run_id="cut again")["tasks"] == "partial"
    assert line.warehouse.rows("SELECT FROM ops.lookups WHERE wanted IS NOT NULL", role="admin") == []


def test_the_window_rolls_with_the_day_of_the_place(line: Any) -> None:
    evening = datetime(2026, 7, 16, 5, 0, tzinfo=UTC)  # 22:00 of the 15th in Los Angeles
    complete(line, evening + timedelta(hours=2))
    assert days(planned(line, instant=evening))[0] == TODAY - 7 * DAY
    assert days(planned(line, instant=evening + timedelta(hours=2)))[0] == TODAY - 6 * DAY


def test_after_an_outage_the_window_begins_a_week_before_the_last_complete_read(line: Any) -> None:
    for ago, first in ((0, 7), (1, 8), (20, 27), (400, 407)):
        complete(line, NOW - ago * DAY)
        assert days(planned(line)) == (TODAY - first * DAY, TODAY + 30 * DAY)


def test_what_changed_far_back_during_an_outage_is_found(line: Any) -> None:
    line.sync(READ)
    (done,) = change(line, {"fraction": 1.0, "from": "2026-07-08", "to": "2026-07-14"})
    assert done["changed"]
    at = later(line, days=20)
    line.sync(READ, instant=at)
    told = truth_of(line)["tasks"]
    for key in done["changed"]:
        assert task(line, key).details == told[str(key)]["details"]


def test_a_cursor_of_the_future_is_no_reason_to_skip_days(line: Any) -> None:
    complete(line, NOW + 100 * DAY)
    assert days(planned(line)) == (TODAY - 7 * DAY, TODAY + 30 * DAY)


def test_a_window_with_a_failed_slice_moves_no_cursor(line: Any) -> None:
    complete(line, NOW - 3 * DAY)
    failing = r"/tasks\?.*from=2026-07-20T07"
    line.vendor.control.faults({"match": failing, "action": {"kind": "status", "status": 400, "body": ""}})
    line.sync(READ, run_id="broken")
    assert counts(line, "broken")["tasks"].status == "partial"
    assert cursor(line) == NOW - 3 * DAY
    assert days(planned(line, instant=NOW + timedelta(hours=1)))[0] == TODAY - 10 * DAY
    line.vendor.control.clear_faults()
    again = watch(line, r"/tasks\?.*from=")
    line.sync(READ, run_id="broken")
    assert again() <= 3, "only the window that failed is read again"
    assert cursor(line) == NOW


def test_what_somebody_chose_moves_no_cursor(line: Any) -> None:
    complete(line, NOW - 3 * DAY)
    for chosen in ({"since": TODAY, "until": TODAY}, {"max_records": 1}, {"dry_run": True}, {"replay": True}):
        assert line.sync(Request(streams=("tasks",), **chosen)) == {"tasks": "success"}, line.errors
        assert cursor(line) == NOW - 3 * DAY, chosen
    line.sync(READ)
    assert cursor(line) == NOW


def test_since_and_until_cover_exactly_their_days(line: Any) -> None:
    one, other = date(2026, 5, 1), date(2026, 5, 3)
    assert days(planned(line, Request(streams=("tasks",), since=one, until=other))) == (one, other)
    assert days(planned(line, Request(streams=("tasks",), since=one))) == (one, TODAY + 30 * DAY)
    after = TODAY + 90 * DAY
    assert days(planned(line, Request(streams=("tasks",), since=after))) == (after, after)


def test_full_and_force_overwrite_read_everything_whatever_was_read(line: Any) -> None:
    complete(line, NOW)
    for whole in (Request(streams=("tasks",), full=True), Request(force_overwrite=True)):
        pieces = planned(line, whole)
        assert (pieces[0][0], pieces[-1][0]) == ("before 2026-07-08", "from 2026-08-15")


def test_without_a_zone_the_days_are_those_of_utc(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    complete(line, NOW)
    pieces = planned(line)
    assert pieces[0] == ("2026-07-08", "2026-07-08T00:00:00+00:00", "2026-07-09T00:00:00+00:00")


def test_a_day_of_23_or_25_hours_is_read_from_midnight_to_midnight(line: Any) -> None:
    pieces = planned(line, Request(streams=("tasks",), since=date(2026, 3, 7), until=date(2026, 11, 2)))
    days(pieces)
    hours = {
        scope: (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / timedelta(hours=1)
        for scope, start, end in pieces
    }
    assert {scope: length for scope, length in hours.items() if length != 24} == {"2026-03-08": 23, "2026-11-01": 25}


# ------------------------------------------------------------------------------------------------------------ backfill


def test_the_runs_of_a_backfill_cover_each_day_once(line: Any) -> None:
    request = Request(streams=("tasks",), is_backfill=True)
    for hours in (6, 24, 36):
        start, end = datetime(2026, 6, 10, 3, tzinfo=UTC), datetime(2026, 6, 13, 3, tzinfo=UTC)
        covered: list[date] = []
        while start < end:
            interval = (start, start + timedelta(hours=hours))
            pieces = planned(line, request, interval=interval)
            assert sync.has_work(line.begin(request, interval=interval)) is bool(pieces)
            if pieces:
                days(pieces)
            covered += [date.fromisoformat(scope) for scope, _, _ in pieces]
            start = interval[1]
        assert covered == [date(2026, 6, 10) + place * DAY for place in range(3)], hours


def test_a_backfill_reads_the_tasks_of_its_days_and_moves_no_cursor(line: Any) -> None:
    interval = (datetime(2026, 7, 13, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))
    line.sync(Request(streams=("tasks",), is_backfill=True), run_id="backfill", interval=interval)
    rows = line.warehouse.rows("SELECT start_datetime FROM arrivy.tasks")
    assert rows
    zone = ZoneInfo("America/Los_Angeles")
    assert {row.start_datetime.astimezone(zone).date() for row in rows} <= {date(2026, 7, 13), date(2026, 7, 14)}
    assert cursor(line) is None
    assert counts(line, "backfill")["tasks"].status == "success"
