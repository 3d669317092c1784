"""What is started over HTTP is a run that Airflow made for the caller: its params, his name, his rights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from branchline.params import read_request, sync_params
from branchline.web.as_caller import segment
from branchline.web.syncs.triggers import TRIGGERS, Trigger

from tests.web.front import PREFIX, Front
from tests.web.test_lists import problem_of

ROS = ["repair_orders", "deleted_repair_orders", "missing_customers", "missing_vehicles", "profits", "estimates"]


def run_of(front: Front, answer: Any) -> dict[str, Any]:
    """The run as Airflow has it."""
    assert answer.status_code == 202, answer.text
    started = answer.json()
    found: dict[str, Any] = front.airflow("GET", f"/dags/{started['dag_id']}/dagRuns/{segment(started['run_id'])}")
    return found


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.path.strip("/"))
def test_every_trigger_makes_a_run_of_its_dag_and_says_where_its_status_is(front: Front, trigger: Trigger) -> None:
    answer = front.post("super", trigger.path)
    run = run_of(front, answer)
    assert (run["dag_id"], run["run_type"], run["state"]) == (trigger.dag_id, "manual", "queued")
    assert (run["triggering_user_name"], run["triggered_by"]) == ("super", "rest_api")
    streams = {"streams": list(trigger.streams)} if trigger.streams else {}
    assert run["conf"] == answer.json()["asked"] == dict(trigger.asks) | streams
    status = front.get("super", answer.headers["Location"])
    assert status.status_code == 200, status.text
    assert [found["run_id"] for found in status.json()["runs"]] == [run["dag_run_id"]]
    assert status.json()["is_running"] is True


def test_the_triggers_name_streams_that_there_are() -> None:
    assert len({trigger.path for trigger in TRIGGERS}) == len(TRIGGERS) >= 19
    for trigger in TRIGGERS:
        assert set(trigger.watched) <= {stream.name for stream in trigger.source.streams}, trigger.path
        assert set(trigger.asks) <= set(sync_params(trigger.source)), trigger.path


@pytest.mark.parametrize(
    ("path", "query", "body", "conf"),
    [
        (
            "/tekmetric/sync/repair-orders",
            {"shop_id": 4101, "days_back": 3, "board": "POSTED", "limit": 5, "store_raw": "false"},
            None,
            {"streams": ROS, "shop_id": 4101, "days_back": 3, "board": "POSTED", "limit": 5, "store_raw": False},
        ),
        (
            "/tekmetric/sync/employees", {"shop_id": 4101}, {"dry_run": True},
            {"streams": ["employees", "pay"], "shop_id": 4101, "dry_run": True},
        ),
        ("/tekmetric/sync/full-backfill", {"shop_id": 4101}, None, {"full": True, "shop_id": 4101}),
        ("/tekmetric/sync/full-backfill", {"days_back": 30}, None, {"days_back": 30}),
        ("/tekmetric/sync/full-backfill", {}, {"since": "2026-07-01"}, {"since": "2026-07-01"}),
        (
            "/arrivy/sync/groups", {}, {"dry_run": True, "batch_size": 50},
            {"streams": ["groups", "missing_groups"], "dry_run": True, "batch_size": 50},
        ),
        ("/arrivy/sync", {}, {"streams": ["crews"], "full": True}, {"streams": ["crews"], "full": True}),
        (
            "/smartmoving/sync/automated/trigger", {}, {"since": "2026-07-01", "until": "2026-07-02"},
            {"since": "2026-07-01", "until": "2026-07-02"},
        ),
        ("/fms/trigger-sync", {}, {"accept_shrink": ["media_partners"]}, {"accept_shrink": ["media_partners"]}),
    ],
)  # fmt: skip
def test_the_originals_words_become_the_dags_params(
    front: Front, path: str, query: dict[str, Any], body: Any, conf: dict[str, Any]
) -> None:
    assert run_of(front, front.post("super", path, json=body, **query))["conf"] == conf


def test_one_order_is_asked_for_by_its_id(front: Front) -> None:
    answer = front.post("super", "/tekmetric/sync/repair-orders/410100017")
    run = run_of(front, answer)
    assert run["conf"] == {"ids": {"named_orders": ["410100017"]}}
    assert read_request(run["conf"]).ids == {"named_orders": ("410100017",)}
    assert answer.headers["Location"].startswith(f"{PREFIX}/tekmetric/sync/repair-orders/410100017?run_id=")
    (told,) = front.get("super", answer.headers["Location"]).json()["runs"]
    assert told["run_id"] == run["dag_run_id"]
    problem_of(front.post("super", "/tekmetric/sync/repair-orders/x"), 422)


@pytest.mark.parametrize(
    ("path", "query", "body", "words"),
    [
        ("/tekmetric/sync/repair-orders", {"board": "NONE"}, None, "board: 'NONE' is not one of"),
        ("/tekmetric/sync/repair-orders", {"days_back": 0}, None, "days_back"),
        ("/tekmetric/sync/repair-orders", {"days_back": "three"}, None, "query.days_back"),
        ("/tekmetric/sync/repair-orders", {"shop": 1}, None, "query.shop"),
        ("/tekmetric/sync/repair-orders", {"limit": 5}, {"limit": 6}, "limit is in the query and in the body"),
        ("/tekmetric/sync/repair-orders", {"limit": 5}, {"max_records": 6}, "are the same; give one of them"),
        ("/tekmetric/sync/repair-orders", {"days_back": 5}, {"full": True}, "contradicts full"),
        ("/arrivy/sync/tasks", {}, {"since": "15/07/2026"}, "since: '15/07/2026' is not a 'date'"),
        ("/arrivy/sync/tasks", {}, {"since": 20260715}, "since: 20260715 is not"),
        ("/arrivy/sync/tasks", {}, {"streams": ["crews"]}, "There is no streams here"),
        ("/arrivy/sync/tasks", {}, {"ful": True}, "There is no ful here"),
        ("/arrivy/sync", {}, {"streams": ["crew"]}, "streams: 'crew' is not one of"),
        ("/fms/trigger-sync", {}, {"batch_size": 0}, "batch_size: 0 is less than the minimum of 1"),
        ("/fms/trigger-sync", {}, ["full"], "no JSON object"),
        ("/smartmoving/sync/jobs", {}, {"until": "2026-07-01"}, "Until needs since"),
    ],
)
def test_a_bad_value_is_refused_and_makes_no_run(
    front: Front, path: str, query: dict[str, Any], body: Any, words: str
) -> None:
    before = front.runs()
    assert words in problem_of(front.post("super", path, json=body, **query), 422)["detail"]
    assert front.runs() == before


@pytest.mark.parametrize("body", ['{"limit": NaN}', '{"locations": ["\\ud800"]}', '{"full": true', "\xff", "[" * 9000])
def test_what_is_no_json_is_refused(front: Front, body: str) -> None:
    headers = {"Authorization": f"Bearer {front.token('super')}"}
    answer = front.client.post(f"{PREFIX}/tekmetric/sync/customers", content=body.encode("latin-1"), headers=headers)
    assert "no JSON object" in problem_of(answer, 422)["detail"]


def test_a_body_that_goes_on_is_not_read_to_its_end(front: Front) -> None:
    body = b'{"locations": ["' + b"x" * 70_000 + b'"]}'
    headers = {"Authorization": f"Bearer {front.token('super')}"}
    answer = front.client.post(f"{PREFIX}/fms/trigger-sync", content=body, headers=headers)
    assert "longer than 64,000 bytes" in problem_of(answer, 413)["detail"]


@contextmanager
def paused(front: Front, dag_id: str) -> Iterator[None]:
    front.airflow("PATCH", f"/dags/{dag_id}", json={"is_paused": True})
    try:
        yield
    finally:
        front.airflow("PATCH", f"/dags/{dag_id}", json={"is_paused": False})


def test_a_paused_dag_is_told(front: Front) -> None:
    assert front.get("auditor", "/fms/sync-status").json()["schedule"]["enabled"] is True
    with paused(front, "fms"):
        started = front.post("super", "/fms/trigger-sync").json()
        assert started["is_paused"] is True
        assert "waits until somebody unpauses it" in started["detail"]
        status = front.get("auditor", "/fms/sync-status").json()["schedule"]
        assert (status["enabled"], status["is_paused"]) == (False, True)


def test_airflows_role_decides_and_its_log_names_the_caller(front: Front) -> None:
    """A MANAGER of the warehouse who is a user in Airflow may; an ADMIN of it who is a viewer there may not."""
    logged = "/eventLogs?event=trigger_dag_run&owner=manager&limit=1&order_by=-event_log_id"
    before = front.airflow("GET", logged)["total_entries"]
    run = run_of(front, front.post("manager", "/smartmoving/sync/jobs"))
    assert run["triggering_user_name"] == "manager"
    after = front.airflow("GET", logged)
    assert after["total_entries"] == before + 1
    (entry,) = after["event_logs"]
    assert (entry["dag_id"], entry["owner"], entry["event"]) == ("smartmoving", "manager", "trigger_dag_run")
    refused = problem_of(front.post("other_admin", "/smartmoving/sync/jobs"), 403)
    assert "Airflow does not allow you POST /dags/smartmoving/dagRuns" in refused["detail"]


def test_a_page_of_ours_starts_what_its_reader_may(front: Front) -> None:
    cookie = {"Cookie": f"_token={front.token('manager')}", "Sec-Fetch-Site": "same-origin"}
    run = run_of(front, front.post(None, "/fms/trigger-sync", headers=cookie))
    assert run["triggering_user_name"] == "manager"


def test_below_another_root_addresses_lead_there(front: Front) -> None:
    """As behind `[api] base_url` with a path."""
    from starlette.testclient import TestClient

    headers = {"Authorization": f"Bearer {front.token('super')}"}
    client = TestClient(front.client.app, root_path="/airflow", headers=headers)
    answer = client.post(f"/airflow{PREFIX}/fms/trigger-sync")
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"].startswith(f"/airflow{PREFIX}/fms/sync-status?run_id=")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_trigger_is_described_by_its_dags_form(front: Front) -> None:
    described = front.get("super", "/openapi.json").json()["paths"]["/tekmetric/sync/repair-orders"]
    form = described["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert form["board"]["enum"] == ["ALL", "ACTIVE", "COMPLETE", "POSTED"]
    assert form["dry_run"]["description"].startswith("Fetch, type and count")
    assert "streams" not in form
    words = {found["name"] for found in described["post"]["parameters"]}
    assert words == {"board", "shop_id", "days_back", "limit", "store_raw"}
