"""The records of the Arrivy account before they are written as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Group:
    """One branch of the company; its time zone is that of its tasks.

    Attributes:
        place: Its position among the groups.
        area: The telephone area code of its customers.
    """

    id: int
    place: int
    name: str
    city: str
    state: str
    zip: str
    zone: str
    area: str
    lat: float
    lng: float


@dataclass(slots=True)
class Entity:
    """One crew member; `type` is free text (Arrivy contract, section 4.1).

    Attributes:
        name: None where the account has none (section 9, quirk 8).
        is_silent: Whether it never reports where it is.
    """

    id: int
    place: int
    group: Group
    name: str | None
    type: str
    email: str | None
    phone: str | int | None
    created: datetime
    updated: datetime
    seed: int
    is_disabled: bool = False
    is_silent: bool = False
    overrides: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Customer:
    """One customer; the names may be blank where there is a company name (section 4.7)."""

    id: int
    group: Group
    first: str | None
    last: str | None
    company: str | None
    email: str | None
    phone: str | None
    street: str | None
    zip: str
    created: datetime
    updated: datetime
    seed: int
    overrides: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Crew:
    """One division; a crew member may be in two of them."""

    id: int
    name: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """One row of /statuses: a status of the vendor's or of the company's own (section 4.4)."""

    id: int
    place: int
    type: str
    title: str
    color: str


class Event(NamedTuple):
    """Something that happened to a task: `timeline` says what each kind does.

    Attributes:
        at: When the vendor learnt of it.
        value: A start, a crew, or the type of a status, by the kind.
        title: Of a status.
        time: When a status was true, where that is not when it was reported.
    """

    at: datetime
    kind: str
    value: Any = None
    title: str | None = None
    time: datetime | None = None


@dataclass(slots=True)
class Task:
    """One task with all that will happen to it.

    Attributes:
        number: What its id and its status entries' ids are made of.
        minutes: How long it is to last; None for one without any time.
        is_undated: Whether it has no date and time and is not unscheduled either (section 3.1).
        is_first: Whether lists begin with it.
    """

    id: int
    number: int
    group: Group
    customer: int
    title: str | None
    minutes: int | None
    is_undated: bool
    events: list[Event]
    seed: int
    is_first: bool = False
    is_hidden: bool = False
    overrides: dict[str, Any] = field(default_factory=dict)
