"""How a source's syncs stand: the run, its streams by what the person may see of the ledger, and the schedule."""

from __future__ import annotations

import json
from typing import Any

from branchline.web.as_caller import Airflow
from branchline.web.asking import on_behalf_of
from branchline.web.pool import Pool
from branchline.web.syncs.schedules import UNDER_WAY, last_runs, one_run, schedule
from branchline.web.syncs.triggers import Trigger


async def status_of(pool: Pool, user: str, airflow: Airflow, trigger: Trigger, run_id: str | None) -> dict[str, Any]:
    """The document of a status.

    Args:
        pool: of the warehouse.
        user: who asks.
        airflow: its API, as who asks.
        trigger: whose status it is.
        run_id: a run to tell of; None for the last ones.

    Returns:
        source and dag_id; `schedule` as in schedules.py; `runs`, the newest first; `is_running`; `streams` with the
        last ended sync of each, its verdict and whether it is running; without a run, `verdict` is their worst.

    Raises:
        Problem: 404, Airflow has no such run.
    """
    when = await schedule(airflow, trigger.dag_id)
    runs = [await one_run(airflow, trigger.dag_id, run_id)] if run_id else await last_runs(airflow, trigger.dag_id)
    params = {
        "source": trigger.source.slug,
        "streams": list(trigger.watched),
        "dag_id": trigger.dag_id,
        "run_id": run_id,
    }
    async with on_behalf_of(pool, user) as asking:
        (row,) = await asking.rows("api/sync/run.sql" if run_id else "api/sync/streams.sql", params)
    streams = json.loads(row.streams)
    return {
        "source": trigger.source.slug,
        "dag_id": trigger.dag_id,
        "schedule": when,
        "is_running": any(run["state"] in UNDER_WAY for run in runs) or any(found["is_running"] for found in streams),
        "verdict": row.verdict,
        "runs": runs,
        "streams": streams,
    }
