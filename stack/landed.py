"""What a sync brought: rows so far while it runs, and the closing tables."""

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

from stack.sync import Run

# Only what this login may read; partitions count with their parent, Alembic's bookkeeping is no data.
TABLES = """
SELECT n.nspname, c.relname
FROM   pg_class AS c
JOIN   pg_namespace AS n ON n.oid = c.relnamespace
WHERE  c.relkind IN ('r', 'p') AND NOT c.relispartition
AND    n.nspname NOT IN ('information_schema', 'public') AND n.nspname NOT LIKE 'pg\\_%'
AND    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER  BY n.nspname, c.relname
"""

# A count by statistics costs nothing; it lags by a second and tells what was committed.
ROWS_SO_FAR = """
SELECT coalesce(sum(n_live_tup) FILTER (WHERE schemaname = 'landing'), 0)::bigint,
       coalesce(sum(n_live_tup) FILTER (WHERE schemaname NOT IN ('landing', 'ops', 'access')), 0)::bigint
FROM   pg_stat_user_tables
"""

HISTORY_COLUMNS = (
    "crm_source", "sync_type", "status", "records_fetched", "created", "updated", "unchanged", "stale",
    "deleted", "quarantined", "api_calls",
)  # fmt: skip


def rows_so_far(conninfo: str) -> tuple[int, int]:
    """Return about how many records have landed and how many rows the warehouse's tables hold."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute(ROWS_SO_FAR).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def landed_table(conninfo: str, runs: Iterable[Run]) -> str:
    """Tell what the awaited runs brought, a line per stream.

    Args:
        conninfo: the operator's connection string to the warehouse.
        runs: the awaited runs.

    Returns:
        str: an aligned table, and below it the error of each stream that has one.
    """
    keys = list(runs)
    columns = sql.SQL(", ").join(map(sql.Identifier, (*HISTORY_COLUMNS, "start_time", "end_time", "error_message")))
    query = sql.SQL(
        "SELECT {} FROM ops.sync_history"
        " WHERE (dag_id, run_id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
        " ORDER BY crm_source, start_time, sync_type"
    ).format(columns)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        rows = connection.execute(query, ([run.dag_id for run in keys], [run.run_id for run in keys])).fetchall()
    width = len(HISTORY_COLUMNS)
    lines = []
    for row in rows:
        started, ended = row[width], row[width + 1]
        seconds = f"{(ended - started).total_seconds():.1f}" if started and ended else ""
        lines.append([*row[:width], seconds])
    header = ["source", "stream", "status", "fetched", *HISTORY_COLUMNS[4:], "seconds"]
    errors = [f"{row[0]}.{row[1]}: {row[width + 2]}" for row in rows if row[width + 2]]
    return "\n".join([aligned(header, lines), *errors])


def warehouse_table(conninfo: str) -> str:
    """Count the rows of every table of the warehouse that the operator may read.

    Args:
        conninfo: the operator's connection string to the warehouse.

    Returns:
        str: an aligned table, a line per table.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        counts: list[list[object]] = []
        for schema, table in connection.execute(TABLES).fetchall():
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
            row = connection.execute(query).fetchone()
            counts.append([schema, table, row[0] if row else 0])
    return aligned(["schema", "table", "rows"], counts)


def aligned(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Set a table in columns; numbers stand to the right.

    Args:
        header: the columns' names.
        rows: the values; None is shown as nothing.

    Returns:
        str: header, a rule and the rows.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(header), *cells]) for column in range(len(header))]
    right = [all(isinstance(row[column], int | None) for row in rows) for column in range(len(header))]

    def line(values: Sequence[str]) -> str:
        padded = [
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(values, widths, right, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), "  ".join("-" * width for width in widths), *map(line, cells)])


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
