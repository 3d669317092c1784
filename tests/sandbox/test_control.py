"""The control endpoint: the truth agrees with what is served, changes change it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .conftest import Client

DAY = "2026-07-20"


def truth(client: Client, first: str = DAY, last: str = DAY) -> dict[str, Any]:
    answer = client.session.get(
        client.sandbox.url + "/_control/truth",
        params={"source": "smartmoving", "from": first, "to": last},
        headers={"x-api-key": ""},
        timeout=60,
    )
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_truth_agrees_with_the_sweep_and_the_details(client: Client) -> None:
    told = truth(client, "2026-07-18", "2026-07-21")
    rows = client.all_customers(20260718, 20260721)
    opportunities = {o["id"]: o for row in rows for o in row["opportunities"]}
    jobs = {job["id"]: job for o in opportunities.values() for job in o["jobs"]}
    assert [row["id"] for row in told["customers"]] == [row["id"] for row in rows]
    assert {o["id"]: (str(o["quoteNumber"]), o["status"]) for o in told["opportunities"]} == {
        o["id"]: (o["quoteNumber"], o["status"]) for o in opportunities.values()
    }
    assert {j["id"]: j["serviceDate"] for j in told["jobs"]} == {j["id"]: j["serviceDate"] for j in jobs.values()}
    inside = [job for job in jobs.values() if "2026-07-18" <= job["serviceDate"] <= "2026-07-21"]
    assert told["counts"]["jobsInWindow"] == len(inside)
    branches = {row["id"]: row["name"] for row in client.get("/api/branches").json()["pageResults"]}
    for o in told["opportunities"]:
        detail = client.get(f"/api/opportunities/{o['id']}").json()
        assert o["finalTotal"] == str(detail["estimatedTotal"]["finalTotal"])
        assert o["branchName"] == detail["branch"]["name"]
        assert o["serviceDate"].replace("-", "") == str(detail["serviceDate"])
        if o["branchId"]:
            assert branches[o["branchId"]].split()[0] == o["branchName"].split()[0] or "È" in branches[o["branchId"]]
        else:
            assert o["branchName"] not in branches.values()


def test_truth_tells_leads(client: Client) -> None:
    page = client.get("/api/leads", From=20260710, To=20260720, IncludeBad="true", IncludeLost="true", PageSize=200)
    told = truth(client, "2026-07-10", "2026-07-20")["leads"]
    assert [row["id"] for row in told] == [row["id"] for row in page.json()["pageResults"]]


def test_control_is_never_counted(client: Client) -> None:
    truth(client)
    client.get("/api/ping")
    served = client.session.get(client.sandbox.url + "/_control/served", timeout=60).json()
    assert served["total"] == served["month"] == 1
    assert served["by_path"] == {"GET /smartmoving/v1/api/ping": {"200": 1}}


def test_most_concurrent(start: Callable[..., Client]) -> None:
    client = start(latency_ms=150)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.get("/api/ping").status_code, range(4)))
    assert 2 <= client.control.served()["max_concurrent"] <= 4


def test_clock(client: Client) -> None:
    url = client.sandbox.url + "/_control/clock"
    assert client.session.post(url, json={"now": "2026-09-01T12:00:00Z"}, timeout=60).status_code == 200
    past = [o for o in client.opportunities() if all(j["serviceDate"] == DAY for j in o["jobs"])]
    assert {o["status"] for o in past} <= {11, 20, 30}
    assert client.session.post(url, json={"now": "nonsense"}, timeout=60).status_code == 400


def test_change_a_fraction(client: Client) -> None:
    before = {o["id"]: o for o in truth(client)["opportunities"]}
    (done,) = client.control.change({"fraction": 0.2, "from": DAY, "to": DAY})
    after = {o["id"]: o for o in truth(client)["opportunities"]}
    changed = {guid for guid in before if before[guid]["status"] != after[guid]["status"]}
    assert changed == set(done["changed"])
    assert len(changed) == round(0.2 * len(before))
    guid = done["changed"][0]
    assert float(after[guid]["finalTotal"]) == pytest.approx(float(before[guid]["finalTotal"]) + 25.5, abs=0.01)
    detail = client.get(f"/api/opportunities/{guid}").json()
    assert (detail["status"], str(detail["estimatedTotal"]["finalTotal"])) == (
        after[guid]["status"],
        after[guid]["finalTotal"],
    )
    client.control.reset()
    assert {o["id"]: o for o in truth(client)["opportunities"]} == before


def test_section_11_6_reschedule_leaves_the_window(client: Client) -> None:
    row = next(c for c in client.all_customers() if len(c["opportunities"]) == 1)
    opportunity = row["opportunities"][0]
    client.control.change({"reschedule": opportunity["id"], "to": "2026-12-24"})
    ids = {found["id"] for found in client.all_customers()}
    moved = client.get(f"/api/opportunities/{opportunity['id']}").json()
    assert moved["serviceDate"] == moved["jobs"][0]["jobDate"] == 20261224
    assert row["id"] in {found["id"] for found in client.all_customers(20261224)}
    if len({job["serviceDate"] for job in opportunity["jobs"]}) == 1:
        assert row["id"] not in ids


def test_cancel(client: Client) -> None:
    guid = next(o["id"] for o in client.opportunities(20260801) if o["status"] == 4)
    client.control.change({"cancel": guid})
    assert next(o for o in client.opportunities(20260801) if o["id"] == guid)["status"] == 20
    assert client.get(f"/api/opportunities/{guid}").json()["cancellationReason"]


def test_section_11_5_hard_delete(client: Client) -> None:
    row = next(c for c in client.all_customers() if len(c["opportunities"]) == 1)
    guid = row["opportunities"][0]["id"]
    client.control.change({"delete": guid})
    gone = client.get(f"/api/opportunities/{guid}")
    assert (gone.status_code, gone.json()["message"]) == (400, "The specified opportunity was not found")
    assert client.get(f"/api/opportunities/quote/{row['opportunities'][0]['quoteNumber']}").status_code == 400
    assert row["id"] not in {found["id"] for found in client.all_customers()}


def test_insert_rename_and_set(client: Client) -> None:
    (added,) = client.control.change({"insert": 2, "date": DAY, "name_prefix": "AA"})
    names = [row["name"] for row in client.all_customers() if row["id"] in added["inserted"]]
    assert names == ["AA Inserted Example 000", "AA Inserted Example 001"]
    assert client.get(f"/api/opportunities/{added['opportunities'][0]}").status_code == 200
    client.control.change({"rename_customer": added["inserted"][0], "name": "!Zed"})
    assert client.all_customers()[0]["name"] == "!Zed"
    guid = client.opportunities()[0]["id"]
    client.control.change(
        {"set": {"opportunity": guid, "field": "estimatedTotal.finalTotal", "value": "1,234.56"}},
        {"set": {"opportunity": guid, "field": "jobs.0.jobDate", "value": 99991231}},
        {"set": {"opportunity": guid, "view": "sweep", "field": "jobs.0.serviceDate", "value": None}},
        {"set": {"opportunity": guid, "view": "jobs", "field": "0.startTimeUtc", "value": "0001-01-01"}},
        {"set": {"opportunity": guid, "field": "status", "value": 77}},
        {"set": {"customer": added["inserted"][0], "field": "phoneType", "value": "Mobile"}},
    )
    detail = client.get(f"/api/opportunities/{guid}").json()
    assert detail["estimatedTotal"]["finalTotal"] == "1,234.56"
    assert (detail["jobs"][0]["jobDate"], detail["status"]) == (99991231, 77)
    swept = next(o for o in client.opportunities() if o["id"] == guid)
    assert (swept["jobs"][0]["serviceDate"], swept["status"]) == (None, 77)
    assert client.get(f"/api/opportunities/{guid}/jobs").json()[0]["startTimeUtc"] == "0001-01-01"


def test_insert_at_a_branch_where_branches_are_honoured(start: Callable[..., Client]) -> None:
    client = start(branch_filter="honoured")
    first, second = (row["id"] for row in client.get("/api/branches").json()["pageResults"][:2])
    counts = [client.sweep(BranchId=branch).json()["totalResults"] for branch in (first, second)]
    client.control.change({"insert": 1, "date": DAY, "branch": second})
    assert [client.sweep(BranchId=branch).json()["totalResults"] for branch in (first, second)] == [
        counts[0],
        counts[1] + 1,
    ]


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"cancel": "00000000-0000-4000-8000-000000000000"},
        {"reschedule": "x", "to": "2026-01-01"},
        {"insert": 1, "date": "x"},
        {"set": {"opportunity": "x"}},
    ],
)
def test_commands_that_make_no_sense(client: Client, command: dict[str, Any]) -> None:
    answer = client.session.post(client.sandbox.url + "/_control/change", json=command, timeout=60)
    assert answer.status_code == 400


def test_over_http(client: Client) -> None:
    url = client.sandbox.url + "/_control/"
    post, delete = client.session.post, client.session.delete
    rules = [{"match": "ping", "action": "html200"}, {"match": "users", "action": "reset"}]
    assert len(post(url + "faults", json=rules, timeout=60).json()) == 2
    assert "Sign in" in client.get("/api/ping").text
    assert delete(url + "faults", timeout=60).json() == {"cleared": True}
    commands = [{"insert": 1, "date": DAY}, {"insert": 1, "date": DAY}]
    assert len(post(url + "change", json=commands, timeout=60).json()) == 2
    assert post(url + "reset", timeout=60).json() == {"reset": True}
    assert client.session.get(url + "truth", timeout=60).status_code == 400
    assert client.session.get(url + "truth?source=x&from=2026-01-01&to=2026-01-01", timeout=60).status_code == 400
