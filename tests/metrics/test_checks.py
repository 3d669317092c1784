"""Variance and invariants: they fail when they should, and what they found is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from branchline.ledger import Run
from branchline.metrics import rebuild

from sandbox.tekmetric.golden import FIGURES
from tests.metrics.garage import UNMAPPED, Garage, edited, labor, order_id
from tests.tekmetric.landed import ACCOUNT, golden_order, job, order, part

REVENUE, PROFIT, POINTS = ["revenue_beyond_100_cents"], ["profit_beyond_100_cents"], ["gp_beyond_half_point"]


def test_golden_orders_break_no_rule_but_those_they_are_made_to_break(garage: Garage) -> None:
    garage.take(*(golden_order(number) for number in FIGURES))
    # the warranty order loses money; one order's labor is nobody's
    assert garage.rebuild().broken == UNMAPPED | {"negative_profit": 1, "labor_assigned": 1}


def test_ours_is_compared_with_the_vendors_and_agrees(golden: Garage) -> None:
    golden.report(order_id(102), 83_000, 32_000, labor=(37_500, 7_200))
    assert "gp_variance" not in golden.rebuild().broken
    row = golden.snapshot(102)
    assert (row.tm_reported_revenue, row.tm_reported_cost, row.tm_reported_profit) == (83_000, 32_000, 51_000)
    # both 61.4457 %
    assert (row.tm_reported_gp_percent, row.variance_percent, row.variance_reason) == (Decimal("61.45"), 0, None)
    assert row.flags == []


@pytest.mark.parametrize(
    ("theirs", "percent", "variance", "reason", "flags"),
    [
        # 102 has 83,000 - 32,000 by lines, 61.45 %. Half a point of 83,000 is 415 cents.
        # 414 more cost: 50,586 of 83,000 = 60.9470 %
        ((83_000, 32_414, 7_614), "60.95", "0.50", None, PROFIT),
        # 424 more, all of it labor: 50,576 of 83,000 = 60.9349 %
        ((83_000, 32_424, 7_624), "60.93", "0.52", "labor_cost_differs", [*PROFIT, *POINTS]),
        # parts cost 3,000 less: 54,000 of 83,000 = 65.0602 %
        ((83_000, 29_000, 7_200), "65.06", "-3.61", "other_cost_differs", [*PROFIT, *POINTS]),
        # the vendor counts 2,000 of revenue more: 53,000 of 85,000 = 62.3529 %
        (
            (85_000, 32_000, 7_200), "62.35", "-0.90", "revenue_differs",
            [*REVENUE, *PROFIT, *POINTS],
        ),
        # a hundred cents are not beyond a hundred
        ((83_100, 32_000, 7_200), "61.49", "-0.04", None, []),
        ((83_101, 32_000, 7_200), "61.49", "-0.04", None, [*REVENUE, *PROFIT]),
    ],
)  # fmt: skip
def test_the_variance_can_fail(
    golden: Garage, theirs: tuple[int, int, int], percent: str, variance: str, reason: str | None, flags: list[str]
) -> None:
    golden.report(order_id(102), theirs[0], theirs[1], labor=(37_500, theirs[2]))
    done = golden.rebuild()
    row = golden.snapshot(102)
    assert (row.authorized_revenue, row.authorized_cost, row.authorized_gp_percent) == (
        83_000, 32_000, Decimal("61.45"),
    )  # fmt: skip
    assert (row.tm_reported_gp_percent, row.variance_percent) == (Decimal(percent), Decimal(variance))
    assert (row.variance_reason, row.flags) == (reason, flags)
    assert ("gp_variance" in done.broken, "vendor_profit" in done.broken) == (
        reason is not None, "profit_beyond_100_cents" in flags,
    )  # fmt: skip


def test_a_small_orders_variance_says_so(garage: Garage) -> None:
    # 1,000 - 400 by lines, 60 %; the vendor has 410: 59 %
    garage.take(order(7, job(70, parts=[part(700)]), partsSales=1_000, totalSales=1_000))
    garage.report(7, 1_000, 410)
    garage.rebuild()
    row = garage.snapshot(7)
    assert (row.variance_percent, row.variance_reason) == (1, "small_amounts")


def test_no_margin_is_no_variance(golden: Garage) -> None:
    golden.report(order_id(105), 0, 5_000)
    golden.rebuild()
    row = golden.snapshot(105)
    assert (row.tm_reported_gp_percent, row.variance_percent, row.variance_reason) == (None, None, None)


def test_every_rule_of_the_vendor_is_checked(garage: Garage) -> None:
    """One order keeps the rules, the other breaks each of them once."""
    good = golden_order(102)
    bad: dict[str, Any] = edited(golden_order(107), "2026-03-20T00:00:00Z")
    bad["totalSales"] += 200  # sales 19,225 = 16,500 + 3,900 + 700 - 2,000 + 125
    bad["feeTotal"] += 50  # 250 of the job and 450 of the order
    bad["discountTotal"] += 7
    bad["jobs"][0]["partsTotal"] += 90
    bad["sublets"] = [
        {"id": 9, "name": "Towing", "authorized": False, "items": [{"id": 1, "cost": 1, "price": 500}], "price": 600,
         "cost": 1},
    ]  # fmt: skip
    garage.take(good, bad)
    done = garage.rebuild()
    assert done.broken == UNMAPPED | {
        "total_sales": 1, "job_subtotal": 1, "parts_total": 1, "fee_total": 1, "discount_total": 1, "sublet_price": 1,
        "sales_by_lines": 1,
    }  # fmt: skip
    found = {row.check_name: row for row in garage.bench.rows("SELECT * FROM ops.check_results")}
    assert (found["total_sales"].checked, found["total_sales"].failed) == (2, 1)
    # 16,500 + 3,900 + (700 + 50) - (2,000 + 7) + 125 = 19,268 against 19,425
    assert found["total_sales"].worst == 157
    assert found["total_sales"].examples == [{"key": "order 107", "expected": 19_268, "actual": 19_425}]
    # 19,425 - 125 of taxes against 19,100 by lines
    assert (found["sales_by_lines"].worst, found["sales_by_lines"].severity) == (200, "error")
    assert (found["parts_total"].worst, found["sublet_price"].worst, found["fee_total"].worst) == (90, 100, 50)
    assert found["known_status"].failed == 0


def test_results_are_kept_a_run_and_a_location(garage: Garage) -> None:
    garage.take(golden_order(101))
    for number in (1, 2):
        rebuild(garage.loader, ACCOUNT, run=Run("tekmetric_metrics", f"run {number}"))
    rows = garage.bench.rows(
        "SELECT run_id, checked, failed, location_id FROM ops.check_results WHERE check_name = 'total_sales' "
        "ORDER BY run_id"
    )
    assert [(row.run_id, row.checked, row.failed) for row in rows] == [("run 1", 1, 0), ("run 2", 1, 0)]
    assert all(row.location_id for row in rows)


def test_a_status_that_nobody_declared_is_named(garage: Garage) -> None:
    garage.take(edited(golden_order(101), "2026-03-20T00:00:00Z", 9))
    assert garage.rebuild().broken == UNMAPPED | {"known_status": 1}


def test_a_posted_order_without_a_moment_is_named(garage: Garage) -> None:
    garage.take(edited(golden_order(101), "2026-03-20T00:00:00Z", postedDate=None))
    assert garage.rebuild().broken == UNMAPPED | {"no_local_day": 1}
    assert garage.days() == []


def test_ratios_are_rounded_half_to_even(garage: Garage) -> None:
    """(1,000 + 1,001) / 2 = 1,000.5 is 1,000; (1,002 + 1,001) / 2 = 1,001.5 is 1,002. Labor: 101 / 2 and 103 / 2 h."""
    for day, first, rate in (("03", 1_000, 50.5), ("04", 1_002, 51.5)):
        garage.take(
            *(
                order(
                    int(day) * 10 + place,
                    job(
                        int(day) * 100 + place,
                        parts=[part(int(day) * 1_000 + place, retail=retail)],
                        labor=[labor(int(day) * 9_000 + place, 1, 0) | {"total": int(rate * 2) if place else 0}],
                    ),
                    postedDate=f"2026-03-{day}T20:00:00Z",
                )
                for place, retail in enumerate((first, 1_001))
            )
        )
    garage.rebuild()
    three, four = garage.day("2026-03-03"), garage.day("2026-03-04")
    assert three is not None
    assert four is not None
    # with labor: (1,000 + 1,001 + 101) / 2 = 1,051; (1,002 + 1,001 + 103) / 2 = 1,053
    assert (three.avg_ro_value, four.avg_ro_value) == (1_051, 1_053)
    assert (three.labor_revenue, four.labor_revenue) == (101, 103)
    assert (three.avg_labor_rate, four.avg_labor_rate) == (50, 52)  # 50.5 and 51.5
