"""SmartMoving's branch performance, each figure worked out by hand from the moves below."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from stack.postgres import Cluster
from stack.testing import fresh_database
from tests.conftest import Warehouse
from tests.metrics.books import NORTH, SOUTH, Books, only

VIEW = "branch_performance"
DAY = "2026-07-01"
#: Everything of that day in Calgary came in at Edmonton's time, six hours behind UTC in June.
NOON, LATE, EARLY = "2026-06-20T18:00Z", "2026-06-20T05:59Z", "2026-06-20T06:00Z"

# id, status, service date, total with tax, tax, created
CALGARY = (
    ("booked", 4, DAY, 105_000, 5_000, LATE),
    ("closed", 11, DAY, 52_501, 2_500, EARLY),
    ("cancelled", 20, DAY, 33_000, 3_000, NOON),
    ("no total", 10, DAY, None, None, NOON),
    ("quoted", 3, DAY, 70_000, 0, NOON),
    ("quoted, lost since", 3, DAY, 70_000, 0, NOON),
    ("of no known status", 99, DAY, 90_000, 0, NOON),
    ("a year before", 11, "2025-07-01", 44_100, 2_100, "2025-06-01T18:00Z"),
    ("on a leap day", 4, "2024-02-29", 10_500, 500, "2024-02-01T18:00Z"),
    ("a day before it", 4, "2024-02-28", 21_000, 1_000, "2024-02-01T18:00Z"),
)
# id, status, created, read later than the opportunity
LEADS = (
    ("booked", 1, LATE, False),
    ("quoted, lost since", 30, NOON, True),
    ("new", 0, NOON, False),
    ("lost", 30, NOON, False),
    ("bad", 50, NOON, False),
)
# job, opportunity, service date
JOBS = (
    ("booked-1", "booked", DAY),
    ("booked-2", "booked", "2026-07-02"),
    ("closed-1", "closed", DAY),
    ("cancelled-1", "cancelled", DAY),
    ("no total-1", "no total", DAY),
    ("before-1", "a year before", "2025-07-01"),
)


def moves(place: int, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    names = ("opportunity_id", "status", "service_date", "final_total_cents", "tax_cents", "created_at")
    return [dict(zip(names, row, strict=True)) | {"location_id": place} for row in rows]


@pytest.fixture(scope="module")
def books(cluster: Cluster, template: str) -> Iterator[Books]:
    """Two clients: Calgary in Canadian and Boise in US dollars, a branch without a zone; Austin is another's."""
    with fresh_database(cluster, template) as conninfo:
        books = Books(Warehouse(conninfo))
        books.client(NORTH, SOUTH)
        calgary = books.place("smartmoving", "CALGARY", "America/Edmonton", "CAD")
        boise = books.place("smartmoving", "BOISE", "America/Boise", "USD")
        nowhere = books.place("smartmoving", "NOWHERE", None)
        austin = books.place("smartmoving", "AUSTIN", "America/Chicago", "USD", SOUTH)
        books.note("smartmoving.opportunities", *moves(calgary, *CALGARY))
        books.note("smartmoving.opportunities", moves(calgary, ("gone", 4, DAY, 1, 0, NOON))[0] | {"is_deleted": True})
        books.note("smartmoving.opportunities", *moves(boise, ("boise", 4, DAY, 80_000, 0, NOON)))
        books.note("smartmoving.opportunities", *moves(nowhere, ("nowhere", 4, DAY, 30_000, 0, NOON)))
        books.note("smartmoving.opportunities", *moves(austin, ("booked", 4, DAY, 99_900, 0, NOON)), client=SOUTH)
        books.note("smartmoving.opportunity_jobs", *(
            {"job_id": job, "opportunity_id": move, "service_date": day, "location_id": calgary}
            for job, move, day in JOBS
        ))  # fmt: skip
        books.note("smartmoving.leads", *(
            {"lead_id": lead, "status": status, "created_at": created, "location_id": calgary,
             "observed_at": "2026-07-03T00:00Z" if later else "2026-07-01T00:00Z"}
            for lead, status, created, later in LEADS
        ))  # fmt: skip
        for user, role, client, place in (
            ("admin", "ADMIN", NORTH, None), ("manager", "MANAGER", NORTH, boise), ("other", "ADMIN", SOUTH, None),
            ("dispatcher", "DISPATCHER", NORTH, calgary),
        ):  # fmt: skip
            books.warehouse.execute("SELECT access.grant_role(%s, %s, %s, %s)", (user, role, client, place))
        yield books


@pytest.fixture(scope="module")
def rows(books: Books) -> list[Any]:
    return books.view(VIEW)


def test_a_service_day_to_the_cent(rows: list[Any]) -> None:
    day = only(rows, location_name="CALGARY", metric_date=DAY)
    # booked, closed and the one without a total; cancelled, quoted, unknown and tombstone are no moves
    assert (day.moves, day.moves_without_value, day.jobs) == (3, 1, 3)
    assert day.booked_revenue_cents == (105_000 - 5_000) + (52_501 - 2_500) == 150_001
    assert day.avg_move_value_cents == 75_000, "75,000.5, half to even"
    assert (day.cancellations, day.cancelled_value_cents) == (1, 30_000)
    assert day.cancellation_percent == Decimal("25.00"), "1 of 3 + 1"
    assert (day.jobs_last_year, day.booked_revenue_last_year_cents) == (1, 42_000)


def test_a_second_day_of_a_move_has_its_job_and_no_money(rows: list[Any]) -> None:
    day = only(rows, location_name="CALGARY", metric_date="2026-07-02")
    assert (day.jobs, day.moves, day.booked_revenue_cents) == (1, 0, 0)
    assert day.avg_move_value_cents is day.cancellation_percent is day.close_percent is None
    assert day.booked_revenue_last_year_cents is None, "nothing is known of that date"


def test_what_came_in_by_the_day_of_the_branch(rows: list[Any]) -> None:
    """T60: a minute before midnight in Edmonton is the day before, whatever UTC says."""
    before = only(rows, location_name="CALGARY", metric_date="2026-06-19")
    assert (before.leads, before.bookings, before.close_percent) == (1, 1, Decimal("100.00"))
    day = only(rows, location_name="CALGARY", metric_date="2026-06-20")
    # closed, cancelled, no total; quoted; quoted and lost since; of no known status; new; lost
    assert day.leads == 8, "each once, though one is an opportunity and a lead"
    assert (day.bookings, day.quotes_open, day.lost, day.bad_leads) == (3, 1, 2, 1)
    assert day.close_percent == Decimal("37.50"), "3 of 8"
    assert (day.moves, day.booked_revenue_cents) == (0, 0), "its service day is another"


def test_a_leap_day_stands_with_the_day_before_it_a_year_later(rows: list[Any]) -> None:
    day = only(rows, location_name="CALGARY", metric_date="2025-02-28")
    assert day.booked_revenue_last_year_cents == 10_000 + 20_000
    assert (day.moves, day.booked_revenue_cents) == (0, 0)


def test_currencies_are_never_added(rows: list[Any]) -> None:
    that_day = {
        row.location_name: (row.currency, row.booked_revenue_cents) for row in rows if str(row.metric_date) == DAY
    }
    assert that_day == {
        "CALGARY": ("CAD", 150_001), "BOISE": ("USD", 80_000), "NOWHERE": (None, 30_000), "AUSTIN": ("USD", 99_900),
    }  # fmt: skip


def test_a_branch_without_a_time_zone_has_no_created_day(rows: list[Any]) -> None:
    mine = [row for row in rows if row.location_name == "NOWHERE"]
    assert {str(row.metric_date) for row in mine} == {DAY, "2027-07-01"}
    assert sum(row.leads for row in mine) == 0


def test_an_empty_day_has_no_row(rows: list[Any]) -> None:
    days = {str(row.metric_date) for row in rows if row.location_name == "CALGARY"}
    assert "2026-06-21" not in days
    assert len(days) == len([row for row in rows if row.location_name == "CALGARY"]), "a day has one row"


def test_T84_each_sees_his_branches(books: Books, rows: list[Any]) -> None:
    def names(user: str) -> set[str]:
        return {row.location_name for row in books.seen(user, VIEW)}

    assert names("admin") == {"CALGARY", "BOISE", "NOWHERE"}
    assert names("manager") == {"BOISE"}
    assert names("other") == {"AUSTIN"}
    assert names("nobody") == set()
    # a manager's figures are the client's of his branch
    assert books.seen("manager", VIEW) == [row for row in rows if row.location_name == "BOISE"]
