"""One chunk: the pages of its slices, fetched concurrently, landed in batches, resumable page by page.

A pool of workers takes jobs, the earliest slice's earliest page first, so that what is cut short leaves whole slices
behind it and not halves of all. A slice that fails leaves the others alone; what it has landed stays, and the next
try fetches only what is missing. A refused account ends them all without a further call.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg

from branchline.errors import BranchlineError, Deferred, NotFound
from branchline.landing import Closing, LandedPage, Landing
from branchline.layouts import report_of
from branchline.limits import SharedRate, calls_made
from branchline.slices import Slice
from branchline.stream import Source
from branchline.transport import AccountRefused, Endpoint, Transport
from branchline.warehouse import connect_async

log = logging.getLogger(__name__)

_PROGRESS_SECONDS = 10.0
#: In place of a page's number: the slice has all its pages and only has to be closed.
_CLOSE = -1

_LOAD = """
UPDATE ops.sync_slices SET state = 'running', error_message = NULL
WHERE slice_id = ANY(%s) AND state NOT IN ('done', 'merged')
RETURNING slice_id, stream, scope, request, priority, pages_total, vendor_total, verdict, reread, (
    SELECT array_agg(page) FROM unnest(pages_done) AS span, generate_series(lower(span), upper(span) - 1) AS page
) AS pages
"""


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
        AccountRefused: no slice of the account can be fetched; each is marked with the reason.
    """
    name = "branchline fetch"
    async with (
        await connect_async(conninfo, name=name) as ledger,
        await connect_async(conninfo, name=name) as copying,
        await connect_async(conninfo, name=name) as pacing,
    ):
        rate = SharedRate(pacing, endpoint.source, endpoint.account, endpoint.requests_per_minute)
        async with Transport(endpoint, rate) as transport:
            landing = Landing(copying, batch_size)
            chunk = _Chunk(ledger, source, transport, landing, max_records)
            async with landing:
                await chunk.run(slice_ids)
            progress = chunk.progress()
    for error in progress.failures.values():
        if isinstance(error, AccountRefused):
            log.error("stopped: %s", progress.describe())
            raise error
    return progress


class _Chunk:
    """The jobs of one chunk and the workers that take them."""

    def __init__(
        self,
        ledger: psycopg.AsyncConnection[Any],
        source: Source,
        transport: Transport,
        landing: Landing,
        max_records: int | None,
    ) -> None:
        self._ledger = ledger
        self._source = source
        self._transport = transport
        self._landing = landing
        self._max_records = max_records
        self._slices: list[Slice] = []
        #: The slice's place in the chunk, and the page.
        self._jobs: asyncio.PriorityQueue[tuple[int, int]] = asyncio.PriorityQueue()
        self._failures: dict[str, BranchlineError] = {}
        self._told: Counter[str] = Counter()

    def progress(self) -> Progress:
        """What was done so far."""
        return Progress(
            slices=self._landing.slices,
            pages=self._landing.pages,
            records=self._landing.records,
            calls=self._transport.calls,
            waited=self._transport.waited,
            failures=dict(self._failures),
        )

    async def run(self, slice_ids: list[int]) -> None:
        """Take every job there is; ends with the first error that is not one slice's own (the database's, say)."""
        await self._load(slice_ids)
        workers = [asyncio.create_task(self._work()) for _ in range(self._transport.endpoint.concurrency)]
        telling = asyncio.create_task(self._tell())
        joined = asyncio.create_task(self._jobs.join())
        try:
            ended, _ = await asyncio.wait([joined, telling, *workers], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in (joined, telling, *workers):
                task.cancel()
            await asyncio.gather(joined, telling, *workers, return_exceptions=True)
            await self._count_calls()

    async def _load(self, slice_ids: list[int]) -> None:
        cursor = await self._ledger.execute(_LOAD, (slice_ids,))
        rows = sorted(await cursor.fetchall(), key=lambda row: row.slice_id)
        for place, row in enumerate(rows):
            stream = self._source.stream(row.stream)
            report = report_of(self._source.slug, stream.name) if stream.is_report else None
            piece = Slice(row, stream, self._max_records, report)
            self._slices.append(piece)
            if piece.resumed:
                log.info("%s: resumed, %d pages landed, %d to go", piece.name, piece.resumed, len(piece.missing))
            self._ask(place, piece.first_pages() or [_CLOSE])

    def _ask(self, place: int, pages: list[int]) -> None:
        for page in pages:
            self._jobs.put_nowait((place, page))

    async def _work(self) -> None:
        while True:
            place, number = await self._jobs.get()
            piece = self._slices[place]
            try:
                if not piece.is_closed and number != _CLOSE:
                    await self._take(place, piece, number)
                if not piece.is_closed and not piece.missing:
                    await self._close(place, piece)
            except BranchlineError as error:
                await self._fail(piece, error)
            finally:
                self._jobs.task_done()

    async def _take(self, place: int, piece: Slice, number: int) -> None:
        """Fetch a page (or an id), hand it to landing, ask for those it tells of."""
        path, params = piece.request(number)
        try:
            answer = await self._transport.get(path, params, check=partial(piece.read, number), effort=piece.effort)
            page, at = answer.value, answer.at
        except NotFound as error:
            page, at = piece.not_found(error), datetime.now(UTC)
        known = (piece.pages_total, piece.has_moved)
        self._ask(place, piece.learn(number, page))
        if known != (piece.pages_total, piece.has_moved):
            # A total that moved is remembered at once: a later try would see only the newest and believe it. So is a
            # list that the account does not have: a later try would see an empty one and retire everything.
            await self._ledger.execute(
                "UPDATE ops.sync_slices SET pages_total = %s, vendor_total = %s, verdict = %s WHERE slice_id = %s",
                (piece.pages_total, piece.total, piece.doubt, piece.slice_id),
            )
        await self._landing.put(
            LandedPage(piece.slice_id, number, page.records, at, piece.asked(number), _untold(piece))
        )
        piece.missing.discard(number)

    async def _close(self, place: int, piece: Slice) -> None:
        """Close a slice whose pages are all here; read it once more if that cannot be the whole (T20-T22)."""
        distinct = None
        if piece.needs_count:
            await self._landing.flush()
            distinct = await self._count_distinct(piece)
        verdict = piece.judge(distinct)
        if verdict == "short" and piece.total is not None and not piece.rereads:
            await self._restart(place, piece)
            return
        piece.is_closed = True
        await self._landing.put(Closing(piece.slice_id, piece.total, verdict, piece.effort.waited))

    async def _count_distinct(self, piece: Slice) -> int:
        cursor = await self._ledger.execute(
            "SELECT count(DISTINCT md5(coalesce(body::text, encode(body_raw, 'hex')))) AS here "
            "FROM landing.records WHERE slice_id = %s",
            (piece.slice_id,),
        )
        row = await cursor.fetchone()
        return int(row.here) if row is not None else 0

    async def _restart(self, place: int, piece: Slice) -> None:
        log.warning("%s: the vendor's rows moved while it was read: reading it once more", piece.name)
        await self._landing.flush()
        async with self._ledger.transaction():
            await self._ledger.execute("DELETE FROM landing.records WHERE slice_id = %s", (piece.slice_id,))
            await self._ledger.execute(
                "UPDATE ops.sync_slices SET pages_done = '{}', pages_total = NULL, vendor_total = NULL, "
                "verdict = NULL, records = 0, fetched_from = NULL, fetched_to = NULL, reread = reread + 1 "
                "WHERE slice_id = %s",
                (piece.slice_id,),
            )
        piece.restart()
        self._ask(place, piece.first_pages())

    async def _fail(self, piece: Slice, error: BranchlineError) -> None:
        """Mark a slice failed or deferred; calls of it that are under way give up, what is landed stays."""
        if piece.is_closed:
            return
        piece.is_closed = True
        piece.effort.failure = error
        self._failures[piece.name] = error
        log.error("%s: %s", piece.name, error)
        await self._ledger.execute(
            "UPDATE ops.sync_slices SET state = %s, error_message = left(%s, 4000), api_calls = api_calls + %s, "
            "waited_seconds = waited_seconds + %s WHERE slice_id = %s",
            (
                "deferred" if isinstance(error, Deferred) else "failed",
                str(error),
                _untold(piece),
                piece.effort.waited,
                piece.slice_id,
            ),
        )

    async def _count_calls(self) -> None:
        """Write the calls to the month's ledger, failed ones included: the vendor counts them too."""
        endpoint = self._transport.endpoint
        made: Counter[str] = Counter()
        for piece in self._slices:
            made[piece.priority] += piece.effort.calls
        fresh, self._told = made - self._told, made
        rest = [(calls, piece.slice_id) for piece in self._slices if (calls := _untold(piece))]
        async with self._ledger.transaction(), self._ledger.cursor() as cursor:
            if fresh:
                await cursor.execute(*calls_made(endpoint.source, endpoint.account, fresh))
            await cursor.executemany("UPDATE ops.sync_slices SET api_calls = api_calls + %s WHERE slice_id = %s", rest)

    async def _tell(self) -> None:
        """Show progress on long work, and keep the call ledger near the truth should the process die."""
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            await self._count_calls()
            log.info("so far: %s", self.progress().describe())


def _untold(piece: Slice) -> int:
    """Calls of a slice that the ledger does not know; it is told of them now."""
    calls, piece.calls_told = piece.effort.calls - piece.calls_told, piece.effort.calls
    return calls
