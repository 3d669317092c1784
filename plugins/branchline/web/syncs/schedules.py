"""What Airflow says of a DAG: whether it runs by itself, when next, and how its last runs went."""

from __future__ import annotations

from typing import Any

from branchline.web.as_caller import Airflow, segment
from branchline.web.problems import Problem

#: How many of the last runs are told.
RUNS = 5
#: What a run may be before its end.
UNDER_WAY = {"queued", "running"}


async def schedule(airflow: Airflow, dag_id: str) -> dict[str, Any] | None:
    """When a DAG runs; None where Airflow does not show it to the caller, or has not read it yet.

    Returns:
        enabled: it runs by itself. is_paused. next_run: an instant, null where nothing is due by schedule. timetable:
        its cron expression. hour and minute: of a daily one, in the timetable's own time zone; else null.
    """
    try:
        dag = await airflow.get(f"/dags/{dag_id}")
    except Problem as refused:
        if refused.status in {403, 404}:
            return None
        raise
    timetable = dag["timetable_summary"]
    hour, minute = _daily(timetable or "")
    return {
        "enabled": timetable is not None and not dag["is_paused"],
        "is_paused": dag["is_paused"],
        "next_run": dag["next_dagrun_run_after"],
        "timetable": timetable,
        "hour": hour,
        "minute": minute,
    }


async def last_runs(airflow: Airflow, dag_id: str) -> list[dict[str, Any]]:
    """The last runs of a DAG, the newest first; none where Airflow does not show them to the caller."""
    try:
        found = await airflow.get(f"/dags/{dag_id}/dagRuns", limit=RUNS, order_by="-run_after")
    except Problem as refused:
        if refused.status in {403, 404}:
            return []
        raise
    return [_told(run) for run in found["dag_runs"]]


async def one_run(airflow: Airflow, dag_id: str, run_id: str) -> dict[str, Any]:
    """One run of a DAG.

    Raises:
        Problem: 404, there is no such run; 403, Airflow does not show it to the caller.
    """
    return _told(await airflow.get(f"/dags/{dag_id}/dagRuns/{segment(run_id)}"))


def _told(run: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": run["dag_run_id"],
        "state": run["state"],
        "run_type": run["run_type"],
        "asked_by": run["triggering_user_name"],
        "asked": run["conf"] or {},
        "queued_at": run["queued_at"],
        "started_at": run["start_date"],
        "ended_at": run["end_date"],
    }


def _daily(timetable: str) -> tuple[int | None, int | None]:
    """Hour and minute of a cron expression that names one of each a day."""
    minute, hour, *days = f"{timetable} - -".split()[:5]
    if minute.isdecimal() and hour.isdecimal() and days == ["*", "*", "*"]:
        return int(hour), int(minute)
    return None, None
