"""Setting inboxes up: who may, what is told once, and that it is what the inbox then asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.web.conftest import House
from tests.web.front import PREFIX, Front

SMARTMOVING, TEKMETRIC = "/smartmoving-integration/webhooks", "/tekmetric/webhooks"
ACCOUNTS = [
    {"source": "smartmoving", "account": "smartmoving", "conn_id": "smartmoving", "client": "lgm"},
    {"source": "smartmoving", "account": "acme", "conn_id": "smartmoving_acme", "client": "acme"},
    {"source": "tekmetric", "account": "tekmetric", "conn_id": "tekmetric", "client": "lgm"},
]


@pytest.fixture
def desk(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Nothing is set up, and nothing stays."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ACCOUNTS", json.dumps(ACCOUNTS))
    house.front.app.state.inboxes.forget()
    yield house
    with create_session() as session:
        session.query(Connection).filter(Connection.conn_id.endswith("_inbox")).delete(synchronize_session=False)
    house.warehouse.execute("DELETE FROM ops.inbox_events")
    house.front.app.state.inboxes.forget()


def configure(front: Front, user: str, path: str = SMARTMOVING, body: Any = None, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {front.token(user)}"} | headers
    return front.client.post(f"{PREFIX}{path}/configure", headers=sent, json={} if body is None else body)


def test_what_is_told_once_is_what_the_inbox_asks_for(desk: House) -> None:
    front = desk.front
    answer = configure(front, "super", body={"account": "smartmoving"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told["header"]["name"] == "X-Branchline-Secret"
    headers = {told["header"]["name"]: told["header"]["value"]}
    body = {"event-type": "opportunity-changed", "opportunity-id": "o"}
    path = urlsplit(told["url"]).path
    assert front.client.post(path, json=body, headers=headers).status_code == 202
    assert front.client.post(path, json=body).status_code == 401
    again = configure(front, "super", body={"account": "smartmoving", "header": "X-Ours"}).json()
    assert again["url"] != told["url"]
    assert front.client.post(path, json=body, headers=headers).status_code == 401, "the old secrets are void"
    renewed = {"X-Ours": again["header"]["value"]}
    assert front.client.post(urlsplit(again["url"]).path, json=body, headers=renewed).status_code == 202

    shown = front.get("super", SMARTMOVING).json()["items"]
    mine = next(item for item in shown if item["account"] == "smartmoving")
    assert (mine["configured"], mine["header"]) == (True, "X-Ours")
    assert mine["url"].endswith("/branchline/inbox/smartmoving/***")
    assert [(found["type"], found["state"]) for found in mine["events"]][:1] == [("opportunity-changed", "pending")]
    other = next(item for item in shown if item["account"] == "acme")
    assert (other["configured"], other["url"], other["events"]) == (False, None, [])
    assert again["header"]["value"] not in json.dumps(shown)


def test_tekmetric_is_given_an_address_alone(desk: House) -> None:
    told = configure(desk.front, "super", TEKMETRIC).json()
    assert told["header"] is None
    assert desk.front.client.post(urlsplit(told["url"]).path, json={"event": "x"}).status_code == 202


def test_T83_the_secrets_are_in_no_audit_log_and_in_no_answer_of_airflows(desk: House) -> None:
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    front = desk.front
    told = configure(front, "super", body={"account": "smartmoving"}).json()
    token, secret = told["url"].rpartition("/")[2], told["header"]["value"]
    with create_session() as session:
        written = [(row.owner, row.event, str(row.extra)) for row in session.query(Log).all()]
    assert any(owner == "super" and "connection" in event for owner, event, _ in written), "not as the caller"
    kept = front.client.get(
        "/api/v2/connections/smartmoving_inbox", headers={"Authorization": f"Bearer {front.token('super')}"}
    )
    assert kept.status_code == 200
    for text in (json.dumps(written), kept.text):
        assert token not in text
        assert secret not in text


def test_who_is_no_admin_of_the_client_sets_nothing_up(desk: House) -> None:
    front = desk.front
    assert configure(front, "manager").status_code == 403
    assert configure(front, "auditor").status_code == 403
    assert configure(front, "stranger").status_code in {403, 404}
    assert [item["configured"] for item in front.get("super", SMARTMOVING).json()["items"]] == [False, False]


def test_T81_a_foreign_page_sets_nothing_up_by_cookie(desk: House) -> None:
    cookie = {"Cookie": f"_token={desk.front.token('super')}"}
    url = f"{PREFIX}{TEKMETRIC}/configure"
    for more in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        assert desk.front.client.post(url, json={}, headers=cookie | more).status_code == 403
    own = desk.front.client.post(url, json={}, headers=cookie | {"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 201


def test_what_cannot_be_set_up_is_refused(desk: House, monkeypatch: pytest.MonkeyPatch) -> None:
    front = desk.front
    assert configure(front, "super").status_code == 409, "two accounts, none named"
    assert configure(front, "super", body={"account": "nobody's"}).status_code == 404
    assert configure(front, "super", TEKMETRIC, {"header": "no header:"}).status_code == 422
    assert configure(front, "super", TEKMETRIC, {"haeder": "X-Typo"}).status_code == 422
    monkeypatch.setenv("AIRFLOW_CONN_TEKMETRIC_INBOX", json.dumps({"conn_type": "generic", "extra": {"token": "t"}}))
    shadowed = configure(front, "super", TEKMETRIC)
    assert (shadowed.status_code, "elsewhere too" in shadowed.json()["detail"]) == (409, True)
