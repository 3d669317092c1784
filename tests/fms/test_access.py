"""T84 for FMS: an office's manager sees his office's partners, loans, makes, activities and budgets, and no other's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from stack.testing import login
from tests.conftest import PASSWORD, Warehouse
from tests.fms.books import TODAY, Books

#: What tells a row's owner, by table and view. Dallas is served by D and B, Denver by N and B; X has no office.
SEEN: dict[str, str] = {
    "vehicles": "vin",
    "media_partners": "person_id || '@' || office",
    "loan_history": "activity_id",
    "current_activity": "activity_id",
    "approved_makes": "person_id",
    "ops_capacity": "office",
    "holiday_blackout_dates": "office",
    "budgets": "office",
    "budget_remaining": "office",
    "partner_distances": "person_id || '@' || office",
    "publication_rate": "person_id || loans_total",
    "cooldown": "person_id || ' ' || last_end_date",
    "tier_cap": "person_id || loans_of_the_year",
    "capacity_by_day": "office",
}
#: The views ask about this day, so these loans are of the last weeks.
LATER = date.today() - timedelta(days=10)  # noqa: DTZ011 - which side of midnight makes no difference
BEFORE = LATER - timedelta(days=1)


class House:
    """Two clients' rows, and the people who may ask for them."""

    def __init__(self, warehouse: Warehouse, ours: Books) -> None:
        self.warehouse = warehouse
        self.ours = ours

    @contextmanager
    def asking(self, person: str | None) -> Iterator[psycopg.Connection[Any]]:
        """A transaction of the api on a person's behalf, rolled back."""
        conninfo = login(self.warehouse.admin, "branchline_api", PASSWORD)
        with psycopg.connect(conninfo, autocommit=True) as connection, connection.transaction(force_rollback=True):
            if person is not None:
                connection.execute("SELECT set_config('branchline.user', %s, TRUE)", (f"{self.ours.client} {person}",))
            yield connection

    def seen(self, person: str | None) -> dict[str, set[str]]:
        """What a person sees of each table and view."""
        with self.asking(person) as connection:
            return {
                table: {row[0] for row in connection.execute(f"SELECT {told} FROM fms.{table}".encode())}
                for table, told in SEEN.items()
            }


def write(books: Books) -> None:
    """Partner D of Dallas, N of Denver, B of both, X of none; a row of every table for each."""
    for name, longitude in (("Dallas", 0), ("Denver", 1)):
        place = books.offices.get(name) or books.office(name, 0, longitude)
        books.add("vehicles", vin=f"V {name}", make="KIA", model="EV6", office=name)
        books.add("ops_capacity", office=name, drivers_per_day=3)
        books.add("holiday_blackout_dates", office=name, date=TODAY, holiday_name="x")
        books.add("budgets", office=name, fleet="KIA", year=2026, quarter="Q1", budget_amount_cents=5)
        for person in ("B", name[0] if name == "Dallas" else "N"):
            books.add("media_partners", person_id=person, office=name, latitude=0, longitude=0)
            end = LATER if name == "Dallas" else BEFORE
            books.loan(person, end, end, activity_id=f"{person} {name}", office=name)
        books.add("current_activity", activity_id=f"A {name}", vehicle_vin="V", location_ids=[place])
    both = [books.offices["Dallas"], books.offices["Denver"]]
    for person, places in (("D", both[:1]), ("N", both[1:]), ("B", both), ("X", [])):
        books.add("approved_makes", person_id=person, make="KIA", rank="A", location_ids=places)
    books.add("current_activity", activity_id="A X", vehicle_vin="V")
    books.loan("X", BEFORE, BEFORE, activity_id="X", office=None)


@pytest.fixture(scope="module")
def house(library: Warehouse) -> House:
    """Ours and another client, with a manager of each office, of both, an admin, an auditor and a driver."""
    ours, theirs = Books(library), Books(library)
    for books in (ours, theirs):
        write(books)
    dallas, denver = ours.offices["Dallas"], ours.offices["Denver"]
    grants: dict[str, list[tuple[str, str | None, int | None]]] = {
        "super": [("SUPER_ADMIN", None, None)],
        "admin": [("ADMIN", ours.client, None)],
        "auditor": [("AUDITOR", ours.client, None)],
        "dallas": [("MANAGER", ours.client, dallas)],
        "both": [("MANAGER", ours.client, dallas), ("MANAGER", ours.client, denver)],
        "driver": [("DRIVER", ours.client, None)],
        "stranger": [("ADMIN", theirs.client, None)],
    }
    for person, roles in grants.items():
        for role in roles:
            library.execute("SELECT access.grant_role(%s, %s, %s, %s)", (f"{ours.client} {person}", *role))
    return House(library, ours)


DALLAS = {
    "vehicles": {"V Dallas"}, "media_partners": {"D@Dallas", "B@Dallas"}, "loan_history": {"D Dallas", "B Dallas"},
    "current_activity": {"A Dallas"}, "approved_makes": {"D", "B"}, "ops_capacity": {"Dallas"},
    "holiday_blackout_dates": {"Dallas"}, "budgets": {"Dallas"}, "budget_remaining": {"Dallas"},
    "partner_distances": {"D@Dallas", "B@Dallas"}, "publication_rate": {"D1", "B1"},
    "cooldown": {f"D {LATER}", f"B {LATER}"}, "tier_cap": {"D1", "B1"}, "capacity_by_day": {"Dallas"},
}  # fmt: skip
BOTH = {
    "vehicles": {"V Dallas", "V Denver"}, "media_partners": {"D@Dallas", "B@Dallas", "N@Denver", "B@Denver"},
    "loan_history": {"D Dallas", "B Dallas", "N Denver", "B Denver"}, "current_activity": {"A Dallas", "A Denver"},
    "approved_makes": {"D", "B", "N"}, "ops_capacity": {"Dallas", "Denver"},
    "holiday_blackout_dates": {"Dallas", "Denver"}, "budgets": {"Dallas", "Denver"},
    "budget_remaining": {"Dallas", "Denver"}, "partner_distances": {"D@Dallas", "B@Dallas", "N@Denver", "B@Denver"},
    "publication_rate": {"D1", "B2", "N1"}, "cooldown": {f"D {LATER}", f"B {LATER}", f"N {BEFORE}"},
    "tier_cap": {"D1", "B2", "N1"}, "capacity_by_day": {"Dallas", "Denver"},
}  # fmt: skip
#: Rows of no office are the whole client's.
WHOLE = BOTH | {
    "loan_history": BOTH["loan_history"] | {"X"}, "current_activity": BOTH["current_activity"] | {"A X"},
    "approved_makes": BOTH["approved_makes"] | {"X"}, "publication_rate": BOTH["publication_rate"] | {"X1"},
    "cooldown": BOTH["cooldown"] | {f"X {BEFORE}"}, "tier_cap": BOTH["tier_cap"] | {"X1"},
}  # fmt: skip
NOTHING: dict[str, set[str]] = {table: set() for table in SEEN}


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("dallas", DALLAS), ("both", BOTH), ("admin", WHOLE), ("auditor", WHOLE), ("super", WHOLE), ("driver", NOTHING),
        ("nobody", NOTHING), (None, NOTHING),
    ],
)  # fmt: skip
def test_t84_who_sees_what_of_fms(house: House, person: str | None, expected: dict[str, set[str]]) -> None:
    assert house.seen(person) == expected


def test_t84_the_derived_functions_tell_no_more_than_the_views(house: House) -> None:
    today = f"'{TODAY}'::date"
    with house.asking("dallas") as connection:
        for call, told in (
            (f"preferred_days({today})", "client_id"),
            (f"publication_rates({today})", "person_id"),
            (f"cooldowns({today})", "person_id"),
            (f"tier_caps({today})", "person_id"),
            (f"capacity({today}, {today})", "office"),
        ):
            found = {row[0] for row in connection.execute(f"SELECT {told} FROM fms.{call}".encode())}
            assert found <= {"D", "B", "Dallas"}, call


def refused(connection: psycopg.Connection[Any], statement: str, params: Any = None) -> None:
    with pytest.raises(InsufficientPrivilege), connection.transaction():
        connection.execute(statement.encode(), params)


def test_t84_a_manager_sets_the_days_of_his_own_partners_and_nothing_else(house: House) -> None:
    change = "UPDATE fms.media_partners SET {} WHERE person_id = %s"
    with house.asking("dallas") as connection:
        days = change.format("allowed_start_dows = 'Mon,Wed'").encode()
        assert connection.execute(days, ("D",)).rowcount == 1
        assert connection.execute(days, ("N",)).rowcount == 0
        assert connection.execute(days, ("B",)).rowcount == 1
        for column in ("latitude", "location_id", "preferred_day_of_week"):
            refused(connection, change.format(f"{column} = NULL"), ("D",))
        refused(connection, "DELETE FROM fms.media_partners")
        # settings and what people know of offices are the whole client's
        refused(connection, "INSERT INTO fms.settings (client_id) VALUES (%s)", (house.ours.client,))
    with house.asking("admin") as connection:
        connection.execute("INSERT INTO fms.settings (client_id, min_loans) VALUES (%s, 3)", (house.ours.client,))
        connection.execute(
            "INSERT INTO fms.ops_capacity_calendar (client_id, account, office, date) VALUES (%s, 'fms', 'Dallas', %s)",
            (house.ours.client, TODAY),
        )
    with house.asking("stranger") as connection:
        refused(connection, "INSERT INTO fms.settings (client_id) VALUES (%s)", (house.ours.client,))


def test_t84_another_clients_admin_sees_none_of_it(house: House) -> None:
    with house.asking("stranger") as connection:
        for table in SEEN:
            owners = {row[0] for row in connection.execute(f"SELECT client_id FROM fms.{table}".encode())}
            assert len(owners) == 1, table
            assert house.ours.client not in owners, table


@pytest.mark.parametrize("role", ["branchline_reader", "branchline_api"])
def test_t84_addresses_that_were_geocoded_are_the_houses_alone(house: House, role: str) -> None:
    with psycopg.connect(login(house.warehouse.admin, role, PASSWORD), autocommit=True) as connection:
        refused(connection, "SELECT FROM fms.geocodes")


def test_the_loader_writes_nothing_that_people_set(house: House, library: Warehouse) -> None:
    with psycopg.connect(library.loader, autocommit=True) as connection:
        connection.execute("SELECT set_config('branchline.client', %s, FALSE)", (house.ours.client,))
        for table in ("settings", "offices", "ops_capacity_calendar"):
            refused(connection, f"DELETE FROM fms.{table}")
        refused(connection, "INSERT INTO fms.settings (client_id) VALUES (%s)", (house.ours.client,))
