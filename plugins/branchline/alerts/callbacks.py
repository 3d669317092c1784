"""What on-call is told: which DAG and task, the verdict, where the log is and which heading of the runbook helps.

Callbacks of tasks and deadlines. Each writes its line into the task's or the executor's log, notes the cause in
ops.alerts, and tells at once what is new; whatever it meets on its way, it raises nothing.
"""

from __future__ import annotations

import logging
import re
from time import sleep
from typing import TYPE_CHECKING, Any

from branchline.connections import configured, warehouse_conninfo
from branchline.errors import BranchlineError, ChecksFailed, Incomplete

if TYPE_CHECKING:
    from branchline.alerts.causes import Cause
    from branchline.alerts.channels import Channel

log = logging.getLogger("branchline.alerts")
#: What befell the telling itself.
after = logging.getLogger("branchline.alerts.telling")

#: How long the first task that fails of a cause waits for its siblings, so that one message counts them.
GATHER_SECONDS = 15
#: Errors whose text differs from run to run while the cause stays: they list what is concerned.
_LISTING = (Incomplete, ChecksFailed)
#: Told line by line as findings; that upkeep is red of them is no cause of its own.
_TOLD_AS_FINDINGS = frozenset({"OutOfOrder"})


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
    error = context.get("exception")
    if type(error).__name__ in _TOLD_AS_FINDINGS:
        return
    try:
        _report(_failure_of(context), is_aftermath=isinstance(error, Incomplete))
    except Exception:  # noqa: BLE001 - logged, and nobody is left to raise it to
        after.exception("The failure above was not told to anybody else")


def deadline_missed(context: Any = None, **_: Any) -> None:
    """Deadline callback of every source's DAG; runs as a workload of the executor.

    Args:
        context: Airflow's, with `dag_run` and `deadline`.
    """
    run = (context or {}).get("dag_run", {})
    run_id = run.get("dag_run_id") or run.get("run_id") or "a run" if isinstance(run, dict) else run.run_id
    dag_id = run.get("dag_id", "a sync") if isinstance(run, dict) else run.dag_id
    said = "is later than its deadline: what it read last still stands in the warehouse"
    log.error(
        "%s · %s · %s; look at the run's running task first · docs/runbook.md#a-deadline-was-missed",
        dag_id,
        run_id,
        said,
    )
    try:
        _report(_lateness_of(dag_id, run_id, said))
    except Exception:  # noqa: BLE001 - logged, and nobody is left to raise it to
        after.exception("The deadline above was not told to anybody else")


def in_order(context: Any) -> None:
    """Success callback of a DAG's last task: what earlier runs failed of is over, and whoever was told is told so.

    A run of chosen days or streams, and a backfill, proves nothing about the others: it ends its own failures alone.
    The next round of upkeep tells.
    """
    run = context["dag_run"]
    kind = getattr(run.run_type, "value", run.run_type)
    try:
        from branchline.alerts import causes
        from branchline.warehouse import connect

        with connect(warehouse_conninfo(), name="alerts") as connection:
            over = causes.be_over(
                connection, run.dag_id, run.run_id, is_routine=kind != "backfill" and not getattr(run, "conf", None)
            )
        if over:
            log.info("%s · %s · is in order: %d alerts are over", run.dag_id, run.run_id, over)
    except Exception:  # noqa: BLE001 - the run is in order, and stays so
        after.exception("%s is in order, and its alerts stay open until the next run that is", run.dag_id)


def channels() -> list[Channel]:
    """Who is told: the log, and what the Variable names; an entry that is wrong is logged and left out."""
    found, problems = _channels()
    for problem in problems:
        after.error("%s", problem)
    return found


def round_of_telling() -> int:
    """A round of upkeep: findings become alerts, and what is new, worse, a day old or over is told.

    Returns:
        Messages that were taken, each once a channel.

    Raises:
        Reconfigure: an entry of the Variable is wrong; everybody else was told before.
        psycopg.Error: the warehouse does not answer.
    """
    from branchline.alerts import telling

    found, problems = _channels()
    clients = sorted({account["client"] for account in configured()})
    taken = telling.tell(warehouse_conninfo(), found, clients=clients, ui=_ui())
    taken += telling.tell_back(found)
    log.info("%d messages to %d channels", taken, len(found))
    if problems:
        raise problems[0]
    return taken


def _report(cause: Cause, *, is_aftermath: bool = False) -> None:
    """Note a cause and, where it is new, gather a while and tell; without a warehouse tell that it is away."""
    from branchline.alerts import causes, telling
    from branchline.warehouse import connect

    try:
        conninfo = warehouse_conninfo()
        connection = connect(conninfo, name="alerts")
    except Exception as error:  # noqa: BLE001 - whatever keeps it away, people must know of the failure
        telling.tell_away(_away(cause, error), channels())
        return
    with connection:
        if is_aftermath and causes.has_failed(connection, cause.dag_id, str(cause.run_id)):
            return
        is_new = causes.note(connection, cause)
    if is_new:
        if cause.kind == "task":
            sleep(GATHER_SECONDS)
        telling.tell(conninfo, channels())


def _failure_of(context: Any) -> Cause:
    from branchline.alerts.causes import Cause

    instance, error = context["ti"], context.get("exception")
    is_ours = isinstance(error, BranchlineError)
    name = type(error).__name__ if error is not None else "no error"
    # What is not ours may quote an address or a key in its text; the log has it, masked.
    fact = f"{error.doing}: {error.fact}" if is_ours else f"{name}, see the log"
    reason = "" if not is_ours or isinstance(error, _LISTING) else _like(error.fact)
    heading = name.lower() if is_ours else "anything-else"
    verdict = error.verdict if is_ours else "Look at the log"
    return Cause(
        cause="/".join(filter(None, ("task", instance.dag_id, name, reason))),
        kind="task",
        severity="error",
        subject=f"{instance.dag_id} {instance.task_id}: {name}",
        fact=fact,
        remedy=f"{verdict}; docs/runbook.md#{heading}",
        dag_id=instance.dag_id,
        run_id=getattr(instance, "run_id", None),
        log_url=getattr(instance, "log_url", None),
        **_owner_of(instance.dag_id),
    )


def _lateness_of(dag_id: str, run_id: str, said: str) -> Cause:
    from branchline.alerts.causes import Cause

    return Cause(
        cause=f"deadline/{dag_id}",
        kind="deadline",
        severity="warning",
        subject=f"{dag_id}: deadline missed",
        fact=f"{run_id} {said}",
        remedy="look at the run's running task first; docs/runbook.md#a-deadline-was-missed",
        dag_id=dag_id,
        run_id=run_id,
        log_url=f"{_ui()}/dags/{dag_id}/runs/{run_id}",
        **_owner_of(dag_id),
    )


def _away(cause: Cause, error: Exception) -> Cause:
    """The one cause of everything that fails while the warehouse is away."""
    from dataclasses import replace

    return replace(
        cause,
        cause="warehouse",
        severity="error",
        subject="the warehouse does not answer",
        fact=f"{type(error).__name__}; seen when this was to be noted: {cause.subject}",
        remedy="start PostgreSQL, or mend the Connection warehouse; docs/runbook.md#the-warehouse-is-away",
        source=None,
        client=None,
    )


def _like(fact: str) -> str:
    """A fact without what differs between tasks of the same cause: numbers and names in quotes."""
    return re.sub(r"\d+", "#", re.sub(r"(['\"]).*?\1", "#", fact))[:200]


def _owner_of(dag_id: str) -> dict[str, str | None]:
    """The vendor of a DAG, and the client where it is one alone."""
    try:
        accounts = configured()
    except Exception:  # noqa: BLE001 - told without an owner is better than not told
        accounts = []
    sources = {account["source"] for account in accounts}
    source = next((slug for slug in sorted(sources) if dag_id == slug or dag_id.startswith(f"{slug}_")), None)
    clients = {account["client"] for account in accounts if source in (None, account["source"])}
    return {"source": source, "client": clients.pop() if len(clients) == 1 else None}


def _channels() -> tuple[list[Channel], list[Any]]:
    from airflow.sdk import Variable

    from branchline.alerts.channels import ALERTS, LOG, read_channels

    try:
        return read_channels(Variable.get(ALERTS, default=None))
    except Exception:  # noqa: BLE001 - it is the log that must know, now and here
        after.exception("The Variable %s was not read: the log alone is told", ALERTS)
        return [LOG], []


def _ui() -> str:
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080")).rstrip("/")
