"""Where the crew was: each member's readings from its own last one on, whatever becomes of the member meanwhile."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline import sync
from branchline.request import Request

from tests.arrivy.company import LITTLE, change, counts, instant, later, truth_of, watch
from tests.conftest import NOW

READ = Request(streams=("entities", "location_reports"))
REPORTS = Request(streams=("location_reports",))
DAY = timedelta(days=1)


@pytest.fixture
def line(arrivy: Any) -> Any:
    """A little account whose crew and readings are in the warehouse."""
    made = arrivy(**LITTLE)
    made.sync(READ)
    return made


def told(line: Any) -> dict[str, Any]:
    """The readings that the vendor has, of those who have any."""
    return {key: one for key, one in truth_of(line)["readings"].items() if one["count"]}


def found(line: Any) -> dict[str, Any]:
    """Count, first and last reading of each crew member."""
    rows = line.warehouse.rows(
        "SELECT entity_id, count(*) AS count, min(reported_at), max(reported_at) "
        "FROM arrivy.location_reports GROUP BY entity_id"
    )
    return {row.entity_id: tuple(row[1:]) for row in rows}


def as_found(told: dict[str, Any]) -> dict[str, Any]:
    return {key: (one["count"], instant(one["first"]), instant(one["last"])) for key, one in told.items()}


def cursors(line: Any) -> dict[str, datetime]:
    rows = line.warehouse.rows("SELECT scope, cursor_value FROM ops.sync_cursors WHERE stream = 'location_reports'")
    return {row.scope: datetime.fromisoformat(row.cursor_value) for row in rows}


def requests(line: Any, run: str) -> dict[str, Any]:
    """What each slice of a run asked for, by the crew member."""
    rows = line.warehouse.rows(
        "SELECT request FROM ops.sync_slices WHERE stream = 'location_reports' AND run_id = %s", (run,), role="admin"
    )
    return {row.request["place"]: row.request["params"] for row in rows}


def tell(line: Any, key: str, *times: datetime | str, **more: Any) -> None:
    """Let the vendor tell other readings of a crew member."""
    rows = [{"entity": int(key), "lat": 1.5, "lng": 2.5, "time": str(one), **more} for one in times]
    line.vendor.control.faults(
        {
            "match": f"/entities/{key}/readings",
            "page": 1,
            "action": {"kind": "status", "status": 200, "body": json.dumps(rows)},
        }
    )


def test_first_reads_are_spread_over_runs_where_the_rate_is_low(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    line.sync(Request(streams=("groups", "entities")), instant=NOW)
    line.settings = {"requests_per_minute": 5.0}
    active = {row.entity_id for row in line.warehouse.rows("SELECT * FROM arrivy.entities WHERE NOT is_disabled")}
    assert len(active) > 2
    begun: set[str] = set()
    for number in range(len(active)):
        run = line.begin(REPORTS, run_id=f"slow {number}")
        notes = sync.plan_wave(run, "tracks", line.endpoint()).notes
        # 5 a minute for half of 40 minutes are 100 calls: one member from the beginning, and those who go on
        fresh = {key for key, params in requests(line, f"slow {number}").items() if "time" not in params}
        assert len(fresh) == 1 if begun != active else not fresh
        waiting = len(active) - len(begun) - len(fresh)
        assert any(f"{waiting} due records wait" in note for note in notes) is (waiting > 0)
        begun |= fresh
        for key in fresh:
            line.warehouse.execute(
                "INSERT INTO ops.sync_cursors (source, account, stream, scope, cursor_value) "
                "VALUES ('arrivy', 'arrivy', 'location_reports', %s, to_jsonb(%s::text))",
                (key, (NOW - DAY).isoformat()),
            )
    assert begun == active


def test_everybody_who_is_active_is_asked_and_a_disabled_one_is_not(line: Any) -> None:
    crew = truth_of(line)["entities"]
    disabled = {key for key, one in crew.items() if one["is_disabled"]}
    assert disabled
    assert set(requests(line, "run 1")) == set(crew) - disabled
    assert all(params == {} for params in requests(line, "run 1").values()), "from the beginning"
    assert found(line) == as_found(told(line))
    assert cursors(line) == {key: instant(one["last"]) for key, one in told(line).items()}


def test_each_goes_on_from_its_own_last_reading_less_the_lookback(line: Any) -> None:
    before = cursors(line)
    assert len(set(before.values())) == len(before) > 1
    at = later(line, days=1)
    spelt = watch(line, r"/readings\?time=\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A[\d.]+%2B00%3A00&page=")
    twice, bare = watch(line, "%25"), watch(line, r"\?.*\+")
    line.sync(READ, instant=at)
    params = requests(line, "run 2")
    assert {key: one.get("time") and instant(one["time"]) for key, one in params.items()} == {
        key: before[key] - timedelta(hours=2) if key in before else None for key in params
    }
    assert spelt() >= 2 * len(before), "an escaped plus, on every page"
    assert (twice(), bare()) == (0, 0)
    second = counts(line, "run 2")["location_reports"]
    assert second.created > 0
    assert second.records_fetched == second.created + second.unchanged
    assert second.records_fetched < counts(line, "run 1")["location_reports"].records_fetched
    assert found(line) == as_found(told(line))


def test_a_reading_that_was_sent_late_comes_within_the_lookback(line: Any) -> None:
    key, last = next(iter(cursors(line).items()))
    late = last - timedelta(minutes=90)
    tell(line, key, late.replace(tzinfo=None).isoformat())
    count = found(line)[key][0]
    line.sync(READ)
    assert found(line)[key][0] == count + 1
    assert cursors(line)[key] == last, "an older reading moves no cursor back"


def test_a_reading_of_the_future_moves_the_cursor_no_further_than_the_run(line: Any) -> None:
    key, last = next(iter(cursors(line).items()))
    tell(line, key, (NOW + 400 * DAY).replace(tzinfo=None).isoformat())
    line.sync(READ, instant=NOW + timedelta(minutes=1))
    assert found(line)[key][2] == NOW + 400 * DAY
    assert last < cursors(line)[key] == NOW + timedelta(minutes=1)


def test_a_cursor_of_the_future_reads_nothing_of_its_member_and_says_so(line: Any) -> None:
    key = next(iter(cursors(line)))
    line.warehouse.execute(
        "UPDATE ops.sync_cursors SET cursor_value = '\"2999-01-01T00:00:00+00:00\"' WHERE scope = %s", (key,)
    )
    run = line.begin(REPORTS)
    planned = sync.plan_wave(run, "tracks", line.endpoint())
    assert [note for note in planned.notes if key in note and "lies in the future" in note]
    assert key not in requests(line, run.run.run_id)
    assert requests(line, run.run.run_id)
    line.sync(Request(full=True, streams=("location_reports",)))
    assert cursors(line)[key] <= NOW


def test_a_member_who_left_between_plan_and_fetch_fails_nobody(line: Any) -> None:
    run = line.begin(REPORTS, run_id="left", instant=later(line, days=1))
    chunks = line.plan(run, "tracks")
    key = next(iter(cursors(line)))
    change(line, {"delete_entity": int(key)})
    before = found(line)[key]
    line.fetch(run, "tracks", chunks)
    sync.merge_wave(run, "tracks")
    assert sync.close(run) == {"location_reports": "success"}
    after = found(line)
    assert after.pop(key) == before, "what it had reported stays"
    assert after == as_found(told(line))


def test_a_member_who_is_switched_off_and_on_again_misses_nothing(line: Any) -> None:
    key = next(iter(cursors(line)))
    change(line, {"set": {"entity": int(key), "field": "is_disabled", "value": True}})
    line.sync(READ, instant=later(line, days=1))
    assert key not in requests(line, "run 2")
    change(line, {"set": {"entity": int(key), "field": "is_disabled", "value": False}})
    line.sync(READ, instant=later(line, days=3))
    assert found(line)[key] == as_found(told(line))[key]


def test_a_failed_member_keeps_its_cursor_and_stops_nobody(line: Any) -> None:
    before = cursors(line)
    key = next(iter(before))
    line.vendor.control.faults(
        {"match": f"/entities/{key}/readings", "action": {"kind": "status", "status": 400, "body": ""}}
    )
    line.sync(READ, instant=later(line, days=1))
    assert counts(line, "run 2")["location_reports"].status == "partial"
    assert cursors(line)[key] == before[key]
    assert all(moment > before[one] for one, moment in cursors(line).items() if one != key)
    line.vendor.control.clear_faults()
    line.sync(READ, instant=later(line, days=2))
    assert found(line) == as_found(told(line))


def test_since_reads_from_that_day_on_and_moves_no_cursor(line: Any) -> None:
    before = cursors(line)
    line.sync(Request(streams=("location_reports",), since=date(2026, 7, 13)), instant=later(line, days=1))
    assert {one["time"] for one in requests(line, "run 2").values()} == {"2026-07-13T00:00:00+00:00"}
    assert cursors(line) == before


def test_a_backfill_reads_none_and_says_why(line: Any) -> None:
    day = datetime(2026, 7, 13, tzinfo=UTC)
    run = line.begin(Request(is_backfill=True, streams=("location_reports",)), interval=(day, day + DAY))
    planned = sync.plan_wave(run, "tracks", line.endpoint())
    assert planned.chunks == []
    assert [note for note in planned.notes if "a backfill reads none; use since" in note]
    since = Request(is_backfill=True, streams=("location_reports",), since=date(2026, 7, 13))
    assert line.plan(line.begin(since, interval=(day, day + DAY)), "tracks")


def test_where_a_member_was_last_moves_with_its_record(line: Any) -> None:
    before = line.warehouse.rows("SELECT * FROM arrivy.entities ORDER BY entity_id")
    line.sync(READ, instant=later(line, days=1))
    last = line.warehouse.rows("SELECT entity_id, reported_at FROM arrivy.entity_readings")
    assert dict(last) == {key: end for key, (_, _, end) in found(line).items()}
    assert counts(line, "run 2")["entities"].updated == 0
    assert line.warehouse.rows("SELECT * FROM arrivy.entities ORDER BY entity_id") == before


@pytest.mark.parametrize(
    ("time", "meant"),
    [
        ("2026-07-15T01:34:04.848640", datetime(2026, 7, 15, 1, 34, 4, 848640, UTC)),
        ("2026-07-15 01:34:04", datetime(2026, 7, 15, 1, 34, 4, 0, UTC)),
        ("2026-07-15T01:34:4", datetime(2026, 7, 15, 1, 34, 4, 0, UTC)),
        ("2026-07-14T21:34:04-04:00", datetime(2026, 7, 15, 1, 34, 4, 0, UTC)),
        ("2026-07-15T01:34:04Z", datetime(2026, 7, 15, 1, 34, 4, 0, UTC)),
    ],
)
def test_a_readings_time_without_a_zone_is_utc(arrivy: Any, time: str, meant: datetime) -> None:
    line = arrivy(**LITTLE)
    line.sync(Request(streams=("entities",)))
    key = next(iter(told(line)))
    tell(line, key, time, meta={"battery": 7}, authorized=False)
    line.sync(REPORTS)
    (row,) = line.warehouse.rows("SELECT * FROM arrivy.location_reports WHERE entity_id = %s", (key,))
    assert (row.reported_at, row.latitude, row.longitude, row.meta, row.authorized) == (
        meant, 1.5, 2.5, {"battery": 7}, False,
    )  # fmt: skip
