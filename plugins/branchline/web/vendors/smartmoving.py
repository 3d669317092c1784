"""What SmartMoving's original sync endpoints did: start syncs, tell how they stand, ping, hand over the two days."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from branchline.sources.smartmoving import SMARTMOVING
from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.documents import accounts_of
from branchline.web.etag import tagged
from branchline.web.syncs.routes import status_route, sync_routes
from branchline.web.syncs.triggers import Trigger
from branchline.web.vendors.pinging import Pings

#: The status of every stream, whatever started it.
EVERYTHING = Trigger("/smartmoving/sync/status", "How every stream stands", SMARTMOVING)

_Location = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="location_id: see /locations")]
_Limit = Annotated[int, Query(ge=0, le=1000, description="Most rows of each list; totals and branches count all")]


def smartmoving_router(pings: Pings) -> APIRouter:
    """The routes below /smartmoving that are no lists."""
    router = APIRouter()
    sync_routes(router, SMARTMOVING.slug)

    async def ping(request: Request, user: Caller) -> Response:
        async with on_behalf_of(request.app.state.pool, user) as asking:
            accounts = await accounts_of(asking, SMARTMOVING.slug)
        found = await pings.ask_all(accounts, afresh=False)
        return JSONResponse({"accounts": found}, headers={"Cache-Control": "no-store"})

    for path, endpoint, title in (
        (EVERYTHING.path, status_route(EVERYTHING), EVERYTHING.title),
        ("/smartmoving/data/complete", _data_complete, "Branches, customers, jobs and journeys of today and tomorrow"),
        ("/smartmoving/test", ping, "Ping the vendor; its answer is kept for a minute"),
    ):
        router.add_api_route(
            path, endpoint, methods=["GET"], summary=title, response_class=JSONResponse, name=path.strip("/"),
            tags=[SMARTMOVING.slug],
        )  # fmt: skip
    return router


async def _data_complete(request: Request, user: Caller, location: _Location = None, limit: _Limit = 500) -> Response:
    async with on_behalf_of(request.app.state.pool, user) as asking:
        (row,) = await asking.rows("api/smartmoving/data_complete.sql", {"location": location, "most": limit})
    return tagged(request, row.body.encode())
