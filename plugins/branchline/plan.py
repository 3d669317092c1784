"""What a sync has to read: windows x locations x pages as slices, within the budget, packed into chunks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from branchline import calendars
from branchline.ledger import SliceSpec
from branchline.limits import PRIORITIES, Budget
from branchline.stream import Stream

#: Ids per slice of a by-id stream: a slice is the unit that fails or waits.
KEYS_PER_SLICE = 100
#: Task instances per wave and account; the concurrency is inside the task.
MOST_CHUNKS = 4
#: Calls that are worth a task instance of their own (about a third of a CPU second each).
CALLS_PER_CHUNK = 400
#: Calls that an id's list is taken to cost when it is read from the beginning: months of it, by the minute.
FIRST_CALLS = 100

#: Why a record is asked for by id, and the class of calls that it belongs to; `named`: the run names it, or another
#: record does.
REASON_PRIORITY = {
    "new": "details",
    "changed": "details",
    "ended": "details",
    "missing": "details",
    "named": "details",
    "near": "today",
    "aged": "aged",
}

#: Scope of the cursor of a stream that is read by days: how far every window of a run was complete.
WINDOW = "window"


@dataclass(frozen=True)
class Place:
    """A location as planning sees it: core.locations' id, the vendor's id, the name and the zone."""

    location_id: int
    external_id: str
    name: str
    zone: str | None


@dataclass(frozen=True)
class Span:
    """A span of the vendor's own time, in UTC: from `start` (None: from the beginning) to `end`, both included."""

    start: datetime | None
    end: datetime


def whole(stream: Stream, priority: str = "reference") -> SliceSpec:
    """The one slice of a stream without windows: everything the vendor has."""
    return SliceSpec(stream.name, "all", priority)


def sweep(
    stream: Stream,
    days: Sequence[date],
    today: date,
    places: Sequence[Place] | None,
    *,
    mark: Mapping[str, Any] | None = None,
    is_backfill: bool = False,
) -> list[SliceSpec]:
    """Slices of a windowed stream: one a service date, or one a location and date.

    Args:
        stream: has a window.
        days: local service dates.
        today: the calendar's today, which tells the class of calls.
        places: locations to call one by one; None reads the whole account at once.
        mark: what each request says of the cursor, see `cursor_mark`; nothing where none is moved.
        is_backfill: every slice is of class backfill.

    Returns:
        Slices in the order of the days.
    """
    assert stream.window is not None
    slices = []
    for day in days:
        priority = "backfill" if is_backfill or day < today else "today" if day == today else "tomorrow"
        params = dict.fromkeys(stream.window, f"{day:%Y%m%d}")
        window = (day, day + timedelta(days=1))
        if places is None:
            slices.append(SliceSpec(stream.name, f"{day}", priority, {"params": params, **(mark or {})}, window=window))
            continue
        for place in places:
            request = {"params": params | {str(stream.by_location): place.external_id}, **(mark or {})}
            scope = f"{day} {place.name.strip()} {place.external_id}"
            slices.append(SliceSpec(stream.name, scope, priority, request, place.location_id, window))
    return slices


def cursor_mark(scope: str, end: datetime, *, moves_cursor: bool) -> dict[str, Any]:
    """What a slice's request says of the cursor.

    Args:
        scope: whose cursor of the stream it is.
        end: how far the slice reads; the cursor is never moved beyond it.
        moves_cursor: whether the complete slice says where the next sync begins.

    Returns:
        `until`, and `cursor` only where it is moved.
    """
    return {"until": end.isoformat()} | ({"cursor": scope} if moves_cursor else {})


def rolling(
    stream: Stream,
    days: Sequence[date],
    today: date,
    zone: str,
    *,
    mark: Mapping[str, Any] | None = None,
    is_open: bool = False,
    is_backfill: bool = False,
) -> list[SliceSpec]:
    """Slices of a stream that is read by a rolling window: one a day, from midnight to midnight in a zone.

    Both ends are the vendor's: what begins at a midnight comes twice, and is counted as a duplicate.

    Args:
        stream: has `rolling`.
        days: local days.
        today: the calendar's today.
        zone: IANA zone of the days.
        mark: what each request says of the cursor, see `cursor_mark`; nothing where none is moved.
        is_open: what lies before the first and after the last day is read too, in a slice each.
        is_backfill: every slice is of class backfill.

    Returns:
        Slices in the order of time.
    """
    assert stream.rolling is not None
    first, last = stream.rolling.first_param, stream.rolling.last_param

    def midnight(day: date) -> str:
        return calendars.midnight(day, zone).isoformat()

    def spec(scope: str, priority: str, params: dict[str, str], window: tuple[date, date] | None) -> SliceSpec:
        return SliceSpec(stream.name, scope, priority, {"params": params, **(mark or {})}, window=window)

    slices = []
    for day in days:
        end = day + timedelta(days=1)
        priority = "backfill" if is_backfill else "today" if day <= today else "tomorrow"
        slices.append(spec(f"{day}", priority, {first: midnight(day), last: midnight(end)}, (day, end)))
    if is_open:
        end = days[-1] + timedelta(days=1)
        slices.insert(0, spec(f"before {days[0]}", "backfill", {last: midnight(days[0])}, None))
        slices.append(spec(f"from {end}", "backfill", {first: midnight(end)}, None))
    return slices


def newer(
    stream: Stream,
    due: Sequence[Any],
    spans: Mapping[str, Span],
    *,
    moves_cursor: bool,
    calls_each: int = 2,
    most_calls: int | None = None,
) -> tuple[list[SliceSpec], int]:
    """Slices of a stream whose lists are read from their own cursors on: one an id.

    Those that go on from a cursor come first. One from the beginning costs many calls, and as many of those are begun
    as the rate allows a run, one at least: a run that cannot end in time would never move a cursor.

    Args:
        stream: has `newer_than`.
        due: rows (record_key, name, location_id).
        spans: what each is read for, by record_key; an id without one is left out.
        moves_cursor: whether a complete slice says where the next sync begins.
        calls_each: calls that one is expected to take that goes on from a cursor.
        most_calls: calls that the credential's rate allows one run; None without a rate.

    Returns:
        The slices, and how many ids the rate leaves for later.
    """
    slices: list[SliceSpec] = []
    spent = left_out = 0
    begun = {True: 0, False: 0}
    wanted = [(row, spans[row.record_key]) for row in due if row.record_key in spans]
    for row, span in sorted(wanted, key=lambda pair: pair[1].start is None):
        is_first = span.start is None
        calls = FIRST_CALLS if is_first else calls_each
        if most_calls is not None and spent + calls > most_calls and begun[is_first]:
            left_out += 1
            continue
        spent += calls
        begun[is_first] += 1
        params = {} if span.start is None else {str(stream.newer_than): span.start.isoformat()}
        mark = cursor_mark(row.record_key, span.end, moves_cursor=moves_cursor)
        request = {"params": params, "place": row.record_key, **mark}
        scope = f"{(row.name or '').strip()} {row.record_key}".strip()
        slices.append(SliceSpec(stream.name, scope, "details", request, row.location_id))
    return slices, left_out


def changes(
    stream: Stream,
    places: Sequence[Place],
    spans: Mapping[int, Span],
    priority: str,
    *,
    board: str | None = None,
    moves_cursor: bool,
) -> list[SliceSpec]:
    """Slices of a stream that is read by the vendor's own time of change: one a location.

    Args:
        stream: has `changed` and `by_location`.
        places: the locations.
        spans: what of the vendor's time each is read for, by location_id; a location without one is left out.
        priority: class of calls.
        board: the vendor's board that it is limited to.
        moves_cursor: whether a complete slice says where the next sync begins.

    Returns:
        Slices in the order of the places.
    """
    assert stream.changed is not None
    slices = []
    for place in places:
        span = spans.get(place.location_id)
        if span is None:
            continue
        start, end = stream.changed
        params: dict[str, Any] = {
            str(stream.by_location): place.external_id,
            end: f"{span.end:%Y-%m-%dT%H:%M:%SZ}",
        }
        if span.start is not None:
            params[start] = f"{span.start:%Y-%m-%dT%H:%M:%SZ}"
        for name, value in stream.boards[board] if board else ():
            params.setdefault(name, []).append(value)
        mark = cursor_mark(str(place.location_id), span.end, moves_cursor=moves_cursor)
        request = {"params": params, **mark}
        scope = f"{place.name.strip()} {place.external_id}"
        slices.append(SliceSpec(stream.name, scope, priority, request, place.location_id))
    return slices


def by_key(
    stream: Stream, due: Sequence[Any], budget: Budget, calls_each: int = 1, most_calls: int | None = None
) -> tuple[list[SliceSpec], int]:
    """Slices of a by-id stream for the records that are due, the most wanted first, within the budget.

    Args:
        stream: the stream.
        due: rows (record_key, reason), in the order in which they are wanted within a reason; with location_id where
            a row has a location, and with place, the vendor's id of it, where the path needs it.
        budget: what the credential may still call.
        calls_each: calls that one record costs over all streams that follow the same list.
        most_calls: calls that the credential's rate allows one run; None without a rate.

    Returns:
        The slices, and how many due records the budget and the rate leave for later.
    """
    wanted: dict[str, list[Any]] = defaultdict(list)
    for row in due:
        wanted[REASON_PRIORITY[row.reason]].append(row)
    slices: list[SliceSpec] = []
    left_out = 0
    spent = 0
    for priority in PRIORITIES:
        rows = wanted.get(priority, [])
        rooms = [room for room in (budget.left(priority), most_calls) if room is not None]
        if rooms:
            affordable = max(0, (min(rooms) - spent) // calls_each)
            left_out += max(0, len(rows) - affordable)
            rows = rows[:affordable]
        spent += len(rows) * calls_each
        for place, some in _batches(rows):
            request: dict[str, Any] = {
                "keys": [row.record_key for row in some],
                "reasons": [row.reason for row in some],
            }
            number = 1 + sum(spec.priority == priority for spec in slices)
            if hasattr(some[0], "place"):
                request["place"] = some[0].place
            slices.append(SliceSpec(stream.name, f"{priority} {number}", priority, request, place))
    return slices, left_out


def _batches(rows: Sequence[Any]) -> Iterator[tuple[int | None, list[Any]]]:
    """Due rows by their location, where the list tells it, KEYS_PER_SLICE at a time."""
    by_place: dict[int | None, list[Any]] = defaultdict(list)
    for row in rows:
        by_place[getattr(row, "location_id", None)].append(row)
    for place, some in by_place.items():
        for start in range(0, len(some), KEYS_PER_SLICE):
            yield place, some[start : start + KEYS_PER_SLICE]


def within_budget(
    specs: Sequence[SliceSpec], budget: Budget, expected_calls: Mapping[str, int]
) -> tuple[list[SliceSpec], list[SliceSpec]]:
    """Split slices into what the budget allows and what must wait, the most wanted first.

    Args:
        specs: planned slices.
        budget: the credential's.
        expected_calls: calls a slice of that stream is expected to take, from the last complete sync.

    Returns:
        (allowed, deferred), each in the given order.
    """
    spent = 0
    allowed: set[int] = set()
    for priority in PRIORITIES:
        room = budget.left(priority)
        for place, spec in enumerate(specs):
            if spec.priority != priority:
                continue
            calls = expected_calls.get(spec.stream, 1)
            if room is None or spent + calls <= room:
                spent += calls
                allowed.add(place)
    return (
        [spec for place, spec in enumerate(specs) if place in allowed],
        [spec for place, spec in enumerate(specs) if place not in allowed],
    )


def chunks(slices: Sequence[Any], expected_calls: Mapping[str, int], most: int = MOST_CHUNKS) -> list[list[int]]:
    """Pack open slices into chunks of about equal calls, one mapped task each.

    Args:
        slices: rows (slice_id, stream, size), as ledger.open_slices gives them.
        expected_calls: calls a paged slice of that stream is expected to take.
        most: chunks at most.

    Returns:
        Slice ids a chunk; no empty chunk; none at all where nothing is open.
    """
    if not slices:
        return []
    costs = {row.slice_id: max(row.size, expected_calls.get(row.stream, 1)) for row in slices}
    count = min(most, len(slices), max(1, -(-sum(costs.values()) // CALLS_PER_CHUNK)))
    packed: list[tuple[int, list[int]]] = [(0, []) for _ in range(count)]
    for row in sorted(slices, key=lambda row: -costs[row.slice_id]):
        place = min(range(count), key=lambda place: packed[place][0])
        load, ids = packed[place]
        packed[place] = (load + costs[row.slice_id], [*ids, row.slice_id])
    return [sorted(ids) for _, ids in packed]
