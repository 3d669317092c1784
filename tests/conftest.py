"""What every test may ask for: a migrated warehouse of its own, the vendors, and a sync as the DAG's tasks run it."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from branchline import migrations, sync
from branchline.hooks.smartmoving import SmartMovingHook
from branchline.hooks.tekmetric import token_renewal
from branchline.ledger import Account, Run
from branchline.request import Request
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC
from branchline.stream import Source
from branchline.transport import Endpoint
from psycopg import sql
from psycopg.rows import namedtuple_row

from sandbox.options import Options
from sandbox.server import Running, running
from stack.postgres import Cluster
from stack.testing import fresh_database, login, prepare_template, temporary_cluster

PASSWORD = "only-in-tests"  # a throwaway cluster on loopback
ROLES = ("migrator", "loader", "reader", "api", "operator")
#: The instant that tests stand at unless they say otherwise: a Wednesday noon in Toronto.
NOW = datetime(2026, 7, 15, 16, 0, tzinfo=UTC)
KEY = "sandbox-smartmoving-key"


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


@dataclass
class Line(ABC):
    """A source's sync against a sandbox, step by step as the DAG's tasks do it."""

    warehouse: Warehouse
    vendor: Running
    source: Source
    account: Account
    concurrency: int = 8
    settings: dict[str, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    errors: list[Exception] = field(default_factory=list)

    @property
    def probe(self) -> Any:
        """The hook, where planning asks the vendor something."""
        return None

    @abstractmethod
    def endpoint(self) -> Endpoint:
        """Where the sandbox serves the source, with the credential that it accepts."""

    def endpoint_of(self, _api: str) -> Endpoint | None:
        """The same of one of its APIs; None where the account has no connection for it."""
        return self.endpoint()

    def begin(
        self,
        request: Request | None = None,
        *,
        run_id: str | None = None,
        instant: datetime = NOW,
        interval: tuple[datetime, datetime] | None = None,
    ) -> sync.Sync:
        """A run that has not done anything yet."""
        return sync.Sync(
            self.warehouse.loader,
            self.source,
            self.account,
            Run(self.source.slug, run_id or f"run {next(self.numbers)}"),
            request or Request(),
            instant,
            interval,
        )

    def wave(self, run: sync.Sync, wave: str) -> None:
        """Plan, fetch and merge one wave; the first error of a fetch is raised after the merge, as in the DAG."""
        endpoint = self.endpoint_of(self.source.api_of(wave))
        if endpoint is None:
            return
        planned = sync.plan_wave(run, wave, endpoint, self.probe)
        failure: Exception | None = None
        for chunk in planned.chunks:
            try:
                sync.fetch(run, endpoint, chunk)
            except Exception as error:  # noqa: BLE001 - as in the DAG, the merge follows whatever failed
                failure = failure or error
        sync.merge_wave(run, wave)
        if failure is not None:
            raise failure

    def sync(self, request: Request | None = None, **how: Any) -> dict[str, str]:
        """A whole run; errors of a step do not stop the next one, as in the DAG. Returns status a stream."""
        run = self.begin(request, **how)
        for wave in self.source.waves:
            try:
                self.wave(run, wave)
            except Exception as error:  # noqa: BLE001 - as in the DAG, the next wave follows
                self.errors.append(error)
        return sync.close(run)


class SmartMoving(Line):
    """SmartMoving's sync."""

    @property
    def probe(self) -> Any:
        return SmartMovingHook("smartmoving")

    def endpoint(self, key: str = KEY) -> Endpoint:
        return Endpoint(
            "smartmoving",
            self.account.account,
            self.vendor.smartmoving,
            {"x-api-key": key},
            refusals=SmartMovingHook.refusals,
            **({"concurrency": self.concurrency} | self.settings),
        )


class Tekmetric(Line):
    """Tekmetric's sync, with the shop API unless `has_shop_api` is taken away."""

    has_shop_api: bool = True

    def endpoint_of(self, api: str) -> Endpoint | None:
        if api == "shop" and self.has_shop_api:
            headers = {"x-auth-token": "sandbox-tekmetric-shop-token"}
            return Endpoint("tekmetric", f"{self.account.account} shop", self.vendor.tekmetric_shop, headers)
        return None if api else self.endpoint()

    def endpoint(self, secret: str = "sandbox-tekmetric-secret") -> Endpoint:
        return Endpoint(
            "tekmetric",
            self.account.account,
            self.vendor.tekmetric,
            {},
            renew=token_renewal(self.vendor.tekmetric, "sandbox-tekmetric-id", secret),
            **({"concurrency": self.concurrency} | self.settings),
        )


@pytest.fixture
def smartmoving(warehouse: Warehouse, vendors: Callable[..., Running]) -> Callable[..., SmartMoving]:
    """SmartMoving's sync: `smartmoving(**sandbox_options)`; `.vendor` is its sandbox, `.warehouse` its warehouse."""

    def make(*, settings: dict[str, Any] | None = None, concurrency: int = 8, **options: Any) -> SmartMoving:
        account = Account("smartmoving", "smartmoving", "smartmoving", "lgm")
        return SmartMoving(warehouse, vendors(**options), SMARTMOVING, account, concurrency, settings or {})

    return make


@pytest.fixture
def tekmetric(warehouse: Warehouse, vendors: Callable[..., Running]) -> Callable[..., Tekmetric]:
    """Tekmetric's sync: `tekmetric(**sandbox_options)`; `.vendor` is its sandbox, `.warehouse` its warehouse."""

    def make(*, settings: dict[str, Any] | None = None, concurrency: int = 8, **options: Any) -> Tekmetric:
        options = {"tekmetric_rate_per_minute": 0} | options
        account = Account("tekmetric", "tekmetric", "tekmetric", "garage")
        return Tekmetric(warehouse, vendors(**options), TEKMETRIC, account, concurrency, settings or {})

    return make


def window(first: str, last: str | None = None) -> Request:
    """A request for explicit service dates."""
    return Request(since=date.fromisoformat(first), until=date.fromisoformat(last or first))
