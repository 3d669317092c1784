"""Write the shop API's records but for money: people, vehicles, headers, the board (Tekmetric contract, section 2)."""

from __future__ import annotations

from typing import Any

from sandbox import dress
from sandbox.seeds import mix
from sandbox.tekmetric import money, rows
from sandbox.tekmetric.catalogue import ROLES
from sandbox.tekmetric.model import Customer, Employee, Order, Vehicle
from sandbox.tekmetric.order_rows import status_row
from sandbox.tekmetric.stamps import nanos
from sandbox.tekmetric.timeline import State
from sandbox.tekmetric.world import World

Row = dict[str, Any]
_FLOAT, _TEXT = 0, 1


def odd(value: int, *salt: int) -> int | float | str:
    """Write a whole number as this API does: now and then as a float, or as a float's text ("8907.0")."""
    drawn = mix(value, *salt) % 8
    return float(value) if drawn == _FLOAT else f"{float(value)}" if drawn == _TEXT else value


def customer(one: Customer) -> Row:
    """Write a customer: the email as an array, or as text, or null."""
    row = rows.customer(one)
    if one.seed % 3:
        row["email"] = [one.email] if one.email else []
    return row | {
        "createdDate": nanos(one.created, one.seed),
        "updatedDate": nanos(one.updated, one.seed),
        "taxExempt": one.business and one.seed % 7 == 0,
    }


def vehicle(one: Vehicle) -> Row:
    """Write a vehicle: make, model and engine as text, or each as an object."""
    row = rows.vehicle(one)
    if one.seed % 2:
        for place, name in enumerate(("make", "model", "engine")):
            if row[name] is not None:
                row[name] = {"id": 100 + mix(one.seed, place) % 900, "name": row[name]}
    return row | {
        "note": row.pop("notes"),
        "licenseState": row.pop("state"),
        "odometer": odd(20_000 + one.seed % 150_000, one.id),
        "createdDate": nanos(one.created, one.seed),
        "updatedDate": nanos(one.updated, one.seed),
    }


def employee_lite(one: Employee) -> Row:
    """Write a row of employees-lite: hourlyRate is not always there."""
    row: Row = {
        "id": one.id,
        "firstName": one.first,
        "lastName": one.last,
        "role": one.role,
        "status": "INACTIVE" if one.disabled or one.removed else "ACTIVE",
    }
    if one.hourly is not None and one.id % 2:
        row["hourlyRate"] = one.hourly
    return row


def employee(one: Employee) -> Row:
    """Write an employee with the pay: cents an hour, cents a year."""
    return {
        "id": one.id,
        "firstName": one.first,
        "lastName": one.last,
        "fullName": f"{one.first} {one.last}",
        "email": f"employee{one.id}@example.com",
        "username": f"employee{one.id}",
        "hourlyRate": None if one.hourly is None else odd(one.hourly, one.id),
        "salary": one.salary,
        "employeePayType": {"code": one.pay, "name": one.pay.title()},
        "canPerformWork": one.role == 3,
        "disabled": one.disabled,
        "deactivated": False,
        "employeeRole": {"id": one.role, "code": str(one.role), "name": ROLES[one.role]},
    }


class People:
    """Writes the people and the vehicle that stand nested in an order."""

    def __init__(self, world: World) -> None:
        self._world = world

    def nested(self, order: Order) -> Row:
        """Write customer, vehicle and serviceWriter of an order."""
        owner = self._world.find_customer(order.customer or 0)
        car = self._world.find_vehicle(order.vehicle or 0)
        return {
            "customer": customer(owner) if owner else None,
            "vehicle": vehicle(car) if car else None,
            "serviceWriter": self.person(order, order.writer),
        }

    def person(self, order: Order, number: int | None) -> Row | None:
        """Write a technician or an advisor."""
        found = next((one for one in self._world.employees(order.shop) if one.id == number), None)
        if found is None:
            return None
        return {
            "id": found.id,
            "firstName": found.first,
            "lastName": found.last,
            "fullName": f"{found.first} {found.last}",
            "accountFullName": f"{found.first} {found.last}",
            "hourlyRate": found.hourly,
        }

    def header(self, order: Order, state: State) -> Row:
        """Write an order's header; its jobs are null."""
        return self.basic(order, state) | self.nested(order) | {"jobs": None, "laborRate": order.shop.labor_rate}

    def basic(self, order: Order, state: State) -> Row:
        """Write an order without what is nested in it."""
        total = money.totals(order, answered=state.answered is not None)
        return {
            "id": order.id,
            "repairOrderNumber": order.number,
            "shopId": order.shop.id,
            "repairOrderStatus": status_row(state.status),
            "customerId": order.customer,
            "vehicleId": order.vehicle,
            "serviceWriterId": order.writer,
            "technicianId": order.technician,
            "milesIn": None if order.miles is None else odd(order.miles, order.id),
            "milesOut": order.miles + 3 if order.miles and state.completed else None,
            "keytag": order.keytag,
            "amountPaid": odd(total.sales if state.paid else 0, order.id, 1),
            **_dates(order, state),
        }

    def board(self, order: Order, state: State) -> Row:
        """Write an order's summary on the board: the number has one of two names, the ids may be missing."""
        answered = state.answered is not None
        total = money.totals(order, answered=answered)
        whole = money.totals(order, answered=answered, everything=True)
        owner = self._world.find_customer(order.customer or 0)
        row: Row = {
            "id": order.id,
            "roNumber" if order.id % 2 else "repairOrderNumber": order.number,
            "repairOrderStatus": status_row(state.status),
            "status": status_row(state.status)["code"],
            "serviceWriterId": order.writer,
            "customer": {"firstName": owner.first, "lastName": owner.last} if owner else None,
            "total": odd(whole.sales, order.id, 2),
            "subtotal": None if order.id % 3 else whole.revenue,
            "authorizedTotal": total.sales,
            "amountPaid": odd(total.sales if state.paid else 0, order.id, 3),
            "estimateShareDate": nanos(state.shared, order.seed),
            **_dates(order, state),
        }
        if order.id % 3:
            row |= {"customerId": order.customer, "vehicleId": order.vehicle}
        return _with(row, order, "board")


def _dates(order: Order, state: State) -> Row:
    seed = order.seed
    return {
        "createdDate": nanos(order.created, seed),
        "updatedDate": nanos(state.updated, seed + 1),
        "postedDate": nanos(state.posted, seed),
        "completedDate": nanos(state.completed, seed),
        "deletedDate": nanos(state.deleted, seed),
    }


def _with(row: Row, order: Order, view: str) -> Row:
    for path, value in order.overrides.get(view, {}).items():
        dress.put(row, path, value)
    return row
