"""The end of a run: every history row gets its status from what its slices say."""

from __future__ import annotations

from collections.abc import Mapping

from branchline import ledger
from branchline.errors import Incomplete
from branchline.sync.run import Sync


def close(sync: Sync) -> dict[str, str]:
    """Close every sync that the run left open.

    Returns:
        Status a stream: success, partial or failed.
    """
    with sync.connect("reconcile") as connection, connection.transaction():
        rows = connection.execute(
            "SELECT sync_id, sync_type, error_message FROM ops.sync_history WHERE dag_id = %s AND run_id = %s "
            "AND account = %s AND status = 'running' ORDER BY sync_id",
            (sync.run.dag_id, sync.run.run_id, sync.account.account),
        ).fetchall()
        done = "done" if sync.request.dry_run else "merged"
        statuses = {
            row.sync_type: ledger.close_sync(connection, row.sync_id, row.error_message, done_state=done)
            for row in rows
        }
        if not sync.request.store_raw:
            connection.execute(
                "DELETE FROM landing.records USING ops.sync_slices AS slices WHERE records.slice_id = slices.slice_id "
                "AND slices.sync_id = ANY(%s) AND slices.state = 'merged'",
                ([row.sync_id for row in rows],),
            )
        return statuses


def verify(statuses: Mapping[str, str]) -> None:
    """Make the DAG run red when a stream is not success.

    Raises:
        Incomplete: naming the streams and their status.
    """
    bad = {name: status for name, status in statuses.items() if status != "success"}
    if bad:
        words = ", ".join(f"{name} {status}" for name, status in sorted(bad.items()))
        raise Incomplete("Closing the run", f"{words}; ops.sync_history.error_message says why")
