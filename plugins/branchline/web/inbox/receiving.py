"""The inbox of webhooks: the only routes without an Airflow user. A secret, one insert, 202."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import psycopg
from fastapi import APIRouter, Request, Response
from psycopg import errors
from starlette.requests import ClientDisconnect

from branchline.warehouse import render
from branchline.web.inbox.inboxes import Inbox, Inboxes
from branchline.web.login import log_in
from branchline.web.pool import Connection, Pool
from branchline.web.problems import Problem, unavailable

#: The longest body that is read.
MOST_BYTES = 1024 * 1024
#: Longest that an insert may take; vendors deliver again what was not answered.
STATEMENT = "2s"


async def log_in_to_write() -> Connection:
    """A connection of the inbox: of nobody, so that it sees no row, and what it may is to insert events.

    Raises:
        Problem: as for `log_in`.
    """
    connection = await log_in()
    await connection.execute(f"SET statement_timeout = '{STATEMENT}'".encode())
    return connection


def inbox() -> APIRouter:
    """The inbox's route, which its secrets guard."""
    router = APIRouter()
    router.add_api_route(
        "/inbox/{source}/{token}", _receive, methods=["POST"], status_code=202, response_class=Response,
        summary="A webhook of a vendor, with the secrets of its account's inbox", name="inbox",
        include_in_schema=False,
    )  # fmt: skip
    return router


async def _receive(request: Request, source: str, token: str) -> Response:
    inboxes: Inboxes = request.app.state.inboxes
    admitted = await inboxes.admitting(source, token, request.headers)
    if admitted is None:
        # whatever is wrong, source, token or header: the same words
        raise Problem(401, "There is nothing here without the right secrets. See docs/webhooks.md.")
    body = await _body(request)
    await _keep(request.app.state.inbox_pool, admitted, body)
    return Response(status_code=202)


async def _body(request: Request) -> str:
    """The body, a JSON object.

    Raises:
        Problem: 413, it is longer than MOST_BYTES, whatever its headers say of its length; 400, it is not whole, or no
            JSON object.
    """
    read = bytearray()
    try:
        async for chunk in request.stream():
            read += chunk
            if len(read) > MOST_BYTES:
                raise Problem(413, f"A webhook has no more than {MOST_BYTES} bytes. Send less.")
    except ClientDisconnect:
        raise Problem(400, "The body broke off. Send it again.") from None
    try:
        text = read.decode()
        is_object = isinstance(json.loads(text, parse_constant=_refuse), dict)
    except (ValueError, RecursionError):
        is_object = False
    if not is_object:
        raise Problem(400, "The body is not a JSON object. Send what docs/webhooks.md says.")
    return text


def _refuse(word: str) -> None:
    """NaN and Infinity are Python's own; JSON has none."""
    raise ValueError(word)


async def _keep(pool: Pool, inbox: Inbox, payload: str) -> None:
    """Put an event into the inbox; one that is there already stays as it is.

    Raises:
        Problem: 400, the payload holds what PostgreSQL's JSON does not; 503, the account was never synced.
        psycopg.OperationalError: the warehouse does not answer.
    """
    params: dict[str, Any] = {
        "source": inbox.source,
        "account": inbox.account,
        "client": inbox.client,
        "payload": payload,
    }
    async with pool.lend() as connection:
        try:
            await connection.execute(_statement(inbox.source), params)
        except (psycopg.DataError, errors.StatementTooComplex):
            raise Problem(400, "The body holds what cannot be kept, such as \\u0000. Mend it.") from None
        except errors.ForeignKeyViolation:
            raise unavailable("This account was never synced, so nothing is known of it yet. Send it later.") from None


@cache
def _statement(source: str) -> bytes:
    """The insert; the same object each time, so that a connection prepares it once."""
    return render("inbox/receive.sql", source=source)
