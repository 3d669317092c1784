"""The company's customers: drawn when asked for, changed by hand, found by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.options import Options
from sandbox.seeds import Guids
from sandbox.smartmoving.calendar import Calendar, from_number, number
from sandbox.smartmoving.catalogue import Catalogue
from sandbox.smartmoving.draw import LOST_LEAD_DAYS, LOST_PLACE, LOST_STEP, Draughtsman
from sandbox.smartmoving.model import CUSTOMER, OPPORTUNITY, Customer, Key, Opportunity, Status

_MOST_KEPT = 60_000
# A job that was worked is Completed; the books close after these days.
_CLOSES_AFTER_DAYS = 3


class World:
    """Everything the company knows, at the sandbox's present moment.

    Attributes:
        page_cap: The largest page that is given, at present.
        version: Goes up with every change; whoever keeps rendered rows looks at it.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.guids = Guids(options.seed)
        self.calendar = Calendar(options)
        self.catalogue = Catalogue(options, self.guids)
        self._draw = Draughtsman(options.seed, self.guids, self.calendar, self.catalogue)
        self._kept: dict[Key, Customer] = {}
        self._edited: dict[Key, Customer] = {}
        self._added: dict[int, int] = {}
        self._branch_places = {branch.id: place for place, branch in enumerate(self.catalogue.branches)}
        self.posted: list[Customer] = []
        self.page_cap = options.page_cap
        self.version = 0

    def reset(self) -> None:
        """Forget every change and every posted lead."""
        self._kept.clear()
        self._edited.clear()
        self._added.clear()
        self.posted.clear()
        self.page_cap = self.options.page_cap
        self.catalogue.reset()
        self.version += 1

    def customer(self, key: Key) -> Customer | None:
        """Find a customer or a lead.

        Args:
            key: Which one.

        Returns:
            It, or None when nobody stands there.
        """
        found = self._edited.get(key) or self._kept.get(key)
        if found is not None:
            return found
        calendar = self.calendar
        if key.slot == calendar.lead_slot and key.place < calendar.leads(key.day):
            found = self._draw.lead(key)
        elif calendar.exists(key):
            found = self._draw.customer(key)
        else:
            return None
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = found
        return found

    def matching(self, first: date, last: date, branch: int | None = None) -> list[Customer]:
        """List the customers with a job in a range of days, both ends included, in order of name.

        Args:
            first: The first day.
            last: The last day.
            branch: Only that pool, where BranchId is honoured.

        Returns:
            The customers, each once.
        """
        slots = range(self.calendar.slots) if branch is None else (branch,)
        keys = dict.fromkeys(
            key
            for day in range(number(first), number(last) + 1)
            for slot in slots
            for key in self.calendar.members(day, slot)
            if key not in self._edited
        )
        found = [customer for key in keys if (customer := self.customer(key)) is not None]
        found += [
            customer
            for customer in self._edited.values()
            if any(first <= day <= last for day in customer.days()) and self._in_branch(customer, branch)
        ]
        found.sort(key=lambda customer: (customer.name.strip().casefold(), customer.id))
        return found

    def leads(self, first: date, last: date, wanted: Iterable[int]) -> list[tuple[Customer, Opportunity]]:
        """List the leads created in a range of days whose status is wanted, oldest first."""
        today, now = self.clock.today(), self.clock.now()
        statuses = set(wanted)
        rows: list[tuple[Customer, Opportunity]] = []
        for day in range(number(first), min(number(last), number(today)) + 1):
            keys = [Key(day, self.calendar.lead_slot, index) for index in range(self.calendar.leads(day))]
            if Status.LOST in statuses:
                keys += self._lost_moves(day + LOST_LEAD_DAYS)
            for customer in filter(None, map(self.customer, keys)):
                rows += [
                    (customer, opportunity)
                    for opportunity in customer.opportunities[:1]
                    if opportunity.created <= now and self.status(opportunity) in statuses
                ]
        rows += [
            (customer, customer.opportunities[0])
            for customer in self.posted
            if customer.opportunities
            and first <= customer.opportunities[0].created.date() <= last
            and self.status(customer.opportunities[0]) in statuses
        ]
        rows.sort(key=lambda row: (row[1].created, row[1].id))
        return rows

    def status(self, opportunity: Opportunity) -> int:
        """Tell an opportunity's status: what was set, or what its fate and the clock make of it."""
        if opportunity.status is not None:
            return opportunity.status
        fixed = {
            "cancelled": Status.CANCELLED,
            "lost": Status.LOST,
            "bad": Status.BAD_LEAD,
            "new": Status.NEW_LEAD,
            "progress": Status.LEAD_IN_PROGRESS,
        }.get(opportunity.fate)
        if fixed is not None:
            return fixed
        today = self.clock.today()
        last = max((job.day for job in opportunity.jobs), default=today)
        if opportunity.fate == "open":
            return Status.OPPORTUNITY if last >= today else Status.LOST
        if last > today or (last == today and opportunity.seed % 3):
            return Status.BOOKED
        return Status.CLOSED if (today - last).days > _CLOSES_AFTER_DAYS else Status.COMPLETED

    def find_customer(self, guid: str) -> Customer | None:
        """Find a customer by id, on whatever day."""
        address = self.guids.decode(guid)
        if address is None or address.kind != CUSTOMER:
            return None
        customer = self.customer(Key(address.day, address.slot, address.place))
        return customer if customer is not None and customer.opportunities else None

    def find_opportunity(self, guid: str) -> tuple[Customer, Opportunity] | None:
        """Find an opportunity by id, on whatever day."""
        address = self.guids.decode(guid)
        if address is None or address.kind != OPPORTUNITY:
            return None
        customer = self.customer(Key(address.day, address.slot, address.place))
        opportunity = customer.opportunity(guid.lower()) if customer else None
        return (customer, opportunity) if customer and opportunity else None

    def find_quote(self, quote: int) -> tuple[Customer, Opportunity] | None:
        """Find an opportunity by its quote number."""
        place = self.calendar.unquote(quote)
        customer = self.customer(place[0]) if place else None
        if customer is None:
            return None
        return next(((customer, o) for o in customer.opportunities if o.quote == quote), None)

    def edit(self, customer: Customer) -> Customer:
        """Take a customer out of the drawn ones, so that it can be changed."""
        self._edited[customer.key] = customer
        self._kept.pop(customer.key, None)
        self.version += 1
        return customer

    def add(self, day: date, name: str | None = None, branch: int | None = None) -> Customer:
        """Add a customer with a job on a day, at a branch or at any."""
        key = self._next_key(number(day), self.calendar.added_slot)
        customer = self._draw.customer(key, name)
        if branch is not None and branch >= 0:
            for opportunity in customer.opportunities:
                opportunity.branch = branch
                opportunity.branch_name = self.catalogue.branches[branch].name
        return self.edit(customer)

    def branch_place(self, guid: str) -> int | None:
        """Find a branch's position by its id."""
        return self._branch_places.get(guid.lower())

    def post_lead(self, form: dict[str, Any], fill: Callable[[Customer], None]) -> Customer:
        """Store a lead that a provider sent.

        Args:
            form: What was sent.
            fill: Puts the form's values into the lead.

        Returns:
            The lead.
        """
        moment: datetime = self.clock.now()
        day = number(moment.date())
        key = self._next_key(day, self.calendar.added_slot)
        lead = self._draw.lead(key, form, moment)
        fill(lead)
        self.edit(lead)
        self.posted.append(lead)
        return lead

    def _next_key(self, day: int, slot: int) -> Key:
        index = self._added.get(day, 0)
        self._added[day] = index + 1
        return Key(day, slot, index)

    def _lost_moves(self, day: int) -> list[Key]:
        return [
            Key(day, slot, index)
            for slot in range(self.calendar.slots)
            for index in range(LOST_PLACE, self.calendar.own(day, slot), LOST_STEP)
        ]

    def _in_branch(self, customer: Customer, branch: int | None) -> bool:
        if branch is None:
            return True
        if customer.key.slot < self.calendar.slots:
            return customer.key.slot == branch
        return any(opportunity.branch == branch for opportunity in customer.opportunities)


def day_of(customer: Customer) -> date:
    """Tell the day a customer was drawn for."""
    return from_number(customer.key.day)
