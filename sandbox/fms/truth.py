"""What a perfect client would know after a load: for comparison with a warehouse."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from sandbox.fms.desk import Desk
from sandbox.fms.dirt import BAD, DUPLICATE, GOOD
from sandbox.fms.layouts import LOANS, PARTNERS, REPORTS, columns
from sandbox.fms.meaning import meaning
from sandbox.fms.preferred import preferred_days
from sandbox.geocoder.locate import locate

Row = dict[str, Any]


def tell(desk: Desk, first: date, last: date) -> Row:
    """Tell the reports' rows as they belong in the warehouse, and what follows from them.

    Args:
        desk: Writes the reports.
        first: Of the loan history, only loans that begin on this day or later; everything else is told whole.
        last: The last such day, included.

    Returns:
        Counts of rows as served, of distinct good keys, of rows to quarantine and of copies, by report; the
        rows; the addresses to geocode; the preferred days, from the whole history.
    """
    day = desk.world.day()
    fates = {report: Counter(line.fate for line in desk.lines(report)) for report in REPORTS}
    rows = {
        report: [meaning(line.record, report, day, line.said) for line in desk.lines(report) if line.fate == GOOD]
        for report in REPORTS
    }
    history = [(str(row["person_id"]), str(row["office"]), row["start_date"]) for row in rows[LOANS]]
    rows[LOANS] = [row for row in rows[LOANS] if first <= row["start_date"] <= last]
    addresses = sorted({row["address"] for row in rows[PARTNERS] if row["address"]})
    return {
        "source": "fms",
        "now": desk.world.clock.now(),
        "today": day.today,
        "counts": {report: fates[report].total() for report in REPORTS},
        "keys": {report: fates[report][GOOD] for report in REPORTS},
        "quarantined": {report: fates[report][BAD] for report in REPORTS},
        "duplicates": {report: fates[report][DUPLICATE] for report in REPORTS},
        "widths": {report: len(columns(report, desk.layouts[report])) for report in REPORTS},
        "rows": rows,
        "addresses": {address: _place(address) for address in addresses},
        "preferredDays": preferred_days(history, day.today),
    }


def _place(address: str) -> Row | None:
    """Tell where the sandbox's geocoder finds an address."""
    found = locate(address)
    if found is None:
        return None
    return {"lat": found.lat, "lng": found.lng, "locationType": found.location_type, "partialMatch": found.partial}
