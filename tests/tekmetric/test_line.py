"""Tekmetric's sync against the sandbox: the vendor's world and the warehouse agree, and a cursor reads what changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline.request import Request

from tests.conftest import NOW

EVER = ("0001-01-01", "9999-12-31")


def truth_of(line: Any) -> dict[str, Any]:
    told: dict[str, Any] = line.vendor.control.truth(*EVER, source="tekmetric")
    return told


def change(line: Any, *commands: dict[str, Any]) -> Any:
    return line.vendor.control.change(*commands, source="tekmetric")


def counts(line: Any, run: str) -> dict[str, Any]:
    rows = line.warehouse.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (run,))
    return {row.sync_type: row for row in rows}


@pytest.mark.parametrize("seed", [7, 23])
def test_the_warehouse_equals_the_shops_books(tekmetric: Any, seed: int) -> None:
    line = tekmetric(seed=seed)
    assert set(line.sync().values()) == {"success"}, line.errors
    told = truth_of(line)["byShop"]
    rows = line.warehouse.rows

    orders = {
        (int(shop), order["id"]): (
            order["repairOrderNumber"],
            order["repairOrderStatus"]["id"],
            order["totalSales"],
            order["taxes"],
            order["deletedDate"] is not None,
        )
        for shop, books in told.items()
        for order in books["repairOrders"]
    }
    assert len(orders) > 100
    assert any(is_deleted for *_, is_deleted in orders.values())
    assert {
        (row.tm_shop_id, row.tm_id): (row.ro_number, row.status_id, row.total_sales, row.taxes, row.is_deleted)
        for row in rows("SELECT * FROM tekmetric.repair_orders")
    } == orders

    jobs = [
        (int(shop), job) for shop, books in told.items() for order in books["repairOrders"] for job in order["jobs"]
    ]
    assert {(row.tm_shop_id, row.tm_id, row.authorized) for row in rows("SELECT * FROM tekmetric.jobs")} == {
        (shop, job["id"], job["authorized"]) for shop, job in jobs
    }
    for table, key in (("job_parts", "parts"), ("job_labor", "labor"), ("job_fees", "fees")):
        found = rows(f"SELECT count(*) AS lines FROM tekmetric.{table}")[0].lines
        assert found == sum(len(job[key]) for _, job in jobs), table
        assert found > 0, table

    for table, key in (("customers", "customers"), ("vehicles", "vehicles"), ("employees", "employees")):
        assert {(row.tm_shop_id, row.tm_id) for row in rows(f"SELECT tm_shop_id, tm_id FROM tekmetric.{table}")} == {
            (int(shop), one["id"]) for shop, books in told.items() for one in books[key]
        }, table
    assert rows("SELECT count(*) AS n FROM ops.quarantine WHERE severity = 'record'")[0].n == 0


def test_a_shops_zone_is_proposed_from_its_address(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync(Request(streams=("shops",)))
    zones = {
        row.external_id: row.timezone for row in line.warehouse.rows("SELECT * FROM core.locations WHERE is_mapped")
    }
    assert zones == {str(shop["id"]): shop["timezone"] for shop in truth_of(line)["shops"]}
    assert len(set(zones.values())) > 2


def test_a_zone_that_nobody_knows_stops_no_shop(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync(Request(streams=("shops",)))
    line.warehouse.execute("UPDATE core.locations SET timezone = 'Central' WHERE external_id = '4101'")
    assert set(line.sync().values()) == {"success"}, line.errors
    days = line.warehouse.rows(
        "SELECT tm_shop_id, count(posted_date) AS days FROM tekmetric.repair_orders WHERE is_posted GROUP BY 1"
    )
    assert {row.tm_shop_id for row in days if row.days == 0} == {4101}


def test_posted_days_are_the_shops_own(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    figures = truth_of(line)["figures"]
    found = {
        str(row.tm_id): str(row.posted_date) if row.posted_date and row.is_posted else None
        for row in line.warehouse.rows("SELECT * FROM tekmetric.repair_orders")
    }
    expected = {order: figure["postedDay"] if figure["isPosted"] else None for order, figure in figures.items()}
    assert found == expected
    assert sum(day is not None for day in found.values()) > 50


def test_the_second_run_reads_two_hours_back_and_changes_nothing(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    before = line.warehouse.one("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables", role="admin")
    assert before
    assert set(line.sync(instant=NOW + timedelta(minutes=15)).values()) == {"success"}, line.errors
    second = counts(line, "run 2")
    assert 0 < second["repair_orders"].records_fetched < counts(line, "run 1")["repair_orders"].records_fetched / 4
    assert all(row.created == row.updated == row.stale == row.deleted == 0 for row in second.values())
    written = line.warehouse.rows(
        "SELECT tm_id FROM tekmetric.repair_orders INNER JOIN ops.sync_history USING (sync_id) WHERE run_id = 'run 2'"
    )
    assert written == []


def test_what_changed_since_the_cursor_comes_and_nothing_else(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    line.vendor.control.clock((NOW + timedelta(minutes=30)).isoformat())
    change(line, {"fraction": 0.1})
    line.sync(instant=NOW + timedelta(minutes=31))
    second = counts(line, "run 2")["repair_orders"]
    assert second.updated > 3
    told = {
        order["id"]: order["totalSales"]
        for books in truth_of(line)["byShop"].values()
        for order in books["repairOrders"]
    }
    assert {row.tm_id: row.total_sales for row in line.warehouse.rows("SELECT * FROM tekmetric.repair_orders")} == told


def test_a_cursor_of_the_future_reads_nothing_and_says_so_until_a_full_run(tekmetric: Any, caplog: Any) -> None:
    line = tekmetric()
    line.sync()
    line.warehouse.execute(
        "UPDATE ops.sync_cursors SET cursor_value = '\"2999-01-01T00:00:00+00:00\"' WHERE stream = 'repair_orders'"
    )
    run = line.begin()
    from branchline import sync

    planned = sync.plan_wave(run, "changes", line.endpoint())
    assert [note for note in planned.notes if "lies in the future" in note and "repair_orders" in note]
    line.sync(Request(full=True), instant=NOW + timedelta(minutes=1))
    values = line.warehouse.rows("SELECT cursor_value FROM ops.sync_cursors WHERE stream = 'repair_orders'")
    assert values
    assert all(datetime.fromisoformat(row.cursor_value) < NOW for row in values)


def test_a_window_that_somebody_chose_does_not_move_the_cursor(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync(Request(streams=("shops",)))
    line.sync(Request(streams=("repair_orders",), since=date(2026, 7, 10), until=date(2026, 7, 12)))
    assert 0 < counts(line, "run 2")["repair_orders"].created < 100
    assert line.warehouse.rows("SELECT * FROM ops.sync_cursors WHERE stream = 'repair_orders'") == []


def test_a_backfill_reads_the_changes_of_its_interval(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync(Request(streams=("shops",)))
    interval = (datetime(2026, 7, 13, tzinfo=UTC), datetime(2026, 7, 14, tzinfo=UTC))
    line.sync(Request(streams=("repair_orders",), is_backfill=True), interval=interval)
    found = line.warehouse.rows("SELECT updated_date FROM tekmetric.repair_orders")
    assert found
    assert all(interval[0] <= row.updated_date <= interval[1] for row in found)


def test_T42_a_customer_and_a_vehicle_that_no_list_shows_are_asked_for_by_id(tekmetric: Any) -> None:
    line = tekmetric()
    order = next(
        order
        for books in truth_of(line)["byShop"].values()
        for order in books["repairOrders"]
        if order["deletedDate"] is None and order["shopId"] != 4100
    )
    change(line, {"hide_customer": order["customerId"]}, {"hide_vehicle": order["vehicleId"]})
    assert set(line.sync().values()) == {"success"}, line.errors
    rows = line.warehouse.rows
    first = counts(line, "run 1")
    assert (first["missing_customers"].created, first["missing_vehicles"].created) == (1, 1)
    (vehicle,) = rows("SELECT * FROM tekmetric.vehicles WHERE tm_id = %s", (order["vehicleId"],))
    assert vehicle.tm_shop_id == order["shopId"]
    assert rows("SELECT 1 FROM tekmetric.customers WHERE tm_id = %s", (order["customerId"],))
    line.sync(instant=NOW + timedelta(minutes=15))
    assert counts(line, "run 2")["missing_customers"].records_fetched == 0


def test_T42_what_the_vendor_does_not_have_either_is_not_asked_for_every_time(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    line.warehouse.execute("UPDATE tekmetric.repair_orders SET tm_customer_id = 999999999 WHERE tm_id = 1000101")
    line.sync(instant=NOW + timedelta(minutes=15))
    assert counts(line, "run 2")["missing_customers"].api_calls == 1
    line.sync(instant=NOW + timedelta(minutes=30))
    assert counts(line, "run 3")["missing_customers"].api_calls == 0


def test_T41_a_part_that_was_removed_leaves_with_its_orders_transaction(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    parts = "SELECT name FROM tekmetric.job_parts WHERE tm_repair_order_id = 1000101"
    assert len(line.warehouse.rows(parts)) == 2
    line.vendor.control.clock((NOW + timedelta(minutes=5)).isoformat())
    change(line, {"remove_part": 1000101})
    line.sync(instant=NOW + timedelta(minutes=15))
    assert len(line.warehouse.rows(parts)) == 1


def test_a_deleted_order_is_kept_and_marked(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    line.vendor.control.clock((NOW + timedelta(minutes=5)).isoformat())
    change(line, {"delete": 1000107})
    line.sync(instant=NOW + timedelta(minutes=15))
    (order,) = line.warehouse.rows("SELECT * FROM tekmetric.repair_orders WHERE tm_id = 1000107")
    assert order.is_deleted
    assert order.source_deleted_at == order.deleted_at or order.deleted_at is not None
    assert counts(line, "run 2")["deleted_repair_orders"].deleted == 1
    jobs = line.warehouse.rows("SELECT is_deleted FROM tekmetric.jobs WHERE tm_repair_order_id = 1000107")
    assert jobs
    assert all(job.is_deleted for job in jobs)
    line.sync(instant=NOW + timedelta(minutes=30))
    assert all(row.created == row.updated == 0 for row in counts(line, "run 3").values())
