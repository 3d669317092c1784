"""The records of the Tekmetric world before they are written as either API's JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

# Numbers are built from each other, so that a record is found by its id after a restart.
IDS_OF_A_SHOP = 1_000_000
JOBS_OF_AN_ORDER = 8
LINES_OF_AN_ORDER = 64
VEHICLES_OF_A_CUSTOMER = 4


class Status:
    """Repair order status (Tekmetric contract, section 1.8)."""

    ESTIMATE = 1
    WORKING = 2
    COMPLETE = 3
    SAVED = 4
    POSTED = 5
    RECEIVABLE = 6
    DELETED = 7


# Code and name; the codes of 4 and 7 are inferred (section 1.8).
STATUSES = {
    Status.ESTIMATE: ("ESTIMATE", "Estimate"),
    Status.WORKING: ("WORKINPROGRESS", "Work In Progress"),
    Status.COMPLETE: ("COMPLETE", "Complete"),
    Status.SAVED: ("SAVEDFORLATER", "Saved for Later"),
    Status.POSTED: ("POSTED", "Posted"),
    Status.RECEIVABLE: ("ACCRECV", "Accounts Receivable"),
    Status.DELETED: ("DELETED", "Deleted"),
}


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop.

    Attributes:
        place: Its position; the ids of its records begin with it.
        zone: Its time zone, which no endpoint tells (the sandbox needs it for opening hours).
        newer: Whether its payloads carry the fields that only the newer description lists (section 1.9).
        fixed: Whether its orders stand still whatever the clock says.
    """

    id: int
    place: int
    name: str
    nickname: str
    street: str
    city: str
    state: str
    zip: str
    zone: str
    area: str
    labor_rate: int
    tax_rate: float
    newer: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee; the pay is the shop API's alone (sections 1.9 and 2)."""

    id: int
    first: str
    last: str
    role: int
    hourly: int | None
    created: datetime
    pay: str = "HOURLY"
    salary: int | None = None
    disabled: bool = False
    removed: bool = False


@dataclass(slots=True)
class Customer:
    """One customer: a person, or a business with its name in `first` (section 1.9)."""

    id: int
    shop: Shop
    first: str | None
    last: str | None
    business: bool
    email: str | None
    phones: list[tuple[str, str, bool]]
    street: str | None
    created: datetime
    updated: datetime
    deleted: datetime | None
    seed: int
    receivable: bool = False
    notes: str | None = None
    hidden: bool = False
    overrides: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Vehicle:
    """One vehicle of a customer."""

    id: int
    customer: Customer
    year: int
    make: str
    model: str
    engine: str | None
    color: str | None
    plate: str | None
    vin: str | None
    unit: str | None
    created: datetime
    updated: datetime
    deleted: datetime | None
    seed: int
    hidden: bool = False
    overrides: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Part:
    """One part; cost and retail are cents per unit (section 1.9).

    Attributes:
        type: 1 PART, 2 TIRE, 5 BATTERY (section 1.8).
        tyre: Model, width, ratio and diameter of a tyre, whose names are null (section 1.6, trap 10).
        as_line: Whether the shop API writes cost and retail as line totals (section 2).
    """

    id: int
    name: str | None
    quantity: float
    retail: int
    cost: int
    number: str | None = None
    brand: str | None = None
    type: int = 1
    tyre: tuple[str, str, float, float] | None = None
    as_line: bool = False


@dataclass(slots=True)
class Labor:
    """One labor line; the rate is cents an hour."""

    id: int
    name: str
    hours: float
    rate: int
    technician: int | None


@dataclass(slots=True)
class Fee:
    """One fee; a percentage is resolved to an amount in the public API (section 1.9)."""

    id: int
    name: str
    total: int
    percentage: float | None = None
    cap: int | None = None


@dataclass(slots=True)
class Discount:
    """One discount."""

    id: int
    name: str
    total: int


@dataclass(slots=True)
class Item:
    """One item of a sublet."""

    id: int
    name: str
    cost: int
    price: int


@dataclass(slots=True)
class Sublet:
    """Work given to another firm: the order's in the public API, a job's in the estimate (sections 1.9, 2)."""

    id: int
    name: str
    vendor: tuple[int, str]
    items: list[Item]
    job: int
    answer: bool | None = True


@dataclass(slots=True)
class Job:
    """One job.

    Attributes:
        answer: What the customer answers in the end; None for no answer (section 1.9).
        shown_hours: `laborHours` as sent, which need not be the sum of the lines (section 1.10).
        touched: When the job itself was last changed by hand; the order's moves do not count (section 1.6, trap 3).
    """

    id: int
    name: str
    category: str | None
    answer: bool | None
    labor: list[Labor] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    technician: int | None = None
    note: str | None = None
    shown_hours: float | None = None
    logged_hours: float = 0.0
    touched: datetime | None = None


class Event(NamedTuple):
    """Something that happened to an order: `timeline` says what each kind does.

    Attributes:
        posted: The posting date that is written, where it is not the moment itself.
    """

    at: datetime
    kind: str
    posted: datetime | None = None


@dataclass(slots=True)
class Order:
    """One repair order with all that belongs to it, as it will be in the end."""

    id: int
    number: int
    shop: Shop
    customer: int | None
    vehicle: int | None
    writer: int | None
    technician: int | None
    jobs: list[Job]
    sublets: list[Sublet]
    fees: list[Fee]
    discounts: list[Discount]
    concerns: list[tuple[str, str | None]]
    events: list[Event]
    seed: int
    taxes: int | None = None
    miles: int | None = None
    keytag: str | None = None
    version: int = 0
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def created(self) -> datetime:
        """When it was written down."""
        return self.events[0].at
