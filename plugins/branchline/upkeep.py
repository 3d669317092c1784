"""What keeps the warehouse in order between syncs: partitions ahead, retention, rows that a killed run left open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from branchline.ledger import close_orphans
from branchline.warehouse import connect, one

#: Partitions of landing that are made ahead, today's included.
DAYS_AHEAD = 3
#: A history row still `running` after this long belongs to a killed run: no DAG run may last longer.
LONGEST_RUN = timedelta(hours=12)

Connection = psycopg.Connection[Any]


def keep(conninfo: str, *, landing_days: int, history_days: int, now: datetime | None = None) -> dict[str, int]:
    """Do one round of upkeep; doing it again changes nothing.

    Args:
        conninfo: the warehouse, as the loader.
        landing_days: whole UTC days of raw payloads to keep, those of ended webhooks too; replay and recognising stale
            observations reach so far.
        history_days: days of ops.sync_history, ops.api_calls, ops.check_results and ops.alerts that are over to keep;
            slices go with their history.
        now: the instant to stand at.

    Returns:
        What was done: partitions dropped, history rows dropped, orphans closed, quarantine rows dropped.
    """
    today = (now or datetime.now(UTC)).date()
    with connect(conninfo, name="warehouse_upkeep") as connection:
        for ahead in range(DAYS_AHEAD):
            connection.execute("SELECT landing.ensure_partition(%s)", (today + timedelta(days=ahead),))
        dropped = one(connection, "SELECT landing.drop_partitions(%s) AS n", (today - timedelta(days=landing_days),)).n
        oldest = today - timedelta(days=history_days)
        _drop_results(connection, oldest)
        with connection.transaction():
            connection.execute(
                "DELETE FROM ops.sync_slices WHERE sync_id IN "
                "(SELECT sync_id FROM ops.sync_history WHERE end_time < %s)",
                (oldest,),
            )
            # what was moved from a legacy history is old by nature, and stands nowhere else once that is dropped
            history = connection.execute(
                "DELETE FROM ops.sync_history WHERE end_time < %s AND NOT configuration ? 'migrated_from'", (oldest,)
            ).rowcount
            # what was sent is as raw as what lies in landing
            connection.execute(
                "DELETE FROM ops.inbox_events WHERE ended_at < %s", (today - timedelta(days=landing_days),)
            )
            connection.execute("DELETE FROM ops.api_calls WHERE called_on < %s", (oldest,))
            connection.execute("DELETE FROM ops.alerts WHERE recovered_at < %s", (oldest,))
            resolved = connection.execute("DELETE FROM ops.quarantine WHERE resolved_at < %s", (oldest,)).rowcount
        orphans = close_orphans(connection, LONGEST_RUN)
    return {
        "partitions_dropped": dropped,
        "history_dropped": history,
        "quarantine_dropped": resolved,
        "orphans_closed": orphans,
    }


def _drop_results(connection: Connection, oldest: date) -> None:
    """Drop results of checks: they belong to clients, and the loader sees one client's rows at a time."""
    for row in connection.execute("SELECT DISTINCT client_id FROM ops.sync_history").fetchall():
        with connection.transaction():
            connection.execute("SELECT set_config('branchline.client', %s, TRUE)", (row.client_id,))
            connection.execute("DELETE FROM ops.check_results WHERE checked_at < %s", (oldest,))
