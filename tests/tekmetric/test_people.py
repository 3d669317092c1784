"""Shops, employees, customers and vehicles, and what a repair order names of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline.tables import select_text

from tests.blocks.landed import BEGAN, after
from tests.tekmetric.landed import ACCOUNT, EASTERN, GOLDEN, ZONES, ShopBench, order, shop


def customer(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "firstName": "Casey",
        "lastName": "Example",
        "email": "casey@example.com",
        "phone": [{"number": "7195550101", "type": "Cell", "primary": True}],
        "address": {"address1": "200 Sample St", "city": "Pueblo", "state": "CO", "zip": "01003"},
        "customerType": {"id": 1, "code": "PERSON", "name": "Person"},
        "shopId": GOLDEN,
        "createdDate": "2024-01-15T16:00:00Z",
        "updatedDate": "2024-01-15T16:00:00Z",
        "deletedDate": None,
    } | more


def vehicle(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "customerId": 1_900_001,
        "year": 2018,
        "make": "Honda",
        "model": "CR-V",
        "vin": "1HGTEST0GOLDEN001",
        "createdDate": "2024-01-15T16:00:00Z",
        "updatedDate": "2024-01-15T16:00:00Z",
        "deletedDate": None,
    } | more


def due(auto: ShopBench, kind: str, now: datetime = BEGAN) -> list[tuple[str, str]]:
    names = {"account": ACCOUNT.account, "now": now, "zone": "UTC", "first_day": None, "last_day": None}
    query = select_text("tekmetric", f"missing_{kind}.due")
    rows = auto.connection.execute(query.encode(), names | {"only_days": False}).fetchall()
    places = {row.location_id: row.external_id for row in auto.rows("SELECT * FROM core.locations")}
    assert {row.reason for row in rows} <= {"missing"}
    return [(row.record_key, places.get(row.location_id, "")) for row in rows]


# ------------------------------------------------------------------------------------------------------------- shops


def test_shops_become_locations_without_a_zone_of_their_own(auto: ShopBench) -> None:
    rows = auto.rows("SELECT * FROM core.locations WHERE is_mapped ORDER BY external_id")
    assert [row.external_id for row in rows] == [str(number) for number in ZONES]
    assert (rows[0].name, rows[0].postal_code, rows[0].country, rows[0].currency) == (
        f"Garage {GOLDEN} ", "01003", "US", "USD",
    )  # fmt: skip
    assert rows[0].latitude is None
    row = auto.one("SELECT * FROM tekmetric.shops WHERE tm_id = %s", (GOLDEN,))
    assert (row.nickname, row.zip, row.timezone) == (None, "01003", None), "the zone comes with the first derivation"
    auto.take("shops", [shop(GOLDEN, timeZone="America/Denver")], shop=None, at=after(1))
    assert auto.one("SELECT tm_metadata FROM tekmetric.shops WHERE tm_id = %s", (GOLDEN,)) == {
        "timeZone": "America/Denver"
    }


# ---------------------------------------------------------------------------------------------- employees and customers


def test_an_employee_belongs_to_the_shop_whose_list_was_read(auto: ShopBench) -> None:
    told = {
        "id": 1_001_003,
        "email": "",
        "firstName": "Sage",
        "lastName": "Sample",
        "address": {"id": 1, "address1": ""},
        "employeeRole": {"id": 2, "code": "2", "name": "Service Advisor"},
        "canPerformWork": False,
        "createdDate": "2024-01-15T16:00:00Z",
        "updatedDate": "2024-01-15T16:00:00Z",
    }
    auto.take("employees", [told, told | {"id": 5, "employeeRole": {"id": 9, "code": "9"}}])
    auto.take("employees", [told], shop=EASTERN)
    rows = auto.rows("SELECT * FROM tekmetric.employees ORDER BY tm_shop_id, tm_id DESC")
    assert [(row.tm_shop_id, row.tm_id, row.role) for row in rows] == [
        (GOLDEN, 1_001_003, 2), (GOLDEN, 5, 9), (EASTERN, 1_001_003, 2),
    ]  # fmt: skip
    assert (rows[0].role_name, rows[0].email, rows[0].hourly_rate) == ("Service Advisor", None, None)
    assert len({row.id for row in rows}) == 3
    assert auto.one("SELECT subject FROM ops.schema_drift") == "employeeRole 9"


def test_a_rate_that_the_public_api_does_not_know_is_not_cleared_by_it(auto: ShopBench) -> None:
    told = {"id": 1, "firstName": "Alex", "employeeRole": {"id": 3}}
    auto.take("employees", [told])
    auto.rows("UPDATE tekmetric.employees SET hourly_rate = 3000 RETURNING 1")
    assert auto.take("employees", [told | {"firstName": "Alexis"}], at=after(1)).updated == 1
    assert auto.one("SELECT hourly_rate FROM tekmetric.employees") == 3_000


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("casey@example.com", ["casey@example.com"]),
        (["b@example.com", "", "a@example.com"], ["b@example.com", "a@example.com"]),
        ([], None),
        ("", None),
        (None, None),
    ],
)
def test_e_mail_is_a_text_or_an_array(auto: ShopBench, sent: Any, kept: Any) -> None:
    auto.take("customers", [customer(1, email=sent)])
    assert auto.one("SELECT email FROM tekmetric.customers") == kept


@pytest.mark.parametrize(
    ("phones", "first", "second"),
    [
        ([("1", False), ("2", True), ("3", True)], "2", "1"),
        ([("1", None), ("2", False)], "1", "2"),
        ([("", True), ("2", False)], "2", None),
        ([], None, None),
        (None, None, None),
    ],
)
def test_the_primary_phone_is_the_marked_one_else_the_first(
    auto: ShopBench, phones: Any, first: str | None, second: str | None
) -> None:
    sent = None if phones is None else [{"number": number, "type": "Cell", "primary": mark} for number, mark in phones]
    auto.take("customers", [customer(1, phone=sent)])
    row = auto.one("SELECT phone_primary, phone_primary_type, phone_secondary FROM tekmetric.customers")
    assert tuple(row) == (first, "Cell" if first else None, second)


def test_a_business_has_its_name_where_a_person_has_the_first_name(auto: ShopBench) -> None:
    business = {"id": 2, "code": "BUSINESS ", "name": "Business"}
    auto.take(
        "customers",
        [
            customer(1, firstName="Golden Fleet LLC", lastName=" ", customerType=business, contactFirstName="Sam"),
            customer(2),
            customer(3, firstName=None, lastName=None, customerType={"id": 3}),
            customer(4, firstName="Sam", lastName="Sample", customerType=business),
        ],
    )
    rows = auto.rows("SELECT company_name, first_name, last_name, contact_first_name FROM tekmetric.customers")
    assert sorted(map(tuple, rows), key=repr) == sorted(
        [
            ("Golden Fleet LLC", "Golden Fleet LLC", None, "Sam"),
            (None, "Casey", "Example", None),
            (None, None, None, None),
            (None, "Sam", "Sample", None),
        ],
        key=repr,
    )
    assert auto.one("SELECT subject FROM ops.schema_drift") == "customerType 3"


def test_customers_analytics_has_no_personal_data(auto: ShopBench) -> None:
    personal = customer(1, notes="Gate code 1234", birthday="1980-02-29T00:00:00Z", contactFirstName="Sam")
    auto.take("customers", [personal])
    assert auto.one("SELECT birthday FROM tekmetric.customers") == date(1980, 2, 29)
    row = auto.one("SELECT * FROM tekmetric.customers_analytics")
    text = repr(row)
    for word in ("Casey", "Example", "example.com", "7195550101", "Sample St", "01003", "1234", "1980", "Sam"):
        assert word not in text, word
    assert (row.customer_type_id, row.state, row.tm_shop_id) == (1, "CO", GOLDEN)


def test_a_deleted_customer_is_newer_than_what_was_updated_before(auto: ShopBench) -> None:
    auto.take("customers", [customer(1)])
    gone = customer(1, deletedDate="2026-03-05T10:00:00.364767646Z")
    auto.take("deleted_customers", [gone], at=after(1))
    row = auto.one("SELECT is_deleted, source_deleted_at, source_updated_at FROM tekmetric.customers")
    assert tuple(row) == (True, *[datetime(2026, 3, 5, 10, 0, 0, 364768, tzinfo=UTC)] * 2)
    assert auto.take("customers", [customer(1)], at=after(2)).stale == 1


# ------------------------------------------------------------------------------------------------------------ vehicles


def test_a_vehicle_without_a_shop_belongs_to_the_shop_that_was_asked(auto: ShopBench) -> None:
    auto.take("vehicles", [vehicle(1)], shop=EASTERN)
    row = auto.one(
        "SELECT vehicles.*, external_id FROM tekmetric.vehicles INNER JOIN core.locations USING (location_id)"
    )
    assert (row.tm_shop_id, row.external_id) == (EASTERN, str(EASTERN))
    auto.take("customers", [customer(1_900_001, shopId=EASTERN)], shop=EASTERN)
    assert row.customer_id == auto.one("SELECT id FROM tekmetric.customers")


def test_a_shop_that_nobody_knows_is_no_other_shop(auto: ShopBench) -> None:
    auto.take("customers", [customer(1, shopId=4999)])
    row = auto.one("SELECT tm_shop_id, location_id FROM tekmetric.customers")
    assert tuple(row) == (4999, None), "nobody at the shop that was asked sees it"


def test_make_and_model_are_texts_or_objects(auto: ShopBench) -> None:
    auto.take(
        "vehicles",
        [
            vehicle(1, make={"id": 17, "name": "Ford"}, model={"id": 9, "name": "F-150"}, engine="", vin=""),
            vehicle(2, odometer="8907.0", note="Key in box", licenseState="CO", productionDate="2018-02-15:00:00"),
            vehicle(3, mileage=5, notes="-", state="AZ", productionDate="2018-02-15T00:00:00Z"),
        ],
    )
    rows = auto.rows("SELECT * FROM tekmetric.vehicles ORDER BY tm_id")
    assert [(row.make, row.make_id, row.model, row.engine) for row in rows] == [
        ("Ford", 17, "F-150", None), ("Honda", None, "CR-V", None), ("Honda", None, "CR-V", None),
    ]  # fmt: skip
    assert [row.vin for row in rows] == [None, "1HGTEST0GOLDEN001", "1HGTEST0GOLDEN001"]
    assert [(row.odometer, row.notes, row.license_state) for row in rows[1:]] == [
        (8_907, "Key in box", "CO"), (5, "-", "AZ"),
    ]  # fmt: skip
    assert [row.production_date for row in rows] == [None, None, date(2018, 2, 15)]
    assert auto.flaws() == [("tekmetric.vehicles", "field", "not_a_date", "production_date")]


# ----------------------------------------------------------------------------------------------------- what is missing


def test_t42_what_an_order_names_and_the_warehouse_lacks_is_asked_for(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, customerId=11, vehicleId=21), order(2, customerId=12, vehicleId=None)])
    auto.take("repair_orders", [order(3, customerId=12, vehicleId=22, shopId=EASTERN)], shop=EASTERN)
    auto.take("vehicles", [vehicle(21, customerId=13)])
    auto.take("customers", [customer(11, shopId=EASTERN)], shop=EASTERN)
    assert due(auto, "customers") == [("12", str(GOLDEN)), ("13", str(GOLDEN))]
    assert due(auto, "vehicles") == [("22", str(EASTERN))]


def test_t42_what_the_vendor_does_not_have_is_asked_for_once_a_day(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, customerId=11, vehicleId=None)])
    auto.rows(
        "INSERT INTO ops.lookups (source, account, stream, record_key, asked_at, reason, was_found) "
        "VALUES ('tekmetric', 'tekmetric', 'missing_customers', '11', %s, 'missing', FALSE) RETURNING 1",
        (BEGAN,),
    )
    assert due(auto, "customers", BEGAN + timedelta(hours=23)) == []
    assert due(auto, "customers", BEGAN + timedelta(hours=25)) == [("11", str(GOLDEN))]


def test_a_deleted_order_s_customer_is_not_asked_for(auto: ShopBench) -> None:
    auto.take("deleted_repair_orders", [order(1, deletedDate="2026-03-05T10:00:00Z")])
    assert due(auto, "customers") == due(auto, "vehicles") == []
