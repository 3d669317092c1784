"""A warehouse table as the merge needs it, read from the catalog: the DDL alone owns columns, types and keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from branchline.errors import VendorChanged
from branchline.warehouse import SQL_ROOT, identifier, render

#: Columns that scope a key and are stamped from the slice, never read from a payload.
SCOPE = ("client_id", "account")

#: What a SELECT writes before the name of a column that only a new row gets from it: a derivation owns it from then on.
FIRST = "first "

_NUMBERS = {
    "integer": r"^-?\d{1,10}(\.0+)?$",
    "bigint": r"^-?\d{1,19}(\.0+)?$",
    "smallint": r"^-?\d{1,5}(\.0+)?$",
}


@dataclass(frozen=True)
class Column:
    """One column of a SELECT and how its text becomes the table's type.

    Attributes:
        name: column name.
        type: the table's type.
        is_required: the table demands a value.
        check: SQL that is true where the text can be cast; empty where the SELECT has the type already.
        cast: SQL of the typed value.
        reason: quarantine reason where the check fails.
        is_first: given to new rows only; neither hashed nor rewritten.
        is_decisive: money, or what money hangs on: an unreadable value rejects the payload.
    """

    name: str
    type: str
    is_required: bool
    check: str = ""
    cast: str = ""
    reason: str = ""
    is_first: bool = False
    is_decisive: bool = False

    @property
    def sent(self) -> str:
        """The column's name in the SELECT."""
        return FIRST + self.name if self.is_first else self.name


@dataclass(frozen=True)
class Table:
    """One table that a stream fills: where, by which key, from which columns.

    Attributes:
        target: `schema.table`.
        staged: name of its temporary staging table.
        key: primary key without the scope.
        columns: what its SELECT gives, in order.
        parent: a child's names of its root's key, in the root's order; none of the root itself.
    """

    target: str
    staged: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    parent: tuple[str, ...] = ()

    @property
    def is_root(self) -> bool:
        """Whether its rows are the stream's records."""
        return not self.parent

    def gives(self, column: str) -> bool:
        """Whether its SELECT gives that column."""
        return column in {given.name for given in self.columns}

    @property
    def fatal(self) -> list[str]:
        """Columns whose flaw rejects the whole payload: keys, required values, money and what it hangs on."""
        return [
            column.name
            for column in self.columns
            if column.is_required or column.name in self.key or column.is_decisive
        ]

    @property
    def key_list(self) -> str:
        """The key's columns, quoted, for a list in SQL."""
        return ", ".join(identifier(name) for name in self.key)


def select_text(source: str, name: str) -> str:
    """The SELECT of a table, as its file in include/sql has it."""
    return (SQL_ROOT / source / f"{name}.sql").read_text(encoding="utf-8").rstrip()


def over(select: str, what: str, tail: str = "") -> bytes:
    """A statement around a SELECT of include/sql: `SELECT what FROM (select) AS chosen tail`."""
    return f"SELECT {what} FROM (\n{select}\n) AS chosen {tail}".encode()  # noqa: S608 - our own files alone


def read_table(connection: psycopg.Connection[Any], source: str, name: str, root: Table | None) -> Table:
    """Describe a table by its SELECT (which columns) and the catalog (their types, the key, what is required).

    Args:
        connection: the loader's; the temporary tables that the SELECT reads are there.
        source: the vendor.
        name: the table.
        root: the table of the records that its rows are part of, None for that table itself.

    Raises:
        VendorChanged: the SELECT names a column that the table does not have.
    """
    target = f"{source}.{name}"
    catalog = {row.name: row for row in connection.execute(render("columns.sql"), {"target": target})}
    shape = connection.execute(over(select_text(source, name), "*", "LIMIT 0"))
    sent = [(column.name, column.type_code) for column in shape.description or ()]
    types = connection.execute(
        "SELECT format_type(code, NULL) AS name FROM unnest(%s::oid[]) WITH ORDINALITY AS sent (code, place) "
        "ORDER BY place",
        ([code for _, code in sent],),
    ).fetchall()
    columns = []
    for (column, _), sent_type in zip(sent, types, strict=True):
        if column == "record_id":
            continue
        known = column.removeprefix(FIRST)
        if known not in catalog:
            raise VendorChanged(f"Reading include/sql/{source}/{name}.sql", f"{target} has no column {known}")
        typed = _column(known, catalog[known].type, catalog[known].is_required, sent_type.name)
        columns.append(replace(typed, is_first=known != column, is_decisive=catalog[known].is_decisive))
    key = tuple(row.name for row in catalog.values() if row.is_key and row.name not in SCOPE)
    parent = _parent(connection, target, root) if root else ()
    return Table(target, f"staged_{name}", key, tuple(columns), parent)


def _parent(connection: psycopg.Connection[Any], target: str, root: Table) -> tuple[str, ...]:
    """How a child names its root's key: by its foreign key where it has one, else as the root does."""
    named = {
        row.theirs: row.ours
        for row in connection.execute(render("parent.sql"), {"target": target, "root": root.target})
    }
    return tuple(named.get(name, name) for name in root.key)


def watched_columns(connection: psycopg.Connection[Any], source: str, tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Columns of these tables that the source watches for drift (include/sql/<source>/watched.sql).

    Returns:
        A dict a column for drift.sql: staged, column_name, vocabulary, defines; none where the source watches none.
    """
    if not (SQL_ROOT / source / "watched.sql").is_file():
        return []
    by_name = {table.target.split(".", 1)[1]: table for table in tables}
    return [
        {
            "staged": by_name[row.table_name].staged,
            "column_name": row.column_name,
            "vocabulary": row.vocabulary,
            "defines": row.defines,
        }
        for row in connection.execute(select_text(source, "watched").encode())
        if row.table_name in by_name
    ]


def _column(name: str, type_name: str, is_required: bool, sent_type: str) -> Column:
    """Decide how text becomes `type_name`: strictly, so that 'today', 'NaN' or '1e3' never pass for a value."""
    if sent_type == type_name:
        return Column(name, type_name, is_required)
    wire = f"wire.{identifier(name)}"
    valid = f"pg_input_is_valid({wire}, '{type_name}')"
    cast = f"{wire}::{type_name}"
    if type_name in _NUMBERS:
        whole = f"split_part({wire}, '.', 1)"
        check = f"{wire} ~ '{_NUMBERS[type_name]}' AND pg_input_is_valid({whole}, '{type_name}')"
        reason = "not_money" if name.endswith("_cents") else "not_a_whole_number"
        return Column(name, type_name, is_required, check, f"{whole}::{type_name}", reason)
    if type_name in {"numeric", "double precision"}:
        return Column(name, type_name, is_required, f"{wire} ~ '^-?[0-9.]' AND {valid}", cast, "not_a_number")
    if type_name == "date":
        pattern = r"^\d{4}-\d\d-\d\d$"
        return Column(name, type_name, is_required, f"{wire} ~ '{pattern}' AND {valid}", cast, "not_a_date")
    if type_name == "timestamp with time zone":
        pattern = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d"
        return Column(name, type_name, is_required, f"{wire} ~ '{pattern}' AND {valid}", cast, "not_a_time")
    if type_name == "boolean":
        words = "('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', '1', '0')"
        return Column(name, type_name, is_required, f"lower({wire}) IN {words}", cast, "not_true_or_false")
    return Column(name, type_name, is_required, valid, cast, "not_" + type_name.replace(" ", "_"))
