"""Giving and taking rights. PostgreSQL looks at who asks and decides; this hands it the words and its refusals back."""

# Not `from __future__ import annotations`: FastAPI reads the form off the endpoint.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from psycopg import errors
from pydantic import BaseModel, ConfigDict, Field

from branchline.web.asking import on_behalf_of
from branchline.web.caller import Caller
from branchline.web.pool import Pool
from branchline.web.problems import Problem

#: PostgreSQL's text holds no NUL.
_Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
_Number = Annotated[int, Field(ge=1, lt=2**31)]
#: What PostgreSQL says of a right that cannot be given or taken, and how that is answered.
_REFUSALS = (
    (errors.InsufficientPrivilege, 403),
    (errors.NoDataFound, 404),
    ((errors.UniqueViolation, errors.RestrictViolation), 409),
    (errors.IntegrityError, 422),
)


class Wish(BaseModel):
    """A right that somebody shall have."""

    model_config = ConfigDict(extra="forbid")

    user: _Word = Field(description="Airflow user name; whom nobody has heard of is admitted")
    role: _Word = Field(description="SUPER_ADMIN, ADMIN, MANAGER, DISPATCHER, DRIVER, MOVER or AUDITOR")
    client: _Word | None = Field(None, description="client_id; of every role but SUPER_ADMIN")
    location: _Number | None = Field(None, description="location_id of that client; none is the whole client")


async def grant(pool: Pool, asker: str, wish: Wish) -> tuple[int, bool]:
    """Give a right on behalf of `asker`.

    Returns:
        Number of the grant, and whether it is new; one that was there stays as it was.

    Raises:
        Problem: 403, he may not grant this; 409, the user's name is another person's word; 422, it means nothing.
    """
    with _refusals():
        async with on_behalf_of(pool, asker, writes=True) as asking:
            (made,) = await asking.rows("api/access/grant.sql", wish.model_dump())
    return made.grant_id, made.is_new


async def revoke(pool: Pool, asker: str, grant_id: int) -> Any:
    """Take a right on behalf of `asker`.

    Returns:
        What it was: person, role, client_id, location_id.

    Raises:
        Problem: 403, he sees it and may not take it; 404, there is none that he sees; 409, nobody would be left who
            may grant everything.
    """
    with _refusals():
        async with on_behalf_of(pool, asker, writes=True) as asking:
            (taken,) = await asking.rows("api/access/revoke.sql", {"grant_id": grant_id})
    return taken


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (errors.InsufficientPrivilege, errors.NoDataFound, errors.IntegrityError) as refused:
        status = next(status for kinds, status in _REFUSALS if isinstance(refused, kinds))
        said, hint = refused.diag.message_primary, refused.diag.message_hint
        if hint is None:  # not one of our functions' own, but PostgreSQL's, of a role that may not so much as call them
            said, hint = "Your role grants nothing", "Ask whoever grants roles (SECURITY.md)."
        raise Problem(status, f"{said}. {hint}") from None


def rights() -> APIRouter:
    """The routes that give and take rights; the lists of them are in the catalogue."""
    changing = APIRouter(prefix="/access", tags=["access"])
    changing.add_api_route(
        "/grants", _grant, methods=["POST"], summary="Grant a role; one that is held already stays as it is",
        status_code=201, response_class=JSONResponse,
        responses={200: {"description": "It was granted before"}, 409: {"description": "The name is somebody else's"}},
    )  # fmt: skip
    changing.add_api_route(
        "/grants/{grant_id}", _revoke, methods=["DELETE"], summary="Revoke a grant", status_code=204,
        response_class=Response,
        responses={404: {"description": "No such grant"}, 409: {"description": "It is the last SUPER_ADMIN's"}},
    )  # fmt: skip
    return changing


async def _grant(request: Request, user: Caller, wish: Wish) -> Response:
    grant_id, is_new = await grant(request.app.state.pool, user, wish)
    return JSONResponse({"grant_id": grant_id, "is_new": is_new}, 201 if is_new else 200)


async def _revoke(
    request: Request, user: Caller, grant_id: Annotated[_Number, Path(description="grant_id")]
) -> Response:
    await revoke(request.app.state.pool, user, grant_id)
    return Response(status_code=204)
