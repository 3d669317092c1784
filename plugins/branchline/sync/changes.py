"""Which span of the vendor's own time a stream is read for: from its cursor on, or as the form says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from branchline import ledger
from branchline.errors import Reconfigure
from branchline.plan import Place, Span
from branchline.stream import Stream
from branchline.sync.run import Connection, Sync

#: How far before its cursor a stream is read again: a row may carry an earlier time than rows that were seen before it.
LOOKBACK = timedelta(hours=2)


def spans_of(
    connection: Connection, sync: Sync, stream: Stream, places: Sequence[Place]
) -> tuple[dict[int, Span], list[str]]:
    """What of the vendor's time each location is read for.

    A since holds from its midnight in the location's own zone (UTC where that is not known: the filter then reads a
    little too much or too little of one day, which the next sync makes good). Without a since it is: the last days
    for `days_back`; everything for `full` and `force_overwrite`; the data interval of a backfill run; else from the
    cursor less LOOKBACK, everything where there is none.

    Returns:
        Spans by location_id, and notes for the log; a location whose cursor lies in the future has no span.

    Raises:
        Reconfigure: a backfill run without a data interval.
    """
    request = sync.request
    spans: dict[int, Span] = {}
    notes: list[str] = []
    for place in places:
        zone = ZoneInfo(place.zone) if place.zone else UTC
        end = sync.instant
        start: datetime | None = None
        if request.since is not None:
            start = datetime.combine(request.since, time(), zone).astimezone(UTC)
            if request.until is not None:
                end = min(end, datetime.combine(request.until + timedelta(days=1), time(), zone).astimezone(UTC))
        elif request.days_back is not None:
            start = end - timedelta(days=request.days_back)
        elif request.is_backfill:
            if sync.interval is None:
                raise Reconfigure("Planning a backfill run", "it has no data interval")
            start, end = sync.interval
        elif not request.full and not request.force_overwrite:
            cursor = _cursor(connection, sync, stream, place)
            if cursor is not None and cursor > end:
                notes.append(
                    f"{stream.name} {place.name}: its cursor {cursor:%Y-%m-%d %H:%M}Z lies in the future, nothing is "
                    "read; if the clock was wrong, run it once with `full`"
                )
                continue
            start = cursor - LOOKBACK if cursor is not None else None
        spans[place.location_id] = Span(start, end)
    return spans, notes


def moves_cursor(sync: Sync) -> bool:
    """Whether complete slices of this run say where the next one begins: not those of what somebody chose."""
    request = sync.request
    chosen = (request.since, request.days_back, request.board, request.max_records)
    return not any(chosen) and not (request.is_backfill or request.replay or request.dry_run)


def _cursor(connection: Connection, sync: Sync, stream: Stream, place: Place) -> datetime | None:
    where = (sync.source.slug, sync.account.account, stream.name, str(place.location_id))
    fact = ledger.read_fact(connection, *where)
    return None if fact is None else datetime.fromisoformat(fact.cursor_value)
