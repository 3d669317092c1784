"""Tekmetric as the contract's tests see it: a chain's repair orders, read shop by shop from the last change on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from branchline import plan
from branchline.hooks.tekmetric import token_renewal
from branchline.ledger import Account, SliceSpec
from branchline.plan import Place, Span
from branchline.request import Request
from branchline.sources.tekmetric import TEKMETRIC
from branchline.transport import Endpoint

from sandbox.tekmetric.paging import SHAPE
from tests.contract.facts import ById, Case, Listing
from tests.contract.line import NOW
from tests.contract.subject import Subject
from tests.contract.tekmetric_records import RECORDS

#: The golden shop, whose orders stand still; the shops that are drawn follow it.
GOLDEN = 4100
EVER = ("0001-01-01", "9999-12-31")


class Tekmetric(Subject):
    """Tekmetric's sync, with the shop API unless `has_shop_api` is taken away."""

    has_shop_api: bool = True

    SOURCE = TEKMETRIC
    ACCOUNT = Account("tekmetric", "tekmetric", "tekmetric", "garage")
    SANDBOX: ClassVar = {"tekmetric_rate_per_minute": 0}
    LACKS: ClassVar = {
        "open_ended": "each page tells how many there are (contract, section 1.4)",
        "required_day": "every date of a record may be missing",
        "absence": "a list shows what changed, so what it does not show has not",
        "windows": "what is read follows the vendor's time of change, not a service date",
        "names": "a record belongs to the shop whose id it carries, or whose list it came by",
        "keys": "the vendor gives the same token again and again while it lives (contract, section 1.1)",
    }
    LIST = Listing(
        stream="repair_orders",
        route="GET /tekmetric/public/api/v1/repair-orders",
        calls=r"/repair-orders\?shop=\d+&updated",
        sized=r"/repair-orders\?shop=\d+&updated",
        shape=SHAPE,
        text="keytag",
        spare="color",
        others=4,  # the pass that shows deleted orders, for each shop
    )
    ROOT = "tekmetric.repair_orders"
    TABLES = ("tekmetric.customers", "tekmetric.vehicles", "tekmetric.employees", "tekmetric.jobs", "core.locations")
    SCHEMAS = ("tekmetric",)
    WRITTEN_AT = frozenset(("created_at", "updated_at", "last_synced_at"))
    DIRT = frozenset((("tekmetric.vehicles", "field", "not_a_date", "production_date"),))
    PLACES = "shops"
    BARE = ("shops", "/api/v1/shops")
    BY_ID = ById(
        "missing_customers",
        r"/api/v1/(customers|vehicles)/\d",
        (("missing_customers", "[]"), ("missing_customers", "{}"), ("missing_vehicles", "[]"), ("profits", "null")),
    )
    CURSOR = "repair_orders"
    MANY = 12
    LITTLE: ClassVar = {
        "tekmetric_shops": 1,
        "tekmetric_days": 3,
        "tekmetric_orders_per_day": 3,
        "tekmetric_golden": False,
    }
    PLACED: ClassVar = {"tekmetric_days": 1, "tekmetric_orders_per_day": 5, "page_cap": 5}
    POINTS: ClassVar = {
        "mid-COPY of the list": (
            "BEFORE INSERT ON landing.records FOR EACH ROW WHEN (NEW.ordinal = 3)",
            "repair_orders",
        ),
        "after staging": ("BEFORE INSERT ON ops.quarantine FOR EACH STATEMENT", "repair_orders"),
        "inside the merge": ("BEFORE INSERT ON tekmetric.job_parts FOR EACH STATEMENT", "repair_orders"),
        "inside a merge of the shop API's": ("BEFORE INSERT ON tekmetric.profits FOR EACH STATEMENT", "profits"),
        "after the merge, before the ledger": (
            "BEFORE UPDATE ON ops.sync_history FOR EACH ROW WHEN (NEW.records_fetched > 0)",
            "repair_orders",
        ),
        "inside the derivation": ("BEFORE UPDATE ON tekmetric.repair_orders FOR EACH STATEMENT", None),
    }
    RECORDS = RECORDS

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

    @classmethod
    def world(cls, records: int = 60, slices: int = 3) -> dict[str, Any]:
        days = 20
        return {
            "tekmetric_shops": slices,
            "tekmetric_days": days,
            "tekmetric_orders_per_day": -(-records // days),
            "page_cap": 5,
        }

    def slices(self, count: int) -> list[SliceSpec]:
        return self._changes([GOLDEN + 1 + place for place in range(count)])

    def calls_of(self, place: int) -> str:
        return rf"/repair-orders\?shop={GOLDEN + 1 + place}&updated"

    def expected(self, place: int) -> int:
        orders = self._truth()["byShop"][str(GOLDEN + 1 + place)]["repairOrders"]
        return sum(order["deletedDate"] is None for order in orders)

    @property
    def one_slice(self) -> Request:
        return Request(streams=("repair_orders",), locations=(str(GOLDEN + 1),))

    def places(self, count: int) -> list[str]:
        return [str(GOLDEN + place) for place in range(count)]

    def by_place(self, count: int) -> list[SliceSpec]:
        return self._changes([GOLDEN + place for place in range(count)])

    def calls_at(self, place: int) -> str:
        return rf"/repair-orders\?shop={GOLDEN + place}&updated"

    def keys(self) -> list[str]:
        return [str(one["id"]) for books in self._truth()["byShop"].values() for one in books["customers"]]

    def insert(self, count: int) -> None:
        self._change({"insert": count, "shop": GOLDEN + 1})

    def give_pages_of(self, size: int) -> None:
        self._change({"page_cap": size})

    def grow_old(self, minutes: int) -> datetime:
        instant = NOW + timedelta(minutes=minutes)
        self.vendor.control.clock(instant.isoformat())
        return instant

    def change(self) -> Case:
        order = self.warehouse.one(
            "SELECT min(tm_repair_order_id) FROM tekmetric.job_parts INNER JOIN tekmetric.jobs "
            "USING (client_id, account, tm_shop_id, tm_repair_order_id) "
            "WHERE jobs.tm_id = tm_job_id AND jobs.authorized AND job_parts.total > 0 AND NOT jobs.is_deleted"
        )
        ask = (
            f"SELECT authorized_total FROM tekmetric.repair_orders WHERE tm_id = {order} "
            f"AND account = '{self.account.account}'"
        )
        before = self.warehouse.one(ask)
        self._change({"remove_part": order})
        told = self._truth()["figures"][str(order)]["revenue"]
        assert told < before
        return Case("repair_orders", (), ask, told)

    def remove_child(self) -> list[tuple[str, tuple[Any, ...]]]:
        found = self.warehouse.one("SELECT min(tm_repair_order_id) FROM tekmetric.job_parts WHERE NOT is_deleted")
        (done,) = self._change({"remove_part": found})
        query = "SELECT FROM tekmetric.job_parts WHERE tm_repair_order_id = %s AND tm_id = %s"
        return [(query, (found, done["removed"]))]

    def prepare(self) -> list[tuple[str, tuple[Any, ...]]]:
        orders = self._truth()["byShop"][str(GOLDEN + 1)]["repairOrders"]
        order = next(order for order in orders if order["deletedDate"] is None)
        self._change({"hide_customer": order["customerId"]}, {"hide_vehicle": order["vehicleId"]})
        return [
            (f"SELECT FROM tekmetric.{table} WHERE tm_id = %s AND tm_shop_id = %s", (order[key], order["shopId"]))
            for table, key in (("customers", "customerId"), ("vehicles", "vehicleId"))
        ]

    def overlapping(self) -> dict[str, Any]:
        return {"request": Request(is_backfill=True), "interval": (NOW - timedelta(days=2), NOW - timedelta(days=1))}

    def held(self) -> Endpoint:
        return replace(self.endpoint(), headers=self.other_headers(), renew=None)

    def other_headers(self) -> Mapping[str, str]:
        renew = self.endpoint().renew
        assert renew is not None

        async def ask() -> Mapping[str, str]:
            return await renew()

        return asyncio.run(ask())

    def expired(self) -> Endpoint:
        held = self.held()
        self._change({"revoke_token": True})
        return replace(held, renew=self.endpoint("the-secret-of-last-year").renew)

    def served(self) -> int:
        by_path = self.vendor.control.served()["by_path"]
        return sum(sum(calls.values()) for path, calls in by_path.items() if not path.endswith("/oauth/token"))

    def _changes(self, shops: list[int]) -> list[SliceSpec]:
        places = [Place(number, str(shop), f"Shop {shop}", None) for number, shop in enumerate(shops)]
        spans = {place.location_id: Span(None, NOW) for place in places}
        stream = self.source.stream("repair_orders")
        return plan.changes(stream, places, spans, "today", moves_cursor=False)

    def _truth(self) -> dict[str, Any]:
        told: dict[str, Any] = self.vendor.control.truth(*EVER, source="tekmetric")
        return told

    def _change(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        return self.vendor.control.change(*commands, source="tekmetric")
