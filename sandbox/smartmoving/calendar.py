"""How many customers each day has, and which of them also stand on another day.

Every customer belongs to the day and pool of its first job and is drawn from that alone, so
any date can be asked for without drawing the days before it. Some customers have another job
a few days later, or come back after months; the number of those is fixed for each day, so
that the later day knows who reaches into it and its total stays what the scale says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from sandbox.options import Options
from sandbox.seeds import mix
from sandbox.smartmoving.model import Key
from sandbox.smartmoving.offices import OFFICES

EPOCH = date(2000, 1, 1)
_LAST_DAY = 60_000
_PER_SCALE = {"original": 186, "plan": 186}
_SMALLEST_WITH_REACH = 8
_MOST = 20_000
NEXT_DAY, LATER_JOB, COMES_BACK = 1, 3, 210


class Reach(NamedTuple):
    """A customer's place on another day: `offset` days after its first job."""

    offset: int
    new_opportunity: bool


class Calendar:
    """The head count of every day."""

    def __init__(self, options: Options) -> None:
        self._seed = options.seed
        wanted = options.customers_per_day or _PER_SCALE.get(options.scale)
        if wanted is not None and not 0 < wanted <= _MOST:
            raise ValueError(f"customers per day must be 1 to {_MOST}, not {wanted}")
        self._fixed = wanted
        honoured = options.branch_filter == "honoured"
        self.slots = len(OFFICES) if honoured else 1
        self.lead_slot = self.slots
        self.added_slot = self.slots + 1
        self.capacity = 32 if wanted is None else 1 << (wanted + 8).bit_length()
        # One branch's two days share no customer, so that their customers add up.
        self.reaches = [Reach(LATER_JOB, new_opportunity=False), Reach(COMES_BACK, new_opportunity=True)]
        if not honoured:
            self.reaches.insert(0, Reach(NEXT_DAY, new_opportunity=False))

    def total(self, day: int, slot: int) -> int:
        """Count the customers with a job on that day."""
        if not 0 <= day <= _LAST_DAY:
            return 0
        return self._fixed or 12 + mix(self._seed, 21, day, slot) % 13

    def own(self, day: int, slot: int) -> int:
        """Count the customers whose first job is on that day."""
        reaching = sum(self._reaching(day - reach.offset, slot) for reach in self.reaches)
        return self.total(day, slot) - reaching

    def reach(self, key: Key) -> Reach | None:
        """Tell on which other day a customer stands, if any."""
        share = self._reaching(key.day, key.slot)
        place = key.place // share if share else len(self.reaches)
        return self.reaches[place] if place < len(self.reaches) else None

    def members(self, day: int, slot: int) -> Iterator[Key]:
        """List the customers with a job on that day."""
        for index in range(self.own(day, slot)):
            yield Key(day, slot, index)
        for place, reach in enumerate(self.reaches):
            earlier = day - reach.offset
            share = self._reaching(earlier, slot)
            for index in range(place * share, (place + 1) * share):
                yield Key(earlier, slot, index)

    def exists(self, key: Key) -> bool:
        """Tell whether a drawn customer stands behind a key."""
        return key.slot < self.slots and 0 <= key.place < self.own(key.day, key.slot)

    def leads(self, day: int) -> int:
        """Count the leads created on that day."""
        if not 0 <= day <= _LAST_DAY:
            return 0
        return min(self.capacity, max(4, self.total(day, 0) // 2))

    def quote(self, key: Key, ordinal: int) -> int:
        """Number an opportunity; the number can be read back."""
        place = (key.slot * self.capacity + key.place) * 2 + ordinal
        return 100_000 + key.day * self._per_day + place

    def unquote(self, quote: int) -> tuple[Key, int] | None:
        """Read a quote number back: whose it is and which opportunity of that customer."""
        if quote < 100_000:
            return None
        day, place = divmod(quote - 100_000, self._per_day)
        place, ordinal = divmod(place, 2)
        slot, index = divmod(place, self.capacity)
        return Key(day, slot, index), ordinal

    @property
    def _per_day(self) -> int:
        return (self.slots + 2) * self.capacity * 2

    def _reaching(self, day: int, slot: int) -> int:
        total = self.total(day, slot)
        return max(1, total // 24) if total >= _SMALLEST_WITH_REACH else 0


def number(day: date) -> int:
    """Number a date: days since 2000-01-01."""
    return day.toordinal() - EPOCH.toordinal()


def from_number(day: int) -> date:
    """Turn a day's number back into the date."""
    return EPOCH + timedelta(days=day)
