"""Where the crew was: computed when asked for, none of it kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.arrivy import stamps
from sandbox.arrivy.model import Entity
from sandbox.seeds import mix

# In the branch's own time. In the west, a shift ends on the next day of UTC; none crosses a change of the clocks.
_BEGIN = time(9)
SHIFT_SECONDS = 10 * 3600
_STREETS = ("1 Sample St", "200 Placeholder Ave", "Demo Rd & Example Blvd", None)


class Track:
    """One crew member's readings, in the order of their times.

    A reading is known by its number: all before it can be skipped without being made.
    """

    def __init__(self, entity: Entity, first: date, step: int) -> None:
        self._entity = entity
        self._first = first
        self._step = step
        self._per_day = SHIFT_SECONDS // step
        self._moves = not (entity.is_silent or entity.is_disabled)

    def until(self, moment: datetime) -> int:
        """Count the readings up to a moment, the moment itself included."""
        zone = self._entity.group.zone
        if not self._moves or moment < _begin(self._first, zone):
            return 0
        day = (moment.astimezone(ZoneInfo(zone)).date() - self._first).days
        whole, begin = day * self._per_day, _begin(self._first + timedelta(days=day), zone)
        if moment < begin:
            return whole
        slot = int((moment - begin).total_seconds()) // self._step
        if slot >= self._per_day:
            return whole + self._per_day
        return whole + slot + (self.moment(whole + slot) <= moment)

    def moment(self, number: int) -> datetime:
        """Tell when a reading was made: somewhere within its own step."""
        day, slot = divmod(number, self._per_day)
        begin = _begin(self._first + timedelta(days=day), self._entity.group.zone)
        micros = mix(self._entity.seed, 341, number) % (self._step * 1_000_000)
        return begin + timedelta(seconds=slot * self._step, microseconds=micros)

    def row(self, number: int) -> dict[str, Any]:
        """Write a reading (Arrivy contract, section 4.5)."""
        entity, drawn = self._entity, mix(self._entity.seed, 342, number)
        # Near one spot for half an hour, then somewhere else in town.
        spot = mix(entity.seed, 343, number * self._step // 1800)
        street = _STREETS[spot % len(_STREETS)]
        return {
            "entity": entity.id,
            "street": street,
            "city": None if street is None else entity.group.city,
            "country": "CA" if entity.group.area == "416" else "US",
            "lat": round(entity.group.lat + (spot % 2000 - 1000) / 20_000 + drawn % 100 / 1e5, 6),
            "lng": round(entity.group.lng + (spot // 2000 % 2000 - 1000) / 20_000 + drawn // 100 % 100 / 1e5, 6),
            "time": stamps.naive(self.moment(number)),
            "meta": {"battery": drawn % 101} if drawn % 5 == 0 else None,
            "authorized": drawn % 50 != 0,
        }


@lru_cache(maxsize=4096)
def _begin(day: date, zone: str) -> datetime:
    return datetime.combine(day, _BEGIN, tzinfo=ZoneInfo(zone)).astimezone(UTC)
