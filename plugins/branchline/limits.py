"""What a vendor allows: a rate that holds over all workers, and a budget of calls a month.

A pool limits parallel tasks, not calls; the rate of a credential is a row in PostgreSQL from which every worker
reserves evenly spaced starts (ops.reserve_calls), and the budget is a ledger of calls a day (ops.api_calls).
"""

from __future__ import annotations

import asyncio
import logging
import time
from calendar import monthrange
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from branchline.errors import Deferred
from branchline.warehouse import one, render

log = logging.getLogger(__name__)

#: Above this share of the monthly budget only today's and tomorrow's sweeps go on.
SOFT_STOP = 0.9
#: A worker reserves at most this many seconds of its credential's rate at once, and sees a pause no later than that.
RESERVED_SECONDS = 0.25
#: Starts reserved at once where the credential has no rate: what is asked for then is only whether there is a pause.
UNLIMITED_BATCH = 50
#: A worker waits this many seconds for what a vendor asks; for a longer pause its slices are deferred.
LONGEST_WAIT = 120.0
#: Calls that may stand before one's own in the credential's queue, which is no pause.
LONGEST_QUEUE = 200
#: A longer pause is not believed: the vendor is asked again after it.
LONGEST_PAUSE = 3600.0
#: Share of the vendor's rate that is used: its clock and ours do not tick together.
USED_SHARE = 0.98
#: A vendor that says 429 at the rate that its connection names allows less: the pace is halved, down to this share.
LEAST_SHARE = 1 / 8
#: Calls without a 429 after which a pace that was halved is doubled again.
CALLS_TO_RECOVER = 60

#: Classes of calls, most wanted first. The first two may use the budget to its end.
PRIORITIES = ("today", "tomorrow", "reference", "details", "leads", "backfill", "aged")


class SharedRate:
    """The rate of one credential, reserved in PostgreSQL a few starts at a time."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], source: str, account: str, per_minute: float) -> None:
        """Take an autocommit connection of its own: waiting must not hold a transaction."""
        self._connection = connection
        self._who = (source, account)
        self._usual_spacing = 60.0 / (per_minute * USED_SHARE) if per_minute else 0.0
        self._share = 1.0
        self._calls_since = 0
        self._starts: deque[float] = deque()
        self._stale_at = 0.0
        self._waiting = 0
        self._pauses = 0
        self._lock = asyncio.Lock()

    @property
    def _spacing(self) -> float:
        return self._usual_spacing / self._share

    def slow_down(self) -> None:
        """Halve this worker's pace: the vendor refused a call as one too many, so its rate is less than we were told.

        Without a rate there is no pace: what the vendor asks to wait is then all that holds.
        """
        if self._share > LEAST_SHARE and self._calls_since:
            self._share /= 2
            log.info("%s %s: too many calls, going on at %.0f%% of the rate", *self._who, 100 * self._share)
        # Refusals of calls that were under way already say nothing about the new pace.
        self._calls_since = 0

    def _recover(self) -> None:
        self._calls_since += 1
        if self._share < 1 and self._calls_since >= CALLS_TO_RECOVER:
            self._share *= 2
            self._calls_since = 0

    async def wait(self) -> float:
        """Wait for the next reserved start; returns the seconds waited.

        Raises:
            Deferred: a pause that somebody was asked for is longer than a worker should wait.
        """
        begun = time.monotonic()
        while True:
            start, pauses = await self._next_start()
            delay = start - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            if pauses == self._pauses:
                self._recover()
                return time.monotonic() - begun if delay > 0 else 0.0
            # Somebody was told to pause meanwhile: this start is void, the next one comes after the pause.

    async def pause(self, seconds: float) -> None:
        """Let nobody of this credential start a call for that long: here at once, elsewhere at its next reservation."""
        self._pauses += 1  # whoever sleeps towards a start finds it void
        async with self._lock:
            await self._connection.execute(
                "SELECT ops.pause_calls(%s, %s, make_interval(secs => %s))",
                (*self._who, min(seconds, LONGEST_PAUSE)),
            )
            self._starts.clear()
            self._pauses += 1  # and so does whoever reserved while this waited for the lock

    async def _next_start(self) -> tuple[float, int]:
        """A start, and how many pauses there had been when it was reserved."""
        self._waiting += 1
        try:
            async with self._lock:
                if not self._starts or time.monotonic() > self._stale_at:
                    await self._reserve()
                return self._starts.popleft(), self._pauses
        finally:
            self._waiting -= 1

    async def _reserve(self) -> None:
        """Reserve a start for each worker that waits now: one reserved ahead would be used late, and be a burst."""
        wanted = min(self._waiting, int(RESERVED_SECONDS / self._spacing) or 1) if self._spacing else UNLIMITED_BATCH
        cursor = await self._connection.execute(
            "SELECT ops.reserve_calls(%s, %s, %s, make_interval(secs => %s))",
            (*self._who, wanted, self._spacing),
        )
        row = await cursor.fetchone()
        ahead = float(row[0]) if row else 0.0
        if ahead > LONGEST_WAIT + LONGEST_QUEUE * self._spacing:
            source, account = self._who
            raise Deferred(
                f"Waiting for a call of {source} {account}", f"the vendor asked for a pause of {ahead:.0f} s more"
            )
        first = time.monotonic() + ahead
        self._starts = deque(first + place * self._spacing for place in range(wanted))
        self._stale_at = self._starts[-1] + RESERVED_SECONDS


@dataclass(frozen=True)
class Budget:
    """A credential's month so far.

    Attributes:
        limit: calls a month, 0 for no limit.
        used: calls made this month.
        today: the UTC day it was read.
    """

    limit: int
    used: int
    today: date

    def left(self, priority: str) -> int | None:
        """Calls that this class of work may still make; None without a limit.

        Today's and tomorrow's sweeps may use the whole budget, everything else stops at SOFT_STOP of it.
        """
        if not self.limit:
            return None
        share = 1.0 if priority in PRIORITIES[:2] else SOFT_STOP
        return max(0, int(self.limit * share) - self.used)

    def projected(self) -> int:
        """Calls by the end of the month at the pace so far, which is a straight line through the days begun."""
        days = monthrange(self.today.year, self.today.month)[1]
        return round(self.used * days / self.today.day)

    def describe(self) -> str:
        """One line for the log."""
        if not self.limit:
            return f"calls this month {self.used:,}, no budget set"
        share = self.used / self.limit
        return (
            f"calls this month {self.used:,} of {self.limit:,} ({share:.0%}), projected {self.projected():,} by its end"
        )


def read_budget(connection: psycopg.Connection[Any], source: str, account: str, limit: int, today: date) -> Budget:
    """Read a credential's calls of `today`'s calendar month (the vendor's counter restarts on the 1st)."""
    row = one(
        connection,
        "SELECT coalesce(sum(calls), 0) AS used FROM ops.api_calls "
        "WHERE source = %s AND account = %s AND called_on >= date_trunc('month', %s::date)",
        (source, account, today),
    )
    return Budget(limit, int(row.used), today)


def calls_made(source: str, account: str, calls: Mapping[str, int]) -> tuple[bytes, dict[str, Any]]:
    """The statement that adds calls to a credential's ledger of today (UTC), failed ones too: the vendor counts them.

    Args:
        source: the vendor.
        account: whose credential.
        calls: class of calls (PRIORITIES) to how many.

    Returns:
        Query and parameters, for whichever connection or cursor is at hand: `execute(*calls_made(...))`.
    """
    classes = {"priorities": list(calls.keys()), "calls": list(calls.values())}
    return render("count_calls.sql"), {"source": source, "account": account} | classes
