"""The page envelope (contract, section 2) and the reading of query values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sandbox.vendor import Answer, PageShape, json_answer

SHAPE = PageShape(
    parameter="page",
    first=1,
    number="pageNumber",
    rows="pageResults",
    total="totalResults",
    pages="totalPages",
    last="lastPage",
)
# Undocumented; the branches came whole (66) without a size, so it is at least that.
_DEFAULT_SIZE = 100
_LARGEST_INT = 2_147_483_647


class BadQueryError(ValueError):
    """A query value that cannot be bound."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"The value '{value}' is not valid for {name}.")
        self.name = name


def refused(error: BadQueryError) -> Answer:
    """Answer a call whose query cannot be bound (section 8: validation)."""
    text = str(error)
    return json_answer({"message": "The request is invalid.", "errors": {error.name: [text]}}, 400)


def flag(query: Mapping[str, str], name: str) -> bool:
    """Read a boolean; absent is false."""
    return query.get(name.lower(), "").lower() in {"true", "1"}


def whole(query: Mapping[str, str], name: str, default: int) -> int:
    """Read an int32."""
    text = query.get(name.lower())
    if text is None or not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise BadQueryError(name, text) from None
    if abs(value) > _LARGEST_INT:
        raise BadQueryError(name, text)
    return value


def day(query: Mapping[str, str], name: str) -> date | None:
    """Read a date written as a number yyyyMMdd (section 7)."""
    value = whole(query, name, 0)
    if not value:
        return None
    try:
        return date(value // 10_000, value // 100 % 100, value % 100)
    except ValueError:
        raise BadQueryError(name, str(value)) from None


def page(rows: Sequence[bytes], query: Mapping[str, str], cap: int) -> Answer:
    """Cut one page out of rows that are JSON already.

    The size is capped silently: ask 500 and get 200, with pageSize 200 (section 2).

    Args:
        rows: All rows.
        query: The call's query.
        cap: The largest page.

    Returns:
        The page in its envelope.
    """
    size = min(max(1, whole(query, "PageSize", _DEFAULT_SIZE)), cap)
    number = max(1, whole(query, "Page", 1))
    count = len(rows)
    pages = -(-count // size)
    some = rows[(number - 1) * size : number * size]
    return Answer(
        200,
        b'{"pageNumber":%d,"pageSize":%d,"lastPage":%s,"totalPages":%d,"totalResults":%d,"totalThisPage":%d,"pageResults":[%s]}'
        % (number, size, b"false" if number < pages else b"true", pages, count, len(some), b",".join(some)),
    )
