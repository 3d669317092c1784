"""The warehouse: connecting as the loader, one transaction a step, and rendering the templates of include/sql."""

from __future__ import annotations

import os
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jinja2
import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import namedtuple_row

from branchline.errors import Reconfigure

#: include/sql: beside plugins/ in the project, elsewhere where BRANCHLINE_SQL says so.
SQL_ROOT = Path(os.environ.get("BRANCHLINE_SQL", Path(__file__).resolve().parents[2] / "include" / "sql"))

Row = Any

#: sslmode values that never speak in clear text; `prefer` and `allow` fall back to it without a word.
ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
#: How a connection string says that clear text was asked for, so that whoever opens it later knows. libpq has no word
#: for it; as a setting it is sent to no server, since connecting sets `options` of its own.
_PLAIN = "-c branchline.insecure=on"


def conninfo_of(*, is_plain_allowed: bool = False, **parts: Any) -> str:
    """Make a libpq connection string, refusing a server beyond loopback without TLS.

    Args:
        is_plain_allowed: the connection says `branchline_insecure`: with an explicit `sslmode=disable` it may go in
            clear text. Anything less explicit is still refused.
        parts: libpq's own words: host, port, dbname, user, password, sslmode, sslrootcert, ...

    Returns:
        The connection string; it holds the password and belongs in no log.

    Raises:
        Reconfigure: libpq does not know one of the words, or refuse_plain_text refuses the string.
    """
    if is_plain_allowed:
        parts["options"] = " ".join(filter(None, (parts.get("options"), _PLAIN)))
    try:
        conninfo = make_conninfo(**parts)
    except psycopg.ProgrammingError:
        known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
        unknown = ", ".join(sorted(set(parts) - known)) or "a value"
        # not chained: libpq's own message may quote the string it could not read
        raise Reconfigure("Reading the warehouse connection", f"libpq does not understand {unknown}") from None
    refuse_plain_text(conninfo)
    return conninfo


def conninfo_from(connection: Any) -> str:
    """The libpq connection string of an Airflow Connection, which may carry any libpq option in its extra.

    Raises:
        Reconfigure: as for `conninfo_of`.
    """
    extra = connection.extra_dejson
    parts = {key: value for key, value in extra.items() if not key.startswith("branchline_")} | {
        "host": connection.host,
        "port": connection.port or 5432,
        "dbname": connection.schema,
        "user": connection.login,
        "password": connection.password,
    }
    return conninfo_of(is_plain_allowed=str(extra.get("branchline_insecure")).lower() == "true", **parts)


def connect(conninfo: str, *, client: str | None = None, name: str = "branchline") -> psycopg.Connection[Row]:
    """Open a connection whose rows are named tuples, in UTC, seeing one client's rows.

    Args:
        conninfo: a libpq connection string.
        client: the tenant whose rows the loader may touch; row-level security compares it. None sees no row.
        name: application_name, so that pg_stat_activity says who works.

    Raises:
        Reconfigure: the server is not on loopback and the connection has neither TLS nor `branchline_insecure`.
        psycopg.OperationalError: it does not answer, or refuses the login.
    """
    return open_plain(
        conninfo, application_name=name, options=_options(client), row_factory=namedtuple_row, autocommit=True
    )


def open_plain(conninfo: str, **how: Any) -> psycopg.Connection[Any]:
    """Open a connection without a client or settings of ours, as migrations need it; no error shows the password.

    Args:
        conninfo: a libpq connection string.
        how: what psycopg.connect takes.

    Raises:
        Reconfigure: as for `connect`.
        psycopg.OperationalError: it does not answer, or refuses the login.
    """
    refuse_plain_text(conninfo)
    try:
        return psycopg.connect(conninfo, **how)
    except psycopg.OperationalError as error:
        refused = _without_password(error)
    # outside the except clause, so that psycopg's own is left behind as context too
    raise refused


async def connect_async(
    conninfo: str, *, client: str | None = None, name: str = "branchline"
) -> psycopg.AsyncConnection[Row]:
    """What `connect` opens, for asyncio: the same settings, and the same errors."""
    refuse_plain_text(conninfo)
    try:
        return await psycopg.AsyncConnection.connect(
            conninfo, application_name=name, options=_options(client), row_factory=namedtuple_row, autocommit=True
        )
    except psycopg.OperationalError as error:
        refused = _without_password(error)
    raise refused


def one(connection: psycopg.Connection[Row], query: str | bytes, params: Any = None) -> Row:
    """Run a statement that gives exactly one row, and return it.

    Raises:
        LookupError: it gave none.
    """
    row = connection.execute(query.encode() if isinstance(query, str) else query, params).fetchone()
    if row is None:
        raise LookupError("a statement that must give a row gave none")
    return row


def _options(client: str | None) -> str:
    settings = {
        "TimeZone": "UTC",
        "branchline.client": client or "",
        "statement_timeout": "30min",
        # a merge's staging tables and sorts stay in memory up to here; taken as it is needed, a connection
        "temp_buffers": "64MB",
        "work_mem": "64MB",
        "lock_timeout": "5min",
    }
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())


def _without_password(error: psycopg.OperationalError) -> psycopg.OperationalError:
    """The error anew: psycopg's own carries every word of the connection for whoever shows an error's attributes."""
    return type(error)(str(error))


def _escaped(value: str) -> str:
    """A value of libpq's `options`, which is cut at spaces: a tenant's name must not become a further setting."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def refuse_plain_text(conninfo: str) -> None:
    """Refuse a warehouse beyond loopback without TLS.

    What the string leaves open is taken from where libpq takes it: its service file and PGHOST, PGSSLMODE, ...

    Raises:
        Reconfigure: the host is another machine, sslmode is not require, verify-ca or verify-full, and it is not
            `disable` in a connection that allows clear text (see conninfo_of); or libpq cannot read the string.
    """
    parts: dict[str, Any] = {
        option.keyword.decode(): option.val.decode() for option in pq.Conninfo.get_defaults() if option.val
    }
    parts |= {name: value for name, value in _read(conninfo).items() if value}
    # hostaddr is where the connection really goes; several hosts are tried in turn
    places = str(parts.get("hostaddr") or parts.get("host") or "localhost").split(",")
    remote = [place for place in places if not is_loopback(place)]
    mode = str(parts.get("sslmode") or "prefer")
    if not remote or mode in ENCRYPTED or (mode == "disable" and _PLAIN in str(parts.get("options"))):
        return
    raise Reconfigure(
        "Connecting to the warehouse",
        f"{', '.join(remote)} is another machine and sslmode is {mode}; set sslmode=require (or stricter) in the "
        "connection's extra, or sslmode=disable together with branchline_insecure=true where the network itself is "
        "private",
    )


def _read(conninfo: str) -> dict[str, Any]:
    try:
        return conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        pass
    # outside the except clause: libpq's own message quotes the word that it could not read, which may be the password
    raise Reconfigure("Reading the warehouse connection", "libpq cannot read its connection string")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's loopback (a unix socket counts)."""
    if host.startswith(("/", "@")) or host.lower() == "localhost":
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
