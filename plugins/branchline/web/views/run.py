"""One run: for each stream the equation that accounts for every record, its slices, and what stopped it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.views.advice import heading_of
from branchline.web.views.forms import Form, Word
from branchline.web.views.rendering import page_of


class Asked(Form):
    """Which run; of a chosen stream alone its slices."""

    dag_id: Word = None
    run_id: Word = None
    stream: Word = None


async def show(request: Request, user: Caller, form: Annotated[Asked, Query()]) -> Response:
    """The run, or what to say where it read nothing."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/run.sql", form.params)
        slices = await asking.rows("pages/run_slices.sql", form.params)
    return page_of(
        request, "run.html", title="Run detail", rows=rows, slices=slices, form=form,
        headings={row.sync_id: heading_of(row.error_message) for row in rows if row.error_message},
    )  # fmt: skip
