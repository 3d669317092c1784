"""What the events of an order make of it at a moment."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.tekmetric.model import Event, Order, Status

_SECOND = timedelta(seconds=1)
_REVENUE = (Status.POSTED, Status.RECEIVABLE)


@dataclass(frozen=True, slots=True)
class State:
    """An order at a moment.

    Attributes:
        stage: How many events have happened; with the order's version, it names the state.
        updated: Never the same twice: every event moves it.
        answered: When the customer answered; before it, every job's `authorized` is null.
    """

    stage: int
    status: int
    updated: datetime
    shared: datetime | None = None
    answered: datetime | None = None
    completed: datetime | None = None
    posted: datetime | None = None
    paid: bool = False
    deleted: datetime | None = None

    @property
    def is_revenue(self) -> bool:
        """Whether it counts as posted: status 5 and 6 (Tekmetric contract, section 1.6, trap 7)."""
        return self.status in _REVENUE


def state_at(order: Order, now: datetime) -> State | None:
    """Tell an order's state.

    Args:
        order: The order; a fixed shop's is always at its end.
        now: The moment.

    Returns:
        The state, or None when the order is not written down yet.
    """
    state: State | None = None
    for event in order.events:
        if event.at > now and not order.shop.fixed:
            break
        state = _after(state, event)
    return state


def append(order: Order, event: Event, *, forget_later: bool) -> None:
    """Add an event that somebody makes by hand.

    Args:
        order: The order.
        event: What happens.
        forget_later: Whether what was to happen later happens no more.
    """
    if forget_later:
        order.events[:] = [known for known in order.events if known.at <= event.at]
    if order.shop.fixed:
        order.events.append(event)
    else:
        insort(order.events, event, key=lambda known: known.at)
    order.version += 1


def _after(state: State | None, event: Event) -> State:
    at, kind = event.at, event.kind
    if state is None:
        return State(1, Status.ESTIMATE, at)
    state = replace(state, stage=state.stage + 1, updated=max(at, state.updated + _SECOND))
    return _MOVES[kind](state, event) if kind in _MOVES else state


def _post(state: State, event: Event) -> State:
    return replace(state, posted=event.posted or event.at, status=Status.POSTED, paid=True)


def _bill(state: State, event: Event) -> State:
    return replace(state, posted=event.posted or event.at, status=Status.RECEIVABLE, paid=False)


_MOVES: dict[str, Callable[[State, Event], State]] = {
    "share": lambda state, event: replace(state, shared=event.at),
    "answer": lambda state, event: replace(state, answered=event.at, status=Status.WORKING),
    "decline": lambda state, event: replace(state, answered=event.at),
    "complete": lambda state, event: replace(state, completed=event.at, status=Status.COMPLETE),
    "post": _post,
    "bill": _bill,
    "pay": lambda state, _event: replace(state, status=Status.POSTED, paid=True),
    "unpost": lambda state, _event: replace(state, posted=None, status=Status.COMPLETE),
    # The sample order in progress has both dates: dates do not imply a status (section 1.9).
    "reopen": lambda state, _event: replace(state, status=Status.WORKING),
    "save": lambda state, _event: replace(state, status=Status.SAVED),
    "delete": lambda state, event: replace(state, status=Status.DELETED, deleted=event.at),
}
# What can happen to an order; `create` and `edit` move no status.
MOVES = frozenset(_MOVES)
