"""Who asks: an Airflow user, by bearer token or session cookie, through Airflow's own auth manager.

Airflow applies no authentication to a plugin's application. What it offers for its own routes is no published
interface, so it is used here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials

from branchline.web.problems import Problem


async def user_name(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)]
) -> str:
    """The Airflow user's name, which `access.people.user_name` maps to a person; a bearer token wins over a cookie.

    Raises:
        Problem: 401, nobody is signed in, or the token is expired, revoked or not Airflow's.
    """
    try:
        user = await get_user(request, None, credentials)
    except HTTPException as refused:
        raise Problem(
            401,
            f"{refused.detail}. Sign in to Airflow, or send a token of its POST /auth/token as Authorization: Bearer.",
            headers={"WWW-Authenticate": "Bearer"},
        ) from None
    return user.get_name()


Caller = Annotated[str, Depends(user_name)]
