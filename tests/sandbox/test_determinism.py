"""The same seed gives the same bytes; another seed, or an option, gives others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conftest import Client

FLAGS = {"IncludeCharges": "true", "IncludePayments": "true", "IncludeJobAddresses": "true"}


def everything(client: Client) -> list[bytes]:
    paths = ("branches", "users", "crew-members", "leads", "move-sizes")
    bodies = [client.get(f"/api/{path}", PageSize=200).content for path in paths]
    bodies.append(client.sweep(20260719, 20260721, PageSize=200).content)
    for row in client.opportunities():
        bodies.append(client.get(f"/api/opportunities/{row['id']}", **FLAGS).content)
        bodies.append(client.get(f"/api/opportunities/{row['id']}/jobs").content)
    return bodies


def test_same_seed_same_bytes(start: Callable[..., Client]) -> None:
    assert everything(start(seed=11)) == everything(start(seed=11))


def test_other_seed_other_world(start: Callable[..., Client]) -> None:
    one, other = start(seed=11), start(seed=12)
    assert {row["id"] for row in one.all_customers()}.isdisjoint(row["id"] for row in other.all_customers())
    names = [{row["name"] for row in c.get("/api/branches").json()["pageResults"]} for c in (one, other)]
    ids = [{row["id"] for row in c.get("/api/branches").json()["pageResults"]} for c in (one, other)]
    assert names[0] == names[1]
    assert ids[0].isdisjoint(ids[1])


def test_a_day_does_not_depend_on_the_days_asked_before(start: Callable[..., Client]) -> None:
    fresh, used = start(), start()
    used.all_customers(20250101, 20250120, 200)
    assert fresh.sweep().content == used.sweep().content


def test_a_detail_is_found_after_a_restart(start: Callable[..., Client]) -> None:
    row = start().opportunities()[0]
    again = start()
    assert again.get(f"/api/opportunities/{row['id']}").json()["quoteNumber"] == int(row["quoteNumber"])
    assert again.get(f"/api/opportunities/quote/{row['quoteNumber']}").json()["id"] == row["id"]


def test_any_date_works(client: Client) -> None:
    for day in (20000101, 20240229, 20351231, 21000228):
        assert client.sweep(day).json()["totalResults"] >= 9
    assert client.sweep(19991231).json()["totalResults"] == 0


def test_scales(start: Callable[..., Client], client: Client) -> None:
    small = [client.sweep(20260700 + day, PageSize=1).json()["totalResults"] for day in range(1, 32)]
    assert min(small) >= 12
    assert max(small) <= 24
    original = start(scale="original")
    assert {original.sweep(day).json()["totalResults"] for day in (20260720, 20260721, 20270101)} == {186}


def test_rename_branches(start: Callable[..., Client], client: Client) -> None:
    renamed = start(rename_branches=True)
    before, after = ([row["name"] for row in c.get("/api/branches").json()["pageResults"]] for c in (client, renamed))
    assert set(before).isdisjoint(after) or set(before) & set(after) <= {"MovedIn"}
    assert len(set(after)) == 66
    assert [n.endswith(" ") for n in before] == [n.endswith(" ") for n in after]
    assert sum("🇨🇦" in n for n in before) == sum("🇨🇦" in n for n in after)
    detail = renamed.get(f"/api/opportunities/{renamed.opportunities()[0]['id']}").json()
    assert "Keep Rolling" in detail["branch"]["name"] or detail["branch"]["name"]


def test_shuffle_optional(start: Callable[..., Client], client: Client) -> None:
    shuffled = start(shuffle_optional=True)
    rows, plain = shuffled.all_customers(20260715, 20260725), client.all_customers(20260715, 20260725)
    assert len({tuple(row) for row in rows}) > 5
    assert shuffled.sweep().content == start(shuffle_optional=True).sweep().content

    def without_nulls(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        return [without_nulls(item) for item in value] if isinstance(value, list) else value

    assert without_nulls(rows) == without_nulls(plain)
    assert any("phoneNumber" not in row for row in rows)
    assert any("phoneNumber" in row and row["phoneNumber"] is None for row in rows)
