"""What Airflow calls when a task fails, a deadline passes or a run is in order: from the callback to the message."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from airflow.sdk.execution_time.callback_supervisor import execute_callback
from branchline.alerts import callbacks, deadline_missed, in_order, round_of_telling, task_failed
from branchline.errors import Incomplete, Reconfigure
from branchline.findings import OutOfOrder
from branchline.transport import AccountRefused

from tests.conftest import Warehouse
from tests.upkeep.sinks import Sink
from tests.web.front import connection_json

MAIL = {"notifier": "smtp", "conn_id": "oncall_mail", "to": ["oncall@example.com"]}
CHAT = {"notifier": "webhook", "conn_id": "oncall_chat"}
CANARY = "canary" + "Kq7vendorZx93key"
EXPIRED = AccountRefused("GET tekmetric /api/v1/shops", "HTTP 401: the key is wrong or expired")


@pytest.fixture(autouse=True)
def house(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What Airflow knows; and a wait for siblings in which none come."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", connection_json(warehouse.loader))
    account = {"source": "tekmetric", "account": "tekmetric", "conn_id": "tekmetric", "client": "garage"}
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ACCOUNTS", json.dumps([account]))
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ALERTS", json.dumps([MAIL, CHAT]))
    monkeypatch.setattr(callbacks, "sleep", lambda _: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def failed(error: BaseException | None, task: str = "fetch", run: str = "run 1", dag: str = "tekmetric") -> None:
    """A task fails, as Airflow says it."""
    told = {"dag_id": dag, "task_id": task, "run_id": run, "try_number": 1, "log_url": "https://airflow.example/log"}
    task_failed({"ti": SimpleNamespace(**told), "exception": error})


def ended(run: str, *, dag: str = "tekmetric", kind: str = "scheduled", conf: Any = None) -> None:
    """The last task of a run is green."""
    in_order({"dag_run": SimpleNamespace(dag_id=dag, run_id=run, run_type=kind, conf=conf)})


def test_an_expired_key_at_66_branches_is_one_message_with_the_count(
    mail: Sink, chat: Sink, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def siblings(seconds: float) -> None:
        assert 0 < seconds <= 30
        for number in range(65):
            failed(EXPIRED, f"fetch {number}")

    monkeypatch.setattr(callbacks, "sleep", siblings)
    failed(EXPIRED)
    assert len(mail.mails) == len(chat.posts) == 1
    alert = chat.posts[0]["alert"]
    assert alert["times"] == "66"
    assert alert["what"] == "GET tekmetric /api/v1/shops: HTTP 401: the key is wrong or expired"
    assert (alert["source"], alert["log"]) == ("tekmetric", "https://airflow.example/log")
    assert alert["runbook"] == "docs/runbook.md#accountrefused"
    assert alert["do"].startswith("Retrying cannot clear this")
    row = warehouse.one("SELECT client_id, source, times FROM ops.alerts")
    assert tuple(row) == ("garage", "tekmetric", 66)


def test_the_next_hours_failures_and_the_runs_own_end_are_no_further_message(mail: Sink, chat: Sink) -> None:
    for hour in range(4):
        failed(EXPIRED, run=f"run {hour}")
        failed(Incomplete("Closing the run", "failed: fetch"), "verify", run=f"run {hour}")
        round_of_telling()
    assert len(chat.posts) == 1


def test_a_run_that_ends_incomplete_for_no_other_reason_is_told_once_whatever_it_lists(mail: Sink, chat: Sink) -> None:
    for number, which in enumerate(["orders", "orders, customers"]):
        failed(Incomplete("Closing the run", f"partial: {which}"), "verify", run=f"run {number}")
    assert chat.titles == ["Branchline · error · tekmetric verify: Incomplete"]


def test_other_reasons_and_other_dags_are_causes_of_their_own(mail: Sink, chat: Sink) -> None:
    failed(EXPIRED)
    failed(EXPIRED, dag="arrivy")
    failed(Reconfigure("GET tekmetric /api/v1/jobs?shop=7", "HTTP 403: the key has no right to this"))
    failed(Reconfigure("GET tekmetric /api/v1/jobs?shop=8", "HTTP 403: the key has no right to this"))
    assert len(chat.posts) == 3


def test_a_red_verify_of_upkeep_is_told_by_its_findings(mail: Sink, chat: Sink, warehouse: Warehouse) -> None:
    failed(OutOfOrder("Looking at the warehouse", "one | two"), "verify", dag="warehouse_upkeep")
    assert warehouse.rows("SELECT FROM ops.alerts") == []


def test_T83_what_is_not_ours_is_told_by_its_class(
    mail: Sink, chat: Sink, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    failed(ValueError(f"GET https://vendor.example.com/?providerKey={CANARY}"))
    assert chat.titles == ["Branchline · error · tekmetric fetch: ValueError"]
    assert chat.posts[0]["alert"]["runbook"] == "docs/runbook.md#anything-else"
    everything = json.dumps(chat.posts) + "".join(mail.bodies) + str(warehouse.rows("SELECT * FROM ops.alerts"))
    assert CANARY not in everything
    assert "canary-of-the-path" not in everything + caplog.text


def test_recovery_is_told_by_the_next_round(mail: Sink, chat: Sink) -> None:
    failed(EXPIRED)
    deadline_missed(context={"dag_run": {"dag_id": "tekmetric", "dag_run_id": "run 1"}})
    for proves_nothing in ({"kind": "backfill"}, {"kind": "manual", "conf": {"streams": ["shops"]}}, {"dag": "fms"}):
        ended("run 2", **proves_nothing)
    round_of_telling()
    assert len(chat.posts) == 2
    ended("run 2")
    round_of_telling()
    assert chat.titles[2:] == [
        "Branchline · recovered · tekmetric fetch: AccountRefused",
        "Branchline · recovered · tekmetric: deadline missed",
    ]


def test_a_missed_deadline_is_told_as_the_executor_calls_it(mail: Sink, chat: Sink) -> None:
    context = {"dag_run": {"dag_id": "tekmetric", "dag_run_id": "scheduled 7"}, "deadline": {"id": "1"}}
    said = execute_callback(
        callback_path="branchline.alerts.deadline_missed",
        callback_kwargs={"context": context},
        dag_rel_path="tekmetric.py",
        bundle_path=None,
        log=structlog.get_logger(),
    )
    assert said == (True, None)
    (post,) = chat.posts
    assert post["text"].startswith("Branchline · warning · tekmetric: deadline missed\n")
    assert post["alert"]["log"].endswith("/dags/tekmetric/runs/scheduled 7")
    assert post["alert"]["runbook"] == "docs/runbook.md#a-deadline-was-missed"


# ------------------------------------------------------------------------------------------------ the warehouse is away


@pytest.fixture
def away(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The warehouse is away; called, it is back."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", connection_json(warehouse.loader, port=9))
    return lambda: monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", connection_json(warehouse.loader))


def test_that_the_warehouse_is_away_is_told_once_and_that_it_is_back(
    away: Callable[[], None], mail: Sink, chat: Sink
) -> None:
    for number in range(5):
        failed(RuntimeError("any"), f"task {number}")
    deadline_missed(context={"dag_run": {"dag_id": "fms", "dag_run_id": "run"}})
    assert mail.titles == chat.titles == ["Branchline · error · the warehouse does not answer"]
    assert chat.posts[0]["alert"]["what"] == (
        "OperationalError; seen when this was to be noted: tekmetric task 0: RuntimeError"
    )
    away()
    round_of_telling()
    round_of_telling()
    assert chat.titles[1:] == mail.titles[1:] == ["Branchline · recovered · the warehouse does not answer"]


def test_while_the_channels_are_down_too_whoever_fails_next_tries_again(
    away: Callable[[], None], mail: Sink, chat: Sink
) -> None:
    mail.refuses = chat.refuses = True
    failed(EXPIRED)
    mail.refuses = chat.refuses = False
    failed(EXPIRED)
    assert len(mail.mails) == len(chat.posts) == 1


def test_the_passwords_of_a_warehouse_that_is_away_are_in_no_message(
    away: Callable[[], None], mail: Sink, chat: Sink, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    """T83."""
    failed(EXPIRED)
    password = json.loads(connection_json(warehouse.loader))["password"]
    assert password not in json.dumps(chat.posts) + "".join(mail.bodies) + caplog.text


# ------------------------------------------------------------------------------------------------- nobody to be told


def test_without_channels_the_log_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, warehouse: Warehouse
) -> None:
    monkeypatch.delenv("AIRFLOW_VAR_BRANCHLINE_ALERTS")
    with caplog.at_level("WARNING", logger="branchline.alerts.channels"):
        failed(EXPIRED)
        failed(EXPIRED)
        round_of_telling()
    told = [record for record in caplog.records if record.name == "branchline.alerts.channels"]
    assert [record.getMessage().splitlines()[0] for record in told] == [
        "Branchline · error · tekmetric fetch: AccountRefused"
    ]
    assert warehouse.one("SELECT told_at IS NOT NULL FROM ops.alerts")


def test_an_entry_that_is_wrong_leaves_the_others_and_makes_upkeep_red(
    monkeypatch: pytest.MonkeyPatch, mail: Sink, chat: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ALERTS", json.dumps([CHAT, {"notifier": "pager"}]))
    with caplog.at_level("ERROR", logger="branchline"):
        failed(EXPIRED)
    assert len(chat.posts) == 1
    assert "entry 2: notifier is 'pager'; it may be smtp, slack, webhook" in caplog.text
    with pytest.raises(Reconfigure, match="branchline_alerts: entry 2"):
        round_of_telling()


def test_slack_without_its_provider_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, warehouse: Warehouse
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ALERTS", json.dumps([{"notifier": "slack", "channel": "#oncall"}]))
    monkeypatch.setitem(__import__("sys").modules, "airflow.providers.slack", None)
    with caplog.at_level("ERROR", logger="branchline.alerts.telling"):
        failed(EXPIRED)
    assert "apache-airflow-providers-slack is not installed: add it to requirements.txt" in caplog.text
    assert set(warehouse.one("SELECT told FROM ops.alerts")) == {"log"}
