"""The data dictionary: what every table, column and metric is, as the catalog's own comments say it.

Equal catalogs give equal text, so that the document changes only with the schema.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import psycopg

from branchline.warehouse import render

#: In the order of reading: what people ask for first.
SCHEMAS = ("core", "smartmoving", "crm", "tekmetric", "fms", "arrivy", "metrics", "ops", "access", "landing")

#: How a metric's comment ends: with what its figure is counted on.
_METRIC = re.compile(r"(?P<definition>.+?)\.? Basis: (?P<basis>[^.]+)\.?", re.DOTALL)


def write_dictionary(connection: psycopg.Connection[Any]) -> str:
    """Write the dictionary as one page of Markdown: the metrics first, then schema by schema.

    Args:
        connection: of any role that may read the catalog.

    Returns:
        The page; schemas that the warehouse does not have yet are left out.
    """
    rows = connection.execute(render("dictionary.sql"), {"schemas": list(SCHEMAS)}).fetchall()
    parents = _parents(connection)
    lines = [
        "# Data dictionary",
        "",
        "Written by `make dictionary` from the comments in the database's catalog: mend a comment in a migration, not "
        "here. Which table refers to which is drawn in [erd.md](erd.md).",
        *_metrics(rows),
    ]
    for schema, of_schema in groupby(rows, key=lambda row: str(row.schema_name)):
        columns = list(of_schema)
        lines += ["", f"## {schema}", "", str(columns[0].schema_comment)]
        for _, of_table in groupby(columns, key=lambda row: row.table_name):
            lines += _table(list(of_table), parents)
    return "\n".join(lines) + "\n"


def _parents(connection: psycopg.Connection[Any]) -> dict[tuple[str, str, str], list[str]]:
    """The tables that each column refers to, by a foreign key that it is part of."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in connection.execute(render("foreign_keys.sql"), {"schemas": list(SCHEMAS)}):
        for column in row.columns:
            found[row.schema_name, row.table_name, column].append(f"{row.parent_schema}.{row.parent_table}")
    return found


def _metrics(rows: Iterable[Any]) -> list[str]:
    """Every figure whose comment names a basis: what it is, and which records it is counted on."""
    lines = ["", "## Metrics by name", "", "| metric | table | definition | basis |", "|---|---|---|---|"]
    for row in rows:
        metric = _METRIC.fullmatch((row.comment or "").strip())
        if metric:
            table = f"{row.schema_name}.{row.table_name}"
            lines.append(f"| `{row.name}` | `{table}` | {_cell(metric['definition'])} | {_cell(metric['basis'])} |")
    return lines


def _table(columns: Sequence[Any], parents: dict[tuple[str, str, str], list[str]]) -> list[str]:
    first = columns[0]
    key = ", ".join(f"`{name}`" for _, name in sorted((one.place, one.name) for one in columns if one.place))
    lines = ["", f"### {first.schema_name}.{first.table_name}", "", str(first.table_comment)]
    if key:
        lines += ["", f"Key: {key}."]
    lines += ["", "| column | type | null | key | meaning |", "|---|---|---|---|---|"]
    for column in columns:
        names = parents.get((column.schema_name, column.table_name, column.name), [])
        keys = ", ".join([*(["primary"] if column.place else []), *(f"→ {name}" for name in dict.fromkeys(names))])
        null = "no" if column.is_required else "yes"
        lines.append(f"| `{column.name}` | {column.type} | {null} | {keys} | {_cell(column.comment)} |")
    return lines


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
