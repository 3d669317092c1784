"""What a vendor's moving pages do to us (T20-T24): the real fetch and warehouse against the sandbox's faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from branchline.errors import VendorChanged

from tests.contract.lines import over
from tests.fetching import Chunk, reference, rule

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def planned(chunk: Chunk) -> Chunk:
    """One slice of the list, planned."""
    return chunk.plan()


def the_slice(chunk: Chunk) -> Any:
    (row,) = chunk.slices()
    return row


@over("pages", "totals")
def test_T20_a_row_inserted_while_paging_is_read_with_the_whole_once_more(planned: Chunk) -> None:
    before = planned.expected()
    rule(planned, "shift", page=1, times=1)
    planned.fetch()
    planned.check_whole()
    assert len(planned.landed()) == before + 1
    row = the_slice(planned)
    assert (row.reread, row.vendor_total, row.verdict) == (1, before + 1, "balanced")
    assert planned.check_ledgers() == 2 * planned.pages()


@over("pages", "totals")
def test_T20_a_row_on_two_pages_is_merged_once_and_counted_as_duplicate(kind: Any, make: Any) -> None:
    line = make(**kind.world(18))
    reference(line)
    before = line.expected(0)
    assert before % 5
    # Without a total nothing tells that it moved; the shift strikes first, the omission every other call.
    shape = kind.LIST.shape
    line.vendor.control.faults(
        {"match": kind.LIST.sized, "page": shape.first + 1, "times": 1, "action": "shift"},
        {"match": kind.LIST.sized, "action": {"kind": "total", "omit": [shape.total]}},
    )
    stream = kind.LIST.stream
    assert line.sync(line.one_slice) == {stream: "success"}, line.errors
    history = line.warehouse.one("SELECT * FROM ops.sync_history WHERE sync_type = %s", (stream,), role="admin")
    assert (history.records_fetched, history.duplicates, history.created) == (before + 1, 1, before)
    assert line.warehouse.one(f"SELECT count(*) FROM {kind.ROOT}") == before


@over("pages", "totals")
def test_T21_a_row_deleted_while_paging_hides_none(planned: Chunk) -> None:
    before = planned.expected()
    rule(planned, "drop", page=1, times=1)
    planned.fetch()
    planned.check_whole()
    assert len(planned.landed()) == before - 1
    row = the_slice(planned)
    assert (row.reread, row.vendor_total, row.verdict) == (1, before - 1, "balanced")


@over("pages", "totals")
def test_T21_rows_that_go_on_vanishing_leave_the_slice_short(planned: Chunk) -> None:
    before, pages = planned.expected(), planned.pages()
    rule(planned, "drop", page=1, times=2)
    planned.fetch()
    row = the_slice(planned)
    assert (row.state, row.reread, row.verdict, row.vendor_total) == ("done", 1, "short", before - 2)
    assert planned.check_ledgers() == pages + -(-(before - 1) // 5)


@over("pages", "totals")
def test_T21_a_total_that_is_never_reached_is_read_twice_and_short(planned: Chunk) -> None:
    rule(planned, {"kind": "total", "delta": 7})
    planned.fetch()
    row, there = the_slice(planned), planned.expected()
    assert (row.state, row.reread, row.verdict, row.vendor_total) == ("done", 1, "short", there + 7)
    assert len(planned.landed()) == there
    assert planned.check_ledgers() == 2 * -(-(there + 7) // 5)


@over("pages", "totals")
def test_T21_a_total_that_moved_before_a_kill_is_not_forgotten(planned: Chunk) -> None:
    rule(planned, "drop", page=1, times=1)
    rule(planned, {"kind": "status", "status": 500}, page=12)
    planned.fetch()
    assert the_slice(planned).state == "failed"
    planned.line.vendor.control.clear_faults()
    planned.fetch()
    planned.check_whole()
    assert the_slice(planned).reread == 1


@over("pages", "totals")
def test_T22_totals_that_sink_and_rise_while_paging(kind: Any, make: Any) -> None:
    chunk = Chunk(make(**kind.world(190, 1))).plan()
    there, pages, shape = chunk.expected(), chunk.pages(), kind.LIST.shape
    assert pages > 30
    low, high = {shape.total: there - 5, shape.pages: pages - 1}, {shape.total: 5 * pages + 10, shape.pages: pages + 2}
    rule(chunk, {"kind": "total", "set": low}, page=2, times=1)
    rule(chunk, {"kind": "total", "set": high}, page=3, times=1)
    chunk.fetch()
    chunk.check_whole()
    row = the_slice(chunk)
    assert (row.reread, row.pages_total, row.vendor_total) == (1, pages, there)
    assert chunk.check_ledgers() == pages + 2 + pages


@over("pages", "totals")
def test_T22_a_total_that_grew_between_two_tries(planned: Chunk) -> None:
    before, pages = planned.expected(), planned.pages()
    rule(planned, {"kind": "status", "status": 500}, page=7)
    planned.fetch()
    assert the_slice(planned).pages_total == pages
    planned.line.vendor.control.clear_faults()
    planned.line.insert(12)
    planned.fetch()
    planned.check_whole()
    assert len(planned.landed()) == before + 12


@over("pages", "totals", "sizes")
def test_T23_the_page_size_that_is_given_counts_not_the_one_asked_for(kind: Any, make: Any) -> None:
    chunk = Chunk(make(**kind.world(250, 1) | {"page_cap": 40})).plan()
    there = chunk.expected()
    assert there > 200
    chunk.fetch()
    chunk.check_whole()
    asked = chunk.line.source.stream(kind.LIST.stream).paging.size
    assert asked > 40
    assert the_slice(chunk).pages_total == -(-there // 40)
    assert chunk.check_ledgers() == -(-there // 40)


@over("pages", "totals", "sizes")
def test_T23_the_vendors_own_cap_is_recognised(kind: Any, make: Any) -> None:
    chunk = Chunk(make(**kind.world(250, 1) | {"page_cap": 100}))
    chunk.line.ask_for_pages_of(500)
    there = chunk.plan().expected()
    chunk.fetch()
    chunk.check_whole()
    assert the_slice(chunk).pages_total == chunk.check_ledgers() == -(-there // 100) == 3


@over("pages", "totals", "sizes")
@pytest.mark.parametrize("cap", [3, 10])
def test_T23_the_cap_moves_between_two_tries(planned: Chunk, cap: int) -> None:
    rule(planned, {"kind": "status", "status": 500}, page=6)
    planned.fetch()
    assert the_slice(planned).state == "failed"
    planned.line.vendor.control.clear_faults()
    planned.line.give_pages_of(cap)
    planned.fetch()
    assert the_slice(planned).state == "done"
    assert len({row.id for row in planned.landed()}) == planned.expected()


@over("pages")
def test_T24_a_page_that_repeats_for_ever_is_stopped(planned: Chunk) -> None:
    rule(planned, "repeat_page", after=3)
    error = next(iter(planned.fetch().failures.values()))
    assert isinstance(error, VendorChanged)
    assert "it repeats page" in str(error)
    assert the_slice(planned).state == "failed"
    assert planned.check_ledgers() <= 3 + 2 * 8
    kept = len({row.page for row in planned.landed()})
    assert kept >= 1
    planned.line.vendor.control.clear_faults()
    assert planned.fetch().calls == planned.pages() - kept
    planned.check_whole()


@over("pages", "json")
def test_T24_a_last_page_that_never_ends_is_stopped(kind: Any, planned: Chunk) -> None:
    def page(number: int) -> dict[str, Any]:
        return {"kind": "body", "body": kind.body(json.dumps({"id": f"{number}"}))}

    for number in (1, 2, 3):
        rule(planned, page(number), page=number)
    rule(planned, page(3))  # whatever is asked beyond the end
    assert f"repeats page {planned.number(3)}" in str(next(iter(planned.fetch().failures.values())))
    assert the_slice(planned).api_calls == 5
