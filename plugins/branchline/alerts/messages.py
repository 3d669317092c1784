"""What people read of an alert: one line, a few lines, and the same for machines. No markup of ours survives in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal

#: Why a message is sent: it is new, it got worse, it is there since a day, it is over.
Word = Literal["new", "worse", "still", "recovered"]

_LONGEST_LINE = 180
_LONGEST_FACT = 2000
_ANCHOR = re.compile(r"docs/runbook\.md#[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Message:
    """A message.

    Attributes:
        title: one line, without line breaks.
        lines: names and values, in the order of reading.
        payload: what a machine takes: `text` as a chat shows it, `alert` with its fields.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    payload: dict[str, Any]

    @property
    def text(self) -> str:
        """Plain text: the title and a line each."""
        return "\n".join([self.title, *(f"{name}: {value}" for name, value in self.lines)])

    @property
    def html(self) -> str:
        """HTML in which nothing that came with the data is markup."""
        rows = "".join(f"<tr><th align=left>{name}</th><td>{escape(value)}</td></tr>" for name, value in self.lines)
        return f"<p><b>{escape(self.title)}</b></p><table>{rows}</table>"


def write(alert: Mapping[str, Any], word: Word) -> Message:
    """A message of an alert.

    Args:
        alert: a row of ops.alerts, as names and values; what it lacks is left out.
        word: why it is sent.
    """
    severity = str(alert["severity"])
    begin = {"new": severity, "worse": f"now an {severity}", "still": f"still: {severity}", "recovered": "recovered"}
    subject = _in_a_line(alert["subject"])
    over = alert.get("recovered_at") if word == "recovered" else None
    anchor = _ANCHOR.search(str(alert["remedy"]))
    remedy = _ANCHOR.sub("", str(alert["remedy"])).strip(" ;")
    times = int(alert.get("times") or 1)
    values = {
        "source": alert.get("source"),
        "account": alert.get("account"),
        "stream": alert.get("stream"),
        "location": alert.get("location_id"),
        "what": str(alert["fact"])[:_LONGEST_FACT],
        "severity": severity,
        "times": times if times > 1 else None,
        "since": _instant(alert.get("first_seen_at")),
        "recovered": _instant(over),
        "do": remedy if word != "recovered" else None,
        "log": alert.get("log_url"),
        "runbook": anchor and anchor[0],
    }
    lines = tuple((name, str(value)) for name, value in values.items() if value not in (None, ""))
    title = f"Branchline · {begin[word]} · {subject}"[:_LONGEST_LINE]
    text = "\n".join([title, *(f"{name}: {value}" for name, value in lines)])
    fields = {"cause": alert["cause"], "word": word, "subject": subject} | dict(lines)
    return Message(title, lines, {"text": text, "alert": fields})


def _in_a_line(words: Any) -> str:
    return " ".join(str(words).split())


def _instant(when: Any) -> str | None:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if isinstance(when, datetime) else None
