"""Tekmetric records landed by hand: one client's shops, golden orders as the public API writes them, and small ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from branchline import ledger
from branchline.derive import derive
from branchline.ledger import Account
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tables import select_text
from branchline.warehouse import connect

from sandbox.tekmetric import golden_shop, order_rows
from sandbox.tekmetric.timeline import state_at
from tests.blocks.landed import Bench, Landed

ACCOUNT = Account("tekmetric", "tekmetric", "tekmetric", "auto")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: Pueblo's shop of the sandbox, whose orders are golden; one in New York; one whose zone nobody has set.
GOLDEN, EASTERN, ZONELESS = 4100, 4101, 4102
ZONES = {GOLDEN: "America/Denver", EASTERN: "America/New_York", ZONELESS: None}


class ShopBench(Bench):
    """A loader's connection whose slices belong to a shop."""

    def land(self, stream: str, records: Sequence[Any], *, shop: int | None = GOLDEN, **what: Any) -> Landed:
        landed = super().land(stream, records, **what)
        self.rows(
            "UPDATE ops.sync_slices SET location_id = (SELECT location_id FROM core.locations WHERE external_id = %s) "
            "WHERE slice_id = %s RETURNING 1",
            (str(shop), landed.slice_id),
        )
        return landed

    def totals(self, since: datetime = BEGINNING) -> int:
        """Derive what follows from lines; returns how many orders were written."""
        names = {"client": self.account.client, "account": self.account.account, "since": since, "sync_id": None}
        return self.connection.execute(select_text("tekmetric", "repair_orders.totals").encode(), names).rowcount

    def set_zone(self, shop: int, zone: str | None) -> None:
        self.rows("UPDATE core.locations SET timezone = %s WHERE external_id = %s RETURNING 1", (zone, str(shop)))

    def flaws(self) -> list[tuple[str, str, str, str]]:
        """What is open in the quarantine: table, severity, reason, field."""
        return [
            tuple(row)
            for row in self.rows(
                "SELECT table_name, severity, reason, field FROM ops.quarantine WHERE resolved_at IS NULL ORDER BY 1, 4"
            )
        ]


@contextmanager
def shops(conninfo: str) -> Iterator[ShopBench]:
    """A bench whose shops are known, with their zones."""
    with connect(conninfo, client=ACCOUNT.client) as connection:
        ledger.register_accounts(connection, [ACCOUNT])
        bench = ShopBench(connection, ACCOUNT, TEKMETRIC)
        bench.take("shops", [shop(number) for number in ZONES], shop=None)
        derive(connection, ACCOUNT, "core.locations", None)
        for number, zone in ZONES.items():
            bench.set_zone(number, zone)
        yield bench


def shop(number: int, **more: Any) -> dict[str, Any]:
    """A shop as the vendor sends it."""
    address = {"id": 1, "address1": "100 Fixture Cres", "address2": None, "city": "Pueblo", "state": "CO"}
    return {
        "id": number,
        "name": f"Garage {number} ",
        "nickname": "",
        "phone": "7195550100",
        "email": None,
        "website": None,
        "address": address | {"zip": "01003", "streetAddress": "100 Fixture Cres", "fullAddress": "-"},
        "roCustomLabelEnabled": False,
    } | more


def golden_order(number: int) -> dict[str, Any]:
    """A golden order at its end, as the public API writes it."""
    for order in golden_shop.orders():
        if order.number == number:
            state = state_at(order, datetime(2026, 7, 15, tzinfo=UTC))
            assert state is not None
            return deepcopy(order_rows.row(order, state))
    raise KeyError(number)


def order(number: Any, *jobs: dict[str, Any], status: int = 5, **more: Any) -> dict[str, Any]:
    """A repair order of the golden shop."""
    code, name = {1: ("ESTIMATE", "Estimate"), 3: ("COMPLETE", "Complete"), 5: ("POSTED", "Posted")}.get(
        status, (f"NEW{status} ", "New")
    )
    return {
        "id": number,
        "repairOrderNumber": number,
        "shopId": GOLDEN,
        "repairOrderStatus": {"id": status, "code": code, "name": name},
        "customerId": 1_900_001,
        "vehicleId": 7_600_004,
        "technicianId": None,
        "serviceWriterId": None,
        "completedDate": "2026-03-03T21:30:00Z",
        "postedDate": "2026-03-03T23:10:00Z",
        "laborSales": 0,
        "partsSales": 0,
        "subletSales": 0,
        "discountTotal": 0,
        "feeTotal": 0,
        "taxes": 0,
        "amountPaid": 0,
        "totalSales": 0,
        "jobs": list(jobs),
        "sublets": [],
        "fees": [],
        "discounts": [],
        "customerConcerns": [],
        "createdDate": "2026-03-03T16:00:00Z",
        "updatedDate": "2026-03-03T23:10:00Z",
        "deletedDate": None,
    } | more


def job(number: Any, *, authorized: bool | None = True, **lines: Any) -> dict[str, Any]:
    """A job; its lines by their lists' names."""
    return {
        "id": number,
        "name": "Oil Change",
        "authorized": authorized,
        "authorizedDate": "2026-03-03T17:00:00",
        "selected": True,
        "technicianId": 1_001_005,
        "parts": [],
        "labor": [],
        "fees": [],
        "discounts": [],
    } | lines


def part(number: Any, **more: Any) -> dict[str, Any]:
    """A part of a job."""
    return {
        "id": number,
        "name": "Oil (qt)",
        "quantity": 1,
        "retail": 1_000,
        "cost": 400,
        "partType": {"id": 1, "code": "PART", "name": "Part"},
    } | more
