"""What the tests of Arrivy's sync ask of the sandbox and of the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import NOW

EVER = ("0001-01-01", "9999-12-31")
#: Options of an account whose sync is quick.
LITTLE = {"arrivy_days": 4, "arrivy_tasks_per_day": 3, "arrivy_reading_seconds": 7200}
#: The three passes over the tasks, what they ask for by id, and the groups that give the zone of the days.
TASKS = ("groups", "tasks", "unscheduled_tasks", "undated_tasks", "missing_tasks")


def truth_of(line: Any, first: str = EVER[0], last: str = EVER[1]) -> dict[str, Any]:
    told: dict[str, Any] = line.vendor.control.truth(first, last, source="arrivy")
    return told


def change(line: Any, *commands: dict[str, Any]) -> Any:
    return line.vendor.control.change(*commands, source="arrivy")


def counts(line: Any, run: str) -> dict[str, Any]:
    """The history rows of a run by stream."""
    rows = line.warehouse.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (run,))
    return {row.sync_type: row for row in rows}


def later(line: Any, **passed: float) -> datetime:
    """Let time pass at the vendor, counted from the tests' instant; returns the instant of the next run."""
    instant = NOW + timedelta(**passed)
    line.vendor.control.clock(instant.isoformat())
    return instant


def watch(line: Any, pattern: str) -> Callable[[], int]:
    """Count the calls whose path and query, as sent, hold a pattern; from now on."""
    line.vendor.control.faults({"match": pattern, "action": "reset", "times": 0})

    def seen() -> int:
        rules = line.vendor.control.faults()
        return int(sum(rule["seen"] for rule in rules if rule["match"] == pattern))

    return seen


def task(line: Any, key: Any) -> Any:
    """A task as the warehouse has it."""
    (row,) = line.warehouse.rows("SELECT * FROM arrivy.tasks WHERE task_id = %s", (str(key),))
    return row


def instant(text: str | None) -> datetime | None:
    """A time that the truth tells."""
    return None if text is None else datetime.fromisoformat(text)


def word(sent: Any) -> str | None:
    """What is kept of a word: a number as text, no blanks at the ends, and nothing where nothing is left."""
    return None if sent is None else str(sent).strip() or None
