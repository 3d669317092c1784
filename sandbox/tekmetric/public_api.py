"""The public API's endpoints (Tekmetric contract, sections 1.4 to 1.6); inventory is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from sandbox.tekmetric import order_rows, paging, rows
from sandbox.tekmetric.access import TOKEN_PATH, Access
from sandbox.tekmetric.model import Customer, Job, Order, Shop, Status, Vehicle
from sandbox.tekmetric.order_rows import Orders
from sandbox.tekmetric.paging import Spans, flag, number, numbers, problem, text
from sandbox.tekmetric.timeline import State
from sandbox.tekmetric.world import World
from sandbox.vendor import Answer, Call, Route, json_answer

Found = tuple[Order, State]
Key = Callable[[Any], Any]
_encode = msgspec.json.Encoder().encode
_CUSTOMER_SORTS: dict[str, Key] = {
    "lastName": lambda one: one.last or "",
    "firstName": lambda one: one.first or "",
    "email": lambda one: one.email or "",
}


class PublicApi:
    """Answers the GET endpoints, the token's apart."""

    def __init__(self, world: World, access: Access, orders: Orders) -> None:
        self._world = world
        self._access = access
        self._orders = orders
        self._order_sorts: dict[str, Key] = {
            "createdDate": lambda found: found[0].created,
            "repairOrderNumber": lambda found: found[0].number,
            "customer.firstName": lambda found: self._customer_of(found[0], "first"),
            "customer.lastName": lambda found: self._customer_of(found[0], "last"),
        }

    def routes(self) -> list[Route]:
        """List the endpoints."""
        table: dict[str, Callable[[Call], Answer]] = {
            "shops": lambda _call: json_answer([rows.shop(shop) for shop in self._access.open_shops()]),
            "shops/{shopId}": lambda call: json_answer(rows.shop(self._world.shops[int(call.args["shopId"])])),
            "customers": self._customers,
            "customers/{id}": lambda call: self._one(call, self._world.find_customer, rows.customer),
            "vehicles": self._vehicles,
            "vehicles/{id}": lambda call: self._one(call, self._world.find_vehicle, rows.vehicle),
            "employees": self._employees,
            "employees/{id}": self._employee,
            "repair-orders": self._repair_orders,
            "repair-orders/{id}": self._repair_order,
            "jobs": self._jobs,
            "jobs/{id}": self._job,
            "appointments": self._appointments,
            "appointments/{id}": self._appointment,
            "canned-jobs": self._canned_jobs,
        }
        token = Route("POST", TOKEN_PATH, self._access.give_token)
        return [token, *(Route("GET", f"/api/v1/{path}", bound(answer)) for path, answer in table.items())]

    def find_orders(self, call: Call) -> list[Found]:
        """List the orders that a call's filters leave, in its order."""
        sorts = paging.order_of(call, list(self._order_sorts))
        statuses = set(numbers(call, "repairOrderStatusId"))
        spans = Spans(call, ("", "posted", "updated", "deleted"))
        same = {name: number(call, name) for name in ("repairOrderNumber", "customerId", "vehicleId")}
        search = (text(call, "search") or "").casefold()

        def wanted(found: Found) -> bool:
            order, state = found
            # The deleted filter is exclusive (section 1.6, trap 1); asking for status 7 is asking for them too.
            gone = spans.asks("deleted") or Status.DELETED in statuses
            return (
                (state.deleted is not None) == gone
                and (not statuses or state.status in statuses)
                and spans.hold(order.created, state.posted, state.updated, state.deleted)
                and same["repairOrderNumber"] in {None, order.number}
                and same["customerId"] in {None, order.customer}
                and same["vehicleId"] in {None, order.vehicle}
                and (not search or search in self._searchable(order))
            )

        kept = [found for shop in self._shops(call) for found in self._world.orders(shop) if wanted(found)]
        return _sorted(kept, sorts, self._order_sorts)

    def find_customers(self, call: Call) -> list[Customer]:
        """List the customers that a call's filters leave, in its order."""
        spans = Spans(call, ("updated", "deleted"))
        search, kind = (text(call, "search") or "").casefold(), number(call, "customerTypeId")
        marketing, credit = flag(call, "okForMarketing"), flag(call, "eligibleForAccountsReceivable")

        def wanted(one: Customer) -> bool:
            return (
                (one.deleted is not None) == spans.asks("deleted")
                and spans.hold(one.updated, one.deleted)
                and kind in {None, 1 + one.business}
                and marketing in {None, one.seed % 5 != 0}
                and credit in {None, one.receivable}
                and (not search or any(search in (word or "").casefold() for word in _words(one)))
            )

        kept = [one for shop in self._shops(call) for one in self._world.customers(shop) if wanted(one)]
        return _sorted(kept, paging.order_of(call, list(_CUSTOMER_SORTS)), _CUSTOMER_SORTS)

    def _repair_orders(self, call: Call) -> Answer:
        found = self.find_orders(call)
        some = [self._orders.written(*pair) for pair in paging.cut(found, call)]
        return paging.page(some, len(found), call, sorts=paging.order_of(call, list(self._order_sorts)))

    def _repair_order(self, call: Call) -> Answer:
        found = self._world.find_order(_id(call))
        if found is None:
            return problem(404, "Repair Order not found")
        return self._access.refusal(found[0].shop.id) or Answer(200, self._orders.written(*found))

    def _customers(self, call: Call) -> Answer:
        found = self.find_customers(call)
        some = [_encode(rows.customer(one)) for one in paging.cut(found, call)]
        return paging.page(some, len(found), call, sorts=paging.order_of(call, list(_CUSTOMER_SORTS)), old=True)

    def _vehicles(self, call: Call) -> Answer:
        spans = Spans(call, ("updated", "deleted"))
        search, owner = (text(call, "search") or "").casefold(), number(call, "customerId")

        def wanted(one: Vehicle) -> bool:
            return (
                (one.deleted is not None) == spans.asks("deleted")
                and spans.hold(one.updated, one.deleted)
                and owner in {None, one.customer.id}
                and (not search or search in f"{one.year} {one.make} {one.model}".casefold())
            )

        return self._page(call, self._each(call, self._world.vehicles, wanted), rows.vehicle)

    def _employees(self, call: Call) -> Answer:
        spans = Spans(call, ("updated",))
        search = (text(call, "search") or "").casefold()

        def wanted(one: Any) -> bool:
            return not one.removed and spans.hold(one.created) and search in f"{one.first} {one.last}".casefold()

        return self._page(call, self._each(call, self._world.employees, wanted), rows.employee)

    def _employee(self, call: Call) -> Answer:
        wanted = _id(call)
        for shop in self._access.open_shops():
            for one in self._world.employees(shop):
                if one.id == wanted and not one.removed:
                    return json_answer(rows.employee(one))
        return problem(404, "Employee not found")

    def _jobs(self, call: Call) -> Answer:
        # Statuses 1 to 6, no 7 (section 1.5): jobs of deleted orders are not listed.
        statuses = set(numbers(call, "repairOrderStatusId"))
        spans, answer = Spans(call, ("authorized", "updated")), flag(call, "authorized")
        same = {name: number(call, name) for name in ("repairOrderId", "customerId", "vehicleId")}

        def wanted(order: Order, state: State, job: Job) -> bool:
            given = job.answer if state.answered else None
            return (
                (not statuses or state.status in statuses)
                and (answer is None or given is answer)
                and spans.hold(state.answered if given is not None else None, order_rows.job_updated(order, state, job))
                and same["repairOrderId"] in {None, order.id}
                and same["customerId"] in {None, order.customer}
                and same["vehicleId"] in {None, order.vehicle}
            )

        found = [
            (order, state, job)
            for shop in self._shops(call)
            for order, state in self._world.orders(shop)
            if state.deleted is None
            for job in order.jobs
            if wanted(order, state, job)
        ]
        sorts = paging.order_of(call, ["authorizedDate"])
        found = _sorted(found, sorts, {"authorizedDate": lambda one: one[1].answered or one[0].created})
        some = [_encode(order_rows.job_row(*one, alone=True)) for one in paging.cut(found, call)]
        return paging.page(some, len(found), call, sorts=sorts)

    def _job(self, call: Call) -> Answer:
        found = self._world.find_job(_id(call))
        if found is None:
            return problem(404, "Job not found")
        return self._access.refusal(found[0].shop.id) or json_answer(order_rows.job_row(*found, alone=True))

    def _appointments(self, call: Call) -> Answer:
        spans, deleted = Spans(call, ("", "updated")), flag(call, "includeDeleted")
        same = {name: number(call, name) for name in ("customerId", "vehicleId")}
        found = []
        for order, state in self._all_orders(call):
            row = rows.appointment(order, state)
            if (
                row is not None
                # They arrive unless turned off (section 1.6, trap 5).
                and (deleted is not False or row["deletedDate"] is None)
                and spans.hold(order.created, rows.appointment_updated(order, state))
                and all(value in {None, row[name]} for name, value in same.items())
            ):
                found.append(row)
        return self._page(call, found, lambda row: row)

    def _appointment(self, call: Call) -> Answer:
        found = self._world.find_order(_id(call))
        row = rows.appointment(*found) if found else None
        if found is None or row is None:
            return problem(404, "Appointment not found")
        return self._access.refusal(found[0].shop.id) or json_answer(row)

    def _canned_jobs(self, call: Call) -> Answer:
        search, rates = (text(call, "search") or "").casefold(), set(call.sent.get("rates", ()))
        categories = set(call.sent.get("categories", ()))
        sorts = paging.order_of(call, ["jobCategory"])
        found = [
            row
            for shop in self._shops(call)
            for row in rows.canned_jobs(shop)
            if search in row["name"].casefold()
            and (not categories or (row["jobCategoryCode"] or "Unassigned") in categories)
            and (not rates or str(row["laborRates"][0]) in rates)
        ]
        found = _sorted(found, sorts, {"jobCategory": lambda row: row["jobCategoryCode"] or ""})
        return paging.page([_encode(row) for row in paging.cut(found, call)], len(found), call, sorts=sorts)

    def _page(self, call: Call, found: list[Any], write: Callable[[Any], Any]) -> Answer:
        some = [_encode(write(one)) for one in paging.cut(found, call)]
        return paging.page(some, len(found), call, sorts=([], False))

    def _one(self, call: Call, find: Callable[[int], Any], write: Callable[[Any], Any]) -> Answer:
        found = find(_id(call))
        if found is None:
            return problem(404, "Not found")
        shop = found.shop if isinstance(found, Customer) else found.customer.shop
        return self._access.refusal(shop.id) or json_answer(write(found))

    def _shops(self, call: Call) -> list[Shop]:
        asked = set(numbers(call, "shop"))
        return [shop for shop in self._access.open_shops() if not asked or shop.id in asked]

    def _each(self, call: Call, listing: Callable[[Shop], Iterable[Any]], wanted: Callable[[Any], bool]) -> list[Any]:
        # One who works in several shops comes once (section 1.6, trap 4: there is no shopId).
        return list({one.id: one for shop in self._shops(call) for one in listing(shop) if wanted(one)}.values())

    def _all_orders(self, call: Call) -> Iterator[Found]:
        for shop in self._shops(call):
            yield from self._world.orders(shop)

    def _customer_of(self, order: Order, name: str) -> str:
        customer = self._world.find_customer(order.customer or 0)
        return (getattr(customer, name) if customer else None) or ""

    def _searchable(self, order: Order) -> str:
        return f"{order.number} {self._customer_of(order, 'first')} {self._customer_of(order, 'last')}".casefold()


def _id(call: Call) -> int:
    """Read the id in the path."""
    if not call.args["id"].isdigit():
        raise paging.BadQueryError("id is not a number")
    return int(call.args["id"])


def _words(one: Customer) -> list[str | None]:
    return [one.first, one.last, one.email, *(number for number, _, _ in one.phones)]


def _sorted(found: list[Any], sorts: tuple[list[str], bool], keys: dict[str, Key]) -> list[Any]:
    properties, down = sorts
    if properties:
        found.sort(key=lambda one: [keys[name](one) for name in properties], reverse=down)
    return found


def bound(answer: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """Turn a query value that cannot be bound into a 400 (section 1.3)."""

    def guarded(call: Call) -> Answer:
        try:
            return answer(call)
        except paging.BadQueryError as error:
            return problem(400, str(error))

    return guarded
