"""The floor: asyncio, aiohttp and COPY, with nothing between them: what this machine can do at best.

It loads the same rows into the same tables as the line (branches and their locations, customers and phones with theirs,
opportunities, jobs, journeys with their raw job), knowing beforehand that nothing fails and that the tables are empty.
No landing, no types checked, no time zones, no history, no resuming.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from typing import Any

import aiohttp
import msgspec
import psycopg
from psycopg.types.json import Jsonb

from bench.world import FIRST, KEY, LAST

AUDIT = "client_id, account, observed_at, row_hash"


async def load(base: str, conninfo: str, concurrency: int) -> dict[str, Any]:
    began = time.perf_counter()
    branches, pages = await _fetch(base, concurrency)
    fetched = time.perf_counter()
    counts = _copy(conninfo, branches, pages)
    ended = time.perf_counter()
    return {"wall": ended - began, "fetch": fetched - began, "calls": len(pages) + 1, **counts}


async def _fetch(base: str, concurrency: int) -> tuple[list[Any], list[tuple[int, Any]]]:
    days = [date.fromisoformat(FIRST) + timedelta(days=n) for n in range(2)]
    assert str(days[-1]) == LAST
    pages: list[tuple[int, Any]] = []
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(headers={"x-api-key": KEY}, connector=connector) as session:

        async def get(path: str, **params: str) -> Any:
            async with session.get(base + path, params=params) as answer:
                return msgspec.json.decode(await answer.read())

        first = await get("/api/branches", Page="1", PageSize="200")
        others = (get("/api/branches", Page=str(n), PageSize="200") for n in range(2, first["totalPages"] + 1))
        branches = [row for page in (first, *await asyncio.gather(*others)) for row in page["pageResults"]]

        queue: asyncio.Queue[tuple[int, str, str, int]] = asyncio.Queue()

        async def work() -> None:
            while True:
                place, branch, day, number = await queue.get()
                answer = await get(
                    "/api/customers",
                    IncludeOpportunityInfo="true",
                    BranchId=branch,
                    FromServiceDate=day,
                    ToServiceDate=day,
                    Page=str(number),
                    PageSize="200",
                )
                pages.append((place, answer["pageResults"]))
                if number == 1:
                    for other in range(2, answer["totalPages"] + 1):
                        queue.put_nowait((place, branch, day, other))
                queue.task_done()

        for place, branch in enumerate(branches):
            for day in days:
                queue.put_nowait((place, branch["id"], f"{day:%Y%m%d}", 1))
        workers = [asyncio.create_task(work()) for _ in range(concurrency)]
        await queue.join()
        for worker in workers:
            worker.cancel()
    return branches, pages


def _copy(conninfo: str, branches: list[Any], pages: list[tuple[int, Any]]) -> dict[str, int]:
    now = datetime.now(UTC)
    mark = md5(b"floor").hexdigest()
    tail = ("floor", "floor", now, mark)
    customers: dict[str, Any] = {}
    opportunities: dict[str, Any] = {}
    jobs: dict[str, Any] = {}
    journeys: dict[str, Any] = {}
    phones: dict[tuple[str, int], Any] = {}
    with psycopg.connect(conninfo) as connection:
        locations = _branches(connection, branches, tail)
        for place, rows in pages:
            branch = branches[place]
            location = locations[branch["id"]]
            for row in rows:
                key = row["id"]
                customers[key] = (
                    key,
                    row["name"],
                    row.get("phoneNumber") or None,
                    row.get("phoneType"),
                    row.get("emailAddress") or None,
                    row.get("address") or None,
                    [location],
                    *tail,
                )
                for n, phone in enumerate(row.get("secondaryPhoneNumbers") or (), 1):
                    phones[key, n] = (key, n, phone["phoneNumber"], phone["phoneType"], [location], *tail)
                for opportunity in row.get("opportunities") or ():
                    mine = opportunity.get("jobs") or ()
                    opportunities[opportunity["id"]] = (
                        opportunity["id"],
                        key,
                        opportunity["quoteNumber"],
                        opportunity["status"],
                        sorted(job["id"] for job in mine),
                        location,
                        *tail,
                    )
                    for job in mine:
                        day = job["serviceDate"]
                        jobs[job["id"]] = (
                            job["id"],
                            opportunity["id"],
                            key,
                            job["jobNumber"],
                            day,
                            job["type"],
                            location,
                            Jsonb(job),
                            *tail,
                        )
                        status = {4: "MORNING_PREP", 10: "COMPLETED", 11: "AUDITED"}.get(opportunity["status"])
                        if status:
                            number = job["jobNumber"]
                            notes = f"SmartMoving Job #{number} - {row['name']} - {branch['name'].strip()}"
                            journeys[f"sm_job_{number}"] = (
                                f"sm_job_{number}",
                                location,
                                day,
                                status,
                                notes,
                                ["SmartMoving", branch["name"].strip()],
                                "SMARTMOVING",
                                "PENDING",
                                job["id"],
                                opportunity["id"],
                                key,
                                Jsonb(job),
                                *tail,
                            )
        for table, columns, values in (
            (
                "smartmoving.customers",
                "customer_id, name, phone_number, phone_type, email_address, address, location_ids",
                customers,
            ),
            ("smartmoving.customer_phones", "customer_id, ordinal, phone_number, phone_type, location_ids", phones),
            (
                "smartmoving.swept_opportunities",
                "opportunity_id, customer_id, quote_number, status, job_ids, location_id",
                opportunities,
            ),
            (
                "smartmoving.swept_jobs",
                "job_id, opportunity_id, customer_id, job_number, service_date, service_type, location_id, extra",
                jobs,
            ),
            (
                "crm.truck_journeys",
                "external_id, location_id, date, status, notes, tags, data_source, sync_status, job_id, "
                "opportunity_id, customer_id, external_data",
                journeys,
            ),
        ):
            copying = f"COPY {table} ({columns}, {AUDIT}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(copying) as copy:
                for value in values.values():
                    copy.write_row(value)
    return {"customers": len(customers), "jobs": len(jobs), "journeys": len(journeys)}


def _branches(connection: psycopg.Connection[Any], branches: list[Any], tail: tuple[Any, ...]) -> dict[str, int]:
    """The branches and their locations; the location of each by its id."""
    columns = "branch_id, name, city, region, postal_code, latitude, longitude"
    rows = [
        (
            row["id"],
            row["name"],
            *((row.get("dispatchLocation") or {}).get(name) for name in ("city", "state", "zip", "lat", "lng")),
        )
        for row in branches
    ]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO core.clients VALUES ('floor')")
        with cursor.copy(f"COPY smartmoving.branches ({columns}, {AUDIT}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((*row, *tail))
        cursor.execute(
            f"INSERT INTO core.locations (client_id, source, account, external_id, {columns.partition(', ')[2]}) "
            f"SELECT 'floor', 'smartmoving', 'floor', {columns} FROM smartmoving.branches "
            "RETURNING external_id, location_id"
        )
        return {row[0]: row[1] for row in cursor}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
