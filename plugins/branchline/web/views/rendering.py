"""A template of include/html as an answer: everything escaped, no script, nothing from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from branchline.warehouse import SQL_ROOT
from branchline.web.views.registry import PAGES

TEMPLATES = SQL_ROOT.parent / "html"
#: Nothing but our own style sheet, our own forms, and Airflow's own frame (T82).
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


@cache
def environment() -> Environment:
    """The templates' environment; a name that a page did not give is an error, not a gap."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_of(request: Request, template: str, *, title: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page.

    Args:
        request: whose address the navigation and the forms are made from.
        template: file of include/html, which extends layout.html.
        title: of the page.
        status: of the answer.
        **values: what the template says.
    """
    body = (
        environment()
        .get_template(template)
        .render(
            title=title,
            pages=[page for page in PAGES if page.destination == "nav"],
            root=request.scope.get("root_path", ""),
            here=request.scope["path"].removeprefix(request.scope.get("root_path", "")),
            asked=request.query_params,
            now=datetime.now(UTC),
            **values,
        )
    )
    return HTMLResponse(body, status, HEADERS)
