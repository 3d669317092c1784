"""A page of a list as JSON, and how a list's question is put together for whichever form it is handed over in."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from branchline.web.asking import Asking
from branchline.web.catalogue import Collection
from branchline.web.cursor import cursor_after, key_of, rows_after
from branchline.web.etag import tagged
from branchline.web.filters import Form, conditions_of

PAGE = 100


def question(collection: Collection, form: Form, limit: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the templates page.sql and rows.sql are rendered with, and their parameters.

    Raises:
        Problem: 400, the cursor is another question's.
    """
    conditions, params = conditions_of(collection, form)
    if form.cursor is not None:
        condition, values = rows_after(collection, key_of(collection, form.filters, form.cursor))
        conditions.append(condition)
        params |= values
    names = {
        "select": collection.select,
        "key": collection.key,
        "descending": collection.descending,
        "conditions": conditions,
        "is_limited": limit is not None,
    }
    return names, params | {"limit": limit}


async def page(asking: Asking, collection: Collection, form: Form, request: Request) -> Response:
    """`{"items": [...], "next": ...}`: `next` is the address of the page after it, null on the last one."""
    limit = form.limit or PAGE
    names, params = question(collection, form, limit + 1)  # one more tells whether there is a next page
    rows = await asking.rows("api/page.sql", params, **names)
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        last = [getattr(rows[-1], f"key_{place}") for place in range(len(collection.key))]
        following = _address(request, cursor_after(collection, form.filters, last))
    items = ",\n".join(row.body for row in rows)
    body = f'{{"items": [{items}], "next": {json.dumps(following)}}}'.encode()
    return tagged(request, body, {"Link": f'<{following}>; rel="next"'} if following else None)


def _address(request: Request, after: str) -> str:
    """This request's own path and query with another cursor; without a host, which a proxy may have changed."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*asked, ('cursor', after)])}"
