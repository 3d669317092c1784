"""The page of rights: its form and buttons as a browser without script sends them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.conftest import OURS, THEIRS
from tests.access.test_who_grants_what import GRANTORS
from tests.access.test_who_sees_what import EVERYBODY
from tests.web.conftest import STRANGER, House
from tests.web.front import PREFIX, Front

PAGE = "/pages/access"
SCRIPT = "<script>alert('x')</script>"


def browse(front: Front, user: str, path: str = PAGE, form: dict[str, Any] | None = None, **headers: str) -> Any:
    """As a browser that is signed in by cookie: a page, or a form of a page of this site."""
    sent = {"Cookie": f"_token={front.token(user)}", "Accept": "text/html", "Sec-Fetch-Site": "same-origin", **headers}
    method = "GET" if form is None else "POST"
    return front.client.request(method, PREFIX + path, headers=sent, data=form, follow_redirects=False)


pytestmark = pytest.mark.usefixtures("rights_stay")


@pytest.mark.parametrize("name", [*EVERYBODY, STRANGER])
def test_only_who_grants_sees_the_form_others_their_own_roles(house: House, name: str) -> None:
    answer = browse(house.front, name)
    assert answer.status_code == 200, answer.text
    offered = set(re.findall(r'<option value="(?:whole|\d+) ([^"]+)"', answer.text))
    assert offered == GRANTORS.get(name, set())
    roles = set(re.findall(r'<option value="([A-Z_]+)"', answer.text))
    assert ("SUPER_ADMIN" in roles) is (name == "super")
    assert bool(roles) is ("pages/access/revoke" in answer.text) is (name in GRANTORS)
    if name not in GRANTORS:
        assert "Roles are granted by" in answer.text
        person = house.loaded.people.get(name)
        for role, _, _ in person.grants if person else ():
            assert f'<th scope="row">{role}</th>' in answer.text


def test_grant_and_revoke_by_form_and_back(house: House) -> None:
    first = house.loaded.places[0]
    form = {"who": "newcomer", "role": "MANAGER", "where": f"{first} {OURS}"}
    answer = browse(house.front, "admin", f"{PAGE}/grant", form)
    assert answer.status_code == 303, answer.text
    made = house.warehouse.one("SELECT grant_id FROM access.grants WHERE person = 'newcomer'")
    assert answer.headers["Location"] == f"{PREFIX}{PAGE}?done=granted#grant-{made}"
    shown = browse(house.front, "admin", answer.headers["Location"].removeprefix(PREFIX))
    assert '<p role="status">Granted.' in shown.text
    assert f'<tr id="grant-{made}">' in shown.text
    again = browse(house.front, "admin", f"{PAGE}/grant", form)
    assert "done=unchanged" in again.headers["Location"]
    taken = browse(house.front, "admin", f"{PAGE}/revoke", {"grant_id": made})
    assert (taken.status_code, taken.headers["Location"]) == (303, f"{PREFIX}{PAGE}?done=revoked")
    shown = browse(house.front, "admin")
    assert f'<tr id="grant-{made}">' not in shown.text
    assert re.search(r"<td>revoke</td><td>newcomer</td>", shown.text), "the newest of the audit"
    assert re.search(r"<td>role: MANAGER</td>\s*<td>—</td></tr>", shown.text)
    whole = browse(house.front, "super", f"{PAGE}/grant", {"who": "newcomer", "role": "SUPER_ADMIN", "where": ""})
    assert whole.status_code == 303
    scopes = house.warehouse.rows("SELECT role, client_id FROM access.grants WHERE person = 'newcomer'")
    assert [tuple(row) for row in scopes] == [("SUPER_ADMIN", None)]


@pytest.mark.parametrize(
    ("name", "form", "status", "said"),
    [
        ("manager", {"who": "manager", "role": "ADMIN", "where": f"whole {OURS}"}, 403, "You may not grant ADMIN"),
        ("admin", {"who": "admin", "role": "SUPER_ADMIN", "where": ""}, 403, "You may not grant SUPER_ADMIN"),
        ("admin", {"who": "admin", "role": "ADMIN", "where": f"whole {THEIRS}"}, 403, "You may not grant ADMIN"),
        ("driver", {"who": "driver", "role": "ADMIN", "where": f"whole {OURS}"}, 403, "Your role grants nothing"),
        (STRANGER, {"who": STRANGER, "role": "MOVER", "where": f"whole {OURS}"}, 403, "You may not grant MOVER"),
        ("super", {"who": "x", "role": "MANAGER", "where": ""}, 422, "Name the client"),
        ("super", {"who": " x", "role": "MANAGER", "where": f"whole {OURS}"}, 422, "without blanks at its ends"),
        ("super", {"who": "", "role": "MANAGER", "where": f"whole {OURS}"}, 422, "body.who"),
        ("super", {"who": "x", "role": "MANAGER", "where": "0 lgm"}, 422, "body.where"),
        ("super", {"role": "MANAGER"}, 422, "body.who"),
    ],
)
def test_a_refusal_is_a_page_that_says_why(
    house: House, name: str, form: dict[str, str], status: int, said: str
) -> None:
    count = "SELECT count(*) FROM access.grants"
    before = house.warehouse.one(count)
    answer = browse(house.front, name, f"{PAGE}/grant", form)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert '<p role="alert" class="error">' in answer.text
    assert said in answer.text
    assert house.warehouse.one(count) == before


def test_what_was_typed_is_still_there_after_a_refusal(house: House) -> None:
    theirs = browse(house.front, "admin", f"{PAGE}/grant", {"who": SCRIPT, "role": "AUDITOR", "where": f"1 {OURS}"})
    assert theirs.status_code == 422
    assert 'value="&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"' in theirs.text
    assert '<option value="AUDITOR" selected>' in theirs.text


def test_T81_a_foreign_page_and_a_button_of_somebody_without_the_right_change_nothing(house: House) -> None:
    grant = house.warehouse.one("SELECT grant_id FROM access.grants WHERE person = 'auditor'")
    for site in ("cross-site", "same-site", "none"):
        answer = browse(house.front, "super", f"{PAGE}/revoke", {"grant_id": grant}, **{"Sec-Fetch-Site": site})
        assert answer.status_code == 403
        assert "session cookie" in answer.text
    for name, status in (("manager", 404), ("auditor", 403), ("driver", 403), ("other_admin", 404), (STRANGER, 404)):
        answer = browse(house.front, name, f"{PAGE}/revoke", {"grant_id": grant})
        assert answer.status_code == status, name
    assert house.warehouse.one("SELECT person FROM access.grants WHERE grant_id = %s", (grant,)) == "auditor"


@pytest.fixture
def scripted(house: House) -> Iterator[int]:
    """A branch whose name is a script, as a vendor may send it; what is there already stays in its place."""
    house.warehouse.execute(
        "INSERT INTO core.locations (client_id, source, account, external_id, name, is_mapped) "
        "VALUES (%s, 'smartmoving', 'smartmoving', 'scripted', %s, TRUE)",
        (OURS, SCRIPT),
    )
    place = house.warehouse.one("SELECT location_id FROM core.locations WHERE external_id = 'scripted'")
    yield place
    house.warehouse.execute("DELETE FROM access.grants WHERE location_id = %s", (place,))
    house.warehouse.execute("DELETE FROM core.locations WHERE location_id = %s", (place,))


def test_T82_names_are_shown_and_never_run(house: House, scripted: int) -> None:
    form = {"who": SCRIPT, "role": "MANAGER", "where": f"{scripted} {OURS}"}
    assert browse(house.front, "admin", f"{PAGE}/grant", form).status_code == 303
    for path in (PAGE, f"{PAGE}?search={SCRIPT}", f"{PAGE}?done={SCRIPT}", f"{PAGE}?done=granted"):
        answer = browse(house.front, "admin", path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_search_finds_people_and_takes_no_word_for_a_pattern(house: House) -> None:
    def people(search: str) -> set[str]:
        answer = browse(house.front, "super", f"{PAGE}?search={search}")
        return set(re.findall(r'<tr id="grant-\d+"><th scope="row">([^<]+)</th>', answer.text))

    assert people("manager") == {"manager", "manager_of_two"}
    assert people("ADMIN_OF") == {"admin_of_one"}
    assert people("%25") == set()
    assert "driver" in people("")
