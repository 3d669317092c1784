"""T88: each way into the warehouse is a role of its own, and none does what another is for."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from branchline import migrations
from psycopg.errors import InsufficientPrivilege, QueryCanceled, ReadOnlySqlTransaction

from tests.access.conftest import Loaded

SCHEMAS = ("smartmoving", "crm", "core", "access", "ops", "landing", "public")
LOGINS = ("migrator", "loader", "reader", "api", "operator")


def denied(connection: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(InsufficientPrivilege), connection.transaction():
        connection.execute(statement.encode())


def test_no_role_is_more_than_it_is_for(loaded: Loaded) -> None:
    rows = loaded.warehouse.rows(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication, rolcanlogin, "
        "ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = pg_roles.oid) AS member_of "
        "FROM pg_roles WHERE rolname ~ '^branchline_' ORDER BY 1",
        role="admin",
    )
    assert [row.rolname for row in rows] == sorted(f"branchline_{name}" for name in (*LOGINS, "crew"))
    for row in rows:
        assert not any((row.rolsuper, row.rolcreaterole, row.rolcreatedb, row.rolbypassrls, row.rolreplication)), row
        assert row.rolcanlogin is (row.rolname != "branchline_crew")
        assert row.member_of == (["branchline_crew"] if row.rolname == "branchline_api" else [])
    (membership,) = loaded.warehouse.rows(
        "SELECT inherit_option, set_option, admin_option FROM pg_auth_members WHERE member = 'branchline_api'::regrole",
        role="admin",
    )
    assert tuple(membership) == (False, True, False)


def test_only_the_migrator_does_ddl(loaded: Loaded) -> None:
    for name in ("loader", "api", "reader", "operator"):
        with loaded.as_login(f"branchline_{name}", "SET TRANSACTION READ WRITE") as connection:
            for schema in SCHEMAS:
                denied(connection, f"CREATE TABLE {schema}.made (n integer)")
                denied(connection, f"CREATE VIEW {schema}.made AS SELECT 1 AS n")
                denied(connection, f"CREATE FUNCTION {schema}.made() RETURNS integer LANGUAGE sql RETURN 1")
                denied(connection, f"CREATE SEQUENCE {schema}.made")
            for table in ("smartmoving.customers", "crm.truck_journeys", "core.clients", "ops.sync_history",
                          "landing.records", "landing.records_overflow"):  # fmt: skip
                denied(connection, f"TRUNCATE {table}")
                denied(connection, f"DROP TABLE {table}")
                denied(connection, f"ALTER TABLE {table} ADD COLUMN made integer")
                denied(connection, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
                denied(connection, f"CREATE INDEX ON {table} (ctid)")
                denied(connection, f"COMMENT ON TABLE {table} IS 'made'")
            denied(connection, "CREATE SCHEMA made")
            denied(connection, "DROP SCHEMA crm CASCADE")
            denied(connection, "DROP FUNCTION access.me()")
            denied(connection, "CREATE ROLE made")
            denied(connection, "UPDATE ops.schema_version SET version_num = '9999'")
            denied(connection, "COPY (SELECT 1) TO PROGRAM 'true'")
            denied(connection, "SELECT pg_read_file('PG_VERSION')")


def test_the_migrator_migrates_and_is_no_superuser(loaded: Loaded) -> None:
    with loaded.as_login("branchline_migrator") as connection:
        connection.execute("CREATE TABLE crm.made (n integer)")
        connection.execute("DROP TABLE crm.made")
        for statement in (
            "CREATE ROLE made",
            "ALTER ROLE branchline_reader BYPASSRLS",
            "SET LOCAL ROLE postgres",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('PG_VERSION')",
        ):
            denied(connection, statement)


@pytest.mark.parametrize("role", ["branchline_reader", "branchline_api", "test_manager", "test_dispatcher"])
def test_a_question_may_take_five_seconds(loaded: Loaded, role: str) -> None:
    """A login of one's own inherits no setting of the groups it is in: the limit is the database's."""
    with loaded.as_login(role) as connection:
        row = connection.execute("SELECT current_setting('statement_timeout') AS patience").fetchone()
        assert row is not None
        assert row.patience == "5s"


@pytest.mark.parametrize("role", ["branchline_loader", "branchline_migrator", "branchline_operator"])
def test_work_may_take_longer(loaded: Loaded, role: str) -> None:
    with loaded.as_login(role) as connection:
        row = connection.execute("SELECT current_setting('statement_timeout') AS patience").fetchone()
        assert row is not None
        assert row.patience == "0"


def test_a_question_that_takes_longer_is_ended(loaded: Loaded) -> None:
    patience = "SET LOCAL statement_timeout = '50ms'"
    with loaded.as_login("branchline_reader", patience) as connection, pytest.raises(QueryCanceled):
        connection.execute("SELECT pg_sleep(6)")


@pytest.mark.parametrize("role", ["branchline_reader", "branchline_operator"])
def test_reading_roles_begin_read_only(loaded: Loaded, role: str) -> None:
    with loaded.as_login(role) as connection, pytest.raises(ReadOnlySqlTransaction):
        connection.execute("CREATE TABLE public.made (n integer)")


def test_the_operator_reads_every_row_of_the_warehouse_and_no_payload(loaded: Loaded) -> None:
    with loaded.as_login("branchline_operator", "SET TRANSACTION READ WRITE") as connection:
        for table in loaded.tables:
            count = connection.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
            assert count is not None
            assert count.n == sum(row.table == table for row in loaded.rows), table
        for table in ("ops.sync_history", "core.clients", "access.grants", "crm.truck_journeys"):
            for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES", f"TRUNCATE {table}"):
                denied(connection, statement)
        denied(connection, "SELECT FROM landing.records")


def test_nobody_else_connects(loaded: Loaded) -> None:
    """Airflow's own login, say, lives in the same cluster."""
    loaded.warehouse.execute("CREATE ROLE test_stranger LOGIN")
    try:
        (row,) = loaded.warehouse.rows(
            "SELECT has_database_privilege('test_stranger', current_database(), 'CONNECT') AS connects, "
            "has_database_privilege('branchline_reader', current_database(), 'TEMPORARY') AS builds, "
            "has_database_privilege('branchline_crew', current_database(), 'CONNECT') AS crew, "
            "has_schema_privilege('test_stranger', 'public', 'USAGE') AS sees",
            role="admin",
        )
        assert tuple(row) == (False, False, True, False)
    finally:
        loaded.warehouse.execute("DROP ROLE test_stranger")


def test_making_the_roles_again_changes_nothing(loaded: Loaded) -> None:
    question = (
        "SELECT rolname, rolconfig, rolsuper, rolcanlogin, (SELECT array_agg(setconfig::text ORDER BY setdatabase, "
        "setrole) FROM pg_db_role_setting), (SELECT datacl::text FROM pg_database WHERE datname = current_database()) "
        "FROM pg_roles WHERE rolname ~ '^branchline_' ORDER BY 1"
    )
    before = loaded.warehouse.rows(question, role="admin")
    migrations.create_roles(loaded.warehouse.admin)
    assert loaded.warehouse.rows(question, role="admin") == before
