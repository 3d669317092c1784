"""What a vendor's moving pages do to us (T25, T26): the real fetch and warehouse against the sandbox's faults."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from branchline import plan, sync, transport
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
    assert {(row.state, row.verdict) for row in rows} == {("done", "balanced")}
    pages = sum(row.pages_total for row in rows)
    assert pages >= 66 * 2
    assert Chunk(line).served()["200"] - before == pages == sum(row.api_calls for row in rows)
