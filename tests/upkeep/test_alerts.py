"""From what is found to what people get: one message a cause, by Airflow's own notifiers, to real servers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from branchline.alerts.causes import Cause, be_over, note
from branchline.alerts.channels import read_channels
from branchline.alerts.telling import tell
from branchline.warehouse import connect

from tests.conftest import Warehouse
from tests.upkeep.book import Book
from tests.upkeep.sinks import Sink

UI = "https://airflow.example"
KEY = Cause(
    "task/tekmetric/AccountRefused/HTTP #", "task", "error", "tekmetric fetch: AccountRefused",
    "GET tekmetric /api/v1/shops: HTTP 401: the key is wrong or expired",
    "mend the connection; docs/runbook.md#accountrefused", "tekmetric", "run 1", "tekmetric", "garage",
    f"{UI}/log",
)  # fmt: skip


@dataclass
class Desk:
    """Rounds of telling on a warehouse of the test's own, by mail and chat unless told otherwise."""

    warehouse: Warehouse
    entries: tuple[dict[str, Any], ...] = (
        {"notifier": "smtp", "conn_id": "oncall_mail", "to": "oncall@example.com"},
        {"notifier": "webhook", "conn_id": "oncall_chat"},
    )

    def note(self, cause: Cause = KEY) -> bool:
        with connect(self.warehouse.loader) as connection:
            return note(connection, cause)

    def over(self, run_id: str = "run 2", *, is_routine: bool = True) -> int:
        with connect(self.warehouse.loader) as connection:
            return be_over(connection, "tekmetric", run_id, is_routine=is_routine)

    def tell(self, *clients: str) -> int:
        """A round; returns messages taken, the log's left out."""
        channels, problems = read_channels(json.dumps(self.entries))
        assert problems == []
        return tell(self.warehouse.loader, channels[1:], clients=clients, ui=UI)

    def row(self) -> Any:
        (row,) = self.warehouse.rows("SELECT * FROM ops.alerts ORDER BY alert_id DESC LIMIT 1")
        return row

    def hours_pass(self, hours: float) -> None:
        """What was told, was told earlier."""
        self.warehouse.execute(
            "UPDATE ops.alerts SET told = (SELECT jsonb_object_agg(key, value || jsonb_build_object('at', "
            "(value ->> 'at')::timestamptz - make_interval(secs => 3600 * %s))) FROM jsonb_each(told)) "
            "WHERE told <> '{}'",
            (hours,),
        )


@pytest.fixture
def desk(warehouse: Warehouse) -> Desk:
    return Desk(warehouse)


@pytest.fixture
def shops(written: Callable[..., Book]) -> Book:
    """Thirty shops read an hour ago, expected every two."""
    book = written()
    book.open_account(*(f"shop {number:03}" for number in range(30)))
    book.expect("orders")
    book.sync("orders", 1, [{"place": place} for place in book.places])
    return book


def age(book: Book, hours: float, *places: str) -> None:
    """Everything was read so much earlier, or only what was read of these shops."""
    chosen = [book.places[place] for place in places or book.places]
    book.connection.execute(
        "UPDATE ops.sync_slices SET fetched_from = fetched_from - make_interval(secs => 3600 * %s) "
        "WHERE location_id = ANY(%s)",
        (hours, chosen),
    )


# ------------------------------------------------------------------------------------------ one cause


def test_many_tasks_of_one_cause_are_one_message_with_their_count(desk: Desk, mail: Sink, chat: Sink) -> None:
    assert [desk.note() for _ in range(66)] == [True] + [False] * 65
    assert desk.tell() == 2
    assert mail.titles == chat.titles == ["Branchline · error · tekmetric fetch: AccountRefused"]
    lines = chat.posts[0]["text"].splitlines()[1:]
    assert [line.partition(": ")[0] for line in lines] == [
        "source", "what", "severity", "times", "since", "do", "log", "runbook",
    ]  # fmt: skip
    assert "what: GET tekmetric /api/v1/shops: HTTP 401: the key is wrong or expired" in lines
    assert {"times: 66", "do: mend the connection", f"log: {UI}/log", "runbook: docs/runbook.md#accountrefused"} <= {
        *lines
    }
    assert chat.posts[0]["alert"]["word"] == "new"
    assert mail.mails[0]["To"] == "oncall@example.com"
    assert "<td>66</td>" in mail.bodies[0]


def test_noted_at_the_same_time_it_is_new_once(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: desk.note(), range(40)))
    assert sum(found) == 1
    assert desk.row().times == 40


def test_rounds_at_the_same_time_tell_once(desk: Desk, mail: Sink, chat: Sink, shops: Book) -> None:
    desk.note()
    age(shops, 9)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: desk.tell("garage"), range(4))) == 4
    assert len(mail.mails) == len(chat.posts) == 2


def test_repeated_every_hour_it_is_told_once_and_again_after_a_day(desk: Desk, mail: Sink, chat: Sink) -> None:
    for hour in range(23):
        desk.note(KEY if hour == 0 else replace(KEY, run_id=f"run {hour}"))
        desk.tell()
        desk.hours_pass(1)
    assert len(mail.mails) == len(chat.posts) == 1
    assert desk.row().times == 1, "a further run counts anew"
    desk.hours_pass(1)
    assert desk.tell() == 2
    assert chat.titles[-1] == "Branchline · still: error · tekmetric fetch: AccountRefused"
    assert desk.tell() == 0


# ------------------------------------------------------------------------------------------ its end


def test_recovery_is_told_to_whoever_was_told(desk: Desk, mail: Sink, chat: Sink) -> None:
    desk.note()
    desk.tell()
    assert desk.over() == 1
    assert desk.tell() == 2
    assert mail.titles[-1] == chat.titles[-1] == "Branchline · recovered · tekmetric fetch: AccountRefused"
    assert "do" not in chat.posts[-1]["alert"]
    assert desk.tell() == 0
    assert desk.note(), "the same cause later is news"
    assert desk.tell() == 2


def test_what_nobody_was_told_of_is_over_without_a_word(desk: Desk, mail: Sink, chat: Sink) -> None:
    desk.note()
    desk.over()
    assert desk.tell() == 0


def test_a_run_of_chosen_days_ends_its_own_failures_alone(desk: Desk) -> None:
    desk.note()
    assert desk.over("another", is_routine=False) == 0
    assert desk.over("run 1", is_routine=False) == 1


# ------------------------------------------------------------------------------------------ channels that fail


def test_a_channel_that_is_down_gets_it_later_and_the_other_once(desk: Desk, mail: Sink, chat: Sink) -> None:
    mail.refuses = True
    desk.note()
    assert desk.tell() == 1
    assert set(desk.row().told) == {"webhook oncall_chat"}
    assert desk.tell() == 0
    mail.refuses = False
    assert desk.tell() == 1
    assert len(mail.mails) == len(chat.posts) == 1
    assert mail.titles == ["Branchline · error · tekmetric fetch: AccountRefused"]


@pytest.mark.parametrize("status", [302, 404, 503])
def test_an_answer_that_is_no_delivery_is_none(desk: Desk, chat: Sink, mail: Sink, status: int) -> None:
    chat.status = status
    desk.note()
    assert desk.tell() == 1
    chat.status = 200
    assert desk.tell() == 1
    assert len(chat.posts) == 1


def test_a_server_that_is_gone_takes_nothing_and_raises_nothing(
    desk: Desk, mail: Sink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """T83: requests quotes the whole address in its errors, and the path is the secret."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_ONCALL_CHAT", '{"conn_type": "http", "host": "http://127.0.0.1:9/services/T0/canary-of-the-path"}'
    )
    desk.note()
    with caplog.at_level("DEBUG", logger="branchline"):
        assert desk.tell() == 1
    said = caplog.text
    assert "The alert channel webhook oncall_chat took no message" in said
    assert "ConnectionError" in said
    assert "canary-of-the-path" not in said
    assert desk.row().told_at is not None


# ------------------------------------------------------------------------------------------ who is told what


def test_a_channel_of_errors_hears_of_a_warning_when_it_becomes_one(desk: Desk, mail: Sink, chat: Sink) -> None:
    desk.entries = (desk.entries[0] | {"least": "error"}, desk.entries[1])
    warning = replace(KEY, severity="warning")
    desk.note(warning)
    assert desk.tell() == 1
    desk.note(KEY)
    assert desk.tell() == 2
    assert mail.titles == ["Branchline · error · tekmetric fetch: AccountRefused"]
    assert [post["alert"]["word"] for post in chat.posts] == ["new", "worse"]
    assert chat.titles[-1].startswith("Branchline · now an error · ")
    desk.note(warning)
    assert desk.tell() == 0, "less bad is no news"


def test_sources_are_chosen_and_what_is_of_none_is_everybodys(desk: Desk, mail: Sink, chat: Sink) -> None:
    desk.entries = (desk.entries[0] | {"sources": ["fms"]}, desk.entries[1] | {"sources": ["tekmetric", "fms"]})
    desk.note()
    desk.note(Cause("task/warehouse_upkeep/X", "task", "error", "keep", "full", "do", "warehouse_upkeep"))
    assert desk.tell() == 3
    assert mail.titles == ["Branchline · error · keep"]


# ------------------------------------------------------------------------------------------ findings


def test_findings_become_alerts_and_recover(desk: Desk, mail: Sink, chat: Sink, shops: Book) -> None:
    age(shops, 2, "shop 007")
    assert desk.tell("garage") == 0, "one period late is whatever is being read just now"
    age(shops, 6, "shop 007")
    assert desk.tell("garage") == 2
    assert chat.titles == ["Branchline · error · tekmetric freshness: orders of shop 007"]
    fields = chat.posts[0]["alert"]
    assert fields["what"].startswith("orders of shop 007: read 09:00:0")
    assert (fields["source"], fields["stream"]) == ("tekmetric", "orders")
    assert fields["location"] == str(shops.places["shop 007"])
    assert fields["log"] == f"{UI}/dags/tekmetric"
    assert fields["runbook"].startswith("docs/runbook.md#")
    for _ in range(3):
        assert desk.tell("garage") == 0
    age(shops, -8, "shop 007")
    assert desk.tell("garage") == 2
    assert chat.titles[-1] == "Branchline · recovered · tekmetric freshness: orders of shop 007"
    assert desk.row().recovered_at is not None


def test_a_paused_dag_is_told_as_a_warning(desk: Desk, mail: Sink, chat: Sink, shops: Book) -> None:
    age(shops, 9)
    shops.rows("UPDATE ops.expectations SET is_paused = TRUE RETURNING 1")
    assert desk.tell("garage") == 2
    assert chat.titles[0].startswith("Branchline · warning · tekmetric freshness: orders of ")
    assert chat.posts[0]["alert"]["do"] == "the DAG tekmetric is paused: unpause it when the reason is gone"
    shops.rows("UPDATE ops.expectations SET is_paused = FALSE RETURNING 1")
    assert desk.tell("garage") == 2
    assert chat.titles[-1].startswith("Branchline · now an error · ")


def test_every_kind_of_finding_is_told_by_its_stream(desk: Desk, mail: Sink, chat: Sink, shops: Book) -> None:
    for weeks in reversed(range(6)):
        shops.sync("orders", 0.5 + weeks * 168, [{"place": "shop 001", "records": 40 if weeks == 0 else 100}])
    shops.expect("customers")
    shops.sync("customers", 1)
    sync_id = shops.sync("customers", 0.5, [{"total": 9, "records": 8, "verdict": "short"}])
    for key in ("7", "8"):
        shops.reject("customers", key, sync_id)
    shops.reject("customers", "9", sync_id, reason="bad date")
    desk.tell("garage")
    assert sorted(chat.titles) == [
        "Branchline · warning · tekmetric quarantine: tekmetric.customers total missing and 1 more",
        "Branchline · warning · tekmetric reconciliation: customers vendor_total",
        "Branchline · warning · tekmetric volume: orders of shop 001",
    ]


def test_one_cause_of_all_shops_is_one_message_whoever_was_late_before(
    desk: Desk, mail: Sink, chat: Sink, shops: Book
) -> None:
    age(shops, 9, "shop 001", "shop 002")
    assert desk.tell("garage") == 4
    age(shops, 9, *(place for place in shops.places if place > "shop 009"))
    assert desk.tell("garage") == 2, "and no recovery of the two, which are part of it"
    assert re.fullmatch(r"Branchline · error · tekmetric freshness: orders of shop \d+ and 21 more", chat.titles[-1])
    assert chat.posts[-1]["alert"]["times"] == "22"
    assert chat.posts[-1]["alert"]["what"].count(" | ") == 5
    assert chat.posts[-1]["alert"]["what"].endswith("and 17 more, see ops.findings")
    folded = desk.warehouse.rows("SELECT folded_into FROM ops.alerts WHERE recovered_at IS NOT NULL")
    assert [row.folded_into for row in folded] == ["freshness/tekmetric/tekmetric"] * 2
    age(shops, -9, *(place for place in shops.places if place > "shop 002"))
    assert desk.tell("garage") == 6, "the account is in order, and the two are told again"


def test_another_clients_findings_are_left_alone(desk: Desk, mail: Sink, chat: Sink, shops: Book) -> None:
    age(shops, 9, "shop 007")
    desk.tell("garage")
    assert desk.tell("acme") == 0
    assert desk.row().recovered_at is None


# ---------------------------------------------------------------------------------------------------- what is said


def test_what_vendors_sent_is_neither_a_template_nor_markup(desk: Desk, mail: Sink, chat: Sink) -> None:
    """T40, T82."""
    fact = "{{ 6 * 7 }} {% raw %} <script>alert(1)</script>\r\nBcc: all@example.com"
    desk.note(Cause("task/x", "task", "error", "an\r\nX-Injected: line", fact, "look", "tekmetric"))
    assert desk.tell() == 2
    assert mail.mails[0]["X-Injected"] is None
    assert mail.mails[0]["Bcc"] is None
    assert "{{ 6 * 7 }} {% raw %} &lt;script&gt;" in mail.bodies[0]
    assert "{{ 6 * 7 }} {% raw %} <script>" in chat.posts[0]["alert"]["what"]
    assert mail.titles == ["Branchline · error · an X-Injected: line"]
