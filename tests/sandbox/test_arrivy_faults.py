"""What can go wrong with Arrivy's answers; the T numbers are those of the fault catalogue."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .test_arrivy_api import Account, account, one

__all__ = ["account", "one"]


def rule(account: Account, action: Any, match: str = "arrivy/api/tasks", **more: Any) -> None:
    account.control.faults({"match": match, "action": action, **more})


def ids(rows: list[Any]) -> list[int]:
    return [row["id"] for row in rows]


def test_t01_to_t06_statuses_and_bodies(account: Account) -> None:
    rule(account, {"kind": "status", "status": 429, "retry_after": 2}, times=1)
    rule(account, {"kind": "status", "status": 429, "retry_after_date": 2}, times=1)
    rule(account, {"kind": "status", "status": 502}, times=1)
    rule(account, {"kind": "status", "status": 401}, times=1)
    rule(account, "html200", times=1)
    rule(account, "empty200", times=1)
    rule(account, {"kind": "body", "body": "null"}, times=1)
    rule(account, {"kind": "redirect", "location": "http://10.0.0.7/"}, times=1)
    answers = [
        account.session.get(account.sandbox.arrivy + "/tasks", allow_redirects=False, timeout=60) for _ in range(9)
    ]
    assert [answer.status_code for answer in answers] == [429, 429, 502, 401, 200, 200, 200, 302, 200]
    assert answers[0].headers["Retry-After"] == "2"
    assert answers[1].headers["Retry-After"].endswith("GMT")
    assert answers[4].text.startswith("<!DOCTYPE html>")
    assert (answers[5].content, answers[6].content) == (b"", b"null")


@pytest.mark.parametrize("kind", ["reset", "cut", "gzip_cut"])
def test_t07_connections_that_break(account: Account, kind: str) -> None:
    rule(account, kind, times=1)
    with pytest.raises(requests.RequestException):
        account.get("tasks").json()
    assert account.get("tasks").status_code == 200


def test_t08_truncated(account: Account) -> None:
    rule(account, "truncate", times=1)
    answer = account.get("tasks")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("path", ["tasks", "entities", "customers"])
def test_t20_a_row_inserted_during_paging(account: Account, path: str) -> None:
    rule(account, "shift", f"api/{path}", times=1)
    first = ids(account.get(path, items_per_page=5, page=1).json())
    assert ids(account.get(path, items_per_page=5, page=2).json())[0] == first[-1]
    shifted = ids(account.get(path, items_per_page=5, page=1).json())
    assert shifted[1:] == first[:-1]
    assert shifted[0] not in first


def test_t20_in_every_kind_of_list(account: Account) -> None:
    window = {"from": "2026-07-18T00:00:00Z", "to": "2026-07-22T00:00:00Z"}
    for query in ({"unscheduled": "true"}, window):
        before = ids(account.all("tasks", **query))
        rule(account, "shift", times=1)
        assert ids(account.get("tasks", **query).json()) == before
        assert ids(account.get("tasks", **query).json())[1:] == before


@pytest.mark.parametrize("path", ["tasks", "entities", "customers"])
def test_t21_a_row_deleted_during_paging(account: Account, path: str) -> None:
    before = ids(account.all(path))
    rule(account, "drop", f"api/{path}", times=1)
    seen = ids(account.get(path, items_per_page=5, page=1).json())
    after = ids(account.get(path, items_per_page=5, page=2).json())
    assert after[0] == before[len(seen) + 1]
    assert account.get(f"{path}/{seen[0]}").status_code == 404


def test_t24_the_same_page_for_ever_and_rows_past_the_end(account: Account) -> None:
    first = account.get("tasks", items_per_page=10).json()
    account.change(pages="repeat")
    assert all(account.get("tasks", items_per_page=10, page=page).json() == first for page in (2, 3, 500))
    account.change(pages="clamp")
    last = account.get("tasks", items_per_page=10, page=900).json()
    assert last
    assert account.get("tasks", items_per_page=10, page=901).json() == last
    account.change(pages="plain")
    assert account.get("tasks", items_per_page=10, page=900).json() == []


def test_t24_faults_know_the_bare_array(account: Account) -> None:
    first = account.get("tasks", items_per_page=10).json()
    rule(account, "repeat_page", times=1)
    assert account.get("tasks", items_per_page=10, page=3).json() == first
    rule(account, "beyond_end", times=1)
    past = account.get("tasks", items_per_page=10, page=60).json()
    assert past
    assert past[-1] == account.all("tasks")[-1]
    rule(account, {"kind": "total", "delta": 5}, times=1)
    assert account.get("tasks", items_per_page=10).json() == first
    rule(account, "null_results", times=1)
    assert account.get("tasks").json() is None


def test_t30_to_t38_records_that_are_odd(account: Account) -> None:
    rule(account, "nul", times=1)
    rule(account, {"kind": "nan", "field": "rating", "record": 2}, times=1)
    rule(account, {"kind": "big_field", "bytes": 70_000, "field": "details"}, times=1)
    odd = {"start_datetime": "9999-12-31T00:00:00Z", "customer_zipcode": "00501", "title": "'); DROP TABLE tasks;--"}
    rule(account, {"kind": "mutate_record", "record": 3, "set": odd, "omit": ["id"]}, times=1)
    assert b"\\u0000 \\ud800" in account.get("tasks").content
    assert b"NaN" in account.get("tasks").content
    assert b"x" * 70_000 in account.get("tasks").content
    row = account.get("tasks").json()[3]
    assert {name: row[name] for name in odd} == odd
    assert "id" not in row


def test_faults_can_be_aimed_at_one_page(account: Account) -> None:
    rule(account, {"kind": "status", "status": 500}, page=2)
    assert [account.get("tasks", items_per_page=10, page=page).status_code for page in (1, 2, 3)] == [200, 500, 200]
    assert account.control.served()["faults"] == {"status": 1}


def test_t10_a_404_on_the_detail_alone(account: Account) -> None:
    number = account.get("tasks").json()[0]["id"]
    rule(account, {"kind": "status", "status": 404, "body": '{"message": "NOT_FOUND"}'}, rf"tasks/{number}$")
    assert account.get(f"tasks/{number}").status_code == 404
    assert number in ids(account.all("tasks"))
