"""Everything that FMS knows on the sandbox's present day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.clock import Clock
from sandbox.fms.budget import spending
from sandbox.fms.dirt import DIRT
from sandbox.fms.fleet import Fleet
from sandbox.fms.layouts import ACTIVITY, BUDGET, LOANS, MAKES, PARTNERS, VEHICLES
from sandbox.fms.lending import Lending
from sandbox.fms.model import Approval, Hold, Loan, Partner, Spending, Vehicle
from sandbox.fms.partners import Roster
from sandbox.options import Options

# Rows on the first day; the original's were counted on 2025-11-12 (FMS contract, section 1). The budget's were
# not: here are pairs of office and fleet, each with six quarters.
_ORIGINAL = {VEHICLES: 979, PARTNERS: 592, LOANS: 10_806, ACTIVITY: 1_122, MAKES: 4_715, BUDGET: 80}
_SMALL = {VEHICLES: 98, PARTNERS: 60, LOANS: 1_080, ACTIVITY: 112, MAKES: 470, BUDGET: 10}
_SCALES = {"small": _SMALL, "original": _ORIGINAL, "plan": _ORIGINAL}


@dataclass(frozen=True, slots=True)
class Day:
    """One day's records; the addresses are those of the partners' rows."""

    today: date
    vehicles: list[Vehicle]
    partners: list[Partner]
    addresses: list[str]
    loans: list[Loan]
    activity: list[Loan | Hold]
    approvals: list[Approval]
    spending: list[Spending]


class World:
    """The records by day: the same seed, first day and day give the same ones.

    Attributes:
        clock: Says what day it is.
        dirty: Whether the reports hold rows that cannot be loaded.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self.clock = clock
        self.dirty = options.fms_dirt
        self._seed = options.seed
        # The numbers of rows are exact on this day; later ones add to the history.
        self._base = clock.today()
        sizes = _SCALES[options.scale]
        if options.fms_size is not None:
            if options.fms_size <= 0:
                raise ValueError(f"the FMS world is a multiple of the original's size, not {options.fms_size}")
            sizes = {report: max(1, round(count * options.fms_size)) for report, count in _ORIGINAL.items()}
        self._pairs = sizes[BUDGET]
        dirt = {report: len(DIRT[report]) if self.dirty else 0 for report in sizes}
        self._sizes = {report: max(0, count - dirt[report]) for report, count in sizes.items()}
        self._books: _Books | None = None
        self._day: Day | None = None

    def day(self) -> Day:
        """Tell the records of the present day."""
        if self._books is None:
            self._books = _Books(self._seed, self._base, self._sizes)
        today = self.clock.today()
        if self._day is None or self._day.today != today:
            self._day = self._books.day(today, spending(self._seed, today, self._pairs))
        return self._day


class _Books:
    """What all days share: who there is, and which records count."""

    def __init__(self, seed: int, base: date, sizes: dict[str, int]) -> None:
        self._roster = Roster(seed, sizes[PARTNERS])
        self._approvals = self._roster.approvals(sizes[MAKES])
        self._fleet = Fleet(seed, sizes[VEHICLES])
        self._lending = Lending(seed, self._roster, self._fleet, sizes[LOANS], sizes[ACTIVITY])
        self._first_vehicle = self._fleet.floor(base)
        # More are drawn than wanted. What is left out on the first day stays out: nothing old turns up later.
        ended = [(loan.end, loan.id) for loan in self._lending.ended(base)]
        holds = [number for number, _ in self._lending.holds(base)]
        wanted = sizes[ACTIVITY] - len(self._lending.current(base))
        if len(ended) < sizes[LOANS] or not 0 < wanted <= len(holds):
            raise ValueError(f"seed {seed} has too few loans ({len(ended)}) or holds ({len(holds)}) on {base}")
        self._first_loan = ended[len(ended) - sizes[LOANS]]
        self._first_hold = holds[len(holds) - wanted]

    def day(self, today: date, spent: list[Spending]) -> Day:
        lending = self._lending
        current: list[Loan | Hold] = list(lending.current(today))
        current += [hold for number, hold in lending.holds(today) if number >= self._first_hold]
        return Day(
            today=today,
            vehicles=self._fleet.vehicles(today, self._first_vehicle),
            partners=self._roster.partners,
            addresses=self._roster.addresses(today),
            loans=[loan for loan in lending.ended(today) if (loan.end, loan.id) >= self._first_loan],
            activity=sorted(current, key=lambda one: (one.start, one.id)),
            approvals=self._approvals,
            spending=spent,
        )
