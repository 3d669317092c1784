"""The databases of the local stack, Airflow's own and the warehouse: roles, passwords, migrations."""

from collections.abc import Mapping

import psycopg
from branchline.errors import BranchlineError
from branchline.migrations import create_roles, upgrade
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError

from stack.airflow import DATABASE as AIRFLOW_DATABASE
from stack.airflow import ROLE as AIRFLOW_ROLE
from stack.credentials import ROLES, password_name
from stack.errors import StackError
from stack.logins import MIGRATOR, WAREHOUSE, warehouse_login
from stack.postgres import Cluster


def prepare_airflow_database(cluster: Cluster, secrets: Mapping[str, str]) -> str:
    """Create Airflow's role and database where they are missing.

    Args:
        cluster: the running cluster.
        secrets: the generated secrets.

    Returns:
        str: the connection string of Airflow's role.
    """
    password = secrets["AIRFLOW_DATABASE_PASSWORD"]
    with psycopg.connect(cluster.admin_conninfo(), autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (AIRFLOW_ROLE,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(AIRFLOW_ROLE)))
        set_password(connection, AIRFLOW_ROLE, password)
    cluster.create_database(AIRFLOW_DATABASE, owner=AIRFLOW_ROLE)
    with psycopg.connect(cluster.admin_conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(AIRFLOW_DATABASE)))
    return cluster.conninfo(AIRFLOW_DATABASE, AIRFLOW_ROLE, password)


def prepare_warehouse(cluster: Cluster, secrets: Mapping[str, str]) -> list[str]:
    """Create the warehouse's database and roles where they are missing, and bring its schema to the newest.

    Args:
        cluster: the running cluster.
        secrets: the generated secrets.

    Returns:
        list[str]: the migrations that were applied.

    Raises:
        StackError: a migration failed; none of it was applied.
    """
    cluster.create_database(WAREHOUSE)
    create_roles(cluster.admin_conninfo(WAREHOUSE))
    with psycopg.connect(cluster.admin_conninfo(WAREHOUSE), autocommit=True) as connection:
        for role in ROLES:
            set_password(connection, role, secrets[password_name(role)])
    try:
        applied = upgrade(warehouse_login(cluster, secrets, MIGRATOR))
    except (psycopg.Error, SQLAlchemyError, BranchlineError) as error:
        raise StackError(f"The warehouse could not be brought to its newest schema: {error}") from error
    grant_admin(cluster.admin_conninfo(WAREHOUSE))
    return applied


def set_password(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    """Give a role its password; what goes over the wire, and could come into a log, is the scram verifier."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))


def grant_admin(conninfo: str) -> None:
    """Let the local UI's admin see and write everything in the warehouse."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT access.grant_role('admin', 'SUPER_ADMIN')")
