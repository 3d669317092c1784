"""What the shop API's estimate adds to an order, its jobs and their lines, and that a line is taken for no other."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from branchline.derive import derive
from branchline.warehouse import connect

from tests.blocks.landed import after
from tests.conftest import NOW
from tests.tekmetric.landed import ACCOUNT, EASTERN, GOLDEN, ShopBench, job, order, part
from tests.tekmetric.test_line import change, counts

WRITTEN = (
    "repair_orders", "jobs", "job_parts", "job_labor", "job_fees", "job_sublets", "ro_fees", "estimates",
    "estimate_jobs", "estimate_lines",
)  # fmt: skip


def books(line: Any, numbers: list[int]) -> dict[int, dict[str, Any]]:
    """The sandbox's estimates, as its shop API writes them."""
    told = {}
    with requests.Session() as session:
        session.trust_env = False
        session.headers["x-auth-token"] = "sandbox-tekmetric-shop-token"
        for number in numbers:
            answer = session.get(f"{line.vendor.tekmetric_shop}/api/repair-order/{number}/estimate", timeout=5)
            told[number] = answer.json()
    return told


def cents(sent: Any) -> int | None:
    return None if sent is None else int(float(sent))


def versions(line: Any) -> dict[str, Any]:
    return {
        name: line.warehouse.rows(f"SELECT ctid, xmin FROM tekmetric.{name} ORDER BY 1", role="admin")
        for name in WRITTEN
    }


@pytest.fixture
def line(tekmetric: Any) -> Any:
    made = tekmetric()
    assert set(made.sync().values()) == {"success"}, made.errors
    return made


def test_what_only_the_estimate_knows_stands_with_order_job_and_line(line: Any) -> None:
    rows = line.warehouse.rows("SELECT * FROM tekmetric.repair_orders WHERE NOT is_deleted ORDER BY tm_id")
    told = books(line, [row.tm_id for row in rows])
    assert len(told) > 150
    for row in rows:
        one = told[row.tm_id]
        expected = (one["balanceDue"], one["shopSuppliesTotal"], one["epaTotal"], one["tax"])
        assert (row.balance_due, row.shop_supplies_total, row.epa_total, row.potential_tax) == expected
    jobs = {row.tm_id: row for row in line.warehouse.rows("SELECT * FROM tekmetric.jobs WHERE NOT is_deleted")}
    sent = [one for estimate in told.values() for one in estimate["jobs"]]
    assert len(sent) > 250
    for one in sent:
        row = jobs[one["id"]]
        assert (row.parts_cost, row.sublet_total, row.sublet_cost, row.gross_profit_amount) == (
            cents(one["partsCost"]), one["subletPrice"], one["subletCost"], one["grossProfitAmount"],
        )  # fmt: skip
        share = one["grossProfitPercentage"]
        assert row.gross_profit_percent == (
            None if share == "NaN" else pytest.approx(Decimal(share) * 100, abs=Decimal("0.005"))
        )
        category = one["jobCategory"] or {"id": None, "name": None}
        assert (row.job_category_id, row.job_category_name) == (category["id"], category["name"])


def test_every_line_finds_its_own_with_an_id_or_without(line: Any) -> None:
    live = "INNER JOIN tekmetric.repair_orders AS orders ON orders.id = repair_order_id AND NOT orders.is_deleted"
    numbers = line.warehouse.rows("SELECT tm_id FROM tekmetric.repair_orders WHERE NOT is_deleted")
    sent = [one for estimate in books(line, [row.tm_id for row in numbers]).values() for one in estimate["jobs"]]
    parts = {(row.tm_job_id, row.tm_id): row for row in line.warehouse.rows("SELECT * FROM tekmetric.job_parts")}
    without_id = 0
    for one in sent:
        for told in one["parts"]:
            seen = (told["vendorName"], told["ordered"], told["received"], told["backordered"])
            core = cents(told["coreCharge"])
            if told["id"] is not None:
                row = parts[one["id"], told["id"]]
                assert (row.vendor_name, row.ordered, row.received, row.backordered, row.core_charge) == (*seen, core)
            else:
                without_id += 1
                rows = [row for (number, _), row in parts.items() if number == one["id"] and row.name == told["name"]]
                assert (*seen, core) in [
                    (row.vendor_name, row.ordered, row.received, row.backordered, row.core_charge) for row in rows
                ]
    assert without_id > 5
    for table, column in (("job_parts", "ordered"), ("job_fees", "taxable"), ("job_sublets", "tm_job_id")):
        row = line.warehouse.one(
            f"SELECT count(*) AS all, count(mine.{column}) AS told FROM tekmetric.{table} AS mine {live}"
        )
        assert row.all == row.told > 10, table
    row = line.warehouse.one(
        f"SELECT count(*) AS named, count(technician_name) AS told FROM tekmetric.job_labor AS mine {live} "
        "WHERE mine.tm_technician_id IS NOT NULL AND technician_basis = 'line'"
    )
    assert row.named == row.told > 10
    fees = line.warehouse.one("SELECT count(*) FILTER (WHERE percentage IS NOT NULL) FROM tekmetric.job_fees")
    assert fees == sum(fee["percentage"] is not None for one in sent for fee in one["fees"]) > 0


def test_a_second_run_asks_for_nothing_and_writes_nothing(line: Any) -> None:
    before = versions(line)
    line.sync(instant=NOW + timedelta(minutes=15))
    assert counts(line, "run 2")["estimates"].api_calls == 0
    assert versions(line) == before


def test_a_changed_order_costs_one_call(line: Any) -> None:
    line.vendor.control.clock((NOW + timedelta(minutes=5)).isoformat())
    change(line, {"remove_part": 1000101})
    line.sync(instant=NOW + timedelta(minutes=15))
    assert counts(line, "run 2")["estimates"].api_calls == 1
    first, again = counts(line, "run 1")["estimates"], counts(line, "run 2")["estimates"]
    assert (
        first.api_calls
        == first.records_fetched
        == line.warehouse.one("SELECT count(*) FROM tekmetric.repair_orders WHERE NOT is_deleted")
    )
    assert (again.created, again.updated) == (0, 1)


def test_money_of_an_older_version_is_null_until_it_is_asked_for_again(line: Any) -> None:
    number = line.warehouse.one(
        "SELECT tm_id FROM tekmetric.repair_orders WHERE balance_due > 0 AND NOT is_deleted AND status_id = 2 "
        "ORDER BY tm_id LIMIT 1"
    )
    money = "SELECT balance_due, epa_total FROM tekmetric.repair_orders WHERE tm_id = %s"
    of_jobs = "SELECT count(gross_profit_amount) FROM tekmetric.jobs WHERE tm_repair_order_id = %s"
    parts = "SELECT count(ordered) FROM tekmetric.job_parts WHERE tm_repair_order_id = %s"
    known = line.warehouse.one(parts, (number,))
    line.vendor.control.clock((NOW + timedelta(minutes=5)).isoformat())
    change(line, {"complete": number}, {"shop_token": "another"})
    statuses = line.sync(instant=NOW + timedelta(minutes=15))
    assert statuses["estimates"] == "failed"
    assert tuple(line.warehouse.one(money, (number,))) == (None, None)
    assert line.warehouse.one(of_jobs, (number,)) == 0
    assert line.warehouse.one(parts, (number,)) == known, "what was told of a line is what was told last"
    change(line, {"shop_token": "sandbox-tekmetric-shop-token"})
    line.sync(instant=NOW + timedelta(minutes=30))
    assert line.warehouse.one(money, (number,)).balance_due == books(line, [number])[number]["balanceDue"]
    assert line.warehouse.one(of_jobs, (number,)) > 0


# -------------------------------------------------------------------------------------------- which line is the same


def estimate(*jobs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An estimate of order 1."""
    return {"id": 1, "total": 0, "balanceDue": "150.0", "jobs": list(jobs), "fees": {"data": []}} | more


def told(auto: ShopBench, body: Any, at: float = 1, number: int = 1) -> None:
    """Land an estimate and show it."""
    auto.take("estimates", [body], keys=[str(number)], at=after(at))
    for target in ("job_lines.estimate", "jobs.estimate", "repair_orders.totals"):
        derive(auto.connection, ACCOUNT, f"tekmetric.{target}", None)


def fee(number: int, name: str, total: int) -> dict[str, Any]:
    return {"id": number, "name": name, "total": total}


def test_two_fees_of_one_name_and_total_are_told_apart_by_their_order(auto: ShopBench) -> None:
    fees = [fee(31, "EPA", 100), fee(32, "EPA", 100), fee(33, "EPA", 200)]
    auto.take("repair_orders", [order(1, job(1, fees=fees), fees=[fee(41, "Towing", 900)])])
    plain = {"cap": None, "taxable": True, "amount": None}
    told(
        auto,
        estimate(
            {"id": 1, "fees": [
                plain | {"name": "EPA", "total": 200, "percentage": 3},
                plain | {"name": "EPA", "total": 100, "percentage": 1},
                plain | {"name": "EPA", "total": 100, "percentage": 2, "cap": 500},
                plain | {"name": "EPA", "total": 999, "percentage": 9},
            ]},
            fees={"data": [plain | {"name": "Towing", "total": "900.0", "percentage": 7.5}]},
        ),
    )  # fmt: skip
    rows = auto.rows("SELECT tm_id, percentage, cap FROM tekmetric.job_fees ORDER BY tm_id")
    assert [tuple(row) for row in rows] == [(31, 1, None), (32, 2, 500), (33, 3, None)]
    assert auto.one("SELECT percentage FROM tekmetric.ro_fees") == Decimal("7.5")


def test_an_id_goes_before_looks_and_another_id_is_another_line(auto: ShopBench) -> None:
    """Three parts look alike; the estimate has one by its id, one without an id, and one that we do not have."""
    auto.take("repair_orders", [order(1, job(1, parts=[part(11), part(12), part(13)]))])
    looks = {"name": "Oil (qt)", "total": 1_000, "ordered": True}
    told(
        auto,
        estimate(
            {"id": 1, "parts": [
                looks | {"id": 12, "vendorName": "Twelve"},
                looks | {"id": 99, "vendorName": "Nobody"},
                looks | {"id": None, "vendorName": "First without"},
            ]}
        ),
    )  # fmt: skip
    rows = auto.rows("SELECT tm_id, vendor_name FROM tekmetric.job_parts ORDER BY tm_id")
    assert [tuple(row) for row in rows] == [(11, "First without"), (12, "Twelve"), (13, None)]


def test_a_line_of_another_job_or_price_is_another_line(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, job(1, parts=[part(11)]), job(2, parts=[part(21, retail=999)]))])
    told(auto, estimate({"id": 2, "parts": [{"id": None, "name": "Oil (qt)", "total": 1_000, "ordered": True}]}))
    assert auto.one("SELECT count(ordered) FROM tekmetric.job_parts") == 0


def test_a_job_that_the_order_does_not_have_yet_names_no_sublet(auto: ShopBench) -> None:
    sublet = {"id": 51, "name": "Towing", "authorized": True, "price": 900, "cost": 500, "items": []}
    auto.take("repair_orders", [order(1, job(1), sublets=[sublet])])
    body = estimate({"id": 2, "sublets": [{"id": 51, "name": "Towing", "retail": 900, "cost": 500}]})
    told(auto, body)
    assert auto.one("SELECT tm_job_id FROM tekmetric.job_sublets") is None
    auto.take("repair_orders", [order(1, job(1), job(2), sublets=[sublet])], at=after(2))
    told(auto, body, at=3)
    row = auto.one("SELECT tm_job_id, job_id FROM tekmetric.job_sublets")
    assert row.tm_job_id == 2
    assert row.job_id == auto.one("SELECT id FROM tekmetric.jobs WHERE tm_id = 2")
    # the job goes, its sublet stays with the order
    auto.take("repair_orders", [order(1, job(1), sublets=[sublet])], at=after(4))
    assert auto.one("SELECT tm_job_id FROM tekmetric.job_sublets") is None


def test_an_estimate_that_is_not_there_leaves_the_order_alone(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, job(1, parts=[part(11)]))])
    told(auto, estimate({"id": 1, "parts": [{"id": 11, "ordered": True}]}))
    assert auto.one("SELECT balance_due FROM tekmetric.repair_orders") == 150
    told(auto, None, at=2)
    assert auto.one("SELECT balance_due FROM tekmetric.repair_orders") is None
    assert auto.one("SELECT count(*) FROM tekmetric.job_parts WHERE ordered") == 1


def test_money_that_cannot_be_read_rejects_the_estimate_and_not_the_order(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, job(1))])
    told(auto, estimate({"id": 1, "partsCost": "a lot"}))
    assert auto.flaws() == [("tekmetric.estimate_jobs", "record", "not_a_whole_number", "parts_cost")]
    assert auto.one("SELECT count(*) FROM tekmetric.estimates") == 0
    assert auto.one("SELECT count(*) FROM tekmetric.repair_orders") == 1


def test_a_margin_of_no_revenue_is_none(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, job(1))])
    told(auto, estimate({"id": 1, "grossProfitAmount": 0, "grossProfitPercentage": "NaN"}))
    assert tuple(auto.one("SELECT gross_profit_amount, gross_profit_percent FROM tekmetric.jobs")) == (0, None)
    assert auto.flaws() == []


def test_estimates_are_seen_by_their_shop_alone(auto: ShopBench, warehouse: Any) -> None:
    for number, shop in ((1, GOLDEN), (2, EASTERN)):
        auto.take("repair_orders", [order(number, job(number, parts=[part(number)]), shopId=shop)], shop=shop)
        body = estimate({"id": number, "parts": [{"id": number, "ordered": True}]})
        auto.take("estimates", [body], keys=[str(number)], shop=shop)
    place = auto.one("SELECT location_id FROM core.locations WHERE external_id = %s", (str(EASTERN),))
    warehouse.execute("SELECT access.grant_role('manager', 'MANAGER', 'auto', %s)", (place,))
    for name in ("estimates", "estimate_jobs", "estimate_lines"):
        assert len(auto.rows(f"SELECT FROM tekmetric.{name}")) == 2
        with connect(warehouse.as_role("api")) as api:
            api.execute("SELECT set_config('branchline.user', 'manager', FALSE)")
            shops = [row.tm_shop_id for row in api.execute(f"SELECT tm_shop_id FROM tekmetric.{name}".encode())]
        assert shops == [EASTERN], name
