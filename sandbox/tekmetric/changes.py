"""Commands that change the shops' world, or who may read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sandbox.clock import parse_moment
from sandbox.commands import Command, carry_out
from sandbox.seeds import mix
from sandbox.tekmetric.access import Access
from sandbox.tekmetric.model import Customer, Event, Job, Order, Shop, Vehicle
from sandbox.tekmetric.timeline import MOVES, State, append
from sandbox.tekmetric.world import World
from sandbox.vendor import Answer, Call, Route

# An order has to be answered before its work can be done.
_AFTER_THE_ANSWER = frozenset({"complete", "post", "bill"})
_VIEWS = ("public", "board", "estimate", "profit")


class Changes:
    """Carries the commands out; the same commands in the same order give the same world."""

    def __init__(self, world: World, access: Access) -> None:
        self._world = world
        self._access = access
        self.reset()
        self._verbs: dict[str, Callable[[Command], dict[str, Any]]] = {
            "fraction": self._fraction,
            "remove_part": self._remove_part,
            "insert": self._insert,
            "set": self._set,
            "rename_customer": self._rename,
            "delete_customer": self._delete_customer,
            "delete_vehicle": self._delete_vehicle,
            "hide_customer": self._hide_customer,
            "hide_vehicle": self._hide_vehicle,
            "revoke_token": self._revoke,
            "forbid_shop": self._forbid,
            "allow_shop": self._allow,
            "scope": self._scope,
            "shop_token": self._shop_token,
            "page_cap": self._set_page_cap,
            **dict.fromkeys(MOVES, self._move),
        }

    def reset(self) -> None:
        """Begin to count rounds again, and give pages of the size that was chosen."""
        self._round = 0
        self._page_cap = self._world.options.page_cap

    def capped(self, routes: Sequence[Route]) -> list[Route]:
        """Let routes give pages of `page_cap` at most; the vendor's own silent cap (section 1.4) holds besides."""

        def asked_less(answer: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
            def ask(call: Call) -> Answer:
                size = call.query.get("size", "")
                is_over = size.isdigit() and int(size) > self._page_cap
                return answer(call.asking(size=str(self._page_cap)) if is_over else call)

            return ask

        return [replace(route, answer=asked_less(route.answer)) for route in routes]

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Carry one command out; raises ValueError where it is none, or names nothing that exists."""
        return carry_out(self._verbs, command)

    def _fraction(self, command: Command) -> dict[str, Any]:
        """Work a little more on a share of the orders; the golden shop's only when it is named."""
        share = float(command["fraction"])
        self._round += 1
        shops = [self._shop(command["shop"])] if "shop" in command else self._world.drawn
        found = [order for shop in shops for order, state in self._world.orders(shop) if state.deleted is None]
        found.sort(key=lambda order: mix(self._world.options.seed, 241, self._round, order.id))
        chosen = found[: max(1, round(share * len(found))) if share > 0 else 0]
        for order in chosen:
            job = next((job for job in order.jobs if job.labor), order.jobs[0])
            if job.labor:
                job.labor[0].hours = round(job.labor[0].hours + 0.5, 1)
            order.keytag = f"R{self._round}"
            self._touch(order, "edit", job)
        return {"changed": [order.id for order in chosen], "of": len(found)}

    def _move(self, command: Command) -> dict[str, Any]:
        """Move an order to another status now; what its story held for later happens no more."""
        kind = next(kind for kind in MOVES if kind in command)
        order, state = self._find(command[kind])
        if kind in {"unpost", "pay"} and not state.is_revenue:
            raise ValueError(f"order {order.id} is not posted")
        if kind in _AFTER_THE_ANSWER and state.answered is None:
            self._touch(order, "answer", forget_later=True)
        posted = parse_moment(command["posted"]) if command.get("posted") else None
        self._touch(order, kind, forget_later=True, posted=posted)
        return {kind: order.id}

    def _remove_part(self, command: Command) -> dict[str, Any]:
        """Take a part out of an order: the one named, or the first of an approved job."""
        order, _ = self._find(command["remove_part"])
        wanted = command.get("part")
        for job in sorted(order.jobs, key=lambda job: job.answer is not True):
            for part in job.parts:
                if wanted in {None, part.id}:
                    job.parts.remove(part)
                    self._touch(order, "edit", job)
                    return {"order": order.id, "removed": part.id}
        raise ValueError(f"order {order.id} has no such part")

    def _insert(self, command: Command) -> dict[str, Any]:
        shop = self._shop(command["shop"])
        return {"inserted": [self._world.add(shop).id for _ in range(int(command["insert"]))]}

    def _set(self, command: Command) -> dict[str, Any]:
        """Put any value anywhere: this is how the arithmetic of section 1.10 is broken."""
        what = command["set"]
        path, value = what["field"], what["value"]
        if "customer" in what or "vehicle" in what:
            one = self._customer(what["customer"]) if "customer" in what else self._vehicle(what["vehicle"])
            one.overrides[path] = value
            one.updated = self._world.clock.now()
            return {"set": one.id}
        order, _ = self._find(what["order"])
        view = what.get("view", "public")
        if view not in _VIEWS:
            raise ValueError(f"no view {view!r}; there are {_VIEWS}")
        order.overrides.setdefault(view, {})[path] = value
        self._touch(order, "edit")
        return {"set": order.id}

    def _rename(self, command: Command) -> dict[str, Any]:
        one = self._customer(command["rename_customer"])
        one.first, one.last = command.get("first", one.first), command.get("last", one.last)
        one.updated = self._world.clock.now()
        return {"renamed": one.id}

    def _delete_customer(self, command: Command) -> dict[str, Any]:
        one = self._customer(command["delete_customer"])
        one.deleted = one.updated = self._world.clock.now()
        return {"deleted": one.id}

    def _delete_vehicle(self, command: Command) -> dict[str, Any]:
        one = self._vehicle(command["delete_vehicle"])
        one.deleted = one.updated = self._world.clock.now()
        return {"deleted": one.id}

    def _hide_customer(self, command: Command) -> dict[str, Any]:
        one = self._customer(command["hide_customer"])
        one.hidden = True
        return {"hidden": one.id}

    def _hide_vehicle(self, command: Command) -> dict[str, Any]:
        one = self._vehicle(command["hide_vehicle"])
        one.hidden = True
        return {"hidden": one.id}

    def _revoke(self, _command: Command) -> dict[str, Any]:
        self._access.revoke()
        return {"revoked": self._access.token}

    def _forbid(self, command: Command) -> dict[str, Any]:
        shop = self._shop(command["forbid_shop"])
        self._access.forbidden[shop.id] = command.get("shape", "api")
        return {"forbidden": shop.id}

    def _allow(self, command: Command) -> dict[str, Any]:
        shop = self._shop(command["allow_shop"])
        self._access.forbidden.pop(shop.id, None)
        return {"allowed": shop.id}

    def _scope(self, command: Command) -> dict[str, Any]:
        self._access.scope = [self._shop(number).id for number in command["scope"]]
        return {"scope": self._access.scope}

    def _shop_token(self, command: Command) -> dict[str, Any]:
        """Replace the shop API's token: the old one has run out."""
        self._access.shop_token = str(command["shop_token"])
        return {"shop_token": "replaced"}

    def _set_page_cap(self, command: Command) -> dict[str, Any]:
        self._page_cap = max(1, int(command["page_cap"]))
        return {"page_cap": self._page_cap}

    def _touch(
        self, order: Order, kind: str, job: Job | None = None, *, forget_later: bool = False, posted: Any = None
    ) -> None:
        now = self._world.clock.now()
        if job is not None:
            job.touched = now
        append(order, Event(now, kind, posted), forget_later=forget_later)

    def _shop(self, number: int) -> Shop:
        shop = self._world.shops.get(int(number))
        if shop is None:
            raise ValueError(f"no shop {number}; there are {sorted(self._world.shops)}")
        return shop

    def _find(self, number: int) -> tuple[Order, State]:
        found = self._world.find_order(int(number))
        if found is None:
            raise ValueError(f"no order {number}")
        return found

    def _customer(self, number: int) -> Customer:
        found = self._world.find_customer(int(number))
        if found is None:
            raise ValueError(f"no customer {number}")
        return found

    def _vehicle(self, number: int) -> Vehicle:
        found = self._world.find_vehicle(int(number))
        if found is None:
            raise ValueError(f"no vehicle {number}")
        return found
