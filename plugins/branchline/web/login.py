"""The connection `warehouse_api`: where the warehouse is, and that nobody but `branchline_api` logs in by it."""

from __future__ import annotations

import logging
from typing import Any

from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined] # it is lazy there
from airflow.models.connection import Connection as AirflowConnection
from anyio import to_thread
from psycopg.conninfo import make_conninfo

from branchline.errors import Reconfigure
from branchline.warehouse import connect_async, conninfo_from
from branchline.web.pool import Connection
from branchline.web.problems import unavailable

log = logging.getLogger(__name__)

CONNECTION = "warehouse_api"
ROLE = "branchline_api"
#: Seconds that libpq waits for a server that does not answer at all; it takes no fewer than 2.
CONNECT_SECONDS = 2


async def connection_of(conn_id: str) -> AirflowConnection | None:
    """An Airflow Connection, which holds secrets; None where there is no such connection."""
    try:
        return await to_thread.run_sync(AirflowConnection.get_connection_from_secrets, conn_id)
    except AirflowNotFoundException:
        return None


async def extra_of(conn_id: str) -> dict[str, Any]:
    """The extra of an Airflow Connection; empty where there is no such connection."""
    connection = await connection_of(conn_id)
    return dict(connection.extra_dejson) if connection else {}


async def log_in() -> Connection:
    """Open a connection whose rows depend on who asks.

    Raises:
        Problem: 503, the Airflow Connection is missing, goes in clear text to another machine, or logs in as somebody
            else, by whose role everybody would read everything.
        psycopg.OperationalError: the warehouse does not answer, or refuses the login.
    """
    try:
        airflow = await to_thread.run_sync(AirflowConnection.get_connection_from_secrets, CONNECTION)
        conninfo = make_conninfo(conninfo_from(airflow), connect_timeout=CONNECT_SECONDS)
        connection = await connect_async(conninfo, name="branchline-api")
    except (AirflowNotFoundException, Reconfigure) as error:
        log.error("%s", error)  # noqa: TRY400 - its text is the remedy, where its traceback says nothing
        raise unavailable(
            f"The Airflow connection {CONNECTION} is missing or cannot be used. Its operator finds why in the "
            "api-server's log."
        ) from None
    login = connection.info.user
    if login != ROLE:
        await connection.close()
        log.error("The connection %s logs in as %s: it must be %s", CONNECTION, login, ROLE)
        raise unavailable(f"The Airflow connection {CONNECTION} must log in as {ROLE}. Mend it.")
    return connection
