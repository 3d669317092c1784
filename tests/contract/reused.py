"""One warehouse for the many tests that land a record or two by hand: emptied for each, as making one takes longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from stack.postgres import Cluster
from stack.testing import fresh_database
from tests.conftest import Warehouse

_TABLES = """
SELECT relnamespace::regnamespace::text AS schema, relname AS name FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition
AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)' ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Reused:
    """A migrated warehouse and the tables that are empty in a new one."""

    warehouse: Warehouse
    empty: tuple[tuple[str, str], ...]

    def emptied(self) -> Warehouse:
        """The warehouse as it was when it was new, but for numbers that were given out."""
        with psycopg.connect(self.warehouse.admin) as admin:
            # No trigger and no foreign key looks at what goes: all of it goes.
            admin.execute("SET LOCAL session_replication_role = replica")
            for table in self.empty:
                admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*table)))
            admin.execute("DELETE FROM core.codes WHERE NOT is_known")
        return self.warehouse


@contextmanager
def reused(cluster: Cluster, template: str) -> Iterator[Reused]:
    """A warehouse that tests may use one after the other."""
    with fresh_database(cluster, template) as conninfo, psycopg.connect(conninfo) as admin:
        tables = [(row[0], row[1]) for row in admin.execute(_TABLES).fetchall()]
        empty = tuple(table for table in tables if not _has_rows(admin, table))
        admin.rollback()
        assert ("landing", "records") in empty
        assert ("core", "codes") in set(tables) - set(empty)
        yield Reused(Warehouse(conninfo), empty)


def _has_rows(admin: psycopg.Connection[tuple[object, ...]], table: tuple[str, str]) -> bool:
    found = admin.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(*table))).fetchone()
    return bool(found and found[0])
