"""Repair orders and their lines, from the payload to typed rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from branchline.derive import derive

from sandbox.tekmetric.golden import FIGURES
from tests.blocks.landed import after
from tests.tekmetric.landed import ACCOUNT, GOLDEN, ZONELESS, ShopBench, golden_order, job, order, part

LINES = ("jobs", "job_parts", "job_labor", "job_fees", "job_discounts", "job_sublets", "ro_fees", "ro_discounts")


def line_counts(auto: ShopBench) -> dict[str, int]:
    return {name: auto.one(f"SELECT count(*) FROM tekmetric.{name}") for name in (*LINES, "ro_concerns")}


def versions(auto: ShopBench) -> dict[str, Any]:
    """Which physical row stands for each key: equal before and after means that nothing was written."""
    return {
        name: auto.rows(f"SELECT ctid, xmin FROM tekmetric.{name} ORDER BY ctid")
        for name in ("repair_orders", *LINES, "ro_concerns")
    }


# ------------------------------------------------------------------------------------------------------------- golden


def test_golden_orders_come_to_their_figures_by_lines(auto: ShopBench) -> None:
    counts = auto.take("repair_orders", [golden_order(number) for number in FIGURES])
    assert (counts.created, counts.quarantined) == (len(FIGURES), 0)
    assert auto.totals() == len(FIGURES)
    rows = {row.ro_number: row for row in auto.rows("SELECT * FROM tekmetric.repair_orders")}
    costs = {
        row.tm_repair_order_id: (row.parts, row.sublets)
        for row in auto.rows(
            "SELECT tm_id AS tm_repair_order_id, "
            "(SELECT coalesce(sum(line_cost), 0) FROM tekmetric.job_parts AS lines INNER JOIN tekmetric.jobs "
            "USING (client_id, account, tm_shop_id, tm_repair_order_id) WHERE jobs.tm_id = lines.tm_job_id "
            "AND authorized AND tm_repair_order_id = orders.tm_id) AS parts, "
            "(SELECT coalesce(sum(cost), 0) FROM tekmetric.job_sublets AS lines WHERE authorized "
            "AND tm_repair_order_id = orders.tm_id) AS sublets FROM tekmetric.repair_orders AS orders"
        )
    }
    for number, told in FIGURES.items():
        row = rows[number]
        assert (row.authorized_parts_total, row.authorized_labor_total) == (told.parts, told.labor), number
        assert (row.authorized_sublet_total, row.authorized_fees_total) == (told.sublets, told.fees), number
        assert (row.authorized_discount, row.authorized_tax) == (told.discounts, told.taxes), number
        assert row.authorized_total == told.revenue == row.total_sales - row.taxes, number
        assert row.authorized_labor_hours == Decimal(str(told.hours)), number
        assert costs[row.tm_id] == (told.parts_cost, told.sublets_cost), number
        assert (row.status_id, row.is_posted) == (told.status, told.status in (5, 6)), number
        if row.is_posted:
            assert str(row.posted_date) == told.posted_day, number
        if told.completed_day:
            assert str(row.completed_date) == told.completed_day, number
        assert row.authorized_revenue is None, "the vendor's own profit is the shop API's alone"


def test_what_is_declined_or_not_answered_is_potential_only(auto: ShopBench) -> None:
    auto.take("repair_orders", [golden_order(103)])
    auto.totals()
    row = auto.one("SELECT * FROM tekmetric.repair_orders")
    assert (row.potential_job_count, row.authorized_job_count) == (3, 1)
    # diagnosis 15,000; belt kit 26,500 + 4.6 h x 15,000; wipers 2 x 2,190 + 0.2 h x 15,000
    assert (row.potential_total, row.authorized_total) == (15_000 + 26_500 + 69_000 + 4_380 + 3_000, 15_000)
    answers = auto.rows("SELECT name, authorized, declined, declined_date FROM tekmetric.jobs ORDER BY sort_order")
    assert [(row.authorized, row.declined) for row in answers] == [(True, False), (False, True), (None, False)]
    assert answers[1].declined_date == datetime(2026, 3, 5, 18, tzinfo=UTC)


def test_totals_are_written_where_they_differ_and_nowhere_else(auto: ShopBench) -> None:
    auto.take("repair_orders", [golden_order(101), golden_order(102)])
    target = "tekmetric.repair_orders.totals"
    assert derive(auto.connection, ACCOUNT, target, None) == {"created": 0, "updated": 2}
    assert derive(auto.connection, ACCOUNT, target, None) == {"created": 0, "updated": 0}
    changed = golden_order(101)
    changed["jobs"][0]["parts"][0]["retail"] += 100
    assert auto.take("repair_orders", [changed], at=after(1)).updated == 1, "its own fields are what they were"
    assert auto.totals() == 1
    assert auto.one("SELECT authorized_parts_total FROM tekmetric.repair_orders WHERE ro_number = 101") == 6_465 + 450


# ------------------------------------------------------------------------------------------------------------- lines


def test_quantities_are_decimal(auto: ShopBench) -> None:
    auto.take("repair_orders", [golden_order(101)])
    row = auto.one("SELECT * FROM tekmetric.job_parts WHERE name LIKE '5W%'")
    assert (row.quantity, row.retail, row.total) == (Decimal("4.5"), 1_150, 5_175)
    assert (row.cost, row.line_cost, row.cost_basis) == (500, 2_250, "unit")


def test_half_cents_are_rounded_to_even(auto: ShopBench) -> None:
    parts = [part(place, quantity=0.5, retail=retail, cost=retail) for place, retail in enumerate((1, 3, 5), 1)]
    auto.take("repair_orders", [order(1, job(1, parts=parts))])
    rows = auto.rows("SELECT total, line_cost FROM tekmetric.job_parts ORDER BY line")
    assert [tuple(row) for row in rows] == [(0, 0), (2, 2), (2, 2)]


def test_two_fees_of_one_name_are_two(auto: ShopBench) -> None:
    auto.take("repair_orders", [golden_order(102)])
    rows = auto.rows("SELECT total, fee_type FROM tekmetric.job_fees ORDER BY total")
    assert [tuple(row) for row in rows] == [(200, "shop_supplies"), (300, "shop_supplies")]


def test_lines_without_ids_keep_their_keys(auto: ShopBench) -> None:
    fees = [
        {"name": "Shop Supplies", "total": 300},
        {"name": "EPA", "total": 50},
        {"name": "Shop Supplies", "total": 200},
    ]
    parts = [part(None), part(7), part(None), part(None, name=None)]
    told = order(1, job(1, fees=fees, parts=parts), fees=fees[:2], customerConcerns=[{"concern": "Noise"}])
    auto.take("repair_orders", [told])
    assert [row.line for row in auto.rows("SELECT line FROM tekmetric.job_fees ORDER BY line")] == [
        "EPA #1", "Shop Supplies #1", "Shop Supplies #2",
    ]  # fmt: skip
    assert [row.line for row in auto.rows("SELECT line FROM tekmetric.job_parts ORDER BY line")] == [
        " #1", "7", "Oil (qt) #1", "Oil (qt) #2",
    ]  # fmt: skip
    before = versions(auto)
    assert auto.take("repair_orders", [told], at=after(1)).unchanged == 1
    assert versions(auto) == before


def test_a_repair_is_no_epa_fee(auto: ShopBench) -> None:
    names = ("EPA", "Repair kit", "Workshop", "Shop fee", "Environmental Fee", "Tire Disposal", "Hazmat", "")
    fees = [{"id": place, "name": name, "total": 1} for place, name in enumerate(names, 1)]
    auto.take("repair_orders", [order(1, fees=fees)])
    kinds = [row.fee_type for row in auto.rows("SELECT fee_type FROM tekmetric.ro_fees ORDER BY line")]
    assert kinds == [
        "environmental", "other", "other", "shop_supplies", "environmental", "disposal", "hazmat", "other",
    ]  # fmt: skip


def test_a_tyre_has_no_name_and_its_size(auto: ShopBench) -> None:
    auto.take("repair_orders", [golden_order(106)])
    row = auto.one("SELECT * FROM tekmetric.job_parts")
    assert (row.name, row.part_number, row.description) == (None, None, None)
    assert (row.part_type, row.part_type_id, row.model, row.width) == ("TIRE", 2, "Golden A/S", "225")
    assert (row.ratio, row.diameter, row.total) == (55, 17, 58_000)
    assert row.dot_numbers in ([], ["TEST 0126"])


def test_a_line_s_own_total_tells_a_unit_s_cost_from_a_line_s(auto: ShopBench) -> None:
    parts = [
        part(1, quantity=2, retail=23_000, cost=12_400, total=23_000),
        part(2, quantity=2, retail=11_500, cost=6_200, total=23_000),
        part(3, quantity=1, retail=100, cost=60, total=100),
        part(4, quantity=2, retail=100, cost=60, total=150),
        part(5, quantity=2, retail=None, cost=None),
    ]
    auto.take("repair_orders", [order(1, job(1, parts=parts))])
    rows = auto.rows("SELECT cost_basis, cost, line_cost, total FROM tekmetric.job_parts ORDER BY line")
    assert [tuple(row) for row in rows] == [
        ("line", 12_400, 12_400, 23_000),
        ("unit", 6_200, 12_400, 23_000),
        ("unit", 60, 60, 100),
        ("unit", 60, 120, 150),
        (None, None, None, None),
    ]


def test_who_did_the_work_stands_on_the_line_or_on_its_job(auto: ShopBench) -> None:
    work = {"name": "Brakes", "hours": 1, "rate": 15_000}
    labor = [work | {"id": 1, "technicianId": 1_001_006}, work | {"id": 2, "technicianId": None}, work | {"id": 3}]
    auto.take("repair_orders", [order(1, job(1, labor=labor), job(2, labor=[work | {"id": 4}], technicianId=None))])
    rows = auto.rows(
        "SELECT labor.tm_technician_id, labor.technician_basis, labor.technician_id = tekmetric.uid(labor.client_id, "
        "labor.account, 'employees', labor.tm_shop_id, labor.tm_technician_id::text) AS is_theirs "
        "FROM tekmetric.job_labor AS labor ORDER BY line"
    )
    assert [tuple(row) for row in rows] == [
        (1_001_006, "line", True), (None, None, None), (1_001_005, "job", True), (None, None, None),
    ]  # fmt: skip


def test_sublets_are_the_order_s_and_have_their_own_answer(auto: ShopBench) -> None:
    told = golden_order(102)
    told["sublets"].append({**told["sublets"][0], "id": 1, "authorized": None, "name": "Glass"})
    auto.take("repair_orders", [told])
    auto.totals()
    rows = auto.rows("SELECT * FROM tekmetric.job_sublets ORDER BY line")
    assert [(row.name, row.authorized, row.retail, row.cost, row.tm_job_id) for row in rows] == [
        ("Glass", None, 10_000, 6_400, None),
        ("Alignment", True, 10_000, 6_400, None),
    ]
    row = auto.one("SELECT authorized_sublet_total, potential_sublet_total FROM tekmetric.repair_orders")
    assert tuple(row) == (10_000, 20_000)


def test_t41_a_part_removed_upstream_leaves_with_its_order_s_transaction(auto: ShopBench) -> None:
    told = golden_order(102)
    auto.take("repair_orders", [told])
    auto.totals()
    assert line_counts(auto) == {
        "jobs": 1, "job_parts": 2, "job_labor": 2, "job_fees": 2, "job_discounts": 0, "job_sublets": 1, "ro_fees": 0,
        "ro_discounts": 0, "ro_concerns": 1,
    }  # fmt: skip
    del told["jobs"][0]["parts"][0]
    del told["jobs"][0]["fees"][1]
    counts = auto.take("repair_orders", [told], at=after(1))
    assert counts.updated == 1, "updatedDate is what it was, its lines are not"
    assert counts.tables["tekmetric.job_parts"]["removed"] == 1
    assert [row.name for row in auto.rows("SELECT name FROM tekmetric.job_parts")] == ["Rotor"]
    assert auto.totals() == 1
    assert auto.one("SELECT authorized_parts_total FROM tekmetric.repair_orders") == 23_000


def test_a_job_removed_upstream_takes_its_lines_along(auto: ShopBench) -> None:
    told = golden_order(103)
    auto.take("repair_orders", [told])
    del told["jobs"][1]
    auto.take("repair_orders", [told], at=after(1))
    assert auto.one("SELECT array_agg(name ORDER BY sort_order) FROM tekmetric.jobs") == ["Diagnostic", "Wiper Blades"]
    assert auto.one("SELECT count(*) FROM tekmetric.job_labor") == 2


# -------------------------------------------------------------------------------------------------- times and statuses


@pytest.mark.parametrize(
    ("sent", "moment", "day"),
    [
        ("2026-03-03T23:10:00Z", datetime(2026, 3, 3, 23, 10, tzinfo=UTC), date(2026, 3, 3)),
        ("2026-03-04T02:30:00", datetime(2026, 3, 4, 2, 30, tzinfo=UTC), date(2026, 3, 3)),
        ("2026-03-04T06:59:59.999999999Z", datetime(2026, 3, 4, 7, tzinfo=UTC), date(2026, 3, 4)),
        ("2026-03-08T08:59:59.123Z", datetime(2026, 3, 8, 8, 59, 59, 123000, tzinfo=UTC), date(2026, 3, 8)),
        ("2026-03-09T05:59:00-00:00", datetime(2026, 3, 9, 5, 59, tzinfo=UTC), date(2026, 3, 8)),
        (None, None, None),
    ],
)
def test_times_are_utc_and_days_the_shop_s_own(auto: ShopBench, sent: Any, moment: Any, day: Any) -> None:
    auto.take("repair_orders", [order(1, postedDate=sent)])
    row = auto.one("SELECT posted_at, posted_date FROM tekmetric.repair_orders")
    assert tuple(row) == (moment, day)


def test_a_job_s_answer_has_no_zone_and_is_utc(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, job(1))])
    assert auto.one("SELECT authorized_date FROM tekmetric.jobs") == datetime(2026, 3, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land", "pueblo", "PM", "America/Denver; --"])
def test_a_shop_without_a_zone_has_no_days(auto: ShopBench, zone: str | None) -> None:
    auto.set_zone(ZONELESS, zone)
    auto.take("repair_orders", [order(1, shopId=ZONELESS)], shop=ZONELESS)
    auto.totals()
    row = auto.one("SELECT posted_at, posted_date, completed_date FROM tekmetric.repair_orders")
    assert tuple(row) == (datetime(2026, 3, 3, 23, 10, tzinfo=UTC), None, None)


def test_a_zone_set_later_dates_the_orders_that_are_there(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, shopId=ZONELESS, postedDate="2026-03-04T02:30:00Z")], shop=ZONELESS)
    auto.totals()
    auto.set_zone(ZONELESS, "Pacific/Honolulu")
    later = datetime(2100, 1, 1, tzinfo=UTC)
    assert auto.totals(since=later) == 1, "no order was written since, the zone was"
    assert auto.one("SELECT posted_date FROM tekmetric.repair_orders") == date(2026, 3, 3)
    assert auto.one("SELECT timezone FROM tekmetric.shops WHERE tm_id = %s", (ZONELESS,)) == "Pacific/Honolulu"
    assert auto.totals(since=later) == 0


def test_an_unknown_status_is_kept_and_flagged_and_never_posted(auto: ShopBench) -> None:
    counts = auto.take("repair_orders", [order(1, status=8), order(2), order(3, status=3)])
    assert (counts.created, counts.quarantined) == (3, 0)
    rows = auto.rows("SELECT status, status_id, is_posted, is_completed FROM tekmetric.repair_orders ORDER BY tm_id")
    assert [tuple(row) for row in rows] == [
        ("NEW8", 8, False, False), ("POSTED", 5, True, False), ("COMPLETE", 3, False, True),
    ]  # fmt: skip
    known = auto.one("SELECT is_known FROM core.codes WHERE ref = 'tekmetric repairOrderStatus 8'")
    assert known is False
    assert auto.one("SELECT subject FROM ops.schema_drift") == "repairOrderStatus 8"


def test_an_order_without_a_status_keeps_its_last_good_version(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1)])
    counts = auto.take("repair_orders", [order(1, repairOrderStatus=None)], at=after(1))
    assert counts.quarantined == 1
    assert auto.one("SELECT is_posted FROM tekmetric.repair_orders") is True
    assert auto.flaws() == [("tekmetric.repair_orders", "record", "missing", "status_id")]


def test_a_deleted_order_is_marked_by_the_vendor_s_own_time(auto: ShopBench) -> None:
    told = order(1, job(1, parts=[part(1)]))
    auto.take("repair_orders", [told])
    gone = told | {"deletedDate": "2026-03-05T10:00:00Z", "repairOrderStatus": {"id": 7, "code": "DELETED"}}
    auto.take("deleted_repair_orders", [gone], at=after(1))
    row = auto.one("SELECT is_deleted, source_deleted_at, source_updated_at FROM tekmetric.repair_orders")
    assert tuple(row) == (True, *[datetime(2026, 3, 5, 10, tzinfo=UTC)] * 2)
    assert auto.one("SELECT is_deleted FROM tekmetric.job_parts") is True
    # what was updated before it was deleted is older, whenever it is fetched
    assert auto.take("repair_orders", [told], at=after(2)).stale == 1


# ------------------------------------------------------------------------------------------------------ how it is sent


def test_whole_numbers_may_come_as_a_float_s_text(auto: ShopBench) -> None:
    parts = [part("8907.0", quantity="4.50", retail="1150.0", cost=500.0)]
    auto.take(
        "repair_orders", [order("12.0", job(3.0, parts=parts), taxes="0.0", totalSales="5175.0", shopId="4100.0")]
    )
    row = auto.one("SELECT tm_id, tm_shop_id, taxes, total_sales, location_id IS NOT NULL FROM tekmetric.repair_orders")
    assert tuple(row) == (12, GOLDEN, 0, 5_175, True)
    row = auto.one("SELECT line, tm_id, tm_job_id, quantity, total, line_cost FROM tekmetric.job_parts")
    assert tuple(row) == ("8907", 8_907, 3, Decimal("4.50"), 5_175, 2_250)


@pytest.mark.parametrize("change", [{"quantity": "many"}, {"quantity": 1e300}, {"quantity": "1e30", "retail": 10**17}])
def test_a_quantity_that_cannot_be_read_is_no_quiet_zero(auto: ShopBench, change: dict[str, Any]) -> None:
    auto.take("repair_orders", [order(1, job(1, parts=[part(1)]))])
    counts = auto.take("repair_orders", [order(1, job(1, parts=[part(1, **change)]))], at=after(1))
    assert counts.quarantined == 1
    assert ("tekmetric.job_parts", "total") in {(table, field) for table, _, _, field in auto.flaws()}


@pytest.mark.parametrize("lists", ["a word", {"id": 1}, [7], [None]])
def test_a_list_that_is_none_rejects_the_order_and_nothing_else(auto: ShopBench, lists: Any) -> None:
    for name in ("jobs", "sublets", "fees", "discounts", "customerConcerns"):
        counts = auto.take("repair_orders", [order(1, **{name: lists}), order(2)])
        assert counts.quarantined == 1, name
    assert auto.one("SELECT array_agg(tm_id) FROM tekmetric.repair_orders") == [2]


def test_missing_lists_are_empty_ones(auto: ShopBench) -> None:
    bare = {name: value for name, value in order(1).items() if name not in {"jobs", "sublets", "fees", "discounts"}}
    assert auto.take("repair_orders", [bare | {"jobs": None}]).created == 1
    auto.totals()
    row = auto.one("SELECT potential_total, potential_job_count, authorized_tax FROM tekmetric.repair_orders")
    assert tuple(row) == (0, 0, 0)


def test_what_the_contract_does_not_know_is_kept_aside(auto: ShopBench) -> None:
    auto.take("repair_orders", [order(1, inspectionUrl="https://example.com/1"), order(2)])
    rows = auto.rows("SELECT extra, tm_extra FROM tekmetric.repair_orders ORDER BY tm_id")
    assert [tuple(row) for row in rows] == [({"inspectionUrl": "https://example.com/1"},) * 2, (None, None)]


def test_many_lines_with_codes_are_analysed_before_their_keys_are_checked(auto: ShopBench) -> None:
    parts = [part(number, partType={"id": 9, "code": "NEW"}) for number in range(1, 1_102)]
    assert auto.take("repair_orders", [order(1, job(1, parts=parts))]).created == 1
    assert auto.one("SELECT count(*) FROM tekmetric.job_parts WHERE part_type_id = 9") == 1_101
