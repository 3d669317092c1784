"""Leads over HTTP: one key is one lead (T71), the database says who may hand one in, a dry run is never sent (T73)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import STRANGER, House, lead_at
from tests.web.test_lists import problem_of

SUBMIT = "/smartmoving-integration/leads/submit"
LEADS = "/smartmoving-integration/leads"


def submit(house: House, user: str | None, key: str, body: Any = None, place: int = 0) -> Any:
    asked = lead_at(house.loaded.places[place]) if body is None else body
    return house.front.post(user, SUBMIT, json=asked, headers={"Idempotency-Key": key})


def test_T71_the_same_key_is_the_same_lead(house: House) -> None:
    first = submit(house, "manager", "T71")
    assert first.status_code == 202, first.text
    again = submit(house, "manager", "T71")
    assert (again.status_code, again.json()["lead_id"], again.json()["is_new"]) == (202, first.json()["lead_id"], False)
    (lead,) = house.front.get("manager", first.headers["Location"]).json()["items"]
    assert (lead["lead_id"], lead["state"], lead["requested_by"]) == (first.json()["lead_id"], "pending", "manager")
    assert (lead["name"], lead["email"], lead["location_id"]) == (
        "Ann Example",
        "ann@example.com",
        house.loaded.places[0],
    )
    assert lead["created_at"] is not None


@pytest.mark.parametrize("change", ["another lead", "another branch", "dry run"])
def test_T71_the_same_key_with_another_payload_is_refused(house: House, change: str) -> None:
    submit(house, "admin", f"T71 {change}")
    body = lead_at(house.loaded.places[0])
    if change == "another lead":
        body = lead_at(house.loaded.places[0], "Ann Example", notes="Ring once")
    elif change == "another branch":
        body["location"] = house.loaded.places[1]
    else:
        body["dry_run"] = True
    refused = problem_of(submit(house, "admin", f"T71 {change}", body), 409)
    assert "this key was used before for another lead" in refused["detail"]
    (lead,) = house.warehouse.rows(
        "SELECT * FROM crm.leads WHERE idempotency_key = %s", (f"T71 {change}",), role="admin"
    )
    assert (lead.payload, lead.location_id, lead.dry_run) == (
        {"fullName": "Ann Example", "email": "ann@example.com"}, house.loaded.places[0], False,
    )  # fmt: skip


def test_T73_a_dry_run_is_kept_and_never_sent(house: House) -> None:
    answer = submit(house, "admin", "T73", lead_at(house.loaded.places[0]) | {"dry_run": True})
    assert answer.status_code == 202
    assert "never sent" in answer.json()["detail"]
    (lead,) = house.warehouse.rows("SELECT * FROM crm.leads WHERE idempotency_key = 'T73'", role="admin")
    assert (lead.dry_run, lead.state, lead.attempts) == (True, "pending", 0)


@pytest.mark.parametrize(
    ("user", "place", "words"),
    [
        ("auditor", 0, "you may not write at location"),
        ("manager", 1, "is no SmartMoving branch that you may see"),
        ("other_admin", 0, "is no SmartMoving branch that you may see"),
        (STRANGER, 0, "is no SmartMoving branch that you may see"),
        ("dispatcher", 0, "Your role"),
        ("driver", 0, "Your role"),
    ],
)
def test_who_may_not_hand_one_in_is_refused_by_the_database(house: House, user: str, place: int, words: str) -> None:
    assert words in problem_of(submit(house, user, f"no {user}", place=place), 403)["detail"]
    assert house.warehouse.rows("SELECT * FROM crm.leads WHERE idempotency_key = %s", (f"no {user}",)) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"lead": {"fullName": "Ann"}}, "location: Field required"),
        ({"location": "1", "lead": {}}, "location: Input should be a valid integer"),
        ({"location": 1, "lead": {}, "state": "sent"}, "state: Extra inputs are not permitted"),
        ({"location": 1, "lead": {"fullName": "Ann"}}, "neither phoneNumber nor email"),
        ({"location": 1, "lead": {"fullname": "Ann", "email": "a@b.example", "shoe": 9}}, "'shoe' is not a field"),
        ([], "no JSON object"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_refused(house: House, body: Any, words: str) -> None:
    assert words in problem_of(submit(house, "admin", "wrong", body), 422)["detail"]


def test_a_lead_needs_a_key(house: House) -> None:
    answer = house.front.post("admin", SUBMIT, json=lead_at(house.loaded.places[0]))
    assert "header.Idempotency-Key: Field required" in problem_of(answer, 422)["detail"]


def test_who_sees_which_leads_and_narrows_them(house: House) -> None:
    for place in (0, 1):
        assert submit(house, "super", f"seen at {place}", place=place).status_code == 202
    first, second = house.loaded.places[:2]
    seen = {user: {lead["location_id"] for lead in house.front.items(user, LEADS)} for user in ("super", "manager")}
    assert seen["super"] >= {first, second}
    assert seen["manager"] == {first}
    assert house.front.items(STRANGER, LEADS) == []
    assert {lead["location_id"] for lead in house.front.items("super", LEADS, location=second)} == {second}
    assert house.front.items("super", LEADS, status="sent") == []
