"""Faults of the connection and of the status line."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from sandbox.vendor import HTML, JSON, TEXT, Answer

LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1>"
    b'<form action="/login" method="post"><input name="user"><input name="password" type="password">'
    b"</form></body></html>"
)
_RATE_TEXT = "Rate limit is exceeded. Try again in {seconds} seconds."
_BODIES = {
    401: '{"statusCode":401,"message":"Access denied due to invalid API key."}',
    403: '{"statusCode":403,"message":"Forbidden"}',
    500: '{"message":"Unknown error encountered while processing the request."}',
}
_GATEWAY = "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
_ENDLESS = 3600.0


def instead(kind: str, with_: dict[str, Any]) -> Answer | None:
    """Make the answer that is given instead of the vendor's.

    Args:
        kind: The fault.
        with_: Its settings.

    Returns:
        The answer, or None when this fault needs the vendor's.
    """
    if kind == "status":
        return _status(with_)
    if kind == "html200":
        return Answer(200, LOGIN_PAGE, HTML)
    if kind == "empty200":
        return Answer(200, b"")
    if kind == "body":
        return Answer(200, str(with_.get("body", "{}")).encode(), with_.get("content_type", JSON))
    if kind == "redirect":
        location = str(with_.get("location", "http://other.example.com/"))
        return Answer(int(with_.get("status", 302)), b"", TEXT, {"Location": location})
    return None


def _status(with_: dict[str, Any]) -> Answer:
    status = int(with_.get("status", 500))
    headers = {str(name): str(value) for name, value in with_.get("headers", {}).items()}
    if "retry_after" in with_:
        headers["Retry-After"] = str(with_["retry_after"])
    if "retry_after_date" in with_:
        moment = datetime.now(UTC) + timedelta(seconds=float(with_["retry_after_date"]))
        headers["Retry-After"] = format_datetime(moment, usegmt=True)
    body = with_.get("body")
    if body is not None:
        kind = HTML if str(body).lstrip().startswith("<") else JSON if str(body)[:1] in "{[" else TEXT
        return Answer(status, str(body).encode(), with_.get("content_type", kind), headers)
    if status == 429:
        seconds = headers.get("Retry-After", "")
        text = _RATE_TEXT.format(seconds=seconds if seconds.isdigit() else 1)
        return Answer(status, text.encode(), TEXT, headers)
    if status in _BODIES:
        return Answer(status, _BODIES[status].encode(), JSON, headers)
    return Answer(status, _GATEWAY.format(status=status).encode(), HTML, headers)


def truncated(answer: Answer) -> Answer:
    """Cut the body, with a Content-Length that fits the cut."""
    return Answer(answer.status, answer.body[: len(answer.body) * 2 // 3], answer.content_type)


def gzip_cut(answer: Answer) -> Answer:
    """Compress the body and cut it: the client's decoder ends in the middle."""
    packed = gzip.compress(answer.body, mtime=0)
    return Answer(answer.status, packed[: len(packed) // 2], answer.content_type, {"Content-Encoding": "gzip"})


async def cut(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Promise the whole body, send half of it and close the connection."""
    response = web.StreamResponse(
        status=answer.status,
        headers={"Content-Type": answer.content_type, "Content-Length": str(len(answer.body) + 1)},
    )
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def reset(request: web.Request) -> web.StreamResponse:
    """Reset the connection before any header."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


async def stall(with_: dict[str, Any]) -> None:
    """Wait, by default longer than any client does."""
    await asyncio.sleep(float(with_.get("seconds", _ENDLESS)))
