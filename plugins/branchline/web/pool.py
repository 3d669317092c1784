"""Connections to the warehouse as `branchline_api`: a few, kept open, lent to one request at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from branchline.web.problems import unavailable

log = logging.getLogger(__name__)

#: A request that waits longer for its turn is told so.
WAIT_SECONDS = 3.0

Connection = psycopg.AsyncConnection[Any]


class Pool:
    """At most `size` connections, opened when they are needed."""

    def __init__(self, open_one: Callable[[], Awaitable[Connection]], size: int) -> None:
        """Take what opens a connection, and how many there may be."""
        self._open = open_one
        self._turns = asyncio.Semaphore(size)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Connection]:
        """Lend a connection that works.

        Raises:
            Problem: 503, all are lent and stay so.
            psycopg.OperationalError: the warehouse does not answer.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise unavailable("Too many questions at once. Ask again in a moment.") from None
        try:
            connection = await self._kept() or await self._open()
            try:
                yield connection
            finally:
                await self._take_back(connection)
        finally:
            self._turns.release()

    async def close(self) -> None:
        """Close what is kept open."""
        while self._idle:
            await self._idle.pop().close()

    async def _kept(self) -> Connection | None:
        """The connection given back last that still answers: a server that was restarted has closed them all."""
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.execute("")
            except psycopg.Error:
                log.info("The warehouse closed a connection; opening another")
                await connection.close()
            else:
                return connection
        return None

    async def _take_back(self, connection: Connection) -> None:
        if connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append(connection)
