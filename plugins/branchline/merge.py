"""Landed records to warehouse rows: type, quarantine, merge, prune, tombstone, count. One stream, one transaction.

The SQL is in include/sql; this file says in which order. Whatever order or however often pages arrive, the tables
end the same: the newest observation of a key wins, an older one is counted `stale`, an equal one writes nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from branchline.errors import GuardTripped
from branchline.stream import Source, Stream
from branchline.tables import SCOPE, Table, over, read_table, select_text, watched_columns
from branchline.warehouse import has, identifier, one, render

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]

#: A complete window that lacks more than this share of what it showed before, and more than so many rows, is refused.
SHRINK_SHARE = 0.2
SHRINK_ROWS = 10
#: A snapshot with less than this share of the records of the last good one is not the whole.
LEAST_SHARE = 0.7
#: Rows written to a table at once that make its statistics worthless.
MANY_ROWS = 1000


#: A SELECT that reads another temporary table than `landed`: all of them are called so.
_READS_STAGED = re.compile(r"\bstaged_\w+")


@dataclass
class Counts:
    """What the database counted of one stream's root records, and of its children.

    Attributes:
        fetched: records landed = duplicates + created + updated + unchanged + stale + quarantined.
        duplicates: further copies of a key in the same sync.
        created: rows inserted.
        updated: rows rewritten.
        unchanged: rows seen and not written.
        stale: records older than what was merged already.
        deleted: tombstones set.
        quarantined: records rejected.
        tables: per child table, rows created, updated and removed.
    """

    fetched: int = 0
    duplicates: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    deleted: int = 0
    quarantined: int = 0
    tables: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Add another count to this one, the way accounts of one run add up."""
        for name, value in asdict(other).items():
            if name != "tables":
                setattr(self, name, getattr(self, name) + value)

    def is_balanced(self) -> bool:
        """Whether every landed record is accounted for."""
        return self.fetched == (
            self.duplicates + self.created + self.updated + self.unchanged + self.stale + self.quarantined
        )


def merge_stream(
    connection: Connection,
    source: Source,
    stream: Stream,
    *,
    sync_id: int,
    slices: Sequence[int],
    force: bool = False,
    is_replay: bool = False,
    is_complete: bool = True,
    accept_shrink: bool = False,
) -> Counts:
    """Type, quarantine, merge and retire what the slices landed. The caller owns the transaction.

    Args:
        connection: the loader's, inside a transaction.
        source: the vendor.
        stream: the stream whose slices they are.
        sync_id: the sync that is written into the rows.
        slices: its complete slices.
        force: rewrite unchanged rows too.
        is_replay: the slices are older syncs': nothing is retired or asked for again.
        is_complete: the windows were read to their end; absence means nothing otherwise.
        accept_shrink: somebody looked at the loss that a guard refused, and accepts it for this run.

    Returns:
        The counts, as the database counted them.

    Raises:
        GuardTripped: more than a fifth of a scope (and more than ten rows) would vanish.
    """
    _serialise(connection, source, stream)
    sample_little(connection)
    _share_work(connection)
    names = {"sync_id": sync_id, "source": source.slug, "stream": stream.name, "slices": list(slices)}
    rivals = _rivals(connection, stream, slices)
    landing = {"slices": list(slices), "rivals": rivals}
    connection.execute(render("landed.sql", **landing))
    connection.execute("ANALYZE landed (record_id, fetched_at, is_own, asked, flaw)")
    _prepare(connection, source, names)
    root = _stage(connection, source, stream.root, None, landing)
    tables = [root, *(_stage(connection, source, name, root, landing) for name in stream.into[1:])]
    connection.execute(render("flaws.sql", tables=tables, root=root))
    connection.execute("ANALYZE flaws")
    first_wins = stream.is_report
    connection.execute(render("verdicts.sql", root=root, force=force, has_rivals=bool(rivals), first_wins=first_wins))
    connection.execute("ANALYZE verdicts")
    is_snapshot = stream.absence == "deleted" and stream.due is None and is_complete and not is_replay
    is_snapshot = is_snapshot and not _is_lacking(connection, names)
    may_retire = is_snapshot and _may_retire(connection, stream, root, names, accept_shrink=accept_shrink)
    connection.execute(render("quarantine.sql", root=root), names)
    counts = _verdicts(connection)
    if not is_replay and is_complete and stream.due is None and stream.absence == "recheck":
        # Before the merge prunes them: children that their record no longer has are missing, too.
        _ask_for_absent(connection, source, stream, root, names, accept_shrink=accept_shrink)
    for table in tables:
        _merge_table(connection, table, root, counts, names, force=force)
    _note_drift(connection, source, tables, names)
    if may_retire:
        counts.deleted += connection.execute(render("retire_absent.sql", root=root), names).rowcount
        for child in tables[1:]:
            connection.execute(render("retire_children.sql", child=child, root=root), names)
    if is_snapshot:
        connection.execute(render("resolve_absent.sql"), names)
    counts.deleted += _tombstone(connection, tables, stream.asked_as or root.key[0], counts, names)
    connection.execute(render("resolve.sql", root=root), names)
    if not is_replay and stream.is_by_id:
        counts.deleted += _settle_asked(connection, stream, root, names)
    if not is_replay:
        _move_cursors(connection, stream, root, names)
    settle = f"{source.slug}/{stream.name}.settle.sql"
    if has(settle):
        connection.execute(render(settle), names)
    _drop_temporary(connection, tables)
    return counts


def _stage(
    connection: Connection, source: Source, name: str, root: Table | None, landing: dict[str, list[int]]
) -> Table:
    """Type one table into its staging table; a child's SELECT may read the root's, which is staged before it."""
    table = read_table(connection, source.slug, name, root)
    select = select_text(source.slug, name)
    is_shared = not _READS_STAGED.search(select)
    connection.execute(
        render("type.sql", staged=table.staged, columns=table.columns, select=select, is_shared=is_shared, **landing)
    )
    connection.execute(f"ANALYZE {table.staged} (record_id, flaws, {table.key_list})".encode())
    return table


def _prepare(connection: Connection, source: Source, names: dict[str, Any]) -> None:
    """Run the statements of include/sql/<source>/prepare.sql, where the source has any: what its SELECTs join by."""
    if has(f"{source.slug}/prepare.sql"):
        # Several statements with parameters: only the client can bind those.
        psycopg.ClientCursor(connection).execute(select_text(source.slug, "prepare").encode(), names)


def _serialise(connection: Connection, source: Source, stream: Stream) -> None:
    """Let one transaction at a time merge a stream: MERGE alone does not survive two writers of one key."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"merge {source.slug}.{stream.name}",))


def _rivals(connection: Connection, stream: Stream, slices: Sequence[int]) -> list[int]:
    """Merged slices that were fetched after ours began: their records may be newer than ours (T62)."""
    names = {"stream": stream.name, "slices": list(slices)}
    return [row.slice_id for row in connection.execute(render("rivals.sql"), names)]


def _verdicts(connection: Connection) -> Counts:
    row = one(connection, render("count.sql"))
    return Counts(
        fetched=row.fetched,
        duplicates=row.duplicates,
        unchanged=row.unchanged,
        stale=row.stale,
        deleted=row.deleted,
        quarantined=row.quarantined,
    )


def _merge_table(
    connection: Connection, table: Table, root: Table, counts: Counts, names: dict[str, Any], *, force: bool
) -> None:
    rows = render("staged_rows.sql", staged=table.staged, key_list=table.key_list).decode()
    row = one(
        connection,
        render(
            "merge.sql",
            target=table.target,
            rows=rows,
            key=[*SCOPE, *table.key],
            columns=[*SCOPE, *(column.name for column in table.columns)],
            first=[column.name for column in table.columns if column.is_first],
            parent=table.parent,
            force=force,
        ),
        names,
    )
    refresh_statistics(connection, table.target, row.created + row.updated)
    if table.is_root:
        counts.created, counts.updated = row.created, row.updated
        return
    # Only a record that was there before can have children to lose.
    removed = 0
    if counts.updated or counts.unchanged:
        removed = connection.execute(render("prune.sql", table=table, root=root), names).rowcount
    counts.tables[table.target] = {"created": row.created, "updated": row.updated, "removed": removed}


def sample_little(connection: Connection) -> None:
    """Let this transaction's ANALYZE read 3,000 rows, not 30,000: what counts is how many rows there are."""
    connection.execute("SET LOCAL default_statistics_target = 10")


def _share_work(connection: Connection) -> None:
    """Let the planner share typing among workers.

    It counts a hundred rows for every list in a record, far too many to hand over, and takes reading a value out of
    JSON, matching and hashing it for as cheap as comparing two numbers.
    """
    connection.execute("SET LOCAL parallel_tuple_cost = 0")
    connection.execute("SET LOCAL parallel_setup_cost = 400")


def refresh_statistics(connection: Connection, table: str, written: int) -> None:
    """Let the planner know of many new rows at once: its statistics else come when the transaction is long over.

    The columns that an index holds are those that queries join by; autovacuum sees to the others.
    """
    if written > MANY_ROWS:
        rows = connection.execute(
            "SELECT DISTINCT attribute.attname AS name FROM pg_index INNER JOIN pg_attribute AS attribute "
            "ON attribute.attrelid = indrelid AND attribute.attnum = ANY(indkey) WHERE indrelid = %s::regclass",
            (table,),
        )
        indexed = ", ".join(identifier(row.name) for row in rows)
        connection.execute(f"ANALYZE {table} ({indexed})".encode())


def _note_drift(connection: Connection, source: Source, tables: Sequence[Table], names: dict[str, Any]) -> None:
    """Add codes and location names that nobody declared to core.codes and ops.schema_drift."""
    watched = watched_columns(connection, source.slug, tables)
    if watched:
        connection.execute(render("drift.sql", columns=watched), names)


def _tombstone(
    connection: Connection, tables: Sequence[Table], asked_as: str, counts: Counts, names: dict[str, Any]
) -> int:
    """Mark what the vendor said it does not have; returns how many root rows."""
    gone = one(connection, "SELECT count(*) AS gone FROM landed WHERE flaw = 'not_found'")
    if not gone.gone:
        return 0
    marked = 0
    for table in tables:
        if not table.gives(asked_as):
            continue
        rows = connection.execute(render("tombstone.sql", table=table, asked_as=asked_as), names).rowcount
        if table.is_root:
            marked = rows
        else:
            counts.tables[table.target]["tombstoned"] = rows
    return marked


def _move_cursors(connection: Connection, stream: Stream, root: Table, names: dict[str, Any]) -> None:
    """Say where the next sync begins, in the merge's own transaction; a slice that moves no cursor is left alone."""
    if stream.changed is not None or stream.newer_than is not None:
        connection.execute(render("cursors.sql", root=root), names)
    elif stream.window is not None or stream.rolling is not None:
        connection.execute(render("window_cursors.sql"), names)


def _is_lacking(connection: Connection, names: dict[str, Any]) -> bool:
    """Whether the account does not have what the stream lists: its empty list is then no snapshot."""
    row = one(
        connection,
        "SELECT count(*) AS lacking FROM ops.sync_slices WHERE slice_id = ANY(%(slices)s) AND verdict = 'lacking'",
        names,
    )
    return bool(row.lacking)


def _ask_for_absent(
    connection: Connection,
    source: Source,
    stream: Stream,
    root: Table,
    names: dict[str, Any],
    *,
    accept_shrink: bool,
) -> None:
    """Want by id what a complete list no longer shows; nothing is deleted on the list's word alone.

    What a list should show is the SELECT `<root>.absent` where the source has one, else every row that there is.
    """
    if has(f"{source.slug}/{stream.root}.absent.sql"):
        absent = select_text(source.slug, f"{stream.root}.absent")
    else:
        absent = render("absent.sql", root=root, confirming=source.confirming(stream)).decode()
    here = "(SELECT count(*) FROM verdicts WHERE is_own AND is_newest) AS here"
    row = one(connection, over(absent, f"count(*) AS gone, {here}"), names)
    _guard(stream, row.gone, row.gone + row.here, accept_shrink)
    if row.gone:
        connection.execute(render("recheck.sql", absent=absent), names)


def _settle_asked(connection: Connection, stream: Stream, root: Table, names: dict[str, Any]) -> int:
    """Act on the answers of a by-id stream; returns tombstones set in its own table."""
    retired = 0
    if stream.absence == "deleted":
        asked_as = stream.asked_as or root.key[0]
        retired = connection.execute(render("retire_asked.sql", root=root, asked_as=asked_as), names).rowcount
    asked = connection.execute(render("lookups.sql"), names).rowcount
    refresh_statistics(connection, "ops.lookups", asked)
    return retired


def _may_retire(
    connection: Connection, stream: Stream, root: Table, names: dict[str, Any], *, accept_shrink: bool
) -> bool:
    """Whether what a complete snapshot does not hold may become tombstones.

    Not where rows of it that nobody can read are new: any of them may be one that seems to be missing. They are in
    quarantine from tonight on, and the next snapshot decides.

    Raises:
        GuardTripped: it has less than LEAST_SHARE of the rows that there are, or lacks too many of them (T53, T69).
    """
    row = one(connection, render("snapshot.sql", root=root), names)
    here = row.known - row.gone
    if row.known > SHRINK_ROWS and here < LEAST_SHARE * row.known and not accept_shrink:
        raise GuardTripped(
            f"Merging {stream.name}", f"the snapshot has {here:,} of the {row.known:,} records of the last good one"
        )
    _guard(stream, row.gone, row.known, accept_shrink)
    if row.gone and row.unreadable > 0:
        log.warning(
            "%s: missing records: %d, new rows that cannot be read: %d; nothing is retired this time (ops.quarantine)",
            stream.name,
            row.gone,
            row.unreadable,
        )
    return bool(row.unreadable <= 0)


def _guard(stream: Stream, gone: int, scope: int, accept_shrink: bool) -> None:
    """Refuse a loss that looks like a fault of the vendor's: above SHRINK_SHARE of the scope and SHRINK_ROWS (T69)."""
    if gone > SHRINK_ROWS and gone > SHRINK_SHARE * scope and not accept_shrink:
        raise GuardTripped(
            f"Merging {stream.name}", f"{gone:,} of {scope:,} records are missing from a complete window"
        )


def _drop_temporary(connection: Connection, tables: Sequence[Table]) -> None:
    """Drop the temporary tables now: the same transaction may merge a further account."""
    staged = ", ".join(table.staged for table in tables)
    connection.execute(f"DROP TABLE landed, flaws, verdicts, {staged}".encode())
