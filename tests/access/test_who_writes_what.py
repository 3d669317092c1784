"""T84: who writes which row through the api, that none leaves its writer's scope, and that loaders keep apart."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from branchline.warehouse import connect
from psycopg.errors import InsufficientPrivilege

from tests.access.conftest import OURS, THEIRS, Loaded
from tests.access.test_who_sees_what import EVERYBODY, WITHOUT, may_read, refused

WRITERS = ("super", "admin", "admin_of_one", "manager", "manager_of_two", "other_admin")
#: A journey of somebody's making, as the api would write it.
MAKE = (
    "INSERT INTO crm.truck_journeys (client_id, account, external_id, location_id, date, status, tags, data_source, "
    "sync_status, job_id, observed_at, row_hash) VALUES (%(client)s, 'smartmoving', 'made by hand', %(place)s, "
    "'2026-07-15', 'MORNING_PREP', '{}', 'MANUAL', 'SYNCED', 'made by hand', now(), md5('')::uuid)"
)


def journeys_writable(loaded: Loaded, name: str) -> set[str]:
    """AUDITOR reads and never writes; who else reads a journey may write it."""
    person = loaded.people[name]
    if name not in WRITERS:
        return set()
    return {row.where for row in loaded.rows if row.table == "crm.truck_journeys" and may_read(loaded, person, row)}


@pytest.mark.parametrize("name", EVERYBODY)
def test_journeys_are_written_by_the_first_three_roles_in_their_scope(loaded: Loaded, name: str) -> None:
    expected = journeys_writable(loaded, name)
    assert bool(expected) is (name in WRITERS)
    with loaded.through_api(name) as connection:
        if loaded.people[name].is_crew:
            refused(connection, "UPDATE crm.truck_journeys SET status = status")
            return
        before = connection.execute("SELECT ctid::text AS place, client_id, external_id FROM crm.truck_journeys")
        places = {(row.client_id, row.external_id): row.place for row in before}
        rows = connection.execute(
            "UPDATE crm.truck_journeys SET status = 'ONSITE', is_deleted = FALSE RETURNING client_id, external_id"
        ).fetchall()
        assert {places[row.client_id, row.external_id] for row in rows} == expected


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("where", ["mine", "another place", "another client", "mixed"])
def test_a_journey_is_made_only_in_ones_scope(loaded: Loaded, name: str, where: str) -> None:
    first, second, *_ = loaded.places
    theirs = min(place for place, client in loaded.place_clients.items() if client == THEIRS)
    client, place = {
        "mine": (OURS, first),
        "another place": (OURS, second),
        "another client": (THEIRS, theirs),
        "mixed": (OURS, theirs),
    }[where]
    allowed = {
        "mine": {"super", "admin", "admin_of_one", "manager", "manager_of_two"},
        "another place": {"super", "admin", "manager_of_two"},
        "another client": {"super", "other_admin"},
        "mixed": {"super"},
    }[where]
    with loaded.through_api(name) as connection:
        values = {"client": client, "place": place}
        if name in allowed:
            assert connection.execute(MAKE, values).rowcount == 1
        else:
            refused(connection, MAKE, values)


@pytest.mark.parametrize(("name", "refuses"), [("manager", True), ("admin_of_one", True), ("manager_of_two", False)])
def test_a_row_is_not_moved_out_of_ones_scope(loaded: Loaded, name: str, refuses: bool) -> None:
    first, second, *_ = loaded.places
    move = "UPDATE crm.truck_journeys SET location_id = %s WHERE location_id = %s"
    with loaded.through_api(name) as connection:
        foreign = next(place for place, client in loaded.place_clients.items() if client == THEIRS)
        refused(connection, move, (foreign, first))
        if refuses:
            refused(connection, move, (second, first))
        else:
            assert connection.execute(move, (second, first)).rowcount > 0
        for column in ("client_id", "account", "external_id", "job_id", "sync_id", "estimated_cost_cents"):
            refused(connection, f"UPDATE crm.truck_journeys SET {column} = {column}")


def test_what_mirrors_a_vendor_and_what_guards_is_nobodys_to_change(loaded: Loaded) -> None:
    writable = {
        "crm.truck_journeys", "crm.journey_crew", "crm.crew_people", "crm.leads", "core.locations",
        "core.location_aliases",
    }  # fmt: skip
    closed = [table for table in loaded.tables if table not in writable]
    assert len(closed) >= 22
    closed += ["access.people", "access.grants", "access.roles", "ops.sync_history", "core.codes", "core.audit"]
    with loaded.through_api("super") as connection:
        for table in closed:
            refused(connection, f"DELETE FROM {table}")
            refused(connection, f"INSERT INTO {table} DEFAULT VALUES")
            refused(connection, f"TRUNCATE {table}")
        refused(connection, "DELETE FROM crm.truck_journeys")
        refused(connection, "UPDATE core.locations SET client_id = client_id")
        refused(connection, "DELETE FROM core.locations")
        refused(connection, "UPDATE access.grants SET role = 'SUPER_ADMIN'")


def test_the_zone_of_a_place_is_set_by_who_writes_there(loaded: Loaded) -> None:
    change = "UPDATE core.locations SET timezone = 'America/Toronto', currency = 'CAD'"
    of_client = sum(client == OURS for client in loaded.place_clients.values())
    for name, rows in (
        ("super", len(loaded.place_clients)), ("admin", of_client), ("manager", 1), ("manager_of_two", 2),
        ("auditor", 0), ("nobody", 0),
    ):  # fmt: skip
        with loaded.through_api(name) as connection:
            assert connection.execute(change.encode()).rowcount == rows, name


def test_an_alias_is_written_for_the_whole_client_or_not_at_all(loaded: Loaded) -> None:
    """An alias draws to its place the rows that match none: a branch's manager would widen what he sees."""
    make = "INSERT INTO core.location_aliases VALUES (%s, 'smartmoving', 'smartmoving', 'SOME NAME', %s)"
    place = loaded.places[0]
    for name in ("super", "admin"):
        with loaded.through_api(name) as connection:
            assert connection.execute(make, (OURS, place)).rowcount == 1
            assert connection.execute("DELETE FROM core.location_aliases").rowcount == 2
    for name in ("admin_of_one", "manager", "auditor", "other_admin", *WITHOUT):
        with loaded.through_api(name) as connection:
            refused(connection, make, (OURS, place))
            assert connection.execute("UPDATE core.location_aliases SET alias = 'X'").rowcount == 0
            assert connection.execute("DELETE FROM core.location_aliases").rowcount == 0


def test_who_a_crew_name_is_is_decided_for_the_whole_client(loaded: Loaded) -> None:
    make = "INSERT INTO crm.crew_people VALUES (%s, 'smartmoving', 'Somebody', 'nobody')"
    for name, client, allowed in (
        ("super", OURS, True), ("admin", OURS, True), ("admin", THEIRS, False), ("other_admin", THEIRS, True),
        ("other_admin", OURS, False), ("manager", OURS, False), ("auditor", OURS, False), ("nobody", OURS, False),
    ):  # fmt: skip
        with loaded.through_api(name) as connection:
            if allowed:
                assert connection.execute(make, (client,)).rowcount == 1
            else:
                refused(connection, make, (client,))


def test_readers_write_nothing(loaded: Loaded) -> None:
    for role in ("branchline_reader", "test_super", "test_admin", "branchline_operator"):
        with loaded.as_login(role, "SET TRANSACTION READ WRITE") as connection:
            for table in loaded.tables:
                refused(connection, f"DELETE FROM {table}")
                refused(connection, f"INSERT INTO {table} DEFAULT VALUES")
                refused(connection, f"UPDATE {table} SET client_id = client_id")


# -------------------------------------------------------------------------------------------------- the loaders


def test_a_loader_of_one_client_touches_no_row_of_the_other(loaded: Loaded) -> None:
    owners = {row.table: set[str]() for row in loaded.rows}
    with connect(loaded.warehouse.loader, client=OURS) as connection, connection.transaction(force_rollback=True):
        for table in loaded.tables:
            seen = connection.execute(f"SELECT client_id FROM {table}".encode()).fetchall()
            owners[table] = {row.client_id for row in seen}
            assert owners[table] <= {OURS}, table
        for table in ("smartmoving.customers", "crm.truck_journeys", "core.locations", "core.accounts"):
            changed = connection.execute(f"UPDATE {table} SET account = account WHERE client_id = %s", (THEIRS,))
            assert changed.rowcount == 0
            refused(connection, f"UPDATE {table} SET client_id = 'acme'")
        made = {"client": THEIRS, "place": loaded.places[0]}
        refused(connection, MAKE, made)
        refused(connection, "INSERT INTO core.clients VALUES ('acme2')")
        refused(connection, "INSERT INTO core.accounts VALUES ('smartmoving', 'x', 'x', 'acme')")
    assert sum(bool(found) for found in owners.values()) >= 22


@pytest.mark.parametrize("client", [None, "", "nobody", "LGM", "lgm ", "%"])
def test_a_loader_of_no_client_sees_no_row(loaded: Loaded, client: str | None) -> None:
    with connect(loaded.warehouse.loader, client=client) as connection:
        for table in loaded.tables:
            assert connection.execute(f"SELECT FROM {table}".encode()).fetchall() == [], table


def test_a_loader_decides_on_nobodys_rights(loaded: Loaded) -> None:
    with connect(loaded.warehouse.loader, client=OURS) as connection, connection.transaction(force_rollback=True):
        for table in ("access.people", "access.grants", "access.roles"):
            refused(connection, f"SELECT FROM {table}")
            refused(connection, f"DELETE FROM {table}")
        refused(connection, "INSERT INTO crm.crew_people VALUES ('lgm', 'smartmoving', 'x', 'nobody')")
        refused(connection, "DELETE FROM core.location_aliases")
        refused(connection, "SELECT access.grant_role('x', 'SUPER_ADMIN')")


# ---------------------------------------------------------------------------------------------------- granting


def granted(connection: psycopg.Connection[Any], *words: Any) -> None:
    connection.execute(f"SELECT access.grant_role({', '.join(['%s'] * len(words))})".encode(), words)


def test_granting_again_changes_nothing_and_follows_the_user_name(loaded: Loaded) -> None:
    with loaded.as_login("branchline_migrator") as connection:
        connection.execute("INSERT INTO access.people (person, user_name) VALUES ('robert', 'bob'), ('eve', 'adam')")
        for _ in range(2):
            granted(connection, "bob", "MANAGER", OURS, loaded.places[0])
        rows = connection.execute("SELECT role FROM access.grants WHERE person = 'robert'").fetchall()
        assert [row.role for row in rows] == ["MANAGER"]
        # "eve" is somebody already, by another user name: her rights are not the user's to get
        with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
            granted(connection, "eve", "SUPER_ADMIN")


@pytest.mark.parametrize(
    "words",
    [
        ("x", "SUPER_ADMIN", OURS),
        ("x", "ADMIN"),
        ("x", "AUDITOR", OURS, "first"),
        ("x", "MANAGER", THEIRS, "first"),  # the place is another client's
        ("x", "OWNER", OURS),
        ("x", "ADMIN", "no such client"),
        ("", "ADMIN", OURS),
    ],
)
def test_a_grant_that_means_nothing_is_refused(loaded: Loaded, words: tuple[Any, ...]) -> None:
    values = [loaded.places[0] if word == "first" else word for word in words]
    with loaded.as_login("branchline_migrator") as connection, pytest.raises(psycopg.errors.IntegrityError):
        granted(connection, *values)


def test_granting_is_the_migrators(loaded: Loaded) -> None:
    for role in ("branchline_api", "branchline_reader", "branchline_loader", "branchline_operator"):
        with loaded.as_login(role) as connection, pytest.raises(InsufficientPrivilege), connection.transaction():
            granted(connection, "x", "SUPER_ADMIN")
