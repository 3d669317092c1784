"""The routes of the pages, and the style sheet that they share."""

from __future__ import annotations

from importlib import import_module
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.responses import RedirectResponse

from branchline.web.problems import Problem
from branchline.web.views.registry import PAGES
from branchline.web.views.rendering import TEMPLATES, page_of


def pages() -> APIRouter:
    """One route a page: `show` of the module of its name. A module's further routes are its `router`, if it has one."""
    router = APIRouter(prefix="/pages", include_in_schema=False)
    router.add_api_route("/style.css", _style, response_class=FileResponse, summary="The pages' style sheet")
    for page in PAGES:
        module = import_module(f"branchline.web.views.{page.name}")
        path = page.path.removeprefix("/pages")
        router.add_api_route(path, module.show, response_class=HTMLResponse, summary=page.title, name=page.name)
        if hasattr(module, "router"):
            router.include_router(module.router)
    return router


async def _style() -> Response:
    return FileResponse(TEMPLATES / "style.css", media_type="text/css", headers={"Cache-Control": "private, no-cache"})


def as_page(request: Request, problem: Problem) -> Response | None:
    """A refusal as a page, where a browser asked for a page; who is not signed in is led to Airflow's login.

    Returns:
        None where no browser reads it: a problem document says it better.
    """
    root = str(request.scope.get("root_path", ""))
    path = request.scope["path"].removeprefix(root)
    if not path.startswith("/pages/") or "text/html" not in request.headers.get("Accept", ""):
        return None
    if problem.status == 401 and request.method == "GET":
        airflow = root.removesuffix("/branchline")
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{airflow}/api/v2/auth/login?{urlencode({'next': here})}", 303)
    title = {401: "Sign in", 403: "Not for your role", 404: "Not found", 503: "The warehouse does not answer"}
    return page_of(
        request, "refused.html", title=title.get(problem.status, "This did not work"), status=problem.status,
        detail=problem.detail,
    )  # fmt: skip
