"""What Arrivy's lists no longer show: asked for by id, and gone only where the vendor says so.

Where nothing can be asked for by id, a complete list is the word, and one that may be incomplete is none.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from branchline import sync
from branchline.request import Request

from tests.arrivy.company import LITTLE, TASKS, change, counts, later, task, truth_of, watch
from tests.conftest import NOW

READ = Request(streams=TASKS)
CREW = Request(streams=("entities", "missing_entities"))
SOON, LATE = NOW + timedelta(days=20), NOW + timedelta(days=50)


@pytest.fixture
def line(arrivy: Any) -> Any:
    """A little account whose tasks are in the warehouse."""
    made = arrivy(**LITTLE)
    made.sync(READ)
    return made


def one_of(line: Any, kind: str = "scheduled", *, with_fields: bool = False) -> str:
    """A task of a kind, one with crew and template fields if that is asked for."""
    return next(
        key
        for key, told in truth_of(line)["tasks"].items()
        if told["kind"] == kind and (not with_fields or (told["templateExtraFields"] and told["entityIds"]))
    )


def children(line: Any, key: str) -> dict[str, set[bool]]:
    """Whether the children of a task are tombstones, by their tables."""
    tables = ("arrivy.task_entities", "arrivy.task_template_fields")
    return {
        table: {row.is_deleted for row in line.warehouse.rows(f"SELECT * FROM {table} WHERE task_id = %s", (key,))}
        for table in tables
    }


def asked(line: Any, key: str) -> Any:
    """Count the calls for one task by its id."""
    return watch(line, rf"/tasks/{key}$")


def age_lookups(line: Any) -> None:
    """Let more than a day pass since anything was asked for by id."""
    line.warehouse.execute("UPDATE ops.lookups SET asked_at = asked_at - interval '25 hours'")


def test_a_deleted_task_is_a_tombstone_with_its_children_once_its_id_is_not_found(line: Any) -> None:
    key = one_of(line, with_fields=True)
    change(line, {"delete": int(key)})
    calls = asked(line, key)
    run = line.begin(READ, run_id="by hand")
    for wave in ("groups", "lists"):
        line.wave(run, wave)
    assert not task(line, key).is_deleted, "that a list does not show it proves nothing"
    assert calls() == 0
    line.wave(run, "missing")
    gone = task(line, key)
    assert gone.is_deleted
    assert gone.deleted_at is not None
    assert set().union(*children(line, key).values()) == {True}
    assert all(children(line, key).values())
    assert calls() == 1
    assert counts(line, "by hand")["missing_tasks"].deleted == 1
    line.sync(READ)
    assert calls() == 1, "a tombstone is not asked for"


def test_a_deleted_tasks_history_goes_with_it_and_comes_back(line: Any) -> None:
    histories = "SELECT task_id, bool_and(is_deleted) AS gone FROM arrivy.task_statuses GROUP BY task_id"
    line.sync(Request(streams=("tasks", "task_statuses")))
    key = next(row.task_id for row in line.warehouse.rows(histories) if task(line, row.task_id).start_datetime)
    change(line, {"delete": int(key)})
    line.sync(READ)
    assert {row.task_id for row in line.warehouse.rows(histories) if row.gone} == {key}
    at = later(line, minutes=5)
    change(line, {"restore": int(key)})
    line.sync(Request(streams=(*READ.streams, "task_statuses")), instant=at)
    assert [row for row in line.warehouse.rows(histories) if row.gone] == []


def test_a_restored_task_comes_back_with_its_children(line: Any) -> None:
    key = one_of(line, with_fields=True)
    change(line, {"delete": int(key)})
    line.sync(READ)
    assert task(line, key).is_deleted
    at = later(line, minutes=5)
    change(line, {"restore": int(key)})
    line.sync(READ, instant=at)
    back = task(line, key)
    assert (back.is_deleted, back.deleted_at) == (False, None)
    assert set().union(*children(line, key).values()) == {False}
    assert all(children(line, key).values())


def test_a_hidden_task_stays_and_is_asked_for_once_a_day(line: Any) -> None:
    key = one_of(line)
    change(line, {"hide": int(key)})
    calls = asked(line, key)
    line.sync(READ)
    line.sync(READ)
    assert not task(line, key).is_deleted
    assert calls() == 1
    age_lookups(line)
    line.sync(READ)
    assert calls() == 2
    change(line, {"show": int(key)})
    age_lookups(line)
    line.sync(READ)
    assert calls() == 2, "what a list shows needs no call of its own"


def test_a_task_that_was_hidden_and_is_deleted_then_is_found_out_the_next_day(line: Any) -> None:
    key = one_of(line)
    change(line, {"hide": int(key)})
    line.sync(READ)
    change(line, {"delete": int(key)})
    line.sync(READ)
    assert not task(line, key).is_deleted
    age_lookups(line)
    line.sync(READ)
    assert task(line, key).is_deleted


def test_a_task_moved_beyond_the_window_is_found_by_its_id(line: Any) -> None:
    key = one_of(line)
    at = later(line, minutes=5)
    change(line, {"reschedule": int(key), "to": LATE.isoformat()})
    calls = asked(line, key)
    line.sync(READ, instant=at)
    moved = task(line, key)
    assert (moved.is_deleted, moved.start_datetime) == (False, LATE)
    assert calls() == 1
    line.sync(READ, instant=at)
    assert calls() == 1, "no window of the run holds it any more"


def test_a_task_moved_within_the_window_needs_no_call_of_its_own(line: Any) -> None:
    key = one_of(line)
    at = later(line, minutes=5)
    change(line, {"reschedule": int(key), "to": SOON.isoformat()})
    calls = asked(line, key)
    line.sync(READ, instant=at)
    assert task(line, key).start_datetime == SOON
    assert calls() == 0


def test_a_task_that_lost_its_date_ends_unscheduled(line: Any) -> None:
    key = one_of(line)
    at = later(line, minutes=5)
    change(line, {"unschedule": int(key)})
    line.sync(READ, instant=at)
    found = task(line, key)
    assert (found.is_deleted, found.unscheduled, found.start_datetime, found.business_date) == (False, True, None, None)


@pytest.mark.parametrize(("kind", "to"), [("unscheduled", LATE), ("no_datetime", SOON)])
def test_a_task_without_a_date_is_found_when_it_gets_one(arrivy: Any, kind: str, to: Any) -> None:
    line = arrivy()
    line.sync(READ)
    key = one_of(line, kind)
    at = later(line, minutes=5)
    change(line, {"schedule": int(key), "to": to.isoformat()})
    line.sync(READ, instant=at)
    found = task(line, key)
    assert (found.is_deleted, found.unscheduled, found.start_datetime) == (False, False, to)
    at = later(line, minutes=10)
    change(line, {"unschedule": int(key)})
    line.sync(READ, instant=at)
    found = task(line, key)
    assert (found.is_deleted, found.unscheduled, found.start_datetime) == (False, kind == "unscheduled", None)
    change(line, {"delete": int(key)})
    age_lookups(line)
    line.sync(READ, instant=at)
    assert task(line, key).is_deleted


def test_a_short_window_proves_no_absence(line: Any) -> None:
    key = one_of(line)
    change(line, {"delete": int(key)})
    calls = watch(line, r"/tasks/\d+$")
    line.sync(Request(streams=TASKS, max_records=1))
    assert line.warehouse.one("SELECT count(*) FROM ops.lookups WHERE wanted IS NOT NULL") == 0
    assert calls() == 0
    assert not task(line, key).is_deleted


# ------------------------------------------------------------------------------------------------ crew members, crews


def test_a_crew_member_that_left_is_a_tombstone_until_it_is_back(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    line.sync(CREW)
    key = line.warehouse.rows("SELECT entity_id FROM arrivy.entity_readings ORDER BY 1")[0].entity_id
    change(line, {"delete_entity": int(key)})
    line.sync(CREW)
    gone = (
        "SELECT entities.is_deleted, entity_readings.is_deleted AS has_no_reading "
        "FROM arrivy.entities INNER JOIN arrivy.entity_readings USING (client_id, account, entity_id) "
        f"WHERE entity_id = '{key}'"
    )
    assert line.warehouse.rows(gone) == [(True, True)]
    line.vendor.control.reset()
    line.sync(CREW)
    assert line.warehouse.rows(gone) == [(False, False)]
    assert line.warehouse.one("SELECT count(*) FROM arrivy.entities WHERE is_deleted") == 0


def test_a_crew_that_a_complete_list_does_not_show_is_retired_with_its_members(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    read = Request(streams=("crews",))
    line.sync(read)
    query = "SELECT crew_id, is_deleted, count(*) AS members FROM arrivy.{} GROUP BY 1, 2 ORDER BY 1"
    crews, members = (line.warehouse.rows(query.format(table)) for table in ("crews", "crew_members"))
    assert len(crews) == len(members) == 2
    stays, leaves = (row.crew_id for row in crews)
    body = json.dumps([{"id": int(stays), "name": "Division", "entities_data": [{"id": 1}, {"id": 2}]}])
    line.vendor.control.faults(
        {"match": "/crews", "page": 1, "action": {"kind": "status", "status": 200, "body": body}},
    )
    assert line.sync(read) == {"crews": "success"}, line.errors
    assert counts(line, "run 2")["crews"].deleted == 1
    found = {row[:2] for row in line.warehouse.rows(query.format("crews"))}
    assert found == {(stays, False), (leaves, True)}
    left = {row.crew_id: (row.is_deleted, row.members) for row in line.warehouse.rows(query.format("crew_members"))}
    assert left == {stays: (False, 2), leaves: (True, {row.crew_id: row.members for row in members}[leaves])}
    line.vendor.control.clear_faults()
    line.sync(read)
    assert line.warehouse.rows(query.format("crews")) == crews
    assert line.warehouse.rows(query.format("crew_members")) == members


def test_a_crew_that_is_not_there_twice_stays_retired_and_is_not_counted_again(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    read = Request(streams=("crews",))
    line.sync(read)
    key = line.warehouse.rows("SELECT crew_id FROM arrivy.crews ORDER BY 1")[0].crew_id
    body = json.dumps([{"id": int(key), "name": "Division"}])
    line.vendor.control.faults(
        {"match": "/crews", "page": 1, "action": {"kind": "status", "status": 200, "body": body}},
    )
    line.sync(read)
    line.sync(read)
    assert [counts(line, run)["crews"].deleted for run in ("run 2", "run 3")] == [1, 0]


# ------------------------------------------------------------------------------------- what an account does not have


def refuse(line: Any, name: str, **when: Any) -> None:
    """Let the account not have a list."""
    body = json.dumps({"message": "NOT_FOUND", "description": "There is no such address."})
    line.vendor.control.faults(
        {"match": rf"/api/{name}(\?|$)", "action": {"kind": "status", "status": 404, "body": body}} | when
    )


@pytest.mark.parametrize("name", ["bookings", "customers", "crews"])
def test_an_account_without_the_list_is_a_success_and_retires_nothing(arrivy: Any, name: str) -> None:
    line = arrivy(**LITTLE)
    read = Request(streams=(name,) + (("missing_customers",) if name == "customers" else ()))
    line.sync(read)
    alive = f"SELECT count(*) FROM arrivy.{name} WHERE NOT is_deleted"
    before = line.warehouse.one(alive)
    assert before
    refuse(line, name)
    by_id = watch(line, rf"/{name}/\d")
    assert set(line.sync(read).values()) == {"success"}, line.errors
    assert line.warehouse.one(alive) == before
    assert by_id() == 0
    row = counts(line, "run 2")[name]
    assert (row.records_fetched, row.deleted, row.api_calls) == (0, 0, 1)
    assert line.warehouse.one("SELECT count(*) FROM ops.lookups") == 0


def test_an_account_that_never_had_the_list_is_a_success(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    for name in ("bookings", "customers", "crews"):
        refuse(line, name)
    assert set(line.sync().values()) == {"success"}, line.errors
    assert line.warehouse.one("SELECT count(*) FROM arrivy.tasks") > 5


def test_a_list_that_ends_in_a_not_found_retires_nothing(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    read = Request(streams=("crews",))
    line.sync(read)
    line.vendor.control.faults(
        {"match": "/crews", "page": 1, "action": {"kind": "status", "status": 200, "body": '[{"id": 1, "name": "x"}]'}},
    )
    refuse(line, "crews", page=2)
    line.sync(read)
    assert line.warehouse.one("SELECT count(*) FROM arrivy.crews WHERE is_deleted") == 0


#: What a process leaves that is killed when its pages are landed and its slice is not closed.
UNCLOSED = """
CREATE FUNCTION public.forget_the_end() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.state := OLD.state; NEW.verdict := OLD.verdict; RETURN NEW; END $$;
CREATE TRIGGER killed BEFORE UPDATE ON ops.sync_slices FOR EACH ROW WHEN (NEW.state = 'done')
EXECUTE FUNCTION public.forget_the_end();
"""


def test_T60_an_account_without_the_list_is_so_for_the_next_try_too(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    read = Request(streams=("crews",))
    line.sync(read)
    refuse(line, "crews")
    run = line.begin(read, run_id="killed")
    chunks = line.plan(run, "lists")
    line.warehouse.execute(UNCLOSED)
    line.fetch(run, "lists", chunks)
    line.warehouse.execute("DROP TRIGGER killed ON ops.sync_slices")
    calls = watch(line, "/crews")
    line.wave(run, "lists")
    assert calls() == 0, "the page is here"
    assert sync.close(run) == {"crews": "success"}
    assert line.warehouse.one("SELECT count(*) FROM arrivy.crews WHERE is_deleted") == 0


@pytest.mark.parametrize("name", ["groups", "entities", "tasks", "statuses"])
def test_a_list_that_every_account_has_is_no_success_without_it(arrivy: Any, name: str) -> None:
    line = arrivy(**LITTLE)
    refuse(line, name)
    stream = "status_definitions" if name == "statuses" else name
    assert line.sync(Request(streams=(stream,)))[stream] == "failed"


def test_a_guard_refuses_a_loss_that_looks_like_a_fault(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    read = Request(streams=("customers", "missing_customers"))
    line.sync(read)
    line.vendor.control.faults(
        {"match": "/customers", "page": 1, "action": {"kind": "status", "status": 200, "body": "[]"}},
    )
    assert line.sync(read)["customers"] != "success"
    assert "missing from a complete window" in str(counts(line, "run 2")["customers"].error_message)
    assert line.warehouse.one("SELECT count(*) FROM ops.lookups") == 0
