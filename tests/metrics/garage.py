"""A shop's warehouse for the metrics: golden orders through the real typing, people with their pay, and rebuilds."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from branchline.metrics import Rebuilt, Scope, rebuild

from sandbox.tekmetric import golden
from tests.blocks.landed import after
from tests.tekmetric.landed import ACCOUNT, GOLDEN, ShopBench

#: What every rebuild of these shops finds: nobody has set the zone of one of them.
UNMAPPED = {"shop_unmapped": 1}


class Garage:
    """Shops of one client, ready to land orders in and to make metrics of."""

    def __init__(self, bench: ShopBench, loader: str) -> None:
        self.bench = bench
        self.loader = loader
        self._minutes = 0

    # ------------------------------------------------------------------------------------------------ what is landed

    def hire(self, shop: int = GOLDEN, *, paid: bool = True) -> None:
        """The golden people; without the shop API nobody's pay is known."""
        for number, first, last, role, hourly, _, _ in golden.EMPLOYEES:
            self.employ(number, first, last, role, hourly if paid else None, shop)

    def employ(self, number: int, first: str, last: str, role: int, hourly: int | None, shop: int = GOLDEN) -> None:
        self.bench.rows(
            "INSERT INTO tekmetric.employees AS known (client_id, account, tm_shop_id, tm_id, first_name, last_name, "
            "role, hourly_rate, observed_at, row_hash, location_id) SELECT 'auto', 'tekmetric', %(shop)s, %(number)s, "
            "%(first)s, %(last)s, %(role)s, %(hourly)s, now(), gen_random_uuid(), location_id FROM core.locations "
            "WHERE external_id = %(shop)s::text ON CONFLICT (client_id, account, tm_shop_id, tm_id) DO UPDATE "
            "SET hourly_rate = excluded.hourly_rate, synced_at = now() RETURNING 1",
            {"shop": shop, "number": number, "first": first, "last": last, "role": role, "hourly": hourly},
        )

    def pay(self, number: int, hourly: int | None) -> None:
        """A technician's pay from now on."""
        self.bench.rows(
            "UPDATE tekmetric.employees SET hourly_rate = %s, synced_at = now() WHERE tm_id = %s RETURNING 1",
            (hourly, number),
        )

    def own(self) -> None:
        """The golden customers and vehicles."""
        for number, first, last, business, _, _, _ in golden.CUSTOMERS:
            self.bench.rows(
                "INSERT INTO tekmetric.customers (client_id, account, tm_shop_id, tm_id, first_name, last_name, "
                "company_name, observed_at, row_hash) VALUES ('auto', 'tekmetric', %s, %s, %s, nullif(%s, ''), %s, "
                "now(), gen_random_uuid()) RETURNING 1",
                (GOLDEN, number, first, last, first if business else None),
            )
        for number, customer, year, make, model, _, _ in golden.VEHICLES:
            self.bench.rows(
                "INSERT INTO tekmetric.vehicles (client_id, account, tm_shop_id, tm_id, tm_customer_id, year, make, "
                "model, observed_at, row_hash) VALUES ('auto', 'tekmetric', %s, %s, %s, %s, %s, %s, now(), "
                "gen_random_uuid()) RETURNING 1",
                (GOLDEN, number, customer, year, make, model),
            )

    def take(self, *orders: dict[str, Any], shop: int = GOLDEN) -> None:
        """Land and merge repair orders, each call a minute after the last, and derive their totals."""
        self._minutes += 1
        self.bench.take("repair_orders", list(orders), at=after(self._minutes), shop=shop)
        self.bench.totals()

    def report(
        self, number: int, revenue: int, cost: int, *, labor: tuple[int, int] = (0, 0), margin: float | None = None
    ) -> None:
        """The vendor's own profit of an order; its margin follows from them unless one is given."""
        profit = revenue - cost
        self.bench.rows(
            "INSERT INTO tekmetric.profits AS known (client_id, account, tm_shop_id, tm_repair_order_id, "
            "authorized_revenue, authorized_cost, authorized_profit, authorized_margin, labor_revenue, labor_cost, "
            "labor_profit, observed_at, row_hash) VALUES ('auto', 'tekmetric', %s, %s, %s, %s, %s, %s, %s, %s, %s, "
            "now(), gen_random_uuid()) ON CONFLICT (client_id, account, tm_shop_id, tm_repair_order_id) DO UPDATE SET "
            "authorized_revenue = excluded.authorized_revenue, authorized_cost = excluded.authorized_cost, "
            "authorized_profit = excluded.authorized_profit, authorized_margin = excluded.authorized_margin, "
            "synced_at = now() RETURNING 1",
            (
                GOLDEN, number, revenue, cost, profit,
                margin if margin is not None else (profit / revenue if revenue else None),
                labor[0], labor[1], labor[0] - labor[1],
            ),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ what is made

    def rebuild(self, **scope: Any) -> Rebuilt:
        return rebuild(self.loader, ACCOUNT, Scope(**scope))

    def snapshots(self, *, all_of_them: bool = False) -> list[Any]:
        """Those that count; or the superseded and the manual ones too."""
        return self.bench.rows(
            "SELECT *, rate_sources::text AS rates FROM tekmetric.ro_snapshots "
            "WHERE %s OR NOT is_deleted ORDER BY ro_number, snapshot_date, snapshot_trigger",
            (all_of_them,),
        )

    def snapshot(self, number: int) -> Any:
        """The one that counts of an order."""
        (row,) = [row for row in self.snapshots() if row.ro_number == number]
        return row

    def day(self, day: str, shop: int = GOLDEN) -> Any | None:
        rows = self.bench.rows(
            "SELECT * FROM tekmetric.daily_shop_metrics WHERE metric_date = %s AND tm_shop_id = %s", (day, shop)
        )
        return rows[0] if rows else None

    def days(self) -> list[str]:
        rows = self.bench.rows("SELECT metric_date FROM tekmetric.daily_shop_metrics ORDER BY metric_date, tm_shop_id")
        return [str(row.metric_date) for row in rows]

    def technicians(self, day: str) -> dict[int, Any]:
        rows = self.bench.rows("SELECT * FROM tekmetric.tech_daily_metrics WHERE metric_date = %s", (day,))
        return {row.tm_technician_id: row for row in rows}

    def versions(self) -> dict[str, Any]:
        """Which physical row stands for each key: equal before and after means that nothing was written."""
        tables = ("ro_snapshots", "daily_shop_metrics", "tech_daily_metrics", "job_labor", "repair_orders")
        return {table: self.bench.rows(f"SELECT id, ctid, xmin FROM tekmetric.{table} ORDER BY id") for table in tables}


def edited(order: dict[str, Any], at: str, status: int | None = None, **fields: Any) -> dict[str, Any]:
    """An order as the vendor sends it after a change at that moment."""
    codes = {1: "ESTIMATE", 2: "WORKINPROGRESS", 3: "COMPLETE", 5: "POSTED", 6: "ACCRECV", 9: "NOBODY KNOWS"}
    told = deepcopy(order) | {"updatedDate": at} | fields
    if status is not None:
        told["repairOrderStatus"] = {"id": status, "code": codes[status], "name": codes[status]}
    return told


def order_id(number: int) -> int:
    """The vendor's id of a golden order."""
    return 1_000_000 + number


def labor(number: int, hours: float, rate: int, technician: int | None = golden.TECH_A) -> dict[str, Any]:
    """A labor line."""
    return {"id": number, "name": "Work", "hours": hours, "rate": rate, "technicianId": technician}
