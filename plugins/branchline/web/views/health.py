"""Sync health: every stream, what needs a person first."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.views.rendering import page_of


async def show(request: Request, user: Caller) -> Response:
    """The page."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/health.sql", {})
    return page_of(request, "health.html", title="Sync health", rows=rows)
