"""What Airflow knows of the warehouse and of the accounts, read as a task or a callback reads it."""

from __future__ import annotations

from typing import Any

WAREHOUSE = "warehouse"
ACCOUNTS = "branchline_accounts"


def warehouse_conninfo(conn_id: str = WAREHOUSE) -> str:
    """The libpq connection string of an Airflow Connection.

    Raises:
        Reconfigure: the warehouse is another machine, without TLS and without `branchline_insecure` in the extra.
    """
    from airflow.sdk import BaseHook

    from branchline.warehouse import conninfo_from

    return conninfo_from(BaseHook.get_connection(conn_id))


def configured() -> list[dict[str, Any]]:
    """The accounts of the Variable: `source`, `account`, `conn_id`, `client` of each."""
    from airflow.sdk import Variable

    found: list[dict[str, Any]] = Variable.get(ACCOUNTS, deserialize_json=True)
    return found
