"""Make the golden shop's records out of the plain data in `golden`."""

from __future__ import annotations

from typing import Any

from sandbox.clock import parse_moment
from sandbox.tekmetric import golden
from sandbox.tekmetric.catalogue import GOLDEN
from sandbox.tekmetric.model import (
    IDS_OF_A_SHOP,
    JOBS_OF_AN_ORDER,
    LINES_OF_AN_ORDER,
    Customer,
    Discount,
    Employee,
    Event,
    Fee,
    Item,
    Job,
    Labor,
    Order,
    Part,
    Sublet,
    Vehicle,
)

_CREATED = parse_moment(golden.CREATED)
_TYRE = ("Golden A/S", "225", 55.0, 17.0)


def employees() -> list[Employee]:
    """List the golden shop's people."""
    return [
        Employee(number, first, last, role, hourly, _CREATED, pay, salary)
        for number, first, last, role, hourly, pay, salary in golden.EMPLOYEES
    ]


def customers() -> list[Customer]:
    """List the golden shop's customers."""
    return [
        Customer(
            id=number,
            shop=GOLDEN,
            first=first,
            last=last,
            business=business,
            email=mail,
            phones=[(phone, "Cell", True)] if phone else [],
            street="200 Sample St" if first else None,
            created=_CREATED,
            updated=_CREATED,
            deleted=None,
            seed=number,
            receivable=receivable,
        )
        for number, first, last, business, mail, phone, receivable in golden.CUSTOMERS
    ]


def vehicles(known: dict[int, Customer]) -> list[Vehicle]:
    """List the golden shop's vehicles.

    Args:
        known: Its customers by id.
    """
    return [
        Vehicle(
            id=number,
            customer=known[customer],
            year=year,
            make=make,
            model=model,
            engine=None,
            color="White",
            plate=f"GLD{number % 1_000:03d}",
            vin=vin,
            unit=unit,
            created=_CREATED,
            updated=_CREATED,
            deleted=None,
            seed=number,
        )
        for number, customer, year, make, model, vin, unit in golden.VEHICLES
    ]


def orders() -> list[Order]:
    """List the golden orders; an order's id is 1,000,000 more than its number."""
    return [_order(told) for told in golden.ORDERS]


class _Lines:
    """Numbers the lines of one order."""

    def __init__(self, order: int) -> None:
        self._next = order * LINES_OF_AN_ORDER

    def id(self) -> int:
        self._next += 1
        return self._next - 1


def _order(told: dict[str, Any]) -> Order:
    number = int(told["number"])
    order = IDS_OF_A_SHOP + number
    lines = _Lines(order)
    return Order(
        id=order,
        number=number,
        shop=GOLDEN,
        customer=told["customer"],
        vehicle=told["vehicle"],
        writer=golden.ADVISOR,
        technician=golden.TECH_A,
        jobs=[_job(order * JOBS_OF_AN_ORDER + place, job, lines) for place, job in enumerate(told["jobs"])],
        sublets=[
            Sublet(
                lines.id(),
                name,
                (1, "Golden Alignment"),
                [Item(lines.id(), what, cost, price) for what, cost, price in items],
                job,
                answer,
            )
            for name, job, answer, items in told.get("sublets", ())
        ],
        fees=[Fee(lines.id(), *fee) for fee in told.get("fees", ())],
        discounts=[Discount(lines.id(), *discount) for discount in told.get("discounts", ())],
        concerns=[("Customer states: please check", None)],
        events=_events(told),
        seed=number,
        taxes=told["taxes"],
        miles=told["miles"],
    )


def _events(told: dict[str, Any]) -> list[Event]:
    post = "bill" if told.get("bill") else "post"
    kinds = {"created": "create", "post": post, "repost": post}
    return [
        Event(
            parse_moment(at),
            kinds.get(name, name),
            parse_moment(told["posted"]) if name == "repost" else None,
        )
        for name, at in told["moments"].items()
    ]


def _job(number: int, told: tuple[Any, ...], lines: _Lines) -> Job:
    name, answer, parts, labor, fees, discounts = told
    work = [Labor(lines.id(), what, hours, rate, technician) for what, hours, rate, technician in labor]
    return Job(
        id=number,
        name=name,
        category="Golden",
        answer=answer,
        labor=work,
        parts=[_part(lines.id(), *part) for part in parts],
        fees=[Fee(lines.id(), *fee) for fee in fees],
        discounts=[Discount(lines.id(), *discount) for discount in discounts],
        technician=work[0].technician,
        # The vendor's own sample says 0.2 where its lines add up to 1 (section 1.10): here it is ever 0.2 less.
        shown_hours=round(max(0.0, sum(line.hours for line in work) - 0.2), 1),
        logged_hours=0.5 if answer else 0.0,
    )


def _part(number: int, name: str | None, quantity: float, retail: int, cost: int, as_line: bool = False) -> Part:
    if name == "TIRE":
        return Part(number, None, quantity, retail, cost, brand="Rolltest", type=2, tyre=_TYRE)
    kind = 5 if "Battery" in (name or "") else 1
    return Part(number, name, quantity, retail, cost, brand="Golden", type=kind, as_line=as_line)
