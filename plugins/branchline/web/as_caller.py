"""Airflow's public API, called as whoever asks: inside this process, with the caller's own token.

What a route starts, Airflow starts: its permissions decide, its audit log names the caller, and no row of its database
is written behind its back. The plugin is mounted in the very application that serves `/api/v2`, so the call needs no
network, no address and no second login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from fastapi import Depends, Request

from branchline.web.caller import Token
from branchline.web.problems import Problem, unavailable

#: Seconds for one call; it works on Airflow's own database and waits for no vendor.
LONGEST = 20.0


class Airflow:
    """Airflow's public API with the rights of one caller."""

    def __init__(self, application: Any, token: str) -> None:
        """Take Airflow's ASGI application and the caller's token."""
        self._application = application
        self._token = token

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What `/api/v2<path>` answers.

        Raises:
            Problem: as for `send`.
        """
        return await self.send("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What `/api/v2<path>` answers to a document that is posted there.

        Raises:
            Problem: as for `send`.
        """
        return await self.send("POST", path, body=body)

    async def send(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """One call; an answer without a body is an empty document.

        Args:
            method: of HTTP.
            path: below `/api/v2`; names in it are quoted by `segment`.
            body: sent as JSON.
            query: its parameters.

        Raises:
            Problem: 403, Airflow does not allow it to the caller; 404 and 409, as Airflow says; 422, Airflow refuses
                a value, in its own words; 503, it does not answer.
        """
        transport = httpx.ASGITransport(self._application, raise_app_exceptions=False)
        # the host is nobody's: the request leaves no process, and httpx's own timeouts mean nothing to it
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
            try:
                async with asyncio.timeout(LONGEST):
                    answer = await client.request(
                        method,
                        f"/api/v2{path}",
                        json=body,
                        params=query,
                        headers={"Authorization": f"Bearer {self._token}"},
                    )
            except TimeoutError:
                raise unavailable(
                    f"Airflow did not answer {method} {path} within {LONGEST:.0f} seconds. Look whether it was done "
                    "before you ask again."
                ) from None
        if answer.is_success:
            return dict(answer.json()) if answer.content else {}
        raise _refusal(method, path, answer)


def segment(name: str) -> str:
    """A name as one segment of a path: run ids hold `+` and `:`."""
    return quote(name, safe="")


def _refusal(method: str, path: str, answer: httpx.Response) -> Problem:
    """What the caller is told of an answer that is none."""
    said = _reason(answer)
    match answer.status_code:
        case 401:
            return Problem(
                401, "Airflow no longer takes the token. Sign in again.", headers={"WWW-Authenticate": "Bearer"}
            )
        case 403:
            return Problem(
                403,
                f"Airflow does not allow you {method} {path.split('?')[0]}. Ask whoever grants roles in Airflow if it "
                "should.",
            )
        case 404 | 409:
            return Problem(answer.status_code, f"Airflow says: {said}. Look at its list of DAGs and runs.")
        case 400 | 422:
            return Problem(422, f"Airflow refuses it: {said}. Mend what is named.")
        case _:
            return unavailable(f"Airflow does not answer {method} {path} (HTTP {answer.status_code}).")


def _reason(answer: httpx.Response) -> str:
    """Airflow's own words, on one line, without a full stop."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
    if isinstance(detail, list):
        detail = "; ".join(f"{'.'.join(map(str, found.get('loc', ())))}: {found.get('msg', '')}" for found in detail)
    # of a param's refusal the first paragraph says what is wrong; the schema follows
    return " ".join(str(detail).split("\n\n")[0].split())[:1000].rstrip(". ")


async def airflow_of(request: Request, token: Token) -> Airflow:
    """Airflow as the caller of a request.

    Raises:
        Problem: 503, the application is not mounted in Airflow's.
    """
    application = request.app.state.airflow
    if application is None:
        raise unavailable("This application is not served by Airflow's api-server, so nothing can be asked of Airflow.")
    return Airflow(application, token)


AsCaller = Annotated[Airflow, Depends(airflow_of)]
