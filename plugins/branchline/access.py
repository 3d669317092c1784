"""Rights from a terminal, without Airflow: `python -m branchline.access grant jane MANAGER --client acme`.

Where the warehouse is, libpq's environment says: PGHOST, PGDATABASE, PGUSER=branchline_migrator, PGPASSWORD, PGSSLMODE,
or a service file. PostgreSQL decides and writes down who got what; this hands it the words.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import namedtuple_row

from branchline.errors import BranchlineError
from branchline.warehouse import one, open_plain, render

#: Of a refusal: what was asked for cannot be done, or the warehouse cannot be reached.
REFUSED = 1


def main(words: Sequence[str], conninfo: str = "") -> int:
    """Run one command and tell on stdout what it did, on stderr why it did not.

    Args:
        words: the command and its arguments, as `--help` lists them.
        conninfo: where the warehouse is; what it leaves open, libpq's environment says.

    Returns:
        The exit code: 0, or 1 for what was explained. Granting what is granted already is no failure.
    """
    asked = _parser().parse_args(words)
    try:
        with open_plain(conninfo, application_name="branchline access", row_factory=namedtuple_row) as connection:
            # beside the login, which several people may share, the audit keeps what the caller is called here
            connection.execute("SELECT set_config('branchline.user', %s, FALSE)", (_caller(),))
            sys.stdout.write(asked.run(connection, asked))
    except (psycopg.Error, BranchlineError) as error:
        sys.stderr.write(f"{_said(error)}\n")
        return REFUSED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m branchline.access", description="Who may see what")
    commands = parser.add_subparsers(required=True)
    for name, run, about in (
        ("list", _list, "who has which role where"),
        ("grant", _grant, "grant an Airflow user a role; again changes nothing"),
        ("revoke", _revoke, "revoke a role, or without one every role of that user there"),
    ):
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        if name != "list":
            command.add_argument("user", help="Airflow user name")
            command.add_argument(
                "role", nargs="?" if name == "revoke" else None, help="SUPER_ADMIN, ADMIN, MANAGER, ..."
            )
        command.add_argument("--client", help="client_id")
        command.add_argument("--location", type=int, help="location_id; none is the whole client")
    return parser


def _list(connection: psycopg.Connection[Any], asked: argparse.Namespace) -> str:
    rows = _held(connection, asked)
    if not rows:
        return "Nobody has a role there.\n"
    lines = [("user", "role", "client", "location", "since", "by")]
    lines += [
        (
            row.user_name or f"{row.person} (no Airflow user)", row.role, row.client_id or "every client",
            "all" if row.location_id is None else f"{row.location_id} {row.location_name or ''}".strip(),
            f"{row.granted_at:%Y-%m-%d}", row.granted_by,
        )
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def _grant(connection: psycopg.Connection[Any], asked: argparse.Namespace) -> str:
    made = one(connection, render("api/access/grant.sql"), _words(asked))
    what = f"{asked.role} {_where(asked.client, asked.location)}"
    return f"{asked.user} is now {what}.\n" if made.is_new else f"{asked.user} was {what} already; nothing changed.\n"


def _revoke(connection: psycopg.Connection[Any], asked: argparse.Namespace) -> str:
    held = _held(connection, asked)
    for row in held:
        connection.execute(render("api/access/revoke.sql"), {"grant_id": row.grant_id})
    if not held:
        return f"{asked.user} was not {asked.role or 'anything'} there; nothing changed. See: list\n"
    return "".join(f"{asked.user} is no longer {row.role} {_where(row.client_id, row.location_id)}.\n" for row in held)


def _held(connection: psycopg.Connection[Any], asked: argparse.Namespace) -> list[Any]:
    return connection.execute(render("api/access/held.sql"), _words(asked)).fetchall()


def _words(asked: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(asked, name, None) for name in ("user", "role", "client", "location")}


def _where(client: str | None, location: int | None) -> str:
    if client is None:
        return "in every client"
    return f"in all of {client}" if location is None else f"at location {location} of {client}"


def _caller() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""


def _said(error: psycopg.Error | BranchlineError) -> str:
    """What happened and what to do, in our functions' own words where they are theirs."""
    match error:
        case errors.InsufficientPrivilege() if error.diag.message_hint is None:
            return f"{error.diag.message_primary}. Rights are given by branchline_migrator: PGUSER names another login."
        case psycopg.Error() if error.diag.message_primary:
            return f"{error.diag.message_primary}. {error.diag.message_hint or ''}".strip()
        case psycopg.OperationalError():
            return f"The warehouse does not answer: {str(error).strip()}. Is it where PGHOST and PGDATABASE say?"
        case _:
            return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
