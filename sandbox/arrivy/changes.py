"""Commands that change the account, or how it is served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sandbox.arrivy import catalogue
from sandbox.arrivy.access import Access
from sandbox.arrivy.api import Api
from sandbox.arrivy.model import Customer, Entity, Event, Task
from sandbox.arrivy.paging import MANNERS, Pages
from sandbox.arrivy.timeline import append
from sandbox.arrivy.world import Known, World
from sandbox.clock import parse_moment
from sandbox.commands import Command, carry_out
from sandbox.seeds import mix


class Changes:
    """Carries the commands out; the same commands in the same order give the same world."""

    def __init__(self, world: World, access: Access, pages: Pages, api: Api) -> None:
        self._world = world
        self._access = access
        self._pages = pages
        self._api = api
        self._round = 0
        self._verbs: dict[str, Callable[[Command], dict[str, Any]]] = {
            "fraction": self._fraction,
            "delete_fraction": self._delete_fraction,
            "delete": lambda command: self._happen(command, "delete"),
            "restore": self._restore,
            "hide": lambda command: self._hide(command, "hide", hidden=True),
            "show": lambda command: self._hide(command, "show", hidden=False),
            "reschedule": lambda command: self._happen(command, "reschedule", _start(command)),
            "schedule": lambda command: self._happen(command, "schedule", _start(command)),
            "unschedule": lambda command: self._happen(command, "unschedule"),
            "reassign": self._reassign,
            "status": self._status,
            "insert": self._insert,
            "rename_entity": self._rename_entity,
            "delete_entity": self._delete_entity,
            "insert_entity": self._insert_entity,
            "set": self._set,
            "page_cap": self._page_cap,
            "pages": self._manner,
            "token": self._token,
        }

    def reset(self) -> None:
        """Begin to count rounds again."""
        self._round = 0

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Carry one command out; raises ValueError where it is none, or names nothing that exists."""
        return carry_out(self._verbs, command)

    def _fraction(self, command: Command) -> dict[str, Any]:
        """Change the text of a share of the tasks; of those that start on some days, where days are given."""
        chosen, count = self._share(command, float(command["fraction"]))
        for task, _ in chosen:
            self._record(task, "edit", forget_later=False)
        return {"changed": [task.id for task, _ in chosen], "of": count}

    def _delete_fraction(self, command: Command) -> dict[str, Any]:
        """Delete a share of the tasks."""
        chosen, count = self._share(command, float(command["delete_fraction"]))
        for task, _ in chosen:
            self._record(task, "delete", forget_later=False)
        return {"deleted": [task.id for task, _ in chosen], "of": count}

    def _share(self, command: Command, share: float) -> tuple[Sequence[Known], int]:
        first = date.fromisoformat(command.get("from", "0001-01-01"))
        last = date.fromisoformat(command.get("to", "9999-12-31"))
        self._round += 1
        found = [
            (task, state)
            for task, state in self._world.lists().scheduled
            if state.start and first <= state.start.date() <= last
        ]
        found.sort(key=lambda pair: mix(self._world.options.seed, 371, self._round, pair[0].id))
        return found[: max(1, round(share * len(found))) if share > 0 else 0], len(found)

    def _happen(self, command: Command, kind: str, value: Any = None) -> dict[str, Any]:
        """Let something happen to one task now; what its story held for later happens no more."""
        task = self._find(command[kind])
        self._record(task, kind, value)
        return {kind: task.id}

    def _restore(self, command: Command) -> dict[str, Any]:
        """Bring a deleted task back, or `all` of them."""
        wanted = command["restore"]
        gone = (
            [task for task, state in self._world.known() if state.deleted]
            if wanted == "all"
            else [self._world.task(int(wanted))]
        )
        for task in gone:
            self._record(task, "restore")
        return {"restored": [task.id for task in gone]}

    def _hide(self, command: Command, verb: str, *, hidden: bool) -> dict[str, Any]:
        """Leave a task out of the lists, or bring it back; asked for alone it is there all the time."""
        task = self._find(command[verb])
        task.is_hidden = hidden
        self._world.touched(task)
        return {verb: task.id}

    def _reassign(self, command: Command) -> dict[str, Any]:
        """Give a task to other crew members, or to the next one."""
        task = self._find(command["reassign"])
        known = list(self._world.entities)
        crew = [self._entity(number).id for number in command.get("to", [])] or [known[task.seed % len(known)]]
        self._record(task, "assign", crew, forget_later=False)
        return {"reassigned": task.id, "to": crew}

    def _status(self, command: Command) -> dict[str, Any]:
        """Report a status now; `time` says that it was true at another moment."""
        task, type_ = self._find(command["status"]), str(command["type"])
        if type_ not in catalogue.TYPES:
            raise ValueError(f"no status {type_!r}; there are {sorted(catalogue.TYPES)}")
        time = _moment(command["time"]) if "time" in command else None
        self._add(task, Event(self._now(), "status", type_, command.get("title"), time))
        return {"status": task.id}

    def _insert(self, command: Command) -> dict[str, Any]:
        start = _moment(command["start"]) if command.get("start") else None
        return {"inserted": [self._world.add(start).id for _ in range(int(command["insert"]))]}

    def _rename_entity(self, command: Command) -> dict[str, Any]:
        entity = self._entity(command["rename_entity"])
        entity.name, entity.updated = command["name"], self._now()
        return {"renamed": entity.id}

    def _delete_entity(self, command: Command) -> dict[str, Any]:
        entity = self._entity(command["delete_entity"])
        del self._world.entities[entity.id]
        return {"deleted": entity.id}

    def _insert_entity(self, command: Command) -> dict[str, Any]:
        return {"inserted": [self._world.add_entity().id for _ in range(int(command["insert_entity"]))]}

    def _set(self, command: Command) -> dict[str, Any]:
        """Put any value anywhere: `{"set": {"task": id, "field": path, "value": anything}}`."""
        what = command["set"]
        path, value = what["field"], what["value"]
        if "task" in what:
            task = self._find(what["task"])
            task.overrides[path] = value
            self._record(task, "edit", forget_later=False)
            return {"set": task.id}
        if "group" in what:
            place = {group.id: group for group in self._world.groups}[int(what["group"])]
            self._api.said_of_groups.setdefault(place.id, {})[path] = value
            return {"set": place.id}
        one = self._entity(what["entity"]) if "entity" in what else self._customer(what["customer"])
        one.overrides[path] = value
        one.updated = self._now()
        return {"set": one.id}

    def _page_cap(self, command: Command) -> dict[str, Any]:
        self._pages.cap = max(1, int(command["page_cap"]))
        return {"page_cap": self._pages.cap}

    def _manner(self, command: Command) -> dict[str, Any]:
        """Give the same page for ever (`repeat`), or rows past the end (`clamp`); `plain` undoes both."""
        if command["pages"] not in MANNERS:
            raise ValueError(f"pages are one of {MANNERS}, not {command['pages']!r}")
        self._pages.manner = command["pages"]
        return {"pages": self._pages.manner}

    def _token(self, command: Command) -> dict[str, Any]:
        """Replace the token: the old one was revoked."""
        self._access.token = str(command["token"])
        return {"token": "replaced"}

    def _record(self, task: Task, kind: str, value: Any = None, *, forget_later: bool = True) -> None:
        self._add(task, Event(self._now(), kind, value), forget_later=forget_later)

    def _add(self, task: Task, event: Event, *, forget_later: bool = True) -> None:
        append(task, event, forget_later=forget_later)
        self._world.touched(task)

    def _now(self) -> datetime:
        return self._world.now()

    def _find(self, number: int | str) -> Task:
        found = self._world.find_task(int(number))
        if found is None:
            raise ValueError(f"no task {number}")
        return found[0]

    def _entity(self, number: int | str) -> Entity:
        found = self._world.entities.get(int(number))
        if found is None:
            raise ValueError(f"no entity {number}")
        return found

    def _customer(self, number: int | str) -> Customer:
        found = self._world.customers.get(int(number))
        if found is None:
            raise ValueError(f"no customer {number}")
        return found


def _start(command: Command) -> datetime:
    return _moment(command["to"])


def _moment(text: str) -> datetime:
    return parse_moment(text).replace(microsecond=0)
