"""Arrivy's groups and FMS's offices, each figure worked out by hand; and BI as a person's own login."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from branchline import migrations
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from stack.postgres import Cluster
from stack.state import PROJECT
from stack.testing import fresh_database, login
from tests.conftest import PASSWORD, Warehouse
from tests.metrics.books import NORTH, SOUTH, Books, only

DAY = "2026-07-01"

# task, begin, end, day, status, first STARTED, crew
TASKS = (
    # 15 minutes late is on time, a second more is not; early is
    ("at the limit", "09:00", "11:00", DAY, "COMPLETE", "09:15:00", ("ann", "bob")),
    ("a second late", "12:00", "13:30", DAY, "COMPLETE", "12:15:01", ("ann",)),
    ("early", "14:00", "15:00", DAY, "STARTED", "13:40:00", ("lent",)),
    ("never begun", "16:00", "17:00", DAY, "EXCEPTION", None, ()),
    ("called off", "18:00", "20:00", DAY, "CANCELLED", "18:00:00", ("cid",)),
    ("another day", "09:00", "10:00", "2026-07-02", "NOTSTARTED", None, ()),
)
# crew member, group, permission, made, switched off
CREW = (
    ("ann", "Leeds", "FIELDCREW", "2026-01-01", False),
    ("bob", "Leeds", None, "2026-01-01", False),
    ("cid", "Leeds", "LIMITEDACCESS", "2026-01-01", False),
    # made late in the evening of the next day there
    ("new", "Leeds", "FIELDCREW", "2026-07-03T03:00", False),
    ("off", "Leeds", "FIELDCREW", "2026-01-01", True),
    ("boss", "Leeds", "SCHEDULER", "2026-01-01", False),
    ("lent", "York", "FIELDCREW", "2026-01-01", False),
)


def arrivy(books: Books) -> None:
    places = {name: books.place("arrivy", name, "America/New_York") for name in ("Leeds", "York")}
    books.note("arrivy.entities", *(
        {"entity_id": name, "location_id": places[group], "permission": permission, "created": f"{made} UTC",
         "is_disabled": off}
        for name, group, permission, made, off in CREW
    ))  # fmt: skip
    for task, begin, end, day, status, started, crew in TASKS:
        books.note("arrivy.tasks", {
            "task_id": task, "location_id": places["Leeds"], "start_datetime": f"{day} {begin} UTC",
            "end_datetime": f"{day} {end} UTC", "business_date": day, "status": status,
        })  # fmt: skip
        books.note("arrivy.task_entities", *(
            {"task_id": task, "entity_id": name, "location_id": places["Leeds"], "place": place}
            for place, name in enumerate(crew, 1)
        ))  # fmt: skip
        # a later STARTED and one that was taken back change nothing
        for entry, at, gone in ((1, started, False), (2, "23:00:00", False), (3, "00:01:00", True)):
            if started:
                books.note("arrivy.task_statuses", {
                    "task_id": task, "entry_id": str(entry), "location_id": places["Leeds"], "place": entry,
                    "type": "STARTED", "reported_at": f"{day} {at} UTC", "is_deleted": gone,
                })  # fmt: skip


def fms(books: Books) -> None:
    """Dallas with four vehicles; dates are from its own today, so that the figures hold on every day."""
    dallas = books.place("fms", "Dallas", "America/Chicago")
    books.place("fms", "Zoneless", None)
    today = books.warehouse.one("SELECT (now() AT TIME ZONE 'America/Chicago')::date AS today")
    books.note("fms.vehicles", *(
        {"vin": vin, "make": "Volvo", "model": "EX", "office": "Dallas", "location_id": dallas}
        for vin in ("LENT", "HELD", "BACK", "FREE")
    ))  # fmt: skip
    for vin, kind, first, last in (
        ("LENT", "Media Loan", -3, 0), ("HELD", "Hold", 0, 5), ("BACK", "Loan", -9, -1), ("FREE", "Loan", 1, 4),
    ):  # fmt: skip
        dates = books.warehouse.one("SELECT %s::date + %s AS first, %s::date + %s AS last", (today, first, today, last))
        books.note("fms.current_activity", {
            "activity_id": vin, "vehicle_vin": vin, "activity_type": kind, "start_date": dates.first,
            "end_date": dates.last, "location_ids": [dallas],
        })  # fmt: skip
    partner = {"office": "Dallas", "location_id": dallas}
    books.note(
        "fms.media_partners",
        partner | {"person_id": "1", "name": "Pat", "address": "A", "latitude": 1, "longitude": 1,
                   "preferred_day_of_week": "Monday", "preferred_day_confidence": Decimal("60.0")},
        partner | {"person_id": "2", "name": "Kim", "address": "B", "latitude": 1, "longitude": 1,
                   "preferred_day_of_week": "Friday", "preferred_day_confidence": Decimal("70.5")},
        partner | {"person_id": "3", "address": "C"},
        partner | {"person_id": "4"},
    )  # fmt: skip
    books.note("fms.approved_makes", {"person_id": "1", "make": "Volvo", "rank": "A+", "location_ids": [dallas]})
    for number, (person, make, ago, clips) in enumerate(
        (("1", "Volvo", 0, "2"), ("1", "Volvo", 29, "no"), ("1", "Volvo", 400, None), ("1", "Kia", 30, "1"),
         ("2", None, 5, None), ("2", None, -2, None))
    ):  # fmt: skip
        start = books.warehouse.one("SELECT %s::date - %s AS start", (today, ago))
        books.note("fms.loan_history", {
            "activity_id": str(number), "vin": "LENT", "person_id": person, "make": make, "start_date": start,
            "clips_received": clips, "office": "Dallas", "location_id": dallas,
        })  # fmt: skip


def others(books: Books) -> None:
    """A move and a shop's day, so that every example question finds something."""
    branch = books.place("smartmoving", "CALGARY", "America/Edmonton", "CAD")
    books.note("smartmoving.opportunities", {
        "opportunity_id": "1", "location_id": branch, "status": 4, "service_date": DAY, "final_total_cents": 105_000,
        "tax_cents": 5_000, "created_at": "2026-06-20T18:00Z",
    })  # fmt: skip
    shop = {"tm_shop_id": 1, "location_id": books.place("tekmetric", "Shop", "America/Denver", "USD")}
    counts = ("ro_count", "ro_posted_count", "car_count", "authorized_job_count", "source_snapshot_count")
    amounts = (
        "parts_revenue", "sublet_revenue", "fees_total", "discount_total", "tax_total", "potential_job_count",
        "ro_completed_count", "ro_without_cost_count",
    )  # fmt: skip
    books.note("tekmetric.daily_shop_metrics", shop | dict.fromkeys(counts, 1) | dict.fromkeys(amounts, 0) | {
        "metric_date": DAY, "basis": "posted", "revenue_source": "lines", "authorized_revenue": 10_000,
        "authorized_profit": 6_000, "lines_revenue": 10_000, "labor_revenue": 10_000, "labor_hours": 1,
        "potential_revenue": 10_000, "rate_sources": "{}",
    })  # fmt: skip
    books.note("tekmetric.tech_daily_metrics", shop | {
        "tm_technician_id": 7, "metric_date": DAY, "basis": "posted", "hours_billed": 1, "labor_revenue": 10_000,
        "jobs_worked": 1, "ros_worked": 1, "rate_sources": "{}",
    })  # fmt: skip
    books.note("tekmetric.repair_orders", shop | {"tm_id": 1, "ro_number": 1, "status_id": 2})


@pytest.fixture(scope="module")
def books(cluster: Cluster, template: str) -> Iterator[Books]:
    with fresh_database(cluster, template) as conninfo:
        migrations.create_roles(conninfo)  # a copied database does not inherit who may connect
        books = Books(Warehouse(conninfo))
        books.client(NORTH, SOUTH)
        for fill in (arrivy, fms, others):
            fill(books)
        books.warehouse.execute("SELECT access.grant_role('jane', 'AUDITOR', %s)", (NORTH,))
        books.warehouse.execute("SELECT access.grant_role('sam', 'AUDITOR', %s)", (SOUTH,))
        for name in ("jane", "sam"):
            books.warehouse.execute(f"CREATE ROLE {name}_bi LOGIN PASSWORD '{PASSWORD}' IN ROLE branchline_reader")
            books.warehouse.execute("UPDATE access.people SET db_role = %s WHERE person = %s", (f"{name}_bi", name))
        try:
            yield books
        finally:
            books.warehouse.execute("DROP ROLE jane_bi, sam_bi")


# ---------------------------------------------------------------------------------------------------------- Arrivy


def test_a_groups_day(books: Books) -> None:
    day = only(books.view("group_performance"), location_name="Leeds", metric_date=DAY)
    assert (day.tasks, day.completed, day.cancelled, day.exceptions) == (5, 2, 1, 1)
    assert (day.started, day.on_time) == (3, 2), "the one called off is not asked, the one never begun not known"
    assert day.on_time_percent == Decimal("66.67")
    assert day.scheduled_hours == Decimal("5.50"), "2 + 1.5 + 1 + 1, without the one called off"
    # of Leeds: ann, bob, cid; new is made later, off is off, boss schedules
    assert (day.crew_members, day.crew_members_sent, day.members_sent) == (3, 2, 3)
    assert day.crew_utilisation_percent == Decimal("66.67")


def test_a_member_counts_from_the_day_of_the_place_on_which_he_was_made(books: Books) -> None:
    """T60: three in the morning of the third, UTC, is the second in New York."""
    day = only(books.view("group_performance"), location_name="Leeds", metric_date="2026-07-02")
    assert (day.tasks, day.started, day.crew_members, day.crew_members_sent) == (1, 0, 4, 0)
    assert day.on_time_percent is None
    assert day.crew_utilisation_percent == 0
    assert len(books.view("group_performance")) == 2, "an empty day has no row"


# ------------------------------------------------------------------------------------------------------------- FMS


def test_an_offices_fleet_today(books: Books) -> None:
    office = only(books.view("fleet"), location_name="Dallas")
    # LENT until today; HELD from today; BACK since yesterday; FREE until tomorrow
    assert (office.vehicles_active, office.vehicles_on_loan, office.vehicles_otherwise_busy) == (4, 1, 1)
    assert office.on_loan_percent == Decimal("25.00")
    assert office.loans_30_days == 3, "today, 29 days ago, 5 days ago; not 30 days ago, not in two days"
    assert (office.partners, office.partners_with_address, office.partners_geocoded) == (4, 3, 2)
    assert office.geocoded_percent == Decimal("66.67")
    assert office.partners_with_preferred_day == 2
    assert office.preferred_day_confidence == Decimal("65.2"), "65.25, half to even"


def test_an_office_without_a_zone_has_no_today(books: Books) -> None:
    office = only(books.view("fleet"), location_name="Zoneless")
    assert office.vehicles_active == 0
    assert office.metric_date is office.vehicles_on_loan is office.loans_30_days is office.on_loan_percent is None


def test_loans_by_partner_and_tier(books: Books) -> None:
    rows = books.view("loans_by_partner")
    assert len(rows) == 3
    volvo = only(rows, person_id="1", make="Volvo")
    assert (volvo.partner_name, volvo.tier, volvo.loans, volvo.loans_12_months) == ("Pat", "A+", 3, 2)
    assert (volvo.loans_published, volvo.loans_with_news) == (1, 2)
    assert only(rows, make="Kia").tier is None, "not approved"
    nameless = only(rows, person_id="2")
    assert (nameless.make, nameless.loans, nameless.loans_12_months) == (None, 2, 1), (
        "one begins the day after tomorrow"
    )


# -------------------------------------------------------------------------------------------------------------- BI

EXAMPLES = re.findall(r"```sql\n(.*?)```", (PROJECT / "docs" / "bi.md").read_text(encoding="utf-8"), re.DOTALL)
QUERIES = [text for text in EXAMPLES if re.match(r"(--[^\n]*\n)*(SELECT|WITH)", text)]


def as_login(books: Books, name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(login(books.warehouse.admin, name, PASSWORD), autocommit=True)


def test_there_are_six_example_queries() -> None:
    assert len(QUERIES) == 6


@pytest.mark.parametrize("query", QUERIES, ids=lambda text: text.splitlines()[0].strip("- ")[:40])
def test_T84_an_example_query_as_a_login_of_bi(books: Books, query: str) -> None:
    with as_login(books, "jane_bi") as jane, as_login(books, "sam_bi") as sam:
        assert jane.execute(query.encode()).fetchall(), "finds what it asks for"
        assert sam.execute(query.encode()).fetchall() == [], "the other client's login sees none of it"


def test_a_login_of_bi_writes_nothing(books: Books) -> None:
    with as_login(books, "jane_bi") as jane:
        for statement in ("UPDATE tekmetric.repair_orders SET ro_number = 2", "CREATE VIEW metrics.mine AS SELECT 1"):
            with pytest.raises((InsufficientPrivilege, ReadOnlySqlTransaction)):
                jane.execute(statement.encode())
