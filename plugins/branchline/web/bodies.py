"""What is sent with a request: one JSON object, read after its sender is known, and never more than a little."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request

from branchline.web.problems import Problem

#: Bytes; a form of a DAG or a lead needs a few thousand.
MOST = 64_000


async def document_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request's body; an empty body is an empty object.

    Raises:
        Problem: 413, it is longer than MOST; 422, it is no JSON object.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            raise Problem(413, f"The body is longer than {MOST:,} bytes. Send what the description names, no more.")
    if not body.strip():
        return {}
    try:
        document = json.loads(body)
        # NaN and half a character are no JSON, whatever Python reads: nobody could be told of them
        json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Problem(422, "The body is no JSON object. Send one, or none.")
    return document
