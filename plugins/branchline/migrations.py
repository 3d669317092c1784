"""Ordered DDL: every `include/sql/migrations/NNNN_name.sql`, applied once, in one transaction, by alembic.

Alembic keeps the version table, the order and the transaction; its revisions are made from the SQL files' names, so
that a new migration is one SQL file and nothing else. An advisory lock lets one migrator work at a time.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionMap
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from branchline.errors import Reconfigure
from branchline.warehouse import SQL_ROOT, open_plain

MIGRATIONS = SQL_ROOT / "migrations"
_NAME = re.compile(r"^(?P<revision>\d{4})_[a-z0-9_]+\.sql$")
_LOCK = "branchline migrations"


def create_roles(conninfo: str) -> None:
    """Create the roles of the warehouse (include/sql/roles.sql), idempotently, with no password.

    Args:
        conninfo: a connection to the warehouse database as a role that may create roles (the cluster's admin).
    """
    with open_plain(conninfo, autocommit=True) as connection:
        connection.execute((SQL_ROOT / "roles.sql").read_bytes())


def upgrade(conninfo: str, target: str = "head") -> list[str]:
    """Bring the warehouse to the newest migration, or to `target`.

    Args:
        conninfo: a connection to the warehouse as branchline_migrator.
        target: a four-digit revision, or `head`.

    Returns:
        The file names that were applied, in order; empty when the warehouse was there already.

    Raises:
        Reconfigure: the warehouse is at a revision this code does not know (it is newer), or a downgrade was
            asked for: there is none, since a downgrade loses data. Or it is another machine without TLS.
        psycopg.OperationalError: it does not answer, or refuses the login.
    """
    scripts = _scripts()
    # opened here and not by the engine, whose error would carry psycopg's own with every word of the connection
    opened = open_plain(conninfo)
    engine = create_engine("postgresql+psycopg://", creator=lambda: opened, poolclass=NullPool)
    applied: list[str] = []
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_LOCK,))
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS ops")

        def steps(current: tuple[str, ...], _context: Any) -> list[Any]:
            at = current[0] if current else None
            _refuse_unknown(scripts, at, target)
            planned = scripts._upgrade_revs(target, at)  # type: ignore[arg-type]
            applied.extend(Path(step.revision.path).name for step in planned)
            return planned

        context = MigrationContext.configure(
            connection,
            opts={"fn": steps, "version_table_schema": "ops", "version_table": "schema_version"},
        )
        context.run_migrations(connection=connection)
    engine.dispose()
    return applied


def _scripts() -> ScriptDirectory:
    """The migrations as alembic sees them: one revision a SQL file, each after the one before it."""
    directory = ScriptDirectory(str(MIGRATIONS))
    revisions: list[Script] = []
    for path in sorted(MIGRATIONS.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise Reconfigure("Reading the migrations", f"{path.name} is not named NNNN_words.sql")
        module = ModuleType(path.stem)
        module.__doc__ = path.stem
        module.__dict__["down_revision"] = revisions[-1].revision if revisions else None
        module.__dict__["upgrade"] = _runner(path)
        revisions.append(Script(module, match["revision"], path))
    directory.revision_map = RevisionMap(lambda: iter(revisions))
    return directory


def _runner(path: Path) -> Any:
    def run(connection: Any, **_: Any) -> None:
        # The driver's own cursor, with no parameters: several statements in one call, and % is a plain character.
        connection.connection.driver_connection.execute(path.read_bytes())

    return run


def _refuse_unknown(scripts: ScriptDirectory, at: str | None, target: str) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if at is not None and at not in known:
        raise Reconfigure(
            "Migrating the warehouse",
            f"it stands at revision {at}, newer than this code, which ends at {max(known)}",
        )
    if target != "head" and at is not None and target < at:
        raise Reconfigure(
            "Migrating the warehouse",
            f"revision {target} was asked for and it stands at {at}; there is no downgrade, restore a backup instead",
        )
