"""Arrivy as one vendor of the sandbox: the API of one account, and what the control endpoint can do."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from sandbox.arrivy import paging, truth
from sandbox.arrivy.access import Access
from sandbox.arrivy.api import Api
from sandbox.arrivy.changes import Changes
from sandbox.arrivy.paging import Pages, problem
from sandbox.arrivy.world import World
from sandbox.clock import Clock
from sandbox.options import Options
from sandbox.vendor import Answer, Call, Mount

_TASKS, _ENTITIES, _CUSTOMERS = "/tasks", "/entities", "/customers"


class Arrivy:
    """The company's account at Arrivy."""

    name = "arrivy"
    shape = paging.SHAPE

    def __init__(self, options: Options, clock: Clock) -> None:
        self._world = World(options, clock)
        self._access = Access(options)
        self._pages = Pages(options.arrivy_page_cap, is_short=options.arrivy_short_pages)
        self._api = Api(self._world, self._access, self._pages)
        self._changes = Changes(self._world, self._access, self._pages, self._api)
        self.mounts = (
            Mount(
                prefix="/arrivy/api",
                routes=self._api.routes(),
                guard=self._access.guard,
                unknown=lambda _call: problem(404, "NOT_FOUND", "There is no such address."),
                # The limit of a minute and its answer are this vendor's own: `access` keeps them.
                caller=lambda _call: None,
                quota=lambda _caller: 0,
            ),
        )

    def truth(self, first: date, last: date) -> dict[str, Any]:
        """Tell what a perfect client would know; the days choose scheduled tasks and readings."""
        return truth.tell(self._world, self._api, first, last)

    def change(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change the account by one command."""
        return self._changes.carry_out(command)

    def leads(self) -> list[dict[str, Any]]:
        """Tell no leads: this vendor takes none."""
        return []

    def insert_first(self, call: Call) -> None:
        """Insert a task, a crew member or a customer that comes before all that a list call sees."""
        if call.path.endswith(_TASKS):
            self._insert_task(call)
        elif call.path.endswith(_ENTITIES):
            self._world.add_entity()
        elif call.path.endswith(_CUSTOMERS):
            self._world.add_customer()

    def drop(self, call: Call, answer: Answer) -> None:
        """Remove the first row of a page that was just served, so that later ones move up."""
        told = msgspec.json.decode(answer.body)
        if not isinstance(told, list) or not told:
            return
        number = told[0]["id"]
        if call.path.endswith(_TASKS):
            self._changes.carry_out({"delete": number})
        elif call.path.endswith(_ENTITIES):
            self._changes.carry_out({"delete_entity": number})
        elif call.path.endswith(_CUSTOMERS):
            self._world.customers.pop(number)

    def reset(self) -> None:
        """Go back to the account as it was drawn."""
        self._world.reset()
        self._access.reset()
        self._pages.reset()
        self._api.said_of_groups.clear()
        self._changes.reset()

    def _insert_task(self, call: Call) -> None:
        """Insert a task into the window that is asked for; an undated list gets none."""
        if paging.flag(call, "unscheduled"):
            self._world.add(None)
        elif not paging.flag(call, "tasks_with_no_datetime"):
            seen = self._api.find_tasks(call)
            self._world.add(seen[0][1].start if seen else self._world.now())
