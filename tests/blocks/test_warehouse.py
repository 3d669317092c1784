"""Connecting to the warehouse: TLS beyond loopback, the tenant of a connection, and no secret in what is said."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import psycopg
import pytest
from branchline import tasks
from branchline.errors import Reconfigure
from branchline.fetch import fetch_chunk
from branchline.outbox import open_ledger
from branchline.sources.smartmoving import SMARTMOVING
from branchline.transport import Endpoint
from branchline.warehouse import connect, connect_async, conninfo_of, is_loopback, refuse_plain_text
from psycopg.conninfo import conninfo_to_dict

CANARY = "canary-Zq83-warehouse"  # no secret: what a test looks for
REMOTE = (
    "db.example.com",
    "10.1.2.3",
    "192.168.0.9",
    "127.0.0.1.example.com",
    "localhost,db.example.com",
    "2001:db8::1",
)
LOCAL = ("localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "/run/postgresql", "@abstract")


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSERVICE", "PGOPTIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("host", LOCAL)
def test_loopback_needs_no_tls(host: str) -> None:
    assert is_loopback(host)
    refuse_plain_text(f"host={host} dbname=warehouse")


@pytest.mark.parametrize("host", REMOTE)
@pytest.mark.parametrize("mode", ["", "sslmode=disable", "sslmode=allow", "sslmode=prefer"])
def test_another_machine_without_tls_is_refused(host: str, mode: str) -> None:
    with pytest.raises(Reconfigure, match="is another machine and sslmode is"):
        refuse_plain_text(f"host={host} dbname=warehouse password={CANARY} {mode}")


@pytest.mark.parametrize("host", REMOTE)
@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_another_machine_with_tls_is_taken(host: str, mode: str) -> None:
    conninfo = conninfo_of(host=host, dbname="warehouse", sslmode=mode, sslrootcert="/etc/ssl/ca.pem")
    assert conninfo_to_dict(conninfo)["sslmode"] == mode
    assert conninfo_to_dict(conninfo)["sslrootcert"] == "/etc/ssl/ca.pem"


def test_where_the_connection_really_goes_is_what_counts() -> None:
    with pytest.raises(Reconfigure, match=r"10\.9\.8\.7 is another machine"):
        refuse_plain_text("host=localhost hostaddr=10.9.8.7")
    refuse_plain_text("host=db.example.com hostaddr=127.0.0.1")


def test_what_libpq_takes_from_the_environment_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    with pytest.raises(Reconfigure, match=r"db\.example\.com is another machine"):
        refuse_plain_text("dbname=warehouse")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    refuse_plain_text("dbname=warehouse")


@pytest.mark.parametrize(
    ("mode", "is_plain_allowed", "is_taken"),
    [
        ("disable", True, True),
        ("disable", False, False),
        ("prefer", True, False),  # what was not said outright is refused
        ("allow", True, False),
        (None, True, False),
        ("require", True, True),
        ("require", False, True),
    ],
)
def test_clear_text_needs_both_words(mode: str | None, is_plain_allowed: bool, is_taken: bool) -> None:
    parts = {"host": "db.example.com", "dbname": "warehouse", "sslmode": mode}
    if not is_taken:
        with pytest.raises(Reconfigure, match="branchline_insecure"):
            conninfo_of(is_plain_allowed=is_plain_allowed, **parts)
        return
    conninfo = conninfo_of(is_plain_allowed=is_plain_allowed, **parts)
    refuse_plain_text(conninfo)  # and whoever opens it later agrees


@pytest.fixture
def in_airflow(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The connection `warehouse` as Airflow would give it."""

    def give(**words: Any) -> str:
        monkeypatch.setenv(
            "AIRFLOW_CONN_WAREHOUSE",
            json.dumps({"conn_type": "postgres", "login": "branchline_loader", "password": CANARY, **words}),
        )
        return tasks.warehouse_conninfo()

    return give


def test_the_airflow_connection_becomes_a_connection_string(in_airflow: Any) -> None:
    conninfo = in_airflow(host="127.0.0.1", port=5433, schema="warehouse", extra={"connect_timeout": 7})
    assert conninfo_to_dict(conninfo) == {
        "host": "127.0.0.1",
        "port": "5433",
        "dbname": "warehouse",
        "user": "branchline_loader",
        "password": CANARY,
        "connect_timeout": "7",
    }


@pytest.mark.parametrize("word", [True, "true", "True"])
def test_branchline_insecure_works_from_the_airflow_connection(in_airflow: Any, word: object) -> None:
    conninfo = in_airflow(host="db.example.com", extra={"sslmode": "disable", "branchline_insecure": word})
    refuse_plain_text(conninfo)


@pytest.mark.parametrize("word", [False, "false", "", None, "no"])
def test_anything_but_true_is_no_permission(in_airflow: Any, word: object) -> None:
    with pytest.raises(Reconfigure):
        in_airflow(host="db.example.com", extra={"sslmode": "disable", "branchline_insecure": word})


def test_an_unknown_word_in_the_extra_is_named_and_nothing_else(in_airflow: Any) -> None:
    with pytest.raises(Reconfigure, match="libpq does not understand sslmodus") as caught:
        in_airflow(host="127.0.0.1", extra={"sslmodus": "require"})
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in f"{error} {error!r}"
        error = error.__cause__


def connect_in_a_loop(conninfo: str) -> None:
    async def open_and_close() -> None:
        await (await connect_async(conninfo)).close()

    asyncio.run(open_and_close())


async def _fetch(conninfo: str) -> None:
    endpoint = Endpoint("smartmoving", "smartmoving", "http://127.0.0.1:9", {})
    await fetch_chunk(conninfo, SMARTMOVING, endpoint, [1])


async def _send(conninfo: str) -> None:
    await open_ledger(conninfo, "lgm")


@pytest.mark.parametrize("port", [None, 9], ids=["refused", "nobody there"])
@pytest.mark.parametrize(
    "attempt",
    [
        connect,
        connect_in_a_loop,
        lambda conninfo: asyncio.run(_fetch(conninfo)),
        lambda conninfo: asyncio.run(_send(conninfo)),
    ],
    ids=["connect", "connect_async", "fetch", "outbox"],
)
def test_a_wrong_password_is_not_told(
    warehouse: Any, caplog: pytest.LogCaptureFixture, attempt: Any, port: int | None
) -> None:
    parts: dict[str, Any] = {"password": CANARY} | ({"port": port} if port else {})
    with caplog.at_level(logging.DEBUG), pytest.raises(psycopg.OperationalError) as caught:
        attempt(psycopg.conninfo.make_conninfo(warehouse.loader, **parts))
    told, error = caplog.text, caught.value
    waiting: list[BaseException | None] = [error]
    while waiting:
        seen = waiting.pop()
        if seen is not None:
            told += f"{seen} {seen!r} {vars(seen)}"
            waiting += [seen.__cause__, seen.__context__]
    assert CANARY not in told
    assert error.pgconn is None, "libpq's own connection knows the password"


def test_both_kinds_of_connection_have_the_same_settings(warehouse: Any) -> None:
    query = (
        "SELECT current_setting('branchline.client') AS client, current_setting('TimeZone') AS zone, "
        "current_setting('statement_timeout') AS patience, current_setting('lock_timeout') AS waiting, "
        "current_setting('application_name') AS name"
    )

    async def ask() -> Any:
        async with await connect_async(warehouse.loader, client="two words", name="a test") as connection:
            return await (await connection.execute(query)).fetchone()

    with connect(warehouse.loader, client="two words", name="a test") as connection:
        assert asyncio.run(ask()) == connection.execute(query).fetchone()


def test_another_machine_is_refused_for_asyncio_too() -> None:
    with pytest.raises(Reconfigure, match="is another machine and sslmode is"):
        connect_in_a_loop(f"host=db.example.com password={CANARY}")


@pytest.mark.parametrize("client", ["lgm", "two words", "x -c branchline.user=admin", "back\\slash", "o'clock", ""])
def test_a_tenants_name_arrives_as_it_is(warehouse: Any, client: str) -> None:
    with connect(warehouse.loader, client=client, name="a test") as connection:
        row = connection.execute(
            "SELECT current_setting('branchline.client') AS client, current_setting('branchline.user', TRUE) AS person,"
            " current_setting('TimeZone') AS zone, current_setting('statement_timeout') AS patience,"
            " current_setting('application_name') AS name"
        ).fetchone()
    assert row is not None
    assert row.client == client
    assert not row.person
    assert (row.zone, row.patience, row.name) == ("UTC", "30min", "a test")
