from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from stack.postgres import Cluster
from stack.testing import fresh_database
from tests.conftest import Warehouse
from tests.fms.conftest import Fms
from tests.upkeep.book import Book
from tests.upkeep.sinks import Sink, mail_server, web_server


@pytest.fixture(scope="module")
def shelf(cluster: Cluster, template: str) -> Iterator[Warehouse]:
    """A warehouse that the books of a file share, since none is committed."""
    with fresh_database(cluster, template) as conninfo:
        yield Warehouse(conninfo)


@pytest.fixture
def book(shelf: Warehouse) -> Iterator[Book]:
    with psycopg.connect(shelf.admin, row_factory=namedtuple_row) as connection:
        yield Book(connection)
        connection.rollback()


@pytest.fixture
def written(warehouse: Warehouse) -> Iterator[Callable[..., Book]]:
    """Books in a warehouse of the test's own: `written(client="acme", ...)`; what is written is committed at once."""
    with psycopg.connect(warehouse.admin, row_factory=namedtuple_row, autocommit=True) as connection:
        yield lambda **about: Book(connection, **about)


@pytest.fixture
def fms(warehouse: Warehouse, vendors: Callable[..., Any]) -> Callable[..., Fms]:
    """FMS's sync, without a geocoder."""

    def make(**options: Any) -> Fms:
        vendor = vendors(**{"geocoder_rate_per_second": 0} | options)
        return Fms(warehouse, vendor, Fms.SOURCE, Fms.ACCOUNT)

    return make


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A mail server that the Connection `oncall_mail` leads to."""
    with mail_server() as sink:
        extra = {"from_email": "branchline@example.com", "disable_tls": True, "disable_ssl": True, "timeout": 5}
        place = {"conn_type": "smtp", "host": "127.0.0.1", "port": sink.port}
        monkeypatch.setenv("AIRFLOW_CONN_ONCALL_MAIL", json.dumps(place | {"extra": extra}))
        yield sink


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A webhook that the Connection `oncall_chat` leads to; its path is a secret."""
    with web_server() as sink:
        place = {"conn_type": "http", "host": f"http://127.0.0.1:{sink.port}/services/T0/canary-of-the-path"}
        monkeypatch.setenv("AIRFLOW_CONN_ONCALL_CHAT", json.dumps(place))
        yield sink
