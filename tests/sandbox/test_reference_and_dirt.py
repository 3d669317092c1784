"""The SmartMoving sandbox's reference lists and dirty strings, against the contract's sections."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

import pytest

from .conftest import Client


def test_section_3_lead_statuses_are_a_bare_array(client: Client) -> None:
    rows = client.get("/api/leads/statuses").json()
    assert {"id", "name"} == set(rows[0])
    assert "Booked " in {row["name"] for row in rows}


@pytest.mark.parametrize(
    ("path", "count", "fields"),
    [
        ("branches", 66, {"id", "name", "phoneNumber", "dispatchLocation", "isPrimary"}),
        ("users", 74, {"id", "name", "title", "email", "primaryBranch", "role"}),
        ("service-types", 25, {"id", "name", "scalingFactorPercentage", "order"}),
        ("move-sizes", 38, {"id", "name", "description", "volume", "weight"}),
        ("referral-sources", 9, {"id", "name", "isLeadProvider", "isPublic"}),
        ("tariffs", 1, {"id", "name", "isEnabled", "appliesToBranches"}),
        ("bad-lead-reasons", 5, {"id", "name", "sortOrder"}),
        ("cancellation-reasons", 5, {"id", "name", "sortOrder"}),
        ("lost-reasons", 6, {"id", "description"}),
        ("crew-members", 40, {"id", "name", "status", "branch", "role"}),
        ("arrival-windows", 4, {"id", "description", "startTime", "endTime", "isDefault"}),
        ("affiliates", 0, set()),
    ],
)
def test_section_3_reference_lists(client: Client, path: str, count: int, fields: set[str]) -> None:
    page = client.get(f"/api/{path}", PageSize=200).json()
    assert page["totalResults"] == count
    assert all(fields <= set(row) for row in page["pageResults"])


def test_section_3_list_filters(client: Client) -> None:
    everything = client.get("/api/referral-sources", includePrivate="true", includeLeadProviders="true").json()
    assert everything["totalResults"] == 14
    assert client.get("/api/tariffs", IncludeDisabled="true").json()["totalResults"] == 2
    inactive = client.get("/api/crew-members", Status="Inactive").json()["pageResults"]
    assert inactive
    assert {row["status"] for row in inactive} == {"Inactive"}


def test_section_11_10_branches(client: Client) -> None:
    rows = client.get("/api/branches").json()["pageResults"]
    names = [row["name"] for row in rows]
    assert len(set(names)) == len({row["id"] for row in rows}) == 66
    assert sum(row["phoneNumber"] == "" for row in rows[:50]) == 16
    assert [row["name"] for row in rows if row["phoneNumber"] is None] == ["KELOWNA 🇨🇦 - Let's Get Moving"]
    assert [n for n, row in zip(names, rows, strict=True) if row["isPrimary"]] == [names[40]]
    assert names[7] == "BOCA RATON🇺🇸 - Let's Get Moving "
    assert names[36].startswith("MONTRÈAL")
    assert names[40] == "NORTH YORK TORONTO  🇨🇦 - Corporate - Let's Get Moving"
    assert "Lets Get" in names[43]
    assert rows[40]["dispatchLocation"]["state"] == "ON"
    assert rows[24]["dispatchLocation"]["zip"] == "07643"
    assert rows[28]["dispatchLocation"]["fullAddress"] == rows[48]["dispatchLocation"]["fullAddress"]
    assert rows[16]["dispatchLocation"]["city"] == "Port Moody"


def test_section_11_10_branch_names_of_details_vary(client: Client) -> None:
    listed = {row["name"] for row in client.get("/api/branches").json()["pageResults"]}

    def normal(name: str) -> str:
        return unicodedata.normalize("NFC", " ".join(name.split()))

    kinds = Counter()
    for row in client.opportunities(20260718, 20260722):
        name = client.get(f"/api/opportunities/{row['id']}").json()["branch"]["name"]
        near = normal(name) in {normal(other) for other in listed}
        kinds["exact" if name in listed else "near" if near else "unlisted"] += 1
    assert kinds["exact"] > kinds["near"] > 0
    assert kinds["unlisted"] > 0


def test_section_11_11_users(client: Client) -> None:
    rows = client.get("/api/users", PageSize=50).json()["pageResults"]
    assert sum(row["title"] == "" for row in rows) == 17
    assert sum(row["primaryBranch"] is None for row in rows) == 19
    assert Counter(row["role"]["name"] for row in rows)["Sales Person"] == 28


def test_section_11_12_to_14_reference_dirt(client: Client) -> None:
    types = {row["id"]: row["name"] for row in client.get("/api/service-types").json()["pageResults"]}
    assert (types[114], types[103]) == (" Labour and Packing Only", "Unpacking ")
    sources = {row["name"] for row in client.get("/api/referral-sources").json()["pageResults"]}
    assert "(416 | ASK REFERRAL" in sources
    sizes = client.get("/api/move-sizes").json()["pageResults"]
    assert sum(row["volume"] is None for row in sizes) == 4
    assert "fcf027f4-1e18-43bc-a7fe-aa2400334a00" in {row["name"] for row in sizes}
    assert "" in {row["description"] for row in sizes}
    assert all(isinstance(row["weight"], float) for row in sizes)


def test_people_are_invented(client: Client) -> None:
    rows: list[Any] = client.all_customers(20260601, 20260730, 200)
    for row in rows:
        assert re.fullmatch(r"|\d{3}55501\d\d", row["phoneNumber"] or "")
        assert re.fullmatch(r"|[^@]+@example\.(com|org)", row["emailAddress"] or "")
    assert len(rows) > 600


def test_money_is_dirty_double(client: Client) -> None:
    totals = []
    for row in client.opportunities(20260701, 20260714):
        detail = client.get(f"/api/opportunities/{row['id']}", IncludeCharges="true").json()
        assert all(isinstance(value, float) for value in detail["estimatedTotal"].values())
        totals.append(detail["estimatedTotal"]["finalTotal"])
    assert min(totals) < 0
    assert any(len(repr(total).partition(".")[2]) > 2 for total in totals)
