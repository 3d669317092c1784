"""What people read of an alert: all that is known, nothing that is not, in a stable order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from branchline.alerts.messages import Word, write

WHEN = datetime(2026, 7, 1, 9, 30, 59, tzinfo=UTC)
ALERT: dict[str, Any] = {
    "cause": "freshness/fms/fms/loans", "severity": "error", "subject": "fms freshness: loans", "fact": "loans: late",
    "remedy": "look at fms; docs/runbook.md#data-is-late", "source": "fms", "account": "fms", "stream": "loans",
    "location_id": 7, "times": 1, "first_seen_at": WHEN, "recovered_at": None, "log_url": "https://airflow.example",
}  # fmt: skip


def test_a_message_says_all_there_is_to_know() -> None:
    assert write(ALERT, "new").text.splitlines() == [
        "Branchline · error · fms freshness: loans",
        "source: fms",
        "account: fms",
        "stream: loans",
        "location: 7",
        "what: loans: late",
        "severity: error",
        "since: 2026-07-01 09:30 UTC",
        "do: look at fms",
        "log: https://airflow.example",
        "runbook: docs/runbook.md#data-is-late",
    ]


def test_what_is_not_known_is_left_out() -> None:
    bare = {name: ALERT[name] for name in ("cause", "severity", "subject", "fact", "remedy")}
    assert [name for name, _ in write(bare, "new").lines] == ["what", "severity", "do", "runbook"]


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("new", "Branchline · warning · s"),
        ("worse", "Branchline · now an error · s"),
        ("still", "Branchline · still: warning · s"),
        ("recovered", "Branchline · recovered · s"),
    ],
)
def test_the_title_says_why_it_is_sent(word: Word, title: str) -> None:
    severity = "error" if word == "worse" else "warning"
    assert write(ALERT | {"subject": "s", "severity": severity}, word).title == title


def test_recovery_says_when_and_asks_for_nothing() -> None:
    lines = dict(write(ALERT | {"recovered_at": WHEN}, "recovered").lines)
    assert lines["recovered"] == "2026-07-01 09:30 UTC"
    assert "do" not in lines


def test_a_title_is_one_line_and_both_have_an_end() -> None:
    message = write(ALERT | {"subject": "a\r\nBcc: b" + "x" * 500, "fact": "y" * 9000}, "new")
    assert "\n" not in message.title
    assert "\r" not in message.title
    assert len(message.title) <= 180
    assert len(message.text) < 3000


def test_machines_get_the_same_by_name() -> None:
    payload = write(ALERT | {"times": 66}, "new").payload
    assert payload["text"].startswith("Branchline · error")
    assert payload["alert"]["word"] == "new"
    assert payload["alert"]["cause"] == ALERT["cause"]
    assert payload["alert"]["times"] == "66"
