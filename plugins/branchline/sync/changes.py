"""Which span of the vendor's own time a stream is read for: from its cursor on, or as the form says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from branchline import calendars
from branchline.errors import Reconfigure
from branchline.plan import Place, Span
from branchline.stream import Stream
from branchline.sync.run import Connection, Sync
from branchline.sync.starting import cursor_of, lies_ahead, start_point

#: How far before its cursor a stream is read again: a row may carry an earlier time than rows that were seen before it.
LOOKBACK = timedelta(hours=2)


def spans_of(
    connection: Connection, sync: Sync, stream: Stream, places: Sequence[Place]
) -> tuple[dict[int, Span], list[str]]:
    """What of the vendor's time each location is read for: from `start_point` on, or a backfill run's interval.

    Returns:
        Spans by location_id, and notes for the log; a location whose cursor lies in the future has no span.

    Raises:
        Reconfigure: a backfill run without a data interval.
    """
    request = sync.request
    spans: dict[int, Span] = {}
    notes: list[str] = []
    for place in places:
        end = sync.instant
        if request.since is None and request.days_back is None and request.is_backfill:
            if sync.interval is None:
                raise Reconfigure("Planning a backfill run", "it has no data interval")
            spans[place.location_id] = Span(*sync.interval)
            continue
        cursor = cursor_of(connection, sync, stream, str(place.location_id))
        if cursor is not None and cursor > end and not is_told(sync):
            notes.append(lies_ahead(stream, place.name, cursor))
            continue
        if request.until is not None:
            end = min(end, calendars.midnight(request.until + timedelta(days=1), place.zone or "UTC"))
        start = start_point(request, cursor=cursor, lookback=LOOKBACK, end=end, zone=place.zone)
        spans[place.location_id] = Span(start, end)
    return spans, notes


def spans_of_keys(
    connection: Connection, sync: Sync, stream: Stream, due: Sequence[Any]
) -> tuple[dict[str, Span], list[str]]:
    """What each id of a stream's due list is read for: from `start_point` on; the vendor knows no end.

    Returns:
        Spans by record_key, and notes for the log. A backfill run reads none: without an end, each of its runs would
        read everything up to now.
    """
    if sync.request.is_backfill and sync.request.since is None:
        return {}, [f"{stream.name}: the vendor filters by a beginning alone, so a backfill reads none; use since"]
    spans: dict[str, Span] = {}
    notes: list[str] = []
    for row in due:
        cursor = cursor_of(connection, sync, stream, row.record_key)
        if cursor is not None and cursor > sync.instant and not is_told(sync):
            notes.append(lies_ahead(stream, row.record_key, cursor))
            continue
        start = start_point(sync.request, cursor=cursor, lookback=LOOKBACK, end=sync.instant, zone=None)
        spans[row.record_key] = Span(start, sync.instant)
    return spans, notes


def is_told(sync: Sync) -> bool:
    """Whether somebody said from when on to read, so that no cursor is asked."""
    request = sync.request
    return bool(request.since or request.days_back or request.full or request.force_overwrite)
