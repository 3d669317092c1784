"""Whether SmartMoving answers and accepts the key: one call of it, which the vendor counts."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from airflow.sdk.exceptions import AirflowNotFoundException
from anyio import to_thread

from branchline.errors import BranchlineError
from branchline.hooks.smartmoving import SmartMovingHook
from branchline.transport import Transport

#: Seconds that somebody waits for the vendor; a call of a sync is more patient.
LONGEST = 10.0
#: Seconds for which an answer is told again: each ping is a call of the month's budget.
KEPT = 60.0


class Pings:
    """The last answer of each connection, in one process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._told: dict[str, tuple[float, dict[str, Any]]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask_all(self, accounts: Sequence[Any], *, afresh: bool) -> list[dict[str, Any]]:
        """What `ask` says of each account, by its name; `accounts` are rows of api/accounts.sql."""
        told = await asyncio.gather(*(self.ask(row.conn_id, row.account, afresh=afresh) for row in accounts))
        return [{"account": row.account, **found} for row, found in zip(accounts, told, strict=True)]

    async def ask(self, conn_id: str, account: str, *, afresh: bool) -> dict[str, Any]:
        """Ask the vendor, or tell what it answered within KEPT seconds.

        Args:
            conn_id: the Airflow Connection.
            account: its account.
            afresh: ask in any case.

        Returns:
            ok: whether it answered and took the key. detail: what happened. milliseconds: of the call. asked_at: epoch
            seconds of the call.
        """
        # who comes meanwhile is told what the first one hears
        async with self._asking[conn_id]:
            at, told = self._told.get(conn_id, (0.0, {}))
            if afresh or not told or time.monotonic() - at > KEPT:
                told = await _ping(conn_id, account)
                self._told[conn_id] = (time.monotonic(), told)
            return told


async def _ping(conn_id: str, account: str) -> dict[str, Any]:
    begun = time.monotonic()
    asked_at = int(time.time())
    is_ok, said = True, "smartmoving answers and accepts the key"
    try:
        async with asyncio.timeout(LONGEST):
            # a connection may be read from Airflow's database or a secrets backend, neither of which is asynchronous
            endpoint = await to_thread.run_sync(SmartMovingHook(conn_id, account).endpoint)
            async with Transport(endpoint) as transport:
                await transport.get(SmartMovingHook.ping)
    except TimeoutError:
        is_ok, said = False, f"smartmoving did not answer within {LONGEST:.0f} seconds. Ask again in a moment."
    except AirflowNotFoundException:
        is_ok, said = False, f"There is no Airflow connection {conn_id}. Add it, see README."
    except BranchlineError as error:
        is_ok, said = False, str(error)
    spent = round(1000 * (time.monotonic() - begun))
    return {"ok": is_ok, "detail": said, "milliseconds": spent, "asked_at": asked_at}
