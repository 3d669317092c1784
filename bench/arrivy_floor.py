"""Arrivy's floor: asyncio, aiohttp and COPY, with nothing between them: what this machine can do at best.

It asks for the same lists to their empty pages, every task's history and every active member's readings, and copies the
same rows into the same tables, knowing beforehand that nothing fails and that the tables are empty. A column is filled
where the vendor's record has a key of its name. No landing, no types checked, no history, no resuming.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import aiohttp
import msgspec
import psycopg
from psycopg.types.json import Jsonb

from bench.arrivy import KEY, TOKEN

Row = dict[str, Any]
#: Table, path, query, and the table's name of the id.
LISTS: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("groups", "/groups", {}, "group_id"),
    ("entities", "/entities", {}, "entity_id"),
    ("customers", "/customers", {}, "customer_id"),
    ("crews", "/crews", {}, "crew_id"),
    ("bookings", "/bookings", {}, "booking_id"),
    ("tasks", "/tasks", {"order_by": "CREATED"}, "task_id"),
    ("tasks", "/tasks", {"order_by": "CREATED", "unscheduled": "true"}, "task_id"),
    ("tasks", "/tasks", {"order_by": "CREATED", "tasks_with_no_datetime": "true"}, "task_id"),
)
AUDIT = ("client_id", "account", "observed_at", "row_hash")
TAIL = ("floor", "floor", datetime.now(UTC), md5(b"floor").hexdigest())


async def load(base: str, conninfo: str, concurrency: int) -> dict[str, Any]:
    began = time.perf_counter()
    told = await _fetch(f"{base}/arrivy/api", concurrency)
    fetched = time.perf_counter()
    with psycopg.connect(conninfo) as connection:
        counts = {}
        for table, rows in told.items():
            counts[table] = _copy(connection, table, rows)
            # Keys of children are checked by a plan that is made once, and for an empty table it is a scan.
            connection.execute(f"ANALYZE arrivy.{table}".encode())
    ended = time.perf_counter()
    return {"wall": ended - began, "fetch": fetched - began, **counts}


async def _fetch(base: str, concurrency: int) -> dict[str, list[Row]]:
    """The rows of each table, as the vendor sends them."""
    told: dict[str, list[Row]] = {name: [] for name in ("groups", "status_definitions", "entities", "customers")}
    told |= {name: [] for name in ("crews", "crew_members", "bookings", "tasks", "task_entities")}
    told |= {name: [] for name in ("task_template_fields", "task_statuses", "location_reports")}
    headers = {"X-Auth-Key": KEY, "X-Auth-Token": TOKEN}
    free = asyncio.Semaphore(concurrency)
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def get(path: str, params: dict[str, str]) -> Any:
            async with free, session.get(base + path, params=params) as answer:
                return msgspec.json.decode(await answer.read())

        async def read(path: str, params: dict[str, str], take: Callable[[Row], None]) -> None:
            page = 1
            while rows := await get(path, params | {"page": str(page), "items_per_page": "500"}):
                for row in rows:
                    take(row)
                page += 1

        def take_as(table: str, key: str) -> Callable[[Row], None]:
            return lambda row: told[table].append(row | {key: str(row["id"])})

        told["status_definitions"] = [row | {"status_id": str(row["id"])} for row in await get("/statuses", {})]
        await asyncio.gather(*(read(path, params, take_as(table, key)) for table, path, params, key in LISTS))
        for crew in told["crews"]:
            told["crew_members"] += [
                {"crew_id": crew["crew_id"], "entity_id": row["id"]} for row in crew["entities_data"]
            ]
        for task in told["tasks"]:
            number = {"task_id": task["task_id"]}
            told["task_entities"] += [
                number | {"entity_id": entity, "place": place} for place, entity in enumerate(task["entity_ids"], 1)
            ]
            told["task_template_fields"] += [
                number | field | {"place": place}
                for place, field in enumerate(task.get("template_extra_fields") or (), 1)
            ]
        await asyncio.gather(
            *(
                read(f"/tasks/{task['task_id']}/status", {}, _entry(told["task_statuses"], task["task_id"]))
                for task in told["tasks"]
            ),
            *(
                read(f"/entities/{one['entity_id']}/readings", {}, _reading(told["location_reports"]))
                for one in told["entities"]
                if not one.get("is_disabled")
            ),
        )
    return told


def _entry(rows: list[Row], task: str) -> Callable[[Row], None]:
    return lambda row: rows.append(
        row | {"task_id": task, "entry_id": str(row["id"]), "reported_at": row["time"], "place": len(rows)}
    )


def _reading(rows: list[Row]) -> Callable[[Row], None]:
    return lambda row: rows.append(
        row | {"entity_id": row["entity"], "reported_at": row["time"], "latitude": row["lat"], "longitude": row["lng"]}
    )


def _copy(connection: psycopg.Connection[Any], table: str, rows: list[Row]) -> int:
    types = {
        row[0]: row[1]
        for row in connection.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0",
            (f"arrivy.{table}",),
        )
    }
    keys = {key for row in rows[:500] for key in row}
    columns = [name for name in types if name in keys and name not in AUDIT]
    writers = [(name, _writer(types[name])) for name in columns]
    listed = ", ".join(f'"{name}"' for name in (*columns, *AUDIT))
    with connection.cursor() as cursor, cursor.copy(f"COPY arrivy.{table} ({listed}) FROM STDIN".encode()) as copy:
        for values in _values(rows, writers):
            copy.write_row((*values, *TAIL))
    return len(rows)


def _values(rows: list[Row], writers: list[tuple[str, Callable[[Any], Any]]]) -> Iterable[list[Any]]:
    for row in rows:
        yield [None if (value := row.get(name)) is None else write(value) for name, write in writers]


def _writer(kind: str) -> Callable[[Any], Any]:
    if kind == "jsonb":
        return Jsonb
    if kind == "text[]":
        return lambda value: [str(one) for one in value]
    if kind == "arrivy.minutes":
        return lambda value: value if value >= 0 else None
    if kind == "timestamp with time zone":
        return lambda value: value if value[-1] == "Z" or value[-6] in "+-" else f"{value}Z"
    return str if kind == "text" else lambda value: value


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
