"""T84 for Arrivy: a branch's manager sees what is his branch's, by the rows that a sync has written, and no more."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from stack.testing import login
from tests.conftest import PASSWORD, Warehouse

#: Tables whose rows lie at a place; the others are seen by whoever reads anything of the client.
PLACED = ("entities", "entity_readings", "tasks", "task_entities", "task_template_fields", "task_statuses", "bookings")
OF_THE_CLIENT = ("groups", "status_definitions", "crews", "crew_members")


@pytest.fixture
def synced(arrivy: Any) -> tuple[Warehouse, list[int]]:
    """A synced account with a manager of its first place, an admin, a driver, and somebody of another client."""
    line = arrivy()
    assert set(line.sync().values()) == {"success"}
    warehouse: Warehouse = line.warehouse
    query = "SELECT location_id FROM core.locations WHERE source = 'arrivy' AND is_mapped ORDER BY location_id"
    places = [row.location_id for row in warehouse.rows(query)]
    warehouse.execute("INSERT INTO core.clients (client_id) VALUES ('other')")
    for person, role, client, place in (
        ("manager", "MANAGER", "home", places[0]),
        ("admin", "ADMIN", "home", None),
        ("driver", "DRIVER", "home", None),
        ("stranger", "ADMIN", "other", None),
    ):
        warehouse.execute("SELECT access.grant_role(%s, %s, %s, %s)", (person, role, client, place))
    return warehouse, places


def seen(warehouse: Warehouse, person: str, table: str, places: str = "location_id") -> list[Any]:
    """The places of the rows that a person sees, by the api."""
    conninfo = login(warehouse.admin, "branchline_api", PASSWORD)
    with psycopg.connect(conninfo, autocommit=True) as connection, connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('branchline.user', %s, TRUE)", (person,))
        return [row[0] for row in connection.execute(f"SELECT {places} FROM arrivy.{table}".encode())]


def test_t84_who_sees_what_of_arrivy(synced: tuple[Warehouse, list[int]]) -> None:
    warehouse, places = synced
    for table in (*PLACED, "location_reports"):
        everything = [row.location_id for row in warehouse.rows(f"SELECT location_id FROM arrivy.{table}")]
        mine = everything.count(places[0])
        assert len(everything) > mine, f"{table}: other branches have rows, too"
        assert sorted(seen(warehouse, "manager", table)) == [places[0]] * mine
        assert len(seen(warehouse, "admin", table)) == len(everything)
        for person in ("driver", "stranger", "nobody"):
            assert seen(warehouse, person, table) == []
    assert {place for table in PLACED for place in seen(warehouse, "manager", table)} == {places[0]}


def test_t84_a_customer_is_seen_where_his_tasks_are(synced: tuple[Warehouse, list[int]]) -> None:
    warehouse, places = synced
    everybody = [row.location_ids for row in warehouse.rows("SELECT location_ids FROM arrivy.customers")]
    mine = seen(warehouse, "manager", "customers", "location_ids")
    assert 0 < len(mine) < len(everybody)
    assert sorted(mine) == sorted(where for where in everybody if places[0] in where)
    assert len(seen(warehouse, "admin", "customers", "location_ids")) == len(everybody)


def test_t84_what_lies_nowhere_is_the_clients_own(synced: tuple[Warehouse, list[int]]) -> None:
    warehouse, _ = synced
    for table in OF_THE_CLIENT:
        count = warehouse.one(f"SELECT count(*) FROM arrivy.{table}")
        assert count > 0
        assert len(seen(warehouse, "manager", table, "1")) == count
        assert seen(warehouse, "stranger", table, "1") == []


def test_t84_nobody_writes_what_mirrors_the_vendor(synced: tuple[Warehouse, list[int]]) -> None:
    warehouse, _ = synced
    conninfo = login(warehouse.admin, "branchline_api", PASSWORD)
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT set_config('branchline.user', 'admin', TRUE)")
        with pytest.raises(InsufficientPrivilege):
            connection.execute("UPDATE arrivy.tasks SET status = 'COMPLETE'")
