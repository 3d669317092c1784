"""The account's records: drawn once, moved by the clock, changed by hand, found by id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from sandbox.arrivy import folk, ids
from sandbox.arrivy.draw import DAY_ZERO, MOST_LEAD_DAYS, PLACES_OF_A_DAY, Draughtsman
from sandbox.arrivy.ids import Ids
from sandbox.arrivy.model import Customer, Entity, Event, Task
from sandbox.arrivy.readings import SHIFT_SECONDS, Track
from sandbox.arrivy.timeline import State, next_event, state_at
from sandbox.clock import Clock
from sandbox.options import Options

Known = tuple[Task, State]
_INSERTED = 10_000


class Scale(NamedTuple):
    """How large the account is; half of a month's tasks ahead are known besides the days before today."""

    crew: int
    groups: int
    days: int
    tasks_per_day: int
    customers: int
    reading_seconds: int


_SCALES = {
    "small": Scale(5, 3, 12, 4, 40, 600),
    "original": Scale(20, 4, 30, 40, 600, 300),
    # 76 days behind and half of 28 ahead: 90 days' worth, 20,000 tasks.
    "plan": Scale(60, 6, 76, 228, 4_000, 60),
}


@dataclass(frozen=True, slots=True)
class Lists:
    """What the task lists hold, until something happens: no task is in two of them (section 3.1)."""

    scheduled: list[Known]
    unscheduled: list[Known]
    undated: list[Known]
    since: datetime
    until: datetime


class World:
    """Everything that Arrivy knows of the company, at the sandbox's present moment.

    Attributes:
        entities: The crew members by id, in the lists' order.
        customers: The customers by id.
        first_day: Of the schedule and of the readings.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        scale = _SCALES[options.scale]
        self.options = options
        self.clock = clock
        self._scale = scale._replace(
            crew=scale.crew if options.arrivy_crew is None else options.arrivy_crew,
            days=scale.days if options.arrivy_days is None else options.arrivy_days,
            tasks_per_day=scale.tasks_per_day if options.arrivy_tasks_per_day is None else options.arrivy_tasks_per_day,
            reading_seconds=(
                scale.reading_seconds if options.arrivy_reading_seconds is None else options.arrivy_reading_seconds
            ),
        )
        if not (0 < self._scale.tasks_per_day < PLACES_OF_A_DAY and self._scale.crew > 0 and self._scale.days > 0):
            raise ValueError(f"Arrivy has a crew, days, and 1 to {PLACES_OF_A_DAY - 1} tasks a day, not {self._scale}")
        if not 0 < self._scale.reading_seconds <= SHIFT_SECONDS:
            raise ValueError(f"Arrivy's readings come every 1 to {SHIFT_SECONDS} s, not {self._scale.reading_seconds}")
        self.numbers = Ids(options.seed)
        self.first_day = clock.now().date() - timedelta(days=self._scale.days)
        self.groups = folk.groups(self.numbers, scale.groups)
        self.definitions = folk.definitions(self.numbers)
        self._tasks: dict[int, Task] | None = None
        self.reset()

    def reset(self) -> None:
        """Forget every change."""
        seed, numbers = self.options.seed, self.numbers
        drawn = [folk.entity(seed, numbers, self.groups, place) for place in range(self._scale.crew)]
        self.entities = {one.id: one for one in drawn}
        self.crews = folk.crews(numbers, drawn, 2 + self._scale.crew // 20)
        people = (folk.customer(seed, numbers, self.groups, place) for place in range(self._scale.customers))
        self.customers = {one.id: one for one in people}
        self._draughtsman = Draughtsman(seed, numbers, self.groups, list(self.entities), self._scale.customers)
        self._tasks = None
        self._drawn = self.first_day - timedelta(days=1)
        self._added = 0
        self._lists: Lists | None = None
        # A task's state, and from when until when it is that.
        self._states: dict[int, tuple[datetime, datetime, State | None]] = {}

    def now(self) -> datetime:
        """Tell the moment in whole seconds, as it is written into records."""
        return self.clock.now().replace(microsecond=0)

    def lists(self) -> Lists:
        """Sort the tasks that lists show into the three kinds."""
        now = self.clock.now()
        if self._lists is None or not self._lists.since <= now < self._lists.until:
            self._lists = self._sorted(now)
        return self._lists

    def known(self) -> Iterator[Known]:
        """List all tasks that were ever written down by now, deleted and hidden ones too."""
        now = self.clock.now()
        for task in self._all().values():
            state = self._state(task, now)
            if state is not None:
                yield task, state

    def find_task(self, number: int) -> Known | None:
        """Find a task that is there, a hidden one too."""
        task = self._all().get(number)
        state = self._state(task, self.clock.now()) if task else None
        return (task, state) if task and state and state.deleted is None else None

    def task(self, number: int) -> Task:
        """Find a task, a deleted one too.

        Raises:
            ValueError: There never was one.
        """
        task = self._all().get(number)
        if task is None or self._state(task, self.clock.now()) is None:
            raise ValueError(f"no task {number}")
        return task

    def track(self, entity: Entity) -> Track:
        """Follow a crew member."""
        return Track(entity, self.first_day, self._scale.reading_seconds)

    def touched(self, task: Task) -> None:
        """Look at a task anew: it was changed by hand."""
        self._states.pop(task.id, None)
        self._lists = None

    def add(self, start: datetime | None) -> Task:
        """Write down a task now; lists begin with it.

        Args:
            start: When it is to begin; None for one that is unscheduled.

        Returns:
            The task.
        """
        tasks = self._all()
        self._added += 1
        if self._added > PLACES_OF_A_DAY - self._scale.tasks_per_day:
            raise ValueError("Arrivy takes no more inserted tasks")
        task = self._draughtsman.task(DAY_ZERO, PLACES_OF_A_DAY - self._added)
        task.title, task.minutes, task.is_undated, task.is_first = "Inserted Example", 60, False, True
        task.events[:] = [Event(self.now(), "create", start)]
        tasks[task.id] = task
        self.touched(task)
        return task

    def add_entity(self) -> Entity:
        """Take on a crew member now, who comes first in lists."""
        self._added += 1
        found = folk.entity(self.options.seed, self.numbers, self.groups, _INSERTED + self._added)
        found.name, found.created = f"Inserted Example {self._added}", self.now()
        found.updated = found.created
        self.entities = {found.id: found, **self.entities}
        return found

    def add_customer(self) -> Customer:
        """Write down a customer now, before all others."""
        self._added += 1
        found = folk.customer(self.options.seed, self.numbers, self.groups, _INSERTED + self._added)
        found.created = found.updated = self.now()
        self.customers = {found.id: found, **self.customers}
        return found

    def _all(self) -> dict[int, Task]:
        """Draw the tasks up to the last day that anybody plans for."""
        if self._tasks is None:
            self._tasks = {}
        last = self.clock.now().date() + timedelta(days=MOST_LEAD_DAYS + 1)
        while self._drawn < last:
            self._drawn += timedelta(days=1)
            for place in range(self._scale.tasks_per_day):
                task = self._draughtsman.task(self._drawn, place)
                self._tasks[task.id] = task
        return self._tasks

    def _sorted(self, now: datetime) -> Lists:
        scheduled: list[Known] = []
        unscheduled: list[Known] = []
        undated: list[Known] = []
        # Tasks of days that nobody has drawn yet may be written down tomorrow.
        until = datetime.combine(now.date() + timedelta(days=1), time(0), UTC)
        for task in self._all().values():
            state = self._state(task, now)
            until = min(until, self._states[task.id][1])
            if state is None or state.deleted is not None or task.is_hidden:
                continue
            if state.start is not None:
                scheduled.append((task, state))
            else:
                (undated if task.is_undated else unscheduled).append((task, state))
        scheduled.sort(key=lambda pair: (not pair[0].is_first, pair[1].start, pair[0].id))
        for some in (unscheduled, undated):
            some.sort(key=lambda pair: (not pair[0].is_first, pair[1].created, pair[0].id))
        return Lists(scheduled, unscheduled, undated, now, until)

    def _state(self, task: Task, now: datetime) -> State | None:
        """Tell a task's state; until something happens to it, it is the same object."""
        known = self._states.get(task.id)
        if known is None or not known[0] <= now < known[1]:
            known = self._states[task.id] = (now, next_event(task, now), state_at(task, now))
        return known[2]


def entry_id(world: World, task: Task, place: int) -> int:
    """Number a status entry of a task."""
    return world.numbers.of(ids.ENTRY, task.number * ids.ENTRIES_OF_A_TASK + place)


def booking_id(world: World, task: Task) -> int | None:
    """Number the booking that a task came from; one in eight has one."""
    return world.numbers.of(ids.BOOKING, task.number) if task.seed % 8 == 0 else None
