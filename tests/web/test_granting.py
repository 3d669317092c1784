"""Rights through the API: PostgreSQL's decisions as answers, and what each change leaves in the audit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.conftest import OURS, THEIRS
from tests.access.test_who_grants_what import GRANTORS, ROLES, is_allowed, scopes
from tests.access.test_who_sees_what import EVERYBODY
from tests.web.conftest import STRANGER, House
from tests.web.front import PREFIX, Front

GRANTS = "/access/grants"


def ask(front: Front, method: str, user: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {front.token(user)}"}
    return front.client.request(method, PREFIX + path, headers=headers, json=body)


pytestmark = pytest.mark.usefixtures("rights_stay")


@pytest.mark.parametrize("name", [*EVERYBODY, STRANGER])
def test_T80_T84_who_grants_and_revokes_through_the_api(house: House, name: str) -> None:
    held = house.warehouse.rows("SELECT grant_id FROM access.grants ORDER BY 1")
    for role in ROLES:
        for client, place in scopes(house.loaded, role):
            wish = {"user": f"new {role}", "role": role, "client": client, "location": place}
            answer = ask(house.front, "POST", name, GRANTS, wish)
            if not is_allowed(name, role, client):
                assert answer.status_code == 403, f"{wish}: {answer.text}"
                assert answer.headers["Content-Type"] == "application/problem+json"
                continue
            assert answer.status_code == 201, answer.text
            made = answer.json()
            again = ask(house.front, "POST", name, GRANTS, wish)
            assert (again.status_code, again.json()) == (200, {"grant_id": made["grant_id"], "is_new": False})
            assert ask(house.front, "DELETE", name, f"{GRANTS}/{made['grant_id']}").status_code == 204
            assert ask(house.front, "DELETE", name, f"{GRANTS}/{made['grant_id']}").status_code == 404
    assert house.warehouse.rows("SELECT grant_id FROM access.grants ORDER BY 1") == held


def test_a_grant_shows_rows_at_once_and_its_revocation_hides_them(house: House) -> None:
    front = house.front
    jobs = "/smartmoving/jobs"
    assert front.items(STRANGER, jobs) == []
    wish = {"user": STRANGER, "role": "MANAGER", "client": OURS, "location": house.loaded.places[0]}
    made = ask(front, "POST", "admin", GRANTS, wish).json()
    assert len(front.items(STRANGER, jobs)) == len(front.items("manager", jobs)) > 0
    # and he may take no right of his own, nor give it on
    assert ask(front, "POST", STRANGER, GRANTS, {**wish, "role": "ADMIN"}).status_code == 403
    assert ask(front, "DELETE", STRANGER, f"{GRANTS}/{made['grant_id']}").status_code == 403
    assert ask(front, "DELETE", "admin", f"{GRANTS}/{made['grant_id']}").status_code == 204
    assert front.items(STRANGER, jobs) == []


@pytest.mark.parametrize(
    ("wish", "status", "said"),
    [
        ({"user": "x", "role": "OWNER", "client": OURS}, 422, "There is no role OWNER"),
        ({"user": "x", "role": "ADMIN", "client": "nowhere"}, 422, "There is no client nowhere"),
        ({"user": "x", "role": "MANAGER", "client": OURS, "location": 999999}, 422, "Location 999999 is none of"),
        ({"user": "x", "role": "SUPER_ADMIN", "client": OURS}, 422, "a role in every client"),
        ({"user": " x", "role": "ADMIN", "client": OURS}, 422, "without blanks at its ends"),
        ({"user": "", "role": "ADMIN", "client": OURS}, 422, "body.user"),
        ({"user": "x\0", "role": "ADMIN", "client": OURS}, 422, "body.user"),
        ({"user": "x", "role": "ADMIN", "client": OURS, "location": 2**31}, 422, "body.location"),
        ({"user": "x", "role": "ADMIN", "client": OURS, "branch": 1}, 422, "body.branch"),
        ({"user": "taken", "role": "ADMIN", "client": OURS}, 409, "already somebody else's"),
    ],
)
def test_what_cannot_be_granted_is_said(house: House, wish: dict[str, Any], status: int, said: str) -> None:
    house.warehouse.execute("INSERT INTO access.people (person, user_name) VALUES ('taken', 'another')")
    answer = ask(house.front, "POST", "super", GRANTS, wish)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert "psycopg" not in answer.text


def test_the_last_super_admin_stays(house: House) -> None:
    last = house.warehouse.one("SELECT grant_id FROM access.grants WHERE role = 'SUPER_ADMIN'")
    answer = ask(house.front, "DELETE", "super", f"{GRANTS}/{last}")
    assert answer.status_code == 409
    assert "last SUPER_ADMIN" in answer.json()["detail"]
    assert ask(house.front, "DELETE", "super", f"{GRANTS}/0").status_code == 422
    assert ask(house.front, "DELETE", "super", f"{GRANTS}/x").status_code == 422


@pytest.mark.parametrize("name", ["super", "admin", "other_admin", "admin_of_one", "manager", "auditor", STRANGER])
def test_lists_of_people_grants_and_the_audit(house: House, name: str) -> None:
    clients = GRANTORS.get(name, set())
    grants = house.front.items(name, GRANTS, limit=3)
    mine = {grant["person"] for grant in grants if grant["client_id"] not in clients}
    assert mine <= ({"super"} if name == "super" else {name})
    assert bool(grants) is (name != STRANGER)
    people = {person["person"]: person["roles"] for person in house.front.items(name, "/access/people")}
    assert set(people) >= {grant["person"] for grant in grants}
    audit = house.front.items(name, "/access/audit", limit=50)
    numbers = [row["audit_id"] for row in audit]
    assert numbers == sorted(numbers, reverse=True)
    assert bool(numbers) is (name in GRANTORS)
    if name != "super":
        assert {row["client_id"] for row in audit} <= clients


def test_what_was_done_can_be_asked_for(house: House) -> None:
    first = house.loaded.places[0]
    wish = {"user": "=1+1", "role": "MANAGER", "client": OURS, "location": first}
    made = ask(house.front, "POST", "admin", GRANTS, wish).json()
    ask(house.front, "DELETE", "super", f"{GRANTS}/{made['grant_id']}")
    rows = house.front.items("super", "/access/audit", person="=1+1")
    assert [(row["action"], row["done_by"]) for row in rows] == [
        ("revoke", "super"), ("grant", "admin"), ("admit", "admin"),
    ]  # fmt: skip
    assert house.front.items("super", "/access/audit", person="=1+1", status="grant", location=first) == [rows[1]]
    assert house.front.items("super", "/access/audit", person="=1+1", client=THEIRS) == []
    # T87: whoever chooses a user name chooses no formula in somebody's spreadsheet
    exported = house.front.get("super", "/access/audit", format="csv", person="=1+1").text
    assert "'=1+1" in exported
    assert ",=1+1" not in exported
