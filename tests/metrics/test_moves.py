"""An order is counted on one day only, whatever happens to it; what the snapshot saw stays what it saw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.metrics.garage import UNMAPPED, Garage, edited, order_id
from tests.tekmetric.landed import EASTERN, ZONELESS, golden_order, job, order, part

TECH_A, TECH_B, ADVISOR = 1_001_005, 1_001_006, 1_001_003


def standing(garage: Garage, number: int) -> list[tuple[str, str, bool]]:
    """Every snapshot of an order: trigger, day, whether it is superseded."""
    return [
        (row.snapshot_trigger, str(row.snapshot_date), row.superseded_at is not None)
        for row in garage.snapshots(all_of_them=True)
        if row.ro_number == number
    ]


def revenue(garage: Garage, day: str) -> int | None:
    row = garage.day(day)
    return row and row.authorized_revenue


def test_completed_then_posted_on_another_day(garage: Garage) -> None:
    told = golden_order(102)  # completed on 5 March; let it be posted on the 6th
    garage.take(edited(told, "2026-03-05T20:00:00Z", 3, postedDate=None))
    garage.rebuild()
    row = garage.day("2026-03-05")
    assert row is not None
    assert (row.ro_completed_count, row.ro_count, row.authorized_revenue) == (1, 0, 0)
    garage.take(edited(told, "2026-03-06T22:00:00Z", 5, postedDate="2026-03-06T22:00:00Z"))
    garage.rebuild()
    assert standing(garage, 102) == [("completed", "2026-03-05", True), ("posted", "2026-03-06", False)]
    assert garage.days() == ["2026-03-06"]
    assert revenue(garage, "2026-03-06") == 83_000


def test_unposted_and_posted_again_on_another_day(garage: Garage) -> None:
    told = golden_order(110)
    garage.take(edited(told, "2026-03-12T18:00:00Z", 5, postedDate="2026-03-12T18:00:00Z"))
    garage.rebuild()
    assert garage.days() == ["2026-03-12"]
    # unposted: complete, though both dates are still there
    garage.take(edited(told, "2026-03-13T15:00:00Z", 3, postedDate="2026-03-12T18:00:00Z"))
    garage.rebuild()
    row = garage.day("2026-03-09")
    assert row is not None
    assert (garage.days(), row.ro_completed_count, row.ro_count) == (["2026-03-09"], 1, 0)
    assert garage.technicians("2026-03-12") == {}
    garage.take(edited(told, "2026-03-13T15:20:00Z", 5, postedDate="2026-03-09T22:00:00Z"))
    garage.rebuild()
    assert standing(garage, 110) == [
        ("completed", "2026-03-09", True), ("posted", "2026-03-09", False), ("posted", "2026-03-12", True),
    ]  # fmt: skip
    assert garage.days() == ["2026-03-09"]
    assert (revenue(garage, "2026-03-09"), set(garage.technicians("2026-03-09"))) == (7_500, {TECH_A})


def test_moved_between_two_runs(garage: Garage) -> None:
    """Nobody saw it unposted: the vendor just gives another day."""
    told = golden_order(110)
    garage.take(golden_order(104), edited(told, "2026-03-12T18:00:00Z", postedDate="2026-03-12T18:00:00Z"))
    garage.rebuild()
    assert (revenue(garage, "2026-03-09"), revenue(garage, "2026-03-12")) == (44_000, 7_500)
    garage.take(edited(told, "2026-03-13T15:20:00Z", postedDate="2026-03-09T22:00:00Z"))
    done = garage.rebuild()
    assert (revenue(garage, "2026-03-09"), revenue(garage, "2026-03-12")) == (51_500, None)
    assert done.days == 2
    assert done.written["daily_shop_metrics"] == {"created": 0, "updated": 1, "removed": 1}


def test_posted_back_on_a_day_it_was_counted_on_before(garage: Garage) -> None:
    told = golden_order(110)
    for at, day in (("12T18", "12"), ("13T15", "09"), ("13T16", "12")):
        garage.take(edited(told, f"2026-03-{at}:00:00Z", postedDate=f"2026-03-{day}T22:00:00Z"))
        garage.rebuild()
    assert standing(garage, 110) == [("posted", "2026-03-09", True), ("posted", "2026-03-12", False)]
    assert garage.days() == ["2026-03-12"]


def test_a_deleted_order_does_not_count_and_its_snapshot_is_kept(golden: Garage) -> None:
    golden.bench.rows(
        "UPDATE tekmetric.repair_orders SET is_deleted = TRUE, synced_at = now() WHERE ro_number = 103 RETURNING 1"
    )
    golden.rebuild()
    assert standing(golden, 103) == [("posted", "2026-03-06", True)]
    assert golden.day("2026-03-06") is None


@pytest.mark.parametrize("status", [1, 2, 9])
def test_dates_prove_no_status(garage: Garage, status: int) -> None:
    garage.take(edited(golden_order(101), "2026-03-04T00:00:00Z", status))
    garage.rebuild()
    assert (garage.snapshots(), garage.days()) == ([], [])


def test_an_evening_post_belongs_to_the_shops_own_day(garage: Garage) -> None:
    """02:30 of 10 March in UTC is the evening of the 9th in Pueblo; 03:30 is still the 9th in New York."""
    late = order(7, job(70, parts=[part(700)]), shopId=EASTERN, postedDate="2026-03-10T03:30:00Z")
    garage.take(golden_order(104))
    garage.take(late, shop=EASTERN)
    garage.rebuild()
    assert garage.days() == ["2026-03-09", "2026-03-09"]


def test_a_shop_without_a_time_zone_has_no_day_and_is_counted(garage: Garage) -> None:
    garage.take(order(7, job(70, parts=[part(700)]), shopId=ZONELESS), shop=ZONELESS)
    assert garage.rebuild().broken == UNMAPPED | {"no_time_zone": 1, "customer_there": 1, "vehicle_there": 1}
    assert (garage.snapshots(), garage.days()) == ([], [])
    garage.bench.set_zone(ZONELESS, "America/Chicago")
    garage.bench.totals()
    done = garage.rebuild()
    assert garage.days() == ["2026-03-03"]
    assert "no_time_zone" not in done.broken


# --------------------------------------------------------------------------------------------- as it was, and corrected


def test_a_rename_does_not_touch_a_snapshot(golden: Garage) -> None:
    before = golden.versions()["ro_snapshots"]
    for table, words in (
        ("customers", "first_name = 'Someone', last_name = 'Else'"), ("vehicles", "model = 'Another'"),
        ("employees", "first_name = 'New'"),
    ):  # fmt: skip
        golden.bench.rows(
            f"UPDATE tekmetric.{table} SET {words}, synced_at = now() "
            "WHERE tm_id <> 1900003 RETURNING 1"  # who has no name yet
        )
    golden.rebuild()
    assert golden.versions()["ro_snapshots"] == before
    golden.rebuild(first=golden.snapshot(101).snapshot_date)
    row = golden.snapshot(101)
    assert (row.customer_name, row.vehicle_description, row.advisor_name) == (
        "Casey Example", "2018 Honda CR-V", "Sage Sample",
    )  # fmt: skip


def test_corrected_money_of_the_posting_reaches_the_snapshot_and_the_names_stay(golden: Garage) -> None:
    golden.bench.rows("UPDATE tekmetric.customers SET first_name = 'Someone', synced_at = now() RETURNING 1")
    told = edited(golden_order(101), "2026-03-20T00:00:00Z")
    told["jobs"][0]["discounts"] = []
    golden.take(told)
    golden.rebuild()
    row = golden.snapshot(101)
    assert (row.authorized_revenue, row.discount_total, row.customer_name) == (14_465, 0, "Casey Example")
    assert revenue(golden, "2026-03-03") == 14_465


def test_a_new_posting_takes_the_names_of_its_day(golden: Garage) -> None:
    golden.bench.rows(
        "UPDATE tekmetric.customers SET first_name = 'Jordan', synced_at = now() WHERE tm_id = 1900001 RETURNING 1"
    )
    golden.take(edited(golden_order(101), "2026-03-20T00:00:00Z", postedDate="2026-03-19T20:00:00Z"))
    golden.rebuild()
    assert golden.snapshot(101).customer_name == "Jordan Example"


def test_a_name_that_comes_later_is_filled_in_once(garage: Garage) -> None:
    garage.bench.rows("DELETE FROM tekmetric.customers RETURNING 1")
    garage.take(golden_order(101))
    assert garage.rebuild().broken == UNMAPPED | {"customer_there": 1}
    assert garage.snapshot(101).customer_name is None
    garage.bench.rows("DELETE FROM tekmetric.vehicles RETURNING 1")
    garage.own()
    garage.rebuild()
    assert garage.snapshot(101).customer_name == "Casey Example"


def test_a_part_that_was_removed_is_gone_from_the_figures(golden: Garage) -> None:
    told = edited(golden_order(101), "2026-03-20T00:00:00Z")
    told["jobs"][0]["parts"] = told["jobs"][0]["parts"][:1]
    golden.take(told)
    golden.rebuild()
    row = golden.snapshot(101)
    # without the filter of 1,290, which cost 420: 13,465 - 1,290 and 4,170 - 420
    assert (row.authorized_revenue, row.authorized_cost, row.parts_revenue) == (12_175, 3_750, 5_175)
    assert revenue(golden, "2026-03-03") == 12_175


def test_an_answer_that_is_taken_back_is_gone_from_the_figures(golden: Garage) -> None:
    told = edited(golden_order(107), "2026-03-20T00:00:00Z")
    told["jobs"][0]["authorized"] = False
    golden.take(told)
    golden.rebuild()
    row = golden.snapshot(107)
    # nothing is authorized, so the order's own fee and discount are not either; offered are 19,100
    assert (row.authorized_revenue, row.authorized_cost, row.authorized_gp_percent) == (0, 0, None)
    assert (row.potential_revenue, row.fees_total, row.discount_total) == (19_100, 0, 0)


def test_a_manual_snapshot_counts_nowhere(golden: Garage) -> None:
    before = golden.days()
    golden.rebuild(manual=(order_id(109), order_id(101)))
    assert [trigger for trigger, _, _ in standing(golden, 109)] == ["manual"]
    assert sorted(trigger for trigger, _, _ in standing(golden, 101)) == ["manual", "posted"]
    assert golden.days() == before
    golden.rebuild()
    assert [trigger for trigger, _, gone in standing(golden, 109) if not gone] == ["manual"]


# --------------------------------------------------------------------------------------------------------------- pay


def test_a_rise_in_pay_does_not_rewrite_the_past(golden: Garage) -> None:
    golden.pay(TECH_A, 5_000)
    golden.rebuild()
    assert golden.snapshot(101).labor_cost == 1_500
    golden.take(edited(golden_order(101), "2026-03-20T00:00:00Z", milesIn=61_235))
    golden.rebuild()
    assert golden.snapshot(101).labor_cost == 1_500
    golden.take(edited(golden_order(101), "2026-03-21T00:00:00Z", postedDate="2026-03-20T20:00:00Z"))
    golden.rebuild()
    assert golden.snapshot(101).labor_cost == 1_500, "moved to another day it is still the same work"
    golden.rebuild(first=golden.snapshot(101).snapshot_date, new_rates=True)
    assert golden.snapshot(101).labor_cost == 2_500
    row: Any = golden.bench.one("SELECT * FROM tekmetric.job_labor WHERE tm_repair_order_id = %s", (order_id(101),))
    assert (row.tech_hourly_cost, row.labor_cost, row.rate_source) == (5_000, 2_500, "assigned")


def test_the_mean_of_the_shop_stands_in_until_the_technicians_own_is_known(garage: Garage) -> None:
    garage.pay(TECH_A, None)
    garage.employ(1_001_007, "Cam", "Casedraft", 3, 3_001)
    garage.take(golden_order(101))
    garage.rebuild()
    # technicians' pay 2,400 and 3,001, half-even 2,700; the advisor's 2,600 is no technician's. 0.5 h x 2,700
    row = garage.snapshot(101)
    assert (row.labor_cost, row.rate_sources) == (1_350, {"shop_avg": 1})
    garage.pay(1_001_007, 9_000)
    garage.rebuild()
    assert garage.snapshot(101).labor_cost == 1_350, "a mean once used stays"
    garage.pay(TECH_A, 3_000)
    garage.rebuild()
    row = garage.snapshot(101)
    assert (row.labor_cost, row.rate_sources) == (1_500, {"assigned": 1})


def test_without_any_pay_the_cost_is_not_known_and_no_figure_pretends(garage: Garage) -> None:
    for number in (TECH_A, TECH_B, ADVISOR):
        garage.pay(number, None)
    garage.take(golden_order(102), golden_order(106))
    done = garage.rebuild()
    row = garage.snapshot(102)
    assert (row.authorized_revenue, row.parts_cost, row.labor_cost) == (83_000, 18_400, None)
    assert (row.authorized_cost, row.authorized_profit, row.authorized_gp_percent) == (None, None, None)
    assert (row.flags, row.rate_sources) == (["cost_unknown"], {"unknown": 2})
    assert garage.snapshot(106).labor_cost is None, "nobody is named, and nobody's pay is known"
    assert done.broken["cost_known"] == 2
    day = garage.day("2026-03-05")
    assert day is not None
    assert (day.authorized_revenue, day.authorized_cost, day.authorized_gp_percent) == (83_000, None, None)
    assert (day.avg_ro_value, day.avg_ro_profit, day.gp_per_labor_hour) == (83_000, None, None)
    assert (day.avg_labor_rate, day.parts_gp_percent is None, day.ro_without_cost_count) == (15_000, False, 1)
    technician = garage.technicians("2026-03-05")[TECH_A]
    assert (technician.labor_revenue, technician.labor_cost, technician.gp_per_hour) == (30_000, None, None)
    # the vendor's own figures make the day whole
    garage.report(order_id(102), 83_000, 32_000)
    garage.rebuild()
    day = garage.day("2026-03-05")
    assert day is not None
    assert (day.revenue_source, day.authorized_cost, day.labor_cost) == ("vendor", 32_000, None)


def test_the_setting_stands_in_last_and_changing_it_makes_all_days_anew(garage: Garage) -> None:
    for number in (TECH_A, TECH_B, ADVISOR):
        garage.pay(number, None)
    garage.take(golden_order(101), golden_order(106))
    garage.rebuild(default_rate=2_500)
    row = garage.snapshot(101)
    assert (row.labor_cost, row.rate_sources) == (1_250, {"default": 1})
    assert garage.snapshot(106).labor_cost == 0, "nobody is named: it costs nothing, as the vendor counts it"
    garage.bench.rows("UPDATE tekmetric.repair_orders SET synced_at = now() - interval '3 days' RETURNING 1")
    garage.bench.rows("UPDATE tekmetric.employees SET synced_at = now() - interval '3 days' RETURNING 1")
    garage.rebuild(default_rate=3_000)
    assert garage.snapshot(101).labor_cost == 1_500
