"""T80: nobody asks without an Airflow user. Every route of the application is walked, its description included."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from branchline.web.caller import user_name
from branchline.web.catalogue import COLLECTIONS
from branchline.web.syncs.triggers import TRIGGERS
from fastapi.routing import APIRoute

from tests.access.conftest import OURS
from tests.web.conftest import STRANGER, House, lead_at
from tests.web.front import PREFIX, Front

#: A repair order, work in progress, the two days, the ping, a configuration, the integration's own, the account, the
#: description.
DOCUMENTS = 10
#: Beside the triggers: one order, a test of the connection, a lead, three inboxes, rights by the API and by their page.
WRITES = 10


#: The only route without an Airflow user, which asks for secrets of its own: tests/web/test_inbox.py.
INBOX = "/inbox/{source}/{token}"


def routes_of(app: Any) -> list[APIRoute]:
    """Every route but the inbox; one of another kind would be one that nobody guards."""
    assert all(isinstance(route, APIRoute) for route in app.routes), app.routes
    return [route for route in app.routes if route.path != INBOX]


def address_of(route: APIRoute, number: int = 999_999_999) -> str:
    """Where the route is found, with a number wherever it wants one: that of nothing there is."""
    return PREFIX + re.sub(r"\{\w+\}", str(number), route.path)


def dependencies_of(dependant: Any) -> set[Any]:
    return {dependant.call}.union(*(dependencies_of(below) for below in dependant.dependencies))


def unsafe_routes(app: Any) -> list[tuple[str, APIRoute]]:
    """Every route that changes something, by method."""
    return [
        (method, route) for route in routes_of(app) for method in sorted((route.methods or set()) - {"GET", "HEAD"})
    ]


def test_T80_no_route_answers_nobody(front: Front, record_property: Callable[[str, object], None]) -> None:
    walked: Counter[str] = Counter()
    for route in routes_of(front.app):
        assert user_name in dependencies_of(route.dependant), f"{route.path} asks for nobody"
        path = address_of(route)
        for method in sorted(route.methods or ()):
            for headers in (
                {},
                {"Authorization": "Bearer nonsense"},
                {"Authorization": "Basic YWRtaW46YWRtaW4="},
                {"Cookie": "_token=nonsense"},
            ):
                answer = front.client.request(method, path, headers=headers)
                assert answer.status_code == 401, f"{method} {path} {headers}: {answer.status_code}"
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert set(answer.json()) == {"type", "title", "status", "detail", "instance"}
            walked["reading" if method == "GET" else "writing"] += 1
    for kind, number in walked.items():
        record_property(f"walked {kind} routes", number)
    assert walked["reading"] >= len(COLLECTIONS) + len(TRIGGERS) + DOCUMENTS
    assert walked["writing"] >= len(TRIGGERS) + WRITES


def test_T80_the_inbox_alone_asks_for_no_user_and_refuses_without_its_secrets(front: Front) -> None:
    (inbox,) = (route for route in front.app.routes if route.path == INBOX)
    assert inbox.methods == {"POST"}
    for source in ("smartmoving", "arrivy", "tekmetric", "fms", "no-such-source"):
        path = PREFIX + INBOX.replace("{source}", source).replace("{token}", "nonsense")
        for headers in (
            {},
            {"X-Branchline-Secret": "nonsense"},
            {"X-Branchline-Secret": ""},
            # being somebody helps nobody
            {"Authorization": f"Bearer {front.token('super')}"},
        ):
            answer = front.client.post(path, headers=headers, json={})
            assert answer.status_code == 401, f"{path} {headers}: {answer.status_code}"
            assert answer.headers["Content-Type"] == "application/problem+json"
        assert front.client.get(path).status_code == 405


#: Who reads everything of the client in the warehouse, writes nothing there, and is a viewer in Airflow.
VIEWER = "auditor"


def changed(house: House) -> tuple[list[Any], ...]:
    """Everything that a route of ours could change."""
    tables = ("crm.leads", "access.grants", "access.people", "ops.quarantine_decisions")
    return (house.front.runs(), *(house.warehouse.rows(f"SELECT * FROM {table}", role="admin") for table in tables))


STREAM = {"source": "smartmoving", "account": "smartmoving", "stream": "customers"}


@pytest.fixture
def expected(house: House) -> Iterator[None]:
    """A stream that the viewer sees, and so might ask a DAG for."""
    house.warehouse.execute(
        "INSERT INTO ops.expectations (source, account, stream, client_id, dag_id) "
        "VALUES (%(source)s, %(account)s, %(stream)s, %(client)s, %(source)s)", STREAM | {"client": OURS},
    )  # fmt: skip
    yield
    house.warehouse.execute("DELETE FROM ops.expectations WHERE stream = %(stream)s", STREAM)


@pytest.mark.usefixtures("expected")
def test_T80_a_viewer_changes_nothing(house: House, record_property: Callable[[str, object], None]) -> None:
    """What is sent is what each route takes, so that nothing but his role refuses it."""
    own = house.warehouse.one("SELECT grant_id FROM access.grants WHERE person = %s", (VIEWER,), role="admin")
    bodies: dict[str, dict[str, Any]] = {
        "/smartmoving-integration/leads/submit": {"json": lead_at(house.loaded.places[0])},
        "/access/grants": {"json": {"user": VIEWER, "role": "ADMIN", "client": OURS}},
        "/pages/access/grant": {"data": {"who": VIEWER, "role": "ADMIN", "where": f"whole {OURS}"}},
        "/pages/access/revoke": {"data": {"grant_id": own}},
        "/pages/quarantine/replay": {"data": STREAM},
        "/pages/quarantine/decide": {
            "data": STREAM
            | {"client_id": OURS, "table_name": "smartmoving.customers", "reason": "missing"}
            | {"decision": "ignored", "why": "no right to"}
        },
    }
    before = changed(house)
    refused = 0
    for method, route in unsafe_routes(house.front.app):
        headers = {"Authorization": f"Bearer {house.front.token(VIEWER)}", "Idempotency-Key": "T80"}
        sent = bodies.get(route.path, {})
        answer = house.front.client.request(method, address_of(route, own), headers=headers, **sent)
        assert answer.status_code == 403, f"{method} {route.path}: {answer.status_code} {answer.text}"
        refused += 1
    record_property("walked routes that refuse a viewer", refused)
    assert refused >= len(TRIGGERS) + WRITES
    assert changed(house) == before


#: What a browser says of a page that is not ours: https://www.w3.org/TR/fetch-metadata/
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "none", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "https://elsewhere.example"},
    {"Origin": "http://testserver.elsewhere.example"},
    {"Origin": "null"},
    {},
)
OWN: tuple[dict[str, str], ...] = ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"})


def test_T81_a_foreign_page_changes_nothing_by_cookie(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    """The cookie is that of somebody who may everything, so that nothing else refuses it."""
    cookie = {"Cookie": f"_token={house.front.token('super')}"}
    before = changed(house)
    walked = 0
    for method, route in unsafe_routes(house.front.app):
        for headers in FOREIGN:
            answer = house.front.client.request(method, address_of(route), headers=cookie | headers)
            assert answer.status_code == 403, f"{method} {route.path} {headers}: {answer.status_code} {answer.text}"
            assert "A change by session cookie" in answer.json()["detail"]
        walked += 1
    record_property("walked routes that refuse foreign pages", walked)
    assert walked >= len(TRIGGERS) + WRITES
    assert changed(house) == before


@pytest.mark.parametrize("headers", OWN, ids=("Sec-Fetch-Site", "Origin"))
def test_T81_our_own_pages_change_what_their_reader_may(house: House, headers: dict[str, str]) -> None:
    """What is sent is nothing that a route takes: past the defence it is refused for that, and starts nothing."""
    cookie = {"Cookie": f"_token={house.front.token('super')}"}
    before = changed(house)
    for method, route in unsafe_routes(house.front.app):
        answer = house.front.client.request(
            method, address_of(route), headers=cookie | headers, content=b"no document", params={"nonsense": 1}
        )
        assert answer.status_code not in {401, 403, 500}, f"{method} {route.path}: {answer.status_code} {answer.text}"
    assert changed(house) == before


def test_T81_a_token_needs_no_page(front: Front) -> None:
    """Whoever puts a token there does it on purpose; a cookie beside it changes nothing."""
    for headers in FOREIGN:
        cookie = {"Cookie": f"_token={front.token('super')}"}
        answer = front.post("super", "/fms/trigger-sync", headers=headers | cookie, nonsense=1)
        assert answer.status_code == 422


def test_what_a_route_is_not_for_is_no_way_in_either(front: Front) -> None:
    methods: dict[str, set[str]] = {}
    for route in routes_of(front.app):
        methods.setdefault(address_of(route), set()).update(route.methods or ())
    for address, served in methods.items():
        for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} - served):
            answer = front.client.request(method, address)
            assert answer.status_code in {401, 405}, f"{method} {address}: {answer.status_code}"
            assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/", "/nothing"])
def test_what_fastapi_would_serve_by_itself_is_not_there(front: Front, path: str) -> None:
    assert front.get(None, path).status_code == (401 if path == "/openapi.json" else 404)


def test_the_description_is_for_those_who_signed_in(front: Front) -> None:
    described = front.get("super", "/openapi.json").json()
    served = {route.path for route in routes_of(front.app) if not route.path.startswith("/pages/")}
    assert set(described["paths"]) == served
    parameters = {found["name"] for found in described["paths"]["/smartmoving/jobs"]["get"]["parameters"]}
    assert parameters == {"limit", "cursor", "format", "client", "account", "location", "since", "until", "search"}


def test_a_session_cookie_is_as_good_as_a_token_and_a_token_wins(front: Front) -> None:
    def user(**headers: str) -> Any:
        return front.client.get(f"{PREFIX}/account", headers=headers).json().get("user")

    manager, auditor = front.token("manager"), front.token("auditor")
    assert user(Cookie=f"_token={manager}") == "manager"
    assert user(Cookie=f"_token={manager}", Authorization=f"Bearer {auditor}") == "auditor"
    # what is handed over on purpose is wrong: the cookie beside it does not help
    assert user(Cookie=f"_token={manager}", Authorization="Bearer nonsense") is None


def test_a_token_of_another_secret_is_refused(front: Front) -> None:
    import jwt

    claims = jwt.decode(front.token("super"), options={"verify_signature": False})
    forged = jwt.encode(claims, "another secret that is long enough for HS512, as that one is: sixty-four", "HS512")
    answer = front.client.get(f"{PREFIX}/account", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


def test_a_revoked_token_is_refused(front: Front) -> None:
    from airflow.api_fastapi.app import get_auth_manager

    answer = front.client.post("/auth/token", json={"username": STRANGER, "password": front.passwords[STRANGER]})
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert front.client.get(f"{PREFIX}/account", headers=headers).status_code == 200
    get_auth_manager().revoke_token(answer.json()["access_token"])
    assert front.client.get(f"{PREFIX}/account", headers=headers).status_code == 401
