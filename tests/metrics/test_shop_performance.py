"""Tekmetric's views on the golden orders: the figures of test_golden.py, by the names that people use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.metrics.garage import Garage, edited
from tests.metrics.test_golden import TECH_A
from tests.tekmetric.landed import GOLDEN, golden_order


def views(garage: Garage, name: str) -> list[Any]:
    return garage.bench.rows(f"SELECT * FROM metrics.{name}")


def test_a_day_of_the_shop(golden: Garage) -> None:
    (day,) = [row for row in views(golden, "shop_performance") if str(row.metric_date) == "2026-03-09"]
    # 104 and 110, see test_golden.py: 51,500 revenue, 28,300 profit, 0.9 h, 13,500 of them labor
    assert (day.tm_shop_id, day.car_count, day.revenue_cents, day.profit_cents) == (GOLDEN, 2, 51_500, 28_300)
    assert (day.aro_cents, day.gp_percent) == (25_750, Decimal("54.95"))
    assert (day.hours_billed, day.elr_cents, day.gp_per_hour_cents) == (Decimal("0.9"), 15_000, 31_444)
    assert day.currency == "USD"
    assert day.revenue_last_year_cents is None


def test_a_day_that_was_only_completed_has_no_ratio(golden: Garage) -> None:
    (day,) = [row for row in views(golden, "shop_performance") if str(row.metric_date) == "2026-03-12"]
    assert (day.car_count, day.revenue_cents) == (0, 0)
    assert day.aro_cents is day.gp_percent is day.elr_cents is day.gp_per_hour_cents is day.efficiency_percent is None


def test_efficiency_is_that_of_the_technicians_together(golden: Garage) -> None:
    shop = {str(row.metric_date): row for row in views(golden, "shop_performance")}
    people = views(golden, "technician_performance")
    assert len(shop) == 7
    clocked = 0
    for day, row in shop.items():
        mine = [one for one in people if str(one.metric_date) == day and one.hours_clocked is not None]
        billed = sum((one.hours_billed_clocked for one in mine), Decimal(0))
        clock = sum((one.hours_clocked for one in mine), Decimal(0))
        clocked += bool(mine)
        assert row.hours_clocked == (clock if mine else None)
        expected = (100 * billed / clock).quantize(Decimal("0.01")) if mine else None
        assert row.efficiency_percent == expected, day
    assert clocked > 0, "somebody was on the clock"


def test_a_technician_has_his_name(golden: Garage) -> None:
    rows = [row for row in views(golden, "technician_performance") if row.tm_technician_id == TECH_A]
    day = next(row for row in rows if str(row.metric_date) == "2026-03-03")
    assert day.technician_name
    # 0.5 h at 15,000 an hour for 3,000 an hour
    assert (day.labor_revenue_cents, day.labor_profit_cents) == (7_500, 6_000)
    assert (day.elr_cents, day.gp_per_hour_cents, day.labor_gp_percent) == (15_000, 12_000, Decimal("80.00"))


def test_the_year_before_stands_beside_a_day(golden: Garage) -> None:
    golden.take(edited(golden_order(101), "2027-03-09T20:00:00Z", postedDate="2027-03-09T19:00:00Z"))
    golden.rebuild()
    (day,) = [row for row in views(golden, "shop_performance") if str(row.metric_date) == "2027-03-09"]
    assert (day.revenue_last_year_cents, day.car_count_last_year) == (51_500, 2)


def test_open_orders_by_status(golden: Garage) -> None:
    """108 is complete and not posted: labor 0.3 h at 15,000. 109 is an estimate. What is posted is no open order."""
    rows = {row.status: row for row in views(golden, "work_in_progress")}
    assert set(rows) == {"ESTIMATE", "COMPLETE"}
    done = rows["COMPLETE"]
    assert (done.orders, done.orders_authorized, done.authorized_cents) == (1, 1, 4_500)
    assert done.authorized_hours == Decimal("0.3")
    assert (rows["ESTIMATE"].orders, rows["ESTIMATE"].status_id) == (1, 1)
    assert done.changed_at is not None
    assert done.as_of is None, "no schedule is expected here, so no read is known"
    golden.take(edited(golden_order(108), "2026-03-20T20:00:00Z", 9))
    assert "COMPLETE" not in {row.status for row in views(golden, "work_in_progress")}, (
        "an unknown code is no open order"
    )
