"""The two budgets of a key: calls in a short window, calls in a month."""

from __future__ import annotations

import math
import time
from collections import Counter, deque

from sandbox.clock import Clock


class Window:
    """At most so many calls in any window of so many seconds; what is refused does not count."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls = calls
        self._seconds = seconds
        self._taken: dict[str, deque[float]] = {}

    def wait(self, caller: str) -> int:
        """Take a place, or tell how long until there is one.

        Args:
            caller: Whose budget.

        Returns:
            0 when the call may pass, else whole seconds to wait.
        """
        if self._calls <= 0:
            return 0
        taken = self._taken.setdefault(caller, deque())
        now = time.monotonic()
        while taken and now - taken[0] >= self._seconds:
            taken.popleft()
        if len(taken) < self._calls:
            taken.append(now)
            return 0
        return max(1, math.ceil(self._seconds - (now - taken[0])))

    def reset(self) -> None:
        """Forget all calls."""
        self._taken.clear()


class Month:
    """Calls of the sandbox's present month, every one of them, refused ones too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._month = ""
        self._calls: Counter[str] = Counter()

    def count(self, caller: str) -> int:
        """Count a call.

        Args:
            caller: Whose budget.

        Returns:
            The calls of the month so far, this one included.
        """
        self._turn()
        self._calls[caller] += 1
        return self._calls[caller]

    def of(self, caller: str) -> int:
        """Tell one caller's calls of the month."""
        return self._calls[caller]

    def calls(self) -> dict[str, int]:
        """Tell the calls of the month by caller."""
        self._turn()
        return dict(self._calls)

    def reset(self) -> None:
        """Forget all calls."""
        self._calls.clear()

    def _turn(self) -> None:
        month = f"{self._clock.now():%Y-%m}"
        if month != self._month:
            self._month = month
            self._calls.clear()
