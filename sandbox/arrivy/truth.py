"""What a perfect client would know after a load: for comparison with a warehouse."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.arrivy import catalogue, rows, task_rows
from sandbox.arrivy.api import Api
from sandbox.arrivy.model import Entity, Task
from sandbox.arrivy.timeline import State
from sandbox.arrivy.world import World, booking_id, entry_id

Row = dict[str, Any]
SCHEDULED, UNSCHEDULED, UNDATED = "scheduled", "unscheduled", "no_datetime"


def tell(world: World, api: Api, first: date, last: date) -> Row:
    """Tell the records by id, as text; what has several forms on the wire has one here.

    Args:
        world: The world.
        api: Knows what was said of the branches.
        first: Of the scheduled tasks, only those that start on this day (UTC) or later, and of the readings those
            that were made then; everything else is told whole.
        last: The last such day, included.

    Returns:
        Counts; tasks with their newest status; their histories; deleted tasks; everything else.
    """
    kept = [pair for pair in world.known() if _is_within(pair[1], first, last)]
    alive = [(task, state) for task, state in kept if state.deleted is None]
    tasks = {str(task.id): _task(world, task, state) for task, state in alive}
    histories = {str(task.id): _history(world, task, state) for task, state in alive}
    readings = {str(one.id): _readings(world, one, first, last) for one in world.entities.values()}
    told: dict[str, Row] = {
        "tasks": tasks,
        "taskStatuses": histories,
        "deletedTasks": {str(task.id): state.deleted for task, state in kept if state.deleted},
        "entities": {str(one.id): _plain(rows.entity(world, one)) for one in world.entities.values()},
        "groups": {str(row["id"]): _plain(row) for row in api.groups()},
        "statuses": {str(one.id): _plain(rows.definition(world, one)) for one in world.definitions},
        "customers": {str(one.id): _plain(rows.customer(world, one)) for one in world.customers.values()},
        "crews": {str(one.id): [str(number) for number in one.members] for one in world.crews},
        "bookings": _bookings(world, [pair for pair in alive if pair[1].start and not pair[0].is_hidden]),
        "readings": readings,
    }
    kinds = Counter(row["kind"] for row in tasks.values())
    return {
        "source": "arrivy",
        "now": world.clock.now(),
        "from": first,
        "to": last,
        "firstDay": world.first_day,
        "counts": {
            **{name: len(value) for name, value in told.items() if name not in {"readings", "taskStatuses"}},
            **{kind: kinds[kind] for kind in (SCHEDULED, UNSCHEDULED, UNDATED)},
            "taskStatuses": sum(map(len, histories.values())),
            "readings": sum(row["count"] for row in readings.values()),
        },
        **told,
    }


def _is_within(state: State, first: date, last: date) -> bool:
    return state.start is None or first <= state.start.date() <= last


def _task(world: World, task: Task, state: State) -> Row:
    row = task_rows.task(world, task, state, is_detail=True)
    newest = state.newest
    # On the branch's own calendar: an evening's job stays on its day (Arrivy contract, section 6).
    local = state.start.astimezone(ZoneInfo(task.group.zone)) if state.start else None
    undated = UNDATED if task.is_undated else UNSCHEDULED
    return {
        "kind": SCHEDULED if state.start else undated,
        "isHidden": task.is_hidden,
        "title": row.get("title"),
        "details": row.get("details"),
        "status": newest.type if newest else catalogue.NOT_STARTED,
        "statusTitle": newest.title if newest else None,
        "statusTime": newest.time if newest else None,
        "start": state.start,
        "end": task_rows.ending(task, state),
        "businessDate": local.date() if local else None,
        "timezone": task.group.zone,
        "groupId": _text(row.get("group_id")),
        "customerId": str(task.customer),
        "customerName": row.get("customer_name"),
        "entityIds": [str(number) for number in state.crew],
        "externalId": row.get("external_id"),
        "bookingId": _text(booking_id(world, task)),
        "extraFields": _opened(row.get("extra_fields")),
        "templateExtraFields": row.get("template_extra_fields") or [],
        "created": state.created,
        "updated": state.updated,
    }


def _history(world: World, task: Task, state: State) -> list[Row]:
    return [
        {"id": str(entry_id(world, task, entry.place)), "type": entry.type, "title": entry.title, "time": entry.time}
        for entry in state.entries
    ]


def _bookings(world: World, alive: list[tuple[Task, State]]) -> Row:
    found = (task_rows.booking(world, *pair) for pair in alive)
    return {str(row["id"]): _plain(row) for row in found if row}


def _readings(world: World, one: Entity, first: date, last: date) -> Row:
    """Count a crew member's readings of some days of UTC, up to now."""
    track, now = world.track(one), world.clock.now()
    # The ends of the calendar have no day before or after.
    since = track.until(_midnight(first) - timedelta(microseconds=1)) if first.year > 1 else 0
    until = track.until(min(now, _midnight(last + timedelta(days=1)) if last.year < 9999 else now))
    count = max(0, until - since)
    return {
        "count": count,
        "first": track.moment(since) if count else None,
        "last": track.moment(until - 1) if count else None,
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)


def _plain(row: Row) -> Row:
    """Write a served row's `extra_fields` in one form."""
    return {**row, "extra_fields": _opened(row.get("extra_fields"))}


def _opened(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) and told[:1] == "{" else told


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
