"""How Tekmetric's two APIs are spoken to. Sections: docs/vendors.md.

The public API takes client credentials for a token. The shop API, the web application's own, takes a user's session
token, which lives some hours (section 2): it is optional, and a refused one leaves what the public API gave.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, ClassVar

import aiohttp
import msgspec
from airflow.sdk.exceptions import AirflowNotFoundException

from branchline.errors import BranchlineError, NotFound, TryLater, VendorChanged
from branchline.hooks.vendor import VendorHook
from branchline.sources.tekmetric import TEKMETRIC
from branchline.stream import Source
from branchline.transport import AccountRefused, Renewal, Token, Transport

TOKEN_PATH = "/api/v1/oauth/token"  # noqa: S105 - a path
TOKEN_SECONDS = 30.0


class _Token(msgspec.Struct):
    """What is read of the token endpoint's answer (section 1.1)."""

    access_token: str
    expires_in: Any = None

    @property
    def seconds(self) -> float:
        """How long it lives; the vendor's documents know no such field, so what is no time is no end."""
        is_time = isinstance(self.expires_in, int | float) and self.expires_in > 0
        return float(self.expires_in) if is_time else inf


class TekmetricHook(VendorHook):
    """Tekmetric behind a connection: host https://shop.tekmetric.com, login the client id, password the secret."""

    source: ClassVar[Source] = TEKMETRIC
    ping: ClassVar[str] = "/api/v1/shops"

    def through(self, api: str) -> VendorHook | None:
        """The public API, or the shop API behind the connection `<conn_id>_shop` where there is one."""
        if api != "shop":
            return super().through(api)
        shop = TekmetricShopHook(f"{self.conn_id}_shop", f"{self.account} shop")
        try:
            shop.get_connection(shop.conn_id)
        except AirflowNotFoundException:
            return None
        return shop

    def renewal(self, connection: Any, base_url: str) -> Renewal:
        """How a token is got: it is valid until it is revoked, and asking again gives the same one (section 1.1)."""
        return token_renewal(base_url, connection.login or "", connection.password or "")


class TekmetricShopHook(VendorHook):
    """Tekmetric's shop API: host https://shop.tekmetric.com, password the x-auth-token of a signed-in user."""

    source: ClassVar[Source] = TEKMETRIC
    #: An order that cannot be: every other path needs the number of a shop or of an order, or is a report's.
    ping: ClassVar[str] = "/api/repair-order/0/profit/labor"

    def headers(self, connection: Any) -> Mapping[str, str]:
        """The token travels as x-auth-token; a cookie alone is refused (section 2)."""
        return {"x-auth-token": connection.password or ""}

    def test_connection(self) -> tuple[bool, str]:
        """Ask for an order that cannot be: a token that is good is told so, one that is not is refused (section 2)."""

        async def ask() -> None:
            async with Transport(self.endpoint()) as transport:
                await transport.get(self.ping)

        try:
            asyncio.run(ask())
        except NotFound:
            pass
        except BranchlineError as error:
            return False, str(error)
        return True, "tekmetric's shop API answers and accepts the token"


def token_renewal(base_url: str, client_id: str, client_secret: str) -> Renewal:
    """What asks for a token when it is called.

    Args:
        base_url: scheme and host, without a trailing slash.
        client_id: of the application that Tekmetric approved.
        client_secret: its secret.

    Returns:
        A coroutine function that returns the Authorization header, or raises AccountRefused (wrong client or
        secret), TryLater (no answer, 429, 5xx) or VendorChanged.
    """
    url = base_url + TOKEN_PATH
    authorization = "Basic " + b64encode(f"{client_id}:{client_secret}".encode()).decode()
    doing = f"POST tekmetric {TOKEN_PATH}"

    async def renew() -> Mapping[str, str]:
        failure: Exception
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TOKEN_SECONDS)) as session,
                session.post(
                    url,
                    data={"grant_type": "client_credentials"},
                    headers={"Authorization": authorization},
                    allow_redirects=False,
                ) as answer,
            ):
                status, body = answer.status, await answer.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            failure = TryLater(doing, f"the connection failed: {type(error).__name__}")
        else:
            if status == 200:
                token = _token(doing, body)
                return Token({"Authorization": f"Bearer {token.access_token}"}, token.seconds)
            failure = _refusal(status)(doing, f"HTTP {status}")
        # Raised here and not above: aiohttp's errors carry the request with its headers, and would be its context.
        raise failure

    return renew


def _refusal(status: int) -> Callable[[str, str], Exception]:
    """What a status of the token endpoint means: its 400 and 401 are a wrong client or secret (section 1.3)."""
    if status == 429 or status >= 500:
        return TryLater
    return AccountRefused if status in {400, 401, 403} else VendorChanged


def _token(doing: str, body: bytes) -> _Token:
    try:
        return msgspec.json.decode(body, type=_Token)
    except msgspec.DecodeError:
        raise VendorChanged(doing, "the answer has no access_token") from None
