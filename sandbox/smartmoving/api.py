"""The Open API's endpoints apart from the customers sweep (contract, sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from sandbox.smartmoving import paging
from sandbox.smartmoving.detail import Detail
from sandbox.smartmoving.model import Customer, Opportunity, Status
from sandbox.smartmoving.rows import Row, Rows
from sandbox.smartmoving.sweep import Sweep
from sandbox.smartmoving.world import World
from sandbox.vendor import TEXT, Answer, Call, Route, json_answer

_OPPORTUNITY_GONE = {"message": "The specified opportunity was not found"}
_CUSTOMER_GONE = {"message": "Customer doesn't exist"}
_BUILD = b"Build Number: 20260707.30"
_LEADS_REACH_DAYS = 30
_SHORTEST_SEARCH = 3
_SEARCH_DAYS = 7
_encode = msgspec.json.Encoder().encode


class Api:
    """Answers the GET endpoints."""

    def __init__(self, world: World, rows: Rows, detail: Detail, sweep: Sweep) -> None:
        self._world = world
        self._rows = rows
        self._detail = detail
        self._sweep = sweep

    def routes(self) -> list[Route]:
        """List the endpoints."""
        lists = (
            "branches",
            "users",
            "service-types",
            "move-sizes",
            "bad-lead-reasons",
            "cancellation-reasons",
            "lost-reasons",
            "arrival-windows",
        )
        table: dict[str, Callable[[Call], Answer]] = {
            **{f"/api/{name}": self._listing(name) for name in lists},
            "/api/ping": lambda _call: Answer(200, _BUILD, TEXT),
            "/api/customers": self._sweep.customers,
            "/api/customers/{customerId}": self._customer,
            "/api/customers/{customerId}/opportunities": self._customer_opportunities,
            "/api/customers/{customerId}/storage-accounts": lambda call: self._page([], call),
            "/api/leads": self._leads,
            "/api/leads/statuses": lambda _call: json_answer(self._world.catalogue.lead_statuses),
            "/api/leads/{leadId}": self._lead,
            "/api/opportunities/quote/{quoteNumber}": self._quote,
            "/api/opportunities/{opportunityId}": self._opportunity,
            "/api/opportunities/{opportunityId}/jobs": self._bare(self._rows.jobs),
            "/api/opportunities/{opportunityId}/audit-activity": self._bare(self._rows.audit),
            "/api/payments/opportunities/{opportunityId}": self._bare(self._rows.payments),
            "/api/referral-sources": self._referral_sources,
            "/api/tariffs": self._tariffs,
            "/api/crew-members": self._crew,
            "/api/affiliates": lambda call: self._page([], call),
            "/api/premium/room-types": self._listing("room-types"),
            "/api/premium/tariffs/{tariffId}/materials": lambda call: self._page(
                self._world.catalogue.materials(), call
            ),
            "/api/premium/customers/search": self._search,
            "/api/premium/opportunities/{opportunityId}/jobs/{jobId}": self._premium_job,
        }
        return [Route("GET", template, _bound(answer)) for template, answer in table.items()]

    def _page(self, rows: list[Row], call: Call) -> Answer:
        written = [_encode(self._rows.finish(row, str(row.get("id", place)))) for place, row in enumerate(rows)]
        return paging.page(written, call.query, self._world.page_cap)

    def _listing(self, name: str) -> Callable[[Call], Answer]:
        return lambda call: self._page(self._world.catalogue.lists[name], call)

    def _bare(self, write: Callable[[Opportunity], list[Row]]) -> Callable[[Call], Answer]:
        """Answer a bare array, without the envelope (section 2)."""

        def answer(call: Call) -> Answer:
            found = self._world.find_opportunity(call.args["opportunityId"])
            if found is None:
                return json_answer(_OPPORTUNITY_GONE, 400)
            return json_answer(self._rows.finish(write(found[1]), found[1].id))

        return answer

    def _customer(self, call: Call) -> Answer:
        customer = self._world.find_customer(call.args["customerId"])
        if customer is None:
            return json_answer(_CUSTOMER_GONE, 400)
        row = self._rows.customer(customer, opportunities=None)
        return json_answer(self._rows.finish(row, customer.id))

    def _customer_opportunities(self, call: Call) -> Answer:
        customer = self._world.find_customer(call.args["customerId"])
        if customer is None:
            return json_answer(_CUSTOMER_GONE, 400)
        return self._page([self._rows.opportunity_of_customer(o) for o in customer.opportunities], call)

    def _leads(self, call: Call) -> Answer:
        """List leads by the day they were created; only New and InProgress unless asked (section 3)."""
        query = call.query
        last = paging.day(query, "To") or self._world.clock.now().date()
        first = paging.day(query, "From") or last - timedelta(days=_LEADS_REACH_DAYS)
        wanted = [Status.NEW_LEAD, Status.LEAD_IN_PROGRESS]
        if paging.flag(query, "IncludeBad"):
            wanted.append(Status.BAD_LEAD)
        if paging.flag(query, "IncludeLost"):
            wanted.append(Status.LOST)
        return self._page([self._rows.lead(*pair) for pair in self._world.leads(first, last, wanted)], call)

    def _lead(self, call: Call) -> Answer:
        found = self._world.find_opportunity(call.args["leadId"])
        if found is None:
            return json_answer({"message": "The specified lead was not found"}, 400)
        return json_answer(self._rows.finish(self._rows.lead(*found), found[1].id))

    def _opportunity(self, call: Call) -> Answer:
        return self._full(self._world.find_opportunity(call.args["opportunityId"]), call.query)

    def _quote(self, call: Call) -> Answer:
        try:
            quote = paging.whole({"quotenumber": call.args["quoteNumber"]}, "quoteNumber", 0)
        except paging.BadQueryError as error:
            return paging.refused(error)
        return self._full(self._world.find_quote(quote), call.query)

    def _full(self, found: tuple[Customer, Opportunity] | None, query: Mapping[str, str]) -> Answer:
        if found is None:
            return json_answer(_OPPORTUNITY_GONE, 400)
        asked = {name for name in query if name.startswith("include") and paging.flag(query, name)}
        return json_answer(self._rows.finish(self._detail.opportunity(*found, asked), found[1].id))

    def _premium_job(self, call: Call) -> Answer:
        found = self._world.find_opportunity(call.args["opportunityId"])
        if found is None:
            return json_answer(_OPPORTUNITY_GONE, 400)
        job = next((job for job in found[1].jobs if job.id == call.args["jobId"].lower()), None)
        if job is None:
            return json_answer({"message": "The specified job was not found"}, 400)
        asked = {name for name in call.query if paging.flag(call.query, name)}
        row = self._detail.premium_job(found[1], job, asked)
        return json_answer(self._rows.finish(row, job.id))

    def _search(self, call: Call) -> Answer:
        """Search customers of the days around today by name, mail or telephone (section 4)."""
        text = call.query.get("searchquery", "").casefold()
        if len(text) < _SHORTEST_SEARCH:
            return json_answer({"message": "The search must have at least 3 characters."}, 400)
        today, reach = self._world.clock.today(), timedelta(days=_SEARCH_DAYS)
        found = self._world.matching(today - reach, today + reach)
        return json_answer(
            [
                self._rows.customer(customer, opportunities=None)
                for customer in found
                if any(text in (field or "").casefold() for field in (customer.name, customer.email, customer.phone))
            ]
        )

    def _referral_sources(self, call: Call) -> Answer:
        private = paging.flag(call.query, "includePrivate")
        providers = paging.flag(call.query, "includeLeadProviders")
        rows = [
            row
            for row in self._world.catalogue.lists["referral-sources"]
            if (private or row["isPublic"]) and (providers or not row["isLeadProvider"])
        ]
        return self._page(rows, call)

    def _tariffs(self, call: Call) -> Answer:
        disabled = paging.flag(call.query, "IncludeDisabled")
        return self._page([r for r in self._world.catalogue.tariffs if disabled or r["isEnabled"]], call)

    def _crew(self, call: Call) -> Answer:
        status, branch = call.query.get("status", "").lower(), call.query.get("branchid", "").lower()

        def wanted(row: dict[str, Any]) -> bool:
            return (not status or row["status"].lower() == status) and (not branch or row["branch"]["id"] == branch)

        return self._page([row for row in self._world.catalogue.crew if wanted(row)], call)


def _bound(answer: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """Turn a query value that cannot be bound into a 400 (section 8)."""

    def bound(call: Call) -> Answer:
        try:
            return answer(call)
        except paging.BadQueryError as error:
            return paging.refused(error)

    return bound
