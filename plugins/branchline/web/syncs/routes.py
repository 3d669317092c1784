"""The routes of what can be started, the same for every source: POST starts it, GET tells what came of it."""

# Not `from __future__ import annotations`: the query of each route is made here, and FastAPI reads it off the endpoint.
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from branchline.web.as_caller import AsCaller
from branchline.web.caller import Caller
from branchline.web.etag import tagged
from branchline.web.syncs.starting import conf_of, form_of, start, words_of
from branchline.web.syncs.status import status_of
from branchline.web.syncs.triggers import TRIGGERS, Trigger

_RunId = Annotated[str | None, Query(min_length=1, max_length=250, description="A run, instead of the last ones")]


def sync_routes(router: APIRouter, source: str) -> None:
    """Put the routes of a source's triggers into its router."""
    for trigger in TRIGGERS:
        if trigger.source.slug != source:
            continue
        router.add_api_route(
            trigger.path, _starting(trigger), methods=["POST"], summary=trigger.title, status_code=202,
            response_class=JSONResponse, name=f"start {trigger.path.strip('/')}", tags=[source],
            openapi_extra={"requestBody": {"content": {"application/json": {"schema": form_of(trigger)}}}},
        )  # fmt: skip
        router.add_api_route(
            trigger.status_path, status_route(trigger), methods=["GET"], summary=f"What came of it: {trigger.title}",
            response_class=JSONResponse, name=trigger.status_path.strip("/"), tags=[source],
        )  # fmt: skip


def status_route(trigger: Trigger) -> Callable[..., Awaitable[Response]]:
    """The endpoint that tells how a trigger's syncs stand."""

    async def read(request: Request, user: Caller, airflow: AsCaller, run_id: _RunId = None) -> Response:
        found = await status_of(request.app.state.pool, user, airflow, trigger, run_id)
        return tagged(request, json.dumps(found).encode())

    return read


def _starting(trigger: Trigger) -> Callable[..., Awaitable[Response]]:
    words_type = words_of(trigger)

    async def begin(request: Request, airflow: AsCaller, words: Annotated[words_type, Query()]) -> Response:  # type: ignore[valid-type]
        asked: Any = words
        started = await start(airflow, trigger, await conf_of(trigger, request, asked), request.scope["root_path"])
        return accepted(started)

    return begin


def accepted(started: dict[str, Any]) -> Response:
    """The answer to what was started: what `start` tells, and where its status is told."""
    return JSONResponse(started, 202, {"Location": started["status"], "Cache-Control": "no-store"})
