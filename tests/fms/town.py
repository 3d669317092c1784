"""Partners with addresses, written by hand, and the nights on which they are placed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from branchline import sync
from branchline.geocoding import Outcome, Service
from branchline.ledger import Account, Run
from branchline.request import Request
from branchline.sources.fms import FMS

from sandbox.server import Running
from tests.conftest import NOW, Warehouse

KEY = "sandbox-geocoder-key"
NOWHERE = "1 Demo Rd, Nowhere Springs, ZZ"
ACCOUNT = Account("fms", "fms", "fms", "press")


class Town:
    """A warehouse with partners, an office they belong to, and a geocoder."""

    def __init__(self, warehouse: Warehouse, vendor: Running) -> None:
        self.warehouse = warehouse
        self.vendor = vendor
        domain = vendor.geocoder.partition("//")[2]
        # whatever the sandbox allows, these tests do not wait for it
        self.service = Service("google", "fms geocoder", "http", domain, KEY, per_second=1000)
        self._runs = itertools.count(1)
        warehouse.execute("INSERT INTO core.clients (client_id) VALUES ('press')")

    def offices(self, *names: str) -> None:
        self.warehouse.execute(
            "INSERT INTO core.locations (client_id, source, account, external_id, name) "
            "SELECT 'press', 'fms', 'fms', name, name FROM unnest(%s::text[]) AS name",
            (list(names),),
        )

    def partners(self, *addresses: str | None) -> None:
        """These are the addresses of partners 0, 1, and so on."""
        self.warehouse.execute(
            "INSERT INTO fms.media_partners (client_id, account, person_id, office, address, observed_at, row_hash) "
            "SELECT 'press', 'fms', person - 1, 'Dallas', address, now(), md5('')::uuid "
            "FROM unnest(%s::text[]) WITH ORDINALITY AS sent (address, person) "
            "ON CONFLICT (client_id, account, person_id, office) DO UPDATE SET address = excluded.address",
            (list(addresses),),
        )

    def streets(self, count: int, city: str = "Dallas, TX") -> list[str]:
        """So many addresses that the sandbox finds."""
        return [f"{100 + number} Sample St, {city}" for number in range(count)]

    def night(self, service: Service | None = None, *, dry_run: bool = False, **changes: Any) -> Outcome:
        run = sync.Sync(
            self.warehouse.loader, FMS, ACCOUNT, Run("fms", f"run {next(self._runs)}"), Request(dry_run=dry_run), NOW
        )
        return sync.place(run, replace(service or self.service, **changes))

    def without(self) -> Outcome:
        """A night without a geocoder."""
        return sync.place(sync.Sync(self.warehouse.loader, FMS, ACCOUNT, Run("fms", "without"), Request(), NOW), None)

    def expire(self, days: int = 31) -> None:
        """Let so many days pass for what is kept."""
        self.warehouse.execute(
            "UPDATE fms.geocodes SET expires_at = expires_at - %(days)s, fetched_at = fetched_at - %(days)s",
            {"days": timedelta(days=days)},
        )

    def fault(self, body: str, times: int | None = None) -> None:
        """Let the geocoder answer this instead."""
        rule: dict[str, Any] = {"match": "geocode/json", "action": {"kind": "body", "body": body}}
        self.vendor.control.faults(rule | ({} if times is None else {"times": times}))

    def fail(self, status: int, times: int | None = None) -> None:
        """Let the geocoder answer with this HTTP status."""
        rule: dict[str, Any] = {"match": "geocode/json", "action": {"kind": "status", "status": status}}
        self.vendor.control.faults(rule | ({} if times is None else {"times": times}))

    @property
    def asked(self) -> dict[str, int]:
        """How often the geocoder answered for each address; an answer that a fault replaced does not count."""
        told: dict[str, int] = self.vendor.control.truth("0001-01-01", "9999-12-31", source="geocoder")["asked"]
        return told

    @property
    def statuses(self) -> dict[str, int]:
        """The geocoder's own answers by status."""
        told: dict[str, int] = self.vendor.control.truth("0001-01-01", "9999-12-31", source="geocoder")["byStatus"]
        return told

    @property
    def served(self) -> int:
        """Calls, those that a fault answered among them."""
        by_path: dict[str, dict[str, int]] = self.vendor.control.served()["by_path"]
        return sum(sum(counts.values()) for path, counts in by_path.items() if "/geocoder/" in path)

    def placed(self) -> list[Any]:
        """The partners in order."""
        return self.warehouse.rows("SELECT * FROM fms.media_partners ORDER BY person_id::integer")

    def known(self) -> list[Any]:
        """The cache."""
        return self.warehouse.rows("SELECT * FROM fms.geocodes ORDER BY address_key")

    def check(self) -> Any:
        """The newest row of the check."""
        return self.warehouse.rows("SELECT * FROM ops.check_results ORDER BY check_result_id DESC")[0]
