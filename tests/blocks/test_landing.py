"""Landing: batches, order, and what happens when the database says no."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from branchline import landing
from branchline.landing import Closing, LandedPage, Landing
from branchline.pages import Record

from tests.fetching import Chunk

AT = datetime(2026, 7, 15, 16, 0, tzinfo=UTC)


@pytest.fixture
def chunk(smartmoving: Callable[..., Any]) -> Chunk:
    return Chunk(smartmoving()).sweep(days=2)


def land(chunk: Chunk, work: Callable[[Landing], Any], batch_size: int = 1000) -> Any:
    async def main() -> Any:
        conninfo = chunk.line.warehouse.loader
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            async with Landing(connection, batch_size) as opened:
                result = await work(opened)
            return result or (opened.pages, opened.records, opened.slices)

    return asyncio.run(asyncio.wait_for(main(), 20))


def page(chunk: Chunk, number: int, *texts: str, place: int = 0) -> LandedPage:
    return LandedPage(chunk.ids[place], number, [Record(text) for text in texts], AT, calls=2)


def test_pages_records_calls_and_the_end_of_a_slice_are_written_together(chunk: Chunk) -> None:
    async def work(opened: Landing) -> None:
        for number in (1, 3, 2):
            await opened.put(page(chunk, number, '{"a":1}', '{"a":1.10}'))
        await opened.put(page(chunk, 1, place=1))
        await opened.put(Closing(chunk.ids[0], 6, None, 1.5))

    assert land(chunk, work) == (4, 6, 1)
    first, second = chunk.slices()
    assert [(span.lower, span.upper) for span in first.pages_done] == [(1, 4)]
    assert (first.state, first.records, first.api_calls, first.vendor_total, first.waited_seconds) == (
        "done",
        6,
        6,
        6,
        1.5,
    )
    assert (first.fetched_from, first.fetched_to) == (AT, AT)
    assert (second.state, second.records, second.api_calls) == ("planned", 0, 2)
    texts = chunk.line.warehouse.rows("SELECT body::text AS text FROM landing.records ORDER BY record_id", role="admin")
    assert [row.text for row in texts][:2] == ['{"a": 1}', '{"a": 1.10}']


def test_what_was_flushed_is_committed_and_the_rest_follows_at_the_end(
    chunk: Chunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "LINGER_SECONDS", 60)

    async def work(opened: Landing) -> None:
        await opened.flush()
        await opened.put(page(chunk, 1, "1"))
        await opened.flush()
        assert len(chunk.landed()) == 1
        await opened.put(page(chunk, 2, "2"))
        assert len(chunk.landed()) == 1

    land(chunk, work)
    assert len(chunk.landed()) == 2


def test_a_full_queue_holds_the_fetchers_back_and_loses_nothing(chunk: Chunk) -> None:
    async def work(opened: Landing) -> None:
        async def fetcher(first: int) -> None:
            for number in range(first, first + 20):
                await opened.put(page(chunk, number, "1", "2", "3"))
                assert opened._rows <= 4 * 10 + 3

        await asyncio.gather(*(fetcher(100 * place) for place in range(8)))

    assert land(chunk, work, batch_size=10) == (160, 480, 0)
    assert chunk.slices()[0].records == 480


@pytest.mark.parametrize(
    "text",
    ['{"n":1e400000}', '{"a":"\x00"}', '{"a":"\n"}', '{"a":"\\u0000"}', '{"a":"\\ud800"}', "{" * 9],
)
def test_what_jsonb_refuses_is_kept_as_bytes_beside_its_good_neighbours(chunk: Chunk, text: str) -> None:
    async def work(opened: Landing) -> None:
        await opened.put(page(chunk, 1, '{"id":"1"}', text, '{"id":"2"}'))

    land(chunk, work)
    assert [(row.id, row.flaw, row.body_raw) for row in chunk.landed()] == [
        ("1", None, None),
        (None, "not_json", text.encode()),
        ("2", None, None),
    ]


def test_an_error_of_the_writer_comes_out_everywhere_and_hangs_nobody(chunk: Chunk) -> None:
    caught: list[type[BaseException]] = []

    async def work(opened: Landing) -> None:
        chunk.line.warehouse.execute("ALTER TABLE ops.sync_slices RENAME COLUMN pages_done TO gone")

        async def fetcher(first: int) -> None:
            try:
                for number in range(first, first + 100):
                    await opened.put(page(chunk, number, "1", "2", "3"))
            except psycopg.Error as error:
                caught.append(type(error))

        async def flusher() -> None:
            try:
                await opened.flush()
            except psycopg.Error as error:
                caught.append(type(error))

        await asyncio.gather(*(fetcher(1000 * place) for place in range(6)), flusher())

    with pytest.raises(psycopg.errors.UndefinedColumn):
        land(chunk, work, batch_size=10)
    assert len(caught) >= 6
    assert set(caught) == {psycopg.errors.UndefinedColumn}
    assert chunk.landed() == []


def test_a_closing_never_reopens_what_is_merged(chunk: Chunk) -> None:
    chunk.line.warehouse.execute("UPDATE ops.sync_slices SET state = 'merged'")

    async def work(opened: Landing) -> None:
        await opened.put(Closing(chunk.ids[0], 6, "short", 0))

    assert land(chunk, work) == (0, 0, 0)
    assert chunk.states == ["merged", "merged"]
