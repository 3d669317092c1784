"""Landing: COPY of raw records, committed together with the pages they came on.

A slice's `pages_done` and the records of those pages are one transaction, so whatever kills the process, what is
marked done is landed and what is not marked is fetched again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Self

import psycopg

from branchline.pages import Record

log = logging.getLogger(__name__)

#: A batch is written when it has so many records or bytes, or when its first page has waited so many seconds.
BATCH_RECORDS = 1000
BATCH_BYTES = 8_000_000
LINGER_SECONDS = 0.1
#: Pages wait for the database in so many batches; then the fetchers wait, so memory does not grow with the volume.
_BATCHES_WAITING = 4

_COPY = "COPY landing.records (landed_on, slice_id, page, ordinal, asked, fetched_at, body, body_raw, flaw) FROM STDIN"

_MARK = """
UPDATE ops.sync_slices AS slice SET
    pages_done = slice.pages_done + batch.pages,
    records = slice.records + batch.records,
    api_calls = slice.api_calls + batch.calls,
    fetched_from = least(slice.fetched_from, batch.fetched_from),
    fetched_to = greatest(slice.fetched_to, batch.fetched_to)
FROM (
    SELECT
        slice_id,
        range_agg(int4range(page, page + 1)) AS pages,
        sum(records) AS records,
        sum(calls) AS calls,
        min(fetched_at) AS fetched_from,
        max(fetched_at) AS fetched_to
    FROM unnest(%s::bigint[], %s::integer[], %s::integer[], %s::integer[], %s::timestamptz[])
        AS page (slice_id, page, records, calls, fetched_at)
    GROUP BY slice_id
) AS batch WHERE slice.slice_id = batch.slice_id
"""

_CLOSE = """
UPDATE ops.sync_slices SET
    state = 'done',
    vendor_total = %s,
    verdict = %s,
    waited_seconds = waited_seconds + %s,
    error_message = NULL
WHERE slice_id = %s AND state NOT IN ('done', 'merged')
"""


@dataclass(slots=True)
class LandedPage:
    """One answered page (or one answered id) on its way to the database.

    Attributes:
        slice_id: its slice.
        page: its number, or the place of its id in the slice's list.
        records: what it held.
        at: when it was answered, UTC.
        asked: the id that was asked for.
        calls: HTTP calls of the slice that are not in the ledger yet.
        size: bytes it holds.
    """

    slice_id: int
    page: int
    records: Sequence[Record]
    at: datetime
    asked: str | None = None
    calls: int = 0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        """Add up what it holds."""
        self.size = sum(len(record.text or "") + len(record.raw or b"") for record in self.records)


@dataclass(frozen=True, slots=True)
class Closing:
    """A slice that has all its pages, handed over behind them.

    Attributes:
        slice_id: the slice.
        total: what the vendor said last.
        verdict: balanced, short or over against the vendor's total; None where it sends none.
        waited: seconds waited for it.
    """

    slice_id: int
    total: int | None
    verdict: str | None
    waited: float


class Landing:
    """Writes pages in batches, in the order they come; use as an async context manager around the fetching.

    Attributes:
        pages: pages committed.
        records: records committed.
        slices: slices closed.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], batch_size: int = BATCH_RECORDS) -> None:
        """Take an autocommit connection of its own."""
        self.pages = 0
        self.records = 0
        self.slices = 0
        self._connection = connection
        self._day: date = datetime.now(UTC).date()
        self._batch_size = batch_size
        self._queue: deque[LandedPage | Closing] = deque()
        self._rows = 0
        self._bytes = 0
        self._put = 0
        self._written = 0
        self._changed = asyncio.Condition()
        self._hurry = False
        self._is_ending = False
        self._failure: Exception | None = None
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Make today's partition and start writing."""
        await self._connection.execute("SELECT landing.ensure_partition(%s)", (self._day,))
        self._writer = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Write what waits, then stop; an error of the writer comes out here."""
        assert self._writer is not None
        async with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        await self._writer
        self._raise_failure()

    async def put(self, item: LandedPage | Closing) -> None:
        """Hand a page over, or the end of a slice behind its pages; waits while too much is waiting.

        Raises:
            Exception: whatever stopped the writer.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._failure is not None or not self._is_full(_BATCHES_WAITING))
            self._raise_failure()
            self._queue.append(item)
            self._put += 1
            if isinstance(item, LandedPage):
                self._rows += len(item.records)
                self._bytes += item.size
            if len(self._queue) == 1 or self._is_full(1):
                self._changed.notify_all()

    async def flush(self) -> None:
        """Wait until everything handed over so far is committed.

        Raises:
            Exception: whatever stopped the writer.
        """
        async with self._changed:
            wanted = self._put
            self._hurry = True
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._failure is not None or self._written >= wanted)
            self._raise_failure()

    def _is_full(self, batches: int) -> bool:
        return self._rows >= batches * self._batch_size or self._bytes >= batches * BATCH_BYTES

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _write_all(self) -> None:
        """Write batches until the end; a failure is kept for whoever hands over, flushes or leaves."""
        try:
            while batch := await self._next_batch():
                await self._write(batch)
                async with self._changed:
                    self._written += len(batch)
                    self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 - raised where pages are handed over, where somebody can end the work
            async with self._changed:
                self._failure = error
                self._queue.clear()
                self._changed.notify_all()

    async def _next_batch(self) -> list[LandedPage | Closing]:
        """What to write next; nothing at the end. Waits a moment for more, so that single pages do not each commit."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._queue or self._is_ending)
            try:
                async with asyncio.timeout(LINGER_SECONDS):
                    await self._changed.wait_for(lambda: self._hurry or self._is_ending or self._is_full(1))
            except TimeoutError:
                pass
            batch: list[LandedPage | Closing] = []
            rows = size = 0
            while self._queue and rows < self._batch_size and size < BATCH_BYTES:
                item = self._queue.popleft()
                batch.append(item)
                if isinstance(item, LandedPage):
                    rows += len(item.records)
                    size += item.size
            self._rows -= rows
            self._bytes -= size
            self._hurry = self._hurry and bool(self._queue)
            return batch

    async def _write(self, batch: Sequence[LandedPage | Closing]) -> None:
        pages = [item for item in batch if isinstance(item, LandedPage)]
        closings = [item for item in batch if isinstance(item, Closing)]
        # A report is one page, however large: its rows are made as they are written.
        try:
            closed = await self._commit((row for page in pages for row in self._rows_of(page)), pages, closings)
        except psycopg.DataError:
            rows = [await self._storable(row) for page in pages for row in self._rows_of(page)]
            closed = await self._commit(rows, pages, closings)
        self.pages += len(pages)
        self.records += sum(len(page.records) for page in pages)
        self.slices += closed

    async def _commit(
        self, rows: Iterable[tuple[Any, ...]], pages: Sequence[LandedPage], closings: Sequence[Closing]
    ) -> int:
        """Records, their pages and the slices that end with them, in one transaction; returns slices closed."""
        closed = 0
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            if any(page.records for page in pages):
                async with cursor.copy(_COPY) as copy:
                    for row in rows:
                        await copy.write_row(row)
            if pages:
                await cursor.execute(
                    _MARK,
                    (
                        [page.slice_id for page in pages],
                        [page.page for page in pages],
                        [len(page.records) for page in pages],
                        [page.calls for page in pages],
                        [page.at for page in pages],
                    ),
                )
            if closings:
                await cursor.executemany(
                    _CLOSE, [(item.total, item.verdict, item.waited, item.slice_id) for item in closings]
                )
                closed = cursor.rowcount
        return closed

    def _rows_of(self, page: LandedPage) -> Iterator[tuple[Any, ...]]:
        for ordinal, record in enumerate(page.records):
            yield (
                self._day,
                page.slice_id,
                page.page,
                ordinal,
                page.asked,
                page.at,
                record.text,
                record.raw,
                record.flaw,
            )

    async def _storable(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The row as it is, or with its bytes aside where jsonb refuses it (a number no numeric can hold, say)."""
        text = row[6]
        if text is None:
            return row
        if "\0" not in text:
            cursor = await self._connection.execute("SELECT pg_input_is_valid(%s, 'jsonb')", (text,))
            answer = await cursor.fetchone()
            if answer is not None and answer[0]:
                return row
        return (*row[:6], None, row[7] or text.encode(), "not_json")
