"""One chunk: the pages of its slices, fetched concurrently, landed in batches, resumable page by page.

A worker pool takes jobs from a queue; the first page of a slice tells how many more there are (from the page size
that the vendor really gave, not the one asked for). A slice that fails leaves the others alone; what it has landed
stays, and the next try fetches only what is missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from branchline.errors import BranchlineError, Deferred, NotFound, Reconfigure, VendorChanged
from branchline.landing import LandedPage, Landing
from branchline.limits import SharedRate
from branchline.pages import Page, Record, cut_page
from branchline.stream import Source, Stream
from branchline.transport import Endpoint, Transport
from branchline.warehouse import refuse_plain_text

log = logging.getLogger(__name__)

#: A vendor that sends no total is read page by page; this many pages of one slice are a loop, not data.
MOST_PAGES = 20_000
_PROGRESS_SECONDS = 10.0


@dataclass
class Progress:
    """What a chunk did, for the last line of its log.

    Attributes:
        slices: slices done.
        pages: pages landed.
        records: records landed.
        calls: HTTP calls, failed ones included.
        waited: seconds waited for the rate, a Retry-After or a backoff.
        failures: slice scope to the error that stopped it.
    """

    slices: int = 0
    pages: int = 0
    records: int = 0
    calls: int = 0
    waited: float = 0.0
    failures: dict[str, BranchlineError] = field(default_factory=dict)

    def describe(self) -> str:
        """One line."""
        ended = f", {len(self.failures)} slices not done" if self.failures else ""
        return (
            f"{self.slices} slices, {self.pages:,} pages, {self.records:,} records, {self.calls:,} calls, "
            f"{self.waited:.1f} s waited{ended}"
        )


@dataclass
class _Slice:
    """A slice while it is fetched."""

    row: Any
    stream: Stream
    missing: set[int] = field(default_factory=set)
    totals: list[int] = field(default_factory=list)
    seen: dict[bytes, int] = field(default_factory=dict)
    calls: int = 0
    error: BranchlineError | None = None
    reread: int = 0
    is_closing: bool = False

    @property
    def name(self) -> str:
        return f"{self.row.stream} {self.row.scope}"


async def fetch_chunk(
    conninfo: str,
    source: Source,
    endpoint: Endpoint,
    slice_ids: list[int],
    *,
    batch_size: int = 1000,
    max_records: int | None = None,
) -> Progress:
    """Fetch and land the slices of a chunk.

    Args:
        conninfo: the warehouse, as the loader.
        source: the vendor.
        endpoint: the account's.
        slice_ids: slices of ops.sync_slices, all of this account.
        batch_size: records a landing batch.
        max_records: read no further page of a slice than holds so many records.

    Returns:
        What was done; slices that could not be finished are in `failures` and are marked in the ledger.

    Raises:
        Reconfigure: the credential is refused: no slice of the account can be fetched.
    """
    refuse_plain_text(conninfo)
    async with (
        await _connect(conninfo) as ledger,
        await _connect(conninfo) as copying,
        await _connect(conninfo) as pacing,
    ):
        rate = SharedRate(pacing, endpoint.source, endpoint.account, endpoint.requests_per_minute)
        async with Transport(endpoint, rate) as transport:
            chunk = _Chunk(ledger, source, transport, max_records)
            async with Landing(copying, batch_size) as landing:
                chunk.landing = landing
                return await chunk.run(slice_ids)


async def _connect(conninfo: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(
        conninfo,
        autocommit=True,
        row_factory=namedtuple_row,
        application_name="branchline fetch",
        options="-c TimeZone=UTC",
    )


class _Chunk:
    """The jobs of one chunk and the workers that take them."""

    landing: Landing

    def __init__(
        self,
        ledger: psycopg.AsyncConnection[Any],
        source: Source,
        transport: Transport,
        max_records: int | None,
    ) -> None:
        self._ledger = ledger
        self._source = source
        self._transport = transport
        self._max_records = max_records
        self._jobs: asyncio.Queue[tuple[_Slice, int]] = asyncio.Queue()
        self._progress = Progress()
        self._spent: dict[str, int] = defaultdict(int)
        self._fatal: Reconfigure | None = None

    async def run(self, slice_ids: list[int]) -> Progress:
        for piece in await self._load(slice_ids):
            self._begin(piece)
        workers = [asyncio.create_task(self._work()) for _ in range(self._transport.endpoint.concurrency)]
        telling = asyncio.create_task(self._tell())
        joined = asyncio.create_task(self._jobs.join())
        try:
            # A worker ends only by an error of ours (the database's, say): then the chunk ends with it.
            await asyncio.wait([joined, *workers], return_when=asyncio.FIRST_COMPLETED)
            for worker in workers:
                if worker.done():
                    worker.result()
        finally:
            for task in (joined, telling, *workers):
                task.cancel()
            await asyncio.gather(joined, telling, *workers, return_exceptions=True)
            await self._count_calls()
        if self._fatal is not None:
            raise self._fatal
        return self._progress

    async def _load(self, slice_ids: list[int]) -> list[_Slice]:
        cursor = await self._ledger.execute(
            "SELECT slice_id, stream, scope, request, priority, pages_total, vendor_total, reread, source, account, "
            "(SELECT array_agg(page) FROM unnest(pages_done) AS span, "
            "LATERAL generate_series(lower(span), upper(span) - 1) AS page) AS pages "
            "FROM ops.sync_slices WHERE slice_id = ANY(%s) AND state NOT IN ('done', 'merged') ORDER BY slice_id",
            (slice_ids,),
        )
        return [_Slice(row, self._source.stream(row.stream)) for row in await cursor.fetchall()]

    def _begin(self, piece: _Slice) -> None:
        """Queue the pages that a slice lacks; of an untouched one the first, which tells of the others."""
        done = set(piece.row.pages or ())
        piece.reread = piece.row.reread
        if piece.row.vendor_total is not None:
            piece.totals.append(piece.row.vendor_total)
        keys = piece.row.request.get("keys")
        if keys is not None:
            wanted = set(range(len(keys)))
        elif piece.row.pages_total is not None:
            first = piece.stream.paging.first if piece.stream.paging else 1
            wanted = set(range(first, first + piece.row.pages_total))
        else:
            done = set()
            wanted = {piece.stream.paging.first if piece.stream.paging else 1}
        piece.missing = wanted - done
        if done:
            log.info("%s: resumed, %d pages landed already, %d to go", piece.name, len(done), len(piece.missing))
        self._queue(piece, sorted(piece.missing))
        if not piece.missing:
            # Killed between its last page and its end: nothing to fetch, only to finish.
            self._jobs.put_nowait((piece, -1))

    def _queue(self, piece: _Slice, pages: list[int]) -> None:
        for page in pages:
            self._jobs.put_nowait((piece, page))

    async def _work(self) -> None:
        while True:
            piece, page = await self._jobs.get()
            try:
                if piece.error is None and self._fatal is None:
                    if page >= 0:
                        await self._take(piece, page)
                    if not piece.missing:
                        await self._finish(piece)
            except Reconfigure as error:
                # One branch without rights (403) fails alone; a refused key (401) fails the account.
                if "HTTP 401" in error.fact:
                    self._fatal = self._fatal or error
                await self._fail(piece, error)
            except BranchlineError as error:
                await self._fail(piece, error)
            finally:
                self._jobs.task_done()

    async def _take(self, piece: _Slice, number: int) -> None:
        keys = piece.row.request.get("keys")
        if keys is not None:
            await self._take_key(piece, number, keys[number])
        else:
            await self._take_page(piece, number)
        piece.missing.discard(number)

    def _meter(self, piece: _Slice) -> Callable[[], None]:
        """Count an HTTP call for its slice and for its class in the budget."""

        def count() -> None:
            piece.calls += 1
            self._spent[piece.row.priority] += 1

        return count

    async def _take_key(self, piece: _Slice, place: int, key: str) -> None:
        path = piece.stream.path.format(key=key)
        doing = f"Reading {piece.stream.name} {key}"
        try:
            answer = await self._transport.get(
                path,
                piece.stream.params,
                check=lambda body: cut_page(body, None, doing=doing),
                on_call=self._meter(piece),
            )
        except NotFound:
            gone = [Record(None, None, "not_found")]
            await self.landing.put(LandedPage(piece.row.slice_id, place, gone, datetime.now(UTC), asked=key))
            return
        page = cut_page(answer.body, None, doing=doing)
        await self.landing.put(LandedPage(piece.row.slice_id, place, page.records, answer.at, asked=key))

    async def _take_page(self, piece: _Slice, number: int) -> None:
        paging = piece.stream.paging
        params = [
            *piece.stream.params,
            *((k, str(v)) for k, v in piece.row.request.get("params", {}).items()),
        ]
        if paging is not None:
            params += [(paging.page_param, str(number)), (paging.size_param, str(paging.size))]
        doing = f"Reading {piece.name} page {number}"
        answer = await self._transport.get(
            piece.stream.path,
            params,
            check=lambda body: cut_page(body, paging, doing=doing),
            on_call=self._meter(piece),
        )
        page = cut_page(answer.body, paging, doing=doing)
        self._guard_loop(piece, number, page, doing)
        if page.total is not None:
            piece.totals.append(page.total)
        await self._more(piece, number, page)
        await self.landing.put(LandedPage(piece.row.slice_id, number, page.records, answer.at, total=page.total))

    def _guard_loop(self, piece: _Slice, number: int, page: Page, doing: str) -> None:
        """Stop on a page that came before under another number: the vendor would send it for ever (T24)."""
        if not page.records:
            return
        digest = blake2b(digest_size=16)
        for record in page.records:
            digest.update(record.text or record.raw or b"")
        seen_as = piece.seen.setdefault(digest.digest(), number)
        if seen_as != number:
            raise VendorChanged(doing, f"it repeats page {seen_as}: the vendor ignores the page number")

    async def _more(self, piece: _Slice, number: int, page: Page) -> None:
        """Queue the pages that this one tells of."""
        paging = piece.stream.paging
        if paging is None:
            await self._learn(piece, 1, None)
            return
        if page.total is not None and page.size:
            wanted = page.total if self._max_records is None else min(page.total, self._max_records)
            pages = max(1, -(-wanted // page.size))
            last = paging.first + pages - 1
            known = paging.first + (piece.row.pages_total or 1) - 1
            if piece.row.pages_total is None or last > known:
                fresh = list(range(max(known, paging.first) + 1, last + 1))
                piece.missing.update(fresh)
                await self._learn(piece, pages, page.total)
                self._queue(piece, fresh)
            return
        # No total: read on until an empty page or the vendor's own last mark; a short page proves nothing.
        if page.records and page.is_last is not True:
            if number >= MOST_PAGES:
                raise VendorChanged(f"Reading {piece.name}", f"page {number} is not the last")
            piece.missing.add(number + 1)
            self._queue(piece, [number + 1])
        else:
            await self._learn(piece, number - paging.first + 1, None)

    async def _learn(self, piece: _Slice, pages: int, total: int | None) -> None:
        piece.row = piece.row._replace(pages_total=pages, vendor_total=total)
        await self._ledger.execute(
            "UPDATE ops.sync_slices SET pages_total = %s, vendor_total = %s WHERE slice_id = %s",
            (pages, total, piece.row.slice_id),
        )

    async def _finish(self, piece: _Slice) -> None:
        """Close a slice whose pages are all here; once more from the start if the vendor's total moved (T20-T22)."""
        if piece.error is not None or piece.is_closing:
            return
        piece.is_closing = True
        await self.landing.flush()
        moved = len(set(piece.totals)) > 1 and self._max_records is None
        if moved and not piece.reread and await self._is_short(piece):
            await self._restart(piece)
            return
        total = piece.totals[-1] if piece.totals else None
        cursor = await self._ledger.execute(
            "UPDATE ops.sync_slices SET state = 'done', vendor_total = %s, api_calls = api_calls + %s, "
            "error_message = NULL WHERE slice_id = %s AND state NOT IN ('done', 'merged')",
            (total, piece.calls, piece.row.slice_id),
        )
        self._progress.slices += cursor.rowcount
        piece.calls = 0

    async def _is_short(self, piece: _Slice) -> bool:
        """Whether fewer distinct records are here than the vendor's newest total: a shifted page hid one."""
        cursor = await self._ledger.execute(
            "SELECT count(DISTINCT md5(coalesce(body::text, encode(body_raw, 'hex')))) AS here "
            "FROM landing.records WHERE slice_id = %s",
            (piece.row.slice_id,),
        )
        row = await cursor.fetchone()
        return bool(row is not None and row.here < piece.totals[-1])

    async def _restart(self, piece: _Slice) -> None:
        log.warning(
            "%s: the vendor's total moved (%s) while it was read: reading it once more",
            piece.name,
            " -> ".join(str(total) for total in dict.fromkeys(piece.totals)),
        )
        await self._ledger.execute(
            "WITH dropped AS (DELETE FROM landing.records WHERE slice_id = %s) "
            "UPDATE ops.sync_slices SET pages_done = '{}', pages_total = NULL, vendor_total = NULL, records = 0, "
            "fetched_from = NULL, fetched_to = NULL, reread = reread + 1 WHERE slice_id = %s",
            (piece.row.slice_id, piece.row.slice_id),
        )
        piece.row = piece.row._replace(pages_total=None, vendor_total=None, pages=None)
        piece.totals.clear()
        piece.seen.clear()
        piece.reread += 1
        piece.is_closing = False
        first = piece.stream.paging.first if piece.stream.paging else 1
        piece.missing = {first}
        self._queue(piece, [first])

    async def _fail(self, piece: _Slice, error: BranchlineError) -> None:
        if piece.error is not None:
            return
        piece.error = error
        self._progress.failures[piece.name] = error
        log.error("%s: %s", piece.name, error)
        await self._ledger.execute(
            "UPDATE ops.sync_slices SET state = %s, error_message = %s, api_calls = api_calls + %s WHERE slice_id = %s",
            (
                "deferred" if isinstance(error, Deferred) else "failed",
                str(error),
                piece.calls,
                piece.row.slice_id,
            ),
        )
        piece.calls = 0

    async def _count_calls(self) -> None:
        """Write the calls to the month's ledger, failed ones included: the vendor counts them too."""
        self._progress.calls = self._transport.calls
        self._progress.waited = self._transport.waited
        self._progress.pages = self.landing.pages
        self._progress.records = self.landing.records
        spent, self._spent = self._spent, defaultdict(int)
        endpoint = self._transport.endpoint
        for priority, calls in spent.items():
            await self._ledger.execute(
                "INSERT INTO ops.api_calls AS day (source, account, called_on, priority, calls) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (source, account, called_on, priority) "
                "DO UPDATE SET calls = day.calls + excluded.calls",
                (endpoint.source, endpoint.account, datetime.now(UTC).date(), priority, calls),
            )

    async def _tell(self) -> None:
        """Show progress on long work, and keep the call ledger near the truth should the process die."""
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            await self._count_calls()
            log.info("so far: %s", self._progress.describe())
