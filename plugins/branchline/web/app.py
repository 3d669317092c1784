"""The application: every route behind Airflow's sign-in, and the reading of lists and documents."""

# Not `from __future__ import annotations`: the form of each list is made here, and FastAPI reads it off the endpoint.
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from branchline.web.access import rights
from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller, user_name
from branchline.web.catalogue import COLLECTIONS, Collection
from branchline.web.documents import account, repair_order
from branchline.web.etag import tagged
from branchline.web.export import Export
from branchline.web.filters import form_of
from branchline.web.inbox.inboxes import Inboxes
from branchline.web.inbox.receiving import inbox, log_in_to_write
from branchline.web.inbox.webhooks import webhooks
from branchline.web.listing import page, question
from branchline.web.login import log_in
from branchline.web.pool import Pool
from branchline.web.problems import MEDIA_TYPE, install
from branchline.web.vendors.arrivy import arrivy_router
from branchline.web.vendors.fms import fms_router
from branchline.web.vendors.integration import integration_router
from branchline.web.vendors.pinging import Pings
from branchline.web.vendors.smartmoving import smartmoving_router
from branchline.web.vendors.tekmetric import tekmetric_router
from branchline.web.views.routes import as_page, pages

#: Connections of one api-server process; each answers some hundred questions a second.
CONNECTIONS = 8
#: Those of the inbox, which must not wait for questions; each takes some hundred events a second.
INBOX_CONNECTIONS = 4
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": "A problem document: what happened, what to do", "content": {MEDIA_TYPE: {}}}
    for status in (400, 401, 403, 422, 503, 504)
}
_BIG = 2**63


def build_app() -> FastAPI:
    """The application that Airflow mounts at the plugin's prefix."""
    app = FastAPI(
        title="Branchline",
        description="The warehouse over HTTP: what an Airflow user may see of it, by role and location.",
        # FastAPI's own would be open to everybody; the one below is not
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        responses=_PROBLEMS,
    )
    app.state.pool = Pool(log_in, CONNECTIONS)
    install(app, as_page)
    signed_in = APIRouter(dependencies=[Depends(user_name)])
    pings = Pings()
    for router in (
        _reading(),
        smartmoving_router(pings),
        integration_router(pings),
        tekmetric_router(),
        fms_router(),
        arrivy_router(),
        webhooks(),
        rights(),
        pages(),
    ):
        signed_in.include_router(router)
    app.include_router(signed_in)
    app.include_router(inbox())
    app.state.inboxes = Inboxes()
    app.state.inbox_pool = Pool(log_in_to_write, INBOX_CONNECTIONS)
    return app


def _reading() -> APIRouter:
    """The routes that read."""
    router = APIRouter()
    for collection in COLLECTIONS:
        _get(router, collection.path, collection.title, _listing(collection))
    _get(router, "/tekmetric/repair-orders/{ro_id}", "One repair order with its jobs and their lines", _repair_order)
    _get(router, "/account", "Who you are, what you see, and the calls of this month", _account)
    _get(router, "/openapi.json", "This API, described", _openapi)
    return router


def _get(router: APIRouter, path: str, summary: str, endpoint: Callable[..., Awaitable[Response]]) -> None:
    tag = path.split("/")[1]
    router.add_api_route(
        path, endpoint, methods=["GET"], summary=summary, response_class=JSONResponse, name=path.strip("/"),
        tags=[tag if path.count("/") > 1 and tag != "sync" else "all sources"],
    )  # fmt: skip


def _listing(collection: Collection) -> Callable[..., Awaitable[Response]]:
    form_type = form_of(collection)

    async def read(request: Request, user: Caller, form: Annotated[form_type, Query()]) -> Response:  # type: ignore[valid-type]
        pool: Pool = request.app.state.pool
        asked: Any = form
        wants_csv = "text/csv" in request.headers.get("Accept", "") if asked.format is None else asked.format == "csv"
        if not wants_csv:
            async with on_behalf_of(pool, user) as asking:
                return await page(asking, collection, asked, request)
        names, params = question(collection, asked, asked.limit)
        return Export(on_behalf_of(pool, user), collection.path.strip("/").replace("/", "-"), names, params)

    return read


async def _repair_order(
    request: Request,
    user: Caller,
    ro_id: Annotated[int, Path(ge=1, lt=_BIG, description="tm_id")],
    shop: Annotated[int | None, Query(ge=1, lt=_BIG, description="tm_shop_id, where several have that number")] = None,
) -> Response:
    async with on_behalf_of(request.app.state.pool, user) as asking:
        return tagged(request, await repair_order(asking, ro_id, shop))


async def _account(request: Request, user: Caller) -> Response:
    async with on_behalf_of(request.app.state.pool, user) as asking:
        return tagged(request, json.dumps(await account(asking, user)).encode())


async def _openapi(request: Request) -> Response:
    described = {**request.app.openapi(), "servers": [{"url": request.scope["root_path"]}]}
    return tagged(request, json.dumps(described).encode())
