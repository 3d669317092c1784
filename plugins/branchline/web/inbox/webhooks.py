"""Setting the inbox up, and looking at it: what is entered at the vendor, and what has come.

No vendor has an endpoint to configure webhooks by: somebody enters address and header there (docs/webhooks.md). The
secrets are made here, kept as an Airflow Connection by Airflow itself, as the caller, and told once.
"""

# Not `from __future__ import annotations`: FastAPI reads the endpoints made here.
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from branchline.web.as_caller import Airflow, AsCaller, segment
from branchline.web.asking import Asking, on_behalf_of
from branchline.web.caller import Caller
from branchline.web.inbox.inboxes import HEADER, SENDS_HEADERS, SUFFIX, Inbox, Inboxes
from branchline.web.problems import Problem

#: Where each source's webhooks are set up and looked at.
PATHS = {
    "smartmoving": "/smartmoving-integration/webhooks",
    "arrivy": "/arrivy/webhooks",
    "tekmetric": "/tekmetric/webhooks",
}
#: Bytes of randomness of a secret.
STRENGTH = 32
_NO_STORE = {"Cache-Control": "no-store"}


class Setup(BaseModel):
    """What may be chosen of an inbox."""

    model_config = ConfigDict(extra="forbid")

    account: str | None = Field(default=None, description="The account, where you administer several of this source")
    header: str = Field(
        default=HEADER,
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="Header that carries the secret",
    )


def webhooks() -> APIRouter:
    """The routes of every source that sends webhooks."""
    router = APIRouter()
    for source, path in PATHS.items():
        router.add_api_route(
            path, _reading(source), methods=["GET"], summary="The inbox of webhooks: set up or not, and what came",
            response_class=JSONResponse, name=f"webhooks of {source}", tags=["webhooks"],
        )  # fmt: skip
        router.add_api_route(
            f"{path}/configure", _configuring(source), methods=["POST"], status_code=201,
            summary="New secrets for the inbox; address and header to enter at the vendor, told this once",
            response_class=JSONResponse, name=f"configure webhooks of {source}", tags=["webhooks"],
        )  # fmt: skip
    return router


def _reading(source: str) -> Callable[..., Awaitable[JSONResponse]]:
    async def read(request: Request, user: Caller) -> JSONResponse:
        async with on_behalf_of(request.app.state.pool, user) as asking:
            accounts = await _accounts(asking, source)
            came = await asking.rows("api/inbox_events.sql", {"source": source})
        inboxes: Inboxes = request.app.state.inboxes
        known = {inbox.account: inbox for inbox in await inboxes.of(source)}
        items = [_told(request, source, row.account, known.get(row.account), came) for row in accounts]
        return JSONResponse({"items": items}, headers=_NO_STORE)

    return read


def _configuring(source: str) -> Callable[..., Awaitable[JSONResponse]]:
    async def configure(request: Request, user: Caller, airflow: AsCaller, chosen: Setup | None = None) -> JSONResponse:
        setup = chosen or Setup()
        async with on_behalf_of(request.app.state.pool, user) as asking:
            ours = [row for row in await _accounts(asking, source) if _administers(asking, row.client_id)]
            if not ours and not _administers(asking):
                raise Problem(403, "Only an ADMIN of the whole client sets its inboxes up. Ask one.")
            account = _chosen(ours, setup.account, source)
        header = setup.header if SENDS_HEADERS[source] else None
        inbox = Inbox(
            source, account.account, account.client_id, secrets.token_urlsafe(STRENGTH), header,
            secrets.token_urlsafe(STRENGTH) if header else "",
        )  # fmt: skip
        await _store(airflow, account.conn_id + SUFFIX, inbox)
        await _require_found(request.app.state.inboxes, inbox, account.conn_id + SUFFIX)
        told = {
            "account": inbox.account,
            "url": _url(request, source, inbox.token),
            "header": {"name": header, "value": inbox.secret} if header else None,
            "enter": "Enter both at the vendor as docs/webhooks.md says; they are not shown again.",
        }
        return JSONResponse(told, 201, _NO_STORE)

    return configure


async def _accounts(asking: Asking, source: str) -> list[Any]:
    return [row for row in await asking.rows("api/accounts.sql", {"source": source}) if row.source == source]


def _chosen(accounts: list[Any], name: str | None, source: str) -> Any:
    found = [row for row in accounts if name in (None, row.account)]
    if not found:
        raise Problem(404, f"There is no such account of {source} that you administer. Look at /account.")
    if len(found) > 1:
        names = ", ".join(row.account for row in found)
        raise Problem(409, f"You administer several accounts of {source}: {names}. Name one as `account`.")
    return found[0]


def _administers(asking: Asking, client: str | None = None) -> bool:
    """Whether the person has the whole client, or some client; Airflow decides besides who may write a connection."""
    return any(
        role.role == "SUPER_ADMIN"
        or (role.role == "ADMIN" and client in (None, role.client_id) and role.location_id is None)
        for role in asking.roles
    )


async def _store(airflow: Airflow, conn_id: str, inbox: Inbox) -> None:
    """Write the connection as the caller, over one that is there.

    Raises:
        Problem: 403, Airflow does not let the caller write connections.
    """
    extra = {"token": inbox.token} | ({"header": inbox.header} if inbox.header else {})
    document = {
        "connection_id": conn_id,
        "conn_type": "generic",
        "description": "Secrets of the inbox of webhooks; new ones by POST .../webhooks/configure",
        "password": inbox.secret or None,
        "extra": json.dumps(extra),
    }
    try:
        await airflow.post("/connections", document)
    except Problem as problem:
        if problem.status != 409:
            raise
        await airflow.send("PATCH", f"/connections/{segment(conn_id)}", body=document)


async def _require_found(inboxes: Inboxes, inbox: Inbox, conn_id: str) -> None:
    """See to it that the secrets that were told are those that are compared."""
    inboxes.forget()
    if inbox not in await inboxes.of(inbox.source):
        raise Problem(
            409,
            f"Airflow keeps a connection {conn_id} elsewhere too, in a secrets backend or the environment, which comes "
            "first; or the Variable branchline_accounts no longer names the account. Put the secrets there, or take "
            "it away.",
        )


def _told(request: Request, source: str, account: str, inbox: Inbox | None, came: list[Any]) -> dict[str, Any]:
    is_configured = inbox is not None and inbox.is_configured
    return {
        "account": account,
        "configured": is_configured,
        "url": _url(request, source, "***") if is_configured else None,
        "header": inbox.header if is_configured and inbox is not None else None,
        "events": [
            {
                "type": row.event_type,
                "state": row.state,
                "events": row.events,
                "last_received_at": row.last_received_at.isoformat(),
            }
            for row in came
            if row.account == account
        ],
    }


def _url(request: Request, source: str, token: str) -> str:
    """The address to enter: Airflow's own one, where its operator says which that is; else the one that was called."""
    said = conf.get("api", "base_url", fallback="") or str(request.base_url)
    place = urlsplit(said)
    return f"{place.scheme}://{place.netloc}{request.scope['root_path']}/inbox/{source}/{token}"
