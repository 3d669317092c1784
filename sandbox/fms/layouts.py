"""Which columns a report had from which day on (FMS contract, sections 2 and 3)."""

from __future__ import annotations

from datetime import date

VEHICLES = "active_vehicles"
PARTNERS = "media_partners"
LOANS = "loan_history"
ACTIVITY = "current_vehicle_activity"
MAKES = "approved_makes"
BUDGET = "budget_spending"

# All columns of today; what an older layout lacks is listed with the day that it came.
COLUMNS: dict[str, tuple[str, ...]] = {
    VEHICLES: (
        "vehicle_id", "Year", "Make", "Model", "Model Short Name", "Office", "VIN", "Fleet", "Registration Exp",
        "Insurance Exp", "Current Mileage", "In Service Date", "Expected Turn In Date", "Notes", "Color",
    ),
    PARTNERS: (
        "Person_ID", "Name", "Address", "Office", "Default loan region", "Notes / Instructions", "Affiliation",
        "Activity_Type_Subcategory_ID",
    ),
    LOANS: (
        "Activity_ID", "VIN", "Person_ID", "Make", "Model", "Year", "Model_Short_Name", "Start_Date", "End_Date",
        "Clips_Received", "Office", "Name", "Partner_Address", "Region",
    ),
    ACTIVITY: (
        "Activity_ID", "Person_ID", "Vehicle_VIN", "Activity_Type", "Start_Date", "End_Date", "To", "Partner_Address",
        "Region",
    ),
    MAKES: ("Person_ID", "Name", "Make", "Rank"),
    BUDGET: ("fleet", "office", "year", "quarter", "amount_used"),
}  # fmt: skip
REPORTS = tuple(COLUMNS)
_FIRST_DAY = date(2025, 9, 13)
_BUDGET_FIRST_DAY = date(2025, 11, 20)
_CAME: dict[str, dict[str, date]] = {
    VEHICLES: {"vehicle_id": date(2025, 11, 5), "Color": date(2025, 11, 19)},
    PARTNERS: {
        "Address": date(2025, 9, 15),
        "Affiliation": date(2025, 11, 16),
        "Activity_Type_Subcategory_ID": date(2025, 11, 16),
    },
    LOANS: {
        "Clips_Received": date(2025, 9, 15),
        "Partner_Address": date(2025, 10, 4),
        "Region": date(2025, 10, 5),
    },
    ACTIVITY: {
        "Person_ID": date(2025, 9, 19),
        "Partner_Address": date(2025, 10, 4),
        "Region": date(2025, 10, 5),
    },
    MAKES: {},
    BUDGET: {},
}


def columns(report: str, day: date | None = None) -> tuple[str, ...]:
    """List the columns that a report had on a day.

    Args:
        report: One of REPORTS.
        day: The day; None for today's layout.

    Returns:
        The names in order; none when the report did not exist yet.

    Raises:
        ValueError: Nobody knows what the reports looked like that early.
    """
    if day is None:
        return COLUMNS[report]
    if day < _FIRST_DAY:
        raise ValueError(f"the oldest layout is that of {_FIRST_DAY}, there is none of {day}")
    if report == BUDGET and day < _BUDGET_FIRST_DAY:
        return ()
    came = _CAME[report]
    return tuple(name for name in COLUMNS[report] if came.get(name, day) <= day)
