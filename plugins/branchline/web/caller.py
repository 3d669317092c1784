"""Who asks: an Airflow user, by bearer token or session cookie, through Airflow's own auth manager.

Airflow applies no authentication to a plugin's application. What it offers for its own routes is no published
interface, so it is used here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials

from branchline.web.problems import Problem

#: Methods that change nothing, and so need no defence against foreign pages.
_SAFE = {"GET", "HEAD"}


async def user_name(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)]
) -> str:
    """The Airflow user's name, which `access.people.user_name` maps to a person; a bearer token wins over a cookie.

    A browser adds the cookie to whatever a foreign page sends; so a request that changes something is taken by cookie
    only where the browser says that a page of this very site sent it. A token is put there on purpose.

    Raises:
        Problem: 401, nobody is signed in, or the token is expired, revoked or not Airflow's. 403, a request that
            changes something came by cookie, and not from a page of this site.
    """
    try:
        user = await get_user(request, None, credentials)
    except HTTPException as refused:
        raise Problem(
            401,
            f"{refused.detail}. Sign in to Airflow, or send a token of its POST /auth/token as Authorization: Bearer.",
            headers={"WWW-Authenticate": "Bearer"},
        ) from None
    if request.method not in _SAFE and credentials is None and not _is_own_page(request):
        raise Problem(
            403,
            "A change by session cookie is taken from Airflow's own pages only. Send it from there, or with a token as "
            "Authorization: Bearer.",
        )
    return user.get_name()


def _is_own_page(request: Request) -> bool:
    """Whether a page of this site sent it: Sec-Fetch-Site says so, or, from a browser without it, Origin.

    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site. Pages cannot set either.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return origin != "" and urlsplit(origin).netloc == request.headers.get("Host")


async def token_of(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
    _user: Annotated[str, Depends(user_name)],
) -> str:
    """The token that the user came with, to ask Airflow as him; `user_name` has taken it, and the page it came from."""
    return credentials.credentials if credentials else request.cookies[COOKIE_NAME_JWT_TOKEN]


Caller = Annotated[str, Depends(user_name)]
Token = Annotated[str, Depends(token_of)]
