"""Draw customers, opportunities, jobs and leads from the seed."""

from __future__ import annotations

import random
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox import people
from sandbox.seeds import Address, Guids, mix
from sandbox.smartmoving import offices
from sandbox.smartmoving.calendar import Calendar, from_number
from sandbox.smartmoving.catalogue import Branch, Catalogue
from sandbox.smartmoving.model import (
    CUSTOMER,
    JOB,
    JOBS_PER_OPPORTUNITY,
    OPPORTUNITY,
    Customer,
    Job,
    Key,
    Opportunity,
)

# 130 is in no list of service types (section 6: keep unknown codes).
_JOB_TYPES = (1,) * 12 + (4, 4, 3, 5, 6, 12, 8, 9, 101, 103, 106, 110, 7, 11)
_UNKNOWN_JOB_TYPE = 130
# 4 was seen live although the enumeration ends at 2 (section 6).
_UNKNOWN_OPPORTUNITY_TYPE = 4
UNLISTED_INDEXES = (4, 9)
LOST_STEP, LOST_PLACE, LOST_LEAD_DAYS = 10, 8, 14
_VARIANT_STEP, _VARIANT_PLACE = 8, 5


class Draughtsman:
    """Draws one record at a time; the same key gives the same record."""

    def __init__(self, seed: int, guids: Guids, calendar: Calendar, catalogue: Catalogue) -> None:
        self._seed = seed
        self._guids = guids
        self._calendar = calendar
        self._catalogue = catalogue

    def customer(self, key: Key, name: str | None = None) -> Customer:
        """Draw a customer of the sweep.

        Args:
            key: Which one.
            name: A name instead of the drawn one.

        Returns:
            The customer with its opportunities and jobs.
        """
        seed = mix(self._seed, 31, key.day, key.slot, key.place)
        rng = random.Random(seed)
        place = self._branch_place(key, rng)
        branch = self._catalogue.branches[place]
        who = people.person(rng, branch.area)
        customer = Customer(
            key=key,
            id=self._guids.encode(Address(CUSTOMER, key.day, key.slot, key.place, 0)),
            name=name if name is not None else who.name,
            phone=who.phone,
            phone_type=who.phone_type,
            email=who.email,
            address=None if rng.random() < 0.08 else branch.address(people.street(rng)),
            secondary=self._secondary(rng, branch),
            opportunities=[],
        )
        first = from_number(key.day)
        reach = self._calendar.reach(key) if key.slot < self._calendar.slots else None
        days = [first]
        if rng.random() < 0.2:
            days.append(first)
            if rng.random() < 0.1:
                days.append(first)
        if reach and not reach.new_opportunity:
            days.append(first + timedelta(days=reach.offset))
        customer.opportunities.append(self._opportunity(key, 0, place, days, rng))
        if reach and reach.new_opportunity:
            again = [first + timedelta(days=reach.offset)]
            customer.opportunities.append(self._opportunity(key, 1, place, again, rng))
        return customer

    def lead(self, key: Key, form: dict[str, Any] | None = None, moment: datetime | None = None) -> Customer:
        """Draw a lead: a customer with one opportunity and no job.

        A lead's id is the opportunity's id (contract, section 5.4).

        Args:
            key: Which one; its day is the day it was created.
            form: What a lead provider posted, when it is such a lead.
            moment: When it was created, for a posted one.

        Returns:
            The lead.
        """
        rng = random.Random(mix(self._seed, 41, key.day, key.slot, key.place))
        place = int(rng.random() * len(self._catalogue.branches))
        branch = self._catalogue.branches[place]
        who = people.person(rng, branch.area)
        created = from_number(key.day)
        fate = ("new", "progress", "new", "progress", "bad", "lost", "progress", "new")[int(rng.random() * 8)]
        opportunity = Opportunity(
            id=self._guids.encode(Address(OPPORTUNITY, key.day, key.slot, key.place, 0)),
            quote=self._calendar.quote(key, 0),
            branch=place,
            branch_name=branch.name,
            fate="new" if form is not None else fate,
            created=moment or _moment(created, rng.random()),
            # Section 5.4: the type is null in one lead of eight.
            type=None if rng.random() < 0.12 else _job_type(rng),
            opportunity_type=int(rng.random() * 3),
            seed=mix(self._seed, 42, key.day, key.slot, key.place),
            service_date=None if rng.random() < 0.1 else created + timedelta(days=2 + int(rng.random() * 60)),
        )
        return Customer(
            key=key,
            id=self._guids.encode(Address(CUSTOMER, key.day, key.slot, key.place, 0)),
            name=who.name,
            phone=who.phone,
            phone_type=who.phone_type,
            email=who.email,
            address=None,
            secondary=[],
            opportunities=[opportunity],
            form=form,
        )

    def _opportunity(self, key: Key, ordinal: int, place: int, days: list[date], rng: random.Random) -> Opportunity:
        quote = self._calendar.quote(key, ordinal)
        lost = ordinal == 0 and key.place % LOST_STEP == LOST_PLACE
        chance = rng.random()
        fate = "lost" if lost else "cancelled" if chance < 0.06 else "open" if chance < 0.16 else "booked"
        created = days[0] - timedelta(days=LOST_LEAD_DAYS if lost else 1 + int(rng.random() * 45))
        seed = mix(self._seed, 32, key.day, key.slot, key.place, ordinal)
        unlisted = (
            ordinal == 0 and key.slot == 0 and key.place in UNLISTED_INDEXES[: 1 + mix(self._seed, 33, key.day) % 2]
        )
        main_type = _job_type(rng)
        opportunity = Opportunity(
            id=self._guids.encode(Address(OPPORTUNITY, key.day, key.slot, key.place, ordinal)),
            quote=quote,
            branch=-1 if unlisted else place,
            branch_name=offices.UNLISTED[key.place % 2] if unlisted else self._branch_name(key, place, rng),
            fate=fate,
            created=_moment(created, rng.random()),
            type=main_type,
            opportunity_type=_UNKNOWN_OPPORTUNITY_TYPE
            if rng.random() < 0.01
            else (0, 0, 0, 0, 1, 2)[int(rng.random() * 6)],
            seed=seed,
            service_date=days[0],
        )
        for sequence, day in enumerate(days, start=1):
            sub = ordinal * JOBS_PER_OPPORTUNITY + sequence
            opportunity.jobs.append(
                Job(
                    id=self._guids.encode(Address(JOB, key.day, key.slot, key.place, sub)),
                    number=f"{quote}-{sequence}",
                    day=day,
                    type=main_type if sequence == 1 else _job_type(rng),
                    seed=mix(seed, sequence),
                )
            )
        return opportunity

    def _branch_place(self, key: Key, rng: random.Random) -> int:
        count = len(self._catalogue.branches)
        drawn = int(rng.random() * count)
        honoured = self._calendar.slots == count
        return key.slot if honoured and key.slot < count else drawn

    def _branch_name(self, key: Key, place: int, rng: random.Random) -> str:
        """Give the branch's name as the detail sends it: now and then other spaces, or decomposed."""
        name = self._catalogue.branches[place].name
        if key.place % _VARIANT_STEP != _VARIANT_PLACE:
            return name
        written = (name.strip(), " ".join(name.split()), unicodedata.normalize("NFD", name), name + "  ")
        variants = [variant for variant in written if variant != name]
        return variants[int(rng.random() * len(variants))]

    @staticmethod
    def _secondary(rng: random.Random, branch: Branch) -> list[dict[str, Any]]:
        if rng.random() >= 0.1:
            return []
        return [{"phoneNumber": people.phone(rng, branch.area), "phoneType": 2}]


def _job_type(rng: random.Random) -> int:
    chance = rng.random()
    if chance > 0.99:
        return _UNKNOWN_JOB_TYPE
    return _JOB_TYPES[int(chance * len(_JOB_TYPES))]


def _moment(day: date, part: float) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=int(part * 86_399))
