"""Landing: COPY of raw records, committed together with the pages they came on.

A slice's `pages_done` and the records of those pages are one transaction, so whatever kills the process, what is
marked done is landed and what is not marked is fetched again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from branchline.pages import Record

log = logging.getLogger(__name__)

#: A batch is written when it has so many records or bytes, or when nothing more is waiting.
BATCH_RECORDS = 1000
BATCH_BYTES = 8_000_000
_QUEUE_PAGES = 400

_COPY = "COPY landing.records (landed_on, slice_id, page, ordinal, asked, fetched_at, body, body_raw, flaw) FROM STDIN"


@dataclass(frozen=True, slots=True)
class LandedPage:
    """One answered page (or one answered id) on its way to the database.

    Attributes:
        slice_id: its slice.
        page: its number, or the place of its id in the slice's list.
        records: what it held.
        at: when it was answered, UTC.
        asked: the id that was asked for.
        total: vendor's total as this page says it.
    """

    slice_id: int
    page: int
    records: Sequence[Record]
    at: datetime
    asked: str | None = None
    total: int | None = None


class Landing:
    """Writes pages in batches from a bounded queue; use as an async context manager around the fetching.

    A full queue holds the fetchers back, so memory does not grow with the volume.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], batch_size: int = BATCH_RECORDS) -> None:
        """Take an autocommit connection of its own."""
        self._connection = connection
        self._day: date = datetime.now(UTC).date()
        self._batch_size = batch_size
        self._queue: asyncio.Queue[LandedPage | None] = asyncio.Queue(_QUEUE_PAGES)
        self._writer: asyncio.Task[None] | None = None
        self.pages = 0
        self.records = 0

    async def __aenter__(self) -> Landing:
        """Make today's partition and start writing."""
        await self._connection.execute("SELECT landing.ensure_partition(%s)", (self._day,))
        self._writer = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Write what is queued, then stop; an error of the writer comes out here."""
        assert self._writer is not None
        if not self._writer.done():
            await self._queue.put(None)
        await self._writer

    async def put(self, page: LandedPage) -> None:
        """Hand a page over; waits while the queue is full.

        Raises:
            Exception: whatever stopped the writer.
        """
        assert self._writer is not None
        if self._writer.done():
            self._writer.result()
        await self._queue.put(page)

    async def flush(self) -> None:
        """Wait until everything handed over so far is committed.

        Raises:
            Exception: whatever stopped the writer.
        """
        assert self._writer is not None
        joined = asyncio.create_task(self._queue.join())
        await asyncio.wait([joined, self._writer], return_when=asyncio.FIRST_COMPLETED)
        if not joined.done():
            joined.cancel()
            self._writer.result()

    async def _write_all(self) -> None:
        ending = False
        while not ending:
            first = await self._queue.get()
            batch: list[LandedPage] = [] if first is None else [first]
            ending = first is None
            size, rows = _size(first), len(first.records) if first else 0
            while not ending and rows < self._batch_size and size < BATCH_BYTES and not self._queue.empty():
                page = self._queue.get_nowait()
                if page is None:
                    ending = True
                else:
                    batch.append(page)
                    size += _size(page)
                    rows += len(page.records)
            if batch:
                await self._write(batch)
            for _ in range(len(batch) + (1 if ending else 0)):
                self._queue.task_done()

    async def _write(self, batch: Sequence[LandedPage]) -> None:
        rows = [row for page in batch for row in self._rows(page)]
        async with self._connection.transaction():
            try:
                async with self._connection.transaction():
                    await self._copy(rows)
            except psycopg.DataError:
                await self._copy([await self._storable(row) for row in rows])
            await self._mark(batch)
        self.pages += len(batch)
        self.records += len(rows)

    def _rows(self, page: LandedPage) -> list[tuple[Any, ...]]:
        return [
            (
                self._day,
                page.slice_id,
                page.page,
                ordinal,
                page.asked,
                page.at,
                record.text.decode("utf-8", "replace") if record.text is not None else None,
                record.raw,
                record.flaw,
            )
            for ordinal, record in enumerate(page.records)
        ]

    async def _copy(self, rows: Sequence[tuple[Any, ...]]) -> None:
        async with self._connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in rows:
                await copy.write_row(row)

    async def _storable(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The row as it is, or with its bytes aside where jsonb refuses it (a number no numeric can hold, say)."""
        text = row[6]
        if text is None:
            return row
        cursor = await self._connection.execute("SELECT pg_input_is_valid(%s, 'jsonb')", (text,))
        answer = await cursor.fetchone()
        if answer is not None and answer[0]:
            return row
        return (*row[:6], None, row[7] or text.encode(), "not_json")

    async def _mark(self, batch: Sequence[LandedPage]) -> None:
        """Add the pages to their slices, in the batch's transaction."""
        slices: dict[int, list[LandedPage]] = {}
        for page in batch:
            slices.setdefault(page.slice_id, []).append(page)
        async with self._connection.cursor() as cursor:
            await cursor.executemany(
                "UPDATE ops.sync_slices SET state = CASE state WHEN 'merged' THEN state ELSE 'running' END, "
                "pages_done = pages_done + (SELECT range_agg(int4range(page, page + 1)) FROM unnest(%s) AS page), "
                "records = records + %s, fetched_from = least(fetched_from, %s), "
                "fetched_to = greatest(fetched_to, %s) WHERE slice_id = %s",
                [
                    (
                        [page.page for page in pages],
                        sum(len(page.records) for page in pages),
                        min(page.at for page in pages),
                        max(page.at for page in pages),
                        slice_id,
                    )
                    for slice_id, pages in slices.items()
                ],
            )


def _size(page: LandedPage | None) -> int:
    if page is None:
        return 0
    return sum(len(record.text or b"") + len(record.raw or b"") for record in page.records)
