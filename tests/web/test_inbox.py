"""Webhooks into the inbox: who may put something in, what becomes a row, and what leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog
from branchline.web.masking import masked

from tests.web.conftest import House
from tests.web.front import PREFIX, Front

TOKEN = {source: f"{source}-path-token-of-these-tests" for source in ("smartmoving", "arrivy", "tekmetric")}
SECRET = "the header's own secret"
HEADERS = {"X-Branchline-Secret": SECRET}
OPPORTUNITY = "0b6f2f0e-1111-4222-8333-444455556666"
CHANGED = {"event-type": "opportunity-changed", "opportunity-id": OPPORTUNITY, "opportunity-status": 30}


def kept(extra: dict[str, str], password: str | None = SECRET) -> str:
    return json.dumps({"conn_type": "generic", "password": password, "extra": extra})


@pytest.fixture
def inbox(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Inboxes of three accounts of one client; Tekmetric's cannot be sent a header."""
    accounts = [
        {"source": source, "account": f"inbox of {source}", "conn_id": source, "client": "lgm"} for source in TOKEN
    ]
    for entry in accounts:
        house.warehouse.execute(
            "INSERT INTO core.accounts (source, account, conn_id, client_id) VALUES (%(source)s, %(account)s, "
            "%(conn_id)s, %(client)s) ON CONFLICT DO NOTHING",
            entry,
        )
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ACCOUNTS", json.dumps(accounts))
    for source, token in TOKEN.items():
        password = None if source == "tekmetric" else SECRET
        monkeypatch.setenv(f"AIRFLOW_CONN_{source.upper()}_INBOX", kept({"token": token}, password))
    house.front.app.state.inboxes.forget()
    yield house
    house.warehouse.execute("DELETE FROM ops.inbox_events")
    house.warehouse.execute("DELETE FROM core.accounts WHERE account LIKE 'inbox of %'")
    house.front.app.state.inboxes.forget()


def post(front: Front, source: str, body: Any, *, token: str | None = None, **how: Any) -> Any:
    """What is answered to a webhook; JSON unless it is bytes, with the right secrets unless others are given."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{PREFIX}/inbox/{source}/{TOKEN[source] if token is None else token}"
    return front.client.post(url, content=sent, headers=how.pop("headers", HEADERS), **how)


def events(house: House) -> list[Any]:
    return house.warehouse.rows("SELECT * FROM ops.inbox_events ORDER BY event_id", role="admin")


def test_an_event_is_a_row_and_answered_202(inbox: House) -> None:
    answer = post(inbox.front, "smartmoving", CHANGED)
    assert (answer.status_code, answer.content) == (202, b"")
    (event,) = events(inbox)
    assert (event.source, event.account, event.client_id) == ("smartmoving", "inbox of smartmoving", "lgm")
    assert (event.event_type, event.object_type, event.object_id) == ("opportunity-changed", "opportunity", OPPORTUNITY)
    assert (event.state, event.attempts, event.payload) == ("pending", 0, CHANGED)


@pytest.mark.parametrize("source", ["smartmoving", "arrivy"])
@pytest.mark.parametrize("headers", [{}, {"X-Branchline-Secret": "wrong"}, {"X-Branchline-Secret": SECRET + "x"}])
def test_T89_a_wrong_header_is_refused_and_leaves_nothing(inbox: House, source: str, headers: dict[str, str]) -> None:
    assert post(inbox.front, source, CHANGED, headers=headers).status_code == 401
    assert events(inbox) == []


def test_T89_every_refusal_is_the_same_so_that_none_is_a_hint(inbox: House) -> None:
    front = inbox.front
    answers = [
        post(front, "smartmoving", CHANGED, token="wrong"),
        post(front, "smartmoving", CHANGED, token=TOKEN["arrivy"]),
        post(front, "smartmoving", CHANGED, headers={}),
        post(front, "tekmetric", CHANGED, token="wrong"),
        post(front, "arrivy", b"not even JSON", headers={}),
        front.client.post(f"{PREFIX}/inbox/fms/{TOKEN['arrivy']}", headers=HEADERS),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert events(inbox) == []


def test_T89_an_inbox_that_nobody_configured_admits_nothing_not_even_nothing(
    inbox: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SMARTMOVING_INBOX", kept({"token": TOKEN["smartmoving"]}, ""))
    monkeypatch.setenv("AIRFLOW_CONN_TEKMETRIC_INBOX", kept({}, None))
    inbox.front.app.state.inboxes.forget()
    for headers in ({}, {"X-Branchline-Secret": ""}):
        assert post(inbox.front, "smartmoving", CHANGED, headers=headers).status_code == 401
    assert inbox.front.client.post(f"{PREFIX}/inbox/tekmetric/%20", json={}).status_code == 401
    assert events(inbox) == []


def test_the_headers_name_is_the_connections(inbox: House, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"token": TOKEN["arrivy"], "header": "X-Their-Own"}
    monkeypatch.setenv("AIRFLOW_CONN_ARRIVY_INBOX", kept(extra))
    inbox.front.app.state.inboxes.forget()
    told = {"EVENT_ID": 7, "EVENT_TYPE": "TASK_UPDATED", "OBJECT_ID": 12, "OBJECT_TYPE": "TASK"}
    assert post(inbox.front, "arrivy", told).status_code == 401
    assert post(inbox.front, "arrivy", told, headers={"x-their-own": SECRET}).status_code == 202


def test_tekmetric_sends_no_header_and_its_token_is_enough(inbox: House) -> None:
    paid = {"event": "Payment made by Ada Ferrer", "data": {"id": 5, "repairOrderId": 410100017, "amount": 100}}
    posted = {"event": "Repair Order #1017 posted by Ada Ferrer", "data": {"id": 410100017, "repairOrderNumber": 1017}}
    for body in (paid, posted):
        assert post(inbox.front, "tekmetric", body, headers={}).status_code == 202
    said = [(event.event_type, event.object_type, event.object_id) for event in events(inbox)]
    assert said == [("Payment made", "payment", "5"), ("Repair Order posted", "repair order", "410100017")]


def test_T89_a_redelivery_is_answered_202_and_is_one_row(inbox: House) -> None:
    told = {"EVENT_ID": 991, "EVENT_TYPE": "TASK_UPDATED", "OBJECT_ID": 12, "OBJECT_TYPE": "TASK", "TITLE": "first"}
    again = told | {"TITLE": "the same event, in other words"}
    other = told | {"EVENT_ID": 992}
    assert [post(inbox.front, "arrivy", body).status_code for body in (told, again, other)] == [202] * 3
    assert [event.payload["TITLE"] for event in events(inbox)] == ["first", "first"]
    order = {"event": "Repair Order #1 completed by Ada", "data": {"id": 1, "repairOrderNumber": 1}}
    for body in (order, order, order | {"event": "Repair Order #1 posted by Ada"}):
        assert post(inbox.front, "tekmetric", body).status_code == 202
    assert len(events(inbox)) == 4


def test_T89_a_burst_about_one_object_is_an_event_a_bucket_taken_when_the_bucket_is_over(inbox: House) -> None:
    for _ in range(20):
        assert post(inbox.front, "smartmoving", CHANGED).status_code == 202
    assert post(inbox.front, "smartmoving", CHANGED | {"event-type": "opportunity-status-changed"}).status_code == 202
    assert post(inbox.front, "smartmoving", CHANGED | {"opportunity-id": "another"}).status_code == 202
    kinds = {(event.event_type, event.object_id) for event in events(inbox)}
    assert len(kinds) == 3
    # twenty deliveries lie in one bucket, or, where it ended meanwhile, in two
    assert 3 <= len(events(inbox)) <= 6
    for event in events(inbox):
        assert event.due_at > event.received_at
        assert event.due_at.timestamp() % 5 == 0
        assert event.due_at.timestamp() - event.received_at.timestamp() <= 5


def test_T89_a_body_of_more_than_a_megabyte_is_refused_while_it_is_read(inbox: House) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        yield b'{"event-type": "'
        for _ in range(64):
            read += 1
            yield b"x" * 65536
        yield b'"}'

    url = f"{PREFIX}/inbox/smartmoving/{TOKEN['smartmoving']}"
    answer = inbox.front.client.post(url, content=endless(), headers=HEADERS)
    assert answer.status_code == 413
    # what the sender says of the length is not believed
    lying = {**HEADERS, "Content-Length": "10"}
    assert post(inbox.front, "smartmoving", b'{"a": "' + b"x" * 1_100_000 + b'"}', headers=lying).status_code == 413
    assert events(inbox) == []
    just = b'{"a": "' + b"x" * (1024 * 1024 - 9) + b'"}'
    assert len(just) == 1024 * 1024
    assert post(inbox.front, "smartmoving", just).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}', b'{"a":' * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(inbox: House, body: bytes) -> None:
    assert post(inbox.front, "smartmoving", body).status_code == 400
    assert events(inbox) == []


def test_an_object_that_says_nothing_is_kept(inbox: House) -> None:
    """What it means is the reader's to say; a type of any length has room."""
    strange = [{}, {"event-type": 7, "opportunity-id": ["x"]}, {"event-type": "t" * 5000, "job-id": "j" * 5000}]
    for body in strange:
        assert post(inbox.front, "smartmoving", body).status_code == 202
    assert [event.payload for event in events(inbox)] == strange
    assert max(len(event.object_id or "") for event in events(inbox)) == 200


def test_an_account_that_was_never_synced_is_told_to_come_again(inbox: House) -> None:
    inbox.warehouse.execute("DELETE FROM core.accounts WHERE account = 'inbox of arrivy'")
    answer = post(inbox.front, "arrivy", {"EVENT_ID": 1})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_T83_no_token_in_the_access_log_or_in_an_answer(inbox: House) -> None:
    paths = {
        f"{PREFIX}/inbox/smartmoving/{TOKEN['smartmoving']}": 202,
        f"{PREFIX}/inbox/smartmoving/{TOKEN['smartmoving']}/more": 404,
        f"{PREFIX}/inbox/{TOKEN['smartmoving']}": 404,
        f"{PREFIX}/inbox/arrivy/{TOKEN['smartmoving']}": 401,
    }
    with structlog.testing.capture_logs() as said:
        for path, status in paths.items():
            answer = inbox.front.client.post(path, json=CHANGED, headers=HEADERS)
            assert answer.status_code == status, path
            assert TOKEN["smartmoving"] not in answer.text
    logged = [entry["path"] for entry in said if entry.get("event") == "request finished"]
    assert logged == [
        f"{PREFIX}/inbox/smartmoving/***", f"{PREFIX}/inbox/smartmoving/***", f"{PREFIX}/inbox/***",
        f"{PREFIX}/inbox/arrivy/***",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/", "/branchline/account", "/branchline/inbox", "/branchline/inbox/", "/api/v2/dags"]
)
def test_other_paths_stay_as_they_are(path: str) -> None:
    assert masked(path) == path


def test_secrets_are_looked_up_once_for_many_requests(inbox: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(inbox.front, "arrivy", {"EVENT_ID": 1}).status_code == 202
    monkeypatch.setenv("AIRFLOW_CONN_ARRIVY_INBOX", kept({"token": "another"}))
    assert post(inbox.front, "arrivy", {"EVENT_ID": 2}).status_code == 202, "remembered"
    inbox.front.app.state.inboxes.forget()
    assert post(inbox.front, "arrivy", {"EVENT_ID": 3}).status_code == 401
    assert post(inbox.front, "arrivy", {"EVENT_ID": 3}, token="another").status_code == 202


def test_what_came_is_served_to_nobody_and_invented_by_nobody(inbox: House) -> None:
    assert post(inbox.front, "smartmoving", CHANGED).status_code == 202
    with psycopg.connect(inbox.warehouse.as_role("api"), autocommit=True) as api:
        assert api.execute("SELECT event_id FROM ops.inbox_events").fetchall() == [], "nobody asks"
        api.execute("SELECT set_config('branchline.user', 'super', FALSE)")
        assert len(api.execute("SELECT event_id FROM ops.inbox_events").fetchall()) == 1
        refused = (
            "SELECT payload FROM ops.inbox_events",
            "UPDATE ops.inbox_events SET due_at = now()",
            "DELETE FROM ops.inbox_events",
            "INSERT INTO ops.inbox_events (source, account, client_id, event_key, payload) "
            "VALUES ('arrivy', 'inbox of arrivy', 'lgm', 'x', '{}')",
            "INSERT INTO ops.inbox_events (source, account, client_id, event_key, payload, state) "
            "VALUES ('arrivy', 'inbox of arrivy', 'lgm', 'x', '{}', 'taken')",
        )
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                api.execute(statement.encode())
    with (
        psycopg.connect(inbox.warehouse.as_role("operator")) as operator,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        operator.execute("SELECT payload FROM ops.inbox_events")
