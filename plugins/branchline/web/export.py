"""A list as CSV: streamed, so that its length costs no memory, and harmless in a spreadsheet (T87)."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Any

from fastapi.responses import Response, StreamingResponse
from psycopg.rows import tuple_row
from starlette.types import Receive, Scope, Send

from branchline.warehouse import render
from branchline.web.asking import Asking
from branchline.web.etag import KEEPING

CHUNK = 500
#: Where a spreadsheet begins to compute: at the cell's start or after a line break in it, behind blanks of any kind.
_FORMULA = re.compile(r"(^|[\r\n]+)(?=[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def cell(value: Any) -> str:
    """A value as a spreadsheet may have it: text that it would take for a formula gets an apostrophe, numbers stay."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):  # an instant too
        return value.isoformat()
    if isinstance(value, dict | list):
        return harmless(json.dumps(value, ensure_ascii=False, default=str))
    return harmless(value) if isinstance(value, str) else str(value)


def harmless(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to compute."""
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1'", text)


class Export(Response):
    """The whole list, streamed in a transaction that lives as long as the answer.

    The first chunk is read before the answer begins, so that a refusal is still one. A stream that cannot be finished
    is cut, so that it never looks finished.
    """

    def __init__(
        self, transaction: AbstractAsyncContextManager[Asking], name: str, names: dict[str, Any], params: dict[str, Any]
    ) -> None:
        """Take the transaction, not begun yet, the file's name, and the question as listing.question gives it."""
        super().__init__()
        self._transaction = transaction
        self._name = name
        self._question = names, params

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        async with self._transaction as asking:
            rows = lines(asking, *self._question)
            first = await anext(rows)

            async def body() -> AsyncIterator[bytes]:
                yield first
                async for chunk in rows:
                    yield chunk

            headers = {**KEEPING, "Content-Disposition": f'attachment; filename="{self._name}.csv"'}
            await StreamingResponse(body(), headers=headers, media_type="text/csv; charset=utf-8")(scope, receive, send)


async def lines(asking: Asking, names: dict[str, Any], params: dict[str, Any]) -> AsyncIterator[bytes]:
    """The header and every row, chunk by chunk, by a cursor of the server's.

    Raises:
        psycopg.errors.QueryCanceled: a chunk took longer than a statement may.
    """
    async with asking.connection.cursor("export", row_factory=tuple_row) as rows:
        await rows.execute(render("api/rows.sql", **names), params)
        chunk = await rows.fetchmany(CHUNK)
        header = [column.name for column in rows.description or ()]
        yield _written([header, *map(_cells, chunk)])
        while chunk:
            chunk = await rows.fetchmany(CHUNK)
            yield _written([*map(_cells, chunk)])


def _cells(row: Sequence[Any]) -> list[str]:
    return [cell(value) for value in row]


def _written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
