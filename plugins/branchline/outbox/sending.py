"""The sending of leads: what is due is handed in once, what is in doubt is looked up first.

The vendor takes a lead without an id of ours and gives none back (Lead Provider API, section 9), so a POST whose
answer was not heard is a question, not an error: the row is `unknown` until a look-up proves the lead there, or proves
it absent after the settling time.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Protocol

import psycopg

from branchline.errors import BranchlineError, Deferred
from branchline.ledger import Account
from branchline.outbox.form import Body, LeadRefused, read_form, wrong
from branchline.outbox.queue import Claims

log = logging.getLogger(__name__)

Row = Any


@dataclass(frozen=True, slots=True)
class Reply:
    """What a POST came to.

    Attributes:
        verdict: `accepted`; `duplicate`: the vendor says it has it; `rejected`: it never will; `later`: certainly not
            taken, try again; `failed`: a server error, taken or not; `unheard`: no answer, taken or not.
        fact: what happened, without secrets.
        after: seconds the vendor asks to wait.
    """

    verdict: Literal["accepted", "duplicate", "rejected", "later", "failed", "unheard"]
    fact: str = ""
    after: float | None = None


class Desk(Protocol):
    """The vendor's side: where leads are handed in, and where they can be looked up."""

    async def turn(self) -> None:
        """Wait until the shared rate lets the next lead through: before the row is marked, not after.

        Raises Deferred where that is longer than a worker should wait: the pass ends, and its leads wait unharmed.
        """

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Hand a lead in, once. Raises Reconfigure, the lead certainly not taken, for a refused key."""

    async def created_between(self, first: date, last: date) -> Sequence[str]:
        """Every lead created on these days, as the vendor writes it; raises unless the list is whole."""


@dataclass(frozen=True)
class Pace:
    """How patient the outbox is, in seconds.

    Attributes:
        settle: after a POST whose effect is unknown, how long before absence at the vendor is believed.
        lease: how long a claim holds; a killed worker's rows wait that long.
        post: longest time of one POST; must be well below `lease`.
        backoff: first wait after a failure; it doubles.
        longest: longest wait between attempts.
        concurrency: POSTs at the same time.
        batch: rows claimed at once; one look-up serves them all.
    """

    settle: float = 600.0
    lease: float = 900.0
    post: float = 90.0
    backoff: float = 60.0
    longest: float = 3600.0
    concurrency: int = 4
    batch: int = 20


@dataclass
class Delivery:
    """What a pass did.

    Attributes:
        outcomes: rows by the state they were left in.
        error: what the operator has to mend, met on the way; rows it does not concern were sent all the same.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    error: BranchlineError | None = None

    def describe(self) -> str:
        """One line for the log."""
        return ", ".join(f"{count} {state}" for state, count in sorted(self.outcomes.items())) or "nothing was due"


class Outbox:
    """One worker on the outbox of one account. Any number of them, on any machines, may work at the same time."""

    def __init__(
        self, connection: psycopg.AsyncConnection[Row], account: Account, desk: Desk, pace: Pace | None = None
    ) -> None:
        """Take an autocommit connection as the loader (see `open_ledger`) and the vendor's side."""
        self._claims = Claims(connection, account)
        self._desk = desk
        self._pace = pace or Pace()
        self._delivery = Delivery()
        self._stopped = False

    async def work(self, limit: int) -> Delivery:
        """Send what is due, at most `limit` rows, and prove what is in doubt."""
        await self._claims.link()
        while limit > 0 and not self._stopped:
            rows = await self._claims.take(min(limit, self._pace.batch), self._pace.lease)
            if not rows:
                break
            limit -= len(rows)
            ready = await self._settle([row for row in rows if row.doubtful_since is not None])
            ready += await self._unknown_to_warehouse([row for row in rows if row.doubtful_since is None])
            await self._send(ready)
        return self._delivery

    # ---- looking up

    async def _settle(self, rows: list[Row]) -> list[Row]:
        """Look up what may be at the vendor already; returns what is proved absent and may be sent now.

        A row nobody answered for goes back to pending first and is looked up once more before its next POST.
        """
        if not rows:
            return []
        try:
            found = await self._listed(rows, min(row.posted_at for row in rows))
        except BranchlineError as error:
            log.warning("%d leads in doubt wait: %s", len(rows), error)
            self._note(error)
            for row in rows:
                state = "unknown" if row.is_unheard else "pending"
                await self._mark(row, state, f"the look-up failed: {error.fact}", is_doubtful=True)
            return []
        ready, used = [], set()
        for row in rows:
            mine = [match for match in found if match.lead_id == row.lead_id]
            free = [match.vendor_lead_id for match in mine if not match.is_taken and match.vendor_lead_id not in used]
            free = free[mine[0].held :] if mine else []
            age = (datetime.now(UTC) - row.doubtful_since).total_seconds()
            if free:
                used.add(free[0])
                await self._prove(row, free[0])
            elif age < self._pace.settle:
                state = "unknown" if row.is_unheard else "pending"
                wait = min(self._pace.settle - age, self._wait(row))
                await self._mark(row, state, "not listed at the vendor yet", wait=wait, is_doubtful=True)
            elif row.is_unheard:
                await self._mark(row, "pending", "not listed at the vendor: to be sent again", is_doubtful=True)
            else:
                ready.append(row)
        return ready

    async def _prove(self, row: Row, vendor_lead_id: str) -> None:
        try:
            await self._mark(row, "sent", vendor_lead_id=vendor_lead_id)
        except psycopg.errors.UniqueViolation:
            # Another worker proved its own row of the same person by this lead a moment ago.
            await self._mark(row, "unknown", "its lead at the vendor is another row's", is_doubtful=True)

    async def _listed(self, rows: Sequence[Row], since: datetime) -> list[Row]:
        """What the vendor lists of these rows; a day of slack at both ends, since its days are in no known zone."""
        today = datetime.now(UTC).date()
        records = await self._desk.created_between(since.date() - timedelta(days=1), today + timedelta(days=1))
        return await self._claims.match(rows, f"[{','.join(records)}]")

    async def _unknown_to_warehouse(self, rows: list[Row]) -> list[Row]:
        """Take out what the last sync saw as an open lead: the look-up before a first POST, which costs no call."""
        if not rows:
            return []
        known = {match.lead_id: match.vendor_lead_id for match in await self._claims.match(rows, None)}
        for row in rows:
            if row.lead_id in known:
                note = "the vendor had this lead before it was sent"
                await self._mark(row, "duplicate", note, vendor_lead_id=known[row.lead_id])
        return [row for row in rows if row.lead_id not in known]

    # ---- posting

    async def _send(self, rows: list[Row]) -> None:
        gate = asyncio.Semaphore(self._pace.concurrency)

        async def one(row: Row) -> Reply | None:
            async with gate:
                return await self._post(row)

        outcomes = await asyncio.gather(*(one(row) for row in rows))
        replies = [reply for reply in outcomes if reply is not None]
        if replies and all(reply.verdict in {"later", "failed", "unheard"} for reply in replies):
            log.warning("the vendor took none of %d leads (%s): the rest waits", len(replies), replies[-1].fact)
            self._stopped = True
        twice = [row for row, reply in zip(rows, outcomes, strict=True) if reply and reply.verdict == "duplicate"]
        if twice:
            await self._explain_duplicates(twice)

    async def _post(self, row: Row) -> Reply | None:
        """One POST of one row; the row says that it may have been taken from before the call until its answer."""
        if self._stopped:
            await self._mark(row, "pending", is_doubtful=row.doubtful_since is not None)
            return None
        try:
            body = await self._body(row)
        except LeadRefused as error:
            await self._mark(row, "rejected", str(error))
            return None
        try:
            await self._desk.turn()
        except BranchlineError as error:
            # nothing was sent: what may be at the vendor since an earlier POST is in doubt as before
            self._note(error)
            self._stopped = True
            await self._mark(row, "pending", error.fact, is_doubtful=row.doubtful_since is not None)
            return None
        if not await self._claims.begin_post(row, self._pace.post):
            log.warning("lead %d: its claim ended before it was sent; it is left to the next pass", row.lead_id)
            return None
        try:
            reply = await self._desk.post(body)
        except BranchlineError as error:
            self._note(error)
            self._stopped = True
            await self._mark(row, "pending", error.fact)
            return None
        await self._record(row, reply)
        return reply

    async def _record(self, row: Row, reply: Reply) -> None:
        verdict, fact = reply.verdict, reply.fact
        if verdict == "accepted":
            await self._mark(row, "sent")
        elif verdict == "rejected":
            await self._mark(row, "rejected", fact)
        elif verdict == "later":
            await self._mark(row, "pending", fact, wait=max(self._wait(row), reply.after or 0.0))
        elif verdict == "failed":
            # A server error after the vendor stored the lead looks the same as one before: look up, then send again.
            await self._mark(row, "pending", fact, wait=max(self._wait(row), reply.after or 0.0), is_doubtful=True)
        elif verdict == "unheard":
            await self._mark(row, "unknown", fact, wait=min(self._wait(row), self._pace.settle), is_doubtful=True)
        # A duplicate stays claimed until `_explain_duplicates` has looked it up.

    async def _explain_duplicates(self, rows: list[Row]) -> None:
        """Say of what the vendor calls submitted already whether it was our own earlier POST."""
        try:
            found = await self._listed(rows, min(row.created_at for row in rows))
        except BranchlineError as error:
            log.warning("%d duplicates were not looked up: %s", len(rows), error)
            self._note(error)
            found = []
        for row in rows:
            mine = [match for match in found if match.lead_id == row.lead_id]
            if row.doubtful_since is not None:
                free = [match.vendor_lead_id for match in mine if not match.is_taken]
                try:
                    await self._mark(row, "sent", vendor_lead_id=free[0] if free else None)
                except psycopg.errors.UniqueViolation:
                    await self._mark(row, "duplicate", "the vendor had this lead", vendor_lead_id=free[0])
            else:
                vendor_lead_id = mine[-1].vendor_lead_id if mine else None
                await self._mark(row, "duplicate", "the vendor had this lead already", vendor_lead_id=vendor_lead_id)

    async def _body(self, row: Row) -> Body:
        """What is sent; checked again, since a row may have come another way than through submit_lead."""
        form = read_form(row.payload)
        if row.branch_id is None:
            raise wrong("its location is no branch of the vendor's any more")
        if form.get("branchId", row.branch_id) != row.branch_id:
            raise wrong("its payload names another branch than its location")
        await self._claims.put_texts_in(row, form)
        return form | {"branchId": row.branch_id}

    # ---- writing down

    async def _mark(
        self,
        row: Row,
        state: str,
        error: str | None = None,
        *,
        wait: float | None = None,
        is_doubtful: bool = False,
        vendor_lead_id: str | None = None,
    ) -> None:
        """Write a row's outcome and give it back, unless its claim has gone to another worker."""
        is_ours = await self._claims.give_back(
            row,
            state,
            error,
            wait=self._wait(row) if wait is None else wait,
            is_doubtful=is_doubtful,
            vendor_lead_id=vendor_lead_id,
        )
        if not is_ours:
            log.warning("lead %d: its claim ended; what came of it (%s) is left to the next pass", row.lead_id, state)
            return
        self._delivery.outcomes[state] += 1
        # No vendor text here: a message may quote the person's data, which stays in the row.
        log.info("lead %d: %s", row.lead_id, state)

    def _wait(self, row: Row) -> float:
        ceiling: float = min(self._pace.longest, self._pace.backoff * 2.0 ** min(int(row.attempts), 20))
        return ceiling * random.uniform(0.75, 1.0)  # noqa: S311 - spreading load, not a secret

    def _note(self, error: BranchlineError) -> None:
        """Keep the first error that somebody has to mend; one that passes or waits is the row's own business."""
        if not error.is_transient and not isinstance(error, Deferred) and self._delivery.error is None:
            self._delivery.error = error
