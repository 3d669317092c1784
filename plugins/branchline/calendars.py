"""A location's own calendar: its business days, its midnights, and the zone its coordinates lie in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: The original plan's visibility: today and tomorrow, 48 hours of service dates.
VISIBLE_DAYS = 2


def zone_of(latitude: float, longitude: float) -> str | None:
    """The IANA zone of a place, from tzfpy's offline map; None on the open sea or for impossible coordinates."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude, longitude) == (0.0, 0.0):
        return None
    from tzfpy import get_tz  # the map takes 30 MB: only the task that needs it loads it

    zone = get_tz(longitude, latitude)
    return None if not zone or zone.startswith("Etc/") else str(zone)


def zone_of_zip(postal_code: str) -> str | None:
    """The IANA zone of a US zip code, by the table in the package zipcodes; None for one that it does not know."""
    import zipcodes  # a megabyte of table: only the task that needs it loads it

    try:
        found = zipcodes.matching(postal_code.strip()[:5])  # type: ignore[no-untyped-call]
    except ValueError:
        return None
    zones = {str(place["timezone"]) for place in found if place["timezone"]}
    return zones.pop() if len(zones) == 1 else None


def is_zone(name: str) -> bool:
    """Whether there is an IANA zone of that name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def local_day(instant: datetime, zone: str) -> date:
    """The business day that an instant falls on in a zone."""
    return instant.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a local day begins, in UTC; a day of 23 or 25 hours begins where its date does (T37)."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def visible_days(instant: datetime, zones: Iterable[str], days: int = VISIBLE_DAYS) -> list[date]:
    """Every date that is today or tomorrow in one of the zones, ascending.

    Args:
        instant: now, or the instant a run stands for.
        zones: IANA names; none gives no day.
        days: 2 for today and tomorrow.
    """
    seen = {local_day(instant, zone) + timedelta(days=ahead) for zone in set(zones) for ahead in range(days)}
    return sorted(seen)


def days_beginning_in(start: datetime, end: datetime, zone: str) -> list[date]:
    """Local days whose midnight lies in [start, end): over adjoining intervals each day comes exactly once."""
    day = local_day(start, zone)
    found = []
    while midnight(day, zone) < end:
        if midnight(day, zone) >= start:
            found.append(day)
        day += timedelta(days=1)
    return found


def days_between(first: date, last: date) -> list[date]:
    """Every date from `first` to `last`, both included."""
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
