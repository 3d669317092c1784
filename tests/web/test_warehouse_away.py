"""The warehouse down, restarted, slow or misconfigured: told within seconds, in the one form, and got over."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from branchline.warehouse import connect_async
from branchline.web import FrontDoor, pool
from branchline.web.asking import on_behalf_of
from branchline.web.catalogue import COLLECTIONS
from branchline.web.export import lines
from branchline.web.filters import form_of
from branchline.web.listing import question
from branchline.web.pool import Pool
from branchline.web.problems import Problem
from fastapi import FastAPI
from psycopg.conninfo import conninfo_to_dict
from starlette.testclient import TestClient

from tests.web.conftest import House
from tests.web.front import PREFIX, connection_json

VARIABLE = "AIRFLOW_CONN_WAREHOUSE_API"
JOBS = f"{PREFIX}/smartmoving/jobs"


@contextmanager
def another_front(house: House) -> Iterator[Any]:
    """The API without a connection opened yet; asks as the super admin."""
    app, door = FastAPI(), FrontDoor()
    assert door.app.routes, "built before anybody looks at a clock"
    app.mount(PREFIX, door)
    headers = {"Authorization": f"Bearer {house.front.token('super')}"}
    with TestClient(app, raise_server_exceptions=False, headers=headers) as client:
        yield client


def refused(answer: Any, words: str, status: int = 503) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    if status == 503:
        assert int(answer.headers["Retry-After"]) > 0


def test_a_server_that_is_down_is_told_at_once_and_got_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    api = house.warehouse.as_role("api")
    with another_front(house) as client:
        monkeypatch.setenv(VARIABLE, connection_json(api, port=port))
        begun = time.monotonic()
        for path in (JOBS, f"{JOBS}?format=csv", f"{PREFIX}/account"):
            answer = client.get(path)
            refused(answer, "The warehouse does not answer")
            assert str(port) not in answer.text
        assert time.monotonic() - begun < 5
        monkeypatch.setenv(VARIABLE, connection_json(api))
        assert client.get(JOBS).status_code == 200


def test_a_server_that_says_nothing_is_given_up_within_seconds(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent, another_front(house) as client:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv(VARIABLE, connection_json(house.warehouse.as_role("api"), port=silent.getsockname()[1]))
        begun = time.monotonic()
        refused(client.get(JOBS), "The warehouse does not answer")
        assert time.monotonic() - begun < 5


def test_connections_that_a_restart_closed_are_opened_anew(house: House) -> None:
    assert house.front.get("super", JOBS).status_code == 200
    ended = house.warehouse.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'branchline-api'", role="admin"
    )
    assert ended
    assert house.front.get("super", JOBS).status_code == 200


def test_T88_a_question_that_takes_too_long_is_ended_and_says_so(house: House) -> None:
    with psycopg.connect(house.warehouse.admin) as admin:
        admin.execute("LOCK TABLE smartmoving.branches IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        refused(house.front.get("super", "/smartmoving/branches"), "took too long", 504)
        assert 4 < time.monotonic() - begun < 8
    assert house.front.get("super", "/smartmoving/branches").status_code == 200


@pytest.mark.parametrize("role", ["operator", "loader", "reader"])
def test_a_login_by_which_everybody_would_see_everything_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setenv(VARIABLE, connection_json(house.warehouse.as_role(role)))
    with another_front(house) as client:
        refused(client.get(JOBS), "must log in as branchline_api")


def test_a_connection_that_nobody_set_up_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    with another_front(house) as client:
        refused(client.get(JOBS), "warehouse_api is missing")


def test_the_connection_is_found_where_airflow_keeps_its_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Airflow's database, where `make run` and the UI put it; the other tests set the environment."""
    from airflow import settings
    from airflow.models.connection import Connection

    monkeypatch.delenv(VARIABLE)
    login = conninfo_to_dict(house.warehouse.as_role("api"))
    kept = Connection(
        "warehouse_api", "postgres", host=str(login["host"]), login=str(login["user"]),
        password=str(login["password"]), schema=str(login["dbname"]), port=int(login["port"] or 0),
    )  # fmt: skip
    session = settings.Session()
    session.add(kept)
    session.commit()
    try:
        with another_front(house) as client:
            assert client.get(JOBS).json()["items"]
    finally:
        session.delete(kept)
        session.commit()
        settings.Session.remove()


def test_an_export_that_breaks_off_does_not_end_as_if_it_were_whole(house: House) -> None:
    (history,) = (collection for collection in COLLECTIONS if collection.path == "/sync/history")

    async def cut() -> int:
        lent = Pool(lambda: connect_async(house.warehouse.as_role("api")), 1)
        came = 0
        async with on_behalf_of(lent, "super") as asking:
            rows = lines(asking, *question(history, form_of(history)(), None))
            async for _ in rows:
                came += 1
                house.warehouse.execute("SELECT pg_terminate_backend(%s)", (asking.connection.info.backend_pid,))
        return came

    with pytest.raises(psycopg.OperationalError):
        asyncio.run(cut())


def test_another_machine_without_tls_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, connection_json(house.warehouse.as_role("api"), host="warehouse.example"))
    with another_front(house) as client:
        answer = client.get(JOBS)
    refused(answer, "cannot be used")
    assert "warehouse.example" not in answer.text


def test_nothing_can_be_written_through_a_request(house: House) -> None:
    """Not even what the role may write: reading is all that a GET does."""

    async def write() -> None:
        lent = Pool(lambda: connect_async(house.warehouse.as_role("api")), 1)
        try:
            async with on_behalf_of(lent, "super") as asking:
                await asking.connection.execute("UPDATE core.locations SET timezone = timezone")
        finally:
            await lent.close()

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        asyncio.run(write())


def test_who_waits_too_long_for_his_turn_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAIT_SECONDS", 0.1)

    async def crowd() -> tuple[Problem, int]:
        lent = Pool(lambda: connect_async(house.warehouse.as_role("api")), 2)
        async with lent.lend() as first, lent.lend() as second:
            assert first is not second
            with pytest.raises(Problem) as told:
                async with lent.lend():
                    pass
        async with lent.lend() as again:
            assert again in {first, second}
        kept = len(lent._idle)
        await lent.close()
        return told.value, kept

    problem, kept = asyncio.run(crowd())
    assert (problem.status, kept) == (503, 2)


def test_a_connection_given_back_in_a_transaction_is_not_lent_again(house: House) -> None:
    async def leave_open() -> int:
        lent = Pool(lambda: connect_async(house.warehouse.as_role("api")), 1)
        async with lent.lend() as connection:
            await connection.execute("BEGIN")
            await connection.execute("SELECT set_config('branchline.user', 'super', TRUE)")
        assert connection.closed
        return len(lent._idle)

    assert asyncio.run(leave_open()) == 0
