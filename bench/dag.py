"""The whole DAG run: the local stack's real scheduler, its overhead included, against the benchmark's vendor."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.world import FIRST, KEY, LAST, World
from stack.options import Options
from stack.ports import free_port
from stack.run import Stack

PROJECT = Path(__file__).resolve().parents[1]
DAG = "smartmoving"
#: A task instance that ran: it had a worker process.
RAN = {"success", "failed"}


@contextmanager
def local_stack() -> Iterator[Stack]:
    """Run the stack of a copy of the project, its first sync of the small world done."""
    folder = Path(tempfile.mkdtemp(prefix="branchline-bench-"))
    folder.chmod(0o711)  # PostgreSQL's own user must pass through
    project = folder / "branchline"
    for name in ("dags", "plugins", "include", "sandbox", "stack"):
        shutil.copytree(PROJECT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(PROJECT / "airflow_settings.yaml", project)
    ports = {f"{name}_port": free_port() for name in ("airflow", "postgres", "sandbox")}
    stack = Stack(project, replace(Options(), **ports), os.environ)  # type: ignore[arg-type]
    stack.state.make()
    try:
        stack.start()
        _, outcome = stack.sync()
        assert outcome.succeeded, outcome
        for other in [dag["dag_id"] for dag in stack.api.pages("/dags", "dags") if dag["dag_id"] != DAG]:
            stack.api.patch(f"/dags/{other}", {"is_paused": True})
        yield stack
    finally:
        stack.stop()
        subprocess.run(["rm", "-rf", str(folder)], check=False)


def run(stack: Stack, world: World, truth: dict[str, int], concurrency: int) -> dict[str, Any]:
    """Sync W1 by a DAG run and check its rows.

    Returns:
        wall: seconds from the trigger to the run's end; tasks: task instances that ran; peak_mb: PSS of the largest
        task process.
    """
    extra = {"requests_per_minute": 0, "monthly_calls": 0, "concurrency": concurrency}
    stack.api.patch(
        f"/connections/{DAG}",
        {
            "connection_id": DAG,
            "conn_type": "http",
            "host": world.base,
            "password": KEY,
            "extra": json.dumps(extra),
        },
    )
    _empty(stack)
    conf = {"streams": ["branches", "customers"], "since": FIRST, "until": LAST}
    peak = 0.0
    began = time.perf_counter()
    run_id = stack.api.post(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"]
    while (state := stack.api.get(f"/dags/{DAG}/dagRuns/{run_id}")["state"]) not in {"success", "failed"}:
        stack.check()
        peak = max(peak, _largest_task())
        time.sleep(0.2)
    wall = time.perf_counter() - began
    assert state == "success", state
    tasks = stack.api.get(f"/dags/{DAG}/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
    found = _loaded(stack.operator, run_id)
    expected = {name: truth[name] for name in found}
    assert found == expected, (found, expected)
    return {"wall": wall, "tasks": sum(task["state"] in RAN for task in tasks), "peak_mb": peak}


def _largest_task() -> float:
    """Proportional share of memory (PSS) of the largest process that runs a task just now, in MB."""
    largest = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error, OSError):
            if " ".join(process.cmdline()).startswith("airflow worker"):
                largest = max(largest, process.memory_full_info().pss)
    return largest / 1e6


def _loaded(conninfo: str, run_id: str) -> dict[str, int]:
    """Rows that the run's customers sync wrote, a table."""
    with psycopg.connect(conninfo) as connection:
        (sync_id,) = connection.execute(
            "SELECT sync_id FROM ops.sync_history WHERE run_id = %s AND sync_type = 'customers'", (run_id,)
        ).fetchall()[0]
        tables = {
            "customers": "smartmoving.customers",
            "jobs": "smartmoving.swept_jobs",
            "journeys": "crm.truck_journeys",
        }
        return {
            name: connection.execute(
                f"SELECT count(*) FROM {table} WHERE sync_id = %s".encode(), (sync_id,)
            ).fetchall()[0][0]
            for name, table in tables.items()
        }


def _empty(stack: Stack) -> None:
    """Let the run begin with empty tables, whatever ran before it."""
    with psycopg.connect(stack.cluster.admin_conninfo("warehouse"), autocommit=True) as connection:
        connection.execute(
            "TRUNCATE smartmoving.customers, smartmoving.customer_phones, smartmoving.swept_opportunities, "
            "smartmoving.swept_jobs, smartmoving.opportunities, smartmoving.opportunity_jobs, smartmoving.jobs, "
            "crm.truck_journeys, crm.journey_crew, landing.records, ops.lookups, ops.sync_cursors CASCADE"
        )
