"""The arithmetic of section 1.10 on every order, and the golden orders to the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.tekmetric.golden import FIGURES

from .conftest import Client
from .test_tekmetric_public import Chain

PUEBLO = ZoneInfo("America/Denver")


def add(rows: list[Any], name: str) -> Any:
    return sum(row[name] for row in rows)


def check_order(row: dict[str, Any]) -> None:
    """Section 1.10 as far as it can be checked on one payload."""
    counted = [job for job in row["jobs"] if job["authorized"]]
    sublets = [sublet for sublet in row["sublets"] if sublet["authorized"]]
    assert row["totalSales"] == (
        row["laborSales"]
        + row["partsSales"]
        + row["subletSales"]
        + row["feeTotal"]
        - row["discountTotal"]
        + row["taxes"]
    )
    assert row["laborSales"] == add(counted, "laborTotal")
    assert row["partsSales"] == add(counted, "partsTotal")
    assert row["subletSales"] == add(sublets, "price")
    assert row["feeTotal"] == add(counted, "feeTotal") + add(row["fees"], "total")
    assert row["discountTotal"] == add(counted, "discountTotal") + add(row["discounts"], "total")
    for sublet in row["sublets"]:
        assert (sublet["price"], sublet["cost"]) == (add(sublet["items"], "price"), add(sublet["items"], "cost"))
    for job in row["jobs"]:
        assert job["subtotal"] == job["partsTotal"] + job["laborTotal"] + job["feeTotal"] - job["discountTotal"]
        assert job["partsTotal"] == sum(part["retail"] * part["quantity"] for part in job["parts"])
        assert job["laborTotal"] == sum(round(line["rate"] * line["hours"]) for line in job["labor"])
        assert job["feeTotal"] == add(job["fees"], "total")
    lines = [line["id"] for job in row["jobs"] for line in job["parts"]]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("seed", [7, 8])
def test_section_1_10_arithmetic(start: Callable[..., Client], seed: int) -> None:
    chain = Chain(start(seed=seed))
    rows = chain.all("repair-orders") + chain.all("repair-orders", deletedDateStart="2020-01-01")
    assert len(rows) > 180
    for row in rows:
        check_order(row)
        for money in ("totalSales", "taxes", "amountPaid", "laborSales"):
            assert isinstance(row[money], int)
    # The sample breaks one: hours of the job against hours of its lines.
    jobs = [job for row in rows for job in row["jobs"]]
    assert any(job["laborHours"] != add(job["labor"], "hours") for job in jobs)
    assert {job["authorized"] for job in jobs} == {True, False, None}
    assert any(part["quantity"] % 1 for job in jobs for part in job["parts"])
    assert any(len({fee["name"] for fee in job["fees"]}) < len(job["fees"]) for job in jobs)
    for name in ("fees", "discounts", "sublets", "customerConcerns"):
        assert any(row[name] for row in rows)


def test_section_1_10_stays_true_after_changes(client: Client) -> None:
    chain = Chain(client)
    done = chain.change(fraction=0.5)
    for number in done["changed"]:
        check_order(chain.get(f"repair-orders/{number}").json())


def test_section_1_10_can_be_broken_by_hand(client: Client) -> None:
    chain = Chain(client)
    before = chain.get("repair-orders/1000101").json()
    chain.change(set={"order": 1000101, "field": "totalSales", "value": 1})
    after = chain.get("repair-orders/1000101").json()
    assert (after["totalSales"], after["updatedDate"] > before["updatedDate"]) == (1, True)
    with pytest.raises(AssertionError):
        check_order(after)


def day(moment: str | None) -> str | None:
    return datetime.fromisoformat(moment).astimezone(PUEBLO).date().isoformat() if moment else None


@pytest.mark.parametrize("number", FIGURES)
def test_golden_orders(client: Client, number: int) -> None:
    chain, figures = Chain(client), FIGURES[number]
    row = chain.get(f"repair-orders/{1_000_000 + number}").json()
    check_order(row)
    told = [
        row["laborSales"], row["partsSales"], row["subletSales"], row["feeTotal"], row["discountTotal"], row["taxes"],
        row["totalSales"],
    ]  # fmt: skip
    assert told == [
        figures.labor, figures.parts, figures.sublets, figures.fees, figures.discounts, figures.taxes, figures.sales,
    ]  # fmt: skip
    assert row["repairOrderStatus"]["id"] == figures.status
    assert (day(row["postedDate"]), day(row["completedDate"])) == (figures.posted_day, figures.completed_day)
    # The same by the shop API: profit/labor counts authorized work, without taxes.
    profit = chain.web(f"repair-order/{1_000_000 + number}/profit/labor").json()
    whole, labor = profit["totalProfit"], profit["laborProfit"]
    assert (whole["retail"], whole["cost"], whole["profit"]) == (figures.revenue, figures.cost, figures.profit)
    assert (labor["retail"], labor["cost"], labor["hours"]) == (figures.labor, figures.labor_cost, figures.hours)
    assert whole["margin"] == (figures.profit / figures.revenue if figures.revenue else "NaN")
    truth = client.control.truth("0001-01-01", "9999-12-31", source="tekmetric")["figures"][str(1_000_000 + number)]
    assert [truth["revenue"], truth["cost"], truth["profit"]] == [figures.revenue, figures.cost, figures.profit]
    assert truth["postedDay"] == figures.posted_day


def test_golden_orders_have_what_they_are_for(client: Client) -> None:
    chain = Chain(client)
    rows = {row["repairOrderNumber"]: row for row in chain.all("repair-orders", shop=4100)}
    assert set(rows) == set(FIGURES)
    assert rows[101]["jobs"][0]["parts"][0]["quantity"] == 4.5
    assert [fee["name"] for fee in rows[102]["jobs"][0]["fees"]] == ["Shop Supplies", "Shop Supplies"]
    assert [job["authorized"] for job in rows[103]["jobs"]] == [True, False, None]
    assert (rows[104]["repairOrderStatus"]["code"], rows[104]["postedDate"][:10]) == ("ACCRECV", "2026-03-10")
    assert FIGURES[105].profit * 100 / FIGURES[105].revenue == -4900
    assert rows[106]["jobs"][0]["parts"][0]["name"] is None
    assert (len(rows[107]["fees"]), len(rows[107]["discounts"])) == (1, 1)
    assert rows[110]["postedDate"] < rows[110]["updatedDate"] < "2026-03-13T15:20:01Z"


def test_golden_orders_heed_neither_seed_nor_clock(client: Client, start: Callable[..., Client]) -> None:
    chain, other = Chain(client), Chain(start(seed=99, now=datetime.fromisoformat("2031-01-01T00:00:00Z")))
    chain.control.clock("2026-01-01T00:00:00Z")
    for path in ("repair-orders", "employees", "vehicles", "customers"):
        assert chain.all(path, shop=4100) == other.all(path, shop=4100)
    assert not [row for row in chain.all("repair-orders", shop=4101) if row["createdDate"] > "2026-01-01"]


def test_costs_agree_between_the_two_apis(client: Client) -> None:
    chain = Chain(client)
    rows = chain.all("repair-orders", shop=4102)
    assert rows
    figures = client.control.truth("0001-01-01", "9999-12-31", source="tekmetric")["figures"]
    for row in rows:
        estimate = chain.web(f"repair-order/{row['id']}/estimate").json()
        counted = 0
        for public, shop in zip(row["jobs"], estimate["jobs"], strict=True):
            cost = sum(part["cost"] * part["quantity"] for part in public["parts"])
            assert float(shop["partsCost"]) == cost
            counted += cost if public["authorized"] else 0
        assert counted == figures[str(row["id"])]["partsCost"]
    assert date.fromisoformat(figures[str(rows[0]["id"])]["completedDay"] or "2026-01-01")
