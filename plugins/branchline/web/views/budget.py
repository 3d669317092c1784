"""The call budget: what each credential has used of its month, and where its pace ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from branchline.limits import SOFT_STOP
from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.login import extra_of
from branchline.web.views.charts import chart
from branchline.web.views.forms import Form
from branchline.web.views.rendering import page_of


@dataclass(frozen=True)
class Credential:
    """A credential's month: calls used, today's, projected to its end, and what is allowed (0: no limit)."""

    source: str
    account: str
    used: int
    today: int
    projected: int
    allowed: int

    @property
    def word(self) -> str:
        """The state in a word."""
        if not self.allowed:
            return "No limit set"
        if self.used >= self.allowed:
            return "Used up"
        if self.used >= SOFT_STOP * self.allowed:
            return f"Beyond the {SOFT_STOP:.0%} mark: details wait"
        return "On course for more than it allows" if self.projected > self.allowed else "Within"

    @property
    def severity(self) -> str:
        """How bad it is: error needs a person, warning will mend itself with the month."""
        if not self.allowed or self.word == "Within":
            return "info"
        return "error" if self.used >= self.allowed else "warning"


async def show(request: Request, user: Caller, form: Annotated[Form, Query()]) -> Response:
    """A row a credential, and the calls of each day of the month."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/budget.sql", {})
        days = await asking.rows("pages/budget_days.sql", {})
    credentials = [
        Credential(
            row.source, row.account, row.used, row.today, row.projected,
            int((await extra_of(row.conn_id)).get("monthly_calls", 0)) if row.conn_id else 0,
        )
        for row in rows
        if form.source in {None, row.source}
    ]  # fmt: skip
    credentials.sort(key=lambda one: (["error", "warning", "info"].index(one.severity), -one.used))
    labels = sorted({day.day for day in days})
    series = {
        source: [float(day.calls) for day in days if day.source == source]
        for source in sorted({day.source for day in days} if form.source is None else {form.source})
    }
    drawn = chart("stacked", [f"{day:%m-%d}" for day in labels], series) if labels else None
    return page_of(
        request, "budget.html", title="Call budget", credentials=credentials, mark=SOFT_STOP, labels=labels,
        series=series, drawn=drawn, form=form, sources=sorted({row.source for row in rows}),
    )  # fmt: skip
