"""What every vendor in the sandbox looks like to the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

import msgspec

from sandbox.sheet import Sheet

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as the vendors' code sees it.

    Attributes:
        method: In capitals.
        path: Without the query.
        args: What the route's placeholders stand for.
        query: Names in lower case, because the vendors bind them in any case.
        headers: Names in any case.
        body: As received.
        sent: All values of each query name, the names as sent, for vendors that repeat names.
        target: Path and query exactly as sent, for vendors that read the query unescaped.
    """

    method: str
    path: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    sent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    target: str = ""

    def asking(self, **query: str) -> Call:
        """Make the same call with other query values."""
        return replace(self, query={**self.query, **query})


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; `sheet` is the table that its body was written from, if any."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    sheet: Sheet | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path template, below its mount, and who answers."""

    method: str
    template: str
    answer: Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Mount:
    """One host of a vendor, here a path prefix.

    Attributes:
        prefix: Where it begins, for example `/smartmoving/v1`.
        routes: What it answers.
        guard: Refuses a call (key, tier) or lets it pass with None.
        unknown: Answers every other path.
        caller: Whose budget a call uses; None when the mount has no limits.
        quota: The calls a caller has each month; 0 for no limit.
        latency: Seconds that every answer of this host waits besides what all wait.
    """

    prefix: str
    routes: Sequence[Route]
    guard: Callable[[Call], Answer | None]
    unknown: Callable[[Call], Answer]
    caller: Callable[[Call], str | None]
    quota: Callable[[str], int]
    latency: float = 0.0


@dataclass(frozen=True, slots=True)
class PageShape:
    """How a vendor's page envelope is called, for the faults that rewrite pages."""

    parameter: str
    first: int
    number: str
    rows: str
    total: str
    pages: str
    last: str


class Vendor(Protocol):
    """One vendor: what it serves and what the control endpoint can do with its world."""

    @property
    def name(self) -> str:
        """What the control endpoint calls it."""

    @property
    def shape(self) -> PageShape:
        """How its page envelope is called."""

    @property
    def mounts(self) -> Sequence[Mount]:
        """Its hosts."""

    def truth(self, first: date, last: date) -> dict[str, Any]:
        """Tell what a perfect client would know of a range of days."""

    def change(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change the world by one command; ValueError says what is wrong with it."""

    def leads(self) -> list[dict[str, Any]]:
        """Tell the leads that were posted."""

    def insert_first(self, call: Call) -> None:
        """Insert a row that sorts before all that a list call sees."""

    def drop(self, call: Call, answer: Answer) -> None:
        """Remove one of the rows that a list call was just given."""

    def reset(self) -> None:
        """Go back to the world as it was drawn."""


_encode = msgspec.json.Encoder().encode


def json_answer(value: Any, status: int = 200) -> Answer:
    """Answer with a value as JSON.

    Args:
        value: Anything JSON can say.
        status: The HTTP status.

    Returns:
        The answer.
    """
    return Answer(status, _encode(value))
