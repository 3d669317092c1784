"""What FMS's original endpoints did: start the nightly sync by hand, see how it stands and how it is set up."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from branchline.sources.fms import FMS, FMS_WORKBOOKS
from branchline.web.as_caller import AsCaller
from branchline.web.etag import tagged
from branchline.web.syncs.routes import sync_routes
from branchline.web.syncs.schedules import schedule


def fms_router() -> APIRouter:
    """The routes below /fms that start and tell of syncs."""
    router = APIRouter()
    sync_routes(router, FMS.slug)
    router.add_api_route(
        "/fms/sync-config", _config, methods=["GET"], summary="What the sync reads, when, and what people load",
        response_class=JSONResponse, name="fms/sync-config", tags=[FMS.slug],
    )  # fmt: skip
    return router


async def _config(request: Request, airflow: AsCaller) -> Response:
    """What is read and when. The reports' URLs are secrets: they are in no answer."""
    found = {
        "reports": [{"report": stream.name, "table": f"{FMS.slug}.{stream.root}"} for stream in FMS.streams],
        "schedule": await schedule(airflow, FMS.slug),
        # the workbooks that people fill in: what lies new in the folder is loaded by this DAG
        "manual_only": [stream.name for stream in FMS_WORKBOOKS.streams],
        "workbooks": {"dag_id": "fms_workbooks", "schedule": await schedule(airflow, "fms_workbooks")},
    }
    return tagged(request, json.dumps(found).encode())
