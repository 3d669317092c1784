"""What branches came to: few figures of all of them side by side, or all figures of one with charts over its days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from branchline.web.asking import Asking, on_behalf_of
from branchline.web.caller import Caller
from branchline.web.problems import Problem
from branchline.web.views.charts import chart
from branchline.web.views.figures import BOARDS, Board, drawn, written
from branchline.web.views.rendering import page_of

#: Days that are shown unless others are asked for, and the most: a year to compare with stands beside them.
DAYS, MOST = 30, 366


class Form(BaseModel):
    """What the page's form says; what is left out is chosen."""

    model_config = ConfigDict(extra="ignore")

    source: Literal["smartmoving", "tekmetric", "arrivy", "fms"] = "smartmoving"
    branch: int | None = Field(None, ge=1, lt=2**31)
    since: date | None = None
    until: date | None = None
    by: str | None = None

    @field_validator("branch", "since", "until", "by", mode="before")
    @classmethod
    def nothing_chosen(cls, sent: object) -> object:
        """A field of a form that nobody filled in comes as an empty text."""
        return None if sent == "" else sent


async def show(request: Request, user: Caller, form: Annotated[Form, Query()]) -> Response:
    """The page.

    Raises:
        Problem: 422, the days cannot be shown; 404, no such branch among those that the person may see.
    """
    board = BOARDS[form.source]
    since, until = period(form)
    asked: dict[str, Any] = {
        "source": board.source, "stream": board.stream, "branch": form.branch, "since": since, "until": until,
    }  # fmt: skip
    async with on_behalf_of(request.app.state.pool, user) as asking:
        known = await asking.rows("pages/business/places.sql", asked)
        places = [place for place in known if place.source == board.source]
        if form.branch is not None and form.branch not in {place.location_id for place in places}:
            if not any(place.location_id == form.branch for place in known):
                raise Problem(404, f"There is no {board.place} {form.branch} of {board.title} among those you may see.")
            # somebody chose another source on the page of a branch
            form.branch = asked["branch"] = None
        rows = await asking.rows(f"pages/business/{board.source}.sql", asked)
        (read,) = await asking.rows("pages/business/read.sql", asked)
        meanings = await asking.rows("pages/business/definitions.sql", {"view": board.view})
        days = await _days(asking, board, asked) if form.branch is not None and board.has_days and rows else []
    definitions = {row.name: row.definition for row in meanings}
    shown = board.leading if form.branch is None else board.figures
    by = form.by if form.by in {figure.column for figure in board.leading} else board.leading[0].column
    rows.sort(key=lambda row: _place_of(row, board, by))
    return page_of(
        request, "business.html", title="Business",
        boards=BOARDS.values(), board=board, places=places, form=form, since=since, until=until, by=by,
        rows=rows, read=read, drawings=_drawings(board, rows, days, since, until), written=written,
        definitions=[(figure, definitions[figure.column]) for figure in shown],
        address=lambda **changes: _address(form, since, until, changes),
    )  # fmt: skip


def period(form: Form) -> tuple[date, date]:
    """First and last day: as asked, else the thirty days until yesterday, UTC: today's figures are not whole yet.

    Raises:
        Problem: 422, the first comes after the last, or they are too many.
    """
    until = form.until or (
        form.since + timedelta(days=DAYS - 1) if form.since else datetime.now(UTC).date() - timedelta(days=1)
    )
    since = form.since or until - timedelta(days=DAYS - 1)
    if since > until:
        raise Problem(422, f"The first day ({since}) comes after the last ({until}). Choose an earlier first day.")
    if (until - since).days >= MOST:
        raise Problem(422, f"From {since} to {until} are more than {MOST} days. Choose fewer.")
    return since, until


def _place_of(row: Any, board: Board, by: str) -> tuple[Any, ...]:
    """Where a row stands: most first, what is not known last. Amounts are compared within their currency alone."""
    value = getattr(row, by)
    currency = row.currency or "~" if board.figure(by).unit == "money" else ""
    return currency, value is None, -(value or 0), row.location_name or ""


async def _days(asking: Asking, board: Board, asked: dict[str, Any]) -> list[Any]:
    columns = [column for drawing in board.drawings for column in drawing.columns]
    return await asking.rows("pages/business/days.sql", asked, view=board.view, columns=columns)


def _drawings(board: Board, rows: Sequence[Any], days: Sequence[Any], since: date, until: date) -> list[dict[str, Any]]:
    """Each chart with the table that says the same: every day of the period, a gap where nothing is known of it."""
    if not days:
        return []
    known = {row.metric_date: row for row in days}
    whole = [since + timedelta(days=place) for place in range((until - since).days + 1)]
    found = []
    for drawing in board.drawings:
        figures = [board.figure(column) for column in drawing.columns]
        values = {figure: [getattr(known.get(day), figure.column, None) for day in whole] for figure in figures}
        found.append({
            "title": drawing.title,
            "figures": figures,
            "svg": chart(
                drawing.kind, [day.isoformat() for day in whole],
                {figure.label: [drawn(value, figure.unit) for value in line] for figure, line in values.items()},
            ),
            "rows": [
                (day, [written(values[figure][place], figure.unit, rows[0].currency) for figure in figures])
                for place, day in enumerate(whole)
            ],
        })  # fmt: skip
    return found


def _address(form: Form, since: date, until: date, changes: dict[str, Any]) -> str:
    """The query of this page with something else chosen."""
    chosen = {"source": form.source, "branch": form.branch, "since": since, "until": until, "by": form.by} | changes
    return "?" + urlencode({name: value for name, value in chosen.items() if value is not None})
