"""The Variable branchline_alerts: what it may say, and what is said where it says something else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from branchline.alerts.channels import LOG, Channel, read_channels

SMTP = {"notifier": "smtp", "to": "oncall@example.com"}


@pytest.mark.parametrize("value", [None, "", " ", "[]"])
def test_without_entries_there_is_the_log(value: str | None) -> None:
    assert read_channels(value) == ([LOG], [])


def test_every_notifier_with_all_it_knows() -> None:
    entries = [
        SMTP,
        {"notifier": "smtp", "conn_id": "mail", "to": ["a@example.com", "b@example.com"], "least": "error",
         "sources": ["fms"]},
        {"notifier": "slack", "conn_id": "slack_oncall", "channel": "#oncall"},
        {"notifier": "webhook", "conn_id": "chat", "sources": "tekmetric"},
    ]  # fmt: skip
    found, problems = read_channels(json.dumps(entries))
    assert problems == []
    assert found == [
        LOG,
        Channel("smtp", "smtp_default", ("oncall@example.com",)),
        Channel("smtp", "mail", ("a@example.com", "b@example.com"), "error", ("fms",)),
        Channel("slack", "slack_oncall", ("#oncall",)),
        Channel("webhook", "chat", (), "warning", ("tekmetric",)),
    ]
    assert len({channel.name for channel in found}) == 5


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"notifier": "smtp"}, 'it must be a list: [{"notifier": "smtp"'),
        (["smtp"], "entry 1: it must be an object"),
        ([{}], "entry 1: notifier is None; it may be smtp, slack, webhook"),
        ([SMTP, {"notifier": "pager"}], "entry 2: notifier is 'pager'"),
        ([{"notifier": "smtp"}], "entry 1: to must be an address"),
        ([SMTP | {"to": "oncall"}], "entry 1: to must be an address"),
        ([SMTP | {"to": [1]}], "entry 1: to must be a word or a list of words"),
        ([SMTP | {"least": "info"}], "entry 1: least is 'info'; it may be warning or error"),
        ([SMTP | {"channel": "#x"}], "entry 1: channel means nothing to smtp"),
        ([{"notifier": "webhook", "conn_id": "https://chat.example/x"}], "conn_id must be the name of an Airflow"),
        ([{"notifier": "webhook", "conn_id": ""}], "conn_id must be the name of an Airflow"),
        ([SMTP | {"sources": {"fms": 1}}], "entry 1: sources must be a word or a list of words"),
        ([SMTP, SMTP], "entry 2: there is one of smtp smtp_default oncall@example.com already"),
    ],
)
def test_a_wrong_entry_is_named_with_what_it_may_be(entries: Any, said: str) -> None:
    _, problems = read_channels(json.dumps(entries))
    (problem,) = problems
    assert str(problem).startswith("Reading the Variable branchline_alerts: ")
    assert said in str(problem)


def test_what_is_no_json_is_not_quoted() -> None:
    """T83: somebody may have pasted the webhook's address."""
    found, (problem,) = read_channels("https://chat.example/services/canary")
    assert found == [LOG]
    assert "it is not JSON" in str(problem)
    assert "canary" not in str(problem)


def test_an_unknown_fields_value_is_not_quoted() -> None:
    """T83."""
    _, (problem,) = read_channels(json.dumps([{"notifier": "webhook", "url": "https://chat.example/canary"}]))
    assert "url means nothing to webhook, which knows conn_id, least, notifier, sources; secrets" in str(problem)
    assert "canary" not in str(problem)


@pytest.mark.parametrize(
    ("channel", "severity", "source", "wants"),
    [
        (Channel("webhook"), "warning", "fms", True),
        (Channel("webhook", least="error"), "warning", "fms", False),
        (Channel("webhook", least="error"), "error", "fms", True),
        (Channel("webhook", sources=("tekmetric",)), "error", "fms", False),
        (Channel("webhook", sources=("tekmetric",)), "error", None, True),
    ],
)
def test_who_wants_what(channel: Channel, severity: str, source: str | None, wants: bool) -> None:
    assert channel.wants({"severity": severity, "source": source}) is wants


def test_another_machine_is_called_by_https_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from branchline.alerts.messages import write
    from branchline.errors import Reconfigure

    monkeypatch.setenv("AIRFLOW_CONN_CHAT", '{"conn_type": "http", "host": "http://chat.example.com/services/canary"}')
    message = write({"cause": "c", "severity": "error", "subject": "s", "fact": "f", "remedy": "r"}, "new")
    with pytest.raises(Reconfigure, match="use https") as caught:
        Channel("webhook", "chat").hand_over(message, "error")
    assert "canary" not in str(caught.value)
