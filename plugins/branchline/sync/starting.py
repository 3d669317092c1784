"""Where a run begins to read, one rule for every source: never by when an earlier run ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from branchline import calendars, ledger
from branchline.request import Request
from branchline.stream import Stream
from branchline.sync.run import Connection, Sync


def start_point(
    request: Request, *, cursor: datetime | None, lookback: timedelta, end: datetime, zone: str | None
) -> datetime | None:
    """From when on a stream is read.

    `since` where it is given, from its midnight in the location's own zone (UTC where that is not known: a little too
    much or too little of one day is read, which the next sync makes good); else so many days before `end` for
    `days_back`; else from the beginning for `full` and `force_overwrite`; else from the cursor, which only complete
    slices move, less the lookback; else, with no history, from the beginning. A Request refuses `full` with `since`.

    Args:
        request: the form's values.
        cursor: how far complete slices have read; None where there is none.
        lookback: how far before the cursor is read again.
        end: the instant that the run reads to.
        zone: IANA zone of the place.

    Returns:
        The instant in UTC; None is the beginning.
    """
    if request.since is not None:
        return calendars.midnight(request.since, zone or "UTC")
    if request.days_back is not None:
        return end - timedelta(days=request.days_back)
    if request.full or request.force_overwrite or cursor is None:
        return None
    return cursor - lookback


def moves_cursor(sync: Sync) -> bool:
    """Whether complete slices of this run say where the next one begins: not those of what somebody chose."""
    request = sync.request
    chosen = (request.since, request.days_back, request.board, request.max_records, request.ids)
    return not any(chosen) and not (request.is_backfill or request.replay or request.dry_run)


def cursor_of(connection: Connection, sync: Sync, stream: Stream, scope: str) -> datetime | None:
    """How far the complete slices of a stream have read, for a location or whatever the scope names; None: nothing."""
    fact = ledger.read_fact(connection, sync.source.slug, sync.account.account, stream.name, scope)
    return None if fact is None else datetime.fromisoformat(fact.cursor_value)


def lies_ahead(stream: Stream, name: str, cursor: datetime) -> str:
    """The note on a cursor that lies in the future: a wrong clock wrote it, and what comes before it is not skipped."""
    return (
        f"{stream.name} {name}: its cursor {cursor:%Y-%m-%d %H:%M}Z lies in the future, nothing is read; if the clock "
        "was wrong, run it once with `full`"
    )
