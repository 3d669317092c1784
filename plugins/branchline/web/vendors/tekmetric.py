"""What Tekmetric's original endpoints did: sync by entity or one order, read everything, see the work in progress."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from branchline.sources.tekmetric import TEKMETRIC
from branchline.web.as_caller import AsCaller
from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.etag import tagged
from branchline.web.syncs.routes import accepted, status_route, sync_routes
from branchline.web.syncs.starting import Words, start
from branchline.web.syncs.triggers import Trigger

#: One order, asked for by its id whatever the cursor says: of all streams that one alone is read.
ONE_ORDER = Trigger(
    "/tekmetric/sync/repair-orders/{ro_id}", "Sync one repair order by its id", TEKMETRIC, ("named_orders",)
)

_RoId = Annotated[int, Path(ge=1, lt=2**63, description="tm_id")]
_Shop = Annotated[int | None, Query(ge=1, lt=2**63, description="tm_shop_id, of one shop alone")]


def tekmetric_router() -> APIRouter:
    """The routes below /tekmetric that start and tell of syncs, and the work in progress."""
    router = APIRouter()
    sync_routes(router, TEKMETRIC.slug)
    router.add_api_route(
        ONE_ORDER.path, _sync_one, methods=["POST"], summary=ONE_ORDER.title, status_code=202,
        response_class=JSONResponse, name="start tekmetric/sync/repair-order", tags=[TEKMETRIC.slug],
    )  # fmt: skip
    router.add_api_route(
        ONE_ORDER.path, status_route(ONE_ORDER), methods=["GET"], summary=f"What came of it: {ONE_ORDER.title}",
        response_class=JSONResponse, name="tekmetric/sync/repair-order", tags=[TEKMETRIC.slug],
    )  # fmt: skip
    router.add_api_route(
        "/tekmetric/work-in-progress", _work_in_progress, methods=["GET"],
        summary="Open orders by shop and status: how many, their value and hours", response_class=JSONResponse,
        name="tekmetric/work-in-progress", tags=[TEKMETRIC.slug],
    )  # fmt: skip
    return router


async def _sync_one(request: Request, airflow: AsCaller, ro_id: _RoId, _words: Annotated[Words, Query()]) -> Response:
    conf = {"ids": {name: [str(ro_id)] for name in ONE_ORDER.streams}}
    one = replace(ONE_ORDER, path=ONE_ORDER.path.format(ro_id=ro_id))
    return accepted(await start(airflow, one, conf, request.scope["root_path"]))


async def _work_in_progress(request: Request, user: Caller, shop: _Shop = None) -> Response:
    async with on_behalf_of(request.app.state.pool, user) as asking:
        (row,) = await asking.rows("api/tekmetric/work_in_progress.sql", {"shop": shop})
    return tagged(request, row.body.encode())
