"""The budget spending feed: by office, fleet and quarter, growing while the quarter lasts."""

from __future__ import annotations

import random
from datetime import date

from sandbox.fms.catalogue import FLEET_SPELLINGS, MAKES
from sandbox.fms.model import Spending
from sandbox.fms.offices import OFFICES
from sandbox.seeds import mix

_QUARTERS = 6
_QUARTER_DAYS = 91


def spending(seed: int, today: date, count: int) -> list[Spending]:
    """Draw what was spent in the present quarter and the five before it.

    Args:
        seed: The world's seed.
        today: The day; the present quarter's amounts grow with it.
        count: How many pairs of office and fleet there are; at most every office with every fleet.

    Returns:
        One row for each pair and quarter.
    """
    pairs = [(office, make.upper()) for make in MAKES for office in OFFICES]
    random.Random(mix(seed, 561)).shuffle(pairs)
    present = today.year * 4 + (today.month - 1) // 3
    first_day = date(present // 4, present % 4 * 3 + 1, 1)
    found = []
    for office, fleet in pairs[:count]:
        for back in range(_QUARTERS):
            quarter = present - back
            own = random.Random(mix(seed, 562, quarter, OFFICES.index(office), MAKES.index(_make(fleet))))
            cents: int | None = int(own.random() * 4_000_000)
            spellings = FLEET_SPELLINGS.get(fleet, (fleet, fleet, fleet.title()))
            spelling = spellings[int(own.random() * len(spellings))]
            if own.random() < 0.05:
                cents = None
            elif cents is not None and not back:
                cents = cents * ((today - first_day).days + 1) // (_QUARTER_DAYS + 1)
            found.append(Spending(fleet, spelling, office, quarter // 4, quarter % 4 + 1, cents))
    return found


def _make(fleet: str) -> str:
    return next(make for make in MAKES if make.upper() == fleet)
