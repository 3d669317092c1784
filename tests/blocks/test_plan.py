"""Planning: slices by day and place, what the budget allows, chunks of about equal work."""

from __future__ import annotations

from collections import namedtuple
from datetime import date

from branchline import plan
from branchline.limits import Budget
from branchline.sources.smartmoving import SMARTMOVING

CUSTOMERS = SMARTMOVING.stream("customers")
OPPORTUNITIES = SMARTMOVING.stream("opportunities")
TODAY = date(2026, 7, 15)
Due = namedtuple("Due", "record_key reason")
Open = namedtuple("Open", "slice_id stream size")


def budget(limit: int, used: int) -> Budget:
    return Budget(limit, used, TODAY)


def test_a_company_sweep_is_one_slice_a_day_with_its_class_of_calls() -> None:
    slices = plan.sweep(CUSTOMERS, [date(2026, 7, 14), TODAY, date(2026, 7, 16)], TODAY, None)
    assert [piece.priority for piece in slices] == ["backfill", "today", "tomorrow"]
    assert slices[1].request == {"params": {"FromServiceDate": "20260715", "ToServiceDate": "20260715"}}
    assert slices[1].window == (TODAY, date(2026, 7, 16))
    assert slices[1].location_id is None


def test_where_the_vendor_filters_there_is_a_slice_a_branch_and_day() -> None:
    places = [plan.Place(n, f"branch-{n}", f"Branch {n} ", "America/Toronto") for n in range(66)]
    slices = plan.sweep(CUSTOMERS, [TODAY, date(2026, 7, 16)], TODAY, places)
    assert len(slices) == 132
    assert len({piece.scope for piece in slices}) == 132
    assert slices[5].request["params"]["BranchId"] == "branch-5"
    assert slices[5].location_id == 5


def test_details_go_first_to_what_is_wanted_most_and_stop_at_the_soft_limit() -> None:
    due = [Due("a", "aged"), Due("b", "new"), Due("c", "changed"), Due("d", "missing")]
    slices, left_out = plan.by_key(OPPORTUNITIES, due, budget(100, 87))
    assert [piece.request["keys"] for piece in slices] == [["b", "c", "d"]]
    assert left_out == 1
    slices, left_out = plan.by_key(OPPORTUNITIES, due, budget(100, 95))
    assert (slices, left_out) == ([], 4)
    slices, left_out = plan.by_key(OPPORTUNITIES, due, budget(0, 10**6))
    assert sum(len(piece.request["keys"]) for piece in slices) == 4


def test_todays_sweep_may_use_the_whole_budget_a_backfill_may_not() -> None:
    days = [date(2026, 7, 14), TODAY, date(2026, 7, 16)]
    specs = plan.sweep(CUSTOMERS, days, TODAY, None)
    allowed, waiting = plan.within_budget(specs, budget(100, 95), {"customers": 2})
    assert [piece.priority for piece in allowed] == ["today", "tomorrow"]
    assert [piece.priority for piece in waiting] == ["backfill"]
    allowed, waiting = plan.within_budget(specs, budget(100, 97), {"customers": 2})
    assert [piece.priority for piece in allowed] == ["today"]
    allowed, waiting = plan.within_budget(specs, budget(100, 100), {})
    assert allowed == []


def test_T26_five_thousand_pages_are_a_handful_of_chunks_of_equal_load() -> None:
    rows = [Open(n, "customers", 38) for n in range(132)]
    packed = plan.chunks(rows, {}, most=4)
    assert len(packed) == 4
    assert sorted(slice_id for chunk in packed for slice_id in chunk) == list(range(132))
    assert {len(chunk) for chunk in packed} == {33}


def test_little_work_is_one_chunk_and_none_is_none() -> None:
    assert plan.chunks([], {}) == []
    assert plan.chunks([Open(1, "branches", 1), Open(2, "users", 1)], {}) == [[1, 2]]


def test_the_projection_is_a_straight_line_through_the_days_begun() -> None:
    assert Budget(20_000, 9_000, date(2026, 7, 15)).projected() == 18_600
    assert "45%" in Budget(20_000, 9_000, date(2026, 7, 15)).describe()
