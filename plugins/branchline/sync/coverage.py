"""Which service days and which places a run covers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date

from branchline import calendars
from branchline.errors import Reconfigure
from branchline.plan import Place
from branchline.sync.run import Connection, Sync

log = logging.getLogger(__name__)


def has_work(sync: Sync) -> bool:
    """Whether the run has anything to read: only a backfill run may have nothing, when no service day begins in it."""
    if not sync.request.is_backfill or sync.request.since is not None or not sync.source.has_windows:
        return True
    with sync.connect("begin") as connection:
        places = places_of(connection, sync)
    home = home_zone(places)
    return home is None or bool(service_days(sync, [home], home))


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


def service_days(sync: Sync, zones: Sequence[str], home: str) -> list[date]:
    """The service dates that a run covers.

    An explicit since/until covers exactly those; a backfill run the days whose midnight at home lies in its interval
    (so that a day comes once, whatever the schedule); any other run today and tomorrow of every zone.
    """
    request = sync.request
    if request.since is not None:
        until = request.until or max(calendars.visible_days(sync.instant, zones))
        return calendars.days_between(request.since, until)
    if request.is_backfill:
        if sync.interval is None:
            raise Reconfigure("Planning a backfill run", "it has no data interval")
        return calendars.days_beginning_in(*sync.interval, home)
    return calendars.visible_days(sync.instant, zones)
