"""Branches by day: the picture in which one branch that silently reads nothing is seen."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.filters import literally
from branchline.web.views.forms import Form, Word
from branchline.web.views.rendering import page_of

DAYS = 14
#: What each state of a day means to whoever looks: worst first.
SEVERITY = {
    "failed": "error", "short": "error", "silent": "warning", "not read": "warning", "deferred": "warning",
    "being read": "info", "read": "info", "not yet": "info",
}  # fmt: skip


class Asked(Form):
    """One source (the one of the most branches unless told), and words of a branch's name."""

    search: Word = None


async def show(request: Request, user: Caller, form: Annotated[Asked, Query()]) -> Response:
    """A row a branch, a cell a day."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        sources = [row.source for row in await asking.rows("pages/placed_sources.sql", {})]
        chosen = form.source or next(iter(sources), None)
        rows = await asking.rows(
            "pages/branches.sql", {"source": chosen, "search": form.search and literally(form.search), "days": DAYS}
        )
    branches = [(name, list(cells)) for (_, name), cells in groupby(rows, lambda row: (row.location_id, row.name))]
    # the place with the most that is not as it should be first, and recently; equal ones keep the order of their names
    branches.sort(key=lambda branch: -sum(day * _weight(cell.state) for day, cell in enumerate(branch[1], 1)))
    return page_of(
        request, "branches.html", title="Branches by day", branches=branches, severity=SEVERITY, sources=sources,
        chosen=chosen, form=form,
    )  # fmt: skip


def _weight(state: str) -> int:
    return {"error": 3, "warning": 2, "info": 0}[SEVERITY[state]]
