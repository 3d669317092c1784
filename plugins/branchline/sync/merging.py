"""The merging of a wave: what it landed, a transaction a stream, then what is derived from it."""

from __future__ import annotations

import logging

import psycopg

from branchline import ledger
from branchline.derive import derive
from branchline.errors import BranchlineError
from branchline.merge import Counts, merge_stream
from branchline.stream import Stream
from branchline.sync.run import Connection, Sync

log = logging.getLogger(__name__)


def merge_wave(sync: Sync, wave: str) -> dict[str, Counts]:
    """Merge what a wave has landed, a transaction a stream, then derive what depends on it.

    A stream that fails leaves the others merged.

    Returns:
        Counts a stream.

    Raises:
        BranchlineError: the first stream's error, after the others are done.
    """
    merged: dict[str, Counts] = {}
    failures: list[Exception] = []
    streams = sync.source.in_wave(wave)
    with sync.connect(f"{wave}.merge") as connection:
        running = ledger.running_syncs(connection, sync.run, sync.account.account, [stream.name for stream in streams])
        for stream in streams:
            if stream.name not in running:
                continue
            try:
                merged[stream.name] = _merge_one(connection, sync, stream, running[stream.name])
                log.info("%s: %s", stream.name, _tell(merged[stream.name]))
            except (BranchlineError, psycopg.Error) as error:
                log.exception("%s was not merged, nothing of it was changed", stream.name)
                failures.append(error)
                connection.execute(
                    "UPDATE ops.sync_history SET error_message = %s WHERE sync_id = %s",
                    (str(error)[:4000], running[stream.name]),
                )
        if merged and not sync.request.dry_run:
            for target in sync.source.derived.get(wave, ()):
                written = derive(connection, sync.account, target, next(iter(running.values())), sync.instant.date())
                log.info("%s: %d created, %d updated", target, written["created"], written["updated"])
    if failures:
        raise failures[0]
    return merged


def _merge_one(connection: Connection, sync: Sync, stream: Stream, sync_id: int) -> Counts:
    request = sync.request
    with connection.transaction() as transaction:
        if request.replay:
            slices = _replayable(connection, sync, stream)
        else:
            slices = ledger.slices_to_merge(connection, sync_id)
        counts = merge_stream(
            connection,
            sync.source,
            stream,
            sync_id=sync_id,
            slices=slices,
            force=request.force_overwrite,
            is_replay=request.replay,
            is_complete=request.max_records is None,
            accept_shrink=stream.name in request.accept_shrink,
        )
        if request.dry_run:
            raise psycopg.Rollback(transaction)
        if not request.replay:
            ledger.mark_merged(connection, slices)
        ledger.add_counts(connection, sync_id, counts)
    if request.dry_run:
        ledger.add_counts(connection, sync_id, counts)
    return counts


def _replayable(connection: Connection, sync: Sync, stream: Stream) -> list[int]:
    """Merged slices of the stream that are still in landing, of the asked windows."""
    rows = connection.execute(
        "SELECT slice_id FROM ops.sync_slices WHERE source = %s AND account = %s AND stream = %s AND state = 'merged' "
        "AND (%s::date IS NULL OR window_start IS NULL OR window_start >= %s) "
        "AND (%s::date IS NULL OR window_start IS NULL OR window_start <= %s) ORDER BY slice_id",
        (
            sync.source.slug,
            sync.account.account,
            stream.name,
            sync.request.since,
            sync.request.since,
            sync.request.until,
            sync.request.until,
        ),
    )
    return [row.slice_id for row in rows]


def _tell(counts: Counts) -> str:
    return (
        f"{counts.fetched:,} fetched = {counts.created:,} created + {counts.updated:,} updated + "
        f"{counts.unchanged:,} unchanged + {counts.stale:,} stale + {counts.quarantined:,} quarantined + "
        f"{counts.duplicates:,} duplicates; {counts.deleted:,} tombstones"
    )
