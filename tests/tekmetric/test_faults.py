"""What Tekmetric's own refusals do to a run (T01, T09: sections 1.1 to 1.3), and ids that shops share (T35)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from branchline.errors import Reconfigure
from branchline.hooks.tekmetric import token_renewal
from branchline.request import Request
from branchline.transport import AccountRefused, Transport

from tests.tekmetric.landed import EASTERN, GOLDEN, ShopBench, order
from tests.tekmetric.test_line import change, counts


def test_T09_a_token_that_was_revoked_is_renewed_once_for_all_calls(tekmetric: Any) -> None:
    line = tekmetric(concurrency=16)
    endpoint = line.endpoint()

    async def work() -> int:
        async with Transport(endpoint) as transport:
            await transport.get("/api/v1/shops")
            change(line, {"revoke_token": True})
            await asyncio.gather(*(transport.get("/api/v1/customers", [("shop", "4101")]) for _ in range(12)))
            return transport.calls

    calls = asyncio.run(work())
    assert calls <= 1 + 12 + 12  # the refused ones and their repetition
    served = line.vendor.control.served()["by_path"]
    tokens = [sum(calls.values()) for path, calls in served.items() if path.endswith("/oauth/token")]
    assert tokens == [2]


def test_T09_a_wrong_secret_stops_the_account_and_says_what_to_mend(tekmetric: Any) -> None:
    line = tekmetric()
    with pytest.raises(AccountRefused) as refused:
        asyncio.run(_renew(line, "wrong"))
    assert "tekmetric" in str(refused.value)
    assert "wrong" not in str(refused.value)


async def _renew(line: Any, secret: str) -> None:
    await token_renewal(line.vendor.tekmetric, "sandbox-tekmetric-id", secret)()


@pytest.mark.parametrize("shape", ["api", "oauth"])
def test_T09_one_shop_that_is_refused_leaves_the_others_green_and_the_run_partial(tekmetric: Any, shape: str) -> None:
    line = tekmetric()
    line.sync(Request(streams=("shops",)))
    change(line, {"forbid_shop": 4102, "shape": shape} if shape == "oauth" else {"forbid_shop": 4102})
    statuses = line.sync()
    assert statuses["repair_orders"] == "partial"
    assert any(isinstance(error, Reconfigure) for error in line.errors)
    shops = {row.tm_shop_id for row in line.warehouse.rows("SELECT DISTINCT tm_shop_id FROM tekmetric.repair_orders")}
    assert {4100, 4101, 4103} <= shops
    assert 4102 not in shops
    cursors = line.warehouse.rows(
        "SELECT external_id FROM ops.sync_cursors INNER JOIN core.locations ON scope = location_id::text "
        "WHERE stream = 'repair_orders'"
    )
    assert "4102" not in {row.external_id for row in cursors}
    change(line, {"allow_shop": 4102})
    assert set(line.sync().values()) == {"success"}
    assert line.warehouse.rows("SELECT 1 FROM tekmetric.repair_orders WHERE tm_shop_id = 4102")


def test_T01_a_429_without_a_body_is_waited_out_and_the_run_succeeds(
    tekmetric: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = tekmetric()
    line.sync(Request(streams=("shops",)))
    monkeypatch.setattr("branchline.transport.random.uniform", lambda _low, _high: 0.0)
    line.vendor.control.faults(
        {"match": "/api/v1/customers", "action": {"kind": "status", "status": 429, "body": ""}, "times": 1}
    )
    assert set(line.sync(Request(streams=("customers",))).values()) == {"success"}, line.errors
    assert counts(line, "run 2")["customers"].created > 50


def test_T35_the_same_id_in_two_shops_is_two_records(auto: ShopBench) -> None:
    told = {"id": 7, "firstName": "Alex", "employeeRole": {"id": 3}}
    assert auto.take("employees", [told]).created == 1
    assert auto.take("employees", [told | {"firstName": "Sam"}], shop=EASTERN).created == 1
    auto.take("repair_orders", [order(7), order(7, shopId=EASTERN, keytag="theirs")])
    people = auto.rows("SELECT id, first_name FROM tekmetric.employees WHERE tm_id = 7 ORDER BY tm_shop_id")
    assert [row.first_name for row in people] == ["Alex", "Sam"]
    assert len({row.id for row in people}) == 2
    orders = auto.rows("SELECT tm_shop_id, keytag FROM tekmetric.repair_orders WHERE tm_id = 7 ORDER BY 1")
    assert [tuple(row) for row in orders] == [(GOLDEN, None), (EASTERN, "theirs")]
