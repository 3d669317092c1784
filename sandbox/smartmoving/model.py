"""The records of the SmartMoving world before they are written as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

# What a GUID's address says the record is.
CUSTOMER, OPPORTUNITY, JOB = 1, 2, 3
# An opportunity's children are numbered 16 to an opportunity.
JOBS_PER_OPPORTUNITY = 16


class Status:
    """OpportunityStatus (contract, section 6); there is no 2 and no 40."""

    NEW_LEAD = 0
    LEAD_IN_PROGRESS = 1
    OPPORTUNITY = 3
    BOOKED = 4
    COMPLETED = 10
    CLOSED = 11
    CANCELLED = 20
    LOST = 30
    BAD_LEAD = 50


class Key(NamedTuple):
    """Which customer: day since 2000-01-01, pool of that day, place in the pool."""

    day: int
    slot: int
    place: int


@dataclass(slots=True)
class Job:
    """One day's work."""

    id: str
    number: str
    day: date
    type: int
    seed: int


@dataclass(slots=True)
class Opportunity:
    """One quoted move.

    Attributes:
        branch: Position in the catalogue, or -1 when the name sent is in no list.
        branch_name: The name as the detail sends it.
        fate: What becomes of it, whatever the date: `booked`, `open`, `cancelled`, `lost`, or a lead's.
        status: Set by hand; None lets the clock decide.
        overrides: Fields set by hand, by view (`detail`, `sweep`, `jobs`, `lead`) and path.
    """

    id: str
    quote: int
    branch: int
    branch_name: str
    fate: str
    created: datetime
    type: int | None
    opportunity_type: int
    seed: int
    jobs: list[Job] = field(default_factory=list)
    status: int | None = None
    service_date: date | None = None
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Customer:
    """One customer with all its opportunities."""

    key: Key
    id: str
    name: str
    phone: str | None
    phone_type: int | None
    email: str | None
    address: str | None
    secondary: list[dict[str, Any]]
    opportunities: list[Opportunity]
    form: dict[str, Any] | None = None
    overrides: dict[str, Any] = field(default_factory=dict)

    def days(self) -> set[date]:
        """The days on which any of its jobs stands."""
        return {job.day for opportunity in self.opportunities for job in opportunity.jobs}

    def opportunity(self, guid: str) -> Opportunity | None:
        """Find one of its opportunities."""
        return next((found for found in self.opportunities if found.id == guid), None)


def compact(day: date) -> int:
    """Write a date as yyyyMMdd (contract, section 7)."""
    return day.year * 10000 + day.month * 100 + day.day
