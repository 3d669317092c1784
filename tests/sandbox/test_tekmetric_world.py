"""The Tekmetric world: it moves with the clock, changes by hand, and the truth agrees with what is served."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from .conftest import Client
from .test_tekmetric_public import Chain


@pytest.fixture
def chain(client: Client) -> Chain:
    return Chain(client)


def every_order(chain: Chain) -> dict[int, Any]:
    rows = chain.all("repair-orders") + chain.all("repair-orders", deletedDateStart="2020-01-01")
    return {row["id"]: row for row in rows}


def truth(chain: Chain, **query: str) -> dict[str, Any]:
    url = chain.sandbox.url + "/_control/truth"
    told: dict[str, Any] = chain.session.get(url, params={"source": "tekmetric", **query}, timeout=60).json()
    return told


@pytest.mark.parametrize("seed", [7, 8])
def test_truth_agrees_with_what_is_served(start: Callable[..., Client], seed: int) -> None:
    chain = Chain(start(seed=seed))
    told = truth(chain)
    served = every_order(chain)
    assert told["counts"]["repairOrders"] == len(served) > 180
    for shop in told["shops"]:
        mine = told["byShop"][str(shop["id"])]
        assert {row["id"]: row for row in mine["repairOrders"]}.items() <= served.items()
        for name in ("customers", "vehicles"):
            rows = chain.all(name, shop=shop["id"]) + chain.all(name, shop=shop["id"], deletedDateStart="2000-01-01")
            assert sorted(mine[name], key=lambda row: row["id"]) == sorted(rows, key=lambda row: row["id"])
        assert mine["employees"] == chain.all("employees", shop=shop["id"])
        assert mine["appointments"] == chain.all("appointments", shop=shop["id"])
        known = {row["id"] for row in mine["customers"]}
        assert {row["customerId"] for row in mine["repairOrders"]} <= known
        assert {row["vehicleId"] for row in mine["repairOrders"]} <= {row["id"] for row in mine["vehicles"]}
    posted = [one for one in told["figures"].values() if one["isPosted"]]
    assert {one["status"] for one in posted} == {5, 6}
    # Evening posts: the shop's day is not the day in UTC.
    other = [served[int(number)] for number, one in told["figures"].items()
             if one["postedDay"] and one["postedDay"] != served[int(number)]["postedDate"][:10]]  # fmt: skip
    assert len(other) > 10
    assert {shop["timezone"] for shop in told["shops"]} == {
        "America/Denver", "America/New_York", "America/Phoenix", "America/Los_Angeles",
    }  # fmt: skip


def test_truth_of_some_days(chain: Chain) -> None:
    some = truth(chain, **{"from": "2026-07-10", "to": "2026-07-12"})["byShop"]["4101"]["repairOrders"]
    assert some
    assert all("2026-07-10" <= row["updatedDate"][:10] <= "2026-07-12" for row in some)


def test_same_seed_same_world_other_seed_another(start: Callable[..., Client]) -> None:
    one, same, other = (Chain(start(seed=seed)) for seed in (11, 11, 12))
    texts = [chain.get("repair-orders", shop=4101, size=100).content for chain in (one, same, other)]
    assert texts[0] == texts[1] != texts[2]


def test_a_start_on_another_day_knows_the_same_records(start: Callable[..., Client], chain: Chain) -> None:
    later = Chain(start(now=datetime(2026, 7, 23, 15, tzinfo=UTC)))
    later.control.clock("2026-07-20T15:00:00Z")
    before, after = every_order(chain), every_order(later)
    assert len(before.keys() & after.keys()) > 100
    for number in before.keys() & after.keys():
        assert before[number] == after[number]
    customers = {row["id"]: row for row in chain.all("customers", shop=4101)}
    assert all(customers.get(row["id"]) == row for row in later.all("customers", shop=4101))


def test_orders_move_with_the_clock(chain: Chain) -> None:
    before = every_order(chain)
    chain.control.clock("2026-07-24T15:00:00Z")
    after = every_order(chain)
    assert set(before) < set(after)
    moved = [number for number in before if before[number] != after[number]]
    assert moved
    for number in moved:
        assert before[number]["updatedDate"] < after[number]["updatedDate"] <= "2026-07-24T15:00:00Z"
    statuses = {(before[n]["repairOrderStatus"]["id"], after[n]["repairOrderStatus"]["id"]) for n in moved}
    assert any(first in {1, 2} and last in {3, 5, 6} for first, last in statuses)
    chain.control.clock("2026-07-20T15:00:00Z")
    assert every_order(chain) == before


def test_section_1_6_trap_8_posting_dates_move_backwards(start: Callable[..., Client]) -> None:
    chain = Chain(start(tekmetric_shops=1, tekmetric_days=60, tekmetric_orders_per_day=4))
    seen: dict[int, list[str]] = {}
    unposted = set()
    for half_day in range(60):
        chain.control.clock(f"2026-06-{half_day // 2 + 1:02d}T{half_day % 2 * 10 + 8:02d}:00:00Z")
        for row in chain.all("repair-orders", shop=4101):
            dates = seen.setdefault(row["id"], [])
            if row["postedDate"] and row["postedDate"] not in dates[-1:]:
                dates.append(row["postedDate"])
            if dates and not row["postedDate"]:
                unposted.add(row["id"])
    steps = [(a, b) for dates in seen.values() for a, b in pairwise(dates)]
    assert unposted
    assert any(b < a for a, b in steps)
    assert any(b > a for a, b in steps)


def test_change_a_fraction(chain: Chain) -> None:
    before = every_order(chain)
    done = chain.change(fraction=0.1)
    after = every_order(chain)
    changed = {number for number in before if before[number] != after[number]}
    assert changed == set(done["changed"])
    assert len(changed) == round(0.1 * done["of"])
    since = chain.all("repair-orders", updatedDateStart="2026-07-20T15:00:00Z")
    assert {row["id"] for row in since} == changed
    assert all(str(number)[0] != "1" or number > 1_999_999 for number in changed)
    assert chain.change(fraction=1.0, shop=4100)["of"] == 10
    chain.control.reset()
    chain.take_token()
    assert every_order(chain) == before


def test_moves_by_hand(chain: Chain) -> None:
    order = next(row for row in chain.all("repair-orders", shop=4101) if row["repairOrderStatus"]["id"] == 5)
    path = f"repair-orders/{order['id']}"
    chain.change(unpost=order["id"])
    unposted = chain.get(path).json()
    assert (unposted["repairOrderStatus"]["code"], unposted["postedDate"]) == ("COMPLETE", None)
    chain.change(bill=order["id"], posted="2026-06-30T23:30:00Z")
    billed = chain.get(path).json()
    assert (billed["repairOrderStatus"]["id"], billed["postedDate"]) == (6, "2026-06-30T23:30:00Z")
    assert order["updatedDate"] < unposted["updatedDate"] < billed["updatedDate"]
    chain.change(delete=order["id"])
    assert chain.get(path).json()["repairOrderStatus"]["id"] == 7
    assert order["id"] not in {row["id"] for row in chain.all("repair-orders", shop=4101)}
    assert chain.web(f"repair-order/{order['id']}/estimate").status_code == 404


def test_remove_a_part(chain: Chain) -> None:
    order = chain.get("repair-orders/1000101").json()
    done = chain.change(remove_part=1000101)
    parts = chain.get("repair-orders/1000101").json()["jobs"][0]["parts"]
    assert done["removed"] == order["jobs"][0]["parts"][0]["id"]
    assert [part["id"] for part in parts] == [part["id"] for part in order["jobs"][0]["parts"][1:]]


def test_t42_a_customer_that_no_list_has(chain: Chain) -> None:
    order = chain.get("repair-orders", shop=4101, size=1).json()["content"][0]
    chain.change(hide_customer=order["customerId"])
    chain.change(hide_vehicle=order["vehicleId"])
    assert order["customerId"] not in {row["id"] for row in chain.all("customers", shop=4101)}
    assert order["vehicleId"] not in {row["id"] for row in chain.all("vehicles", shop=4101)}
    assert chain.get(f"customers/{order['customerId']}").status_code == 200
    assert chain.get(f"vehicles/{order['vehicleId']}").status_code == 200


def test_customers_change(chain: Chain) -> None:
    row = chain.get("customers", shop=4101, size=1).json()["content"][0]
    chain.change(rename_customer=row["id"], first="Zed")
    assert chain.get(f"customers/{row['id']}").json()["firstName"] == "Zed"
    assert [one["id"] for one in chain.all("customers", updatedDateStart="2026-07-20T15:00:00Z")] == [row["id"]]
    chain.change(delete_customer=row["id"])
    gone = chain.all("customers", deletedDateStart="2026-07-20T15:00:00Z")
    assert [one["id"] for one in gone] == [row["id"]]


@pytest.mark.parametrize(
    "command",
    [{}, {"unpost": 1}, {"unpost": 1000109}, {"forbid_shop": 1}, {"insert": 1, "shop": 4100}, {"set": {"order": 5}}],
)
def test_commands_that_make_no_sense(chain: Chain, command: dict[str, Any]) -> None:
    url = chain.sandbox.url + "/_control/change"
    assert chain.session.post(url, params={"source": "tekmetric"}, json=command, timeout=60).status_code == 400


def test_t20_a_row_inserted_during_paging(chain: Chain) -> None:
    first = chain.get("repair-orders", shop=4101, size=5).json()
    chain.control.faults({"match": "repair-orders.*page=0", "action": "shift", "times": 1})
    chain.get("repair-orders", shop=4101, size=5, page=0)
    second = chain.get("repair-orders", shop=4101, size=5, page=1).json()
    assert second["content"][0]["id"] == first["content"][-1]["id"]
    assert second["totalElements"] == first["totalElements"] + 1


def test_t21_a_row_deleted_during_paging(chain: Chain) -> None:
    before = chain.all("customers", shop=4101)
    chain.control.faults({"match": "customers", "action": "drop", "times": 1})
    chain.get("customers", shop=4101, size=5, page=0)
    after = chain.get("customers", shop=4101, size=5, page=1).json()
    assert after["content"][0]["id"] == before[6]["id"]


def test_t24_faults_know_the_envelope(chain: Chain) -> None:
    first = chain.get("repair-orders", shop=4101, size=5).json()
    chain.control.faults({"match": "repair-orders", "action": "repeat_page", "page": 1})
    second = chain.get("repair-orders", shop=4101, size=5, page=1).json()
    assert (second["content"], second["number"], second["last"]) == (first["content"], 1, False)


def test_scales(start: Callable[..., Client]) -> None:
    chain = Chain(start(scale="plan", tekmetric_shops=2, tekmetric_golden=False))
    assert [shop["id"] for shop in chain.get("shops").json()] == [4101, 4102]
    rows = [row for row in every_order(chain).values() if row["createdDate"] < "2026-07-20T04:00:00Z"]
    assert len(rows) == 2 * 500
    warranty = [row for row in rows if row["totalSales"] == 100]
    assert warranty
    profit = chain.web(f"repair-order/{warranty[0]['id']}/profit/labor").json()["totalProfit"]
    assert profit["margin"] < -20
