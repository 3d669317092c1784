"""What on-call is told: which DAG and task, the verdict, where the log is and which heading of the runbook helps.

Airflow writes these lines into the task's or the triggerer's log; notifiers hang themselves on the same callbacks.
"""

from __future__ import annotations

import logging
from typing import Any

from branchline.errors import BranchlineError

log = logging.getLogger("branchline.alerts")


def describe_failure(context: Any) -> str:
    """One line for a failed task: source, task, try, verdict, log, runbook heading."""
    instance = context["ti"]
    error = context.get("exception")
    heading = type(error).__name__ if isinstance(error, BranchlineError) else "Anything else"
    return (
        f"{instance.dag_id} · {instance.task_id} · try {instance.try_number} · {error or 'no error was recorded'} "
        f"· log {getattr(instance, 'log_url', 'in the UI')} · docs/runbook.md#{heading.lower().replace(' ', '-')}"
    )


def task_failed(context: Any) -> None:
    """Failure callback of every task."""
    log.error("%s", describe_failure(context))


def deadline_missed(context: Any = None, **_: Any) -> None:
    """Deadline callback of every source's DAG; runs as a workload of the executor.

    Args:
        context: Airflow's, with `dag_run` and `deadline`.
    """
    run = (context or {}).get("dag_run", {})
    run_id = run.get("dag_run_id") or run.get("run_id") or "a run" if isinstance(run, dict) else run.run_id
    dag_id = run.get("dag_id", "a sync") if isinstance(run, dict) else run.dag_id
    log.error(
        "%s · %s · is later than its deadline: what it read last still stands in the warehouse; "
        "look at the run's running task first · docs/runbook.md#a-deadline-was-missed",
        dag_id,
        run_id,
    )
