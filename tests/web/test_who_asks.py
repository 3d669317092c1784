"""T80: nobody asks without an Airflow user. Every route of the application is walked, its description included."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from branchline.web.caller import user_name
from branchline.web.catalogue import COLLECTIONS
from fastapi.routing import APIRoute

from tests.web.conftest import STRANGER
from tests.web.front import PREFIX, Front

#: A repair order, the account, the description.
DOCUMENTS = 3


def routes_of(app: Any) -> list[APIRoute]:
    """Every route; one of another kind would be one that nobody guards."""
    assert all(isinstance(route, APIRoute) for route in app.routes), app.routes
    return list(app.routes)


def address_of(route: APIRoute) -> str:
    """Where the route is found, with a number wherever it wants one."""
    return PREFIX + re.sub(r"\{\w+\}", "1", route.path)


def dependencies_of(dependant: Any) -> set[Any]:
    return {dependant.call}.union(*(dependencies_of(below) for below in dependant.dependencies))


def test_T80_no_route_answers_nobody(front: Front, record_property: Callable[[str, object], None]) -> None:
    walked = 0
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
        walked += 1
    record_property("walked routes", walked)
    assert walked >= len(COLLECTIONS) + DOCUMENTS


def test_T81_no_route_takes_a_change_by_cookie_from_a_foreign_page(front: Front) -> None:
    cookie = f"_token={front.token('super')}"
    walked = 0
    for route in routes_of(front.app):
        for method in sorted((route.methods or set()) - {"GET", "HEAD"}):
            walked += 1
            for headers in (
                {},
                {"Origin": "null"},
                {"Origin": "https://elsewhere.example"},
                {"Sec-Fetch-Site": "cross-site"},
                {"Sec-Fetch-Site": "same-site"},
                {"Sec-Fetch-Site": "none", "Origin": "http://testserver"},
            ):
                answer = front.client.request(method, address_of(route), headers={"Cookie": cookie, **headers})
                assert answer.status_code == 403, f"{method} {route.path} {headers}: {answer.status_code}"
                assert "session cookie" in answer.json()["detail"]
    assert walked >= 4


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
