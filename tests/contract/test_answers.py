"""What broken answers do to us (T03-T08): the real transport and warehouse against the sandbox's faults."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest
from branchline import transport
from branchline.errors import TryLater, VendorChanged

from tests.contract.lines import over
from tests.fetching import Chunk, only, rule


@over()
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_T03_server_errors_twice_then_an_answer(chunk: Chunk, quick: None, status: int) -> None:
    rule(chunk, {"kind": "status", "status": status}, page=3, times=2)
    progress = chunk.plan().fetch()
    assert not progress.failures
    assert chunk.served() == {"200": chunk.pages(), str(status): 2}
    chunk.check_whole()
    assert chunk.check_ledgers() == chunk.pages() + 2


@over("pages", "slices")
def test_T03_a_lasting_server_error_fails_its_slice_alone(chunk: Chunk, quick: None) -> None:
    chunk.plan(3)
    rule(chunk, {"kind": "status", "status": 503}, place=1, page=2)
    error = only(chunk.fetch())
    assert isinstance(error, TryLater)
    assert error.is_transient
    assert chunk.states == ["done", "failed", "done"]
    failed = chunk.slices()[1]
    assert "HTTP 503" in failed.error_message
    assert "Retrying may clear this" in failed.error_message
    kept = {row.page for row in chunk.landed(f"WHERE slice_id = {failed.slice_id}")}
    assert kept
    assert chunk.number(2) not in kept
    chunk.line.vendor.control.clear_faults()
    before = chunk.served()["200"]
    chunk.fetch()
    assert chunk.served()["200"] - before == chunk.slices()[1].pages_total - len(kept)
    chunk.check_whole(3)
    chunk.check_ledgers()


@over()
def test_T04_a_502_page_is_retried_and_quoted_without_tags_or_secrets(
    chunk: Chunk, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    held = chunk.line.held()
    secret = chunk.line.secret_of(held)
    assert len(secret) > 10
    page = f"<html><body><h1>Bad gateway</h1> password=hunter2 it was: {secret} " + "z" * 900
    rule(chunk, {"kind": "status", "status": 502, "body": page})
    error = only(chunk.plan().fetch(held))
    assert isinstance(error, TryLater)
    assert chunk.served() == {"502": 6}
    text = caplog.text + str(error) + chunk.slices()[0].error_message
    assert "HTTP 502 (Bad gateway" in text
    assert "hunter2" not in text
    assert secret not in text
    assert "<h1>" not in text
    assert "z" * 200 not in text


@over()
def test_T05_a_login_page_with_200_is_never_zero_rows(kind: Any, make: Any, quick: None) -> None:
    line = make(**kind.world(12))
    assert set(line.sync().values()) == {"success"}, line.errors
    count = f"SELECT count(*) AS n, count(*) FILTER (WHERE is_deleted) AS gone FROM {kind.ROOT}"
    before = line.warehouse.one(count)
    assert before.n > before.gone
    asked = line.warehouse.one("SELECT count(*) FROM ops.lookups WHERE wanted IS NOT NULL", role="admin")
    line.vendor.control.faults({"match": kind.LIST.calls, "action": "html200"})
    statuses = line.sync()
    assert statuses[kind.LIST.stream] == "failed"
    slices = line.warehouse.rows(
        "SELECT * FROM ops.sync_slices WHERE stream = %s AND run_id = 'run 2'", (kind.LIST.stream,), role="admin"
    )
    assert len(slices) >= (2 if kind.has("slices") else 1)
    assert all(kind.LIST.foreign in row.error_message and row.api_calls == 2 and row.records == 0 for row in slices)
    assert line.warehouse.one(count) == before
    assert line.warehouse.one("SELECT count(*) FROM ops.lookups WHERE wanted IS NOT NULL", role="admin") == asked


@over()
def test_T05_one_login_page_is_read_again(chunk: Chunk, quick: None) -> None:
    rule(chunk, "html200", page=4, times=1)
    chunk.plan().fetch()
    chunk.check_whole()
    assert chunk.check_ledgers() == chunk.pages() + 1


@over("json", "pages", "slices")
@pytest.mark.parametrize("body", ["", "{}", "null", '"x"', '{"%(rows)s":{}}'])
def test_T06_a_200_without_the_promised_list_is_a_contract_error(
    kind: Any, chunk: Chunk, quick: None, body: str
) -> None:
    fails_without_a_page(chunk, body % {"rows": kind.LIST.shape.rows or "results"})


@over("json", "pages", "slices", "totals")
@pytest.mark.parametrize("body", ["[]", '{"%(rows)s":null,"%(total)s":9}'])
def test_T06_an_empty_list_without_its_total_or_against_it_is_a_contract_error(
    kind: Any, chunk: Chunk, quick: None, body: str
) -> None:
    fails_without_a_page(chunk, body % {"rows": kind.LIST.shape.rows, "total": kind.LIST.shape.total})


def fails_without_a_page(chunk: Chunk, body: str) -> None:
    """The first of two slices is answered with that body: it fails, after it was asked for once more."""
    chunk.plan(2)
    rule(chunk, {"kind": "body", "body": body} if body else "empty200", place=0)
    assert isinstance(only(chunk.fetch()), VendorChanged)
    assert chunk.states == ["failed", "done"]
    assert list(chunk.slices()[0].pages_done) == []
    assert chunk.slices()[0].api_calls == 2


@over("json", "by_id", each=lambda line: line.BY_ID.wrong)
def test_T06_a_record_is_no_list_and_a_list_no_record(make: Any, quick: None, case: tuple[str, str]) -> None:
    stream, body = case
    chunk = Chunk(make()).by_key(stream, ["7"])
    path = chunk.line.source.stream(stream).path.partition("{")[0]
    chunk.faults({"match": path, "action": {"kind": "body", "body": body}})
    assert isinstance(only(chunk.fetch(chunk.endpoint_of(stream))), VendorChanged)
    assert chunk.line.vendor.control.served()["faults"] == {"body": 2}
    assert chunk.landed() == []


@over("json", "bare")
def test_T06_an_empty_list_is_a_good_answer_where_lists_are_bare(kind: Any, make: Any) -> None:
    stream, calls = kind.BARE
    chunk = Chunk(make()).whole(stream)
    chunk.faults({"match": calls, "action": {"kind": "body", "body": "[]"}})
    assert not chunk.fetch().failures
    assert chunk.line.vendor.control.served()["faults"] == {"body": 1}
    assert chunk.states == ["done"]


@over()
@pytest.mark.parametrize("fault", ["reset", "cut", "gzip_cut", "stall"])
def test_T07_a_broken_connection_is_retried_and_each_try_is_counted(
    kind: Any, make: Any, quick: None, fault: str
) -> None:
    chunk = Chunk(make(**kind.world(), settings={"read_seconds": 0.6})).plan()
    pages = chunk.pages()
    rule(chunk, fault, page=5, times=1)
    chunk.fetch()
    assert chunk.line.vendor.control.served()["faults"] == {fault: 1}
    chunk.check_whole()
    assert chunk.check_ledgers() == pages + 1


@over()
def test_T07_connect_timeout(chunk: Chunk, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    held = chunk.line.held()
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.1)
    with socket.socket() as deaf, contextlib.ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):  # fill the queue of a server that never accepts
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        progress = chunk.plan().fetch(chunk.endpoint(base_url=url, headers=held.headers, renew=None))
    error = only(progress)
    assert isinstance(error, TryLater)
    assert "Timeout" in str(error)
    assert progress.calls == 6
    chunk.fetch()
    chunk.check_whole()


@over("json", "pages")
def test_T08_truncated_json_is_read_once_more_and_then_fails_without_a_checkpoint(chunk: Chunk, quick: None) -> None:
    rule(chunk, "truncate", page=2)
    assert isinstance(only(chunk.plan().fetch()), VendorChanged)
    assert chunk.line.vendor.control.served()["faults"] == {"truncate": 2}
    second = chunk.number(2)
    assert chunk.landed(f"WHERE page = {second}") == []
    (row,) = chunk.slices()
    assert all(second not in span for span in (range(done.lower, done.upper) for done in row.pages_done))
    assert row.state == "failed"
    chunk.line.vendor.control.clear_faults()
    chunk.fetch()
    chunk.check_whole()
    chunk.check_ledgers()
