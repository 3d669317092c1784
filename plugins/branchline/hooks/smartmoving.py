"""How SmartMoving's Open API is spoken to: the key, its refusals, its ignored BranchId. Sections: docs/vendors.md."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from branchline.errors import BranchlineError, Deferred, NotFound, Reconfigure
from branchline.hooks.vendor import VendorHook
from branchline.pages import cut_page
from branchline.sources.smartmoving import SMARTMOVING
from branchline.stream import Source, Stream
from branchline.transport import Transport


def _not_found(status: int, body: bytes) -> type[BranchlineError] | None:
    """An unknown opportunity is a 400 with a message, sometimes a 404 (section 8).

    The lead provider's host answers every other path with an empty 404 (section 1): a connection that names the wrong
    host must not turn every opportunity into a tombstone.
    """
    if status == 404 and not body.strip():
        return Reconfigure
    if status == 404 or (status == 400 and (b"not found" in body.lower() or b"doesn't exist" in body.lower())):
        return NotFound
    return None


def _out_of_quota(status: int, body: bytes) -> type[BranchlineError] | None:
    """The month's calls are used up: the gateway's 403 (section 8); nothing clears it before the 1st or a call pack."""
    return Deferred if status == 403 and b"quota" in body.lower() else None


class SmartMovingHook(VendorHook):
    """SmartMoving behind a connection: host https://api-public.smartmoving.com/v1, password the x-api-key."""

    source: ClassVar[Source] = SMARTMOVING
    ping: ClassVar[str] = "/api/ping"
    refusals = (_not_found, _out_of_quota)

    def headers(self, connection: Any) -> Mapping[str, str]:
        """The key travels as x-api-key, never in the query (section 1)."""
        return {"x-api-key": connection.password or ""}

    async def honours_location(self, transport: Transport, stream: Stream, params: Mapping[str, str]) -> bool:
        """Ask whether BranchId filters the sweep: measured, it is ignored (section 11.1).

        A branch that cannot exist gets everybody where the parameter is ignored and nobody where it is honoured.

        Returns:
            True only if it certainly filters; False also where the window has no customer to tell by.
        """
        everywhere = [*stream.params, *params.items(), ("Page", "1"), ("PageSize", "1")]
        nowhere = [*everywhere, (str(stream.by_location), str(uuid.UUID(int=0)))]
        answers = await asyncio.gather(*(transport.get(stream.path, query) for query in (everywhere, nowhere)))
        here, there = (cut_page(answer.body, stream.paging, doing="Probing BranchId").total for answer in answers)
        return bool(here) and there == 0
