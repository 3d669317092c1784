"""A task's status: the newest entry of its history is the truth, and a history is asked for where it may have moved."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from branchline import sync
from branchline.request import Request

from tests.arrivy.company import LITTLE, TASKS, change, counts, later, task, truth_of, watch, word
from tests.conftest import NOW

READ = Request(streams=(*TASKS, "task_statuses"))
ENTRIES = "SELECT * FROM arrivy.task_statuses WHERE task_id = %s ORDER BY place"


@pytest.fixture
def line(arrivy: Any) -> Any:
    """A little account whose tasks and histories are in the warehouse."""
    made = arrivy(**LITTLE)
    made.sync(READ)
    return made


def near(told: dict[str, Any]) -> bool:
    """Whether a task's status may move without its record: from 36 hours before the tests' instant to 12 after."""
    hours = (datetime.fromisoformat(told["start"]) - NOW) / timedelta(hours=1) if told["start"] else 99
    return -36 <= hours <= 12 and told["status"] not in {"COMPLETE", "CANCELLED"}


def far(line: Any, entries: int = 0) -> str:
    """A scheduled task that is not near, with at least so many entries."""
    told = truth_of(line)
    return next(
        key
        for key, one in told["tasks"].items()
        if one["kind"] == "scheduled" and not near(one) and len(told["taskStatuses"][key]) >= entries
    )


def entries(line: Any, key: str) -> list[Any]:
    found: list[Any] = line.warehouse.rows(ENTRIES, (key,))
    return found


def answer(line: Any, key: str, rows: list[dict[str, Any]]) -> None:
    """Let the vendor tell another history of a task."""
    line.vendor.control.faults(
        {
            "match": f"/tasks/{key}/status",
            "page": 1,
            "action": {"kind": "status", "status": 200, "body": json.dumps(rows)},
        }
    )


def again(line: Any, key: str) -> None:
    """Let a task change, so that its history is asked for once more."""
    at = later(line, minutes=5)
    change(line, {"set": {"task": int(key), "field": "details", "value": "changed"}})
    line.sync(READ, instant=at)


def test_what_the_list_says_may_lag_and_the_newest_entry_is_the_status(line: Any) -> None:
    told = truth_of(line)["tasks"]
    rows = line.warehouse.rows("SELECT * FROM arrivy.tasks WHERE NOT is_deleted")
    assert {row.task_id: row.status for row in rows} == {key: one["status"] for key, one in told.items()}
    lagging = [row for row in rows if row.listed_status not in {row.status, row.status_title}]
    assert lagging, "some lists lag behind"
    own = [row for row in rows if row.status == "CUSTOM"]
    assert all(row.status_title == word(told[row.task_id]["statusTitle"]) for row in own)


def test_a_status_that_was_reported_late_does_not_undo_a_newer_one(line: Any) -> None:
    key = far(line)
    at = later(line, hours=3)
    change(line, {"status": int(key), "type": "COMPLETE", "time": (NOW + timedelta(hours=2)).isoformat()})
    change(line, {"status": int(key), "type": "STARTED", "time": (NOW + timedelta(hours=1)).isoformat()})
    line.sync(READ, instant=at)
    assert [row.type for row in entries(line, key)][-2:] == ["COMPLETE", "STARTED"]
    found = task(line, key)
    assert (found.status, found.status_at) == ("COMPLETE", NOW + timedelta(hours=2))


def test_of_entries_of_one_instant_the_last_one_in_the_list_is_the_truth(line: Any) -> None:
    key = far(line)
    at = later(line, hours=3)
    same = (NOW + timedelta(hours=2)).isoformat()
    for kind in ("STARTED", "ENROUTE", "EXCEPTION"):
        change(line, {"status": int(key), "type": kind, "time": same})
    line.sync(READ, instant=at)
    assert task(line, key).status == "EXCEPTION"


def test_a_task_without_a_history_has_the_status_of_the_list(line: Any) -> None:
    told = truth_of(line)["taskStatuses"]
    bare = {key for key, some in told.items() if not some}
    found = [task(line, key) for key in bare]
    assert found
    assert all(row.status == row.listed_status == "NOTSTARTED" and row.status_at is None for row in found)


def test_only_what_is_new_changed_or_near_is_asked_for(line: Any) -> None:
    told = truth_of(line)["tasks"]
    first = counts(line, "run 1")["task_statuses"]
    assert first.api_calls == len(told) + sum(1 for some in truth_of(line)["taskStatuses"].values() if some)
    close = {key for key, one in told.items() if near(one)}
    assert 0 < len(close) < len(told) / 2
    at = later(line, minutes=5)
    key = next(key for key, one in told.items() if key not in close and one["kind"] == "scheduled")
    change(line, {"set": {"task": int(key), "field": "details", "value": "changed"}})
    line.sync(READ, instant=at)
    asked = {row.record_key: row.reason for row in _asked(line, "run 2")}
    assert asked == dict.fromkeys(close, "near") | {key: "changed"}
    (made,) = change(line, {"insert": 1, "start": (NOW + timedelta(days=9)).isoformat()})
    line.sync(READ, instant=at)
    asked = {row.record_key: row.reason for row in _asked(line, "run 3")}
    assert asked == dict.fromkeys(close, "near") | {str(made["inserted"][0]): "new"}


def _asked(line: Any, run: str) -> list[Any]:
    """The tasks whose histories a run asked for, and why."""
    found: list[Any] = line.warehouse.rows(
        "SELECT keys.record_key, request -> 'reasons' ->> (keys.place - 1)::integer AS reason FROM ops.sync_slices, "
        "jsonb_array_elements_text(request -> 'keys') WITH ORDINALITY AS keys (record_key, place) "
        "WHERE stream = 'task_statuses' AND run_id = %s",
        (run,),
        role="admin",
    )
    return found


def test_a_deleted_tasks_history_is_not_asked_for(line: Any) -> None:
    key = next(key for key, one in truth_of(line)["tasks"].items() if near(one))
    change(line, {"delete": int(key)})
    calls = watch(line, f"/tasks/{key}/status")
    line.sync(READ)
    assert task(line, key).is_deleted
    assert calls() == 0


def test_a_task_that_goes_while_its_history_is_asked_for_takes_it_along(line: Any) -> None:
    key = far(line, entries=2)
    line.vendor.control.faults(
        {"match": f"/tasks/{key}/status", "action": {"kind": "status", "status": 404, "body": '{"message": "x"}'}}
    )
    again(line, key)
    assert {row.is_deleted for row in entries(line, key)} == {True}
    assert counts(line, "run 2")["task_statuses"].status == "success"


def test_a_history_longer_than_a_page_is_read_whole_and_in_order(arrivy: Any) -> None:
    line = arrivy(**LITTLE, arrivy_page_cap=2)
    line.sync(READ)
    told = truth_of(line)["taskStatuses"]
    assert max(map(len, told.values())) > 4
    assert {key: [row.entry_id for row in entries(line, key)] for key in told} == {
        key: [one["id"] for one in some] for key, some in told.items()
    }


def test_an_entry_that_vanished_is_a_tombstone_and_no_truth(line: Any) -> None:
    key = far(line, entries=3)
    before = entries(line, key)
    newest = max(before, key=lambda row: (row.reported_at, row.place))
    left = [row for row in before if row is not newest]
    answer(
        line, key, [{"id": int(row.entry_id), "type": row.type, "time": row.reported_at.isoformat()} for row in left]
    )
    again(line, key)
    assert {row.entry_id for row in entries(line, key) if row.is_deleted} == {newest.entry_id}
    assert task(line, key).status == max(left, key=lambda row: (row.reported_at, row.place)).type
    line.vendor.control.clear_faults()
    line.sync(READ, instant=later(line, minutes=9))
    assert {row.is_deleted for row in entries(line, key)} == {False, True}, "nobody asked for it again"
    change(line, {"set": {"task": int(key), "field": "details", "value": "changed once more"}})
    line.sync(READ, instant=later(line, minutes=12))
    assert {row.is_deleted for row in entries(line, key)} == {False}
    assert task(line, key).status == newest.type


def test_an_entry_that_cannot_be_read_retires_nothing_of_its_task(line: Any) -> None:
    key = far(line, entries=2)
    answer(line, key, [{"id": 1, "type": "COMPLETE", "time": "yesterday, about noon"}])
    again(line, key)
    assert {row.is_deleted for row in entries(line, key)} == {False}
    assert line.warehouse.one("SELECT count(*) FROM ops.quarantine WHERE stream = 'task_statuses'") == 1


def test_notes_files_and_visibility_come_within_extra_fields_or_beside_them(line: Any) -> None:
    key = far(line)
    at = (NOW - timedelta(hours=1)).isoformat()
    told = {"notes": "Gate code is on file.", "files": [{"file_id": 1}], "visible_to_customer": True}
    answer(
        line,
        key,
        [
            {"id": 1, "type": "STARTED", "time": at, "extra_fields": told},
            {"id": 2, "type": "STARTED", "time": at, "extra_fields": json.dumps(told)},
            {"id": 3, "type": "STARTED", "time": at, "extra_fields": None, **told},
            {"id": 4, "type": "STARTED", "time": at, "title": "", "reporter_id": 7},
        ],
    )
    again(line, key)
    rows = {row.entry_id: row for row in entries(line, key) if not row.is_deleted}
    for one in "123":
        assert (rows[one].notes, rows[one].files, rows[one].visible_to_customer) == tuple(told.values())
    assert rows["1"].extra_fields == rows["2"].extra_fields == told
    assert (rows["4"].notes, rows["4"].files, rows["4"].title, rows["4"].reporter_id) == (None, None, None, "7")


# ----------------------------------------------------------------------------------------------- ids that have pages


def test_what_is_landed_of_ids_with_pages_is_not_asked_for_again(arrivy: Any) -> None:
    line = arrivy(**LITTLE, arrivy_page_cap=2, concurrency=1)
    line.sync(Request(streams=TASKS))
    told = truth_of(line)["taskStatuses"]
    run = line.begin(Request(streams=("task_statuses",)), run_id="broken")
    chunks = line.plan(run, "tracks")
    last = next(
        key
        for row in line.warehouse.rows(
            "SELECT request -> 'keys' AS keys FROM ops.sync_slices WHERE stream = 'task_statuses' ORDER BY slice_id",
            role="admin",
        )
        for key in reversed(row.keys)
        if told[key]
    )
    line.vendor.control.faults(
        {"match": f"/tasks/{last}/status", "page": 2, "action": {"kind": "status", "status": 400, "body": ""}}
    )
    with pytest.raises(Exception, match="HTTP 400"):
        line.fetch(run, "tracks", chunks)
    line.vendor.control.clear_faults()
    landed = line.warehouse.rows(
        "SELECT DISTINCT asked, 1 + page / jsonb_array_length(request -> 'keys') AS page "
        "FROM landing.records INNER JOIN ops.sync_slices USING (slice_id) WHERE stream = 'task_statuses'",
        role="admin",
    )
    assert {row.page for row in landed} >= {1, 2}
    calls = {row: watch(line, rf"/tasks/{row.asked}/status\?page={row.page}&") for row in landed}
    everything = watch(line, "/status")
    line.fetch(run, "tracks", chunks)
    assert [row for row, seen in calls.items() if seen()] == []
    assert everything()
    sync.merge_wave(run, "tracks")
    assert sync.close(run) == {"task_statuses": "success"}
    assert {key: [row.entry_id for row in entries(line, key)] for key in told} == {
        key: [one["id"] for one in some] for key, some in told.items()
    }


def test_a_history_that_never_ends_is_refused(line: Any) -> None:
    key = far(line, entries=1)
    change(line, {"pages": "repeat"})
    at = later(line, minutes=5)
    change(line, {"set": {"task": int(key), "field": "details", "value": "changed"}})
    run = line.begin(Request(streams=("task_statuses",)), run_id="endless", instant=at)
    with pytest.raises(Exception, match="repeats page"):
        line.wave(run, "tracks")
