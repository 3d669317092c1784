from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from branchline import geocoding, sync
from branchline.geocoding import Outcome, Service
from branchline.request import Request

from sandbox.fms.offices import OFFICES
from stack.postgres import Cluster
from stack.testing import fresh_database
from tests.conftest import Warehouse
from tests.contract.fms import Fms as Subject
from tests.fms.books import Books
from tests.fms.desk import Desk
from tests.fms.town import Town


class Fms(Subject):
    """FMS's sync, the placing of addresses included."""

    geocoder: Service | None = None
    placed: Outcome | None = None

    def sync(self, request: Request | None = None, **how: Any) -> dict[str, str]:
        run = self.begin(request, **how)
        try:
            self.wave(run, "reports")
        except Exception as error:  # noqa: BLE001 - as in the DAG, the next step follows
            self.errors.append(error)
        self.placed = sync.place(run, self.geocoder)
        return sync.close(run)


@pytest.fixture
def fms(warehouse: Warehouse, vendors: Callable[..., Any]) -> Callable[..., Fms]:
    """FMS's sync: `fms(**sandbox_options)`; `.vendor` is its sandbox, `.warehouse` its warehouse."""

    def make(*, settings: dict[str, Any] | None = None, concurrency: int = 8, **options: Any) -> Fms:
        vendor = vendors(**{"geocoder_rate_per_second": 0} | options)
        line = Fms(warehouse, vendor, Fms.SOURCE, Fms.ACCOUNT, concurrency, settings or {})
        service = Service("google", "fms geocoder", "http", vendor.geocoder.partition("//")[2], "sandbox-geocoder-key")
        line.geocoder = replace(service, per_second=1000)
        return line

    return make


@pytest.fixture
def desk(warehouse: Warehouse, tmp_path: Path) -> Desk:
    """A watched folder, and a warehouse that knows the offices from the reports."""
    warehouse.execute("INSERT INTO core.clients (client_id) VALUES ('press')")
    warehouse.execute(
        "INSERT INTO core.locations (client_id, source, account, external_id, name) "
        "SELECT 'press', 'fms', 'fms', name, name FROM unnest(%s::text[]) AS name",
        ([office.name for office in OFFICES],),
    )
    return Desk(warehouse, tmp_path / "folder")


@pytest.fixture
def town(warehouse: Warehouse, vendors: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Town]:
    """Partners to be placed: `town(**sandbox_options)`; no retry of theirs is waited for."""
    monkeypatch.setattr(geocoding, "BACKOFF_SECONDS", 0.01)

    def make(**options: Any) -> Town:
        return Town(warehouse, vendors(**{"geocoder_rate_per_second": 0, "nominatim_rate_per_second": 0} | options))

    return make


@pytest.fixture(scope="module")
def library(cluster: Cluster, template: str) -> Iterator[Warehouse]:
    """A warehouse that all tests of a file share, each with a client of its own."""
    with fresh_database(cluster, template) as conninfo:
        yield Warehouse(conninfo)


@pytest.fixture
def books(library: Warehouse) -> Books:
    """A new client, with the office of Dallas."""
    made = Books(library)
    made.office("Dallas")
    return made
