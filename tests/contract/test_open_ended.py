"""Pages that move where nothing tells how many there are (T20-T24): what shifts past us comes with the next sync.

Without a total a shift cannot be seen by counting. So nothing is gone on the list's word, the window is read again by
the next sync, and what came twice is counted as what it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from branchline.errors import VendorChanged
from branchline.request import Request

from tests.contract.lines import over
from tests.fetching import Chunk, only, reference, rule

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def line(kind: Any, make: Any) -> Any:
    """A line whose places are known, with about 18 records in the first slice on pages of five."""
    made = make(**kind.world(18, 1))
    reference(made)
    assert made.expected(0) > 10
    return made


def read(line: Any, status: str = "success", **how: Any) -> Any:
    """Read the first slice, and by id what it lacks; returns the list's row of the history."""
    stream, by_id = line.LIST.stream, line.BY_ID.stream
    statuses = line.sync(replace(line.one_slice, streams=(stream, by_id)), **how)
    assert statuses == {stream: status, by_id: "success"}, line.errors
    return line.warehouse.rows("SELECT * FROM ops.sync_history WHERE sync_type = %s ORDER BY sync_id", (stream,))[-1]


def asked(line: Any) -> dict[str, int]:
    """Status to calls for single records, as the sandbox counted them."""
    calls: dict[str, int] = line.vendor.control.served()["by_path"].get(f"{line.LIST.route}/{{id}}", {})
    return calls


def there(line: Any) -> int:
    found: int = line.warehouse.one(f"SELECT count(*) FROM {line.ROOT} WHERE NOT is_deleted")
    return found


def tombstones(line: Any) -> int:
    found: int = line.warehouse.one(f"SELECT count(*) FROM {line.ROOT} WHERE is_deleted")
    return found


def strike(line: Any, action: str, page: int) -> None:
    """Let rows move once, when the so manieth page was served."""
    first = line.LIST.shape.first
    line.vendor.control.faults({"match": line.LIST.sized, "action": action, "page": first + page - 1, "times": 1})


@over("pages", "open_ended")
def test_T20_a_row_inserted_while_paging_makes_a_duplicate_and_comes_with_the_next_sync(line: Any) -> None:
    before = line.expected(0)
    strike(line, "shift", page=2)
    row = read(line)
    assert (row.records_fetched, row.duplicates, row.created) == (before + 1, 1, before)
    assert there(line) == before
    row = read(line)
    assert (row.records_fetched, row.duplicates, row.created, row.unchanged) == (before + 1, 0, 1, before)
    assert there(line) == line.expected(0) == before + 1
    assert (tombstones(line), asked(line)) == (0, {})


@over("pages", "open_ended")
def test_T21_a_row_that_shifted_past_us_is_asked_for_and_stays(line: Any) -> None:
    before = line.expected(0)
    assert read(line).created == before
    strike(line, "drop", page=1)
    row = read(line)
    assert (row.records_fetched, row.unchanged) == (before - 1, before - 1)
    assert (there(line), tombstones(line), asked(line)) == (before, 0, {"200": 1})
    # What was dropped had been read; now it is missing, and the vendor says that it is gone.
    assert read(line).records_fetched == before - 1
    assert (there(line), tombstones(line), asked(line)) == (line.expected(0), 1, {"200": 1, "404": 1})
    assert line.expected(0) == before - 1


@over("pages", "open_ended")
def test_T21_a_row_that_shifted_past_us_unknown_comes_with_the_next_sync(line: Any) -> None:
    before = line.expected(0)
    strike(line, "drop", page=1)
    assert read(line).created == before - 1
    assert read(line).created == 1
    assert (there(line), tombstones(line)) == (line.expected(0), 1)


@over("pages", "open_ended")
def test_T22_rows_that_come_and_go_on_every_page_end_right_when_they_stand_still(line: Any) -> None:
    assert read(line).created == line.expected(0)
    for page, action in enumerate(("drop", "shift", "drop"), 1):
        strike(line, action, page)
    moved = read(line)
    assert moved.records_fetched == moved.duplicates + moved.created + moved.unchanged
    assert tombstones(line) == 0
    read(line)
    assert there(line) == line.expected(0)
    assert tombstones(line) == 2
    assert read(line).unchanged == line.expected(0)


@over("pages", "open_ended")
def test_T22_a_list_that_grew_between_two_tries_hides_no_row_that_was_there(chunk: Chunk) -> None:
    chunk.plan()
    rule(chunk, {"kind": "status", "status": 500}, page=7)
    chunk.fetch()
    assert chunk.states == ["failed"]
    chunk.line.vendor.control.clear_faults()
    before = chunk.expected()
    chunk.line.insert(12)
    chunk.fetch()
    assert chunk.states == ["done"]
    times = Counter(row.id for row in chunk.landed())
    assert len(times) == before
    assert sum(times.values()) == before + 12
    chunk.check_ledgers()


@over("pages", "open_ended")
@pytest.mark.parametrize("cap", [40, 7, 2])
def test_T23_pages_smaller_than_asked_and_of_any_size_lose_nothing(kind: Any, make: Any, cap: int) -> None:
    chunk = Chunk(make(**kind.world(100, 1) | kind.uneven(cap))).plan()
    assert chunk.line.source.stream(kind.LIST.stream).paging.size > cap
    chunk.fetch()
    chunk.check_whole()
    sizes = Counter(row.page for row in chunk.landed())
    assert sizes[chunk.number(1)] < sizes[chunk.number(2)] == cap, "the first page is a short one, and not the last"
    # The empty page alone tells the end.
    assert chunk.slices()[0].pages_total == chunk.check_ledgers() == len(sizes) + 1


@over("pages", "open_ended")
@pytest.mark.parametrize("cap", [3, 10])
def test_T23_the_cap_moves_between_two_tries_and_the_next_sync_has_everything(line: Any, cap: int) -> None:
    strike(line, "html200", page=3)
    strike(line, "html200", page=3)
    read(line, "failed", run_id="twice tried")
    line.give_pages_of(cap)
    read(line, run_id="twice tried")
    assert 10 <= there(line) <= line.expected(0)
    read(line)
    assert (there(line), tombstones(line)) == (line.expected(0), 0)


@over("pages", "open_ended")
def test_T24_a_vendor_that_ignores_the_page_number_changes_nothing(kind: Any, make: Any) -> None:
    line = make(**kind.LITTLE)
    assert set(line.sync().values()) == {"success"}, line.errors
    kept = line.contents()
    line.vendor.control.faults({"match": r"[?&]page=\d", "action": "repeat_page"})
    statuses = line.sync(Request(full=True))
    # A day without a task is an empty page, which repeats none.
    assert statuses.pop(kind.LIST.stream) == "partial"
    paged = {stream.name for stream in kind.SOURCE.streams if stream.paging}
    assert {statuses[name] for name in paged & set(statuses)} == {"failed"}
    assert {type(error) for error in line.errors} == {VendorChanged}
    assert line.contents() == kept
    assert line.warehouse.one("SELECT count(*) FROM ops.lookups WHERE wanted IS NOT NULL", role="admin") == 0


@over("pages", "open_ended")
def test_T24_rows_past_the_end_are_a_loop_and_end_it(chunk: Chunk) -> None:
    pages = chunk.plan().pages()
    chunk.faults({"match": chunk.line.LIST.calls, "action": "beyond_end"})
    error = only(chunk.fetch())
    assert isinstance(error, VendorChanged)
    assert f"it repeats page {chunk.number(pages - 1)}" in str(error)
    assert chunk.states == ["failed"]
    assert chunk.check_ledgers() == pages + 1, "the page past the end is asked for once more"
    chunk.line.vendor.control.clear_faults()
    assert chunk.fetch().calls == 1
    chunk.check_whole()
