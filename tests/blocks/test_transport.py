"""The transport without a vendor: where it may call, how long it waits, what it never says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from branchline.errors import Reconfigure
from branchline.transport import Effort, Endpoint, Transport, retry_after
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 7, 15, 16, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("7", b"", 7),
        (" 7 ", b"in 9 seconds", 7),
        ("0", b"", 0),
        (format_datetime(datetime(2026, 7, 15, 16, 2, tzinfo=UTC), usegmt=True), b"", 120),
        (format_datetime(datetime(2026, 7, 15, 15, 0, tzinfo=UTC), usegmt=True), b"", 0),
        (None, b"Rate limit is exceeded. Try again in 33 seconds.", 33),
        ("", b"Try again in 1 second.", 1),
        ("soon", b"in 12 seconds", 12),
        ("²", b"", None),
        ("-5", b"", None),
        ("1e9", b"", None),
        (None, b"Rate limit is exceeded.", None),
    ],
)
def test_retry_after(header: str | None, body: bytes, seconds: float | None) -> None:
    assert retry_after(header, body, NOW) == seconds


@given(st.none() | st.text(max_size=30), st.binary(max_size=60))
def test_retry_after_never_fails(header: str | None, body: bytes) -> None:
    seconds = retry_after(header, body, NOW)
    assert seconds is None or seconds >= 0


def endpoint(url: str = "https://api.vendor.example/v1", **more: Any) -> Endpoint:
    return Endpoint("vendor", "account", url, more.pop("headers", {}), **more)


@pytest.mark.parametrize("url", ["http://api.vendor.example", "http://10.0.0.1/v1", "http://[2001:db8::1]"])
def test_plain_http_to_another_machine_is_refused_unless_asked_for(url: str) -> None:
    with pytest.raises(Reconfigure, match="without TLS"):
        endpoint(url)
    assert endpoint(url, is_plain_allowed=True).base_url == url


@pytest.mark.parametrize(
    "url", ["http://localhost:80/x", "http://127.0.0.1:9", "http://[::1]:9", "https://api.vendor.example"]
)
def test_loopback_and_https_are_allowed(url: str) -> None:
    assert endpoint(url).base_url == url


@pytest.mark.parametrize("url", ["", "api.vendor.example", "ftp://x", "https://", "https:///v1", "//x/v1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(Reconfigure, match="not a URL"):
        endpoint(url)


@pytest.mark.parametrize(
    "url", ["https://u:canary@x.example/v1", "https://x.example/v1?key=canary", "https://x.example#canary"]
)
def test_a_key_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Reconfigure) as caught:
        endpoint(url)
    assert "canary" not in str(caught.value)


def test_the_repr_of_an_endpoint_has_no_header() -> None:
    async def renew() -> dict[str, str]:
        return {"x-api-key": "canary"}

    assert "canary" not in repr(endpoint(headers={"x-api-key": "canary"}, renew=renew))


@pytest.mark.parametrize(
    "body",
    [
        b"your key CANARY/123+4 is bad",
        b"your key CANARY%2F123%2B4 is bad",
        b"token=abcdefgh and more",
        b'{"apiKey": "abcdefgh"}',
        b"password : abcdefgh",
        b"z" * 195 + b" CANARY/123+4",
        b"<script>secret='abcdefgh'</script>",
    ],
)
def test_an_excerpt_has_no_secret(body: bytes) -> None:
    transport = Transport(endpoint(headers={"Authorization": "Bearer CANARY/123+4"}))
    text = transport._excerpt(body)
    assert "CANARY" not in text
    assert "abcdefgh" not in text
    assert "<" not in text
    assert len(text) <= 210


def test_the_second_of_two_waiting_calls_gives_up_when_the_account_is_refused() -> None:
    async def race() -> float:
        transport = Transport(endpoint())
        begun = asyncio.get_running_loop().time()

        async def refuse() -> None:
            await asyncio.sleep(0.05)
            transport._closing.set()

        await asyncio.gather(transport._sleep(30, Effort()), refuse())
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(race()) < 5
