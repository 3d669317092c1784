"""The hook behind its connections: the test button of both APIs, the API that has none, and a token that ends."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from branchline.hooks.tekmetric import TekmetricHook, TekmetricShopHook, token_renewal
from branchline.transport import Token, Transport

from tests.conftest import NOW
from tests.tekmetric.test_line import change


@pytest.fixture
def connected(tekmetric: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A sandbox, and what sets a connection to it as Airflow would."""
    line = tekmetric()

    def connect(name: str, **words: Any) -> Any:
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "http", **words}))
        return line

    return connect


def public(connected: Any, secret: str = "sandbox-tekmetric-secret") -> Any:
    line = connected("tekmetric", login="sandbox-tekmetric-id", password=secret)
    return connected("tekmetric", host=line.vendor.tekmetric, login="sandbox-tekmetric-id", password=secret)


def shop(connected: Any, token: str = "sandbox-tekmetric-shop-token") -> Any:
    line = connected("tekmetric_shop", password=token)
    return connected("tekmetric_shop", host=line.vendor.tekmetric_shop, password=token)


def test_the_test_button_of_the_public_api(connected: Any) -> None:
    public(connected)
    assert TekmetricHook("tekmetric").test_connection() == (True, "tekmetric answers and accepts the key")
    public(connected, secret="canary-wrong")
    is_fine, said = TekmetricHook("tekmetric").test_connection()
    assert not is_fine
    assert "POST tekmetric /api/v1/oauth/token: HTTP 401" in said
    assert "canary" not in said


def test_the_test_button_of_the_shop_api(connected: Any) -> None:
    line = shop(connected)
    hook = TekmetricShopHook("tekmetric_shop")
    assert hook.test_connection() == (True, "tekmetric's shop API answers and accepts the token")
    change(line, {"shop_token": "another"})
    is_fine, said = hook.test_connection()
    assert not is_fine
    assert "HTTP 401" in said
    line.vendor.control.faults({"match": "repair-order/0", "action": {"kind": "status", "status": 400, "body": ""}})
    assert hook.test_connection()[0] is False


def test_an_api_without_a_connection_is_not_read(connected: Any) -> None:
    public(connected)
    hook = TekmetricHook("tekmetric", "tekmetric")
    assert hook.through("") is hook
    assert hook.through("shop") is None
    shop(connected)
    speaker = hook.through("shop")
    assert isinstance(speaker, TekmetricShopHook)
    assert speaker.account == "tekmetric shop"
    with pytest.raises(LookupError):
        hook.through("fax")


# ---------------------------------------------------------------------------------------------- a token with an end


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(None, float("inf")), (3600, 3600.0), (0, float("inf")), (-5, float("inf")), ("soon", float("inf")), (1.5, 1.5)],
)
def test_how_long_a_token_lives_is_read_where_it_is_said(tekmetric: Any, told: Any, seconds: float) -> None:
    line = tekmetric()
    body = {"access_token": "11111111-2222-4333-8444-555555555555", "token_type": "bearer", "scope": "4100"}
    body |= {} if told is None else {"expires_in": told}
    line.vendor.control.faults(
        {
            "match": "oauth/token",
            "method": "POST",
            "action": {"kind": "status", "status": 200, "body": json.dumps(body)},
        }
    )
    token = asyncio.run(token_renewal(line.vendor.tekmetric, "sandbox-tekmetric-id", "sandbox-tekmetric-secret")())
    assert isinstance(token, Token)
    assert token == {"Authorization": "Bearer 11111111-2222-4333-8444-555555555555"}
    assert token.seconds == seconds


def served(line: Any) -> tuple[int, int]:
    """Tokens given, and calls that were refused for theirs."""
    paths = line.vendor.control.served()["by_path"].items()
    tokens = sum(sum(answers.values()) for path, answers in paths if path.endswith("/oauth/token"))
    return tokens, sum(answers.get("401", 0) for path, answers in paths)


def ended(line: Any, transport: Transport, *, at_the_vendor: bool) -> None:
    """Let a token's time be up by our clock, and by the vendor's."""
    assert 900 < transport._stale_at - time.monotonic() <= 1_000
    transport._stale_at = time.monotonic()
    if at_the_vendor:
        line.vendor.control.clock((NOW + timedelta(seconds=1_001)).isoformat())


def test_a_token_whose_time_is_up_is_renewed_before_the_next_call(tekmetric: Any) -> None:
    line = tekmetric(tekmetric_token_seconds=1_000)

    async def work() -> None:
        async with Transport(line.endpoint()) as transport:
            await transport.get("/api/v1/shops")
            ended(line, transport, at_the_vendor=True)
            await asyncio.gather(*(transport.get("/api/v1/shops") for _ in range(8)))

    asyncio.run(work())
    assert served(line) == (2, 0), "one renewal for all that wait, and no call with a token that has ended"


def test_a_vendor_that_gives_the_same_token_to_its_end_is_asked_once_a_time(tekmetric: Any) -> None:
    line = tekmetric(tekmetric_token_seconds=1_000)

    async def work() -> None:
        async with Transport(line.endpoint()) as transport:
            await transport.get("/api/v1/shops")
            ended(line, transport, at_the_vendor=False)
            await asyncio.gather(*(transport.get("/api/v1/shops") for _ in range(8)))
            assert served(line) == (2, 0)
            # it ends at the vendor before our clock says so: a refused call still tells
            line.vendor.control.clock((NOW + timedelta(seconds=1_001)).isoformat())
            await transport.get("/api/v1/shops")

    asyncio.run(work())
    assert served(line) == (3, 1)
