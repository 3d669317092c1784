"""The hook behind its connection: two headers, a rate that nobody documents, and no secret in any message."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from branchline import sync
from branchline.errors import Reconfigure
from branchline.hooks.arrivy import ArrivyHook
from branchline.ledger import Account, Run
from branchline.request import Request
from branchline.sources.arrivy import ARRIVY
from branchline.transport import AccountRefused, Endpoint

from tests.conftest import NOW

Connect = Callable[..., Endpoint]
KEY, TOKEN = "canary-key", "canary-token"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set the connection as Airflow would, and read it: `connect(host=, password=, **extra)`."""

    def read(host: str = "https://app.arrivy.com/api", password: str | None = TOKEN, **extra: Any) -> Endpoint:
        words = {"conn_type": "http", "host": host, "password": password, "extra": {"api_key": KEY} | extra}
        monkeypatch.setenv("AIRFLOW_CONN_ARRIVY", json.dumps(words))
        return ArrivyHook("arrivy").endpoint()

    return read


def test_key_and_token_travel_as_headers_of_their_own(connect: Connect) -> None:
    found = connect()
    assert dict(found.headers) == {"X-Auth-Key": KEY, "X-Auth-Token": TOKEN}
    assert (found.source, found.account, found.base_url) == ("arrivy", "arrivy", "https://app.arrivy.com/api")
    assert found.renew is None
    assert "canary" not in repr(found)
    assert found.secrets >= {KEY, TOKEN}


def test_nothing_but_the_two_headers_tells_who_calls(connect: Connect) -> None:
    url = str(connect().url_of("/tasks", (("from", "2026-07-15T07:00:00+00:00"), ("page", "1"))))
    assert url == "https://app.arrivy.com/api/tasks?from=2026-07-15T07%3A00%3A00%2B00%3A00&page=1"


@pytest.mark.parametrize(
    ("extra", "rate"), [({}, 30), ({"requests_per_minute": 90}, 90), ({"requests_per_minute": 0}, 0)]
)
def test_thirty_calls_a_minute_unless_the_connection_says_otherwise(
    connect: Connect, extra: dict[str, Any], rate: float
) -> None:
    assert connect(**extra).requests_per_minute == rate


def test_the_connections_extra_overrides_the_defaults(connect: Connect) -> None:
    assert (found := connect()).concurrency == 8
    assert (found.read_seconds, found.monthly_calls) == (60, 0)
    found = connect(concurrency=2, read_seconds=20, monthly_calls=1000)
    assert (found.concurrency, found.read_seconds, found.monthly_calls) == (2, 20, 1000)
    connect(chunks=2)
    assert ArrivyHook("arrivy").chunks() == 2


@pytest.mark.parametrize("host", ["http://app.arrivy.com/api", "https://canary:canary@arrivy.example.com/api", ""])
def test_a_host_that_would_give_the_key_away_is_refused(connect: Connect, host: str) -> None:
    with pytest.raises(Reconfigure) as refused:
        connect(host)
    assert "canary" not in str(refused.value)


def test_the_test_button(connect: Connect, vendors: Callable[..., Any]) -> None:
    vendor = vendors(arrivy_key=KEY, arrivy_token=TOKEN)
    connect(vendor.arrivy)
    assert ArrivyHook("arrivy").test_connection() == (True, "arrivy answers and accepts the key")
    assert vendor.control.served()["by_path"] == {"GET /arrivy/api/users/profile": {"200": 1}}


@pytest.mark.parametrize(
    ("password", "extra"),
    [(TOKEN, {"api_key": "canary-other"}), ("canary-other", {}), (None, {}), (KEY, {"api_key": TOKEN})],
)
def test_the_test_button_with_a_wrong_credential(
    connect: Connect, vendors: Callable[..., Any], password: str | None, extra: dict[str, Any]
) -> None:
    connect(vendors(arrivy_key=KEY, arrivy_token=TOKEN).arrivy, password, **extra)
    is_fine, said = ArrivyHook("arrivy").test_connection()
    assert not is_fine
    assert "HTTP 401" in said
    assert "canary" not in said


def test_a_vendor_that_quotes_the_credential_is_not_quoted(connect: Connect, vendors: Callable[..., Any]) -> None:
    vendor = vendors(arrivy_key=KEY, arrivy_token=TOKEN)
    body = json.dumps({"message": "INVALID", "description": f"key {KEY} with token {TOKEN}"})
    vendor.control.faults({"match": "/users/profile", "action": {"kind": "status", "status": 400, "body": body}})
    connect(vendor.arrivy)
    is_fine, said = ArrivyHook("arrivy").test_connection()
    assert not is_fine
    assert "HTTP 400" in said
    assert "canary" not in said


def test_no_secret_reaches_a_log_or_the_warehouse(
    connect: Connect, vendors: Callable[..., Any], warehouse: Any, caplog: Any, capsys: Any
) -> None:
    vendor = vendors(arrivy_key=KEY, arrivy_token=TOKEN)
    vendor.control.faults(
        {
            "match": "/statuses",
            "times": 1,
            "action": {"kind": "status", "status": 400, "body": json.dumps({"message": f"{KEY} {TOKEN}"})},
        }
    )
    endpoint = connect(vendor.arrivy, requests_per_minute=0)
    run = sync.Sync(
        warehouse.loader, ARRIVY, Account("arrivy", "arrivy", "arrivy", "home"), Run("arrivy", "r"), Request(), NOW
    )
    with caplog.at_level(logging.DEBUG):
        (chunk,) = sync.plan_wave(run, "groups", endpoint).chunks
        with pytest.raises(Exception, match="HTTP 400"):
            sync.fetch(run, endpoint, chunk)
        change_token(vendor)
        with pytest.raises(AccountRefused):
            sync.fetch(run, endpoint, chunk)
        sync.merge_wave(run, "groups")
        sync.close(run)
    # Airflow's logging, once something has loaded it, writes past what a test usually catches
    written = "".join((caplog.text, *capsys.readouterr()))
    assert "HTTP 400" in written
    assert "HTTP 401" in written
    assert "canary" not in written
    for table in ("ops.sync_history", "ops.sync_slices", "ops.quarantine"):
        assert "canary" not in str(warehouse.rows(f"SELECT * FROM {table}", role="admin")), table


def change_token(vendor: Any) -> None:
    """Let the vendor have revoked the token."""
    vendor.control.change({"token": "another"}, source="arrivy")
