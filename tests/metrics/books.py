"""Rows put into the warehouse by hand, with what every row needs; for figures that a reader can work out on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row

from stack.testing import login
from tests.conftest import PASSWORD, Warehouse

NORTH, SOUTH = "north", "south"


@dataclass(frozen=True)
class Books:
    """A warehouse in which somebody writes rows."""

    warehouse: Warehouse

    def client(self, *names: str) -> None:
        self.put("core.clients", *({"client_id": name} for name in names))

    def place(self, source: str, name: str, zone: str | None, currency: str | None = None, client: str = NORTH) -> int:
        """A location; returns its id."""
        self.put("core.locations", {
            "client_id": client, "source": source, "account": source, "external_id": name, "name": name,
            "timezone": zone, "currency": currency,
        })  # fmt: skip
        found: int = self.warehouse.one(
            "SELECT location_id FROM core.locations WHERE source = %s AND name = %s", (source, name)
        )
        return found

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        """Write rows as they are."""
        with psycopg.connect(self.warehouse.admin, autocommit=True) as connection:
            for row in rows:
                connection.execute(
                    sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                        sql.Identifier(*table.split(".")),
                        sql.SQL(", ").join(map(sql.Identifier, row)),
                        sql.SQL(", ").join(sql.Placeholder() * len(row)),
                    ),
                    list(row.values()),
                )

    def note(self, table: str, *rows: dict[str, Any], client: str = NORTH) -> None:
        """Write rows of a source's table, with the columns that every one of them has."""
        source = table.split(".")[0]
        whose = {
            "client_id": client, "account": source, "observed_at": "2026-07-02T00:00Z",
            "row_hash": "00000000-0000-0000-0000-000000000001",
        }  # fmt: skip
        self.put(table, *(whose | row for row in rows))

    def view(self, name: str, where: str = "TRUE", params: Any = None) -> list[Any]:
        """The rows of a view of the schema metrics, as the operator sees them: every client's."""
        return self.warehouse.rows(f"SELECT * FROM metrics.{name} WHERE {where}", params)

    @contextmanager
    def as_user(self, user: str) -> Iterator[psycopg.Connection[Any]]:
        """A transaction of the api on somebody's behalf."""
        conninfo = login(self.warehouse.admin, "branchline_api", PASSWORD)
        with (
            psycopg.connect(conninfo, autocommit=True, row_factory=namedtuple_row) as connection,
            connection.transaction(force_rollback=True),
        ):
            connection.execute("SELECT set_config('branchline.user', %s, TRUE)", (user,))
            yield connection

    def seen(self, user: str, view: str) -> list[Any]:
        """The rows of a view that a person sees."""
        with self.as_user(user) as connection:
            return connection.execute(f"SELECT * FROM metrics.{view}".encode()).fetchall()


def only(rows: list[Any], **wanted: Any) -> Any:
    """The one row with these values, dates as text."""
    (row,) = [row for row in rows if all(str(getattr(row, name)) == str(value) for name, value in wanted.items())]
    return row
