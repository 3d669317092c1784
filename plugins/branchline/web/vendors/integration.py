"""What SmartMoving's original integration endpoints did: test the connection, tell of it, and hand in leads."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from branchline.outbox import KeyTaken, LeadRefused, NotYourBranch, submit_lead
from branchline.sources.smartmoving import SMARTMOVING
from branchline.web.as_caller import AsCaller
from branchline.web.asking import on_behalf_of
from branchline.web.bodies import document_of
from branchline.web.caller import Caller
from branchline.web.documents import accounts_of
from branchline.web.etag import tagged
from branchline.web.login import connection_of
from branchline.web.problems import Problem
from branchline.web.syncs.status import status_of
from branchline.web.vendors.pinging import Pings
from branchline.web.vendors.smartmoving import EVERYTHING

PREFIX = "/smartmoving-integration"
#: The vendor's plans by the calls that they allow a month (docs/vendors.md, section 1).
TIERS = {20_000: "Basic", 125_000: "Premium"}

_Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=200, description="Your name of this request: sent again with "
        "the same lead it is the same lead, with another one it is refused",
    ),
]  # fmt: skip


class LeadForm(BaseModel):
    """A lead and where it goes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    location: int = Field(ge=1, le=2**31 - 1, description="location_id of the branch: see /locations")
    lead: dict[str, Any] = Field(description="The vendor's fields: fullName, phoneNumber, email, moveDate, ...")
    allow_new_texts: bool = Field(False, description="Let the vendor create a referral source or move size")
    dry_run: bool = Field(False, description="Check and keep it, never send it")


def integration_router(pings: Pings) -> APIRouter:
    """The routes below /smartmoving-integration that are no lists and no webhooks."""
    router = APIRouter()

    async def test_connection(request: Request, user: Caller, airflow: AsCaller) -> Response:
        # whoever may see Airflow's connections may try one: each try is a call of the month's budget
        await airflow.get("/connections", limit=1)
        async with on_behalf_of(request.app.state.pool, user) as asking:
            accounts = await accounts_of(asking, SMARTMOVING.slug)
        found = await pings.ask_all(accounts, afresh=True)
        return JSONResponse({"accounts": found}, headers={"Cache-Control": "no-store"})

    endpoints: tuple[tuple[str, str, Callable[..., Awaitable[Response]], str], ...] = (
        ("POST", "/test-connection", test_connection, "Call the vendor once for each account you see"),
        ("GET", "/connection-status", _connection_status, "When the vendor last answered a sync; calls nobody"),
        ("GET", "/account", _account, "Instance, tier, branches and calls of this month"),
        ("GET", "/status", _status, "Streams, schedule, and leads by state"),
    )
    for method, path, endpoint, title in endpoints:
        router.add_api_route(
            PREFIX + path, endpoint, methods=[method], summary=title, response_class=JSONResponse,
            name=(PREFIX + path).strip("/"), tags=[PREFIX.strip("/")],
        )  # fmt: skip
    router.add_api_route(
        f"{PREFIX}/leads/submit", _submit, methods=["POST"], summary="Put a lead into the outbox", status_code=202,
        response_class=JSONResponse, name=f"{PREFIX}/leads/submit".strip("/"), tags=[PREFIX.strip("/")],
        openapi_extra={"requestBody": {"content": {"application/json": {"schema": LeadForm.model_json_schema()}}}},
    )  # fmt: skip
    return router


async def _submit(request: Request, user: Caller, idempotency_key: _Key) -> Response:
    form = _form(await document_of(request))
    try:
        async with on_behalf_of(request.app.state.pool, user, writes=True) as asking:
            submitted = await submit_lead(
                asking.connection,
                form.location,
                idempotency_key,
                form.lead,
                allow_new_texts=form.allow_new_texts,
                dry_run=form.dry_run,
            )
    except LeadRefused as refused:
        status = {KeyTaken: 409, NotYourBranch: 403}.get(type(refused), 422)
        raise Problem(status, f"{refused.doing}: {refused.fact}. {refused.verdict}.") from None
    where = f"{request.scope['root_path']}{PREFIX}/leads?lead_id={submitted.lead_id}"
    found = {
        "lead_id": submitted.lead_id,
        "state": submitted.state,
        "is_new": submitted.is_new,
        "status": where,
        "detail": "The DAG smartmoving_leads hands it to the vendor, within minutes."
        if submitted.is_new and not form.dry_run
        else "It is checked and kept, and never sent."
        if form.dry_run
        else "This key had queued it before; nothing was added.",
    }
    return JSONResponse(found, 202, {"Location": where, "Cache-Control": "no-store"})


def _form(sent: dict[str, Any]) -> LeadForm:
    try:
        return LeadForm.model_validate(sent)
    except ValidationError as error:
        wrong = [{"where": ".".join(map(str, found["loc"])), "message": found["msg"]} for found in error.errors()]
        said = "; ".join(f"{found['where']}: {found['message']}" for found in wrong)
        raise Problem(422, f"The request cannot be read: {said}. Mend what is named.", errors=wrong) from None


async def _connection_status(request: Request, user: Caller) -> Response:
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await asking.rows("api/smartmoving_integration/connections.sql", {})
    found = [
        {**row._asdict(), "is_configured": (await connection_of(row.conn_id)) is not None} for row in rows
    ]  # fmt: skip
    return tagged(request, json.dumps({"accounts": found}).encode())


async def _account(request: Request, user: Caller) -> Response:
    async with on_behalf_of(request.app.state.pool, user) as asking:
        rows = await accounts_of(asking, SMARTMOVING.slug)
    found = []
    for row in rows:
        connection = await connection_of(row.conn_id)
        extra = connection.extra_dejson if connection else {}
        allowed = int(extra.get("monthly_calls", 0)) or None
        found.append(
            {
                "client_id": row.client_id,
                "client_name": row.client_name,
                "account": row.account,
                "instance": urlsplit(connection.host or "").hostname if connection else None,
                "tier": extra.get("tier") or TIERS.get(allowed or 0),
                "branches": row.locations,
                "calls_this_month": row.calls_this_month,
                "monthly_calls": allowed,
                "quota_used_percent": round(100 * row.calls_this_month / allowed, 1) if allowed else None,
            }
        )
    return tagged(request, json.dumps({"accounts": found}).encode())


async def _status(request: Request, user: Caller, airflow: AsCaller) -> Response:
    found = await status_of(request.app.state.pool, user, airflow, EVERYTHING, None)
    async with on_behalf_of(request.app.state.pool, user) as asking:
        states = await asking.rows("api/smartmoving_integration/states.sql", {})
    found["leads"] = [row._asdict() for row in states]
    return tagged(request, json.dumps(found).encode())
