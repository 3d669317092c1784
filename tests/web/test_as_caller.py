"""Airflow asked as the caller: what becomes of an answer that is none. What it answers well, test_triggers.py tries."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from branchline.web import FrontDoor
from branchline.web.as_caller import Airflow
from branchline.web.problems import Problem
from fastapi import FastAPI, HTTPException
from starlette.testclient import TestClient

from tests.web.front import PREFIX, Front
from tests.web.test_lists import problem_of


def airflow(detail: Any = "", status: int = 200, seconds: float = 0) -> Airflow:
    """An application that answers as Airflow's would if it were in trouble."""
    app = FastAPI()

    @app.get("/api/v2/dags/{dag_id}")
    async def dag(dag_id: str) -> dict[str, str]:
        await asyncio.sleep(seconds)
        if status == 500:
            raise RuntimeError(detail)
        if status != 200:
            raise HTTPException(status, detail)
        return {"dag_id": dag_id}

    return Airflow(app, "a token")


def refusal(asked: Airflow) -> Problem:
    with pytest.raises(Problem) as refused:
        asyncio.run(asked.get("/dags/fms"))
    return refused.value


def test_an_answer_is_a_document() -> None:
    assert asyncio.run(airflow().get("/dags/fms")) == {"dag_id": "fms"}


@pytest.mark.parametrize(
    ("status", "detail", "told", "words"),
    [
        (401, "Token Expired", 401, "Sign in again"),
        (403, "Forbidden", 403, "Airflow does not allow you GET /dags/fms"),
        (404, "Dag not found.", 404, "Airflow says: Dag not found. Look"),
        (400, "Invalid input\n\nFailed validating: the schema", 422, "Airflow refuses it: Invalid input. Mend"),
        (422, [{"loc": ["body", "conf"], "msg": "no object"}], 422, "body.conf: no object"),
        (503, "the database is away", 503, "Airflow does not answer GET /dags/fms (HTTP 503)"),
    ],
)
def test_a_refusal_is_told_in_our_form(status: int, detail: Any, told: int, words: str) -> None:
    problem = refusal(airflow(detail, status))
    assert problem.status == told
    assert words in problem.detail


def test_what_goes_wrong_inside_airflow_is_not_repeated() -> None:
    problem = refusal(airflow("where everything is", 500))
    assert problem.status == 503
    assert "where everything is" not in problem.detail


def test_airflow_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("branchline.web.as_caller.LONGEST", 0.05)
    problem = refusal(airflow(seconds=5))
    assert (problem.status, problem.headers["Retry-After"]) == (503, "5")
    assert "Look whether it was done" in problem.detail


def test_without_airflow_around_it_nothing_can_be_started(front: Front) -> None:
    headers = {"Authorization": f"Bearer {front.token('super')}"}
    with TestClient(FrontDoor(), raise_server_exceptions=False, headers=headers) as client:
        answer = client.post("/fms/trigger-sync")
    assert "not served by Airflow's api-server" in problem_of(answer, 503)["detail"]
    assert front.post("super", "/fms/trigger-sync").status_code == 202, f"and below {PREFIX} it can"
