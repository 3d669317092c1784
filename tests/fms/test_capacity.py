"""Capacity, budgets and distances of offices, worked out by hand from the formulas of section 5."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import acos, cos, pi, radians, sin

import pytest

from tests.fms.books import TODAY, Books


def by_cosines(place: tuple[float, float], other: tuple[float, float]) -> float:
    """Miles by the spherical law of cosines: another formula for the same distance."""
    (north, east), (north2, east2) = (map(radians, one) for one in (place, other))
    return 3959 * acos(sin(north) * sin(north2) + cos(north) * cos(north2) * cos(east2 - east))


def test_section_5_capacity(books: Books) -> None:
    for name in ("Denver", "Miami", "Boston"):
        books.office(name)
    books.add("ops_capacity", office="Dallas", drivers_per_day=9)
    books.add("ops_capacity", office="Denver", drivers_per_day=None)
    books.add("ops_capacity", office="Boston", drivers_per_day=3, is_deleted=True)
    friday, saturday, sunday, monday = (date(2026, 7, 17) + timedelta(days=day) for day in range(4))
    books.add("ops_capacity_calendar", office="Dallas", date=friday, slots=0)
    books.add("ops_capacity_calendar", office="Dallas", date=saturday, slots=4)
    books.add("ops_capacity_calendar", office="Denver", date=monday, slots=20)
    days = f"capacity('{friday}', '{monday}')"
    found = {row[:2]: row[2:] for row in books.ask(days, "office", "date", "slots", "said_by")}
    assert len(found) == 16
    assert [found["Dallas", day] for day in (friday, saturday, sunday, monday)] == [
        (0, "calendar"), (4, "calendar"), (0, "weekend"), (9, "workbook"),
    ]  # fmt: skip
    assert (found["Denver", friday], found["Denver", monday]) == ((15, "settings"), (20, "calendar"))
    assert (found["Miami", friday], found["Boston", friday]) == ((15, "settings"), (15, "settings"))
    books.add("settings", drivers_per_day=7)
    assert books.ask(f"capacity('{friday}', '{friday}')", "slots", "1", office="Miami") == [(7, 1)]


def test_an_office_that_stands_in_the_workbook_twice_has_one_capacity(books: Books) -> None:
    for office, drivers in (("BIG D", 1), ("Dallas", 9), ("Dallas TX", 2)):
        books.add("ops_capacity", office=office, drivers_per_day=drivers, location_id=books.offices["Dallas"])
    assert books.ask(f"capacity('{TODAY}', '{TODAY}')", "slots", "said_by") == [(9, "workbook")]


def test_section_5_budget_remaining(books: Books) -> None:
    for quarter, budget, used in (("Q1", 10_000, 2_550), ("Q2", 10_000, None), ("Q3", 10_000, 10_001), ("Q4", None, 5)):
        books.add(
            "budgets", office="Dallas", fleet="KIA", year=2026, quarter=quarter, budget_amount_cents=budget,
            amount_used_cents=used,
        )  # fmt: skip
    books.add("budgets", office="Dallas", fleet="VW", year=2026, quarter="Q1", budget_amount_cents=1, is_deleted=True)
    assert books.ask("budget_remaining", "quarter", "remaining_cents", "amount_used_cents") == [
        ("Q1", 7_450, 2_550), ("Q2", 10_000, 0), ("Q3", 0, 10_001), ("Q4", None, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "other", "miles"),
    [
        # an arc of the equator or a meridian is radius times angle
        ((0, 0), (0, 1), 3959 * pi / 180),
        ((10, 20), (11, 20), 3959 * pi / 180),
        ((0, 179), (0, -179), 3959 * pi / 90),
        ((0, 0), (0, 180), 3959 * pi),
        ((90, 0), (-90, 77), 3959 * pi),
        ((33.3, -97.1), (33.3, -97.1), 0),
        # Los Angeles to New York
        ((34.052, -118.244), (40.713, -74.006), by_cosines((34.052, -118.244), (40.713, -74.006))),
    ],
)
def test_section_5_miles(books: Books, place: tuple[float, ...], other: tuple[float, ...], miles: float) -> None:
    found = books.warehouse.one("SELECT fms.miles(%s, %s, %s, %s)", (*place, *other))
    assert found == pytest.approx(miles, rel=1e-9, abs=1e-6)


def test_section_5_nearer_than_fifty_miles_is_local(books: Books) -> None:
    books.office("Null Island", 0, 0)
    for person, longitude in (("near", 0.72), ("far", 0.73), ("nowhere", None)):
        latitude = None if longitude is None else 0
        books.add("media_partners", person_id=person, office="Null Island", latitude=latitude, longitude=longitude)
    books.add("media_partners", person_id="lost", office="Dallas", latitude=0, longitude=0)
    distances = ("partner_distances", "person_id", "is_local", "round(miles::numeric, 2)")
    assert books.ask(*distances) == [
        ("far", False, Decimal("50.44")), ("lost", None, None), ("near", True, Decimal("49.75")),
        ("nowhere", None, None),
    ]  # fmt: skip
    books.add("settings", local_miles=49.76)
    assert books.ask(*distances)[2] == ("near", True, Decimal("49.75"))
    books.warehouse.execute(
        "UPDATE fms.settings SET local_miles = fms.miles(0, 0, 0, 0.72) WHERE client_id = %s", (books.client,)
    )
    assert books.ask(*distances)[2] == ("near", False, Decimal("49.75"))
