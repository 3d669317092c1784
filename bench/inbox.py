"""The inbox under load, with Airflow up: events at a fixed rate, how long each answer took, and whether any is lost.

The rate is kept whatever the answers take, so that a slow server is not spared: a request begins at its own moment and
its time counts from there. Beside it, the same number of requests against a bare endpoint: read a JSON body, one
insert, 202 (`bench/inbox_floor.py`).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from statistics import quantiles
from typing import Any

import aiohttp
import psycopg

from stack.run import Stack

RATE = 200
#: Requests under way at once, of all; beyond it they wait, and their waiting counts.
CONNECTIONS = 256


def run(stack: Stack, admin: str, seconds: int) -> dict[str, Any]:
    """Send events to the inbox, then to the bare endpoint.

    Args:
        stack: running, its first sync done, signed in.
        admin: the warehouse, as somebody who may make a table.
        seconds: how long each is sent to.

    Returns:
        Of each side: sent, accepted, kept, and p50, p99, longest in milliseconds; `ratio` of the medians.
    """
    told = stack.api.session.post(f"{stack.api.url}/branchline/arrivy/webhooks/configure", json={}, timeout=30).json()
    headers = {told["header"]["name"]: told["header"]["value"]}
    before = _count(stack.operator, "ops.inbox_events")
    ours = asyncio.run(_load(told["url"], headers, seconds))
    ours["kept"] = _count(stack.operator, "ops.inbox_events") - before
    bare = _bare(admin, seconds)
    bare["kept"] = _count(admin, "bare")
    return {"inbox": ours, "bare": bare, "ratio": round(ours["p50"] / bare["p50"], 2)}


async def _load(url: str, headers: dict[str, str], seconds: int) -> dict[str, Any]:
    """Send RATE events a second."""
    took: list[float] = []
    statuses: list[int] = []
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        began = time.perf_counter() + 0.2

        async def send(number: int) -> None:
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            # nothing that is asked for by id: the load is the inbox's, not the vendor's
            event = {"EVENT_ID": f"{began}-{number}", "EVENT_TYPE": "BENCHMARK", "OBJECT_ID": number}
            async with session.post(url, json=event) as answer:
                await answer.read()
                statuses.append(answer.status)
            took.append(time.perf_counter() - due)

        await asyncio.gather(*(send(number) for number in range(RATE * seconds)))
    cuts = quantiles(took, n=100)
    return {
        "sent": len(took),
        "accepted": statuses.count(202),
        "p50": round(cuts[49] * 1000, 1),
        "p99": round(cuts[98] * 1000, 1),
        "longest": round(max(took) * 1000, 1),
    }


def _bare(admin: str, seconds: int) -> dict[str, Any]:
    """The same against an endpoint that does nothing but insert, in a process of its own."""
    command = [sys.executable, "-m", "bench.inbox_floor", admin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        try:
            port = int(served.stdout.readline())
            return asyncio.run(_load(f"http://127.0.0.1:{port}/", {}, seconds))
        finally:
            served.terminate()


def _count(conninfo: str, table: str) -> int:
    with psycopg.connect(conninfo) as connection:
        (row,) = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()
        return int(row[0])
