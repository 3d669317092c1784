"""What SmartMoving's refusals do to us (T09-T12), and the key that no message holds (T83)."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from branchline.errors import Deferred, Reconfigure, VendorChanged
from branchline.transport import AccountRefused
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fetching import FIRST, Chunk, only, rule


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
    chunk.check_whole(3)


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
