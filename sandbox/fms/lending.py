"""Loans and holds: drawn week by week, on whatever day one asks, so that a restart knows them again."""

from __future__ import annotations

import math
import random
from bisect import bisect
from datetime import date, timedelta

from sandbox.fms.catalogue import HOLD_PLACES, HOLDS
from sandbox.fms.fleet import DAY_ZERO, Fleet
from sandbox.fms.model import Hold, Loan
from sandbox.fms.partners import Roster
from sandbox.seeds import mix

_YEARS_DAYS = 1_096
# Weeks are counted from DAY_ZERO, a Monday.
_WEEK = 7
_ONE_DAY = timedelta(days=1)
_LONGEST_LOAN_DAYS = 14
_MOST_AHEAD_DAYS = 100
_HOLD_MEAN_DAYS = 41
_LONGEST_HOLD_DAYS = 80
# Of the current activity's rows, holds are two fifths; more are drawn, and the oldest left out.
_HOLD_SHARE = 0.7
_CLIPS = ("0.0",) * 6 + ("1.0",) * 7 + ("4.0",) * 2 + ("2.0", "") * 2 + ("",)
# What the reader must keep as text.
_PADDED_OF, _EXPONENT_OF = 400, 700
_FIRST_ID = 100_000


class Lending:
    """Draws loans and holds; the same seed, sizes and number give the same ones."""

    def __init__(self, seed: int, roster: Roster, fleet: Fleet, history: int, activity: int) -> None:
        """Set the desk up.

        Args:
            seed: The world's seed.
            roster: Who borrows.
            fleet: What is lent.
            history: How many loans end within three years.
            activity: How many rows the current activity has.
        """
        self._seed = seed
        self._roster = roster
        self._fleet = fleet
        # A few more than wanted: the oldest are left out to have an exact number.
        self._per_week = history * 1.02 * _WEEK / _YEARS_DAYS
        self._holds_per_day = activity * _HOLD_SHARE / _HOLD_MEAN_DAYS
        self._weeks: dict[int, list[Loan]] = {}
        self._holds: dict[int, Hold] = {}

    def loans(self, first: date, last: date) -> list[Loan]:
        """List the loans that begin in a range of days, both included, in order."""
        weeks = range((first - DAY_ZERO).days // _WEEK, (last - DAY_ZERO).days // _WEEK + 1)
        return [loan for week in weeks for loan in self._week(week) if first <= loan.start <= last]

    def ended(self, today: date) -> list[Loan]:
        """List the loans that ended before a day, oldest end first; three years and some weeks back."""
        found = self.loans(today - timedelta(days=_YEARS_DAYS + 8 * _WEEK), today)
        return sorted((loan for loan in found if loan.end < today), key=lambda loan: (loan.end, loan.id))

    def current(self, today: date) -> list[Loan]:
        """List the loans that are announced and have not ended."""
        found = self.loans(today - timedelta(days=_LONGEST_LOAN_DAYS), today + timedelta(days=_MOST_AHEAD_DAYS))
        return [loan for loan in found if loan.announced <= today <= loan.end]

    def holds(self, today: date) -> list[tuple[int, Hold]]:
        """List the holds that are announced and have not ended, with their numbers, oldest first."""
        first = self._holds_before(today - timedelta(days=_LONGEST_HOLD_DAYS))
        found = [(number, self._hold(number)) for number in range(first, self._holds_before(today + _ONE_DAY))]
        return [(number, hold) for number, hold in found if hold.end >= today]

    def _week(self, week: int) -> list[Loan]:
        found = self._weeks.get(week)
        if found is None:
            numbers = range(math.floor(week * self._per_week), math.floor((week + 1) * self._per_week))
            drawn = [self._loan(number, week) for number in numbers]
            found = self._weeks[week] = sorted(drawn, key=lambda loan: (loan.start, loan.id))
        return found

    def _loan(self, number: int, week: int) -> Loan:
        seed = mix(self._seed, 551, number)
        rng = random.Random(seed)
        partner = self._roster.pick(rng)
        weekday = min(6, bisect(partner.odds, rng.random()))
        start = DAY_ZERO + timedelta(days=week * _WEEK + weekday)
        announced = start - timedelta(days=20 + int(rng.random() * (_MOST_AHEAD_DAYS - 20)))
        return Loan(
            id=_id(number, even=True),
            partner=partner,
            vehicle=self._fleet.pick(start, partner.office, rng),
            kind="Photo Shoot" if rng.random() < 0.02 else "Loan",
            announced=announced,
            start=start,
            end=start + timedelta(days=(7, 7, 7, 7, 5, 3, 10, _LONGEST_LOAN_DAYS)[int(rng.random() * 8)]),
            clips=_CLIPS[int(rng.random() * len(_CLIPS))],
            seed=seed,
        )

    def _hold(self, number: int) -> Hold:
        found = self._holds.get(number)
        if found is None:
            seed = mix(self._seed, 552, number)
            rng = random.Random(seed)
            announced = DAY_ZERO + timedelta(days=int(number / self._holds_per_day))
            start = announced + timedelta(days=int(rng.random() * 20))
            found = self._holds[number] = Hold(
                id=_id(number, even=False),
                vehicle=self._fleet.pick(announced, None, rng),
                kind=HOLDS[int(rng.random() * len(HOLDS))],
                place=HOLD_PLACES[int(rng.random() * len(HOLD_PLACES))],
                announced=announced,
                start=start,
                end=start + timedelta(days=3 + int(rng.random() * (_LONGEST_HOLD_DAYS - 25))),
                seed=seed,
            )
        return found

    def _holds_before(self, day: date) -> int:
        return max(0, math.ceil((day - DAY_ZERO).days * self._holds_per_day))


def _id(number: int, *, even: bool) -> str:
    """Write an activity's id: loans have the even ones; some are no numbers to be reckoned with."""
    value = _FIRST_ID + number * 2 + (not even)
    if number % _PADDED_OF == 7:
        return f"00{value}"
    return f"{value}E5" if number % _EXPONENT_OF == 11 else str(value)
