"""The ledger: one history row a run, account and stream; slices that know which pages they have; cursors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psycopg

from branchline.merge import Counts
from branchline.stream import Stream
from branchline.warehouse import one

Connection = psycopg.Connection[Any]

#: States of a slice that still has pages to fetch.
OPEN = ("planned", "running", "deferred", "failed")


@dataclass(frozen=True, slots=True)
class Run:
    """A DAG run, as every row of the ledger names it.

    Attributes:
        dag_id: the DAG.
        run_id: the run; a retry or a clear keeps it, and so finds its slices again.
    """

    dag_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """One set of credentials of a source (core.accounts)."""

    source: str
    account: str
    conn_id: str
    client: str


@dataclass(frozen=True, slots=True)
class SliceSpec:
    """A slice to be planned.

    Attributes:
        stream: its stream.
        scope: what tells it from the run's other slices of the stream, readable.
        priority: its class in the call budget.
        request: `params` for a paged stream, `keys` (with `reasons`) for a by-id stream.
        location_id: core.locations, where the slice is one location's.
        window: first and past-the-end local date.
    """

    stream: str
    scope: str
    priority: str
    request: dict[str, Any] = field(default_factory=dict)
    location_id: int | None = None
    window: tuple[date, date] | None = None


def register_accounts(connection: Connection, accounts: Sequence[Account]) -> None:
    """Write clients and accounts, and each account's row for what matches none of its locations.

    The connection's client must be the accounts' client: row-level security compares it.
    """
    for account in accounts:
        connection.execute("INSERT INTO core.clients (client_id) VALUES (%s) ON CONFLICT DO NOTHING", (account.client,))
        connection.execute(
            "INSERT INTO core.accounts AS known (source, account, conn_id, client_id) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (source, account) DO UPDATE SET conn_id = excluded.conn_id "
            "WHERE known.conn_id <> excluded.conn_id",
            (account.source, account.account, account.conn_id, account.client),
        )
        connection.execute(
            "INSERT INTO core.locations (client_id, source, account, external_id, name, is_mapped) "
            "SELECT %(client)s, %(source)s, %(account)s, 'unmapped', 'Unmapped', FALSE "
            "WHERE NOT EXISTS (SELECT FROM core.locations WHERE client_id = %(client)s AND source = %(source)s "
            "AND account = %(account)s AND NOT is_mapped) "
            "ON CONFLICT (client_id, source, account, external_id) DO NOTHING",
            {"client": account.client, "source": account.source, "account": account.account},
        )


def open_sync(connection: Connection, run: Run, account: Account, stream: Stream, configuration: dict[str, Any]) -> int:
    """Open the history row of a stream in a run, or find the one that a retry left open.

    A cleared run whose row is closed gets a further attempt; its unmerged slices move to it.

    Returns:
        sync_id.
    """
    row = connection.execute(
        "SELECT sync_id, status, attempt FROM ops.sync_history WHERE dag_id = %s AND run_id = %s AND account = %s "
        "AND sync_type = %s ORDER BY attempt DESC LIMIT 1",
        (run.dag_id, run.run_id, account.account, stream.name),
    ).fetchone()
    if row is not None and row.status == "running":
        return int(row.sync_id)
    sync_id = one(
        connection,
        "INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, configuration, dag_id, "
        "run_id, attempt) VALUES (%s, %s, %s, %s, 'running', %s, %s, %s, %s) RETURNING sync_id",
        (
            account.source,
            account.account,
            account.client,
            stream.name,
            json.dumps(configuration),
            run.dag_id,
            run.run_id,
            1 if row is None else row.attempt + 1,
        ),
    )
    if row is not None:
        connection.execute(
            "UPDATE ops.sync_slices SET sync_id = %s WHERE sync_id = %s AND state <> 'merged'",
            (sync_id.sync_id, row.sync_id),
        )
    return int(sync_id.sync_id)


def close_orphans(connection: Connection, age: timedelta, *, beside: tuple[Account, Run] | None = None) -> int:
    """Close as failed what killed runs left `running`.

    Args:
        connection: the loader's.
        age: a row that began so long ago belongs to no living run.
        beside: an account and its living run: only other runs of the same DAG for that account are looked at. None
            looks at every row.

    Returns:
        How many rows were closed.
    """
    account, run = beside or (None, None)
    return connection.execute(
        "UPDATE ops.sync_history SET status = 'failed', end_time = now(), error_message = "
        "'The run that wrote this row ended without closing it (killed). Clear that run to resume its slices.' "
        "WHERE status = 'running' AND start_time < now() - %(age)s AND (%(run_id)s::text IS NULL OR "
        "(crm_source = %(source)s AND account = %(account)s AND dag_id = %(dag_id)s AND run_id <> %(run_id)s))",
        {
            "age": age,
            "source": account and account.source,
            "account": account and account.account,
            "dag_id": run and run.dag_id,
            "run_id": run and run.run_id,
        },
    ).rowcount


def add_slices(connection: Connection, run: Run, account: Account, sync_id: int, specs: Sequence[SliceSpec]) -> None:
    """Plan slices; one that the run has already stays as it is, with the pages it has."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ops.sync_slices (sync_id, source, account, client_id, stream, dag_id, run_id, scope, "
            "location_id, window_start, window_end, request, priority) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (dag_id, run_id, account, stream, scope) DO NOTHING",
            [
                (
                    sync_id,
                    account.source,
                    account.account,
                    account.client,
                    spec.stream,
                    run.dag_id,
                    run.run_id,
                    spec.scope,
                    spec.location_id,
                    spec.window[0] if spec.window else None,
                    spec.window[1] if spec.window else None,
                    json.dumps(spec.request),
                    spec.priority,
                )
                for spec in specs
            ],
        )


def open_slices(connection: Connection, run: Run, account: str, streams: Sequence[str]) -> list[Any]:
    """Slices of the run that still have pages to fetch, most wanted first: slice_id, stream, scope, priority, size."""
    return connection.execute(
        "SELECT slice_id, stream, scope, priority, state, "
        "coalesce(jsonb_array_length(request -> 'keys'), pages_total, 1) AS size "
        "FROM ops.sync_slices WHERE dag_id = %s AND run_id = %s AND account = %s AND stream = ANY(%s) "
        "AND state = ANY(%s) ORDER BY slice_id",
        (run.dag_id, run.run_id, account, list(streams), list(OPEN)),
    ).fetchall()


def slices_to_merge(connection: Connection, sync_id: int) -> list[int]:
    """Slices of a sync that are landed whole and not merged yet, locked: a twin of this task finds them merged."""
    rows = connection.execute(
        "SELECT slice_id FROM ops.sync_slices WHERE sync_id = %s AND state = 'done' ORDER BY slice_id FOR UPDATE",
        (sync_id,),
    )
    return [row.slice_id for row in rows]


def running_syncs(connection: Connection, run: Run, account: str, streams: Sequence[str]) -> dict[str, int]:
    """The open history rows of a run: stream to sync_id."""
    rows = connection.execute(
        "SELECT sync_type, sync_id FROM ops.sync_history WHERE dag_id = %s AND run_id = %s AND account = %s "
        "AND sync_type = ANY(%s) AND status = 'running'",
        (run.dag_id, run.run_id, account, list(streams)),
    )
    return {row.sync_type: row.sync_id for row in rows}


def mark_merged(connection: Connection, slices: Sequence[int]) -> None:
    """Mark slices merged, in the merge's own transaction."""
    connection.execute(
        "UPDATE ops.sync_slices SET state = 'merged', merged_at = now() WHERE slice_id = ANY(%s)",
        (list(slices),),
    )


def add_counts(connection: Connection, sync_id: int, counts: Counts) -> None:
    """Add what a merge counted to the sync's row, in the merge's own transaction."""
    connection.execute(
        "UPDATE ops.sync_history SET records_fetched = records_fetched + %s, duplicates = duplicates + %s, "
        "created = created + %s, updated = updated + %s, unchanged = unchanged + %s, stale = stale + %s, "
        "deleted = deleted + %s, quarantined = quarantined + %s, error_message = NULL, "
        "performance_metrics = performance_metrics || jsonb_build_object('tables', %s::jsonb) WHERE sync_id = %s",
        (
            counts.fetched,
            counts.duplicates,
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.stale,
            counts.deleted,
            counts.quarantined,
            json.dumps(counts.tables),
            sync_id,
        ),
    )


def close_sync(connection: Connection, sync_id: int, error: str | None = None, *, done_state: str = "merged") -> str:
    """Close a sync by what its slices say: success, partial or failed.

    Args:
        connection: the loader's.
        sync_id: the sync.
        error: what stopped its merge, where something did.
        done_state: state of a finished slice: merged, or done in a dry run, which merges nothing.

    Returns:
        The status: success when every slice is merged whole (none planned counts as success), partial when some are
        merged or one is short, failed when none is. Short is a slice whose vendor counts more records than came, or
        whose list moved, though it was read again (T21): what came is merged, but a record may be missing.
    """
    row = one(
        connection,
        """
        WITH slices AS (
            SELECT
                count(*) AS planned,
                count(*) FILTER (WHERE state = %(done)s) AS merged,
                coalesce(sum(api_calls), 0) AS calls,
                min(window_start) AS window_start,
                max(window_end) AS window_end,
                string_agg(DISTINCT error_message, E'\n') FILTER (WHERE state <> %(done)s) AS errors,
                string_agg(
                    CASE WHEN vendor_total IS NULL THEN format(
                        '%%s %%s: %%s records came, which is where this vendor is said to cut a list without a word. '
                        'What came is merged and nothing is taken for deleted, but records may be missing: read these '
                        'days one by one, by a backfill or with since and until.', stream, scope, records
                    ) ELSE format(
                        '%%s %%s: the list moved while it was read, or is shorter than the vendor counts (it counts '
                        '%%s, %%s came). What came is merged and nothing is taken for deleted, but a record may be '
                        'missing: trigger a new run that reads it; clearing this one reads no merged slice again.',
                        stream, scope, vendor_total, records
                    ) END, E'\n' ORDER BY slice_id
                ) FILTER (WHERE state = %(done)s AND verdict = 'short') AS doubts,
                coalesce(sum(waited_seconds), 0) AS waited
            FROM ops.sync_slices WHERE sync_id = %(sync_id)s
        )
        UPDATE ops.sync_history AS history SET
            status = CASE
                WHEN slices.merged = slices.planned AND slices.doubts IS NULL AND %(error)s::text IS NULL
                    THEN 'success'
                WHEN slices.merged > 0 THEN 'partial'
                ELSE 'failed'
            END,
            end_time = clock_timestamp(),
            window_start = slices.window_start,
            window_end = slices.window_end,
            api_calls = slices.calls,
            error_message = left(concat_ws(E'\n', %(error)s::text, slices.errors, slices.doubts), 4000),
            performance_metrics = history.performance_metrics || jsonb_build_object(
                'duration_seconds', round(extract(EPOCH FROM clock_timestamp() - history.start_time), 3),
                'records_per_second', round(
                    history.records_fetched
                    / greatest(extract(EPOCH FROM clock_timestamp() - history.start_time), 0.001), 1
                ),
                'waited_seconds', round(slices.waited::numeric, 3),
                'slices', slices.planned
            )
        FROM slices WHERE history.sync_id = %(sync_id)s RETURNING history.status
        """,
        {"sync_id": sync_id, "error": error, "done": done_state},
    )
    if row.status == "success":
        connection.execute("UPDATE ops.sync_history SET error_message = NULL WHERE sync_id = %s", (sync_id,))
    return str(row.status)


def read_fact(connection: Connection, source: str, account: str, stream: str, scope: str) -> Any | None:
    """A cursor or a fact learnt by probing: the row (cursor_value, moved_at), None where there is none."""
    return connection.execute(
        "SELECT cursor_value, moved_at, now() - moved_at AS age FROM ops.sync_cursors "
        "WHERE source = %s AND account = %s AND stream = %s AND scope = %s",
        (source, account, stream, scope),
    ).fetchone()


def write_fact(connection: Connection, source: str, account: str, stream: str, scope: str, value: Any) -> None:
    """Write a cursor or a fact learnt by probing."""
    connection.execute(
        "INSERT INTO ops.sync_cursors (source, account, stream, scope, cursor_value) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (source, account, stream, scope) DO UPDATE "
        "SET cursor_value = excluded.cursor_value, moved_at = now()",
        (source, account, stream, scope, json.dumps(value)),
    )
