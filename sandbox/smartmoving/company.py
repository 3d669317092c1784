"""SmartMoving as one vendor of the sandbox: both hosts, and what the control endpoint can do."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from sandbox.clock import Clock
from sandbox.options import PREMIUM, Options
from sandbox.smartmoving import paging, truth
from sandbox.smartmoving.api import Api
from sandbox.smartmoving.changes import FIRST_PREFIX, Changes
from sandbox.smartmoving.detail import Detail
from sandbox.smartmoving.lead_provider import LeadProvider
from sandbox.smartmoving.rows import Rows
from sandbox.smartmoving.sweep import Sweep
from sandbox.smartmoving.world import World
from sandbox.vendor import Answer, Call, Mount, Route, json_answer

# Calls a month (contract, section 1).
_QUOTA = {PREMIUM: 125_000, "basic": 20_000}


class SmartMoving:
    """The company's account at SmartMoving."""

    name = "smartmoving"
    shape = paging.SHAPE

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._tiers = dict(options.smartmoving_keys)
        self.world = World(options, clock)
        rows = Rows(self.world)
        self.sweep = Sweep(self.world, rows)
        self._changes = Changes(self.world)
        self._provider = LeadProvider(self.world, options.provider_key)
        api = Api(self.world, rows, Detail(self.world, rows), self.sweep)
        self.mounts = (
            Mount(
                prefix="/smartmoving/v1",
                routes=api.routes(),
                guard=self._guard,
                unknown=lambda _call: json_answer({"statusCode": 404, "message": "Resource not found"}, 404),
                caller=_key,
                quota=self._quota,
            ),
            Mount(
                prefix="/smartmoving-leads",
                routes=[Route("POST", "/api/leads/from-provider/v2", self._provider.post)],
                guard=lambda _call: None,
                # Open API paths on this host: 404 with an empty body (section 1).
                unknown=lambda _call: Answer(404, b"", "text/plain"),
                caller=lambda _call: None,
                quota=lambda _caller: 0,
            ),
        )

    def truth(self, first: date, last: date) -> dict[str, Any]:
        """Tell what a perfect client would know of a range of service dates."""
        return truth.tell(self.world, first, last)

    def change(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change the world by one command."""
        return self._changes.carry_out(command)

    def leads(self) -> list[dict[str, Any]]:
        """Tell the leads that were posted."""
        return self._provider.posted()

    def insert_first(self, call: Call) -> None:
        """Insert a customer that sorts before all others on the first day asked for."""
        day = paging.day(call.query, "FromServiceDate") or self.world.clock.today()
        self.world.add(day, f"{FIRST_PREFIX} Shifted Example", self.sweep.branch(call.query))

    def drop(self, call: Call, answer: Answer) -> None:
        """Remove the first customer of a page that was just served, so that later ones move up."""
        del call
        rows = msgspec.json.decode(answer.body).get("pageResults") or []
        customer = self.world.find_customer(rows[0]["id"]) if rows else None
        if customer is not None:
            customer.opportunities.clear()
            self.world.edit(customer)

    def reset(self) -> None:
        """Go back to the world as it was drawn."""
        self.world.reset()
        self._changes.reset()
        self._provider.reset()

    def _guard(self, call: Call) -> Answer | None:
        """Refuse an unknown key (401) and a basic key on a premium path (403), section 1."""
        tier = self._tiers.get(_key(call) or "")
        if tier is None:
            return json_answer({"statusCode": 401, "message": "Access denied due to invalid API key."}, 401)
        if "/api/premium/" in call.path and tier != PREMIUM:
            return json_answer({"statusCode": 403, "message": "This endpoint needs the premium tier."}, 403)
        return None

    def _quota(self, caller: str) -> int:
        if self._options.monthly_quota is not None:
            return self._options.monthly_quota
        return _QUOTA.get(self._tiers.get(caller, ""), 0)


def _key(call: Call) -> str | None:
    """Read the key: the header wins over the query (section 1)."""
    return call.headers.get("x-api-key") or call.query.get("api-key")
