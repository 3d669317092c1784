"""What the events of a task make of it at a moment."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sandbox.arrivy.catalogue import RESCHEDULED
from sandbox.arrivy.model import Event, Task

_SECOND = timedelta(seconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)


class Entry(NamedTuple):
    """One entry of a task's status history.

    Attributes:
        place: In which order the vendor learnt of it.
        time: When it was true; one that was reported late is older than its neighbours.
    """

    place: int
    type: str
    title: str | None
    time: datetime


@dataclass(slots=True)
class State:
    """A task at a moment; once told, it is never changed.

    Attributes:
        updated: Never the same twice: every event moves it.
        start: None while the task is unscheduled, and for one without date and time.
        crew: The ids of the crew members.
        entries: The status history in the order in which it was reported.
        edits: How often somebody changed its text.
    """

    created: datetime
    updated: datetime
    start: datetime | None = None
    unscheduled: bool = False
    crew: tuple[int, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    edits: int = 0
    deleted: datetime | None = None

    @property
    def newest(self) -> Entry | None:
        """The newest entry, which is the truth of the status (Arrivy contract, section 9, quirk 4)."""
        return max(self.entries, key=lambda entry: (entry.time, entry.place), default=None)


def state_at(task: Task, now: datetime) -> State | None:
    """Tell a task's state.

    Args:
        task: The task.
        now: The moment.

    Returns:
        The state, or None when the task is not written down yet.
    """
    state: State | None = None
    for event in task.events:
        if event.at > now:
            break
        if state is None:
            state = State(event.at, event.at, event.value, unscheduled=event.value is None and not task.is_undated)
        else:
            state.updated = max(event.at, state.updated + _SECOND)
            _MOVES[event.kind](state, event)
    return state


def next_event(task: Task, now: datetime) -> datetime:
    """Tell when something happens to a task next; the end of time when nothing does."""
    return next((event.at for event in task.events if event.at > now), NEVER)


def append(task: Task, event: Event, *, forget_later: bool = True) -> None:
    """Add an event that somebody makes by hand.

    Args:
        task: The task.
        event: What happens.
        forget_later: Whether what was to happen later happens no more.
    """
    if forget_later:
        task.events[:] = [known for known in task.events if known.at <= event.at]
    insort(task.events, event, key=lambda known: known.at)


def _enter(state: State, type_: str, title: str | None, time: datetime) -> None:
    state.entries.append(Entry(len(state.entries), type_, title, time))


def _schedule(state: State, event: Event) -> None:
    state.start, state.unscheduled = event.value, False


def _reschedule(state: State, event: Event) -> None:
    _schedule(state, event)
    _enter(state, RESCHEDULED, None, event.at)


def _unschedule(state: State, _event: Event) -> None:
    state.start, state.unscheduled = None, True


def _assign(state: State, event: Event) -> None:
    state.crew = tuple(event.value)


def _status(state: State, event: Event) -> None:
    _enter(state, str(event.value), event.title, event.time or event.at)


def _edit(state: State, _event: Event) -> None:
    state.edits += 1


def _delete(state: State, event: Event) -> None:
    state.deleted = event.at


def _restore(state: State, _event: Event) -> None:
    state.deleted = None


_MOVES: dict[str, Callable[[State, Event], None]] = {
    "schedule": _schedule,
    "unschedule": _unschedule,
    "reschedule": _reschedule,
    "assign": _assign,
    "status": _status,
    "edit": _edit,
    "delete": _delete,
    "restore": _restore,
}
