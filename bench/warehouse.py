"""Throwaway databases for the measurements, all in one cluster, so that every side meets the same PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from branchline import migrations
from psycopg import sql
from psycopg.conninfo import make_conninfo

from stack.postgres import Cluster
from stack.testing import fresh_database, login, prepare_template, temporary_cluster

PASSWORD = "only-in-benchmarks"
TEMPLATE = "bench_template"
LOADED = (
    "smartmoving.customers", "smartmoving.customer_phones", "smartmoving.swept_opportunities",
    "smartmoving.swept_jobs", "crm.truck_journeys",
)  # fmt: skip


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster with a migrated template."""

    def prepare(conninfo: str) -> None:
        migrations.create_roles(conninfo)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            for role in ("branchline_migrator", "branchline_loader"):
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(PASSWORD))
                )
        migrations.upgrade(login(conninfo, "branchline_migrator", PASSWORD))

    with temporary_cluster() as started:
        prepare_template(started, TEMPLATE, prepare)
        yield started


@contextmanager
def database(started: Cluster, template: str | None = TEMPLATE) -> Iterator[str]:
    """A fresh database; the admin's connection string."""
    with fresh_database(started, template) as conninfo:
        if template:
            with psycopg.connect(conninfo, autocommit=True) as connection:
                # what a copied database does not bring along: its rights
                connection.execute((migrations.SQL_ROOT / "roles.sql").read_bytes())
        yield conninfo


def loader(conninfo: str) -> str:
    """The same database as the loader."""
    return login(conninfo, "branchline_loader", PASSWORD)


def url(conninfo: str) -> str:
    """A connection string as a URL."""
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['dbname']}"


def counts(conninfo: str) -> dict[str, int]:
    """Rows of the loaded tables."""
    with psycopg.connect(conninfo) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0] for table in LOADED
        }


def rows(conninfo: str, table: str) -> int:
    """Rows of one table."""
    with psycopg.connect(conninfo) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0])


def written(conninfo: str) -> int:
    """Tuples that the warehouse's schemas had written so far (pg_stat_user_tables)."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        row = connection.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables "
            "WHERE schemaname IN ('smartmoving', 'tekmetric', 'fms', 'arrivy', 'crm', 'core')"
        ).fetchall()[0]
    return int(row[0])


def without_password(conninfo: str) -> str:
    """For printing."""
    return make_conninfo(conninfo, password="")
