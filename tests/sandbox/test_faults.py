"""Every fault the sandbox can play; the T numbers are those of the fault catalogue."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from .conftest import Client


def rule(client: Client, action: Any, **more: Any) -> None:
    client.control.faults({"match": "/api/customers", "action": action, **more})


def test_t01_retry_after_in_seconds_and_as_a_date(client: Client) -> None:
    rule(client, {"kind": "status", "status": 429, "retry_after": 2}, times=1)
    answer = client.sweep()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert answer.text == "Rate limit is exceeded. Try again in 2 seconds."
    rule(client, {"kind": "status", "status": 429, "retry_after_date": 30}, times=1)
    told = parsedate_to_datetime(client.sweep().headers["Retry-After"]).timestamp()
    assert 27 < told - time.time() < 31
    assert client.sweep().status_code == 200


def test_t03_and_t04_server_errors(client: Client) -> None:
    rule(client, {"kind": "status", "status": 502}, times=2)
    answers = [client.sweep() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [502, 502, 200]
    assert answers[0].headers["Content-Type"].startswith("text/html")
    rule(client, {"kind": "status", "status": 500, "body": "oops", "headers": {"X-Trace": "1"}}, times=1)
    own = client.sweep()
    assert (own.status_code, own.text, own.headers["X-Trace"]) == (500, "oops", "1")


@pytest.mark.parametrize("status", [401, 403])
def test_t09_refused_mid_run(client: Client, status: int) -> None:
    rule(client, {"kind": "status", "status": status}, after=1, times=1)
    assert [client.sweep().status_code for _ in range(3)] == [200, status, 200]


def test_t05_login_page_with_200(client: Client) -> None:
    rule(client, "html200")
    answer = client.sweep()
    assert (answer.status_code, "Sign in" in answer.text) == (200, True)
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("body", ["{}", "null", "[]"])
def test_t06_bodies_of_the_wrong_kind(client: Client, body: str) -> None:
    rule(client, {"kind": "body", "body": body}, times=1)
    assert client.sweep().text == body
    rule(client, "empty200", times=1)
    empty = client.sweep()
    assert (empty.status_code, empty.content) == (200, b"")


def test_t07_reset_cut_and_gzip_cut(client: Client) -> None:
    rule(client, "reset", times=1)
    with pytest.raises(requests.ConnectionError):
        client.sweep()
    rule(client, "cut", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.sweep()
    rule(client, "gzip_cut", times=1)
    answer = client.session.get(
        client.sandbox.smartmoving + "/api/customers?FromServiceDate=20260720", stream=True, timeout=60
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    raw = answer.raw.read(decode_content=False)
    assert len(raw) == int(answer.headers["Content-Length"])
    with pytest.raises(EOFError):
        __import__("gzip").decompress(raw)
    assert client.sweep().status_code == 200
    by_path = client.control.served()["by_path"]["GET /smartmoving/v1/api/customers"]
    assert by_path == {"0": 2, "200": 2}


def test_t07_stall(client: Client) -> None:
    rule(client, {"kind": "stall", "seconds": 0.3}, times=1)
    begin = time.monotonic()
    assert client.sweep().status_code == 200
    assert time.monotonic() - begin >= 0.3
    rule(client, "stall", times=1)
    with pytest.raises(requests.ReadTimeout):
        client.session.get(client.sandbox.smartmoving + "/api/customers", timeout=0.2)


def test_t08_truncated_with_the_right_length(client: Client) -> None:
    whole = client.sweep().content
    rule(client, "truncate", times=1)
    answer = client.sweep()
    assert answer.status_code == 200
    assert whole.startswith(answer.content)
    assert len(answer.content) == int(answer.headers["Content-Length"]) < len(whole)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_t11_redirect(client: Client) -> None:
    rule(client, {"kind": "redirect", "location": "http://other.example.com/v1"}, times=1)
    answer = client.session.get(client.sandbox.smartmoving + "/api/customers", allow_redirects=False, timeout=60)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://other.example.com/v1")


def test_t13_big_field(client: Client) -> None:
    rule(client, {"kind": "big_field", "record": 2, "field": "address"}, times=1)
    rows = client.sweep().json()["pageResults"]
    assert [len(row["address"] or "") > 9_999_999 for row in rows[:4]] == [False, False, True, False]


def test_t20_shift_between_pages(client: Client) -> None:
    before = client.all_customers()
    rule(client, "shift", page=1, times=1)
    rows = client.all_customers()
    ids = Counter(row["id"] for row in rows)
    assert len(rows) == len(before) + 1
    assert sorted(ids.values())[-2:] == [1, 2]  # one row on two pages
    assert set(ids) == {row["id"] for row in before}  # the new one was on a page already read
    assert client.all_customers()[0]["name"].startswith("!!AA")


def test_t21_drop_between_pages(client: Client) -> None:
    before = [row["id"] for row in client.all_customers()]
    rule(client, "drop", page=1, times=1)
    assert [row["id"] for row in client.all_customers()] == before[:5] + before[6:]
    assert len(client.all_customers()) == len(before) - 1


def test_t22_t25_totals_lie(client: Client) -> None:
    total = client.sweep().json()["totalResults"]
    rule(client, {"kind": "total", "delta": 7, "set": {"totalPages": 40}}, times=1)
    page = client.sweep().json()
    assert (page["totalResults"], page["totalPages"]) == (total + 7, 40)
    rule(client, {"kind": "total", "omit": ["totalResults"]}, times=1)
    assert "totalResults" not in client.sweep().json()


def test_t23_the_cap_sinks_mid_run(client: Client) -> None:
    client.control.change({"page_cap": 3})
    page = client.sweep(PageSize=200).json()
    assert (page["pageSize"], page["totalThisPage"]) == (3, 3)


def test_t24_repeated_page_and_pages_beyond_the_end(client: Client) -> None:
    first = client.sweep(Page=1, PageSize=5).json()
    pages = first["totalPages"]
    rule(client, "repeat_page")
    again = client.sweep(Page=pages + 3, PageSize=5).json()
    assert again["pageResults"] == first["pageResults"]
    assert (again["pageNumber"], again["lastPage"]) == (pages + 3, False)
    client.control.clear_faults()
    rule(client, "beyond_end")
    assert client.sweep(Page=pages, PageSize=5).json()["lastPage"] is False
    assert client.sweep(Page=pages + 2, PageSize=5).json()["pageResults"]


def test_null_results(client: Client) -> None:
    rule(client, "null_results", times=1)
    assert client.sweep().json()["pageResults"] is None


def test_t30_nul_and_lone_surrogate(client: Client) -> None:
    rule(client, {"kind": "nul", "record": 1, "field": "name"}, times=1)
    body = client.sweep().content
    assert rb"\u0000" in body
    assert rb"\ud800" in body
    assert "\x00" in json.loads(body)["pageResults"][1]["name"]


def test_t31_nan(client: Client) -> None:
    opportunity = client.opportunities()[0]["id"]
    client.control.faults(
        {"match": "/api/opportunities/", "action": {"kind": "nan", "field": "estimatedTotal.finalTotal"}}
    )
    assert b'"finalTotal":NaN' in client.get(f"/api/opportunities/{opportunity}").content


def test_mutate_record(client: Client) -> None:
    what = {
        "kind": "mutate_record",
        "record": 1,
        "set": {"opportunities.0.status": "Booked"},
        "omit": ["name"],
    }
    rule(client, what, times=1)
    row = client.sweep().json()["pageResults"][1]
    assert row["opportunities"][0]["status"] == "Booked"
    assert "name" not in row


def test_rules_choose_their_calls(client: Client) -> None:
    rule(client, {"kind": "status", "status": 500}, after=1, every=2, times=2)
    assert [client.sweep().status_code for _ in range(7)] == [200, 500, 200, 500, 200, 200, 200]
    client.control.clear_faults()
    rule(client, {"kind": "status", "status": 500}, page=2)
    assert [client.sweep(Page=page).status_code for page in (1, 2, 3)] == [200, 500, 200]
    client.control.clear_faults()
    rule(client, {"kind": "status", "status": 500}, method="POST")
    assert client.sweep().status_code == 200
    client.control.clear_faults()
    client.control.faults({"match": "BranchId=abc", "action": {"kind": "status", "status": 403}})
    assert [client.sweep(BranchId=name).status_code for name in ("abc", "xyz")] == [403, 200]


def test_faults_by_chance_follow_the_seed(start: Callable[..., Client]) -> None:
    def statuses() -> list[int]:
        client = start(fault_rate=0.3, fault_kinds=("500", "429"))
        return [client.get("/api/ping").status_code for _ in range(60)]

    one = statuses()
    assert one == statuses()
    assert 5 < sum(status != 200 for status in one) < 35
    assert {200, 429, 500} == set(one)


@pytest.mark.parametrize(
    "spec",
    [
        {"match": "x"},
        {"match": "x", "action": "nonsense"},
        {"match": "(", "action": "reset"},
        {"match": "x", "action": "reset", "time": 1},
    ],
)
def test_rules_that_make_no_sense(client: Client, spec: dict[str, Any]) -> None:
    answer = client.session.post(client.sandbox.url + "/_control/faults", json=spec, timeout=60)
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_latency(start: Callable[..., Client]) -> None:
    client = start(latency_ms=60, jitter_ms=20)
    begin = time.monotonic()
    client.get("/api/ping")
    assert time.monotonic() - begin >= 0.06
    begin = time.monotonic()
    client.session.get(client.sandbox.url + "/_control/served", timeout=60)
    assert time.monotonic() - begin < 0.06
