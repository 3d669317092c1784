"""Commands that change the world: a status, a date, a deletion, a new row, arbitrary dirt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sandbox.commands import Command, carry_out
from sandbox.seeds import mix, text_number
from sandbox.smartmoving import money
from sandbox.smartmoving.model import Customer, Opportunity, Status
from sandbox.smartmoving.world import World

_NEXT_STATUS = {
    Status.OPPORTUNITY: Status.BOOKED,
    Status.BOOKED: Status.CANCELLED,
    Status.COMPLETED: Status.CLOSED,
    Status.CLOSED: Status.COMPLETED,
    Status.CANCELLED: Status.BOOKED,
    Status.LOST: Status.OPPORTUNITY,
}
_VIEWS = ("detail", "sweep", "jobs", "lead", "payments")
# Sorts before every other name.
FIRST_PREFIX = "!!AA"


class Changes:
    """Carries the commands out; the same commands in the same order give the same world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._round = 0
        self._verbs: dict[str, Callable[[Command], dict[str, Any]]] = {
            "fraction": self._fraction,
            "reschedule": self._reschedule,
            "cancel": self._cancel,
            "delete": self._delete,
            "insert": self._insert,
            "rename_customer": self._rename,
            "set": self._set,
            "page_cap": self._page_cap,
        }

    def reset(self) -> None:
        """Begin to count rounds again."""
        self._round = 0

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Carry one command out; raises ValueError where it is none, or names nothing that exists."""
        return carry_out(self._verbs, command)

    def _fraction(self, command: Command) -> dict[str, Any]:
        share = float(command["fraction"])
        first, last = date.fromisoformat(command["from"]), date.fromisoformat(command["to"])
        self._round += 1
        seed = self._world.options.seed
        found = [
            (customer, opportunity)
            for customer in self._world.matching(first, last)
            for opportunity in customer.opportunities
        ]
        found.sort(key=lambda pair: mix(seed, 81, self._round, text_number(pair[1].id)))
        chosen = found[: max(1, round(share * len(found))) if share > 0 else 0]
        for customer, opportunity in chosen:
            status = self._world.status(opportunity)
            opportunity.status = _NEXT_STATUS.get(status, Status.OPPORTUNITY)
            detail = opportunity.overrides.setdefault("detail", {})
            before = detail.get("estimatedTotal.finalTotal", money.totals(opportunity)["finalTotal"])
            detail["estimatedTotal.finalTotal"] = round(before + 25.5, 2)
            self._world.edit(customer)
        return {"changed": [opportunity.id for _, opportunity in chosen], "of": len(found)}

    def _reschedule(self, command: Command) -> dict[str, Any]:
        customer, opportunity = self._find(command["reschedule"])
        to = date.fromisoformat(command["to"])
        if opportunity.jobs:
            shift = to - opportunity.jobs[0].day
            for job in opportunity.jobs:
                job.day += shift
        opportunity.service_date = to
        self._world.edit(customer)
        return {"rescheduled": opportunity.id, "jobs": [job.id for job in opportunity.jobs]}

    def _cancel(self, command: Command) -> dict[str, Any]:
        customer, opportunity = self._find(command["cancel"])
        opportunity.status = Status.CANCELLED
        self._world.edit(customer)
        return {"cancelled": opportunity.id}

    def _delete(self, command: Command) -> dict[str, Any]:
        customer, opportunity = self._find(command["delete"])
        customer.opportunities.remove(opportunity)
        self._world.edit(customer)
        return {"deleted": opportunity.id}

    def _insert(self, command: Command) -> dict[str, Any]:
        day = date.fromisoformat(command["date"])
        prefix = command.get("name_prefix", FIRST_PREFIX)
        branch = self._world.branch_place(command["branch"]) if "branch" in command else None
        added = [
            self._world.add(day, f"{prefix} Inserted Example {place:03d}", branch)
            for place in range(int(command["insert"]))
        ]
        return {
            "inserted": [customer.id for customer in added],
            "opportunities": [found.id for customer in added for found in customer.opportunities],
        }

    def _rename(self, command: Command) -> dict[str, Any]:
        customer = self._find_customer(command["rename_customer"])
        customer.name = command["name"]
        self._world.edit(customer)
        return {"renamed": customer.id}

    def _set(self, command: Command) -> dict[str, Any]:
        what = command["set"]
        path, value = what["field"], what["value"]
        if "customer" in what:
            customer = self._find_customer(what["customer"])
            customer.overrides[path] = value
            self._world.edit(customer)
            return {"set": customer.id}
        customer, opportunity = self._find(what["opportunity"])
        view = what.get("view", "detail")
        if view not in _VIEWS:
            raise ValueError(f"no view {view!r}; there are {_VIEWS}")
        if path == "status" and "view" not in what and isinstance(value, int):
            opportunity.status = value
        else:
            opportunity.overrides.setdefault(view, {})[path] = value
        self._world.edit(customer)
        return {"set": opportunity.id}

    def _page_cap(self, command: Command) -> dict[str, Any]:
        self._world.page_cap = max(1, int(command["page_cap"]))
        return {"page_cap": self._world.page_cap}

    def _find(self, guid: str) -> tuple[Customer, Opportunity]:
        found = self._world.find_opportunity(guid)
        if found is None:
            raise ValueError(f"no opportunity {guid}")
        return found

    def _find_customer(self, guid: str) -> Customer:
        found = self._world.find_customer(guid)
        if found is None:
            raise ValueError(f"no customer {guid}")
        return found
