"""The data dictionary: what every table and column of the warehouse is, as the catalog's own comments say it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import psycopg

from branchline.warehouse import render

#: In the order of reading: what people ask for first.
SCHEMAS = ("core", "smartmoving", "crm", "tekmetric", "fms", "arrivy", "metrics", "ops", "access", "landing")


def write_dictionary(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Write a page of Markdown a schema, from COMMENTs alone.

    Args:
        connection: of any role that may read the catalog.

    Returns:
        The page's text a schema; schemas that the warehouse does not have yet are left out. Equal catalogs give equal
        text, so that a page under version control changes only with the schema.
    """
    rows = connection.execute(render("dictionary.sql"), {"schemas": list(SCHEMAS)}).fetchall()
    pages = {}
    for schema, of_schema in groupby(rows, key=lambda row: row.schema_name):
        lines = []
        for _, columns in groupby(of_schema, key=lambda row: row.table_name):
            lines += _table(list(columns))
        pages[schema] = f"# {schema}\n\n{_line(rows, schema)}\n" + "\n".join(lines) + "\n"
    return pages


def _line(rows: list[Any], schema: str) -> str:
    return next(str(row.schema_comment) for row in rows if row.schema_name == schema)


def _table(columns: list[Any]) -> list[str]:
    first = columns[0]
    key = sorted((column.place, column.name) for column in columns if column.place)
    keys = ", ".join(f"`{name}`" for _, name in key)
    lines = ["", f"## {first.schema_name}.{first.table_name}", "", str(first.table_comment)]
    if keys:
        lines += ["", f"Key: {keys}."]
    lines += ["", "| column | type | null | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.type} | {'no' if column.is_required else 'yes'} | {_cell(column.comment)} |"
        for column in columns
    ]
    return lines


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
