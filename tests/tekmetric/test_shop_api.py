"""What the shop API adds: pay, and the vendor's own profit of an order; and what holds without it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from branchline.metrics import rebuild

from tests.conftest import NOW
from tests.tekmetric.test_line import change, counts, truth_of

#: Columns that stay null without the shop API.
ALONE = {
    "employees": "hourly_rate salary pay_type status username",
    "repair_orders": "authorized_revenue authorized_cost authorized_profit authorized_gp_percent balance_due "
    "shop_supplies_total epa_total potential_tax",
    "jobs": "job_category_id canned_job_id tax parts_cost sublet_total sublet_cost gross_profit_amount "
    "gross_profit_percent",
    "job_parts": "core_charge vendor_id vendor_name ordered received backordered",
    "job_labor": "technician_name skill_level",
    "job_fees": "amount percentage cap taxable",
    "ro_fees": "percentage cap",
    "job_sublets": "tm_job_id",
}


def test_pay_comes_from_the_shop_api_and_stands_with_the_employee(tekmetric: Any) -> None:
    line = tekmetric()
    assert set(line.sync().values()) == {"success"}, line.errors
    told = truth_of(line)["byShop"]
    expected = {
        (int(shop), one["id"]): books["hourlyRates"].get(str(one["id"]))
        for shop, books in told.items()
        for one in books["employees"]
    }
    rows = line.warehouse.rows("SELECT tm_shop_id, tm_id, hourly_rate, status FROM tekmetric.employees")
    assert {(row.tm_shop_id, row.tm_id): row.hourly_rate for row in rows} == expected
    assert {row.status for row in rows} <= {"ACTIVE", "INACTIVE"}
    assert sum(rate is not None for rate in expected.values()) > 5


def test_the_vendors_profit_is_kept_apart_and_shown_with_the_order(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    figures = truth_of(line)["figures"]
    orders = {
        str(row.tm_id): row
        for row in line.warehouse.rows(
            "SELECT * FROM tekmetric.repair_orders WHERE NOT is_deleted AND (is_posted OR is_completed)"
        )
    }
    assert len(orders) > 80
    assert {key: row.authorized_revenue for key, row in orders.items()} == {
        key: figures[key]["revenue"] for key in orders
    }
    assert {key: row.authorized_profit for key, row in orders.items()} == {
        key: figures[key]["profit"] for key in orders
    }
    warranty = orders["1000105"]
    assert warranty.authorized_gp_percent == pytest.approx(-4900)


def test_an_order_that_changes_is_asked_for_again_and_no_other(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    line.sync(instant=NOW + timedelta(minutes=15))
    assert counts(line, "run 2")["profits"].api_calls == 0
    assert counts(line, "run 2")["pay"].api_calls == 0
    line.vendor.control.clock((NOW + timedelta(minutes=20)).isoformat())
    change(line, {"remove_part": 1000101})
    line.sync(instant=NOW + timedelta(minutes=30))
    assert counts(line, "run 3")["profits"].api_calls == 1


def test_without_the_shop_api_the_line_runs_and_its_columns_stay_null(tekmetric: Any) -> None:
    line = tekmetric()
    line.has_shop_api = False
    statuses = line.sync()
    assert set(statuses.values()) == {"success"}, line.errors
    assert not {"pay", "profits", "estimates"} & set(statuses)
    row = line.warehouse.one(
        "SELECT count(*) AS orders, count(authorized_revenue) AS known, sum(authorized_total) AS ours "
        "FROM tekmetric.repair_orders"
    )
    assert row.orders > 100
    assert row.known == 0
    assert row.ours > 0
    # what docs/vendors.md says that this API alone knows
    for table, columns in ALONE.items():
        known = ", ".join(f"count({name}) AS {name}" for name in columns.split())
        row = line.warehouse.one(f"SELECT count(*) AS rows, {known} FROM tekmetric.{table}")
        assert row.rows > 0
        assert not any(row[1:]), (table, row)


def test_a_shop_token_that_expired_leaves_what_the_public_api_gave(tekmetric: Any) -> None:
    line = tekmetric()
    change(line, {"shop_token": "another"})
    statuses = line.sync()
    assert statuses["repair_orders"] == "success"
    assert {statuses["pay"], statuses["profits"], statuses["estimates"]} == {"failed"}
    assert line.warehouse.one("SELECT count(*) FROM tekmetric.repair_orders") > 100


def test_pay_that_comes_later_makes_the_days_metrics_be_looked_at_again(tekmetric: Any) -> None:
    line = tekmetric()
    line.has_shop_api = False
    line.sync()
    rebuild(line.warehouse.loader, line.account)
    cost = "SELECT labor_cost FROM tekmetric.ro_snapshots WHERE tm_repair_order_id = 1000101"
    assert line.warehouse.one(cost) is None
    line.has_shop_api = True
    line.sync(instant=NOW + timedelta(minutes=15))
    rebuild(line.warehouse.loader, line.account)
    assert line.warehouse.one(cost) == 1_500


def test_the_vendors_profit_of_an_older_version_counts_no_more(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    vendors = "SELECT authorized_revenue FROM tekmetric.repair_orders WHERE tm_id = 1000101"
    assert line.warehouse.one(vendors) == 13_465
    line.vendor.control.clock((NOW + timedelta(minutes=5)).isoformat())
    change(line, {"remove_part": 1000101}, {"shop_token": "another"})
    line.sync(instant=NOW + timedelta(minutes=15))
    assert line.warehouse.one(vendors) is None
    assert line.warehouse.one("SELECT count(authorized_revenue) FROM tekmetric.repair_orders") > 50
    change(line, {"shop_token": "sandbox-tekmetric-shop-token"})
    line.sync(instant=NOW + timedelta(minutes=30))
    told = truth_of(line)["figures"]["1000101"]["revenue"]
    assert line.warehouse.one(vendors) == told < 13_465
