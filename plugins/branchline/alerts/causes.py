"""What people are told of, a row of ops.alerts a cause: noted, compared with the findings, told, over."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from branchline.tables import select_text
from branchline.warehouse import one

Connection = psycopg.Connection[Any]

FOLDER = "alerts"
#: What a second teller waits for: whoever holds it hands messages over, and nobody tells the same beside him.
_TELLING = "SELECT pg_advisory_lock(hashtextextended('branchline alerts', 0))"


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that happened, and what makes it one with the next that happens for the same reason.

    Attributes:
        cause: the same words for the same reason, whatever task, try or hour.
        kind: `task` or `deadline`.
        severity: `warning` or `error`.
        subject: what is concerned, in one line.
        fact: what was seen.
        remedy: what to do, with the runbook's heading.
        dag_id: the DAG.
        run_id: its run.
        source: vendor slug; None for the house's own DAGs.
        client: the tenant; None where several have part in it.
        log_url: where the log is, in the UI.
    """

    cause: str
    kind: str
    severity: str
    subject: str
    fact: str
    remedy: str
    dag_id: str
    run_id: str | None = None
    source: str | None = None
    client: str | None = None
    log_url: str | None = None


def note(connection: Connection, cause: Cause) -> bool:
    """Write down that it happened, once more or for the first time.

    Args:
        connection: the loader's.
        cause: what happened.

    Returns:
        Whether it is new: exactly one of those who note a cause at the same time is told so.
    """
    return bool(one(connection, select_text(FOLDER, "note"), asdict(cause)).is_new)


def has_failed(connection: Connection, dag_id: str, run_id: str) -> bool:
    """Whether a failure of that run stands: what only says that the run is incomplete is then no cause of its own."""
    return bool(
        one(
            connection,
            "SELECT EXISTS (SELECT FROM ops.alerts WHERE kind = 'task' AND recovered_at IS NULL AND dag_id = %s "
            "AND run_id = %s) AS found",
            (dag_id, run_id),
        ).found
    )


def be_over(connection: Connection, dag_id: str, run_id: str, *, is_routine: bool) -> int:
    """Mark failures and missed deadlines of a DAG as over, since a run of it was in order.

    Args:
        connection: the loader's.
        dag_id: the DAG.
        run_id: the run.
        is_routine: it did all that the DAG does on schedule; else only its own failures are over.

    Returns:
        How many causes are over.
    """
    names = {"dag_id": dag_id, "run_id": run_id, "is_routine": is_routine}
    return connection.execute(select_text(FOLDER, "in_order").encode(), names).rowcount


def compare(connection: Connection, client: str, ui: str) -> None:
    """Make what stands of a client's findings what ops.findings says now.

    Args:
        connection: the loader's; its `branchline.client` becomes that client.
        client: the tenant.
        ui: address of Airflow's UI, without a slash at its end.
    """
    connection.execute("SELECT set_config('branchline.client', %s, FALSE)", (client,))
    with connection.transaction():
        connection.execute(select_text(FOLDER, "compare").encode(), {"client": client, "ui": ui})
        connection.execute(select_text(FOLDER, "fold").encode(), {"client": client})


def hold(connection: Connection, seconds: int) -> None:
    """Be the one who tells, until the connection closes.

    Raises:
        psycopg.errors.LockNotAvailable: somebody else has been telling for so many seconds.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, FALSE)", (f"{seconds}s",))
    connection.execute(_TELLING.encode())


def standing(connection: Connection) -> list[Any]:
    """Rows of ops.alerts that may have to be told, worst first, with `asked_at`, the moment."""
    return connection.execute(select_text(FOLDER, "standing").encode()).fetchall()


def mark_told(connection: Connection, alert: Any, channel: str) -> None:
    """Write down that a channel has taken a message of that row."""
    connection.execute(
        select_text(FOLDER, "told").encode(),
        {
            "channel": channel,
            "alert_id": alert.alert_id,
            "severity": alert.severity,
            "recovered": alert.recovered_at is not None,
        },
    )
