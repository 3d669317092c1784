"""Tekmetric as one vendor of the sandbox: both APIs, and what the control endpoint can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec

from sandbox.clock import Clock
from sandbox.options import Options
from sandbox.tekmetric import paging, truth
from sandbox.tekmetric.access import Access
from sandbox.tekmetric.changes import Changes
from sandbox.tekmetric.model import Shop
from sandbox.tekmetric.order_rows import Orders
from sandbox.tekmetric.public_api import PublicApi
from sandbox.tekmetric.shop_api import ShopApi
from sandbox.tekmetric.world import World
from sandbox.vendor import TEXT, Answer, Call, Mount, Route


class Tekmetric:
    """A chain of shops at Tekmetric."""

    name = "tekmetric"
    shape = paging.SHAPE

    def __init__(self, options: Options, clock: Clock) -> None:
        self.world = World(options, clock)
        self._access = Access(options, clock, self.world.shops)
        self._orders = Orders()
        self._changes = Changes(self.world, self._access)
        self._shop_api = ShopApi(self.world, self._access)
        public = PublicApi(self.world, self._access, self._orders)
        self.mounts = (
            _mount("/tekmetric/public", self._changes.capped(public.routes()), self._access.guard_public),
            _mount("/tekmetric/shop", self._shop_api.routes(), self._access.guard_shop),
        )

    def truth(self, first: date, last: date) -> dict[str, Any]:
        """Tell what a perfect client would know; the days choose orders by the day of their last change."""
        return truth.tell(self.world, self._shop_api.estimates, first, last)

    def change(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change the world by one command."""
        return self._changes.carry_out(command)

    def leads(self) -> list[dict[str, Any]]:
        """Tell no leads: this vendor takes none."""
        return []

    def insert_first(self, call: Call) -> None:
        """Insert a customer or an order that sorts before all that a list call sees."""
        shop = self._drawn_shop(call)
        if shop is None:
            return
        if call.path.endswith(("/customers", "/customer")):
            self.world.add_customer(shop)
        else:
            self.world.add(shop)

    def drop(self, call: Call, answer: Answer) -> None:
        """Delete the first row of a page that was just served, so that later ones move up."""
        told = msgspec.json.decode(answer.body)
        rows = told.get("content") if isinstance(told, dict) else told
        if rows:
            verb = "delete_customer" if call.path.endswith(("/customers", "/customer")) else "delete"
            self._changes.carry_out({verb: rows[0]["id"]})

    def reset(self) -> None:
        """Go back to the world as it was drawn."""
        self.world.reset()
        self._orders.reset()
        self._access.reset()
        self._changes.reset()

    def _drawn_shop(self, call: Call) -> Shop | None:
        """Find the shop that a call asks for, or the first one; the golden shop stands still."""
        asked = call.args.get("shopId") or call.query.get("shop") or ""
        return next((shop for shop in self.world.drawn if asked in {"", str(shop.id)}), None)


def _mount(prefix: str, routes: Sequence[Route], guard: Callable[[Call], Answer | None]) -> Mount:
    def guarded(call: Call) -> Answer | None:
        try:
            return guard(call)
        except paging.BadQueryError as error:
            return paging.problem(400, str(error))

    return Mount(
        prefix=prefix,
        routes=routes,
        guard=guarded,
        unknown=lambda _call: Answer(404, b"", TEXT),
        # The limit of a minute and its empty 429 are this vendor's own: `access` keeps them.
        caller=lambda _call: None,
        quota=lambda _caller: 0,
    )
