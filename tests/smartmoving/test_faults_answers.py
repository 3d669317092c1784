"""What broken answers do to us (T03-T08): the real transport and warehouse against the sandbox's faults."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest
from branchline import transport
from branchline.errors import TryLater, VendorChanged

from tests.fetching import Chunk, only, rule


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_T03_server_errors_twice_then_an_answer(chunk: Chunk, quick: None, status: int) -> None:
    rule(chunk, {"kind": "status", "status": status}, page=3, times=2)
    progress = chunk.sweep().fetch()
    assert not progress.failures
    assert chunk.served() == {"200": 12, str(status): 2}
    chunk.check_whole()
    assert chunk.check_ledgers() == 14


def test_T03_a_lasting_server_error_fails_its_slice_alone(chunk: Chunk, quick: None) -> None:
    chunk.sweep(days=3)
    chunk.faults({"match": "FromServiceDate=20260716.*Page=2&", "action": {"kind": "status", "status": 503}})
    error = only(chunk.fetch())
    assert isinstance(error, TryLater)
    assert error.is_transient
    assert chunk.states == ["done", "failed", "done"]
    failed = chunk.slices()[1]
    assert "HTTP 503" in failed.error_message
    assert "Retrying may clear this" in failed.error_message
    landed = len(chunk.landed("WHERE page <> 2 AND slice_id = " + str(failed.slice_id)))
    assert landed > 0
    chunk.line.vendor.control.clear_faults()
    before = chunk.served()["200"]
    chunk.fetch()
    assert chunk.served()["200"] - before == 12 - landed // 5
    chunk.check_whole(days=3)
    chunk.check_ledgers()


def test_T04_a_502_page_is_retried_and_quoted_without_tags_or_secrets(
    chunk: Chunk, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    page = "<html><body><h1>Bad gateway</h1> password=hunter2 x-api-key: sandbox-smartmoving-key " + "z" * 900
    rule(chunk, {"kind": "status", "status": 502, "body": page})
    error = only(chunk.sweep().fetch())
    assert isinstance(error, TryLater)
    assert chunk.served() == {"502": 6}
    text = caplog.text + str(error) + chunk.slices()[0].error_message
    assert "HTTP 502 (Bad gateway" in text
    assert "hunter2" not in text
    assert "sandbox-smartmoving-key" not in text
    assert "<h1>" not in text
    assert "z" * 200 not in text


def test_T05_a_login_page_with_200_is_never_zero_rows(smartmoving: Any, quick: None) -> None:
    line = smartmoving()
    assert set(line.sync().values()) == {"success"}
    count = "SELECT count(*) AS n, count(*) FILTER (WHERE is_deleted) AS gone FROM smartmoving.customers"
    before = line.warehouse.one(count)
    asked = line.warehouse.one("SELECT count(*) FROM ops.lookups WHERE wanted IS NOT NULL", role="admin")
    line.vendor.control.faults({"match": "/api/customers", "action": "html200"})
    statuses = line.sync()
    assert statuses["customers"] == "failed"
    slices = line.warehouse.rows(
        "SELECT * FROM ops.sync_slices WHERE stream = 'customers' AND run_id = 'run 2'", role="admin"
    )
    assert all("NotJSON" in row.error_message and row.api_calls == 2 and row.records == 0 for row in slices)
    assert line.warehouse.one(count) == before
    assert line.warehouse.one("SELECT count(*) FROM ops.lookups WHERE wanted IS NOT NULL", role="admin") == asked


def test_T05_one_login_page_is_read_again(chunk: Chunk, quick: None) -> None:
    rule(chunk, "html200", page=4, times=1)
    chunk.sweep().fetch()
    chunk.check_whole()
    assert chunk.check_ledgers() == 13


@pytest.mark.parametrize(
    "body", ["", "{}", "null", "[]", '"x"', '{"pageResults":{}}', '{"pageResults":null,"totalResults":9}']
)
def test_T06_a_200_without_the_promised_list_is_a_contract_error(chunk: Chunk, quick: None, body: str) -> None:
    chunk.sweep(days=2)
    chunk.faults(
        {"match": "FromServiceDate=20260715", "action": {"kind": "body", "body": body} if body else "empty200"}
    )
    assert isinstance(only(chunk.fetch()), VendorChanged)
    assert chunk.states == ["failed", "done"]
    assert list(chunk.slices()[0].pages_done) == []
    assert chunk.slices()[0].api_calls == 2


@pytest.mark.parametrize(
    ("stream", "body"), [("opportunities", "[]"), ("opportunities", "{}"), ("jobs", "{}"), ("jobs", "null")]
)
def test_T06_a_record_is_no_list_and_a_list_no_record(chunk: Chunk, quick: None, stream: str, body: str) -> None:
    chunk.by_key(stream, ["x"])
    chunk.faults({"match": "/opportunities/", "action": {"kind": "body", "body": body}})
    assert isinstance(only(chunk.fetch()), VendorChanged)
    assert chunk.landed() == []


def test_T06_an_empty_list_is_a_good_answer_where_lists_are_bare(chunk: Chunk) -> None:
    chunk.whole("lead_statuses")
    chunk.faults({"match": "/leads/statuses", "action": {"kind": "body", "body": "[]"}})
    assert not chunk.fetch().failures
    assert chunk.states == ["done"]


@pytest.mark.parametrize("kind", ["reset", "cut", "gzip_cut", "stall"])
def test_T07_a_broken_connection_is_retried_and_each_try_is_counted(smartmoving: Any, quick: None, kind: str) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=60, settings={"read_seconds": 0.3})).sweep()
    rule(chunk, kind, page=5, times=1)
    chunk.fetch()
    chunk.check_whole()
    assert chunk.check_ledgers() == 13


def test_T07_connect_timeout(chunk: Chunk, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.1)
    with socket.socket() as deaf, contextlib.ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):  # fill the queue of a server that never accepts
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        progress = chunk.sweep().fetch(chunk.endpoint(base_url=url))
    error = only(progress)
    assert isinstance(error, TryLater)
    assert "Timeout" in str(error)
    assert progress.calls == 6
    chunk.fetch()
    chunk.check_whole()


def test_T08_truncated_json_is_read_once_more_and_then_fails_without_a_checkpoint(chunk: Chunk, quick: None) -> None:
    rule(chunk, "truncate", page=2)
    assert isinstance(only(chunk.sweep().fetch()), VendorChanged)
    assert chunk.line.vendor.control.served()["faults"] == {"truncate": 2}
    assert chunk.landed("WHERE page = 2") == []
    (row,) = chunk.slices()
    assert all(2 not in span for span in (range(done.lower, done.upper) for done in row.pages_done))
    assert row.state == "failed"
    chunk.line.vendor.control.clear_faults()
    chunk.fetch()
    chunk.check_whole()
    chunk.check_ledgers()
