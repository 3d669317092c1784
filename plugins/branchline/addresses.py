"""Which hosts and addresses a connection may reach, where its URL is no vendor's fixed one: none of our own network.

A name is resolved once for a session and the connection goes to that address alone, so that a name which means
another machine the second time (DNS rebinding) gains nothing (T86).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from branchline.errors import Reconfigure
from branchline.warehouse import is_loopback

_NAT64 = IPv6Network("64:ff9b::/96")


class PublicAddresses(AbstractResolver):
    """A list of allowed host names, each resolved once, to public addresses alone.

    Attributes:
        hosts: names that may be called.
        is_loopback_allowed: whether loopback may be called too, over http: the local sandbox.
    """

    def __init__(self, hosts: Iterable[str], *, is_loopback_allowed: bool = False) -> None:
        """Take what the connection allows."""
        self.hosts = frozenset(host.lower().rstrip(".") for host in hosts)
        self.is_loopback_allowed = is_loopback_allowed
        self._known: dict[str, list[ResolveResult]] = {}

    def check_host(self, scheme: str, host: str, doing: str) -> None:
        """Refuse a host before it is resolved.

        Raises:
            Reconfigure: it is not on the list, or is an address, or would be called without TLS.
        """
        if self.is_loopback_allowed and is_loopback(host):
            return
        if scheme != "https":
            raise Reconfigure(doing, f"{host} would be called without TLS")
        if host.lower().rstrip(".") not in self.hosts:
            raise Reconfigure(doing, f"{host} is not among the hosts that the connection's extra `hosts` allows")
        # aiohttp asks no resolver for an address, so one on the list would not be looked at again.
        if _is_address(host):
            raise Reconfigure(doing, f"{host} is an address; name the host")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host, the same ones for as long as the session lasts.

        Raises:
            OSError: it has none.
            Reconfigure: one of them is not public.
        """
        if host not in self._known:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
            addresses = [entry[4][0] for entry in found]
            is_local = self.is_loopback_allowed and is_loopback(host)
            for address in addresses:
                if not is_local and not is_public(str(address)):
                    raise Reconfigure(f"Resolving {host}", f"it leads to {address}, which is not a public address")
            self._known[host] = [
                ResolveResult(
                    hostname=host,
                    host=str(address),
                    port=port,
                    family=entry[0],
                    proto=entry[2],
                    flags=socket.AI_NUMERICHOST,
                )
                for entry, address in zip(found, addresses, strict=True)
            ]
        return self._known[host]

    async def close(self) -> None:
        """Forget what was resolved."""
        self._known.clear()


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet; an IPv4 address in IPv6 clothes is judged as IPv4."""
    parsed: IPv4Address | IPv6Address = ip_address(address.split("%", 1)[0])
    if isinstance(parsed, IPv6Address):
        within = IPv4Address(int(parsed) & 0xFFFFFFFF) if parsed in _NAT64 else None
        parsed = within or parsed.ipv4_mapped or parsed.sixtofour or parsed
    return parsed.is_global and not parsed.is_multicast


def _is_address(host: str) -> bool:
    """Whether a host is an address in any of the spellings that a resolver takes: 127.1, 0x7f.1, 2130706433."""
    try:
        ip_address(host)
    except ValueError:
        return host.replace(".", "").replace("x", "").isalnum() and host.rsplit(".", 1)[-1][:1].isdigit()
    return True
