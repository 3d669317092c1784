"""What Tekmetric's original endpoints did: sync by entity, read everything, and see the work in progress."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from branchline.sources.tekmetric import TEKMETRIC
from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.etag import tagged
from branchline.web.syncing import sync_routes

_Shop = Annotated[int | None, Query(ge=1, lt=2**63, description="tm_shop_id, of one shop alone")]


def tekmetric_router() -> APIRouter:
    """The routes below /tekmetric that start and tell of syncs, and the work in progress."""
    router = APIRouter()
    sync_routes(router, TEKMETRIC.slug)
    router.add_api_route(
        "/tekmetric/work-in-progress", _work_in_progress, methods=["GET"],
        summary="Open orders by shop and status: how many, their value and hours", response_class=JSONResponse,
        name="tekmetric/work-in-progress", tags=[TEKMETRIC.slug],
    )  # fmt: skip
    return router


async def _work_in_progress(request: Request, user: Caller, shop: _Shop = None) -> Response:
    async with on_behalf_of(request.app.state.pool, user) as asking:
        (row,) = await asking.rows("api/tekmetric/work_in_progress.sql", {"shop": shop})
    return tagged(request, row.body.encode())
