"""What a vendor allows: one rate over all workers and processes, pauses for all of them, a budget a month."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from branchline import limits
from branchline.errors import Deferred
from branchline.limits import Budget, SharedRate, calls_made, read_budget
from branchline.warehouse import connect, connect_async

_WORKER = """
import asyncio, sys, time
import psycopg
from branchline.limits import SharedRate

async def main():
    async with await psycopg.AsyncConnection.connect(sys.argv[1], autocommit=True) as connection:
        rate = SharedRate(connection, "vendor", "account", 3000)
        starts = []
        async def work():
            for _ in range(10):
                await rate.wait()
                starts.append(time.time())
        await asyncio.gather(*(work() for _ in range(6)))
        print(*starts)

asyncio.run(main())
"""


def test_two_processes_at_fifty_a_second_together_never_exceed_it(warehouse: Any) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, warehouse.loader],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(Path(limits.__file__).parents[1]), "PATH": "/usr/bin:/bin"},
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    starts = sorted(float(word) for output in outputs for word in output.split())
    assert len(starts) == 120
    # Reserved 20.4 ms apart. A busy machine wakes a worker late, and so two starts closer: half a second of leeway
    # in 25 shows a burst and forgives a late wake-up.
    for place in range(len(starts) - 25):
        assert starts[place + 25] - starts[place] > 0.5 * 0.9
    assert 119 * 0.0204 * 0.95 < starts[-1] - starts[0] < 119 * 0.0204 * 2


def run(warehouse: Any, work: Any) -> Any:
    """Run `work(first, second)` with two rates of the same credential on connections of their own."""

    async def main() -> Any:
        async with (
            await psycopg.AsyncConnection.connect(warehouse.loader, autocommit=True) as one,
            await psycopg.AsyncConnection.connect(warehouse.loader, autocommit=True) as other,
        ):
            return await work(
                SharedRate(one, "vendor", "account", work.per_minute),
                SharedRate(other, "vendor", "account", work.per_minute),
            )

    return asyncio.run(main())


@pytest.mark.parametrize("per_minute", [0, 600])
def test_a_pause_voids_the_starts_that_others_already_hold(warehouse: Any, per_minute: int) -> None:
    async def work(first: SharedRate, second: SharedRate) -> list[float]:
        starts: list[float] = []

        async def worker(rate: SharedRate) -> None:
            for _ in range(4):
                await rate.wait()
                starts.append(time.monotonic())
                await asyncio.sleep(0.12)

        async def pause() -> float:
            await asyncio.sleep(0.3)
            await first.pause(1.0)
            return time.monotonic()

        results = await asyncio.gather(pause(), *(worker(rate) for rate in (first, first, second, second)))
        # The other process may still use what it reserved a quarter of a second ahead.
        leeway = limits.RESERVED_SECONDS
        return [start - results[0] for start in starts if start > results[0] + leeway]

    work.per_minute = per_minute  # type: ignore[attr-defined]
    later = run(warehouse, work)
    assert later
    assert min(later) > 0.95
    if per_minute:
        gaps = [after - before for before, after in zip(sorted(later), sorted(later)[1:], strict=False)]
        assert min(gaps) > 0.05  # no burst when the pause is over


def test_a_long_pause_defers_everybody_and_is_believed_for_an_hour(warehouse: Any) -> None:
    async def work(first: SharedRate, second: SharedRate) -> None:
        await first.pause(9e9)
        with pytest.raises(Deferred, match=r"3[56]\d\d s"):
            await second.wait()

    work.per_minute = 120  # type: ignore[attr-defined]
    run(warehouse, work)
    left = warehouse.one("SELECT extract(EPOCH FROM next_at - now()) FROM ops.rate_buckets", role="admin")
    assert 3500 < left < 3700


def test_a_slow_rate_with_many_waiting_is_no_pause(warehouse: Any) -> None:
    async def work(first: SharedRate, _: SharedRate) -> None:
        await first._connection.execute("SELECT ops.reserve_calls('vendor', 'account', 32, '10 seconds')")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await first.wait()

    work.per_minute = 6  # type: ignore[attr-defined]
    run(warehouse, work)


def test_a_budget_stops_backfills_before_todays_sweep() -> None:
    budget = Budget(1000, 950, date(2026, 7, 10))
    assert budget.left("today") == budget.left("tomorrow") == 50
    assert budget.left("backfill") == budget.left("details") == 0
    assert Budget(1000, 2000, date(2026, 7, 10)).left("today") == 0
    assert Budget(0, 2000, date(2026, 7, 10)).left("backfill") is None
    assert budget.projected() == round(950 * 31 / 10)
    assert "95%" in budget.describe()
    assert "no budget" in Budget(0, 7, date(2026, 7, 1)).describe()


def test_calls_are_added_to_their_day_and_class_over_either_kind_of_connection(warehouse: Any) -> None:
    with connect(warehouse.loader) as connection:
        connection.execute(*calls_made("vendor", "account", {"today": 2, "details": 3}))
        connection.execute(*calls_made("vendor", "account", {"details": 0, "leads": 0}))
        connection.execute(*calls_made("vendor", "account", {}))

    async def more() -> None:
        async with await connect_async(warehouse.loader) as connection:
            await connection.execute(*calls_made("vendor", "account", {"details": 4}))
            await connection.execute(*calls_made("vendor", "other", {"details": 5}))

    asyncio.run(more())
    rows = warehouse.rows("SELECT account, priority, calls, called_on FROM ops.api_calls ORDER BY 1, 2", role="admin")
    assert [row[:3] for row in rows] == [("account", "details", 7), ("account", "today", 2), ("other", "details", 5)]
    assert {row.called_on for row in rows} <= {datetime.now(UTC).date(), (datetime.now(UTC) - timedelta(1)).date()}


def test_a_budget_counts_this_months_calls_of_this_credential(warehouse: Any) -> None:
    rows = [
        ("vendor", "account", "2026-06-30", "today", 1),
        ("vendor", "account", "2026-07-01", "today", 10),
        ("vendor", "account", "2026-07-31", "backfill", 100),
        ("vendor", "other", "2026-07-02", "today", 1000),
    ]
    with connect(warehouse.loader) as connection:
        for row in rows:
            connection.execute("INSERT INTO ops.api_calls VALUES (%s, %s, %s, %s, %s)", row)
        budget = read_budget(connection, "vendor", "account", 500, date(2026, 7, 31))
    assert (budget.used, budget.limit) == (110, 500)
