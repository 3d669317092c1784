"""Tekmetric's open orders: counted, valued and timed by shop and status, exactly as their rows say."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.web.conftest import STRANGER, House

PATH = "/tekmetric/work-in-progress"
SUMS = ("orders", "orders_authorized", "authorized_cents", "potential_cents", "authorized_hours")


def expected(house: House) -> dict[tuple[int, int], list[Any]]:
    """By shop and status, added up here."""
    found: dict[tuple[int, int], list[Any]] = defaultdict(lambda: [0, 0, 0, 0, Decimal(0)])
    for row in house.warehouse.rows("SELECT * FROM tekmetric.repair_orders WHERE NOT is_deleted"):
        if row.status_id in {1, 2, 3, 4}:
            hours = row.authorized_labor_hours or Decimal(0)
            values = (1, int(row.authorized_job_count > 0), row.authorized_total, row.potential_total, hours)
            sums = found[row.tm_shop_id, row.status_id]
            found[row.tm_shop_id, row.status_id] = [a + b for a, b in zip(sums, values, strict=True)]
    return found


def test_open_orders_by_shop_and_status(house: House) -> None:
    document = house.front.get("admin", PATH).json()
    told = {
        (shop["tm_shop_id"], status["status_id"]): [status[name] for name in SUMS]
        for shop in document["shops"]
        for status in shop["statuses"]
    }
    wanted = expected(house)
    assert {status for _, status in wanted} >= {1, 2, 3}
    assert {key: [float(value) for value in values] for key, values in told.items()} == {
        key: [float(value) for value in values] for key, values in wanted.items()
    }
    for shop in document["shops"]:
        for name in SUMS:
            assert float(shop[name]) == float(sum(Decimal(str(status[name])) for status in shop["statuses"]))
        assert shop["as_of"] is not None
        assert shop["currency"] == "USD"
    assert document["as_of"] == min(shop["as_of"] for shop in document["shops"])
    for found in document["by_status"]:
        rows = [values for (_, status), values in wanted.items() if status == found["status_id"]]
        assert [float(found[name]) for name in SUMS] == [float(sum(column)) for column in zip(*rows, strict=True)]


def test_money_of_two_currencies_is_never_one_sum(house: House) -> None:
    shop = house.front.get("admin", PATH).json()["shops"][-1]
    change = "UPDATE core.locations SET currency = %s WHERE location_id = %s"
    house.warehouse.execute(change, ("CAD", shop["location_id"]))
    try:
        document = house.front.get("admin", PATH).json()
    finally:
        house.warehouse.execute(change, ("USD", shop["location_id"]))
    assert {found["currency"] for found in document["by_status"]} == {"CAD", "USD"}
    canadian = [found for found in document["by_status"] if found["currency"] == "CAD"]
    assert sum(found["authorized_cents"] for found in canadian) == shop["authorized_cents"]


def test_one_shop_and_no_shop(house: House) -> None:
    every = house.front.get("admin", PATH).json()["shops"]
    assert len(every) > 1
    one = every[0]["tm_shop_id"]
    assert house.front.get("admin", PATH, shop=one).json()["shops"] == [every[0]]
    assert house.front.get(STRANGER, PATH).json() == {"as_of": None, "by_status": [], "shops": []}
    assert house.front.get("other_admin", PATH).json()["shops"] == []
    assert house.front.get("driver", PATH).status_code == 403
