"""T86: a connection whose URL is a secret reaches the vendor and nothing of our own network."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from branchline.addresses import PublicAddresses, is_public
from branchline.errors import Reconfigure
from branchline.transport import Endpoint

HOST = "reports.driveshop.com"


def endpoint(base_url: str, hosts: tuple[str, ...] = (HOST,), **more: Any) -> Endpoint:
    return Endpoint("fms", "fms", base_url, {}, query="report={path}", addresses=PublicAddresses(hosts), **more)


@pytest.mark.parametrize(
    "url",
    [
        "http://reports.driveshop.com",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://127.0.0.1",
        "https://localhost",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://0x7f.1",
        "https://user@" + HOST,
        "https://reports.driveshop.com.example.net",
        "https://reports.driveshop.com#@169.254.169.254",
    ],
)
def test_t86_other_hosts_are_refused_before_a_call(url: str) -> None:
    with pytest.raises(Reconfigure):
        endpoint(url, is_plain_allowed=True)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "127.0.0.1", "::1", "2130706433", "0177.0.0.1", "0x7f000001", "127.1"]
)
def test_t86_an_address_on_the_list_is_refused_too(host: str) -> None:
    with pytest.raises(Reconfigure):
        endpoint(f"https://[{host}]" if ":" in host else f"https://{host}", (host,))


def test_the_vendors_own_host_is_called() -> None:
    assert endpoint(f"https://{HOST}").url_of("/active_vehicles", ()).host == HOST
    assert endpoint("https://REPORTS.driveshop.com.").base_url.startswith("https")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.0.0.1", False), ("172.16.9.9", False),
        ("192.168.1.1", False), ("100.64.0.1", False), ("169.254.169.254", False), ("127.0.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("fe80::1%eth0", False),
        ("fd00::1", False), ("::ffff:10.0.0.1", False), ("2002:0a00:0001::1", False), ("64:ff9b::a00:1", False),
        ("::", False),
    ],
)  # fmt: skip
def test_t86_what_a_public_address_is(address: str, expected: bool) -> None:
    assert is_public(address) is expected


def answers(monkeypatch: pytest.MonkeyPatch, *told: str) -> list[str]:
    """Let the machine's resolver answer these, one after the other; returns the names that it was asked."""
    asked: list[str] = []
    left = list(told)

    async def resolve(_self: Any, host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", resolve)
    return asked


def test_t86_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "10.1.2.3")
    with pytest.raises(Reconfigure, match="not a public address"):
        asyncio.run(PublicAddresses((HOST,)).resolve(HOST, 443))
    assert asked == [HOST]


def test_t86_a_name_is_resolved_once_so_that_a_second_answer_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "93.184.216.34", "127.0.0.1")

    async def twice() -> list[str]:
        known = PublicAddresses((HOST,))
        return [one["host"] for _ in range(2) for one in await known.resolve(HOST, 443)]

    assert asyncio.run(twice()) == ["93.184.216.34", "93.184.216.34"]
    assert asked == [HOST]
