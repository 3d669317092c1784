"""What a vendor allows: a rate that holds over all workers, and a budget of calls a month.

A pool limits parallel tasks, not calls; the rate of a credential is a row in PostgreSQL from which every worker
reserves evenly spaced starts (ops.reserve_calls), and the budget is a ledger of calls a day (ops.api_calls).
"""

from __future__ import annotations

import asyncio
import time
from calendar import monthrange
from collections import deque
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from branchline.warehouse import one

#: Above this share of the monthly budget only today's and tomorrow's sweeps go on.
SOFT_STOP = 0.9
#: A worker reserves at most this many seconds of its credential's rate at once.
RESERVED_SECONDS = 0.25
#: Share of the vendor's rate that is used: its clock and ours do not tick together.
USED_SHARE = 0.98

#: Classes of calls, most wanted first. The first two may use the budget to its end.
PRIORITIES = ("today", "tomorrow", "reference", "details", "leads", "backfill", "aged")


class SharedRate:
    """The rate of one credential, reserved in PostgreSQL a few starts at a time."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], source: str, account: str, per_minute: float) -> None:
        """Take an autocommit connection of its own: waiting must not hold a transaction."""
        self._connection = connection
        self._who = (source, account)
        self._spacing = 60.0 / (per_minute * USED_SHARE) if per_minute else 0.0
        self._batch = max(1, int(RESERVED_SECONDS / self._spacing)) if self._spacing else 50
        self._starts: deque[float] = deque()
        self._not_before = 0.0
        self._lock = asyncio.Lock()

    async def wait(self) -> float:
        """Wait for the next reserved start; returns the seconds waited."""
        async with self._lock:
            if not self._starts:
                await self._reserve()
            start = max(self._starts.popleft(), self._not_before)
        delay = start - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
            return delay
        return 0.0

    async def pause(self, seconds: float) -> None:
        """Let nobody of this credential start a call for that long: here at once, elsewhere at its next reservation."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)
        self._starts.clear()
        async with self._lock:
            await self._connection.execute(
                "SELECT ops.pause_calls(%s, %s, make_interval(secs => %s))", (*self._who, seconds)
            )

    async def _reserve(self) -> None:
        cursor = await self._connection.execute(
            "SELECT ops.reserve_calls(%s, %s, %s, make_interval(secs => %s))",
            (*self._who, self._batch, self._spacing),
        )
        row = await cursor.fetchone()
        first = time.monotonic() + float(row[0] if row else 0.0)
        self._starts.extend(first + place * self._spacing for place in range(self._batch))


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
