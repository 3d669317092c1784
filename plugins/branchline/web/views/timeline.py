"""The timeline: every sync, what made it and how it ended, the newest first."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import Field

from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.views.charts import chart
from branchline.web.views.forms import Day, Form, Word
from branchline.web.views.rendering import page_of

DAYS = 14
PAGE = 100
KINDS = ("sync", "manual", "backfill", "replay", "drift")


class Asked(Form):
    """What is left out of the timeline, and where its page begins."""

    stream: Word = None
    dag_id: Word = None
    status: Word = None
    kind: Word = None
    since: Day = None
    until: Day = None
    before: Annotated[int | None, Field(ge=1, lt=2**63)] = None


async def show(request: Request, user: Caller, form: Annotated[Asked, Query()]) -> Response:
    """A page of events under a chart of the last days."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/timeline.sql", form.params)
        days = await asking.rows("pages/timeline_days.sql", form.params | {"days": DAYS})
    ended = {name: [getattr(day, name) for day in days] for name in ("success", "partial", "failed")}
    return page_of(
        request, "timeline.html", title="Timeline" + (f" of {form.dag_id}" if form.dag_id else ""), rows=rows[:PAGE],
        following=rows[PAGE - 1].sync_id if len(rows) > PAGE else None, days=days, kinds=KINDS, form=form,
        drawn=chart("stacked", [f"{day.day:%m-%d}" for day in days], ended) if days else None,
    )  # fmt: skip
