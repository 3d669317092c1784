"""What Airflow mounts: the application, built when the first request comes.

Every process of Airflow loads the plugin, each task's too. FastAPI and Airflow's own API cost them seconds to import,
and only the api-server, which has both already, serves anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send


class FrontDoor:
    """An ASGI application that stands for `branchline.web.app`."""

    def __init__(self) -> None:
        self._app: FastAPI | None = None

    @property
    def app(self) -> FastAPI:
        """The application behind the door, the same one at every call."""
        if self._app is None:
            from branchline.web.app import build_app

            self._app = build_app()
        return self._app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and tell what is behind the door in whose application it stands: Airflow's."""
        self.app.state.airflow = scope.get("app")
        await self.app(scope, receive, send)
