"""One request, one transaction of one person: PostgreSQL decides on every row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from branchline.warehouse import render
from branchline.web.pool import Connection, Pool

STATEMENT = "5s"
#: The whole of a request, however slowly its answer is taken off: an export holds a connection as long as it streams.
TRANSACTION = "60s"
#: The group of those who see journeys without money: no login, the api becomes it for them (SECURITY.md).
CREW = "branchline_crew"


@dataclass(frozen=True)
class Asking:
    """A person's transaction.

    Attributes:
        connection: inside the transaction, with the person's rights.
        roles: what the person is: rows of role, client_id, location_id, reads_all; none for somebody unknown.
    """

    connection: Connection
    roles: tuple[Any, ...]

    @property
    def is_crew(self) -> bool:
        """Whether the person has roles, and none that reads more than journeys."""
        return bool(self.roles) and not any(role.reads_all for role in self.roles)

    async def rows(self, template: str, params: dict[str, Any], **names: Any) -> list[Any]:
        """The rows of a file of include/sql."""
        cursor = await self.connection.execute(render(template, **names), params)
        return await cursor.fetchall()


@asynccontextmanager
async def on_behalf_of(pool: Pool, user: str, *, writes: bool = False) -> AsyncIterator[Asking]:
    """A transaction that sees what an Airflow user may see, in one snapshot; nothing for a user nobody has mapped.

    Args:
        pool: where connections come from.
        user: the Airflow user's name.
        writes: the transaction may write what the person may; else it is read only.

    Raises:
        Problem: 503, there is no connection to be had.
        psycopg.OperationalError: the warehouse does not answer.
    """
    async with pool.lend() as connection:
        await connection.set_read_only(not writes)
        # what is read in order to write is the newest, and waits for whoever else writes it
        level = psycopg.IsolationLevel.READ_COMMITTED if writes else psycopg.IsolationLevel.REPEATABLE_READ
        await connection.set_isolation_level(level)
        async with connection.transaction():
            await connection.execute(
                render("api/begin.sql"), {"user": user, "statement": STATEMENT, "transaction": TRANSACTION}
            )
            roles = await (await connection.execute(render("api/roles.sql"))).fetchall()
            asking = Asking(connection, tuple(roles))
            if asking.is_crew:
                await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(CREW)))
            yield asking
