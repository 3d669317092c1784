"""A warehouse with two clients' real rows and everybody who may want to see them, made once for all these tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from branchline import migrations
from branchline.ledger import Account
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC
from psycopg import sql
from psycopg.rows import namedtuple_row

from sandbox.options import Options
from sandbox.server import running
from stack.postgres import Cluster
from stack.testing import fresh_database, login
from tests.conftest import NOW, PASSWORD, SmartMoving, Tekmetric, Warehouse

OURS, THEIRS = "lgm", "acme"
CREW_ROLES = frozenset({"DISPATCHER", "DRIVER", "MOVER"})
#: Schemas whose tables belong to tenants. metrics comes with its first migration.
TENANT_SCHEMAS = ("smartmoving", "crm", "core", "metrics")


@dataclass(frozen=True)
class Person:
    """Somebody with roles: (role, client, places), where no places mean the whole client."""

    name: str
    grants: tuple[tuple[str, str | None, tuple[int, ...]], ...]
    crew: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_crew(self) -> bool:
        return bool(self.grants) and {role for role, _, _ in self.grants} <= CREW_ROLES

    @property
    def db_role(self) -> str:
        return f"test_{self.name}"


@dataclass(frozen=True)
class Row:
    """What a row says of its owner; `where` is its place in the table, `has_location` whether the table has one."""

    table: str
    where: str
    client: str
    location: int | None
    locations: frozenset[int] | None
    has_location: bool


@dataclass
class Loaded:
    """The warehouse with its people."""

    warehouse: Warehouse
    places: list[int] = field(default_factory=list)
    place_clients: dict[int, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    #: (client, account, crew member) -> journeys (client, external id)
    assigned: dict[tuple[str, str, str], set[tuple[str, str]]] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        return sorted({row.table for row in self.rows})

    @contextmanager
    def as_login(self, role: str, *settings: str) -> Iterator[psycopg.Connection[Any]]:
        """A transaction of a login, rolled back at its end."""
        conninfo = login(self.warehouse.admin, role, PASSWORD)
        with (
            psycopg.connect(conninfo, autocommit=True, row_factory=namedtuple_row) as connection,
            connection.transaction(force_rollback=True),
        ):
            for statement in settings:
                connection.execute(statement.encode())
            yield connection

    @contextmanager
    def through_api(self, person: str | None, *, as_crew: bool | None = None) -> Iterator[psycopg.Connection[Any]]:
        """A transaction of the api on a person's behalf, as crew where the person has nothing but crew roles."""
        with self.as_login("branchline_api") as connection:
            if person is not None:
                connection.execute("SELECT set_config('branchline.user', %s, TRUE)", (person,))
                if self.people[person].is_crew if as_crew is None else as_crew:
                    connection.execute("SET LOCAL ROLE branchline_crew")
            yield connection


def tenant_tables(warehouse: Warehouse) -> list[str]:
    """Every table that says whose its rows are."""
    return [
        row.name
        for row in warehouse.rows(
            "SELECT attrelid::regclass::text AS name FROM pg_attribute "
            "INNER JOIN pg_class ON pg_class.oid = attrelid AND relkind IN ('r', 'p') "
            "WHERE attname = 'client_id' AND relnamespace::regnamespace::text = ANY(%s) ORDER BY 1",
            (list(TENANT_SCHEMAS),),
            role="admin",
        )
    ]


def owners_of(warehouse: Warehouse, table: str) -> list[Row]:
    columns = {
        row.attname
        for row in warehouse.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", (table,), role="admin"
        )
    }
    location = "location_id" if "location_id" in columns else "NULL::integer"
    locations = "location_ids" if "location_ids" in columns else "NULL::integer[]"
    return [
        Row(
            table,
            row.place,
            row.client_id,
            row.location,
            None if row.locations is None else frozenset(row.locations),
            bool({"location_id", "location_ids"} & columns),
        )
        for row in warehouse.rows(
            f"SELECT ctid::text AS place, client_id, {location} AS location, {locations} AS locations FROM {table}",
            role="admin",
        )
    ]


def people_of(loaded: Loaded) -> list[Person]:
    """The seven roles, at one place, at two, everywhere; with a crew's name and without; at the other client."""
    first, second, *_ = loaded.places
    busiest = sorted(loaded.assigned, key=lambda name: (-len(loaded.assigned[name]), name))
    ours = [name for name in busiest if name[0] == OURS]
    return [
        Person("super", (("SUPER_ADMIN", None, ()),)),
        Person("admin", (("ADMIN", OURS, ()),)),
        Person("admin_of_one", (("ADMIN", OURS, (first,)),)),
        Person("manager", (("MANAGER", OURS, (first,)),)),
        Person("manager_of_two", (("MANAGER", OURS, (first, second)),)),
        Person("auditor", (("AUDITOR", OURS, ()),)),
        Person("dispatcher", (("DISPATCHER", OURS, (first,)),)),
        Person("driver", (("DRIVER", OURS, ()),), crew=(ours[0],)),
        Person("mover", (("MOVER", OURS, ()),), crew=(ours[1], ours[2])),
        Person("driver_unmapped", (("DRIVER", OURS, ()),)),
        # mapped, but to a name at the client where he is nobody
        Person("driver_elsewhere", (("DRIVER", THEIRS, ()),), crew=(ours[0],)),
        # mapped to a name, without a role
        Person("roleless", (), crew=(ours[0],)),
        Person("other_admin", (("ADMIN", THEIRS, ()),)),
        Person("other_auditor", (("AUDITOR", THEIRS, ()),)),
        Person("nobody", ()),
    ]


def admit_user(loaded: Loaded, connection: psycopg.Connection[Any], person: Person) -> None:
    """As an Airflow user, without a login of his own: logins belong to the cluster."""
    connection.execute("INSERT INTO access.people (person, user_name) VALUES (%s, %s)", (person.name, person.name))
    for role, client, places in person.grants:
        for place in places or (None,):
            connection.execute("SELECT access.grant_role(%s, %s, %s, %s)", (person.name, role, client, place))
    for client, account, name in person.crew:
        connection.execute("INSERT INTO crm.crew_people VALUES (%s, %s, %s, %s)", (client, account, name, person.name))
    loaded.people[person.name] = person


def _admit(loaded: Loaded, connection: psycopg.Connection[Any], person: Person) -> None:
    admit_user(loaded, connection, person)
    connection.execute("UPDATE access.people SET db_role = %s WHERE person = %s", (person.db_role, person.name))
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(person.db_role), sql.Literal(PASSWORD))
    )
    group = "branchline_crew" if person.is_crew else "branchline_reader"
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(person.db_role)))


def _sync(warehouse: Warehouse, seed: int, account: Account, **options: Any) -> None:
    with running(Options(now=NOW, seed=seed, rate_per_minute=0, monthly_quota=0, **options)) as vendor:
        is_moving = account.source == "smartmoving"
        line = (
            SmartMoving(warehouse, vendor, SMARTMOVING, account)
            if is_moving
            else Tekmetric(warehouse, vendor, TEKMETRIC, account)
        )
        statuses = line.sync()
    assert set(statuses.values()) == {"success"}, line.errors


def synced(warehouse: Warehouse) -> Loaded:
    """Two clients' rows with their corners, and nobody yet who sees them."""
    _sync(warehouse, 7, Account("smartmoving", "smartmoving", "smartmoving", OURS))
    _sync(warehouse, 11, Account("smartmoving", "acme", "smartmoving_acme", THEIRS))
    _sync(warehouse, 7, Account("tekmetric", "tekmetric", "tekmetric", OURS))
    loaded = Loaded(warehouse)
    # where journeys are, the busiest place first, so that no expectation is empty
    loaded.places = [
        row.location_id
        for row in warehouse.rows(
            "SELECT location_id FROM crm.truck_journeys INNER JOIN core.locations USING (client_id, location_id) "
            "WHERE client_id = %s AND is_mapped GROUP BY 1 ORDER BY count(*) DESC, 1",
            (OURS,),
        )
    ]
    loaded.place_clients = {
        row.location_id: row.client_id for row in warehouse.rows("SELECT location_id, client_id FROM core.locations")
    }
    _make_corners(loaded)
    for row in warehouse.rows("SELECT client_id, account, crew_member, external_id FROM crm.journey_crew"):
        key = (row.client_id, row.account, row.crew_member)
        loaded.assigned.setdefault(key, set()).add((row.client_id, row.external_id))
    return loaded


@pytest.fixture(scope="session")
def loaded(cluster: Cluster, template: str) -> Iterator[Loaded]:
    with fresh_database(cluster, template) as conninfo:
        migrations.create_roles(conninfo)  # a copied database does not inherit who may connect
        warehouse = Warehouse(conninfo)
        loaded = synced(warehouse)
        with psycopg.connect(warehouse.admin, autocommit=True) as connection:
            for person in people_of(loaded):
                _admit(loaded, connection, person)
        loaded.rows = [row for table in tenant_tables(warehouse) for row in owners_of(warehouse, table)]
        try:
            yield loaded
        finally:
            warehouse.execute(
                "DROP ROLE " + ", ".join(person.db_role for person in loaded.people.values())
            )  # roles belong to the cluster, which other tests use


def _make_corners(loaded: Loaded) -> None:
    """Rows that a small world may lack: one at the unmapped place, one of no place yet, one of two places."""
    first, second, *_ = loaded.places
    execute = loaded.warehouse.execute
    execute(
        "UPDATE smartmoving.opportunities SET location_id = (SELECT location_id FROM core.locations "
        "WHERE client_id = 'lgm' AND source = 'smartmoving' AND NOT is_mapped) "
        "WHERE ctid = (SELECT min(ctid) FROM smartmoving.opportunities "
        "WHERE client_id = 'lgm' AND location_id <> %s)",
        (first,),
    )
    for locations, place in (([], 0), ([first, second], 1)):
        execute(
            "UPDATE smartmoving.customers SET location_ids = %s WHERE customer_id = (SELECT customer_id FROM "
            "smartmoving.customers WHERE client_id = 'lgm' ORDER BY customer_id OFFSET %s LIMIT 1)",
            (locations, place),
        )
    execute(
        "INSERT INTO core.location_aliases VALUES ('lgm', 'smartmoving', 'smartmoving', 'A SPELLING', %s)", (first,)
    )
