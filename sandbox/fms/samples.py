"""What the sample workbooks say, good rows and rows that cannot be loaded (FMS contract, section 6)."""

from __future__ import annotations

import random
from datetime import date, time
from typing import Any

from sandbox.fms.catalogue import MAKES
from sandbox.fms.offices import OFFICES
from sandbox.seeds import mix

Row = dict[str, Any]
CAPACITY, HOLIDAYS, RULES, BUDGETS = "ops_capacity", "holiday_blackout_dates", "rules", "budgets"
# The vendor's headings, with the vendor's mistakes.
BOOKS: dict[str, dict[str, tuple[str, ...]]] = {
    "operations.xlsx": {
        CAPACITY: ("Office", "Drivers Per Day", "Notes"),
        HOLIDAYS: ("Office", "Date", "Holiday Name", "Type", "All_Day", "Start_Time", "End_Time", "Notea"),
        RULES: (
            "Make", "Rank", "Loan Cap Per Year", ":ub Rate Requirement", "Cooldown Period",
            "Soft vs. Hard Contraint", "Rule Description", "Notes",
        ),
    },
    "budgets.xlsx": {BUDGETS: ("Office", "Fleet", "Year", "Quarter", "Budget #", "Amount Used")},
}  # fmt: skip
CORRECTED = {
    "Notea": "Notes",
    ":ub Rate Requirement": "Pub Rate Requirement",
    "Soft vs. Hard Contraint": "Soft vs. Hard Constraint",
    "Budget #": "Budget",
}
_RANKS = ("A+", "A", "B", "C", "Pending")
_HOLIDAYS = ((1, 1, "New Year's Day"), (7, 4, "Independence Day"), (11, 11, "Veterans Day"), (12, 25, "Christmas Day"))


def good_rows(sheet: str, seed: int, today: date) -> list[Row]:
    """Draw a sheet's good rows; a cell that is missing is blank, which means that there is no value.

    Args:
        sheet: Which sheet.
        seed: What is drawn depends on this.
        today: The year and the quarter.

    Returns:
        The rows, each by the vendor's headings.
    """
    rng = random.Random(mix(seed, 571, len(sheet)))
    if sheet == CAPACITY:
        return [_capacity(place, office.name, rng) for place, office in enumerate(OFFICES)]
    if sheet == HOLIDAYS:
        return _holidays(today)
    if sheet == RULES:
        return [_rule(make, rank, rng) for make in MAKES[::2] for rank in _RANKS[: 2 + int(rng.random() * 4)]]
    return _budgets(today, rng)


def bad_rows(sheet: str, today: date) -> list[tuple[str, Row]]:
    """List a sheet's rows that cannot be loaded, each with the heading of what is wrong."""
    holiday = {"Office": "Dallas", "Date": today, "Holiday Name": "Inventory", "Type": "Blackout"}
    rule = {"Make": "Mazda", "Rank": "A", "Loan Cap Per Year": 3}
    # No good row has that key: it would settle the bad one.
    budget = {"Office": "Omaha", "Fleet": "MAZDA", "Year": today.year, "Quarter": "Q1", "Budget #": 1_000}
    table: dict[str, list[tuple[str, Row]]] = {
        CAPACITY: [
            ("Office", {"Drivers Per Day": 4, "Notes": "whose?"}),
            ("Drivers Per Day", {"Office": "Tucson", "Drivers Per Day": "many"}),
            ("Drivers Per Day", {"Office": "Omaha", "Drivers Per Day": -2}),
        ],
        HOLIDAYS: [
            ("Date", holiday | {"Date": "2026-13-45"}),
            ("Date", holiday | {"Date": None}),
            ("Holiday Name", holiday | {"Holiday Name": None}),
        ],
        RULES: [
            ("Loan Cap Per Year", rule | {"Loan Cap Per Year": "lots"}),
            ("Cooldown Period", rule | {"Rank": "B", "Cooldown Period": "two months"}),
            ("Make", rule | {"Make": None}),
        ],
        BUDGETS: [
            ("Quarter", budget | {"Quarter": "Q5"}),
            ("Year", budget | {"Year": "next"}),
            ("Budget #", budget | {"Quarter": "Q2", "Budget #": "-$500"}),
            ("Fleet", budget | {"Fleet": None}),
        ],
    }
    return table[sheet]


def _capacity(place: int, office: str, rng: random.Random) -> Row:
    # A blank number of drivers is none said, not none there: the original lost that row.
    drivers: Any = 8 + int(rng.random() * 14)
    if place == 3:
        drivers = None
    elif place == 5:
        drivers = str(drivers)
    elif place == 7:
        drivers = float(drivers)
    return {
        "Office": office,
        "Drivers Per Day": drivers,
        "Notes": "Café lot closed Fridays" if place % 4 == 1 else None,
    }


def _holidays(today: date) -> list[Row]:
    found = []
    for place, office in enumerate(OFFICES):
        for turn, (month, day, name) in enumerate(_HOLIDAYS):
            when = date(today.year, month, day)
            # A date cell, or one of the three ways that people type one.
            forms: tuple[Any, ...] = (when, when.isoformat(), f"{when:%m/%d/%Y}", f"{when:%m-%d-%y}")
            found.append(
                {
                    "Office": office.name,
                    "Date": forms[(place + turn) % len(forms)],
                    "Holiday Name": name,
                    "Type": ("Holiday", "Blackout", None)[(place + turn) % 3],
                    "All_Day": (True, "true", "yes", 1, None)[(place + turn) % 5],
                    "Notea": "Skeleton crew" if (place + turn) % 6 == 0 else None,
                }
            )
    half = {"Office": "Denver", "Date": date(today.year, 12, 24), "Holiday Name": "Christmas Eve", "All_Day": "no"}
    return [*found, half | {"Type": "Holiday", "Start_Time": time(12), "End_Time": "17:00"}]


def _rule(make: str, rank: str, rng: random.Random) -> Row:
    cap = (None, 0, 4, 12, 100)[int(rng.random() * 5)]
    return {
        "Make": make,
        "Rank": rank,
        "Loan Cap Per Year": cap,
        ":ub Rate Requirement": ("50%", 0.5, None)[int(rng.random() * 3)],
        "Cooldown Period": (None, 0, 30, 60)[int(rng.random() * 4)],
        "Soft vs. Hard Contraint": ("Soft", "Hard", None)[int(rng.random() * 3)],
        "Rule Description": f"{rank} partners, {make}" if cap else None,
        "Notes": "NA" if rng.random() < 0.1 else None,
    }


def _budgets(today: date, rng: random.Random) -> list[Row]:
    found = []
    last = today.year * 4 + (today.month - 1) // 3
    for office in OFFICES[:6]:
        for make in MAKES[:24:3]:
            for quarter in (last - 1, last):
                dollars = 5_000 + int(rng.random() * 40_000)
                money: tuple[Any, ...] = (dollars, f"${dollars:,}", f"{dollars:,}.50", None)
                used: tuple[Any, ...] = (round(dollars * 0.4, 2), f"$ {dollars // 2:,}", None)
                found.append(
                    {
                        "Office": office.name,
                        "Fleet": make.upper(),
                        "Year": (quarter // 4, f"{quarter // 4:,}")[int(rng.random() * 2)],
                        "Quarter": f"Q{quarter % 4 + 1}",
                        "Budget #": money[int(rng.random() * len(money))],
                        "Amount Used": used[int(rng.random() * len(used))],
                    }
                )
    return found
