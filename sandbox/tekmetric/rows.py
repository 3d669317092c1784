"""Write the public API's small records (Tekmetric contract, section 1.9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox import dress
from sandbox.tekmetric.catalogue import ROLES, SERVICES
from sandbox.tekmetric.model import LINES_OF_AN_ORDER, Customer, Employee, Order, Shop, Vehicle
from sandbox.tekmetric.stamps import millis, naive, whole
from sandbox.tekmetric.timeline import State

Row = dict[str, Any]
_CUSTOMER_TYPES = {
    False: {"id": 1, "code": "PERSON", "name": "Person"},
    True: {"id": 2, "code": "BUSINESS", "name": "Business"},
}
# The blanks and the misspelling are the vendor's (section 1.8).
_RIDES = (
    {"id": 1, "code": "RIDE ", "name": "Ride Required"},
    {"id": 2, "code": "LOANDER ", "name": "Loaner Required"},
    {"id": 3, "code": "NONE", "name": "None"},
    None,
)
_STAYS = ({"id": 1, "code": "STAY", "name": "Stay With Vehicle"}, {"id": 2, "code": "DROP", "name": "Drop-off Vehicle"})
_VISIT = timedelta(hours=2)
_NO_ADDRESS = ("address1", "address2", "city", "state", "zip", "streetAddress", "fullAddress")


def shop(one: Shop) -> Row:
    """Write a shop; its time zone is nowhere."""
    return {
        "id": one.id,
        "name": one.name,
        "nickname": one.nickname,
        "phone": f"{one.area}5550100",
        "email": f"shop{one.id}@example.com",
        "website": None if one.place % 3 == 0 else f"https://shop{one.id}.example.com",
        "address": {"id": one.id * 10, **_address(one, one.street)},
        "roCustomLabelEnabled": one.place % 2 == 0,
    }


def employee(one: Employee) -> Row:
    """Write an employee: no shopId, no pay, no deletedDate (section 1.6, trap 4)."""
    return {
        "id": one.id,
        "email": f"{one.first.lower()}.{one.id}@example.com" if one.first.isascii() else None,
        "firstName": one.first,
        "lastName": one.last,
        "address": {"id": one.id, **dict.fromkeys(_NO_ADDRESS, "")},
        # The code is the id as text (section 1.8).
        "employeeRole": {"id": one.role, "code": str(one.role), "name": ROLES[one.role]},
        "canPerformWork": one.role == 3,
        "certificationNumber": f"ASE-{one.id % 1000:04d}" if one.id % 3 == 0 else None,
        "createdDate": whole(one.created),
        "updatedDate": whole(one.created),
    }


def customer(one: Customer) -> Row:
    """Write a customer; a business has its name in firstName and a blank lastName."""
    row: Row = {
        "id": one.id,
        "firstName": one.first,
        "lastName": one.last,
        "email": one.email,
        "phone": [
            ({"id": one.id * 4 + place} if one.seed % 2 else {}) | {"number": number, "type": kind, "primary": primary}
            for place, (number, kind, primary) in enumerate(one.phones)
        ],
        "address": _address(one.shop, one.street) if one.street else None,
        "notes": one.notes,
        "customerType": _CUSTOMER_TYPES[one.business],
        "contactFirstName": "Sam" if one.business and one.seed % 3 else None,
        "contactLastName": "Placeholder" if one.business and one.seed % 3 == 1 else None,
        "shopId": one.shop.id,
        "okForMarketing": one.seed % 5 != 0,
        "createdDate": millis(one.created, one.seed) if one.seed % 5 == 1 else whole(one.created),
        "updatedDate": millis(one.updated, one.seed) if one.seed % 5 == 1 else whole(one.updated),
        "deletedDate": whole(one.deleted),
        "birthday": "1980-02-29T00:00:00Z" if one.seed % 9 == 0 else None,
    }
    if one.shop.newer:
        row |= {"eligibleForAccountsReceivable": one.receivable, "creditLimit": 100_000 if one.receivable else None}
    return _with(row, one.overrides)


def vehicle(one: Vehicle) -> Row:
    """Write a vehicle: no shopId, no mileage (section 1.6, trap 4)."""
    row: Row = {
        "id": one.id,
        "customerId": one.customer.id,
        "year": one.year,
        "make": one.make,
        "model": one.model,
        "subModel": "LE" if one.seed % 4 == 0 else None,
        "engine": one.engine,
        "color": one.color,
        "licensePlate": one.plate,
        "state": one.customer.shop.state[:2].upper() if one.plate else None,
        "vin": one.vin,
        "driveType": ("FWD", "AWD", None)[one.seed % 3],
        "transmission": "Automatic" if one.seed % 2 else None,
        "bodyType": None,
        "notes": None,
        "unitNumber": one.unit,
        "createdDate": whole(one.created),
        "updatedDate": millis(one.updated, one.seed) if one.seed % 10 == 1 else whole(one.updated),
        "deletedDate": whole(one.deleted),
        # The second form is malformed in the vendor's own sample (section 1.7).
        "productionDate": {1: "2018-02-15T00:00:00Z", 2: "2018-02-15:00:00"}.get(one.seed % 20),
    }
    return _with(row, one.overrides)


def appointment(order: Order, state: State) -> Row | None:
    """Write the appointment that an order came from; one in three orders has none."""
    seed = order.seed
    if seed % 3 == 0 or order.shop.fixed:
        return None
    arrived = state.answered is not None
    gone = not arrived and state.deleted is not None
    ride = _RIDES[seed // 3 % 4]
    row: Row = {
        "id": order.id,
        "shopId": order.shop.id,
        "customerId": None if seed % 40 == 1 else order.customer,
        "vehicleId": None if seed % 20 == 1 else order.vehicle,
        "startTime": naive(order.created),
        "endTime": naive(order.created + _VISIT),
        "description": order.concerns[0][0] if order.concerns else None,
        "arrived": arrived if seed % 7 else None,
        "appointmentStatus": "ARRIVED" if arrived else "NO_SHOW" if seed % 5 == 0 else "NONE",
        "createdDate": whole(order.created) if seed % 6 else None,
        "updatedDate": whole(appointment_updated(order, state)),
        "deletedDate": whole(state.deleted) if gone else None,
        "leadSource": "Website" if seed % 4 == 1 else None,
        "rideOption": ride,
        "dropoffTime": naive(order.created) if ride else None,
        "pickupTime": None,
        "appointmentOption": _STAYS[seed // 12 % 2] if seed % 5 else None,
    }
    if order.shop.newer:
        row |= {"title": row["description"], "color": "#0b8043"}
    return row


def appointment_updated(order: Order, state: State) -> datetime:
    """Tell when an appointment last changed: on arrival, or when it was deleted."""
    return state.answered or state.deleted or order.created


def canned_jobs(one: Shop) -> list[Row]:
    """Write the shop's price list of jobs (section 1.9, canned job)."""
    rows = []
    for place, service in enumerate(SERVICES):
        number = one.id * LINES_OF_AN_ORDER + place
        total = round(one.labor_rate * service.hours)
        rows.append(
            {
                "id": number,
                "name": service.name,
                "note": None,
                "totalCost": total + sum(round(ware.retail * ware.quantities[0]) for ware in service.wares),
                "jobTemplateType": None,
                "jobCategoryCode": service.code if service.category else None,
                "laborRates": [one.labor_rate],
                "labor": [{"id": number, "name": service.name, "rate": one.labor_rate, "hours": service.hours}],
                "parts": [
                    {"id": number * 8 + at, "name": ware.name, "quantity": ware.quantities[0], "cost": ware.cost,
                     "retail": ware.retail, "partStatus": None}
                    for at, ware in enumerate(service.wares)
                ],
                "discounts": [],
                "fees": [],
                "packagePrice": False,
            }
        )  # fmt: skip
    return rows


def _address(one: Shop, street: str) -> Row:
    line = f"{street}, {one.city}, {one.state} {one.zip}"
    return {
        "address1": street,
        "address2": None,
        "city": one.city,
        "state": one.state,
        "zip": one.zip,
        "streetAddress": street,
        "fullAddress": line,
    }


def _with(row: Row, overrides: dict[str, Any]) -> Row:
    for path, value in overrides.items():
        dress.put(row, path, value)
    return row
