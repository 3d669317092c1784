"""What the wire does to us (T01-T13, T30, T31): the real transport and warehouse against the sandbox's faults."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from branchline import transport
from branchline.errors import Deferred, Reconfigure, TryLater, VendorChanged
from branchline.plan import Place
from branchline.request import Request
from branchline.slices import Slice
from branchline.transport import AccountRefused
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fetching import FIRST, Chunk


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly wait between attempts, where the waiting is not the point."""
    monkeypatch.setattr(transport, "BACKOFF_SECONDS", 0.002)
    monkeypatch.setattr(transport, "JITTER_SECONDS", (0.001, 0.005))


@pytest.fixture
def chunk(smartmoving: Callable[..., Any]) -> Chunk:
    """A day of 60 customers on 12 pages of 5."""
    return Chunk(smartmoving(page_cap=5, customers_per_day=60))


def rule(chunk: Chunk, action: Any, **more: Any) -> None:
    chunk.faults({"match": "/api/customers", "action": action} | more)


def only(progress: Any) -> Exception:
    """The error of the one slice that failed."""
    (error,) = progress.failures.values()
    assert isinstance(error, Exception)
    return error


# ------------------------------------------------------------------------------------------------- T01, T02: limits


@pytest.mark.parametrize("header", [{"retry_after": 1}, {"retry_after_date": 2.5}], ids=["seconds", "date"])
def test_T01_429_with_retry_after_pauses_every_worker(
    smartmoving: Any, caplog: pytest.LogCaptureFixture, header: dict[str, Any]
) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=300, latency_ms=5, access_log=True)).sweep()
    rule(chunk, {"kind": "status", "status": 429} | header, after=20, times=1)
    with caplog.at_level(logging.INFO):
        chunk.fetch()
    answers = [(r.created, r.response_status) for r in caplog.records if r.name == "sandbox.access"]  # type: ignore[attr-defined]
    (refused,) = [moment for moment, status in answers if status == 429]
    later = [moment - refused for moment, _ in answers if moment > refused + 0.2]
    # Those that were under way come back at once; nobody else before the second is over.
    assert min(later) >= 1.0
    assert len(later) >= 30
    assert sum("try 1 of 6 failed" in r.message for r in caplog.records) == 1
    assert chunk.served() == {"200": 60, "429": 1}
    chunk.check_whole()
    assert chunk.check_ledgers() == 61


def test_T01_retry_after_of_an_hour_defers_and_keeps_what_is_here(chunk: Chunk) -> None:
    chunk.sweep(days=3)
    rule(chunk, {"kind": "status", "status": 429, "retry_after": 3600}, after=6)
    begun = time.monotonic()
    progress = chunk.fetch()
    assert time.monotonic() - begun < 10
    assert {type(error) for error in progress.failures.values()} == {Deferred}
    assert chunk.states == ["deferred"] * 3
    assert all("3600 s" in row.error_message for row in chunk.slices())
    kept = {(row.slice_id, row.page) for row in chunk.landed()}
    assert 1 <= len(kept) <= 6
    calls = chunk.check_ledgers()
    assert calls <= 6 + 8
    # The pause is the credential's: a second process does not even ask.
    again = chunk.fetch()
    assert again.calls == 0
    assert chunk.states == ["deferred"] * 3
    assert "pause" in str(next(iter(again.failures.values())))
    # It is over: only what is missing is fetched.
    chunk.line.vendor.control.clear_faults()
    chunk.line.warehouse.execute("DELETE FROM ops.rate_buckets")
    assert chunk.fetch().calls == 3 * 12 - len(kept)
    chunk.check_whole(days=3)
    chunk.check_ledgers()


def test_T01_the_text_of_the_body_is_a_retry_after(chunk: Chunk) -> None:
    rule(chunk, {"kind": "status", "status": 429}, times=1)  # "Try again in 1 seconds.", no header
    begun = time.monotonic()
    chunk.sweep().fetch()
    assert time.monotonic() - begun >= 1.0
    chunk.check_whole()


def test_T02_a_storm_of_429_costs_six_calls_a_slice_and_the_run_is_partial(smartmoving: Any, quick: None) -> None:
    line = smartmoving()
    storm = {"kind": "status", "status": 429, "body": "no"}
    line.vendor.control.faults({"match": "/api/customers.*PageSize=200", "action": storm})  # 1 is the probe's
    statuses = line.sync()
    assert statuses.pop("customers") == "failed"
    assert set(statuses.values()) == {"success"}
    slices = line.warehouse.rows("SELECT * FROM ops.sync_slices WHERE stream = 'customers'", role="admin")
    assert len(slices) >= 2
    assert {(row.state, row.api_calls) for row in slices} == {("failed", 6)}
    assert Chunk(line).served() == {"200": 2, "429": 6 * len(slices)}
    others = line.warehouse.one("SELECT count(*) FROM ops.rate_buckets WHERE source <> 'smartmoving'", role="admin")
    assert others == 0


@pytest.mark.parametrize("after", [0, 20])
def test_T02_a_storm_on_single_records_does_not_cost_six_calls_each(smartmoving: Any, quick: None, after: int) -> None:
    line = smartmoving(customers_per_day=60)
    keys = [
        opportunity.id
        for customer in line.vendor.world.matching(FIRST, FIRST)
        for opportunity in customer.opportunities
    ]
    chunk = Chunk(line).by_key("opportunities", keys[:50])
    line.vendor.control.faults(
        {"match": "/opportunities/", "action": {"kind": "status", "status": 429, "body": "no"}, "after": after}
    )
    assert isinstance(only(chunk.fetch()), TryLater)
    refused = line.vendor.control.served()["by_status"]["429"]
    assert refused == 6 if after == 0 else 6 <= refused <= 8 + 5
    assert len(chunk.landed()) == after
    line.vendor.control.clear_faults()
    assert chunk.fetch().calls == 50 - after
    assert chunk.states == ["done"]
    chunk.check_ledgers()


# ------------------------------------------------------------------------------------------- T03-T08: broken answers


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


# ------------------------------------------------------------------------------------------------- T09-T12: refusals


def test_T09_an_expired_token_is_renewed_once_and_the_same_page_goes_on(smartmoving: Any) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=60, latency_ms=30)).sweep()
    rule(chunk, {"kind": "status", "status": 401}, after=4, times=3)
    renewed = []

    async def renew() -> dict[str, str]:
        renewed.append(1)
        await asyncio.sleep(0.05)
        return {"x-api-key": "sandbox-smartmoving-basic-key"}

    chunk.fetch(chunk.endpoint(renew=renew))
    assert len(renewed) == 1
    assert chunk.served() == {"200": 12, "401": 3}
    assert set(chunk.line.vendor.control.served()["month_by_key"]) == {
        "sandbox-smartmoving-key",
        "sandbox-smartmoving-basic-key",
    }
    chunk.check_whole()
    chunk.check_ledgers()


@pytest.mark.parametrize("can_renew", [False, True])
def test_T09_a_401_stops_the_account_at_once(chunk: Chunk, can_renew: bool) -> None:
    chunk.sweep(days=40)
    rule(chunk, {"kind": "status", "status": 401}, after=6)
    renewed = []

    async def renew() -> dict[str, str]:
        renewed.append(1)
        return {"x-api-key": "sandbox-smartmoving-key"}

    endpoint = chunk.endpoint(renew=renew) if can_renew else chunk.endpoint()
    with pytest.raises(AccountRefused, match="HTTP 401") as caught:
        chunk.fetch(endpoint)
    assert not caught.value.is_transient
    assert chunk.served()["401"] <= (16 if can_renew else 8)
    assert len(renewed) == int(can_renew)
    assert chunk.states == ["failed"] * 40
    assert all("HTTP 401" in row.error_message for row in chunk.slices())
    assert len(chunk.landed()) == 6 * 5  # what was here before is kept
    chunk.check_ledgers()
    chunk.line.vendor.control.clear_faults()
    before = chunk.check_ledgers()
    chunk.fetch()
    chunk.check_whole(days=40)
    assert chunk.check_ledgers() - before == 40 * 12 - 6


def test_T09_a_403_on_one_branch_fails_that_branch_alone(smartmoving: Any) -> None:
    line = smartmoving(branch_filter="honoured", customers_per_day=7, page_cap=5)
    branches = [(branch.id, branch.name) for branch in line.vendor.world.catalogue.branches[:4]]
    chunk = Chunk(line).sweep(
        places=[Place(number, external, name, None) for number, (external, name) in enumerate(branches)]
    )
    chunk.faults({"match": f"BranchId={branches[2][0]}", "action": {"kind": "status", "status": 403}})
    error = only(chunk.fetch())
    assert isinstance(error, Reconfigure)
    assert not isinstance(error, AccountRefused)
    assert chunk.states == ["done", "done", "failed", "done"]
    assert chunk.served() == {"200": 6, "403": 1}
    chunk.check_ledgers()


def test_T09_a_quota_that_is_used_up_defers_the_rest(smartmoving: Any) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=60, monthly_quota=30)).sweep(days=6)
    progress = chunk.fetch()
    assert {type(error) for error in progress.failures.values()} == {Deferred}
    assert chunk.states == ["done", "done", "deferred", "deferred", "deferred", "deferred"]
    assert len(chunk.landed()) == 30 * 5
    assert chunk.served()["403"] <= 8
    chunk.check_ledgers()


@pytest.mark.parametrize("action", [None, {"kind": "status", "status": 404}])
def test_T10_a_record_that_was_just_deleted_is_a_tombstone_candidate(smartmoving: Any, action: Any) -> None:
    line = smartmoving(customers_per_day=20)
    keys = [
        opportunity.id
        for customer in line.vendor.world.matching(FIRST, FIRST)
        for opportunity in customer.opportunities
    ][:9]
    chunk = Chunk(line).by_key("opportunities", keys)
    if action is None:
        line.vendor.control.change({"delete": keys[4]})
    else:
        chunk.faults({"match": keys[4], "action": action})
    progress = chunk.fetch()
    assert not progress.failures
    assert chunk.states == ["done"]
    assert [(row.asked, row.flaw) for row in chunk.landed() if row.flaw] == [(keys[4], "not_found")]
    assert [row.asked for row in chunk.landed()] == keys
    assert chunk.check_ledgers() == 9


def test_T10_a_missing_list_is_no_tombstone(chunk: Chunk) -> None:
    rule(chunk, {"kind": "status", "status": 404})
    assert isinstance(only(chunk.sweep().fetch()), VendorChanged)
    assert chunk.landed() == []


@pytest.mark.parametrize(
    "location", ["http://other.example.com/?key=canary", "http://127.0.0.1:9/x", "/smartmoving/v1/api/users"]
)
def test_T11_a_redirect_is_refused(chunk: Chunk, location: str) -> None:
    rule(chunk, {"kind": "redirect", "location": location})
    error = only(chunk.sweep().fetch())
    assert isinstance(error, Reconfigure)
    assert "redirect" in str(error)
    assert "canary" not in str(error)
    assert chunk.line.vendor.control.served()["total"] == 1


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server with a certificate nobody trusts: its URL, and what it could read of requests."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    heard: list[bytes] = []
    loop = asyncio.new_event_loop()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.close()

    async def serve() -> asyncio.Server:
        return await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(), loop).result()
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}/v1", heard
    loop.call_soon_threadsafe(server.close)
    time.sleep(0.05)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_T12_an_untrusted_certificate_is_not_retried_and_hears_no_key(chunk: Chunk, self_signed: Any) -> None:
    url, heard = self_signed
    chunk.sweep(days=3)
    begun = time.monotonic()
    with pytest.raises(AccountRefused, match="TLS failed: ClientConnectorCertificateError"):
        chunk.fetch(chunk.endpoint(base_url=url))
    assert time.monotonic() - begun < 5
    assert chunk.states == ["failed"] * 3
    assert sum(row.api_calls for row in chunk.slices()) <= 3
    assert not any(b"sandbox" in part for part in heard)
    chunk.fetch()
    chunk.check_whole(days=3)


# ---------------------------------------------------------------------------------------- T13, T30, T31: odd records

_MEASURED = """
import asyncio, resource, sys
from branchline.fetch import fetch_chunk
from branchline.sources.smartmoving import SMARTMOVING
from branchline.transport import Endpoint
endpoint = Endpoint("smartmoving", "smartmoving", sys.argv[2], {"x-api-key": "sandbox-smartmoving-key"})
print(asyncio.run(fetch_chunk(sys.argv[1], SMARTMOVING, endpoint, [int(n) for n in sys.argv[3].split(",")])).describe())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measured(chunk: Chunk) -> subprocess.Popen[str]:
    """Fetch the chunk in a process of its own, which prints its largest memory in KB."""
    arguments = [chunk.line.warehouse.loader, chunk.line.vendor.smartmoving, ",".join(map(str, chunk.ids))]
    return subprocess.Popen(
        [sys.executable, "-c", _MEASURED, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(transport.__file__).parents[1])},
    )


def test_T13_a_record_over_the_cap_is_put_aside_and_memory_stays_small(chunk: Chunk) -> None:
    chunk.sweep(days=2)
    # Every page of the first day carries ten megabytes, one of the second day four.
    chunk.faults(
        {"match": "FromServiceDate=20260715", "action": {"kind": "big_field", "record": 2, "field": "address"}},
        {
            "match": "FromServiceDate=20260716.*Page=1&",
            "action": {"kind": "big_field", "field": "address", "bytes": 4_000_000},
        },
    )
    with measured(chunk) as process:
        output, _ = process.communicate(timeout=100)
    told, memory = output.splitlines()
    assert told.startswith("2 slices, 24 pages, 120 records")
    assert int(memory) < 512 * 1024
    assert chunk.states == ["done", "done"]
    big = chunk.landed("WHERE flaw = 'too_large'")
    assert len(big) == 12
    assert all(row.body is None and len(row.body_raw) > 10_000_000 and row.ordinal == 2 for row in big)
    (loaded,) = chunk.landed("WHERE length(body ->> 'address') = 4000000")
    assert (loaded.flaw, loaded.body_raw) == (None, None)


def test_T13_an_endless_answer_is_cut_off(chunk: Chunk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "BODY_BYTES", 1_000_000)
    rule(chunk, {"kind": "big_field", "bytes": 3_000_000}, page=2)
    assert "longer than 1,000,000 bytes" in str(only(chunk.sweep().fetch()))


def reference(line: Any) -> None:
    """Read the branches: without their time zones no day can be planned."""
    assert line.sync(Request(streams=("branches",))) == {"branches": "success"}


def customers(line: Any) -> dict[str, str]:
    statuses: dict[str, str] = line.sync(Request(since=FIRST, until=FIRST, streams=("customers",)))
    return statuses


def test_T13_T31_quarantine_names_the_flaw(smartmoving: Any) -> None:
    line = smartmoving(page_cap=5)
    reference(line)
    line.vendor.control.faults(
        {
            "match": "PageSize=200",
            "page": 1,
            "action": {"kind": "big_field", "record": 1, "field": "address", "bytes": 5_000_001},
        },
        {
            "match": "PageSize=200",
            "page": 2,
            "action": {"kind": "nan", "record": 3, "field": "address", "literal": "-Infinity"},
        },
        {
            "match": "PageSize=200",
            "page": 3,
            "action": {"kind": "nan", "record": 0, "field": "address", "literal": "1e400000"},
        },
    )
    assert customers(line) == {"customers": "success"}, line.errors
    rows = line.warehouse.rows("SELECT * FROM ops.quarantine ORDER BY reason", role="admin")
    assert [(row.reason, row.severity) for row in rows] == [
        ("not_finite", "record"),
        ("not_json", "record"),
        ("too_large", "record"),
    ]
    assert b":-Infinity" in rows[0].payload_raw
    assert b":1e400000" in rows[1].payload_raw
    history = line.warehouse.one("SELECT * FROM ops.sync_history WHERE sync_type = 'customers'", role="admin")
    assert (history.quarantined, history.created) == (3, history.records_fetched - 3)


def test_T30_nul_and_lone_surrogates_are_taken_out_flagged_and_kept_raw(chunk: Chunk) -> None:
    rule(chunk, {"kind": "nul", "record": 1, "field": "name"}, page=2)
    records = r'{"id":"1","na\u0000me":"a\\u0000"},{"id":"2","\udc00k":"\ud83d\ude00 \ud83d"},{"id":"3","n":"\\ud800"}'
    body = f'{{"pageResults":[{records}],"pageSize":5,"totalResults":60,"lastPage":false}}'
    rule(chunk, {"kind": "body", "body": body}, page=3)
    chunk.sweep().fetch()
    assert chunk.states == ["done"]
    (named,) = chunk.landed("WHERE page = 2 AND flaw IS NOT NULL")
    assert (named.ordinal, named.flaw, named.body["name"]) == (1, "sanitised", "Alex � Example")
    assert rb'"Alex\u0000 \ud800 Example"' in named.body_raw
    key, value, good = chunk.landed("WHERE page = 3")
    assert (key.flaw, key.body) == ("sanitised", {"id": "1", "name": r"a\u0000"})
    assert (value.flaw, value.body) == ("sanitised", {"id": "2", "�k": "😀 �"})
    assert [key.body_raw, value.body_raw] == [
        part.encode()
        for part in (records[: records.index(",{")], records[records.index(",{") + 1 : records.rindex(",{")])
    ]
    assert (good.flaw, good.body_raw, good.body["n"]) == (None, None, r"\ud800")


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e400000", "-9e999999", "1" * 140_000])
def test_T31_what_is_no_number_of_ours_is_put_aside_with_its_bytes(chunk: Chunk, literal: str) -> None:
    rule(chunk, {"kind": "nan", "record": 4, "field": "address", "literal": literal}, page=2)
    chunk.sweep().fetch()
    assert chunk.states == ["done"]
    (odd,) = chunk.landed("WHERE flaw IS NOT NULL")
    assert (odd.page, odd.ordinal, odd.body) == (2, 4, None)
    assert odd.flaw == ("not_finite" if "N" in literal or "I" in literal else "not_json")
    assert f'"address":{literal}'.encode() in odd.body_raw
    assert len(chunk.landed()) == 60


# -------------------------------------------------------------------------------------------- our own process fails


def test_killed_in_the_middle_it_resumes_with_what_is_missing(smartmoving: Any) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=60, latency_ms=40)).sweep(days=8)
    process = measured(chunk)
    while len({(row.slice_id, row.page) for row in chunk.landed()}) < 20:
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.2)
    kept = len({(row.slice_id, row.page) for row in chunk.landed()})
    assert chunk.fetch().calls == 8 * 12 - kept
    chunk.check_whole(days=8)


def test_an_error_of_ours_ends_the_chunk_and_does_not_hang_it(chunk: Chunk, monkeypatch: pytest.MonkeyPatch) -> None:
    learn = Slice.learn
    monkeypatch.setattr(
        Slice, "learn", lambda piece, number, page: 1 // 0 if number == 7 else learn(piece, number, page)
    )
    with pytest.raises(ZeroDivisionError):
        chunk.sweep(days=2).fetch()
    monkeypatch.undo()
    chunk.fetch()
    chunk.check_whole(days=2)
    chunk.check_ledgers()


@pytest.mark.parametrize("query", ["COPY", "UPDATE ops", "SELECT ops"])
def test_a_lost_database_connection_ends_the_chunk_and_the_next_try_finishes(smartmoving: Any, query: str) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=60, latency_ms=20)).sweep(days=12)
    victim: list[bool] = []

    def strike() -> None:
        while not victim and len(chunk.landed()) < 20:
            time.sleep(0.01)
        while not victim:
            rows = chunk.line.warehouse.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'branchline fetch' "
                "AND (query ILIKE %s OR %s)",
                (f"%{query}%", query == "COPY"),
                role="admin",
            )
            victim.extend(True for _ in rows)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        with pytest.raises(psycopg.OperationalError):
            chunk.fetch()
    finally:
        victim.append(True)
        thread.join()
    chunk.fetch()
    chunk.check_whole(days=12)


def test_T83_no_key_in_any_log_line_message_or_repr(
    smartmoving: Any, quick: None, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-5up3r-s3cr3t"
    chunk = Chunk(smartmoving(smartmoving_keys=((canary, "premium"),), page_cap=5, customers_per_day=60)).sweep(days=7)
    endpoint = chunk.endpoint(headers={"x-api-key": canary, "Authorization": f"Bearer {canary}"}, read_seconds=0.3)
    echo = {"message": f"key {canary} is not welcome", "authorization": f"Bearer {canary}"}
    for day, action in enumerate(
        [
            {"kind": "status", "status": 500, "body": json.dumps(echo)},
            {"kind": "status", "status": 400, "body": json.dumps(echo)},
            {"kind": "redirect", "location": f"https://{canary}@other.example.com/{canary}?key={canary}"},
            {"kind": "body", "body": json.dumps(echo)},
            {"kind": "reset"},
            {"kind": "stall"},
            {"kind": "status", "status": 401, "body": json.dumps(echo)},
        ]
    ):
        rule = {"match": f"FromServiceDate={15 + day + 20260700}", "action": action}
        chunk.faults(rule if day < 6 else rule | {"page": 12})
    with caplog.at_level(logging.DEBUG), pytest.raises(AccountRefused) as caught:
        chunk.fetch(endpoint)
    text = caplog.text + "".join(capsys.readouterr()) + repr(endpoint) + repr(caught.value)
    seen: BaseException | None = caught.value
    while seen is not None:
        text += str(seen) + repr(seen) + repr(vars(seen))
        seen = seen.__cause__ or seen.__context__
    text += "".join(str(row) for row in chunk.slices())
    assert "HTTP 401" in text
    assert chunk.states.count("failed") == 7
    assert canary not in text
    assert chunk.served()["401"] == 1
