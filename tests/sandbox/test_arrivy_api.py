"""The Arrivy sandbox against the vendor's contract; each test names the section."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.options import Options
from sandbox.server import Running, running

from .conftest import plain_get
from .test_command_line import spawn

NOW = datetime(2026, 7, 20, 15, 0, tzinfo=UTC)
KEY, TOKEN = "sandbox-arrivy-key", "sandbox-arrivy-token"


class Account:
    """A plain client of one Arrivy account."""

    def __init__(self, sandbox: Running) -> None:
        self.sandbox = sandbox
        self.control = sandbox.control
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"X-Auth-Key": KEY, "X-Auth-Token": TOKEN})

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(f"{self.sandbox.arrivy}/{path}", params=query, timeout=60)

    def all(self, path: str, **query: Any) -> list[Any]:
        """Read pages until one is empty: the only end there is."""
        found: list[Any] = []
        for page in range(1, 5000):
            answer = self.get(path, page=page, **query)
            assert answer.status_code == 200, answer.text
            if not answer.json():
                return found
            found += answer.json()
        raise AssertionError("no empty page")

    def every_task(self) -> dict[int, Any]:
        queries: list[dict[str, str]] = [{}, {"unscheduled": "true"}, {"tasks_with_no_datetime": "true"}]
        return {row["id"]: row for query in queries for row in self.all("tasks", **query)}

    def change(self, **command: Any) -> dict[str, Any]:
        (done,) = self.control.change(command, source="arrivy")
        told: dict[str, Any] = done
        return told

    def truth(self, **query: str) -> dict[str, Any]:
        url = self.sandbox.url + "/_control/truth"
        answer = self.session.get(url, params={"source": "arrivy", **query}, timeout=30)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture(scope="module")
def one() -> Iterator[Account]:
    with running(Options(now=NOW, arrivy_crew=25)) as sandbox:
        yield Account(sandbox)


@pytest.fixture
def account(one: Account) -> Iterator[Account]:
    """The account as it was drawn."""
    one.control.reset()
    yield one
    one.control.reset()


def test_section_1_key_and_token(account: Account) -> None:
    url = account.sandbox.arrivy + "/users/profile"
    assert account.get("users/profile").status_code == 200
    wrong: list[dict[str, str]] = [
        {},
        {"X-Auth-Key": KEY},
        {"X-Auth-Key": KEY, "X-Auth-Token": KEY},
        {"X-Auth-Key": TOKEN, "X-Auth-Token": KEY},
        {"Authorization": f"Bearer {TOKEN}"},
    ]
    for headers in wrong:
        refused = plain_get(url, headers=headers)
        assert (refused.status_code, set(refused.json())) == (401, {"message", "description"})


def test_section_1_a_revoked_token(account: Account) -> None:
    account.change(token="another")
    assert account.get("tasks").status_code == 401
    account.session.headers["X-Auth-Token"] = "another"
    assert account.get("tasks").status_code == 200
    account.session.headers["X-Auth-Token"] = TOKEN


def test_section_2_a_bare_array_and_no_total(account: Account) -> None:
    for path in ("tasks", "entities", "groups", "customers", "crews", "bookings", "statuses"):
        answer = account.get(path)
        assert isinstance(answer.json(), list), path
        assert not {"Link", "X-Total-Count"} & set(answer.headers)
        assert account.get(path, page=99).json() == [] or path == "statuses"


def test_section_2_short_pages(account: Account) -> None:
    whole = account.all("tasks")
    assert len(whole) == len({row["id"] for row in whole}) > 80
    sizes = []
    paged: list[Any] = []
    while rows := account.get("tasks", items_per_page=10, page=len(sizes) + 1).json():
        sizes.append(len(rows))
        paged += rows
    assert paged == whole
    assert sizes[:6] == [8, 10, 10, 8, 10, 10]
    for size in (1, 2, 3):
        assert [row["id"] for row in account.all("customers", items_per_page=size)] == [
            row["id"] for row in account.all("customers")
        ]


def test_section_2_defaults_and_caps() -> None:
    choices: dict[str, Any] = {"arrivy_days": 20, "arrivy_tasks_per_day": 30, "arrivy_short_pages": False}
    with running(Options(now=NOW, **choices)) as sandbox:
        account = Account(sandbox)
        assert len(account.get("tasks").json()) == 500
        assert len(account.get("tasks", items_per_page=9000).json()) == 500
        assert len(account.get("tasks", page_size=10).json()) == 500
        assert account.get("tasks", page="x", items_per_page="0").json() == account.get("tasks").json()
        entity = account.get("entities").json()[0]["id"]
        assert len(account.get(f"entities/{entity}/readings").json()) == 100
        account.change(page_cap=7)
        assert len(account.get("tasks").json()) == 7


def test_section_2_a_window_that_is_cut_off() -> None:
    with running(Options(now=NOW, arrivy_window_cap=50)) as sandbox:
        account = Account(sandbox)
        assert len(account.all("tasks", items_per_page=20)) == 50
        window = {"from": "2026-07-12T00:00:00Z", "to": "2026-07-14T00:00:00Z"}
        assert 0 < len(account.all("tasks", **window)) < 20


def test_section_2_there_is_no_modified_since(account: Account) -> None:
    ignored = {"updated_after": "2026-07-20", "start_date": "2026-07-20", "end_date": "2026-07-20"}
    for path in ("tasks", "entities", "groups", "bookings"):
        assert account.get(path, **ignored).json() == account.get(path).json()
    window = {"from": "2026-07-20T00:00:00Z", "to": "2026-07-21T00:00:00Z"}
    assert account.get("entities", **window).json() == account.get("entities").json()


def test_section_3_1_kinds_of_tasks_are_never_mixed(account: Account) -> None:
    scheduled = account.all("tasks")
    unscheduled = account.all("tasks", unscheduled="true")
    undated = account.all("tasks", tasks_with_no_datetime="true")
    ids = [{row["id"] for row in rows} for rows in (scheduled, unscheduled, undated)]
    assert all(ids)
    assert not (ids[0] & ids[1] | ids[0] & ids[2] | ids[1] & ids[2])
    assert all(row["start_datetime"] and not row["unscheduled"] for row in scheduled)
    assert all(row.get("start_datetime") is None and row["unscheduled"] for row in unscheduled)
    assert all(not row["unscheduled"] and row["task_without_time"] for row in undated)
    assert {row.get("due_datetime") for row in undated} == {None}
    assert account.all("tasks", unscheduled="false") == scheduled


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def test_section_3_1_the_window_is_the_schedule(account: Account) -> None:
    window = {"from": "2026-07-18T00:00:00-04:00", "to": "2026-07-22T00:00:00-04:00"}
    first, last = (datetime.fromisoformat(text) for text in window.values())
    rows = account.all("tasks", **window)
    expected = [row for row in account.all("tasks") if first <= instant(row["start_datetime"]) <= last]
    assert rows == expected
    assert 0 < len(rows) < len(account.all("tasks"))
    entity = next(row["entity_ids"][0] for row in rows if row["entity_ids"])
    assert account.all("tasks", entity_id=entity) == [
        row for row in account.all("tasks") if entity in row["entity_ids"]
    ]
    customer = rows[0]["customer_id"]
    assert {row["customer_id"] for row in account.all("tasks", customer_id=customer)} == {customer}
    external = next(row["external_id"] for row in rows if row.get("external_id"))
    assert [row["external_id"] for row in account.all("tasks", external_id=external)] == [external]
    created = [instant(row["created"]) for row in account.all("tasks", order_by="CREATED")]
    assert created == sorted(created)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("2026-07-18T00:00:00%2B00:00", 200),
        ("2026-07-18T09:00:7-08:00", 200),
        ("2026-07-18T00:00:00Z", 200),
        # A bare plus is a space, an escaped escape is no plus, and a naive time has no offset.
        ("2026-07-18T00:00:00+00:00", 400),
        ("2026-07-18T00:00:00%252B00:00", 400),
        ("2026-07-18T00:00:00", 400),
    ],
)
def test_section_6_the_plus_is_escaped_once(account: Account, sent: str, status: int) -> None:
    answer = account.session.get(f"{account.sandbox.arrivy}/tasks?from={sent}", timeout=60)
    assert answer.status_code == status
    if status == 400:
        assert set(answer.json()) == {"message", "description"}


def test_section_7_not_found(account: Account) -> None:
    for path in ("tasks/1", "tasks/x", "tasks/1/status", "entities/1/readings", "groups/1", "templates", "nonsense"):
        answer = account.get(path)
        assert (answer.status_code, answer.json()["message"]) == (404, "NOT_FOUND"), path
    assert account.get("tasks", customer_id="x").status_code == 400


def test_section_7_a_limit_of_a_minute() -> None:
    choices: dict[str, Any] = {"arrivy_rate_per_minute": 3, "rate_window": 0.6, "retry_after": "mixed"}
    with running(Options(now=NOW, **choices)) as sandbox:
        account = Account(sandbox)
        answers = [account.get("groups") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert ["Retry-After" in answer.headers for answer in answers[3:]] == [True, False]
        assert answers[3].headers["Retry-After"] == "1"
        time.sleep(0.65)
        assert account.get("groups").status_code == 200
        assert account.control.served()["too_many"] == 2


def test_the_secrets_come_from_the_environment() -> None:
    process = spawn("--arrivy-crew", "7", SANDBOX_ARRIVY_KEY="one", SANDBOX_ARRIVY_TOKEN="two")
    assert process.stdout is not None
    try:
        port = json.loads(process.stdout.readline())["port"]
        headers = {"X-Auth-Key": "one", "X-Auth-Token": "two"}
        url = f"http://127.0.0.1:{port}/arrivy/api/entities"
        assert len(plain_get(url, headers=headers).json()) == 7
        assert plain_get(url, headers={"X-Auth-Key": KEY, "X-Auth-Token": TOKEN}).status_code == 401
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_served_counts(account: Account) -> None:
    account.get("tasks")
    account.get("tasks/1")
    served = account.control.served()["by_path"]
    assert served == {
        "GET /arrivy/api/tasks": {"200": 1},
        "GET /arrivy/api/tasks/{id}": {"404": 1},
    }
