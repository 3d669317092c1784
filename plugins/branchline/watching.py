"""What starts the runs of an inbox: an asset whose watcher looks, in the triggerer, whether events wait."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetWatcher, BaseHook
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

if TYPE_CHECKING:
    from branchline.stream import Source

log = logging.getLogger(__name__)

#: Seconds between two looks.
EVERY = 2.0
#: A run that was asked for and has taken nothing for so long is asked for again: its DAG was paused, or it failed.
AGAIN = 300.0


def inbox_of(source: Source) -> Asset:
    """The asset that says that a source's inbox has something to work off."""
    name = f"{source.slug}_inbox"
    watcher = AssetWatcher(name=name, trigger=EventsWaiting(source.slug))
    return Asset(name=name, uri=f"branchline://inbox/{source.slug}", watchers=[watcher])


class EventsWaiting(BaseEventTrigger):
    """Fires once for all that waits, however much it is, and again when a run has taken the oldest of it."""

    def __init__(self, source: str, conn_id: str = "warehouse") -> None:
        """Take the vendor's slug and the Airflow Connection of the loader."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.source = source
        self.conn_id = conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What the triggerer builds it from again; the same for each triggerer, so that it is one trigger."""
        return "branchline.watching.EventsWaiting", {"source": self.source, "conn_id": self.conn_id}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, for as long as the triggerer runs; a warehouse that is away is waited for."""
        # not while a DAG file is parsed
        import psycopg

        fired, fired_at = None, 0.0
        while True:
            try:
                async for oldest in self._looks():
                    if oldest is not None and (oldest != fired or time.monotonic() - fired_at > AGAIN):
                        fired, fired_at = oldest, time.monotonic()
                        yield TriggerEvent({"source": self.source, "oldest": oldest})  # type: ignore[no-untyped-call]
            except psycopg.OperationalError as error:
                log.warning("The warehouse does not answer (%s); looking again", type(error).__name__)
            await asyncio.sleep(EVERY)

    async def _looks(self) -> AsyncIterator[int | None]:
        """The oldest event that waits, again and again on one connection."""
        from branchline.warehouse import connect_async, conninfo_from, render

        conninfo = conninfo_from(await BaseHook.aget_connection(self.conn_id))
        connection = await connect_async(conninfo, name=f"{self.source}_inbox.watch")
        async with connection:
            while True:
                cursor = await connection.execute(render("inbox/waiting.sql"), {"source": self.source})
                row: Any = await cursor.fetchone()
                yield row.event_id
                await asyncio.sleep(EVERY)
