"""Every refusal in one form, RFC 9457: what happened and what to do, and nothing of how the house is built."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from psycopg import errors
from sqlalchemy.exc import OperationalError as AirflowDatabaseError
from starlette.exceptions import HTTPException

from branchline.web.masking import masked

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
#: What PostgreSQL says of a value that somebody sent; other errors of data would be the code's own.
_UNREADABLE = (
    errors.InvalidTextRepresentation,
    errors.InvalidDatetimeFormat,
    errors.DatetimeFieldOverflow,
    errors.NumericValueOutOfRange,
)


class Problem(Exception):
    """A refusal that tells the caller what to do; `detail` ends in it."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        """Take the status, the sentence, headers of the answer and further members of the document."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more


def unavailable(detail: str) -> Problem:
    """The refusal of what cannot be answered now."""
    return Problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def problem_of(error: Exception) -> Problem:
    """What a caller is told of an error; whatever nobody foresaw is a 500 without its text."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            wrong = [
                {"where": ".".join(map(str, found["loc"])), "message": str(found["msg"])} for found in error.errors()
            ]
            said = "; ".join(f"{found['where']}: {found['message']}" for found in wrong)
            return Problem(422, f"The request cannot be read: {said}. Mend what is named.", errors=wrong)
        case HTTPException():
            return Problem(error.status_code, f"{error.detail}. See openapi.json.", headers=error.headers)
        case errors.QueryCanceled():
            return Problem(504, "The question took too long. Ask for less: fewer days, one location, a smaller limit.")
        case errors.InsufficientPrivilege():
            return Problem(403, "Your role does not read this. Ask whoever grants roles (SECURITY.md) if it should.")
        case _ if isinstance(error, _UNREADABLE):
            return Problem(400, "The cursor or a filter holds a value that its column cannot. Begin at the first page.")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return unavailable("The warehouse does not answer. Ask again in a moment; if it stays, see `make status`.")
        case AirflowDatabaseError():
            return unavailable("Airflow's own database does not answer. Ask again in a moment.")
        case _:
            return Problem(500, "This is a defect of Branchline. The api-server's log has its traceback: report it.")


def answer(request: Request, error: Exception, as_page: Callable[[Request, Problem], Response | None]) -> Response:
    """The error as the document, or the page, that the caller gets."""
    problem = problem_of(error)
    if problem.status == 500:
        log.error("%s %s", request.method, masked(request.url.path), exc_info=error)
    elif problem.status > 500:
        # the class alone: the database's text may say where it is
        log.error("%s %s: %s", request.method, masked(request.url.path), type(error).__name__)
    if (page := as_page(request, problem)) is not None:
        return page
    document = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": masked(request.url.path),
        **problem.more,
    }
    headers = {"Cache-Control": "no-store", **problem.headers}
    return JSONResponse(document, problem.status, headers, MEDIA_TYPE)


def install(app: FastAPI, as_page: Callable[[Request, Problem], Response | None]) -> None:
    """Let every error of an application leave as such a document, or as what `as_page` makes of it for a browser."""
    for kind in (Problem, RequestValidationError, HTTPException, psycopg.Error, AirflowDatabaseError, Exception):
        app.add_exception_handler(kind, partial(answer, as_page=as_page))
