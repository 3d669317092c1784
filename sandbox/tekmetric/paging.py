"""Spring's page envelope and the reading of query values (Tekmetric contract, sections 1.3 to 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from sandbox.tekmetric.stamps import read
from sandbox.vendor import Answer, Call, PageShape, json_answer

SHAPE = PageShape(
    parameter="page",
    first=0,
    number="number",
    rows="content",
    total="totalElements",
    pages="totalPages",
    last="last",
)
_DEFAULT_SIZE = 10
_LARGEST_SIZE = 100
_encode = msgspec.json.Encoder().encode


class BadQueryError(ValueError):
    """A query value that cannot be bound."""


def problem(status: int, message: str) -> Answer:
    """Answer with the API-level shape of an error (section 1.3)."""
    return json_answer({"type": "ERROR", "message": message, "data": None, "details": {}}, status)


def text(call: Call, name: str) -> str | None:
    """Read a value; names are told apart by case, and unknown ones are ignored."""
    values = call.sent.get(name)
    return values[-1] if values and values[-1] else None


def numbers(call: Call, name: str) -> list[int]:
    """Read whole numbers: a repeated name is an array (section 1.4), and commas bind too."""
    found = [item for value in call.sent.get(name, ()) for item in value.split(",") if item]
    try:
        return [int(item) for item in found]
    except ValueError:
        raise BadQueryError(f"{name} is not a number") from None


def number(call: Call, name: str) -> int | None:
    """Read one whole number."""
    found = numbers(call, name)
    return found[-1] if found else None


def moment(call: Call, name: str) -> datetime | None:
    """Read a moment."""
    value = text(call, name)
    if value is None:
        return None
    try:
        return read(value)
    except ValueError:
        raise BadQueryError(f"{name} is not an ISO 8601 date") from None


def flag(call: Call, name: str) -> bool | None:
    """Read a boolean."""
    value = text(call, name)
    return None if value is None else value.lower() == "true"


class Spans:
    """The pairs of moments in a query, both ends included (open in section 4; that much was reported)."""

    def __init__(self, call: Call, names: Sequence[str]) -> None:
        # Without a name they are `start` and `end`: the created date (section 1.5).
        keys = [(f"{name}DateStart", f"{name}DateEnd") if name else ("start", "end") for name in names]
        self._spans = [(moment(call, first), moment(call, last)) for first, last in keys]
        self._names = names

    def asks(self, name: str) -> bool:
        """Tell whether the query has either end of a pair."""
        return self._spans[self._names.index(name)] != (None, None)

    def hold(self, *moments: datetime | None) -> bool:
        """Tell whether the moments, one for each name, lie in their spans; what is shown has whole seconds."""
        for (first, last), at in zip(self._spans, moments, strict=True):
            if first is None and last is None:
                continue
            if at is None or (first and at < first) or (last and at.replace(microsecond=0) > last):
                return False
        return True


def page_of(call: Call) -> tuple[int, int]:
    """Read page and size; what cannot be bound is the default, and the size is capped silently (section 1.4)."""
    asked, size = call.query.get("page", ""), call.query.get("size", "")
    wanted = int(size) if size.isdigit() and int(size) else _DEFAULT_SIZE
    return int(asked) if asked.isdigit() else 0, min(wanted, _LARGEST_SIZE)


def order_of(call: Call, allowed: Sequence[str]) -> tuple[list[str], bool]:
    """Read the properties to sort by, and whether downwards; a property that is not listed is refused."""
    found = [item for value in call.sent.get("sort", ()) for item in value.split(",") if item]
    wrong = [item for item in found if item not in allowed]
    if wrong:
        raise BadQueryError(f"cannot sort by {wrong[0]}")
    return found, (text(call, "sortDirection") or "ASC").upper() == "DESC"


def page(rows: Sequence[bytes], count: int, call: Call, *, sorts: tuple[list[str], bool], old: bool = False) -> Answer:
    """Put one page into its envelope.

    Args:
        rows: The page's rows, as JSON text.
        count: How many rows there are in all.
        call: The call.
        sorts: What `order_of` read.
        old: The older envelope of /customers: `sort` is an array, no `pageable`, no `empty` (section 1.4).

    Returns:
        The answer; an empty result has no pages and is the last one.
    """
    asked, size = page_of(call)
    pages = -(-count // size)
    properties, down = sorts
    sort: Any = {"sorted": bool(properties), "unsorted": not properties, "empty": not properties}
    if old:
        sort = [
            {
                "direction": "DESC" if down else "ASC",
                "property": name,
                "ignoreCase": False,
                "nullHandling": "NATIVE",
                "ascending": not down,
                "descending": down,
            }
            for name in properties or ["id"]
        ]
    envelope: dict[str, Any] = {
        "totalPages": pages,
        "totalElements": count,
        "last": asked + 1 >= pages,
        "first": asked == 0,
        "sort": sort,
        "size": size,
        "number": asked,
        "numberOfElements": len(rows),
    }
    if not old:
        envelope["pageable"] = {
            "sort": sort,
            "offset": asked * size,
            "pageSize": size,
            "pageNumber": asked,
            "paged": True,
            "unpaged": False,
        }
        envelope["empty"] = not rows
    return Answer(200, b'{"content":[' + b",".join(rows) + b"]," + _encode(envelope)[1:])


def cut(rows: Sequence[Any], call: Call) -> Sequence[Any]:
    """Cut the page that is asked for out of all rows."""
    asked, size = page_of(call)
    return rows[asked * size : (asked + 1) * size]
