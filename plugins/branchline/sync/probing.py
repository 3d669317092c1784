"""What a vendor has to be asked before its sweep is planned, remembered for a day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from branchline import ledger
from branchline.errors import TryLater
from branchline.limits import calls_made
from branchline.stream import Stream
from branchline.sync.run import Connection, Sync
from branchline.transport import Endpoint, Transport

log = logging.getLogger(__name__)

#: A probed fact about the vendor is believed for this many seconds.
FACT_SECONDS = 24 * 3600


class Probe(Protocol):
    """Asks a vendor whether it honours the location parameter of a stream."""

    async def honours_location(self, transport: Transport, stream: Stream, params: Mapping[str, str]) -> bool:
        """True only if it certainly does."""


def honours_location(
    connection: Connection,
    sync: Sync,
    stream: Stream,
    endpoint: Endpoint,
    probe: Probe | None,
    days: Sequence[date],
) -> bool:
    """Whether the vendor filters by location: asked once a day, remembered in ops.sync_cursors."""
    assert probe is not None
    assert stream.window is not None
    where = (sync.source.slug, sync.account.account, stream.name, "honours_location")
    fact = ledger.read_fact(connection, *where)
    # A fact of the future was written by a wrong clock: believed, it would hold until that day comes (T64).
    if fact is not None and 0 <= fact.age.total_seconds() < FACT_SECONDS:
        return bool(fact.cursor_value)
    params = dict(zip(stream.window, (f"{days[0]:%Y%m%d}", f"{days[-1]:%Y%m%d}"), strict=True))

    async def ask() -> tuple[bool, int]:
        async with Transport(endpoint) as transport:
            return await probe.honours_location(transport, stream, params), transport.calls

    try:
        honoured, calls = asyncio.run(ask())
    except TryLater as error:
        # Sweeping the company whole is right either way; the sweep's own calls will tell how the vendor is.
        log.warning("whether %s filters by location could not be asked now: %s", stream.name, error)
        return bool(fact is not None and fact.cursor_value)
    with connection.transaction():
        ledger.write_fact(connection, *where, honoured)
        connection.execute(*calls_made(sync.source.slug, sync.account.account, {"reference": calls}))
    return honoured
