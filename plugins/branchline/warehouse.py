"""The warehouse: connecting as the loader, one transaction a step, and rendering the templates of include/sql."""

from __future__ import annotations

import os
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jinja2
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import namedtuple_row

from branchline.errors import Reconfigure

#: include/sql: beside plugins/ in the project, elsewhere where BRANCHLINE_SQL says so.
SQL_ROOT = Path(os.environ.get("BRANCHLINE_SQL", Path(__file__).resolve().parents[2] / "include" / "sql"))

Row = Any


def connect(conninfo: str, *, client: str | None = None, name: str = "branchline") -> psycopg.Connection[Row]:
    """Open a connection whose rows are named tuples, in UTC, seeing one client's rows.

    Args:
        conninfo: a libpq connection string.
        client: the tenant whose rows the loader may touch; row-level security compares it. None sees no row.
        name: application_name, so that pg_stat_activity says who works.

    Raises:
        Reconfigure: the server is not on loopback and the connection has neither TLS nor `branchline_insecure`.
    """
    refuse_plain_text(conninfo)
    options = f"-c TimeZone=UTC -c branchline.client={client or ''} -c statement_timeout=30min -c lock_timeout=5min"
    return psycopg.connect(
        conninfo, application_name=name, options=options, row_factory=namedtuple_row, autocommit=True
    )


def one(connection: psycopg.Connection[Row], query: str | bytes, params: Any = None) -> Row:
    """Run a statement that gives exactly one row, and return it.

    Raises:
        LookupError: it gave none.
    """
    row = connection.execute(query.encode() if isinstance(query, str) else query, params).fetchone()
    if row is None:
        raise LookupError("a statement that must give a row gave none")
    return row


def refuse_plain_text(conninfo: str) -> None:
    """Refuse a warehouse beyond loopback without TLS.

    Raises:
        Reconfigure: the host is another machine and sslmode is not require, verify-ca or verify-full.
    """
    parts = conninfo_to_dict(conninfo)
    host = str(parts.get("host") or "localhost")
    mode = str(parts.get("sslmode") or "prefer")
    if is_loopback(host) or mode in {"require", "verify-ca", "verify-full"}:
        return
    raise Reconfigure(
        "Connecting to the warehouse",
        f"{host} is another machine and sslmode is {mode}; set sslmode=require (or stricter) in the connection's "
        "extra, or sslmode=disable together with branchline_insecure=true where the network itself is private",
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's loopback (a unix socket counts)."""
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def identifier(name: str) -> str:
    """Quote a name from the catalog or the code for use in SQL text; `schema.table` is quoted part by part."""
    return ".".join(sql.Identifier(part).as_string(None) for part in name.split("."))


def literal(value: object) -> str:
    """Write a value as a SQL literal."""
    return sql.Literal(value).as_string(None)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SQL_ROOT),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - SQL, not HTML; names go through `ident`, values through parameters
    )
    environment.filters["ident"] = identifier
    environment.filters["literal"] = literal
    return environment


def render(template: str, **values: Any) -> bytes:
    """Render a template of include/sql.

    Args:
        template: path below include/sql, e.g. `merge.sql`.
        values: names of the catalog or of the code; never a vendor's data, which travels as parameters only.

    Returns:
        The SQL text as bytes, which psycopg takes as trusted.
    """
    return _environment().get_template(template).render(**values).encode()


def has(template: str) -> bool:
    """Whether include/sql has that file."""
    return (SQL_ROOT / template).is_file()
