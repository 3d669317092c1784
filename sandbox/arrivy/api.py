"""The endpoints that are read (Arrivy contract, section 3); nothing is written, and there are no webhooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sandbox.arrivy import ids, paging, rows, task_rows
from sandbox.arrivy.access import Access
from sandbox.arrivy.model import Customer, Task
from sandbox.arrivy.paging import ROWS_PER_PAGE, TASKS_PER_PAGE, Pages, flag, moment, number, problem, text
from sandbox.arrivy.timeline import State
from sandbox.arrivy.world import Known, World, booking_id
from sandbox.vendor import Answer, Call, Route, json_answer

Row = dict[str, Any]


class Api:
    """Answers the GET endpoints.

    Attributes:
        said_of_groups: What was said by hand, by branch and path.
    """

    def __init__(self, world: World, access: Access, pages: Pages) -> None:
        self._world = world
        self._access = access
        self._pages = pages
        self.said_of_groups: dict[int, Row] = {}
        self._texts: dict[int, tuple[State, Customer | None, msgspec.Raw]] = {}

    def routes(self) -> list[Route]:
        """List the endpoints."""
        table: dict[str, Callable[[Call], Answer]] = {
            "users/profile": self._profile,
            "tasks": self._tasks,
            "tasks/{id}": self._task,
            "tasks/{id}/status": self._history,
            "tasks/{id}/status/{status_id}": self._entry,
            "entities": self._entities,
            "entities/{id}": lambda call: self._one(call, self._world.entities, rows.entity),
            "entities/{id}/readings": self._readings,
            "groups": lambda call: self._page(call, self.groups()),
            "groups/{id}": self._group,
            "customers": self._customers,
            "customers/{id}": lambda call: self._one(call, self._world.customers, rows.customer),
            "crews": lambda call: self._page(call, [rows.crew(self._world, one) for one in self._world.crews]),
            "bookings": self._bookings,
            # All of them in one answer, whatever page is asked for (section 3.2).
            "statuses": lambda _call: json_answer(
                [rows.definition(self._world, one) for one in self._world.definitions]
            ),
        }
        return [Route("GET", f"/{path}", _bound(answer)) for path, answer in table.items()]

    def groups(self) -> list[Row]:
        """Write the branches."""
        return [rows.group(self._world, one, self.said_of_groups.get(one.id, {})) for one in self._world.groups]

    def find_tasks(self, call: Call) -> list[Known]:
        """List the tasks that a call's filters leave, in its order.

        Scheduled, unscheduled and undated tasks are never mixed (section 3.1); `from` and `to` are about the start,
        both ends included, and about scheduled tasks alone.
        """
        lists = self._world.lists()
        if flag(call, "unscheduled"):
            found = lists.unscheduled
        elif flag(call, "tasks_with_no_datetime"):
            found = lists.undated
        else:
            first = moment(call, "from", must_have_offset=True)
            last = moment(call, "to", must_have_offset=True)
            found = lists.scheduled
            if first or last:
                found = [
                    (task, state)
                    for task, state in found
                    if state.start and (not first or state.start >= first) and (not last or state.start <= last)
                ]
        customer, entity, external = number(call, "customer_id"), number(call, "entity_id"), text(call, "external_id")
        if customer or entity or external:
            found = [
                (task, state)
                for task, state in found
                if customer in {None, task.customer}
                and (entity is None or entity in state.crew)
                and external in {None, task_rows.external_id(task)}
            ]
        if text(call, "order_by") == "CREATED":
            found = sorted(found, key=lambda pair: (not pair[0].is_first, pair[1].created, pair[0].id))
        cap = self._world.options.arrivy_window_cap
        return found[:cap] if cap else found

    def _tasks(self, call: Call) -> Answer:
        return self._pages.answer(call, self.find_tasks(call), self._written, TASKS_PER_PAGE)

    def _written(self, known: Known) -> msgspec.Raw:
        """Write a task of a list; while nothing happens to it, it is written once."""
        task, state = known
        customer = self._world.customers.get(task.customer)
        kept = self._texts.get(task.id)
        if kept is None or kept[0] is not state or kept[1] is not customer:
            text_ = msgspec.Raw(msgspec.json.encode(task_rows.task(self._world, task, state)))
            kept = self._texts[task.id] = (state, customer, text_)
        return kept[2]

    def _task(self, call: Call) -> Answer:
        found = self._find(call)
        return json_answer(task_rows.task(self._world, *found, is_detail=True)) if found else _not_found("Task")

    def _history(self, call: Call) -> Answer:
        """Answer the status history, in the order in which it was reported."""
        found = self._find(call)
        if found is None:
            return _not_found("Task")
        return self._page(call, self._entries(*found))

    def _entry(self, call: Call) -> Answer:
        found = self._find(call)
        wanted = call.args["status_id"]
        for row in self._entries(*found) if found else ():
            if str(row["id"]) == wanted:
                return json_answer(row)
        return _not_found("Status")

    def _entries(self, task: Task, state: State) -> list[Row]:
        return [task_rows.entry(self._world, task, state, told) for told in state.entries]

    def _entities(self, call: Call) -> Answer:
        """Answer the crew members; `from`, `to` and `updated_after` are no parameters of theirs (section 2)."""
        external, email = text(call, "external_id"), text(call, "email")
        found = [
            row
            for row in (rows.entity(self._world, one) for one in self._world.entities.values())
            if external in {None, row.get("external_id")} and email in {None, row.get("email")}
        ]
        return self._page(call, found)

    def _readings(self, call: Call) -> Answer:
        """Answer where a crew member was, oldest first; `time` asks for what came after it."""
        entity = self._world.entities.get(_id(call))
        if entity is None:
            return _not_found("Entity")
        track = self._world.track(entity)
        # A plus that became a space cannot be read; a naive time is UTC, as the readings' own are.
        since = moment(call, "time", must_have_offset=False)
        first = track.until(since) if since else 0
        count = max(0, track.until(self._world.clock.now()) - first)
        some = self._pages.cut(call, count, ROWS_PER_PAGE)
        return json_answer([track.row(first + place) for place in some])

    def _group(self, call: Call) -> Answer:
        wanted = _id(call)
        found = next((row for row in self.groups() if row["id"] == wanted), None)
        return json_answer(found) if found else _not_found("Group")

    def _customers(self, call: Call) -> Answer:
        external = text(call, "external_id")
        found = list(self._world.customers.values())
        if external is None:
            return self._pages.answer(call, found, lambda one: rows.customer(self._world, one), ROWS_PER_PAGE)
        written = [rows.customer(self._world, one) for one in found]
        return self._page(call, [row for row in written if row.get("external_id") == external])

    def _bookings(self, call: Call) -> Answer:
        world = self._world
        found = [pair for pair in world.lists().scheduled if booking_id(world, pair[0])]
        return self._pages.answer(call, found, lambda pair: task_rows.booking(world, *pair), ROWS_PER_PAGE)

    def _profile(self, _call: Call) -> Answer:
        """Answer the call that tests a key (section 1)."""
        account = self._world.numbers.of(ids.ACCOUNT, 0)
        return json_answer({"id": account, "owner": account, "company_name": "Example Home Services", "email": None})

    def _page(self, call: Call, found: list[Row]) -> Answer:
        return self._pages.answer(call, found, lambda row: row, ROWS_PER_PAGE)

    def _one(self, call: Call, known: Mapping[int, Any], write: Callable[[World, Any], Row]) -> Answer:
        found = known.get(_id(call))
        return json_answer(write(self._world, found)) if found else _not_found("Record")

    def _find(self, call: Call) -> Known | None:
        return self._world.find_task(_id(call))


def _id(call: Call) -> int:
    """Read the id in the path; what is no number finds nothing."""
    told = call.args["id"]
    return int(told) if told.isdecimal() else 0


def _not_found(what: str) -> Answer:
    return problem(404, "NOT_FOUND", f"{what} not found.")


def _bound(answer: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """Turn a query value that cannot be read into a 400 (section 7)."""

    def guarded(call: Call) -> Answer:
        try:
            return answer(call)
        except paging.BadQueryError as error:
            return problem(400, "MISSING_VALUE", str(error))

    return guarded
