"""Which service days and which places a run covers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from branchline import calendars
from branchline.errors import Reconfigure
from branchline.plan import Place
from branchline.stream import Rolling
from branchline.sync.run import Connection, Sync
from branchline.sync.starting import start_point

log = logging.getLogger(__name__)

#: Days before today that a sweep makes good after an outage; each costs calls of its own.
CATCH_UP = timedelta(days=7)


def has_work(sync: Sync) -> bool:
    """Whether the run has anything to read: only a backfill run may have nothing, when no service day begins in it."""
    if not sync.request.is_backfill or sync.request.since is not None or not sync.source.has_days:
        return True
    with sync.connect("begin") as connection:
        places = places_of(connection, sync)
    home = home_zone(places)
    return home is None or bool(_days_of_backfill(sync, home))


def places_of(connection: Connection, sync: Sync) -> list[Place]:
    """The account's mapped locations, those the form names where it names some; a zone that nobody knows is none.

    Raises:
        Reconfigure: the form names a location that does not exist.
    """
    rows = connection.execute(
        "SELECT location_id, external_id, name, timezone, core.normalised_name(name) AS spelt, external_key "
        "FROM core.locations WHERE source = %s AND account = %s AND is_mapped ORDER BY location_id",
        (sync.source.slug, sync.account.account),
    ).fetchall()
    wanted = {word.strip().upper() for word in sync.request.locations}
    if wanted:
        found = [row for row in rows if wanted & {row.spelt, row.external_id.upper(), str(row.external_key).upper()}]
        if not found:
            raise Reconfigure("Reading the run's params", f"no location is called {', '.join(sorted(wanted))}")
        rows = found
    unknown = {row.timezone for row in rows if row.timezone is not None and not calendars.is_zone(row.timezone)}
    for row in rows:
        if row.timezone in unknown:
            log.warning("%s: there is no time zone %r; correct core.locations.timezone", row.name, row.timezone)
    return [
        Place(
            row.location_id,
            row.external_id,
            row.name or row.external_id,
            None if row.timezone in unknown else row.timezone,
        )
        for row in rows
    ]


def home_zone(places: Sequence[Place]) -> str | None:
    """The zone most of the places lie in: the calendar of a call that reads all of them at once."""
    zones = [place.zone for place in places if place.zone]
    return max(sorted(set(zones)), key=zones.count) if zones else None


def service_days(sync: Sync, zones: Sequence[str], home: str, cursor: datetime | None = None) -> list[date]:
    """The service dates that a run covers.

    An explicit since/until covers exactly those; a backfill run the days whose midnight at home lies in its interval
    (so that a day comes once, whatever the schedule); any other run today and tomorrow of every zone, and the days
    since the last complete sweep, CATCH_UP at most: the vendor has no list to begin from, so older ones are backfilled.

    Args:
        sync: the account and run.
        zones: the places' zones.
        home: the zone most of them lie in.
        cursor: the instant of the last complete sweep.
    """
    request = sync.request
    if request.since is not None:
        until = request.until or max(calendars.visible_days(sync.instant, zones))
        return calendars.days_between(request.since, until)
    if request.is_backfill:
        return _days_of_backfill(sync, home)
    days = calendars.visible_days(sync.instant, zones)
    if cursor is None or cursor > sync.instant:
        return days
    first = max(calendars.local_day(cursor, home), days[0] - CATCH_UP)
    return [*calendars.days_between(first, days[0] - timedelta(days=1)), *days] if first < days[0] else days


def rolling_days(sync: Sync, rolling: Rolling, home: str, cursor: datetime | None) -> tuple[list[date], bool]:
    """The days that a rolling window covers, and whether what lies before and after them is read, too.

    An explicit since covers the days from it to `until`, or to the window's end; a backfill run the days whose midnight
    at home lies in its interval; any other run the window around today, begun earlier where the last complete read
    was longer ago, and everything where nothing was read yet or everything was asked for.

    Args:
        sync: the account and run.
        rolling: the stream's window.
        home: the zone of the days.
        cursor: the instant of the last complete read.
    """
    request = sync.request
    today = calendars.local_day(sync.instant, home)
    last = today + timedelta(days=rolling.after)
    if request.since is None and request.days_back is None and request.is_backfill:
        return _days_of_backfill(sync, home), False
    lookback = timedelta(days=rolling.before)
    if cursor is not None:
        cursor = min(cursor, sync.instant)
    start = start_point(request, cursor=cursor, lookback=lookback, end=sync.instant, zone=home)
    first = today - lookback if start is None else calendars.local_day(start, home)
    if request.until is not None:
        last = request.until
    return calendars.days_between(first, max(first, last)), start is None


def _days_of_backfill(sync: Sync, home: str) -> list[date]:
    if sync.interval is None:
        raise Reconfigure("Planning a backfill run", "it has no data interval")
    return calendars.days_beginning_in(*sync.interval, home)
