"""The entity-relationship diagrams: which table refers to which, drawn in Mermaid from the catalog, one a schema.

A solid line is a foreign key. A dotted one is an id without: what another stream brings may come later. Such a column's
comment begins with what it names, as in `tekmetric.customers.id`, or it is called as the key of a table of its schema.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import psycopg

from branchline.dictionary import SCHEMAS
from branchline.warehouse import render

#: Columns that are part of every key.
SCOPE = {"client_id", "account"}
_NAMED = re.compile(r"(?P<table>[a-z_]+\.[a-z_]+)\.[a-z_]+\b")


@dataclass(frozen=True)
class Reference:
    """One table's rows naming another's.

    Attributes:
        child: `schema.table` that names.
        parent: `schema.table` that is named.
        columns: the child's columns.
        is_required: every child row names one.
        is_single: at most one child row names the same.
        is_key: a foreign key holds it.
    """

    child: str
    parent: str
    columns: tuple[str, ...]
    is_required: bool
    is_single: bool = False
    is_key: bool = True

    def line(self, schema: str) -> str:
        """The relationship as Mermaid writes it."""
        left = "||" if self.is_required else "|o"
        right = "o|" if self.is_single else "o{"
        middle = "--" if self.is_key else ".."
        # of a composite key the last columns tell two references apart, the first are the scope
        words = ", ".join(name for name in self.columns if name not in SCOPE) or self.columns[-1]
        return f'    {_entity(self.parent, schema)} {left}{middle}{right} {_entity(self.child, schema)} : "{words}"'


def write_diagrams(connection: psycopg.Connection[Any]) -> str:
    """Write a page of Markdown with a Mermaid diagram for each schema.

    Args:
        connection: of any role that may read the catalog.

    Returns:
        The page; equal catalogs give equal text.
    """
    names = {"schemas": list(SCHEMAS)}
    columns = [row for row in connection.execute(render("dictionary.sql"), names) if not row.is_view]
    references = _foreign_keys(connection, names)
    references += _without_key(columns, references)
    lines = [
        "# Entities and what they refer to",
        "",
        "Written by `make dictionary` from the database's catalog; what each column means is in the "
        "[data dictionary](dictionary.md). A solid line is a foreign key. A dotted line is an id without one: what "
        "another list of the vendor brings may come later, or never. It is drawn at the uppermost table that has it.",
    ]
    for schema, of_schema in groupby(columns, key=lambda row: str(row.schema_name)):
        lines += ["", f"## {schema}", "", *_diagram(schema, list(of_schema), references)]
    return "\n".join(lines) + "\n"


def _foreign_keys(connection: psycopg.Connection[Any], names: Mapping[str, Any]) -> list[Reference]:
    return [
        Reference(
            f"{row.schema_name}.{row.table_name}",
            f"{row.parent_schema}.{row.parent_table}",
            tuple(row.columns),
            row.is_required,
            row.is_single,
        )
        for row in connection.execute(render("foreign_keys.sql"), names)
    ]


def _without_key(columns: Sequence[Any], foreign_keys: Sequence[Reference]) -> list[Reference]:
    """Ids without a foreign key; not again below a table that has the same."""
    above: dict[str, set[str]] = defaultdict(set)
    for key in foreign_keys:
        if key.child != key.parent:
            above[key.child].add(key.parent)
    keys = _own_keys(columns)
    called: dict[tuple[str, str], str] = {}
    for table in sorted(keys, key=lambda name: (-len(name), name)):  # the shortest name is the record's own table
        if len(keys[table]) == 1:
            called[table.split(".")[0], keys[table][0]] = table
    found: dict[tuple[str, str], Reference] = {}
    for row in columns:
        child, named = f"{row.schema_name}.{row.table_name}", _NAMED.match(row.comment or "")
        parent = named["table"] if named else called.get((row.schema_name, row.name))
        if parent in keys and parent not in {child, *above[child]}:
            is_single = keys[child] == [row.name]
            found[child, row.name] = Reference(child, parent, (row.name,), row.is_required, is_single, is_key=False)
    return [one for (child, name), one in found.items() if not any((table, name) in found for table in above[child])]


def _own_keys(columns: Sequence[Any]) -> dict[str, list[str]]:
    """Of every table the columns of its key that are not the scope's."""
    keys: dict[str, list[str]] = {f"{row.schema_name}.{row.table_name}": [] for row in columns}
    for row in columns:
        if row.place and row.name not in SCOPE:
            keys[f"{row.schema_name}.{row.table_name}"].append(row.name)
    return keys


def _diagram(schema: str, columns: Sequence[Any], references: Sequence[Reference]) -> list[str]:
    lines = ["```mermaid", "erDiagram"]
    mine = [one for one in references if one.child.startswith(f"{schema}.")]
    foreign = sorted({one.parent for one in mine if not one.parent.startswith(f"{schema}.")})
    lines += [f'    {_entity(name, schema)}["{name}"]' for name in foreign]
    naming = {(one.child, name) for one in mine if one.is_key for name in one.columns}
    for table, of_table in groupby(columns, key=lambda row: str(row.table_name)):
        lines.append(f"    {table} {{")
        for row in of_table:
            marks = [
                mark for mark, holds in (("PK", row.place), ("FK", (f"{schema}.{table}", row.name) in naming)) if holds
            ]
            if marks:
                lines.append(f"        {re.sub(r'[^a-z0-9]+', '_', row.type)} {row.name} {', '.join(marks)}")
        lines.append("    }")
    return [*lines, *(one.line(schema) for one in mine), "```"]


def _entity(table: str, schema: str) -> str:
    return table.removeprefix(f"{schema}.").replace(".", "_")
