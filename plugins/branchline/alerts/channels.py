"""Where alerts go: the Variable `branchline_alerts`, read and checked, and Airflow's notifiers behind it.

Secrets are in the Connections it names; the log is a channel that is always there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from branchline.alerts.messages import Message
from branchline.errors import Reconfigure

log = logging.getLogger(__name__)

ALERTS = "branchline_alerts"
DOING = f"Reading the Variable {ALERTS}"

RANKS = {"warning": 1, "error": 2}
_DEFAULT_CONNECTIONS = {"smtp": "smtp_default", "slack": "slack_default", "webhook": "http_default"}
_FIELDS: dict[str, set[str]] = {"smtp": {"to"}, "slack": {"channel"}, "webhook": set()}
_SHARED = {"notifier", "conn_id", "least", "sources"}


@dataclass(frozen=True, slots=True)
class Channel:
    """Somebody who is told.

    Attributes:
        notifier: `smtp`, `slack`, `webhook`, or `log`.
        conn_id: the Airflow Connection with address and secret.
        to: addresses of mail, or the channel in Slack; empty where the connection says it.
        least: the least severity that is told.
        sources: vendors of interest; empty: all. What is of no vendor is always of interest.
    """

    notifier: str
    conn_id: str = ""
    to: tuple[str, ...] = ()
    least: str = "warning"
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from the others in ops.alerts."""
        return " ".join(filter(None, (self.notifier, self.conn_id, ",".join(self.to))))

    def wants(self, alert: Mapping[str, Any]) -> bool:
        """Whether an alert is of its severity and sources."""
        source = alert.get("source")
        return RANKS[alert["severity"]] >= RANKS[self.least] and (not self.sources or source in (None, *self.sources))

    def hand_over(self, message: Message, severity: str) -> None:
        """Give it a message; when this returns it was taken.

        Nothing is rendered as a template: what vendors sent is data (T40).

        Raises:
            Exception: whatever the notifier raises; and Reconfigure where its provider is not installed.
        """
        if self.notifier == "log":
            log.log(logging.ERROR if severity == "error" else logging.WARNING, "%s", message.text)
            return
        notifier = _MAKERS[self.notifier](self, message)
        notifier.notify({})


LOG = Channel("log")


def read_channels(value: str | None) -> tuple[list[Channel], list[Reconfigure]]:
    """Read the Variable.

    Args:
        value: its text, JSON: a list of objects; None where there is none.

    Returns:
        The channels, the log first; and what is wrong with the other entries, each saying what to write instead.
    """
    channels, problems = [LOG], []
    if value is None or not value.strip():
        return channels, []
    try:
        entries = json.loads(value)
    except ValueError as error:
        return channels, [Reconfigure(DOING, f"it is not JSON ({type(error).__name__})")]
    if not isinstance(entries, list):
        return channels, [Reconfigure(DOING, 'it must be a list: [{"notifier": "smtp", "to": "oncall@example.com"}]')]
    for number, entry in enumerate(entries, start=1):
        try:
            channel = _read_entry(entry)
        except ValueError as error:
            problems.append(Reconfigure(DOING, f"entry {number}: {error}"))
            continue
        if channel.name in {known.name for known in channels}:
            problems.append(Reconfigure(DOING, f"entry {number}: there is one of {channel.name} already"))
            continue
        channels.append(channel)
    return channels, problems


def _read_entry(entry: Any) -> Channel:
    if not isinstance(entry, dict):
        raise ValueError("it must be an object")  # noqa: TRY004 - what is wrong with an entry is one kind of error
    notifier = entry.get("notifier")
    if notifier not in _FIELDS:
        raise ValueError(f"notifier is {notifier!r}; it may be {', '.join(_FIELDS)}")
    unknown = sorted(set(entry) - _SHARED - _FIELDS[notifier])
    if unknown:
        known = ", ".join(sorted(_SHARED | _FIELDS[notifier]))
        # the values stay unsaid: somebody may have written a secret there
        raise ValueError(f"{', '.join(unknown)} means nothing to {notifier}, which knows {known}; secrets belong into "
                         "the Connection")  # fmt: skip
    least = entry.get("least", "warning")
    if least not in RANKS:
        raise ValueError(f"least is {least!r}; it may be {' or '.join(RANKS)}")
    conn_id = entry.get("conn_id", _DEFAULT_CONNECTIONS[notifier])
    if not isinstance(conn_id, str) or not conn_id or "/" in conn_id:
        raise ValueError("conn_id must be the name of an Airflow Connection")
    to = _words(entry, "to" if notifier == "smtp" else "channel")
    if notifier == "smtp" and not all("@" in address for address in to or ("",)):
        raise ValueError("to must be an address, or a list of addresses, of mail")
    return Channel(notifier, conn_id, to, least, _words(entry, "sources"))


def _words(entry: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = entry.get(name, [])
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ValueError(f"{name} must be a word or a list of words")
    return tuple(words)


def _smtp(channel: Channel, message: Message) -> Any:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    return SmtpNotifier(
        smtp_conn_id=channel.conn_id, to=list(channel.to), subject=message.title, html_content=message.html
    )


def _webhook(channel: Channel, message: Message) -> Any:
    from branchline.alerts.webhook import Webhook

    return Webhook(http_conn_id=channel.conn_id, json=message.payload)


def _slack(channel: Channel, message: Message) -> Any:
    try:
        from airflow.providers.slack.notifications.slack import SlackNotifier  # type: ignore[import-not-found]
        from airflow.providers.slack.notifications.slack_webhook import (  # type: ignore[import-not-found]
            SlackWebhookNotifier,
        )
    except ImportError:
        raise Reconfigure(
            "Sending an alert to Slack",
            "apache-airflow-providers-slack is not installed: add it to requirements.txt, or use the notifier webhook "
            "with an incoming webhook of Slack as the Connection's host",
        ) from None
    if channel.to:
        return SlackNotifier(slack_conn_id=channel.conn_id, text=message.text, channel=channel.to[0])
    return SlackWebhookNotifier(slack_webhook_conn_id=channel.conn_id, text=message.text)


_MAKERS = {"smtp": _smtp, "slack": _slack, "webhook": _webhook}
