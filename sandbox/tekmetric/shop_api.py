"""The shop API's endpoints: what the vendor's own web application calls (Tekmetric contract, section 2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from sandbox.tekmetric import paging, shop_rows
from sandbox.tekmetric.access import Access
from sandbox.tekmetric.estimate import Estimates
from sandbox.tekmetric.model import Order, Shop, Status
from sandbox.tekmetric.paging import BadQueryError, problem, text
from sandbox.tekmetric.public_api import bound
from sandbox.tekmetric.reports import Reports
from sandbox.tekmetric.shop_rows import People, Row
from sandbox.tekmetric.timeline import State
from sandbox.tekmetric.world import World
from sandbox.vendor import Answer, Call, Route, json_answer

_BOARDS = {
    "ACTIVE": {Status.ESTIMATE, Status.WORKING, Status.SAVED},
    "COMPLETE": {Status.COMPLETE},
    "POSTED": {Status.POSTED, Status.RECEIVABLE},
}
# A board is no history: posted orders leave it after some days.
_ON_BOARD = timedelta(days=7)
_BOARD_SIZE = 100
_encode = msgspec.json.Encoder().encode


class ShopApi:
    """Answers the shop API."""

    def __init__(self, world: World, access: Access) -> None:
        self._world = world
        self._access = access
        self._people = People(world)
        self.estimates = Estimates(world, self._people)
        self._reports = Reports(world, access, self.estimates)

    def routes(self) -> list[Route]:
        """List the endpoints; /customer/{id} and /vehicle/{id} stand with and without the shop."""
        order = self._of_order
        table: dict[str, Callable[[Call], Answer]] = {
            "shop/{shopId}/job-board-group-by": self._board,
            "shop/{shopId}/repair-order/{id}": order(self._people.header),
            "repair-order/{id}": self._basic,
            "repair-order/{id}/estimate": order(self.estimates.estimate),
            "repair-order/{id}/profit/labor": order(self.estimates.profit),
            "repair-orders/{id}/customer-concerns": order(_customer_concerns),
            "repair-orders/{id}/technician-concerns": order(_technician_concerns),
            "shop/{shopId}/employees-lite": self._employees_lite,
            "shop/{shopId}/employee/{id}": self._employee,
            "shop/{shopId}/customers": self._customers,
            "shop/{shopId}/customer": self._customers,
            "shop/{shopId}/vehicle": self._vehicles,
            "reporting/profit-details-report": self._reports.details,
            "reporting/profit-details-report/summary": self._reports.summary,
            "reporting/profit-details-report/count": self._reports.count,
            "reporting/shop-dashboard/aggregate/summary": self._reports.dashboard,
            "reporting/shop-dashboard/aggregate": self._reports.dashboard,
        }
        for place in ("", "shop/{shopId}/"):
            table[f"{place}customer/{{id}}"] = self._customer
            table[f"{place}customer/{{id}}/vehicles-search"] = self._vehicles_of
            table[f"{place}vehicle/{{id}}"] = self._vehicle
        return [Route("GET", f"/api/{path}", bound(answer)) for path, answer in table.items()]

    def _board(self, call: Call) -> Answer:
        """List a board: a flat array, and `[]` past its end."""
        wanted = _BOARDS.get((text(call, "board") or "ACTIVE").upper())
        if wanted is None:
            raise BadQueryError("board is not ACTIVE, POSTED or COMPLETE")
        search = text(call, "search") or ""
        since = self._world.clock.now() - _ON_BOARD
        found = [
            (order, state)
            for order, state in self._world.orders(self._shop(call))
            if state.status in wanted
            and search in str(order.number)
            and (not state.is_revenue or order.shop.fixed or (state.posted or since) >= since)
        ]
        found.sort(key=lambda pair: (pair[1].updated, pair[0].id), reverse=True)
        size = max(1, paging.number(call, "size") or _BOARD_SIZE)
        first = (paging.number(call, "page") or 0) * size
        return json_answer([self._people.board(*pair) for pair in found[first : first + size]])

    def _basic(self, call: Call) -> Answer:
        """Answer the order without its shop: not found for some that are in progress."""
        found = self._find(call)
        if found is None or (found[1].status == Status.WORKING and found[0].id % 2):
            return problem(404, "Repair Order not found")
        return self._access.refusal(found[0].shop.id) or json_answer(self._people.basic(*found))

    def _employees_lite(self, call: Call) -> Answer:
        status = text(call, "status") or "ACTIVE"
        rows = [shop_rows.employee_lite(one) for one in self._world.employees(self._shop(call))]
        kept = [row for row in rows if status in {"ALL", row["status"]}]
        return json_answer(kept[: paging.number(call, "size") or None])

    def _employee(self, call: Call) -> Answer:
        """Answer one employee; a removed one is not found, though the lite list has it."""
        number = _id(call)
        for one in self._world.employees(self._shop(call)):
            if one.id == number and not one.removed:
                return json_answer(shop_rows.employee(one))
        return problem(404, "Employee not found")

    def _customers(self, call: Call) -> Answer:
        search = (text(call, "search") or "").casefold()
        found = [
            one
            for one in self._world.customers(self._shop(call))
            if one.deleted is None and search in f"{one.first} {one.last} {one.email}".casefold()
        ]
        some = [_encode(shop_rows.customer(one)) for one in paging.cut(found, call)]
        return paging.page(some, len(found), call, sorts=([], False))

    def _vehicles(self, call: Call) -> Answer:
        found = [one for one in self._world.vehicles(self._shop(call)) if one.deleted is None]
        some = [_encode(shop_rows.vehicle(one)) for one in paging.cut(found, call)]
        return paging.page(some, len(found), call, sorts=([], False))

    def _customer(self, call: Call) -> Answer:
        found = self._world.find_customer(_id(call))
        if found is None:
            return problem(404, "Customer not found")
        return self._access.refusal(found.shop.id) or json_answer(shop_rows.customer(found))

    def _vehicles_of(self, call: Call) -> Answer:
        found = self._world.find_customer(_id(call))
        if found is None:
            return problem(404, "Customer not found")
        rows = [shop_rows.vehicle(one) for one in self._world.vehicles(found.shop) if one.customer is found]
        return self._access.refusal(found.shop.id) or json_answer(rows)

    def _vehicle(self, call: Call) -> Answer:
        found = self._world.find_vehicle(_id(call))
        if found is None:
            return problem(404, "Vehicle not found")
        return self._access.refusal(found.customer.shop.id) or json_answer(shop_rows.vehicle(found))

    def _of_order(self, write: Callable[[Order, State], Any]) -> Callable[[Call], Answer]:
        def answer(call: Call) -> Answer:
            found = self._find(call)
            shop = call.args.get("shopId")
            if found is None or (shop is not None and str(found[0].shop.id) != shop):
                return problem(404, "Repair Order not found")
            return self._access.refusal(found[0].shop.id) or json_answer(write(*found))

        return answer

    def _find(self, call: Call) -> tuple[Order, State] | None:
        found = self._world.find_order(_id(call))
        return None if found is None or found[1].deleted else found

    def _shop(self, call: Call) -> Shop:
        """Find the shop in the path; the guard let it pass."""
        return self._world.shops[int(call.args["shopId"])]


def _id(call: Call) -> int:
    if not call.args["id"].isdigit():
        raise BadQueryError("id is not a number")
    return int(call.args["id"])


def _customer_concerns(order: Order, _state: State) -> list[Row]:
    return [{"id": order.id * 4 + place, "concern": told} for place, (told, _) in enumerate(order.concerns)]


def _technician_concerns(order: Order, _state: State) -> list[Row]:
    return [
        {"id": order.id * 4 + place, "concern": f"Technician: {comment}"}
        for place, (_, comment) in enumerate(order.concerns)
        if comment
    ]
