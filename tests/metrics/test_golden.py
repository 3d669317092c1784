"""The golden orders to the cent. The figures are worked out by hand from the lines of sandbox/tekmetric/golden.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.metrics.garage import Garage, order_id

TECH_A, TECH_B = 1_001_005, 1_001_006

# number: trigger, day, revenue, cost, GP %, hours
ORDERS: dict[int, tuple[str, str, int, int, str, str]] = {
    # parts 4.5 x 1,150 + 1,290 = 6,465; labor 0.5 x 15,000 = 7,500; fee 500; discount 1,000.
    # cost: parts 4.5 x 500 + 420 = 2,670; labor 0.5 x 3,000 = 1,500. profit 9,295 of 13,465 = 69.0308 %
    101: ("posted", "2026-03-03", 13_465, 4_170, "69.03", "0.5"),
    # parts 12,000 + 2 x 11,500; labor 2.5 x 15,000 = 37,500; sublet 8,900 + 1,100; fees 300 + 200.
    # cost: 6,000 + 2 x 6,200 = 18,400; 2.0 x 3,000 + 0.5 x 2,400 = 7,200; 6,000 + 400. 51,000 of 83,000 = 61.4457 %
    102: ("posted", "2026-03-05", 83_000, 32_000, "61.45", "2.5"),
    # one of three jobs approved: labor 1.0 x 15,000; cost 1.0 x 2,400. 12,600 of 15,000
    103: ("posted", "2026-03-06", 15_000, 2_400, "84.00", "1.0"),
    # accounts receivable: parts 2 x 19,000; labor 0.4 x 15,000. cost 2 x 10,250 + 0.4 x 3,000. 22,300 of 44,000
    104: ("posted", "2026-03-09", 44_000, 21_700, "50.68", "0.4"),
    # warranty: 1.0 x 100; cost 2,600 + 1.0 x 2,400 = 5,000. -4,900 of 100
    105: ("posted", "2026-03-10", 100, 5_000, "-4900.00", "1.0"),
    # parts 4 x 14,500; labor 1.6 x 15,000 by nobody. cost 4 x 9,200. 45,200 of 82,000 = 55.1219 %
    106: ("posted", "2026-03-10", 82_000, 36_800, "55.12", "1.6"),
    # parts 1.5 x 2,600; labor 1.1 x 15,000; fees 250 + 450; discount 2,000.
    # cost 1.5 x 1,150 + 1.1 x 3,000 = 1,725 + 3,300. 14,075 of 19,100 = 73.6911 %
    107: ("posted", "2026-03-11", 19_100, 5_025, "73.69", "1.1"),
    # complete, never posted: labor 0.3 x 15,000; cost 0.3 x 2,400
    108: ("completed", "2026-03-12", 4_500, 720, "84.00", "0.3"),
    # 109 is an estimate: no snapshot. 110: labor 0.5 x 15,000; cost 0.5 x 3,000
    110: ("posted", "2026-03-09", 7_500, 1_500, "80.00", "0.5"),
}


def test_every_order_has_one_snapshot_of_its_figures(golden: Garage) -> None:
    rows = {row.ro_number: row for row in golden.snapshots(all_of_them=True)}
    assert sorted(rows) == sorted(ORDERS)
    for number, (trigger, day, revenue, cost, percent, hours) in ORDERS.items():
        row = rows[number]
        assert (row.snapshot_trigger, str(row.snapshot_date)) == (trigger, day), number
        assert (row.authorized_revenue, row.authorized_cost) == (revenue, cost), number
        assert row.authorized_profit == revenue - cost, number
        assert row.authorized_gp_percent == Decimal(percent), number
        assert row.labor_hours == Decimal(hours), number
        assert row.tm_reported_gp_percent is None, "the vendor's own is the shop API's alone"


def test_a_snapshot_by_category(golden: Garage) -> None:
    row = golden.snapshot(102)
    assert (row.parts_revenue, row.parts_cost, row.parts_profit) == (35_000, 18_400, 16_600)
    assert (row.labor_revenue, row.labor_cost, row.labor_profit) == (37_500, 7_200, 30_300)
    assert (row.sublet_revenue, row.sublet_cost) == (10_000, 6_400)
    assert (row.fees_total, row.discount_total, row.tax_total) == (500, 0, 1_200)
    assert (row.ro_status, row.authorized_job_count, row.potential_job_count) == ("POSTED", 1, 1)
    assert row.rate_sources == {"assigned": 2}
    row = golden.snapshot(107)
    assert (row.fees_total, row.discount_total, row.tax_total) == (700, 2_000, 125)


def test_names_are_there(golden: Garage) -> None:
    row = golden.snapshot(101)
    assert (row.customer_name, row.vehicle_description) == ("Casey Example", "2018 Honda CR-V")
    assert row.advisor_name == "Sage Sample"
    assert golden.snapshot(104).customer_name == "Golden Fleet Services LLC"
    assert golden.snapshot(103).customer_name is None, "the vendor has no name for him"


def test_a_warranty_order_is_kept_and_tagged(golden: Garage) -> None:
    row = golden.snapshot(105)
    assert row.authorized_profit == -4_900
    assert row.flags == ["negative_profit_possible_warranty"]
    assert golden.snapshot(101).flags == []


# day: orders, completed, revenue, cost, GP %, ARO, profit an order, hours, rate, GP an hour of labor, of all, offered,
# authorization rate
DAYS: dict[str, tuple[Any, ...]] = {
    # 101: labor profit 7,500 - 1,500 over 0.5 h; profit 9,295 over 0.5 h
    "2026-03-03": (1, 0, 13_465, 4_170, "69.03", 13_465, 9_295, "0.5", 15_000, 12_000, 18_590, 13_465, "100.00"),
    # 102: labor profit 37,500 - 7,200 = 30,300 over 2.5 h; 51,000 over 2.5 h
    "2026-03-05": (1, 0, 83_000, 32_000, "61.45", 83_000, 51_000, "2.5", 15_000, 12_120, 20_400, 83_000, "100.00"),
    # 103: offered 15,000 + 26,500 + 4.6 x 15,000 + 2 x 2,190 + 0.2 x 15,000 = 117,880; 15,000 of it = 12.7248 %
    "2026-03-06": (1, 0, 15_000, 2_400, "84.00", 15_000, 12_600, "1.0", 15_000, 12_600, 12_600, 117_880, "12.72"),
    # 104 (accounts receivable, posted in the evening) and 110 (posted again with that day): 44,000 + 7,500;
    # 21,700 + 1,500; 28,300 of 51,500 = 54.9515 %; labor 13,500, its cost 2,700, over 0.9 h; 28,300 / 0.9 = 31,444.4
    "2026-03-09": (2, 0, 51_500, 23_200, "54.95", 25_750, 14_150, "0.9", 15_000, 12_000, 31_444, 51_500, "100.00"),
    # 105 and 106: 100 + 82,000; 5,000 + 36,800; 40,300 of 82,100 = 49.0865 % (the mean of ratios would be -2,422 %);
    # labor 24,100 over 2.6 h = 9,269.2; its profit 24,100 - 2,400 = 21,700 over 2.6 h = 8,346.2; 40,300 / 2.6
    "2026-03-10": (2, 0, 82_100, 41_800, "49.09", 41_050, 20_150, "2.6", 9_269, 8_346, 15_500, 82_100, "100.00"),
    # 107: labor profit 13,200 over 1.1 h; 14,075 / 1.1 = 12,795.5 (12,795.4545)
    "2026-03-11": (1, 0, 19_100, 5_025, "73.69", 19_100, 14_075, "1.1", 15_000, 12_000, 12_795, 19_100, "100.00"),
    # 108 is complete and not posted: a number, no money
    "2026-03-12": (0, 1, 0, 0, None, None, None, "0", None, None, None, 0, None),
}


@pytest.mark.parametrize("day", DAYS)
def test_a_day_of_the_shop(golden: Garage, day: str) -> None:
    row = golden.day(day)
    assert row is not None
    orders, completed, revenue, cost, percent, aro, profit, hours, rate, hourly, all_hourly, offered, asked = DAYS[day]
    assert (row.ro_count, row.ro_posted_count, row.car_count, row.ro_completed_count) == (
        orders, orders, orders, completed,
    )  # fmt: skip
    assert (row.authorized_revenue, row.authorized_cost) == (revenue, cost)
    assert row.authorized_profit == revenue - cost
    assert row.authorized_gp_percent == (percent and Decimal(percent))
    assert (row.avg_ro_value, row.avg_ro_profit) == (aro, profit)
    assert (row.labor_hours, row.avg_labor_rate) == (Decimal(hours), rate)
    assert (row.gp_per_labor_hour, row.total_gp_per_labor_hour) == (hourly, all_hourly)
    assert (row.potential_revenue, row.authorization_rate) == (offered, asked and Decimal(asked))
    assert (row.basis, row.revenue_source) == ("posted", "lines")
    assert row.source_snapshot_count == orders + completed
    assert row.lines_revenue == revenue


def test_there_are_no_other_days(golden: Garage) -> None:
    assert golden.days() == sorted(DAYS)


def test_a_day_by_category(golden: Garage) -> None:
    row = golden.day("2026-03-10")
    assert row is not None
    assert (row.parts_revenue, row.parts_cost, row.parts_profit) == (58_000, 2_600 + 36_800, 18_600)
    assert row.parts_gp_percent == Decimal("32.07")  # 18,600 of 58,000 = 32.0690 %
    assert (row.labor_revenue, row.labor_cost, row.labor_profit) == (24_100, 2_400, 21_700)
    assert row.labor_gp_percent == Decimal("90.04")  # 21,700 of 24,100 = 90.0415 %
    assert (row.fees_total, row.discount_total, row.tax_total) == (0, 0, 2_900)
    assert row.rate_sources == {"assigned": 1, "unassigned": 1}
    assert (row.ro_without_cost_count, row.authorized_job_count) == (0, 2)


def test_a_technicians_day(golden: Garage) -> None:
    found = golden.technicians("2026-03-05")
    assert set(found) == {TECH_A, TECH_B}
    one, other = found[TECH_A], found[TECH_B]
    # 2.0 h x 15,000 sold, x 3,000 paid
    assert (one.hours_billed, one.labor_revenue, one.labor_cost, one.labor_profit) == (2, 30_000, 6_000, 24_000)
    assert (one.hourly_rate, one.hourly_cost, one.gp_per_hour) == (15_000, 3_000, 12_000)
    assert (one.labor_gp_percent, one.jobs_worked, one.ros_worked) == (80, 1, 1)
    # 0.5 h x 15,000 sold, x 2,400 paid
    assert (other.hours_billed, other.labor_revenue, other.labor_cost) == (Decimal("0.5"), 7_500, 1_200)
    # two share the job's clock: it is neither's
    assert (one.efficiency, one.hours_clocked, other.efficiency) == (None, None, None)
    assert one.rate_sources == {"assigned": 1}
    assert one.basis == "posted"


def test_efficiency_is_billed_over_clocked(golden: Garage) -> None:
    # 9 March: 104 with 0.4 h and 110 with 0.5 h, 0.5 h clocked for each: 0.9 of 1.0
    row = golden.technicians("2026-03-09")[TECH_A]
    assert (row.hours_billed, row.hours_clocked, row.efficiency) == (Decimal("0.9"), 1, 90)
    assert (row.jobs_worked, row.ros_worked) == (2, 2)
    # 10 March: 106 is nobody's; 105 is B's alone
    assert set(golden.technicians("2026-03-10")) == {TECH_B}


def test_a_completed_order_is_no_technicians_day(golden: Garage) -> None:
    assert golden.technicians("2026-03-12") == {}


def test_the_vendors_own_counts_only_where_every_order_of_the_day_has_it(golden: Garage) -> None:
    golden.report(order_id(104), 44_000, 21_800)
    golden.rebuild()
    row = golden.day("2026-03-09")
    assert row is not None
    assert (row.revenue_source, row.authorized_revenue, row.authorized_cost) == ("lines", 51_500, 23_200)
    golden.report(order_id(110), 7_600, 1_500)
    golden.rebuild()
    row = golden.day("2026-03-09")
    assert row is not None
    # 44,000 + 7,600 and 21,800 + 1,500, profit 28,300 of 51,600 = 54.84496 %: all three of one source
    assert (row.revenue_source, row.authorized_revenue, row.authorized_cost) == ("vendor", 51_600, 23_300)
    assert (row.authorized_profit, row.authorized_gp_percent) == (28_300, Decimal("54.84"))
    assert (row.avg_ro_value, row.lines_revenue) == (25_800, 51_500)
    assert row.authorization_rate == 100, "both by lines"
    other = golden.day("2026-03-10")
    assert other is not None
    assert other.revenue_source == "lines"
