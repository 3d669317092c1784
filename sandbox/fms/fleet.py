"""The press fleet: vehicles come and are turned in, by their number, on whatever day one asks."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

from sandbox.fms.catalogue import COLORS, MODELS, VEHICLE_NOTES
from sandbox.fms.model import Vehicle
from sandbox.fms.offices import OFFICES, Office
from sandbox.seeds import mix

DAY_ZERO = date(2018, 1, 1)
# Every vehicle stays this long at least, so that a loan finds one without a search.
_SURE_DAYS = 60
_LONGER_DAYS = 120
_LOAN_DAYS = 20
_MEAN_DAYS = _SURE_DAYS + _LONGER_DAYS / 2
# More come than are wanted on average: the oldest are left out to have an exact number.
_SURPLUS = 1.25
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_POWERS = tuple(len(_LETTERS) ** place for place in range(7))
_PLACEHOLDER_OF = 40


class Fleet:
    """Draws vehicles; the same seed, size and number give the same vehicle."""

    def __init__(self, seed: int, count: int) -> None:
        """Set the fleet up.

        Args:
            seed: The world's seed.
            count: How many vehicles are there at a time.
        """
        self._seed = seed
        self._count = count
        self._per_day = count * _SURPLUS / _MEAN_DAYS
        self._drawn: dict[int, Vehicle] = {}

    def floor(self, base: date) -> int:
        """Tell the oldest number that counts when exactly so many vehicles are to be there on a day."""
        found = [vehicle.number for vehicle in self._present(base)]
        if len(found) < self._count:
            raise ValueError(f"seed {self._seed} gives {len(found)} vehicles on {base}, not {self._count}")
        return found[len(found) - self._count] if self._count else self._numbers_before(base)

    def vehicles(self, today: date, floor: int) -> list[Vehicle]:
        """List the vehicles of a day, oldest first."""
        return [vehicle for vehicle in self._present(today) if vehicle.number >= floor]

    def pick(self, day: date, office: Office | None, rng: random.Random) -> Vehicle:
        """Pick a vehicle that is there on a day, of an office if there is one among a few."""
        # None that might be turned in before a loan of some days ends.
        oldest = day - timedelta(days=_SURE_DAYS - _LOAN_DAYS)
        first, last = self._numbers_before(oldest), self._numbers_before(day)
        span = max(1, last - first)
        vehicle = self.vehicle(first + int(rng.random() * span))
        for _ in range(8):
            if office is None or vehicle.office is office:
                break
            vehicle = self.vehicle(first + int(rng.random() * span))
        return vehicle

    def vehicle(self, number: int) -> Vehicle:
        """Draw one vehicle."""
        found = self._drawn.get(number)
        if found is None:
            found = self._drawn[number] = self._draw(number)
        return found

    def _present(self, day: date) -> list[Vehicle]:
        first = self._numbers_before(day - timedelta(days=_SURE_DAYS + _LONGER_DAYS))
        last = self._numbers_before(day + timedelta(days=1))
        return [vehicle for vehicle in map(self.vehicle, range(first, last)) if vehicle.turned_in > day]

    def _numbers_before(self, day: date) -> int:
        return max(0, math.ceil((day - DAY_ZERO).days * self._per_day))

    def _draw(self, number: int) -> Vehicle:
        seed = mix(self._seed, 501, number)
        rng = random.Random(seed)
        arrived = DAY_ZERO + timedelta(days=int(number / self._per_day))
        model = MODELS[int(rng.random() * len(MODELS))]
        turned_in = arrived + timedelta(days=_SURE_DAYS + int(rng.random() * _LONGER_DAYS))
        fleet = model.make.upper()
        return Vehicle(
            number=20_000 + number,
            vin=self._vin(number, model.make, rng),
            year=arrived.year + (arrived.month > 6),
            model=model,
            office=OFFICES[int(rng.random() * len(OFFICES))],
            fleet="" if rng.random() < 0.04 else fleet,
            arrived=arrived,
            turned_in=turned_in,
            # An estimate that is seldom right (FMS contract, section 2).
            expected_turn_in=turned_in + timedelta(days=int(rng.random() * 60) - 20),
            registration_exp=arrived + timedelta(days=365),
            insurance_exp=date(arrived.year + 1, 6, 30),
            notes=VEHICLE_NOTES[int(rng.random() * len(VEHICLE_NOTES))],
            color=COLORS[int(rng.random() * len(COLORS))],
            seed=seed,
        )

    def _vin(self, number: int, make: str, rng: random.Random) -> str:
        """Write 17 characters that are no real VIN; some are the vendor's placeholders."""
        if number % _PLACEHOLDER_OF == 7:
            return f"00000000{make[:3].upper().ljust(3, 'X')}{number % 1_000_000:06d}".replace(" ", "X")
        drawn = int(rng.random() * len(_LETTERS) ** 7)
        letters = "".join([_LETTERS[drawn // power % len(_LETTERS)] for power in _POWERS])
        return f"TEST{letters}{number % 1_000_000:06d}"
