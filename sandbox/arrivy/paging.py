"""Pages without a total, and the reading of query values (Arrivy contract, section 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sandbox.arrivy import stamps
from sandbox.vendor import Answer, Call, PageShape, json_answer

# The answer is a bare array: it says neither how many rows nor how many pages there are.
SHAPE = PageShape(parameter="page", first=1, number="", rows="", total="", pages="", last="")
TASKS_PER_PAGE = 500
ROWS_PER_PAGE = 100
PLAIN, REPEAT, CLAMP = "plain", "repeat", "clamp"
MANNERS = (PLAIN, REPEAT, CLAMP)
_SHORT_OF = 3


class BadQueryError(ValueError):
    """A query value that the vendor cannot read."""


def problem(status: int, code: str, description: str) -> Answer:
    """Answer with an error (section 7): a code as `message`, and words."""
    return json_answer({"message": code, "description": description}, status)


def text(call: Call, name: str) -> str | None:
    """Read a value; parameters that the vendor does not know are ignored, page_size among them."""
    values = call.sent.get(name)
    return values[-1] if values and values[-1] else None


def flag(call: Call, name: str) -> bool:
    """Read a boolean."""
    return (text(call, name) or "").lower() == "true"


def number(call: Call, name: str) -> int | None:
    """Read a whole number."""
    told = text(call, name)
    if told is None:
        return None
    if not told.isdecimal():
        raise BadQueryError(f"{name} is not a number")
    return int(told)


def moment(call: Call, name: str, *, must_have_offset: bool) -> datetime | None:
    """Read a moment."""
    told = text(call, name)
    if told is None:
        return None
    try:
        return stamps.read(told, must_have_offset=must_have_offset)
    except (ValueError, OverflowError):
        raise BadQueryError(f"{name} is not an ISO 8601 time with an offset: {told!r}") from None


class Pages:
    """Cuts lists into pages; every third page holds less than was asked for, and the rest comes later.

    Attributes:
        cap: The largest page, whatever is asked.
        manner: `plain`; `repeat` gives the first page for every page; `clamp` gives the last one past the end.
    """

    def __init__(self, cap: int, *, is_short: bool) -> None:
        if cap < 1:
            raise ValueError(f"a page of Arrivy's holds something, not {cap}")
        self._first_cap = cap
        self._is_short = is_short
        self.reset()

    def reset(self) -> None:
        """Go back to how the sandbox was started."""
        self.cap = self._first_cap
        self.manner = PLAIN

    def cut(self, call: Call, count: int, default: int) -> range:
        """Tell which rows of a list are on the page that is asked for.

        Args:
            call: The call.
            count: How many rows there are.
            default: How many a page has when nothing is asked.

        Returns:
            Their positions; none past the end.
        """
        asked, size = call.query.get("page", ""), call.query.get("items_per_page", "")
        page = max(1, int(asked)) if asked.isdecimal() else 1
        items = min(int(size) if size.isdecimal() and int(size) else default, self.cap)
        # No page is ever empty before the end: that would hide rows from every client.
        less = min(items - 1, 1 + items // 10) if self._is_short else 0
        if self.manner == REPEAT:
            page = 1
        elif self.manner == CLAMP:
            while page > 1 and self._begin(page, items, less) >= count:
                page -= 1
        return range(min(count, self._begin(page, items, less)), min(count, self._begin(page + 1, items, less)))

    def answer(self, call: Call, rows: Sequence[Any], write: Callable[[Any], Any], default: int) -> Answer:
        """Answer with one page of a list."""
        return json_answer([write(rows[place]) for place in self.cut(call, len(rows), default)])

    @staticmethod
    def _begin(page: int, items: int, less: int) -> int:
        # Pages 1, 4, 7, ... are the short ones: a client that trusts the first of them never sees the second.
        return (page - 1) * items - less * ((page - 1 + _SHORT_OF - 1) // _SHORT_OF)
