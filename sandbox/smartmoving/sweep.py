"""The customers sweep, kept as bytes: a page is cut and joined, never encoded again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from sandbox.smartmoving import paging
from sandbox.smartmoving.rows import Rows
from sandbox.smartmoving.world import World
from sandbox.vendor import Answer, Call

_MOST_KEPT = 512
_REACH_DAYS = 30
_encode = msgspec.json.Encoder().encode


class Sweep:
    """Answers GET /api/customers."""

    def __init__(self, world: World, rows: Rows) -> None:
        self._world = world
        self._rows = rows
        self._kept: OrderedDict[tuple[object, ...], list[bytes]] = OrderedDict()
        self._state: tuple[int, date] = (-1, date.min)

    def customers(self, call: Call) -> Answer:
        """Give a page of customers, in order of name.

        The dates choose customers, not jobs: a customer that matches comes with all its
        opportunities and jobs, also those outside the dates (contract, section 11.2).

        Args:
            call: The GET.

        Returns:
            The page.
        """
        query = call.query
        first, last = paging.day(query, "FromServiceDate"), paging.day(query, "ToServiceDate")
        # With a date filter the opportunities come without being asked for (section 5.1).
        dated = first is not None or last is not None
        opportunities = paging.flag(query, "IncludeOpportunityInfo") or dated
        today = self._world.clock.today()
        reach = timedelta(days=_REACH_DAYS)
        if first is None:
            first = (last or today) - reach
        if last is None:
            last = max(first, today) + reach
        rows = self._sorted(first, last, opportunities, self.branch(query))
        return paging.page(rows, query, self._world.page_cap)

    def warm(self, first: date, last: date) -> None:
        """Draw and write the rows of these days beforehand: as a client asks, a day at a time, and all at once."""
        honoured = self._world.options.branch_filter == "honoured"
        self._sorted(first, last, True, None)
        for place in range(self._world.calendar.slots):
            for day in range(first.toordinal(), last.toordinal() + 1):
                one = date.fromordinal(day)
                self._sorted(one, one, True, place if honoured else None)

    def branch(self, query: Mapping[str, str]) -> int | None:
        """Tell which pool BranchId chooses; by default it is ignored (section 11.1)."""
        wanted = query.get("branchid")
        if wanted is None or self._world.options.branch_filter == "ignored":
            return None
        place = self._world.branch_place(wanted)
        return -1 if place is None else place

    def _sorted(self, first: date, last: date, opportunities: bool, branch: int | None) -> Sequence[bytes]:
        if branch == -1:
            return []
        # The status in a row depends on the day, so a new day is as good as a change.
        state = (self._world.version, self._world.clock.today())
        if state != self._state:
            self._kept.clear()
            self._state = state
        key = (first, last, opportunities, branch)
        rows = self._kept.get(key)
        if rows is None:
            finish, write = self._rows.finish, self._rows.customer
            rows = [
                _encode(finish(write(customer, opportunities=opportunities), customer.id))
                for customer in self._world.matching(first, last, branch)
            ]
            self._kept[key] = rows
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return rows
