"""Sync health: every stream, what needs a person first; and the runbook that its remedies point into."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from branchline.warehouse import SQL_ROOT
from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.problems import Problem
from branchline.web.views.forms import Form, Word
from branchline.web.views.rendering import page_of

RUNBOOK = SQL_ROOT.parents[1] / "docs" / "runbook.md"
_URGENCY = {"error": 0, "warning": 1, "info": 2}

router = APIRouter()


class Asked(Form):
    """One source, one state, or the places of one stream."""

    account: Word = None
    severity: Word = None
    stream: Word = None


async def show(request: Request, user: Caller, form: Annotated[Asked, Query()]) -> Response:
    """The streams by source; of a chosen stream its places."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/health.sql", form.params)
        (strip,) = await asking.rows("pages/strip.sql", {})
        places = await asking.rows("pages/places.sql", form.params) if form.source and form.stream else []
    sources: dict[tuple[str, str], list[object]] = {}
    for row in rows:  # the worst first, so a source stands where its worst stream does
        sources.setdefault((row.source, row.account), []).append(row)
    worst = min((row.severity for row in rows), key=_URGENCY.__getitem__, default="info")
    return page_of(
        request, "health.html", title="Sync health", strip=strip, sources=sources, worst=worst, places=places, form=form
    )


@router.get("/runbook", response_class=HTMLResponse, summary="The runbook")
async def runbook(request: Request) -> Response:
    """The runbook, as it is written, a heading at a time."""
    if not RUNBOOK.is_file():
        raise Problem(404, "The runbook is not installed here. Read docs/runbook.md of the project.")
    sections: list[tuple[str, str, str]] = []
    for part in re.split(r"^## ", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        sections.append((anchor(heading), heading, text.strip()))
    return page_of(request, "runbook.html", title="Runbook", sections=sections)


def anchor(heading: str) -> str:
    """What a heading is linked by, as Markdown's renderers make it."""
    return re.sub(r"[^a-z0-9 -]", "", heading.strip().lower()).replace(" ", "-")
