"""The records behind the reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.fms.catalogue import Model
from sandbox.fms.offices import Office


@dataclass(frozen=True, slots=True)
class Partner:
    """One row of media_partners: a person at an office.

    Attributes:
        place: Which row.
        person: The person's id, a text: some begin with zeros.
        given: The given name.
        surname: The surname.
        office: The office.
        region: The default loan region.
        notes: Free text.
        affiliation: Free text.
        subcategory: A number, nothing, or a text that is no number.
        odds: For each weekday the chance that a loan begins on it or on one before it.
        seed: What else is drawn for the partner depends on this.
    """

    place: int
    person: str
    given: str
    surname: str
    office: Office
    region: str
    notes: str
    affiliation: str
    subcategory: str
    odds: tuple[float, ...]
    seed: int

    @property
    def key(self) -> str:
        """What tells it from all others in its report."""
        return f"{self.person}|{self.office.name}"

    @property
    def name(self) -> str:
        """The name as it is spoken."""
        return f"{self.given} {self.surname}"

    @property
    def listed_name(self) -> str:
        """The name as a list is sorted."""
        return f"{self.surname}, {self.given}"


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle of the press fleet; it is there from `arrived` until the day before `turned_in`."""

    number: int
    vin: str
    year: int
    model: Model
    office: Office
    fleet: str
    arrived: date
    turned_in: date
    expected_turn_in: date
    registration_exp: date
    insurance_exp: date
    notes: str
    color: str
    seed: int

    @property
    def key(self) -> str:
        """What tells it from all others in its report."""
        return self.vin

    @property
    def has_no_insurance_date(self) -> bool:
        """Whether nobody wrote that date down."""
        return self.seed % 33 == 1

    def mileage(self, today: date) -> int:
        """Tell the mileage, read when the vehicle comes back: every other week."""
        return 40 + self.seed % 900 + (today - self.arrived).days // 14 * (180 + self.seed % 400)


@dataclass(frozen=True, slots=True)
class Loan:
    """One loan: announced, then in the current activity, and in the history once it has ended."""

    id: str
    partner: Partner
    vehicle: Vehicle
    kind: str
    announced: date
    start: date
    end: date
    clips: str
    seed: int

    @property
    def has_no_year(self) -> bool:
        """Whether the history does not say the vehicle's year."""
        return self.seed % 80 == 1

    @property
    def key(self) -> str:
        """What tells it from all others in its report."""
        return self.id


@dataclass(frozen=True, slots=True)
class Hold:
    """A vehicle that is kept from loans: nobody has it."""

    id: str
    vehicle: Vehicle
    kind: str
    place: str
    announced: date
    start: date
    end: date
    seed: int

    @property
    def key(self) -> str:
        """What tells it from all others in its report."""
        return self.id


@dataclass(frozen=True, slots=True)
class Approval:
    """A make that a person may be lent."""

    person: str
    listed_name: str
    make: str
    rank: str

    @property
    def key(self) -> str:
        """What tells it from all others in its report."""
        return f"{self.person}|{self.make}"


@dataclass(frozen=True, slots=True)
class Spending:
    """What an office has spent of a fleet's budget in a quarter; cents, None where the feed is blank."""

    fleet: str
    spelling: str
    office: Office
    year: int
    quarter: int
    cents: int | None

    @property
    def key(self) -> str:
        """What tells it from all others in its report."""
        return f"{self.office.name}|{self.fleet}|{self.year}|Q{self.quarter}"
