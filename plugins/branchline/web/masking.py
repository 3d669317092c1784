"""The inbox's paths without their tokens, for whatever writes paths down: the access log, problem documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: What follows the source, or, in a path that was entered without one, whatever follows.
_SECRET = re.compile(r"(/branchline/+inbox/+(?:[a-z]+/+)?)[^/].*", re.DOTALL)


def masked(path: str) -> str:
    """A path as it may be written down."""
    return _SECRET.sub(r"\1***", path) if "inbox" in path else path


class MaskedPaths:
    """An ASGI middleware that shows the inbox's path to the application, and a masked one to what stands around it.

    Airflow's access log, and uvicorn's where somebody turns it on, read the path of the request's own scope when it
    has been answered. A filter on their loggers would depend on how each of them writes.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Take what it stands in front of."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        path = scope.get("path", "")
        shown = masked(path)
        if shown == path:
            await self.app(scope, receive, send)
            return
        inner = dict(scope)
        scope["path"] = shown
        scope["raw_path"] = shown.encode(errors="replace")
        await self.app(inner, receive, send)
