"""Rows that a careful reader puts aside, and rows whose key is there already."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.fms.layouts import ACTIVITY, BUDGET, COLUMNS, LOANS, MAKES, PARTNERS, VEHICLES

GOOD, BAD, DUPLICATE = "good", "bad", "duplicate"
# A dirty row stands so many rows below the one that it was copied from.
_BELOW = 4


class Dirt(NamedTuple):
    """A copy of a good row that is wrong somewhere.

    Attributes:
        fate: BAD for a row that cannot be loaded, DUPLICATE for one whose key another row has.
        of: Which row it is a copy of.
        set: What it says instead, by column.
    """

    fate: str
    of: int
    set: dict[str, str]


DIRT: dict[str, tuple[Dirt, ...]] = {
    VEHICLES: (
        Dirt(DUPLICATE, 2, {"Notes": "entered twice"}),
        Dirt(BAD, 5, {"VIN": ""}),
    ),
    PARTNERS: (
        Dirt(DUPLICATE, 3, {}),
        Dirt(BAD, 6, {"Office": ""}),
    ),
    LOANS: (
        Dirt(DUPLICATE, 9, {"Clips_Received": "9.0"}),
        Dirt(BAD, 12, {"Activity_ID": ""}),
        Dirt(BAD, 15, {"Activity_ID": "9000001", "Person_ID": ""}),
        Dirt(BAD, 18, {"Activity_ID": "9000002", "Start_Date": "02-30-25"}),
    ),
    ACTIVITY: (
        Dirt(DUPLICATE, 4, {"Region": "entered twice"}),
        Dirt(BAD, 8, {"Activity_ID": "9000003", "Vehicle_VIN": ""}),
    ),
    MAKES: (
        Dirt(DUPLICATE, 1, {"Rank": "C"}),
        Dirt(BAD, 3, {"Make": ""}),
    ),
    BUDGET: (
        Dirt(DUPLICATE, 1, {"amount_used": "1"}),
        Dirt(BAD, 3, {"amount_used": "-125.00"}),
    ),
}


def soiled(report: str, rows: list[list[str]]) -> list[tuple[int, str, list[str]]]:
    """Put a report's dirty rows among the good ones.

    Args:
        report: Which report.
        rows: Its good rows, with all columns.

    Returns:
        For each row: which good row it is or was copied from, its fate, and the fields.
    """
    found = [(place, GOOD, row) for place, row in enumerate(rows)]
    names = COLUMNS[report]
    for dirt in reversed(DIRT[report]):
        if dirt.of < len(rows):
            copy = [dirt.set.get(name, value) for name, value in zip(names, rows[dirt.of], strict=True)]
            found.insert(dirt.of + _BELOW, (dirt.of, dirt.fate, copy))
    return found
