"""Freshness: how old each stream of each source is, and how far apart its reads were."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response

from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.views.charts import chart
from branchline.web.views.forms import Form
from branchline.web.views.rendering import page_of


async def show(request: Request, user: Caller, form: Annotated[Form, Query()]) -> Response:
    """A matrix of streams by sources, and each stream's lag."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/freshness.sql", form.params)
    columns = sorted({(row.source, row.account) for row in rows})
    matrix: dict[str, dict[tuple[str, str], Any]] = {}
    for row in rows:
        matrix.setdefault(row.stream, {})[row.source, row.account] = row
    aged = sorted((row for row in rows if row.period and row.lag), key=lambda row: -row.lag / row.period)[:20]
    drawn = None
    if aged:
        names = [f"{row.source} {row.stream}" for row in aged]
        drawn = chart("bar", names, {"age in periods": [round(float(row.lag / row.period), 2) for row in aged]})
    return page_of(request, "freshness.html", title="Freshness", rows=rows, columns=columns, matrix=matrix, drawn=drawn,
                   form=form)  # fmt: skip
