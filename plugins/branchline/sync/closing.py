"""The end of a run: what came is balanced against the vendor's totals, and every history row gets its status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from branchline import ledger
from branchline.errors import Incomplete
from branchline.sync.run import Connection, Sync


def close(sync: Sync) -> dict[str, str]:
    """Reconcile and close every sync that the run left open.

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
        if sync.request.max_records is None:  # a slice that was asked to end early is not short
            _balance(connection, [row.sync_id for row in rows], done)
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


def _balance(connection: Connection, sync_ids: Sequence[int], done_state: str) -> None:
    """Compare what finished slices landed with the vendor's totals, where fetching has not judged them already.

    A slice that is not finished is left alone: its verdict would be taken for a list that moved when it is resumed.
    """
    connection.execute(
        "UPDATE ops.sync_slices SET verdict = CASE WHEN found.distinct_records = vendor_total THEN 'balanced' "
        "WHEN found.distinct_records < vendor_total THEN 'short' ELSE 'over' END "
        "FROM (SELECT slice_id AS which, count(DISTINCT md5(coalesce(body::text, encode(body_raw, 'hex')))) "
        "AS distinct_records FROM landing.records WHERE slice_id IN ("
        "SELECT slice_id FROM ops.sync_slices WHERE sync_id = ANY(%s) AND state = %s AND vendor_total IS NOT NULL "
        "AND verdict IS NULL) GROUP BY slice_id) AS found WHERE slice_id = found.which",
        (list(sync_ids), done_state),
    )


def verify(statuses: Mapping[str, str]) -> None:
    """Make the DAG run red when a stream is not success.

    Raises:
        Incomplete: naming the streams and their status.
    """
    bad = {name: status for name, status in statuses.items() if status != "success"}
    if bad:
        words = ", ".join(f"{name} {status}" for name, status in sorted(bad.items()))
        raise Incomplete("Closing the run", f"{words}; ops.sync_history.error_message says why")
