"""What Arrivy's original command did, as routes: sync everything or one type of entity, and see how it stands."""

from __future__ import annotations

from fastapi import APIRouter

from branchline.sources.arrivy import ARRIVY
from branchline.web.syncs.routes import sync_routes


def arrivy_router() -> APIRouter:
    """The routes below /arrivy that start and tell of syncs."""
    router = APIRouter()
    sync_routes(router, ARRIVY.slug)
    return router
