"""The Lead Provider API (contract, section 9) and the lookup that its clients depend on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from .conftest import Client

LEAD = {
    "fullName": "Alex Example",
    "phoneNumber": "(403) 555-0142",
    "phoneType": "Mobile",
    "email": "alex@example.com",
    "moveDate": "20260815",
}


def found(client: Client) -> list[Any]:
    rows = client.get("/api/leads", From=20260720, To=20260720, PageSize=200).json()["pageResults"]
    return [
        row
        for row in rows
        if (row["customerName"], row["phoneNumber"], row["emailAddress"], row["serviceDate"])
        == ("Alex Example", "4035550142", "alex@example.com", 20260815)
    ]


def test_section_9_a_lead_appears_in_the_open_api(client: Client) -> None:
    assert found(client) == []
    answer = client.post_lead(**LEAD)
    assert (answer.status_code, answer.content) == (200, b"")
    (row,) = found(client)
    assert (row["status"], row["phoneType"]) == (0, 0)
    (told,) = client.session.get(client.sandbox.url + "/_control/leads", timeout=60).json()
    assert told["id"] == row["id"]
    assert told["serviceDate"] == "2026-08-15"
    assert client.get(f"/api/leads/{row['id']}").json() == row


def test_section_9_wrong_key(client: Client) -> None:
    answer = client.post_lead(key="wrong", **LEAD)
    assert (answer.status_code, answer.json()) == (400, {"message": "Provider not found."})
    assert client.control.leads() == []


def test_section_9_duplicate(client: Client) -> None:
    client.post_lead(**LEAD)
    # Names are case-insensitive and a telephone number is its digits.
    again = client.post_lead(
        FULLNAME="alex example", PhoneNumber="403.555.0142", EMAIL="Alex@example.com", moveDate="20260815"
    )
    assert again.status_code == 400
    assert "already been submitted" in again.text
    assert len(client.control.leads()) == 1


def test_section_9_branch(client: Client) -> None:
    branch = client.get("/api/branches").json()["pageResults"][13]
    client.post_lead(**LEAD, branchId=branch["id"])
    assert found(client)[0]["branchName"] == branch["name"]


def test_section_9_unknown_texts_make_reference_rows(client: Client) -> None:
    client.post_lead(**LEAD, moveSize="Half a House", referralSource="A Friend's Dog")
    sizes = client.get("/api/move-sizes").json()["pageResults"]
    (new,) = [row for row in sizes if row["name"] == "Half a House"]
    assert new["volume"] is None
    sources = client.get("/api/referral-sources").json()["pageResults"]
    assert "A Friend's Dog" in {row["name"] for row in sources}
    assert found(client)[0]["moveSizeName"] == "Half a House"
    client.control.reset()
    assert client.get("/api/move-sizes").json()["totalResults"] == 38


@pytest.mark.parametrize(
    "wrong",
    [
        {"firstName": "Alex"},
        {"fullName": None},
        {"moveDate": "2026-08-15"},
        {"phoneType": "0"},
        {"originCity": "Calgary", "originAddressFull": "100 Sample St, Calgary"},
    ],
)
def test_section_9_validation(client: Client, wrong: dict[str, Any]) -> None:
    answer = client.post_lead(**{**LEAD, **wrong})
    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "errors"}
    assert client.control.leads() == []


def test_section_9_not_json(client: Client) -> None:
    url = client.sandbox.leads + "/api/leads/from-provider/v2?providerKey=sandbox-provider-key"
    for body in (b"", b"{", b"[]"):
        assert client.session.post(url, data=body, timeout=60).status_code == 400


def test_section_9_no_read_side(client: Client) -> None:
    url = client.sandbox.leads + "/api/leads/from-provider/v2?providerKey=sandbox-provider-key"
    assert client.session.get(url, timeout=60).status_code == 404


def test_section_1_leads_do_not_count_for_the_month(client: Client) -> None:
    client.post_lead(**LEAD)
    served = client.control.served()
    assert (served["total"], served["month"]) == (1, 0)


def test_t70_accepted_and_then_a_timeout(client: Client) -> None:
    client.control.faults({"match": "from-provider", "action": "accept_then_timeout", "times": 1})
    with pytest.raises(requests.ReadTimeout):
        client.post_lead(timeout=0.3, **LEAD)
    assert len(found(client)) == len(client.control.leads()) == 1
    assert client.post_lead(**LEAD).status_code == 400


def test_t72_refused_leads_are_not_stored(client: Client) -> None:
    client.control.faults(
        {"match": "from-provider", "method": "POST", "times": 2, "action": {"kind": "status", "status": 500}}
    )
    assert [client.post_lead(**LEAD).status_code for _ in range(3)] == [500, 500, 200]
    assert len(client.control.leads()) == 1


def test_t74_two_posts_at_once_store_one(client: Client) -> None:
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda _: client.post_lead(**LEAD).status_code, range(2)))
    assert sorted(statuses) == [200, 400]
    assert len(client.control.leads()) == 1
