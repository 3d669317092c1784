"""Quarantine and drift: what was rejected, grouped; to be replayed by Airflow, or ignored for a reason."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi import Form as Fields
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from branchline.web.as_caller import AsCaller, segment
from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.problems import Problem
from branchline.web.views.forms import Form, Word
from branchline.web.views.rendering import page_of

router = APIRouter()
_Text = Annotated[str, Field(min_length=1, max_length=250, pattern=r"^[^\x00]*$")]


class Asked(Form):
    """One source, one reason; and what was just done, as the page says it once."""

    reason: Word = None
    started: Word = None
    dag_id: Word = None
    decided: Word = None


class Stream(BaseModel):
    """Which stream is read anew from what has landed."""

    model_config = ConfigDict(extra="forbid")

    source: _Text
    account: _Text
    stream: _Text


class Decision(Stream):
    """What is decided of a group, and why."""

    client_id: _Text
    table_name: _Text
    reason: _Text
    field: Annotated[str, Field(max_length=250, pattern=r"^[^\x00]*$")] = ""
    decision: Literal["ignored", "reopened"]
    why: Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00]*$")]


async def show(request: Request, user: Caller, form: Annotated[Asked, Query()]) -> Response:
    """The groups that are open, those that are ignored, and what vendors send that nobody declared."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/quarantine.sql", form.params)
        drift = await asking.rows("pages/drift.sql", form.params)
    return page_of(
        request, "quarantine.html", title="Quarantine and drift", open=[row for row in rows if not row.is_ignored],
        ignored=[row for row in rows if row.is_ignored], drift=drift, form=form,
        sources=sorted({row.source for row in (*rows, *drift)} | ({form.source} if form.source else set())),
        reasons=sorted({row.reason for row in rows}),
    )  # fmt: skip


@router.post("/quarantine/replay", summary="Merge a stream again from what has landed")
async def replay(request: Request, user: Caller, airflow: AsCaller, asked: Annotated[Stream, Fields()]) -> Response:
    """Start the stream's DAG with `replay`, as the caller: Airflow decides whether he may, and writes his name down."""
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("pages/dag_of.sql", asked.model_dump())
    if not rows:
        raise Problem(404, f"No DAG that you may see reads {asked.stream} of {asked.source}. Look at the health page.")
    dag_id = rows[0].dag_id
    conf = {"replay": True, "streams": [asked.stream]}
    run = await airflow.post(f"/dags/{segment(dag_id)}/dagRuns", {"logical_date": None, "conf": conf})
    return _back(request, started=run["dag_run_id"], dag_id=dag_id)


@router.post("/quarantine/decide", summary="Ignore a group of quarantine for a reason, or show it again")
async def decide(request: Request, user: Caller, asked: Annotated[Decision, Fields()]) -> Response:
    """Write the decision down; PostgreSQL refuses it to whoever may not decide for the whole client."""
    async with on_behalf_of(request.app.state.pool, user, writes=True) as asking:
        await asking.rows("pages/decide.sql", asked.model_dump())
    return _back(request, decided=asked.decision)


def _back(request: Request, **said: str) -> Response:
    """The page again, by GET, so that reading it anew sends nothing twice."""
    root = str(request.scope.get("root_path", ""))
    return RedirectResponse(f"{root}/pages/quarantine?{urlencode(said)}", 303)
