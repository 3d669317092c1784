"""T83: a vendor's key and the warehouse's password are told to nobody: no log, no error, no row, whatever fails."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from branchline.alerts import describe_failure
from branchline.ledger import Account
from branchline.sources.smartmoving import SMARTMOVING
from branchline.transport import Endpoint
from branchline.warehouse import connect
from psycopg import sql
from psycopg.conninfo import make_conninfo

from stack.testing import login
from tests.conftest import SmartMoving, Warehouse

#: What is looked for. Neither is a secret of anything that lives longer than this test.
KEY = "canary" + "Kq7vendorZx93key"
PASSWORD = "canary" + "Wd4warehouseTy61word"
LOGIN = "test_canary"


@dataclass
class CanaryLine(SmartMoving):
    """SmartMoving's sync with the canary key, as a loader whose password is the other canary."""

    conninfo: str = ""

    def endpoint(self, key: str = KEY) -> Endpoint:
        return super().endpoint(key)

    def begin(self, *args: Any, **how: Any) -> Any:
        run = super().begin(*args, **how)
        object.__setattr__(run, "conninfo", self.conninfo)  # frozen: only the test puts another login into it
        return run


@pytest.fixture
def canary_loader(warehouse: Warehouse) -> Iterator[str]:
    with psycopg.connect(warehouse.admin, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE branchline_loader").format(
                sql.Identifier(LOGIN), sql.Literal(PASSWORD)
            )
        )
    try:
        yield login(warehouse.admin, LOGIN, PASSWORD)
    finally:
        warehouse.execute(f"DROP ROLE {LOGIN}")


def told(errors: list[BaseException]) -> str:
    """Everything that errors and their causes say, as a log, an alert or a task's failure would show it."""
    words: list[str] = []
    seen: set[int] = set()
    waiting = list(errors)
    while waiting:
        error = waiting.pop()
        if id(error) in seen:
            continue
        seen.add(id(error))
        words += [str(error), repr(error), repr(error.args), repr(vars(error))]
        words += traceback.format_exception(error)
        waiting += [cause for cause in (error.__cause__, error.__context__) if cause is not None]
        waiting += list(getattr(error, "exceptions", ()))
    return "\n".join(words)


def everything_written(warehouse: Warehouse) -> str:
    """Every row of every table of the warehouse, as text."""
    tables = warehouse.rows(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace IN "
        "(SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)')",
        role="admin",
    )
    assert len(tables) > 40
    return "\n".join(
        f"{table.name} {row[0]}"
        for table in tables
        for row in warehouse.rows(f"SELECT t::text FROM {table.name} AS t", role="admin")
    )


def hidden(text: str) -> bool:
    """Whether neither canary is in a text, plain or as bytea shows it."""
    return not any(word in text or word.encode().hex() in text for word in (KEY, PASSWORD))


def echo(status: int) -> dict[str, Any]:
    """An answer of a vendor that shows the key back, in words that no pattern expects."""
    body = json.dumps({"message": f"caller {KEY} is not welcome", "x-api-key": KEY, "seen": [KEY]})
    return {"kind": "status", "status": status, "body": body}


FAULTS: dict[str, dict[str, Any]] = {
    "/api/users": {"action": echo(500), "times": 1},
    "/api/tariffs": {"action": echo(418)},
    "/api/service-types": {"action": echo(400)},
    "/api/move-sizes": {
        "action": {"kind": "redirect", "location": f"https://{KEY}:{KEY}@other.example.com/?providerKey={KEY}"}
    },
    "/api/referral-sources": {"action": "reset", "times": 1},
    "/api/bad-lead-reasons": {"action": "html200", "times": 1},
    "/api/leads/statuses": {"action": {"kind": "body", "body": f"<html>Sign in as {KEY}</html>"}},
    "/api/leads\\?": {"action": echo(403)},
}


@pytest.fixture
def line(
    warehouse: Warehouse, vendors: Callable[..., Any], canary_loader: str, caplog: pytest.LogCaptureFixture
) -> CanaryLine:
    caplog.set_level(logging.DEBUG)
    for name in ("aiohttp.client", "aiohttp.internal", "asyncio", "psycopg", "branchline", "tenacity"):
        caplog.set_level(logging.DEBUG, logger=name)
    vendor = vendors(smartmoving_keys=((KEY, "premium"),))
    account = Account("smartmoving", "smartmoving", "smartmoving", "lgm")
    return CanaryLine(warehouse, vendor, SMARTMOVING, account, conninfo=canary_loader)


def test_a_whole_sync_with_failing_calls_tells_no_secret(line: CanaryLine, caplog: pytest.LogCaptureFixture) -> None:
    line.vendor.control.faults(*({"match": match} | rule for match, rule in FAULTS.items()))
    statuses = line.sync()
    assert statuses["branches"] == statuses["customers"] == "success", line.errors
    assert {statuses[name] for name in ("tariffs", "service_types", "move_sizes", "leads")} == {"failed"}
    hits = {rule["match"]: rule["hits"] for rule in line.vendor.control.faults()}
    assert all(hits.values()), hits

    assert line.errors
    assert hidden(told(list(line.errors)))
    written = everything_written(line.warehouse)
    assert "HTTP 418" in written  # the ledger does tell what happened
    assert hidden(written)
    assert {record.levelno for record in caplog.records} >= {logging.INFO, logging.WARNING, logging.ERROR}
    assert hidden(caplog.text)
    assert hidden("\n".join(f"{record.__dict__}" for record in caplog.records))


def test_a_refused_key_is_not_shown(line: CanaryLine, caplog: pytest.LogCaptureFixture) -> None:
    line.vendor.control.faults({"match": "/api/", "action": echo(401)})
    assert set(line.sync().values()) == {"failed"}
    assert line.errors
    assert "HTTP 401" in everything_written(line.warehouse)
    for text in (told(list(line.errors)), everything_written(line.warehouse), caplog.text):
        assert hidden(text)


@pytest.mark.parametrize("where", ["https over plain http", "nobody listens"])
def test_a_connection_that_fails_tells_no_secret(
    line: CanaryLine, caplog: pytest.LogCaptureFixture, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = line.vendor.smartmoving
    if where == "nobody listens":
        monkeypatch.setattr("branchline.transport.ATTEMPTS", 1)
        monkeypatch.setattr("branchline.transport.PATIENCE", 0.5)
        url = "http://127.0.0.1:9/v1"  # the discard port: nothing answers there
    else:
        url = url.replace("http://", "https://")
    made = line.endpoint
    monkeypatch.setattr(line, "endpoint", lambda: _at(made(), url))
    run = line.begin()
    with pytest.raises(Exception, match="smartmoving") as caught:
        line.wave(run, "reference")
    assert hidden(told([caught.value]))
    assert hidden(everything_written(line.warehouse))
    assert hidden(caplog.text)


def _at(endpoint: Endpoint, url: str) -> Endpoint:
    object.__setattr__(endpoint, "base_url", url)
    return endpoint


def test_the_warehouse_password_is_in_no_error(canary_loader: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = {
        "a port where nobody listens": {"port": 9},
        "a database that is not there": {"dbname": "nowhere"},
        "another's name": {"user": "branchline_migrator"},
    }
    errors: list[BaseException] = []
    for words in wrong.values():
        with pytest.raises(psycopg.OperationalError) as caught:
            connect(make_conninfo(canary_loader, connect_timeout=2, **words))
        errors.append(caught.value)
    with connect(canary_loader, client="lgm") as connection, pytest.raises(psycopg.Error) as caught_later:
        connection.execute("SELECT 1 / 0")
    errors.append(caught_later.value)
    assert hidden(told(errors))
    assert hidden(caplog.text)


def test_what_is_shown_of_a_sync_and_an_endpoint_has_no_secret(line: CanaryLine) -> None:
    assert hidden(f"{line.endpoint()!r} {line.endpoint()} {line.begin()!r}")
    context = {"ti": type("Task", (), {"dag_id": "smartmoving", "task_id": "t", "try_number": 1, "log_url": "x"})()}
    assert hidden(describe_failure(context | {"exception": ValueError("something")}))


def test_the_canaries_would_be_found() -> None:
    error = RuntimeError("outer")
    error.__cause__ = ValueError(f"GET https://vendor.example.com/?providerKey={KEY}")
    assert not hidden(told([error]))
    assert not hidden(f"\\x{PASSWORD.encode().hex()}")
    assert hidden("nothing of the kind")
