"""What a vendor allows: one rate over all workers and processes, pauses for all of them, a budget a month."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from branchline import limits, sync, transport
from branchline.errors import Deferred
from branchline.ledger import Account, Run, register_accounts
from branchline.limits import Budget, SharedRate, calls_made, read_budget
from branchline.request import Request
from branchline.sources.arrivy import ARRIVY
from branchline.transport import Endpoint, Transport
from branchline.warehouse import connect, connect_async

from tests.conftest import NOW

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
    # Reserved 20.4 ms apart. A busy machine wakes the first of a stretch late, and so brings it nearer to the last:
    # that much leeway; two processes that know nothing of each other would take half of the time.
    for place in range(len(starts) - 60):
        assert starts[place + 60] - starts[place] > 60 * 0.02 - 0.4
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
        assert len(later) >= 5
        # no burst when the pause is over; a busy machine may wake the first one late
        assert max(later) - min(later) > (len(later) - 1) * 0.1 - 0.2


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


# ------------------------------------------------------------------------------------------- less than we were told


def alone(warehouse: Any, per_minute: float, work: Any) -> None:
    """Run `work(rate)` with the one rate of a credential."""

    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(warehouse.loader, autocommit=True) as connection:
            await work(SharedRate(connection, "vendor", "account", per_minute))

    asyncio.run(main())


async def spent(rate: SharedRate, starts: int) -> float:
    """Seconds that so many starts, one after the other, take."""
    begun = time.monotonic()
    for _ in range(starts):
        await rate.wait()
    return time.monotonic() - begun


def test_a_refused_call_halves_the_pace_down_to_an_eighth(warehouse: Any) -> None:
    async def work(rate: SharedRate) -> None:
        await rate.wait()
        usual = rate._spacing
        for share in (2, 4, 8, 8):
            rate.slow_down()
            assert rate._spacing == pytest.approx(share * usual)
            assert await spent(rate, 4) > 3 * share * usual * 0.9
        assert usual == pytest.approx(60 / (6000 * limits.USED_SHARE))

    alone(warehouse, 6000, work)


def test_refusals_of_calls_that_were_under_way_halve_it_once(warehouse: Any) -> None:
    async def work(rate: SharedRate) -> None:
        await rate.wait()
        usual = rate._spacing
        for _ in range(8):
            rate.slow_down()
        assert rate._spacing == pytest.approx(2 * usual)

    alone(warehouse, 6000, work)


def test_the_pace_recovers_step_by_step_after_calls_that_were_not_refused(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CALLS_TO_RECOVER", 5)

    async def work(rate: SharedRate) -> None:
        await rate.wait()
        usual = rate._spacing
        for _ in range(2):
            rate.slow_down()
            await rate.wait()
        assert rate._spacing == pytest.approx(4 * usual)
        paces = []
        for _ in range(12):
            paces.append(round(rate._spacing / usual))
            await rate.wait()
        assert paces == [4, 4, 4, 4, 2, 2, 2, 2, 2, 1, 1, 1]

    alone(warehouse, 6000, work)


def test_a_refusal_on_the_way_back_begins_to_count_anew(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLS_TO_RECOVER", 3)

    async def work(rate: SharedRate) -> None:
        await rate.wait()
        usual = rate._spacing
        rate.slow_down()
        await spent(rate, 2)
        rate.slow_down()
        await spent(rate, 2)
        assert rate._spacing == pytest.approx(4 * usual)
        await rate.wait()
        assert rate._spacing == pytest.approx(2 * usual)

    alone(warehouse, 6000, work)


def test_without_a_rate_there_is_no_pace_to_halve(warehouse: Any) -> None:
    async def work(rate: SharedRate) -> None:
        for _ in range(3):
            await rate.wait()
            rate.slow_down()
        assert rate._spacing == 0
        assert await spent(rate, 200) < 5

    alone(warehouse, 0, work)


@pytest.mark.parametrize("status", [429, 503])
def test_only_a_call_that_was_one_too_many_slows_the_worker_down(
    warehouse: Any, vendors: Any, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(transport, "BACKOFF_SECONDS", 0.01)
    vendor = vendors()
    vendor.control.faults(
        {"match": "/entities", "times": 1, "after": 1, "action": {"kind": "status", "status": status, "body": "{}"}}
    )
    headers = {"X-Auth-Key": "sandbox-arrivy-key", "X-Auth-Token": "sandbox-arrivy-token"}

    async def work(rate: SharedRate) -> None:
        usual = rate._spacing
        async with Transport(Endpoint("arrivy", "arrivy", vendor.arrivy, headers), rate) as calling:
            await calling.get("/entities")
            assert rate._spacing == usual
            await calling.get("/entities")
            assert calling.calls == 3
        assert rate._spacing == pytest.approx(2 * usual if status == 429 else usual)

    alone(warehouse, 6000, work)


# --------------------------------------------------------------------------------------------- what a run has time for


class Shop:
    """An account of Arrivy with tasks whose histories are due, and its plans; nothing is called."""

    account = Account("arrivy", "arrivy", "arrivy", "home")
    endpoint = Endpoint("arrivy", "arrivy", "http://127.0.0.1:9", {})

    def __init__(self, warehouse: Any, tasks: int) -> None:
        self.warehouse = warehouse
        with connect(warehouse.loader, client="home") as connection:
            register_accounts(connection, [self.account])
        warehouse.execute(
            "INSERT INTO arrivy.tasks (client_id, account, task_id, start_datetime, observed_at, row_hash) "
            "SELECT 'home', 'arrivy', 'task ' || number, %s - number * interval '2 days', now(), gen_random_uuid() "
            "FROM generate_series(1, %s) AS number",
            (NOW, tasks),
        )

    def plan(self, run_id: str, *, per_minute: float) -> tuple[list[str], list[str]]:
        """The tasks whose histories a run asks for, in order, and the notes of its plan."""
        endpoint = replace(self.endpoint, requests_per_minute=per_minute)
        request = Request(streams=("task_statuses",))
        run = sync.Sync(self.warehouse.loader, ARRIVY, self.account, Run("arrivy", run_id), request, NOW)
        notes = sync.plan_wave(run, "tracks", endpoint).notes
        rows = self.warehouse.rows(
            "SELECT keys.record_key FROM ops.sync_slices, "
            "jsonb_array_elements_text(request -> 'keys') WITH ORDINALITY AS keys (record_key, place) "
            "WHERE run_id = %s ORDER BY slice_id, place",
            (run_id,),
            role="admin",
        )
        return [row.record_key for row in rows], notes

    def answered(self, keys: list[str]) -> None:
        """Let these have been asked for."""
        self.warehouse.execute(
            "INSERT INTO ops.lookups (source, account, stream, record_key, asked_at, reason, was_found) "
            "SELECT 'arrivy', 'arrivy', 'task_statuses', key, now(), 'new', TRUE FROM unnest(%s::text[]) AS key",
            (keys,),
        )


def test_ids_beyond_what_the_rate_allows_a_run_wait_and_come_next_time(warehouse: Any) -> None:
    shop = Shop(warehouse, 500)
    # 3 calls a minute for half of 40 minutes, the readings have the other half; two calls a history: its first page and
    # the empty one after it
    expected = [f"task {number}" for number in range(1, 501)]
    seen: list[str] = []
    for run, count in enumerate([30] * 16 + [20, 0], 1):
        keys, notes = shop.plan(f"run {run}", per_minute=3)
        assert len(keys) == count
        waiting = 500 - len(seen) - count
        told = [note for note in notes if "due records wait" in note]
        assert told == (
            [f"task_statuses: {waiting} due records wait for the budget and the rate of 3 calls a minute"]
            if waiting
            else []
        )
        seen += keys
        shop.answered(keys)
    assert seen == expected, "the nearest first, each once"


def test_without_a_rate_everything_that_is_due_is_asked_for(warehouse: Any) -> None:
    keys, notes = Shop(warehouse, 500).plan("run", per_minute=0)
    assert len(keys) == 500
    assert not [note for note in notes if "wait" in note or "minute" in note]


def test_the_plan_says_how_long_its_calls_take_at_least(warehouse: Any) -> None:
    shop = Shop(warehouse, 90)
    _, notes = shop.plan("run", per_minute=30)
    assert [note for note in notes if note.startswith("90 calls or more at 30 a minute: 3.0 minutes at least; ")]
    assert not [note for note in shop.plan("unlimited", per_minute=0)[1] if "minutes at least" in note]
    shop.answered([f"task {number}" for number in range(1, 91)])
    keys, notes = shop.plan("nothing due", per_minute=30)
    assert (keys, [note for note in notes if "minutes at least" in note]) == ([], [])
