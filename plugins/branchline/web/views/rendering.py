"""A template of include/html as an answer: everything escaped, no script, nothing from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from branchline.warehouse import SQL_ROOT
from branchline.web.views.registry import PAGES, PREFIX
from branchline.web.views.words import count, instant, percent, span

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
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"span": span, "instant": instant, "number": count}
    made.globals |= {"percent": percent}
    return made


def page_of(request: Request, template: str, *, title: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page.

    Args:
        request: whose address the navigation and the forms are made from.
        template: file of include/html, which extends layout.html.
        title: of the page.
        status: of the answer.
        **values: what the template says.
    """
    root = str(request.scope.get("root_path", ""))
    body = (
        environment()
        .get_template(template)
        .render(
            title=title,
            pages=[page for page in PAGES if page.destination == "nav"],
            root=root,
            # where Airflow's own pages are
            airflow=root.removesuffix(PREFIX),
            here=request.scope["path"].removeprefix(root),
            asked=request.query_params,
            again=partial(_again, request),
            now=datetime.now(UTC),
            **values,
        )
    )
    return HTMLResponse(body, status, HEADERS)


def _again(request: Request, **changes: Any) -> str:
    """The query of this very page with something else in it; None leaves a parameter out."""
    asked = {name: value for name, value in request.query_params.items() if value} | changes
    return "?" + urlencode({name: value for name, value in asked.items() if value is not None})
