"""Draw tasks from the seed: who has what done where, and everything that will happen to it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.arrivy import catalogue, ids
from sandbox.arrivy.catalogue import WORK
from sandbox.arrivy.ids import Ids
from sandbox.arrivy.model import Event, Group, Task
from sandbox.seeds import mix

DAY_ZERO = date(2020, 1, 1)
# A day has so many numbers, whatever the pace, so that a number says its day.
PLACES_OF_A_DAY = 1024
# Nothing is planned further ahead.
MOST_LEAD_DAYS = 28
# What becomes of a task, in percent.
_FATES = (
    ["complete"] * 48 + ["moved"] * 12 + ["sold"] * 8 + ["cancelled"] * 6 + ["exception"] * 4 + ["ignored"] * 4
    + ["refused"] * 2 + ["deleted"] * 4 + ["unscheduled"] * 4 + ["found_a_day"] * 5 + ["undated"] * 3
)  # fmt: skip
_MINUTE = timedelta(minutes=1)


class Draughtsman:
    """Draws one task at a time; the same day and place give the same task."""

    def __init__(self, seed: int, numbers: Ids, groups: Sequence[Group], crew: Sequence[int], customers: int) -> None:
        self._seed = seed
        self._numbers = numbers
        self._groups = groups
        self._crew = crew
        self._customers = customers

    def task(self, day: date, place: int) -> Task:
        """Draw a task.

        Args:
            day: The day it is planned for, in its branch's calendar; one without a date belongs to a day too.
            place: Which of that day.

        Returns:
            The task.
        """
        days = (day - DAY_ZERO).days
        seed = mix(self._seed, 331, days, place)
        rng = random.Random(seed)
        number = days * PLACES_OF_A_DAY + place
        # A customer belongs to the branch that its number says (see `folk`).
        customer = int(rng.random() * self._customers)
        group = self._groups[customer % len(self._groups)]
        work = WORK[int(rng.random() * len(WORK))]
        fate = _FATES[int(rng.random() * len(_FATES))]
        return Task(
            id=self._numbers.of(ids.TASK, number),
            number=number,
            group=group,
            customer=self._numbers.of(ids.CUSTOMER, customer),
            title=None if rng.random() < 0.02 else work.title,
            minutes=None if fate == "undated" else -work.minutes if rng.random() < 0.01 else work.minutes,
            is_undated=fate == "undated",
            # Nothing on the wire tells fractions of a second but readings.
            events=[
                event._replace(at=event.at.replace(microsecond=0))
                for event in _Story(day, group, work, fate, self._crew, rng).events()
            ],
            seed=seed,
        )


class _Story:
    """Draws what happens to one task, and when."""

    def __init__(
        self, day: date, group: Group, work: catalogue.Work, fate: str, crew: Sequence[int], rng: random.Random
    ) -> None:
        self._zone = ZoneInfo(group.zone)
        self._work = work
        self._fate = fate
        self._crew = crew
        self._rng = rng
        # One in five is an evening's job: in UTC it is tomorrow (section 6).
        hour = 17.5 + int(rng.random() * 7) / 2 if rng.random() < 0.2 else 7.5 + int(rng.random() * 18) / 2
        second = 7 if rng.random() < 0.01 else 0
        self._start = self._at(day, hour) + timedelta(seconds=second)
        self._created = self._start - timedelta(seconds=int((1 + rng.random() * (MOST_LEAD_DAYS - 1)) * 86_400))

    def events(self) -> list[Event]:
        """Draw the events, in the order of their times."""
        fate, rng, lead = self._fate, self._rng, self._start - self._created
        dated = fate not in {"unscheduled", "undated", "found_a_day"}
        found = [Event(self._created, "create", self._start if dated else None)]
        if fate == "found_a_day":
            found.append(Event(self._created + lead * 0.3, "schedule", self._start))
        elif not dated:
            if rng.random() < 0.5:
                found.append(Event(self._created + lead * 0.5, "status", catalogue.PREPARING))
            return found
        found += self._preparations(lead)
        if fate == "moved":
            moved = self._start + timedelta(days=1 + int(rng.random() * 9), minutes=30 * int(rng.random() * 4))
            found.append(Event(self._created + lead * 0.8, "reschedule", moved))
            self._start = moved
        if fate == "deleted" and rng.random() < 0.6:
            return [*found, Event(self._created + lead * 0.9, "delete")]
        found += self._work_day()
        if fate == "deleted":
            found.append(Event(self._start + timedelta(hours=20), "delete"))
        return sorted(found, key=lambda event: event.at)

    def _preparations(self, lead: timedelta) -> list[Event]:
        rng = self._rng
        found = [Event(self._created + lead * 0.4, "assign", self._hands())]
        if rng.random() < 0.6:
            custom = rng.random() < 0.4
            type_ = catalogue.CUSTOM if custom else catalogue.CONFIRMED
            title = catalogue.APPOINTMENT if custom else None
            found.append(Event(self._created + lead * 0.6, "status", type_, title))
        if rng.random() < 0.1:
            found.append(Event(self._created + lead * 0.7, "assign", self._hands()))
        if rng.random() < 0.1:
            found.append(Event(self._created + lead * 0.75, "edit"))
        return found

    def _work_day(self) -> list[Event]:
        fate, rng, start = self._fate, self._rng, self._start
        if fate == "ignored":
            return []
        if fate in {"cancelled", "refused"}:
            type_ = catalogue.CANCELLED if fate == "cancelled" else catalogue.CUSTOMER_EXCEPTION
            return [Event(start - timedelta(hours=3), "status", type_)]
        began = start + int(rng.random() * 25) * _MINUTE
        done = began + max(20, int(self._work.minutes * (0.7 + rng.random() * 0.6))) * _MINUTE
        found = [Event(start - 25 * _MINUTE, "status", catalogue.ENROUTE)]
        if rng.random() < 0.1:
            # The app was offline: the start is told after the end, and is older than it (section 9, quirk 4).
            found.append(Event(done + 40 * _MINUTE, "status", catalogue.STARTED, None, began))
        else:
            found.append(Event(began, "status", catalogue.STARTED))
        found.append(Event(done, "status", catalogue.EXCEPTION if fate == "exception" else catalogue.COMPLETE))
        if fate == "sold":
            found.append(Event(done + 5 * _MINUTE, "status", catalogue.CUSTOM, catalogue.SOLD))
        if rng.random() < 0.1:
            # The office adds a note on the next day: the schedule window has moved on (section 9, quirk 3).
            found.append(Event(done + timedelta(hours=18), "edit"))
        return found

    def _hands(self) -> tuple[int, ...]:
        first = int(self._rng.random() * len(self._crew))
        # In a small crew, a large job is done by all of it.
        return tuple(dict.fromkeys(self._crew[(first + more) % len(self._crew)] for more in range(self._work.crew)))

    def _at(self, day: date, hour: float) -> datetime:
        local = datetime.combine(day, time(0)) + timedelta(seconds=int(hour * 3600))
        return local.replace(tzinfo=self._zone).astimezone(UTC)
