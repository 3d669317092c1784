"""Answers that a client may keep: a tag of the content, and 304 where it has not changed."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from fastapi import Request
from fastapi.responses import Response

#: For the one who asked alone, and asked about again each time: what he may see can change with his roles.
KEEPING = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie"}


def tagged(request: Request, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON document with its tag, or 304 where the request names that tag."""
    # weak: what is in front of us may compress it
    tag = f'W/"{sha256(body).hexdigest()[:32]}"'
    shown = {**KEEPING, "ETag": tag, **(headers or {})}
    named = {name.strip() for name in request.headers.get("If-None-Match", "").split(",")}
    if tag in named or "*" in named:
        return Response(status_code=304, headers=shown)
    return Response(body, headers=shown, media_type="application/json")
