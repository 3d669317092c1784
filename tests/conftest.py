"""What every test may ask for: a migrated warehouse of its own, the vendors, and a sync as the DAG's tasks run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest
from branchline import migrations
from branchline.request import Request
from psycopg import sql
from psycopg.rows import namedtuple_row

from sandbox.options import Options
from sandbox.server import Running, running
from stack.postgres import Cluster
from stack.testing import fresh_database, login, prepare_template, temporary_cluster
from tests.contract.arrivy import Arrivy
from tests.contract.line import NOW, Line
from tests.contract.smartmoving import SmartMoving
from tests.contract.subject import Subject
from tests.contract.tekmetric import Tekmetric

PASSWORD = "only-in-tests"  # a throwaway cluster on loopback
ROLES = ("migrator", "loader", "reader", "api", "operator")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests counted by `record_property("walked ...", n)`, whichever process they ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name.startswith("walked "):
                terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with temporary_cluster() as started:
        yield started


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """A database with every migration, copied for each test."""

    def prepare(conninfo: str) -> None:
        migrations.create_roles(conninfo)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            for role in ROLES:
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                        sql.Identifier(f"branchline_{role}"), sql.Literal(PASSWORD)
                    )
                )
        migrations.upgrade(login(conninfo, "branchline_migrator", PASSWORD))

    return prepare_template(cluster, "branchline_template", prepare)


@dataclass(frozen=True)
class Warehouse:
    """A fresh warehouse and how each role reaches it."""

    admin: str

    def as_role(self, role: str) -> str:
        """Connection string of branchline_<role>."""
        return login(self.admin, f"branchline_{role}", PASSWORD)

    @property
    def loader(self) -> str:
        return self.as_role("loader")

    def rows(self, query: str, params: Any = None, *, role: str = "operator") -> list[Any]:
        """Ask as a role (the operator sees every row) and return named tuples."""
        conninfo = self.admin if role == "admin" else self.as_role(role)
        with psycopg.connect(conninfo, autocommit=True, row_factory=namedtuple_row) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def one(self, query: str, params: Any = None, *, role: str = "operator") -> Any:
        """The single row of a query; a single column comes as the bare value."""
        (row,) = self.rows(query, params, role=role)
        return row[0] if len(row) == 1 else row

    def execute(self, statement: str, params: Any = None) -> None:
        """Change something as the cluster's admin."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement.encode(), params)


@pytest.fixture
def warehouse(cluster: Cluster, template: str) -> Iterator[Warehouse]:
    with fresh_database(cluster, template) as conninfo:
        yield Warehouse(conninfo)


@pytest.fixture
def vendors() -> Iterator[Callable[..., Running]]:
    """Start a sandbox with the options a test names (small world, no limits, the tests' instant by default)."""
    started = []

    def start(**options: Any) -> Running:
        settings = {"now": NOW, "seed": 7, "rate_per_minute": 0, "monthly_quota": 0} | options
        context = running(Options(**settings))
        vendor = context.__enter__()
        started.append(context)
        return vendor

    yield start
    for context in reversed(started):
        context.__exit__(None, None, None)


def _line(kind: type[Subject], warehouse: Warehouse, vendors: Callable[..., Running]) -> Callable[..., Any]:
    """What makes a line of that kind."""

    def make(*, settings: dict[str, Any] | None = None, concurrency: int = 8, **options: Any) -> Line:
        vendor = vendors(**(dict(kind.SANDBOX) | options))
        return kind(warehouse, vendor, kind.SOURCE, kind.ACCOUNT, concurrency, settings or {})

    return make


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> type[Subject]:
    """The line that a test of the contract runs on; its mark `over` says which."""
    found: type[Subject] = request.param
    return found


@pytest.fixture
def make(kind: type[Subject], warehouse: Warehouse, vendors: Callable[..., Running]) -> Callable[..., Any]:
    """Makes a line of `kind`: `make(**sandbox_options)`."""
    return _line(kind, warehouse, vendors)


@pytest.fixture
def smartmoving(warehouse: Warehouse, vendors: Callable[..., Running]) -> Callable[..., SmartMoving]:
    """SmartMoving's sync: `smartmoving(**sandbox_options)`; `.vendor` is its sandbox, `.warehouse` its warehouse."""
    return _line(SmartMoving, warehouse, vendors)


@pytest.fixture
def tekmetric(warehouse: Warehouse, vendors: Callable[..., Running]) -> Callable[..., Tekmetric]:
    """Tekmetric's sync: `tekmetric(**sandbox_options)`; `.vendor` is its sandbox, `.warehouse` its warehouse."""
    return _line(Tekmetric, warehouse, vendors)


@pytest.fixture
def arrivy(warehouse: Warehouse, vendors: Callable[..., Running]) -> Callable[..., Arrivy]:
    """Arrivy's sync: `arrivy(**sandbox_options)`; `.vendor` is its sandbox, `.warehouse` its warehouse."""
    return _line(Arrivy, warehouse, vendors)


def window(first: str, last: str | None = None) -> Request:
    """A request for explicit service dates."""
    return Request(since=date.fromisoformat(first), until=date.fromisoformat(last or first))
