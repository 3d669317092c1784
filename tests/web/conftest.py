"""The API on a warehouse with two clients' rows, and everybody who may want to see them: the people of tests/access."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from branchline import migrations

from stack.postgres import Cluster
from stack.testing import fresh_database
from tests.access.conftest import Loaded, admit_user, owners_of, people_of, synced, tenant_tables
from tests.conftest import Warehouse
from tests.web.front import Front, airflow_with_plugin

#: Somebody who signs in to Airflow and whom nobody has mapped.
STRANGER = "stranger"
#: Who is more than a viewer in Airflow, where rights are given apart from those in the warehouse.
IN_AIRFLOW = {"super": "admin", "admin": "op", "manager": "user"}


@dataclass(frozen=True)
class House:
    """The warehouse with its people, and the API in front of it."""

    loaded: Loaded
    front: Front

    @property
    def warehouse(self) -> Warehouse:
        return self.loaded.warehouse


@pytest.fixture(scope="session")
def house(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with fresh_database(cluster, template) as conninfo, fresh_database(cluster) as metadata:
        migrations.create_roles(conninfo)  # a copied database does not inherit who may connect
        warehouse = Warehouse(conninfo)
        loaded = synced(warehouse)
        with psycopg.connect(warehouse.admin, autocommit=True) as connection:
            for person in people_of(loaded):
                admit_user(loaded, connection, person)
        loaded.rows = [row for table in tenant_tables(warehouse) for row in owners_of(warehouse, table)]
        users = {user: IN_AIRFLOW.get(user, "viewer") for user in (*loaded.people, STRANGER)}
        home = tmp_path_factory.mktemp("front")
        with airflow_with_plugin(home, users, warehouse.as_role("api"), metadata) as front:
            yield House(loaded, front)


@pytest.fixture(scope="session")
def front(house: House) -> Front:
    return house.front


def lead_at(place: int, name: str = "Ann Example", **more: Any) -> dict[str, Any]:
    """What is sent to hand in a lead at a branch."""
    fields = {"fullName": name, "email": f"{name.split()[0].lower()}@example.com"} | more
    return {"location": place, "lead": fields}


@pytest.fixture
def rights_stay(house: House) -> Iterator[None]:
    """Rights as they were, whatever a test gives and takes: the house is the other tests' too."""
    newest = house.warehouse.one("SELECT max(grant_id) FROM access.grants")
    yield
    house.warehouse.execute("DELETE FROM access.grants WHERE grant_id > %s", (newest,))
    house.warehouse.execute("DELETE FROM access.people WHERE person <> ALL (%s)", (list(house.loaded.people),))
