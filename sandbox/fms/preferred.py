"""The preferred weekday, reckoned in plain Python from the formula of FMS contract, section 5."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

_LEAST_LOANS = 5
_LEAST_PERCENT = 40
_RECENT_DAYS = 365
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def preferred_days(loans: Iterable[tuple[str, str, date]], today: date) -> list[dict[str, Any]]:
    """Tell each partner's preferred day of those who have one.

    Args:
        loans: Person, office and first day of each loan in the history.
        today: The day that counts as now; a loan of 365 days ago is still recent.

    Returns:
        One row for each person and office, in order; `weight` of `total` is the confidence unrounded.
    """
    counts: Counter[tuple[str, str]] = Counter()
    weights: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 7)
    recent = today - timedelta(days=_RECENT_DAYS)
    for person, office, start in loans:
        counts[person, office] += 1
        weights[person, office][start.weekday()] += 2 if start >= recent else 1
    found = []
    for (person, office), by_day in sorted(weights.items()):
        weight, total = max(by_day), sum(by_day)
        if counts[person, office] < _LEAST_LOANS or weight * 100 < total * _LEAST_PERCENT:
            continue
        found.append(
            {
                "personId": person,
                "office": office,
                # Of several equals the first of the week.
                "day": _WEEKDAYS[by_day.index(weight)],
                # As Python's round of the original.
                "confidence": str((Decimal(weight * 100) / total).quantize(Decimal("0.1"), ROUND_HALF_EVEN)),
                "weight": weight,
                "total": total,
                "loans": counts[person, office],
            }
        )
    return found
