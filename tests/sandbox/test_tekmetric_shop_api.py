"""The Tekmetric sandbox's shop API against section 2 of the vendor's contract."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Client
from .test_tekmetric_public import Chain


@pytest.fixture
def chain(client: Client) -> Chain:
    return Chain(client)


def board(chain: Chain, name: str, shop: int = 4102, size: int = 500) -> list[Any]:
    rows: list[Any] = chain.web(f"shop/{shop}/job-board-group-by", board=name, view="list", page=0, size=size).json()
    return rows


def estimates(chain: Chain) -> list[Any]:
    return [
        chain.web(f"repair-order/{row['id']}/estimate").json()
        for shop in (4100, 4101, 4102)
        for row in chain.all("repair-orders", shop=shop)
    ]


def test_section_2_token(chain: Chain) -> None:
    path = "shop/4101/employees-lite"
    chain.session.cookies.set("JSESSIONID", "x")
    for token in ("", "wrong"):
        answer = chain.web(path, token=token)
        assert (answer.status_code, answer.content) == (401, b"")
    assert chain.web(path).status_code == 200
    assert chain.web("shop/9999/employees-lite").status_code == 403
    chain.change(shop_token="header.payload.signature")
    assert chain.web(path).status_code == 401
    assert chain.web(path, token="header.payload.signature").status_code == 200


def test_section_2_boards(chain: Chain) -> None:
    posted = board(chain, "POSTED")
    assert {row["repairOrderStatus"]["id"] for row in posted} <= {5, 6}
    assert {row["repairOrderStatus"]["id"] for row in board(chain, "ACTIVE")} <= {1, 2, 4}
    assert {row["repairOrderStatus"]["id"] for row in board(chain, "COMPLETE", 4100)} == {3}
    assert chain.web("shop/4102/job-board-group-by", board="ALL").status_code == 400
    # Summaries on the board, no history.
    assert 0 < len(posted) < len(chain.all("repair-orders", shop=4102, repairOrderStatusId=[5, 6]))
    first = chain.web("shop/4102/job-board-group-by", board="POSTED", page=0, size=2).json()
    assert first == posted[:2]
    assert chain.web("shop/4102/job-board-group-by", board="POSTED", page=99, size=2).json() == []
    assert {("roNumber" in row, "repairOrderNumber" in row) for row in posted} == {(True, False), (False, True)}
    assert any("customerId" not in row for row in posted)


def test_section_2_header_has_people_and_no_jobs(chain: Chain) -> None:
    header = chain.web("shop/4100/repair-order/1000101").json()
    assert header["jobs"] is None
    assert header["laborRate"] == 15_000
    assert header["customer"]["id"] == 1_900_001
    assert header["vehicle"]["id"] == 7_600_004
    assert header["serviceWriter"]["fullName"] == "Sage Sample"
    assert chain.web("shop/4101/repair-order/1000101").status_code == 404


def test_section_2_basic_order_is_missing_for_some_in_progress(chain: Chain) -> None:
    working = chain.all("repair-orders", repairOrderStatusId=2)
    assert {chain.web(f"repair-order/{row['id']}").status_code for row in working} == {200, 404}
    assert chain.web("repair-order/1000101").json()["repairOrderNumber"] == 101


def test_section_2_estimate(chain: Chain) -> None:
    told = estimates(chain)
    assert {type(row["subtotal"]) for row in told} == {int, type(None)}
    assert {type(row["tax"]) for row in told} == {int, type(None)}
    assert {type(row["total"]) for row in told} == {int, float, str}
    jobs = [job for row in told for job in row["jobs"]]
    assert {job["status"] for job in jobs} == {"Approved", "Declined", "Pending"}
    assert all("id" not in fee for job in jobs for fee in job["fees"])
    assert any(fee["percentage"] and fee["cap"] == fee["total"] for job in jobs for fee in job["fees"])
    assert all(-1 <= job["grossProfitPercentage"] <= 1 for job in jobs if job["grossProfitAmount"] > 0)
    parts = [part for job in jobs for part in job["parts"]]
    assert {None} < {part["name"] for part in parts}
    assert None in {part["id"] for part in parts}
    assert any(line["technician"] is None for job in jobs for line in job["labor"])
    assert any(job["sublets"] for job in jobs)


def test_section_2_cost_is_the_units_and_now_and_then_the_lines(chain: Chain) -> None:
    kinds = set()
    for row in estimates(chain):
        for job in row["jobs"]:
            for part in job["parts"]:
                quantity, retail, total = float(part["quantity"]), float(part["retail"]), float(part["total"])
                if quantity > 1 and retail:
                    kinds.add("line" if retail == total else "unit" if retail * quantity == total else "neither")
    assert kinds == {"line", "unit"}
    rotor = chain.web("repair-order/1000102/estimate").json()["jobs"][0]["parts"][1]
    assert [float(rotor[name]) for name in ("retail", "cost", "total")] == [23_000, 12_400, 23_000]


def test_section_2_profit_labor(chain: Chain) -> None:
    told = chain.web("repair-order/1000103/profit/labor").json()
    assert set(told) == {"labor", "laborProfit", "totalProfit"}
    assert [row["name"] for row in told["labor"]] == ["Diagnosis"]
    assert told["labor"][0]["jobTechnician"]["hourlyRate"] == 2_400
    nothing = chain.web("repair-order/1000109/profit/labor").json()
    assert nothing["laborProfit"]["margin"] == nothing["totalProfit"]["margin"] == "NaN"
    assert chain.web("repair-order/1000106/profit/labor").json()["labor"][0]["jobTechnician"] is None


def test_section_2_concerns(chain: Chain) -> None:
    told = chain.web("repair-orders/1000101/customer-concerns").json()
    assert told[0]["concern"] == "Customer states: please check"
    assert chain.web("repair-orders/1000101/technician-concerns").json() == []


def test_section_2_employees(chain: Chain) -> None:
    rows = chain.web("shop/4101/employees-lite", status="ALL", size=500).json()
    assert {row["status"] for row in rows} == {"ACTIVE", "INACTIVE"}
    assert any("hourlyRate" not in row for row in rows)
    answers = {row["id"]: chain.web(f"shop/4101/employee/{row['id']}") for row in rows}
    removed = [number for number, answer in answers.items() if answer.status_code == 404]
    assert len(removed) == 1
    told = [answer.json() for answer in answers.values() if answer.ok]
    assert {row["employeePayType"]["code"] for row in told} <= {"FLAT", "HOURLY", "SALARY"}
    assert any(row["disabled"] for row in told)
    # Technicians of old orders may be gone: the public API does not list them either.
    assert removed[0] not in {row["id"] for row in chain.all("employees", shop=4101)}


def test_section_2_quirks_of_customers_and_vehicles(chain: Chain) -> None:
    customers = chain.web("shop/4101/customer", page=0, size=100).json()["content"]
    assert {type(row["email"]) for row in customers} >= {list, str}
    vehicles = chain.web("shop/4101/vehicle", page=0, size=100).json()["content"]
    assert {type(row["make"]) for row in vehicles} == {dict, str}
    moments = [row["updatedDate"] for row in vehicles]
    assert any(re.search(r"\.\d{9}Z$", moment) for moment in moments)
    assert chain.web(f"vehicle/{vehicles[0]['id']}").json() == vehicles[0]
    assert chain.web(f"shop/4101/customer/{customers[0]['id']}").json() == customers[0]
    found = chain.web("shop/4101/customers", search=customers[0]["firstName"], size=100).json()["content"]
    assert customers[0]["id"] in {row["id"] for row in found}
    assert chain.web(f"customer/{customers[0]['id']}/vehicles-search").json()


def report(chain: Chain, path: str = "", **query: Any) -> Any:
    window = {"start": "2026-03-01T00:00:00.000-07:00", "end": "2026-03-31T23:59:59.999-06:00", "shopIds": 4100}
    return chain.web(f"reporting/profit-details-report{path}", **{**window, "timezone": "America/Denver", **query})


def test_section_2_profit_details_report_pages_by_cursor(chain: Chain) -> None:
    rows: list[Any] = []
    keys: dict[str, str] = {}
    for _ in range(9):
        body = report(chain, size=3, sortBy="POSTED_DATE", sortOrder="ASC", **keys).json()
        rows += body["content"]
        if not body["hasNext"]:
            assert body["nextKeys"] is None
            break
        keys = {"nextKeys": body["nextKeys"]}
    assert [row["repairOrderNumber"] for row in rows] == [101, 102, 103, 110, 104, 105, 106, 107]
    assert report(chain, "/count").json() == {"count": 8}
    for row in rows:
        parts = row["laborProfit"] + row["partsTotalProfit"] + row["subletProfit"] + row["feesProfit"]
        assert row["totalProfit"] == parts
    assert report(chain, "/summary", metric="TOTAL").json()["totalProfit"] == sum(row["totalProfit"] for row in rows)
    assert report(chain, shopIds=9999).status_code == 403
    assert report(chain, nextKeys="nonsense").status_code == 400


def test_section_2_dashboard(chain: Chain) -> None:
    query = {"shopIds": 4100, "start": "2026-03-09T00:00:00-06:00", "end": "2026-03-09T23:59:59-06:00"}
    told = chain.web("reporting/shop-dashboard/aggregate/summary", viewType="JOBBOARDPOSTED", metric="SALES", **query)
    # 104 was posted that evening, 110 bears that day's date: 44,000 and 7,500 cents.
    assert (told.json()["sold"], told.json()["carCount"], told.json()["averageRo"]) == (51_500, 2, 25_750)
