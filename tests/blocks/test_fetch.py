"""What a slice knows of its pages, without any I/O; and the order in which a chunk takes its jobs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from branchline.errors import VendorChanged
from branchline.fetch import Progress
from branchline.slices import Slice
from branchline.sources.smartmoving import SMARTMOVING
from branchline.stream import Paging, Stream
from hypothesis import given
from hypothesis import strategies as st

from tests.fetching import Chunk

BARE = Paging("offset", "limit", 5)


def piece(stream: Stream | None = None, max_records: int | None = None, **row: Any) -> Slice:
    known: dict[str, Any] = {
        "slice_id": 1,
        "scope": "here",
        "request": {},
        "priority": "today",
        "pages": None,
        "pages_total": None,
        "vendor_total": None,
        "verdict": None,
        "reread": 0,
    }
    return Slice(SimpleNamespace(**known | row), stream or SMARTMOVING.stream("customers"), max_records)


def body(rows: list[Any], total: int | None = None, size: int | None = None) -> bytes:
    envelope: dict[str, Any] = {"pageResults": rows}
    if total is not None:
        envelope |= {"totalResults": total, "pageSize": size}
    return json.dumps(envelope).encode()


def read_all(slice_: Slice, answer: Any) -> list[int]:
    """Read pages as the pool does, one at a time; returns their numbers in order."""
    asked, jobs = [], slice_.first_pages()
    while jobs:
        number = jobs.pop(0)
        asked.append(number)
        jobs += slice_.learn(number, slice_.read(number, answer(number)))
        slice_.missing.discard(number)
    assert not slice_.missing
    return asked


@given(total=st.integers(0, 60), size=st.integers(1, 9), done=st.sets(st.integers(1, 60)), knows=st.booleans())
def test_every_page_is_asked_for_once_wherever_it_was_cut_short(
    total: int, size: int, done: set[int], knows: bool
) -> None:
    pages = max(1, -(-total // size))
    done = {number for number in done if number <= pages}
    started = piece(
        pages=sorted(done) or None, pages_total=pages if knows else None, vendor_total=total if knows else None
    )
    rows = list(range(total))

    def answer(number: int) -> bytes:
        return body(rows[(number - 1) * size : number * size], total, size)

    asked = read_all(started, answer)
    beyond = {max(done, default=0) + 1} if done and not knows else set()
    assert sorted(asked) == sorted((set(range(1, pages + 1)) | beyond) - done)
    assert started.needs_count == bool((done and asked) or (done and knows))


def test_an_untouched_slice_begins_with_one_call() -> None:
    assert piece().first_pages() == [1]
    keys = piece(SMARTMOVING.stream("opportunities"), request={"keys": ["a", "b", "c"]}, pages=[0])
    assert keys.first_pages() == [1]
    page = keys.read(1, b'{"id":"b"}')
    assert keys.learn(1, page) == [2]


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    keys = piece(SMARTMOVING.stream("opportunities"), request={"keys": ["../users?x=1#é"]})
    path, _ = keys.request(0)
    assert path == "/api/opportunities/..%2Fusers%3Fx%3D1%23%C3%A9"


def test_a_vendor_with_a_total_and_no_size_is_paged_by_its_first_page() -> None:
    stream = Stream("s", "/s", ("s",), "w", paging=Paging("p", "n", 50, records="pageResults", total="totalResults"))
    started = piece(stream)
    rows = list(range(23))
    answers = {number: body(rows[(number - 1) * 10 : number * 10], 23) for number in (1, 2, 3)}
    assert read_all(started, answers.__getitem__) == [1, 2, 3]
    assert (started.pages_total, started.judge()) == (3, "balanced")


def test_bare_pages_are_read_until_an_empty_one() -> None:
    stream = Stream("s", "/s", ("s",), "w", paging=Paging("p", "n", 2, first=0))
    started = piece(stream)
    assert read_all(started, [b"[1,2]", b"[3,4]", b"[]"].__getitem__) == [0, 1, 2]
    assert (started.pages_total, started.total, started.judge()) == (3, None, None)


def test_a_total_that_moved_or_is_not_reached_is_doubted_and_a_surplus_is_not() -> None:
    def read(*pages: bytes, **row: Any) -> Slice:
        started = piece(**row)
        for number, text in enumerate(pages, 1):
            started.learn(number, started.read(number, text))
        return started

    assert read(body([1, 2], 4, 2), body([3, 4], 4, 2)).judge() == "balanced"
    assert read(body([1, 2], 4, 2), body([3, 4], 5, 2)).judge() == "short"
    assert read(body([1, 2], 5, 2), body([3, 4], 4, 2), body([5], 5, 2)).judge() == "short"
    assert read(body([1, 2], 4, 2), body([2, 3], 4, 2)).judge() == "short"  # one twice, one not at all
    assert read(body([1, 2, 3], 3, 2), body([4], 3, 2)).judge() == "over"
    assert read(body([1], 1, 2), verdict="short").judge() == "short"
    assert read(body([1], 2, 2)).judge() == "short"
    assert read(body([1], 2, 2)).judge(distinct=2) == "balanced"
    assert piece(max_records=1).judge() is None


def test_a_repeated_page_is_refused_and_an_empty_one_is_not() -> None:
    started = piece()
    started.learn(1, started.read(1, body([1, 2])))
    started.read(1, body([1, 2]))
    with pytest.raises(VendorChanged, match="repeats page 1"):
        started.read(2, body([1, 2]))
    started.learn(2, started.read(2, body([])))
    started.read(3, body([]))


def test_a_chunk_takes_the_earliest_slice_first(smartmoving: Any) -> None:
    """What is cut short leaves whole slices: with 30 of 60 calls, five days of ten are there."""
    line = smartmoving(page_cap=5, customers_per_day=30, monthly_quota=30, settings={"concurrency": 1})
    chunk = Chunk(line).sweep(days=10)
    chunk.fetch()
    assert chunk.states == ["done"] * 5 + ["deferred"] * 5


def test_progress_reads_as_one_line() -> None:
    done = Progress(3, 4000, 5000, 6000, 7.25)
    assert done.describe() == "3 slices, 4,000 pages, 5,000 records, 6,000 calls, 7.2 s waited"
