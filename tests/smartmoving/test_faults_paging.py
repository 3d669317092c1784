"""What a vendor's moving pages do to us (T20-T26): the real fetch and warehouse against the sandbox's faults."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from branchline import plan, sync, transport
from branchline.errors import VendorChanged
from branchline.hooks.smartmoving import SmartMovingHook
from branchline.limits import Budget
from branchline.plan import Place
from branchline.request import Request
from branchline.sources.smartmoving import SMARTMOVING

from tests.fetching import FIRST, Chunk, reference, rule

NO_TOTAL = {"kind": "total", "omit": ["totalResults"]}


@pytest.fixture
def chunk(smartmoving: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Chunk:
    """A day of 60 customers on 12 pages of 5; hardly any waiting between attempts."""
    monkeypatch.setattr(transport, "BACKOFF_SECONDS", 0.002)
    monkeypatch.setattr(transport, "JITTER_SECONDS", (0.001, 0.005))
    return Chunk(smartmoving(page_cap=5, customers_per_day=60)).sweep()


def the_slice(chunk: Chunk) -> Any:
    (row,) = chunk.slices()
    return row


def test_T20_a_row_inserted_while_paging_is_read_with_the_whole_once_more(chunk: Chunk) -> None:
    rule(chunk, "shift", page=1, times=1)
    chunk.fetch()
    chunk.check_whole()
    assert len(chunk.landed()) == 61
    row = the_slice(chunk)
    assert (row.reread, row.vendor_total, row.verdict) == (1, 61, None)
    assert chunk.check_ledgers() == 2 * 13


def test_T20_a_row_on_two_pages_is_merged_once_and_counted_as_duplicate(smartmoving: Any) -> None:
    line = smartmoving(page_cap=5)
    reference(line)
    sandbox = line.vendor.control
    before = len(line.vendor.world.matching(FIRST, FIRST))
    # Without a total nothing tells that it moved; the shift strikes first, the omission every other call.
    sandbox.faults(
        {"match": "PageSize=200", "page": 2, "times": 1, "action": "shift"},
        {"match": "PageSize=200", "action": NO_TOTAL},
    )
    assert line.sync(Request(since=FIRST, until=FIRST, streams=("customers",))) == {"customers": "success"}, line.errors
    history = line.warehouse.one("SELECT * FROM ops.sync_history WHERE sync_type = 'customers'", role="admin")
    assert (history.records_fetched, history.duplicates, history.created) == (before + 1, 1, before)
    assert line.warehouse.one("SELECT count(*) FROM smartmoving.customers") == before


def test_T21_a_row_deleted_while_paging_hides_none(chunk: Chunk) -> None:
    rule(chunk, "drop", page=1, times=1)
    chunk.fetch()
    chunk.check_whole()
    assert len(chunk.landed()) == 59
    row = the_slice(chunk)
    assert (row.reread, row.vendor_total, row.verdict) == (1, 59, None)


def test_T21_rows_that_go_on_vanishing_leave_the_slice_short(chunk: Chunk) -> None:
    rule(chunk, "drop", page=1, times=2)
    chunk.fetch()
    row = the_slice(chunk)
    assert (row.state, row.reread, row.verdict, row.vendor_total) == ("done", 1, "short", 58)
    assert chunk.check_ledgers() == 24


def test_T21_a_total_that_is_never_reached_is_read_twice_and_short(chunk: Chunk) -> None:
    rule(chunk, {"kind": "total", "delta": 7})
    chunk.fetch()
    row = the_slice(chunk)
    assert (row.state, row.reread, row.verdict, row.vendor_total) == ("done", 1, "short", 67)
    assert len(chunk.landed()) == 60
    assert chunk.check_ledgers() == 2 * 14


def test_T21_a_total_that_moved_before_a_kill_is_not_forgotten(chunk: Chunk) -> None:
    rule(chunk, "drop", page=1, times=1)
    rule(chunk, {"kind": "status", "status": 500}, page=12)
    chunk.fetch()
    assert the_slice(chunk).state == "failed"
    chunk.line.vendor.control.clear_faults()
    chunk.fetch()
    chunk.check_whole()
    assert the_slice(chunk).reread == 1


def test_T22_totals_that_sink_and_rise_while_paging(smartmoving: Any) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=190)).sweep()
    rule(chunk, {"kind": "total", "set": {"totalResults": 185, "totalPages": 37}}, page=2, times=1)
    rule(chunk, {"kind": "total", "set": {"totalResults": 200, "totalPages": 40}}, page=3, times=1)
    chunk.fetch()
    chunk.check_whole()
    row = the_slice(chunk)
    assert (row.reread, row.pages_total, row.vendor_total) == (1, 38, 190)
    assert chunk.check_ledgers() == 40 + 38


def test_T22_a_total_that_grew_between_two_tries(chunk: Chunk) -> None:
    rule(chunk, {"kind": "status", "status": 500}, page=7)
    chunk.fetch()
    assert the_slice(chunk).pages_total == 12
    chunk.line.vendor.control.clear_faults()
    chunk.line.vendor.control.change({"insert": 12, "date": f"{FIRST}", "name_prefix": "~~ZZ"})
    chunk.fetch()
    chunk.check_whole()
    assert len(chunk.landed()) == 72


def test_T23_the_page_size_that_is_given_counts_not_the_one_asked_for(smartmoving: Any) -> None:
    chunk = Chunk(smartmoving(page_cap=100, customers_per_day=250)).sweep()
    chunk.fetch()
    chunk.check_whole()
    assert the_slice(chunk).pages_total == 3
    assert chunk.check_ledgers() == 3


@pytest.mark.parametrize("cap", [3, 10])
def test_T23_the_cap_moves_between_two_tries(chunk: Chunk, cap: int) -> None:
    rule(chunk, {"kind": "status", "status": 500}, page=6)
    chunk.fetch()
    chunk.line.vendor.control.clear_faults()
    chunk.line.vendor.control.change({"page_cap": cap})
    chunk.fetch()
    assert the_slice(chunk).state == "done"
    assert len({row.id for row in chunk.landed()}) == 60


def test_T24_a_page_that_repeats_for_ever_is_stopped(chunk: Chunk) -> None:
    rule(chunk, "repeat_page", after=3)
    error = next(iter(chunk.fetch().failures.values()))
    assert isinstance(error, VendorChanged)
    assert "it repeats page" in str(error)
    assert the_slice(chunk).state == "failed"
    assert chunk.check_ledgers() <= 3 + 2 * 8
    kept = len(chunk.landed()) // 5
    chunk.line.vendor.control.clear_faults()
    assert chunk.fetch().calls == 12 - kept
    chunk.check_whole()


def test_T24_a_last_page_that_never_ends_is_stopped(chunk: Chunk) -> None:
    body = '{"pageResults":[{"id":"%d"}],"lastPage":false}'
    for number in (1, 2, 3):
        rule(chunk, {"kind": "body", "body": body % number}, page=number)
    rule(chunk, {"kind": "body", "body": body % 3})  # whatever is asked beyond the end
    assert "repeats page 3" in str(next(iter(chunk.fetch().failures.values())))
    assert the_slice(chunk).api_calls == 5


def test_T25_the_last_page_is_empty(chunk: Chunk) -> None:
    rule(chunk, "null_results", page=12)
    chunk.fetch()
    row = the_slice(chunk)
    assert (row.state, row.reread, row.verdict, row.records) == ("done", 1, "short", 55)


def test_T25_a_total_of_zero(smartmoving: Any) -> None:
    chunk = Chunk(smartmoving(page_cap=5)).sweep()
    rule(chunk, {"kind": "body", "body": '{"pageResults":[],"pageSize":200,"totalResults":0,"totalPages":0}'})
    assert not chunk.fetch().failures
    row = the_slice(chunk)
    assert (row.state, row.pages_total, row.vendor_total, row.records, row.api_calls) == ("done", 1, 0, 0, 1)


@pytest.mark.parametrize("says_last", [True, False])
def test_T25_no_total_at_all(chunk: Chunk, says_last: bool) -> None:
    omit = ["totalResults", "totalPages"] + ([] if says_last else ["lastPage"])
    rule(chunk, {"kind": "total", "omit": omit})
    chunk.fetch()
    chunk.check_whole()
    row = the_slice(chunk)
    assert (row.pages_total, row.vendor_total, row.verdict) == (12 if says_last else 13, None, None)


def test_T25_without_a_total_a_resumed_slice_goes_on_after_its_last_page(chunk: Chunk) -> None:
    rule(chunk, {"kind": "status", "status": 500}, page=5)
    rule(chunk, {"kind": "total", "omit": ["totalResults", "lastPage"]})
    chunk.fetch()
    assert len(chunk.landed()) == 20
    chunk.line.vendor.control.clear_faults()
    rule(chunk, {"kind": "total", "omit": ["totalResults", "lastPage"]})
    assert chunk.fetch().calls == 13 - 4
    chunk.check_whole()


@pytest.mark.parametrize("has_total", [True, False])
def test_max_records_reads_no_further_page(chunk: Chunk, has_total: bool) -> None:
    if not has_total:
        rule(chunk, NO_TOTAL)
    chunk.max_records = 12
    chunk.fetch()
    row = the_slice(chunk)
    assert (row.state, row.records, row.reread, row.verdict) == ("done", 15, 0, None)


def test_a_slice_killed_before_its_end_is_only_closed(chunk: Chunk) -> None:
    chunk.fetch()
    chunk.line.warehouse.execute("UPDATE ops.sync_slices SET state = 'running'")
    assert chunk.fetch().calls == 0
    chunk.check_whole()


def test_T26_a_plan_of_5016_pages_is_a_few_mapped_tasks() -> None:
    stream = SMARTMOVING.stream("customers")
    places = [Place(number, f"b{number}", f"Branch {number}", None) for number in range(66)]
    specs = plan.sweep(stream, [FIRST, FIRST.replace(day=16)], FIRST, places)
    rows = [SimpleNamespace(slice_id=number, stream="customers", size=1) for number, _ in enumerate(specs)]
    expected = {"customers": 38}
    allowed, waiting = plan.within_budget(specs, Budget(0, 0, FIRST), expected)
    assert (len(allowed) * 38, waiting) == (5016, [])
    chunks = plan.chunks(rows, expected)
    assert len(chunks) <= 40
    assert sorted(number for ids in chunks for number in ids) == list(range(132))
    assert {len(ids) for ids in chunks} == {33}


def test_T26_every_page_of_66_branches_is_fetched_by_those_tasks(smartmoving: Any) -> None:
    line = smartmoving(branch_filter="honoured", customers_per_day=12, page_cap=5)
    reference(line)
    run = line.begin(Request(since=FIRST, until=FIRST, streams=("customers",)))
    planned = sync.plan_wave(run, "sweep", line.endpoint(), SmartMovingHook("smartmoving"))
    assert 1 <= len(planned.chunks) <= 4
    before = Chunk(line).served()["200"]
    for ids in planned.chunks:
        sync.fetch(run, line.endpoint(), ids)
    rows = line.warehouse.rows("SELECT * FROM ops.sync_slices WHERE stream = 'customers'", role="admin")
    assert len(rows) == 66
    assert {(row.state, row.verdict) for row in rows} == {("done", None)}
    pages = sum(row.pages_total for row in rows)
    assert pages >= 66 * 2
    assert Chunk(line).served()["200"] - before == pages == sum(row.api_calls for row in rows)
