"""The schema itself: ids, keys, vocabularies, the vendor's own profit, the views, and who sees which shop."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tables import read_table, select_text, watched_columns
from branchline.warehouse import render
from psycopg.types.json import Jsonb

from tests.blocks.landed import BEGAN, after
from tests.tekmetric.landed import ACCOUNT, EASTERN, GOLDEN, ShopBench, golden_order, job, order, part

#: The original implementation's columns, beside those that every table has (STD).
TABLES = {
    "shops": "id tm_id name timezone default_labor_rate default_parts_margin default_tax_rate tm_metadata",
    "employees": "id tm_id first_name last_name email role role_name hourly_rate status username phone hire_date "
    "termination_date commission_rate can_clock_in can_sell can_tech tm_updated_at salary pay_type can_perform_work",
    "customers": "id tm_id first_name last_name company_name email phone_primary phone_primary_type phone_secondary "
    "phone_secondary_type address_line1 address_line2 city state zip country customer_type_id customer_type_name "
    "tax_exempt ok_for_marketing preferred_contact_method lead_source lead_source_id referral_source notes "
    "internal_notes tm_created_at tm_updated_at",
    "vehicles": "id tm_id customer_id tm_customer_id year make make_id model model_id sub_model sub_model_id engine "
    "engine_id transmission transmission_id drive_type drive_type_id body_style vin license_plate license_state "
    "unit_number fleet_number color interior_color odometer odometer_unit odometer_date custom_description notes "
    "base_vehicle_id tm_created_at tm_updated_at",
    "repair_orders": "id tm_id customer_id vehicle_id service_advisor_id tm_customer_id tm_vehicle_id "
    "tm_service_advisor_id ro_number status status_id created_date updated_date promised_date dropped_off_date "
    "picked_up_date posted_date completed_date authorized_revenue authorized_cost authorized_profit "
    "authorized_gp_percent authorized_labor_hours amount_paid balance_due shop_supplies_total epa_total label label_id "
    "customer_concern tech_notes recommendation internal_notes tm_updated_at sync_hash "
    + " ".join(
        f"{kind}_{what}"
        for kind in ("potential", "authorized")
        for what in (
            "total", "subtotal", "tax", "discount", "job_count", "parts_total", "labor_total", "sublet_total",
            "fees_total",
        )
    ),
    "jobs": "id tm_id repair_order_id tm_repair_order_id name description job_category_id job_category_name "
    "canned_job_id authorized authorized_date declined declined_date declined_reason total subtotal discount tax "
    "parts_total parts_cost labor_total labor_hours sublet_total sublet_cost fees_total gross_profit_amount "
    "gross_profit_percent sort_order",
    "job_parts": "id tm_id job_id repair_order_id tm_job_id tm_repair_order_id name part_number description quantity "
    "retail cost core_charge total vendor_id vendor_name manufacturer ordered received backordered part_type category",
    "job_labor": "id tm_id job_id repair_order_id tm_job_id tm_repair_order_id name description labor_type hours rate "
    "total technician_id tm_technician_id technician_name tech_hourly_cost labor_cost rate_source skill_level",
    "job_sublets": "id tm_id job_id repair_order_id tm_job_id tm_repair_order_id name description vendor_id "
    "vendor_name cost retail invoice_number po_number",
    "job_fees": "id job_id repair_order_id tm_job_id tm_repair_order_id name fee_type amount percentage cap total "
    "taxable",
    "sync_cursors": "id shop_id entity_type last_synced_at last_tm_updated last_tm_id cursor_data",
    "sync_log": "id shop_id sync_type entity_type started_at completed_at duration_ms status records_fetched "
    "records_created records_updated records_skipped error_count errors metadata",
    "tm_raw_payloads": "id shop_id endpoint method tm_entity_id request_params response_payload response_status "
    "fetched_at expires_at",
}  # fmt: skip
STD = "shop_id tm_extra last_synced_at created_at"


def ids(auto: ShopBench, table: str) -> list[Any]:
    return [row.id for row in auto.rows(f"SELECT id FROM tekmetric.{table} ORDER BY id")]


@pytest.mark.parametrize("table", TABLES)
def test_the_original_s_names_are_kept(auto: ShopBench, table: str) -> None:
    found = auto.one(
        "SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        (f"tekmetric.{table}",),
    )
    std = "" if table in {"shops", "sync_cursors", "sync_log", "tm_raw_payloads"} else STD
    assert set(f"{TABLES[table]} {std}".split()) <= set(found)


def test_every_code_behind_a_foreign_key_is_watched(auto: ShopBench) -> None:
    """A code that drift does not see would be refused at the end of the transaction."""
    rows = auto.rows(
        "SELECT conrelid::regclass::text AS name, pg_get_expr(adbin, adrelid) AS made, condeferrable, condeferred "
        "FROM pg_constraint INNER JOIN pg_attrdef ON adrelid = conrelid AND adnum = conkey[1] "
        "WHERE confrelid = 'core.codes'::regclass ORDER BY 1"
    )
    watched = auto.connection.execute(select_text("tekmetric", "watched").encode()).fetchall()
    assert len(rows) == len(watched) == 4
    assert all(row.condeferrable and row.condeferred for row in rows)
    for row in rows:
        (known,) = [one for one in watched if f"tekmetric.{one.table_name}" == row.name]
        assert f"'tekmetric {known.vocabulary} '" in row.made
        assert known.column_name in row.made


def test_watched_columns_are_sent(auto: ShopBench) -> None:
    with auto.connection.transaction(force_rollback=True):
        auto.connection.execute(
            "CREATE TEMP TABLE landed (record_id bigint, body jsonb, asked text, client_id text, account text, "
            "location_id integer) ON COMMIT DROP"
        )
        for staged, key in (("repair_orders", "tm_id"), ("estimates", "tm_repair_order_id")):
            auto.connection.execute(
                f"CREATE TEMP TABLE staged_{staged} (record_id bigint, tm_shop_id bigint, location_id integer, "
                f"{key} bigint) ON COMMIT DROP".encode()
            )
        tables = {}
        for stream in TEKMETRIC.streams:
            root = read_table(auto.connection, "tekmetric", stream.root, None)
            tables |= {name: read_table(auto.connection, "tekmetric", name, root) for name in stream.into[1:]}
            tables[stream.root] = root
        sent = {(table.staged, column.name) for table in tables.values() for column in table.columns}
        watched = watched_columns(auto.connection, "tekmetric", list(tables.values()))
        found = {(one["staged"], one["column_name"]) for one in watched}
        assert len(found) == 4
        assert found <= sent
        for name, table in tables.items():
            if not table.is_root:
                assert set(table.parent) == {"tm_repair_order_id", "tm_shop_id"}, name


def test_ids_are_made_of_what_they_name(auto: ShopBench) -> None:
    auto.take("repair_orders", [golden_order(102)])
    first = {name: ids(auto, name) for name in ("repair_orders", "jobs", "job_parts", "job_fees", "job_sublets")}
    row = auto.one("SELECT * FROM tekmetric.job_parts WHERE name = 'Rotor'")
    assert row.job_id == auto.one("SELECT id FROM tekmetric.jobs")
    assert row.repair_order_id == auto.one("SELECT id FROM tekmetric.repair_orders")
    assert row.shop_id == auto.one("SELECT id FROM tekmetric.shops WHERE tm_id = %s", (GOLDEN,))
    auto.rows("DELETE FROM tekmetric.repair_orders RETURNING 1")
    for name in first:
        assert ids(auto, name) == [], "lines leave with their order"
    auto.take("repair_orders", [golden_order(102)], at=after(1))
    assert {name: ids(auto, name) for name in first} == first


def test_one_id_in_two_shops_is_two_orders(auto: ShopBench) -> None:
    told = order(1, job(1, parts=[part(1)]))
    auto.take("repair_orders", [told])
    auto.take("repair_orders", [told | {"shopId": EASTERN}], shop=EASTERN)
    assert len(set(ids(auto, "repair_orders"))) == len(set(ids(auto, "job_parts"))) == 2


def test_a_null_vendor_id_makes_no_uuid(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, customerId=None)])
    row = auto.one("SELECT customer_id, vehicle_id IS NOT NULL, service_advisor_id FROM tekmetric.repair_orders")
    assert tuple(row) == (None, True, None)


# ------------------------------------------------------------------------------------------------- the vendor's profit


def test_profit_labor_is_typed(auto: ShopBench) -> None:
    body = {
        "labor": [],
        "laborProfit": {"hours": "2.50", "retail": 37500.0, "cost": "7200.0", "profit": 30300, "margin": 0.808},
        "totalProfit": {"retail": 0, "cost": 5000, "profit": -5000, "margin": "NaN"},
    }
    with auto.connection.transaction(force_rollback=True):
        auto.connection.execute(
            "CREATE TEMP TABLE landed ON COMMIT DROP AS SELECT 1::bigint AS record_id, %s::jsonb AS body, "
            "'1000102' AS asked, location_id FROM core.locations WHERE external_id = %s",
            (Jsonb(body), str(GOLDEN)),
        )
        table = read_table(auto.connection, "tekmetric", "profits", None)
        select = select_text("tekmetric", "profits")
        auto.connection.execute(
            render("type.sql", staged=table.staged, columns=table.columns, select=select, is_shared=False)
        )
        row = auto.one("SELECT * FROM staged_profits")
    assert row.flaws == []
    assert (row.tm_shop_id, row.tm_repair_order_id) == (GOLDEN, 1_000_102)
    assert (row.authorized_revenue, row.authorized_profit, row.authorized_margin) == (0, -5_000, None)
    assert (row.labor_cost, row.labor_hours) == (7_200, Decimal("2.50"))


def test_the_vendor_s_profit_reaches_the_order_and_leaves_it(auto: ShopBench) -> None:
    auto.take("repair_orders", [golden_order(105)])
    auto.totals()
    auto.rows(
        "INSERT INTO tekmetric.profits (client_id, account, tm_shop_id, tm_repair_order_id, authorized_revenue, "
        "authorized_cost, authorized_profit, authorized_margin, observed_at, row_hash) "
        "SELECT client_id, account, tm_shop_id, tm_id, 100, 5000, -4900, -49.00005, observed_at, row_hash "
        "FROM tekmetric.repair_orders RETURNING 1"
    )
    assert auto.totals() == 1
    row = auto.one(
        "SELECT authorized_revenue, authorized_cost, authorized_profit, authorized_gp_percent, authorized_total "
        "FROM tekmetric.repair_orders"
    )
    assert tuple(row) == (100, 5_000, -4_900, Decimal("-4900.00"), 100)
    auto.rows("UPDATE tekmetric.profits SET is_deleted = TRUE RETURNING 1")
    assert auto.totals() == 1
    assert auto.one("SELECT authorized_gp_percent FROM tekmetric.repair_orders") is None


@pytest.mark.parametrize(
    ("amount", "places", "rounded"),
    [
        ("0.5", 0, "0"), ("1.5", 0, "2"), ("2.5", 0, "2"), ("-0.5", 0, "0"), ("-1.5", 0, "-2"), ("2.5000001", 0, "3"),
        ("0.125", 2, "0.12"), ("0.135", 2, "0.14"), ("-0.125", 2, "-0.12"), ("33.335", 2, "33.34"), (None, 2, None),
    ],
)  # fmt: skip
def test_half_even(auto: ShopBench, amount: str | None, places: int, rounded: str | None) -> None:
    found = auto.one("SELECT core.half_even(%s::numeric, %s)", (amount, places))
    assert found == (None if rounded is None else Decimal(rounded))


# -------------------------------------------------------------------------------------------------------------- views


def test_the_ledger_is_there_under_the_original_s_names(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1), order(2, repairOrderStatus=None)])
    place = auto.one("SELECT location_id FROM core.locations WHERE external_id = %s", (str(GOLDEN),))
    auto.rows(
        "INSERT INTO ops.sync_cursors (source, account, stream, scope, cursor_value) VALUES "
        "(%(source)s, %(account)s, 'repair_orders', %(place)s, '\"2026-03-03T23:10:00+00:00\"'), "
        "(%(source)s, %(account)s, 'repair_orders.totals', 'derived', '\"2026-03-03T23:10:00+00:00\"') RETURNING 1",
        {"source": ACCOUNT.source, "account": ACCOUNT.account, "place": str(place)},
    )
    cursor = auto.one("SELECT * FROM tekmetric.sync_cursors")
    assert (cursor.entity_type, cursor.last_tm_updated.isoformat()) == ("repair_orders", "2026-03-03T23:10:00+00:00")
    assert cursor.shop_id == auto.one("SELECT id FROM tekmetric.shops WHERE tm_id = %s", (GOLDEN,))
    log = auto.one("SELECT * FROM tekmetric.sync_log WHERE entity_type = 'repair_orders'")
    assert (log.records_fetched, log.records_created, log.error_count, log.sync_type) == (2, 1, 1, "incremental")
    raw = auto.rows("SELECT * FROM tekmetric.tm_raw_payloads WHERE endpoint = 'repair_orders' ORDER BY tm_entity_id")
    assert [(row.tm_entity_id, row.response_status, row.fetched_at) for row in raw] == [
        ("1", 200, BEGAN), ("2", 200, BEGAN),
    ]  # fmt: skip
    assert raw[0].response_payload["totalSales"] == 0
    assert raw[0].shop_id == cursor.shop_id


def test_people_see_their_shop_alone(auto: ShopBench, warehouse: Any) -> None:
    told = order(1, job(1, parts=[part(1)]))
    auto.take("repair_orders", [told])
    auto.take("repair_orders", [told | {"shopId": EASTERN}], shop=EASTERN)
    auto.take("customers", [{"id": 1, "shopId": GOLDEN}, {"id": 2, "shopId": EASTERN}, {"id": 3, "shopId": 4999}])
    place = auto.one("SELECT location_id FROM core.locations WHERE external_id = %s", (str(EASTERN),))
    warehouse.execute("SELECT access.grant_role('manager', 'MANAGER', 'auto', %s)", (place,))
    warehouse.execute("SELECT access.grant_role('owner', 'ADMIN', 'auto')")
    seen = {}
    with psycopg.connect(warehouse.as_role("api"), autocommit=True) as api:
        for person in ("manager", "owner", "nobody"):
            api.execute("SELECT set_config('branchline.user', %s, FALSE)", (person,))
            seen[person] = [
                sorted(row[0] for row in api.execute(f"SELECT tm_shop_id FROM tekmetric.{name}".encode()))
                for name in ("repair_orders", "jobs", "job_parts", "customers", "customers_analytics")
            ]
    assert seen["manager"] == [[EASTERN]] * 5
    assert seen["owner"] == [[GOLDEN, EASTERN]] * 3 + [[GOLDEN, EASTERN, 4999]] * 2
    assert seen["nobody"] == [[]] * 5
