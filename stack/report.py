"""What a person reads while a sync runs, and where it failed."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from stack.landed import rows_so_far
from stack.state import State
from stack.sync import ENDED, Failure, Outcome, Syncs

PAUSE_SECONDS = 2.0
REMIND_SECONDS = 30.0


class Progress:
    """Says what is going on when it changes, and from time to time that it goes on."""

    def __init__(self, conninfo: str, say: Callable[[str], None]) -> None:
        self._conninfo = conninfo
        self._say = say
        self._said = ""
        self._said_at = float("-inf")

    def __call__(self, syncs: Syncs) -> None:
        """Print a line if it is time for one."""
        since = time.monotonic() - self._said_at
        if since < PAUSE_SECONDS:
            return
        states = syncs.outcome.states
        done = sum(state in ENDED for state in states.values())
        tasks = ", ".join(syncs.running_tasks()) or "between tasks"
        landed, rows = rows_so_far(self._conninfo)
        line = f"{done} of {len(states)} runs done; {tasks}; {landed:,} records landed, {rows:,} rows"
        if line != self._said or since > REMIND_SECONDS:
            self._say(line)
            self._said, self._said_at = line, time.monotonic()


def explain(outcome: Outcome, failures: Iterable[Failure], state: State) -> Iterator[str]:
    """Tell which runs did not succeed, by which task, and where its log lies.

    Args:
        outcome: how the awaited runs ended.
        failures: the tasks that failed.
        state: where the logs are.

    Yields:
        str: a line; none at all after a success.
    """
    for run, ended_as in outcome.states.items():
        if ended_as == "failed":
            yield f"FAILED     {run.dag_id}, run {run.run_id}"
        elif ended_as != "success":
            yield f"NOT DONE   {run.dag_id}, run {run.run_id}: {ended_as} when RUN_TIMEOUT was up; raise it"
    for failure in failures:
        mapped = f"[{failure.map_index}]" if failure.map_index >= 0 else ""
        name = f"{failure.run.dag_id}.{failure.task_id}{mapped}"
        yield f"           task {name}, log {task_log(state, failure)}"
    for dag_id in outcome.missing:
        yield f"NO RUN     {dag_id}: it never came; log {state.logs / 'scheduler.log'}"


def task_log(state: State, failure: Failure) -> Path:
    """Return where the log of a failed task's last attempt lies, by Airflow's own naming."""
    run = failure.run
    folder = state.task_logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}" / f"task_id={failure.task_id}"
    if failure.map_index >= 0:
        folder /= f"map_index={failure.map_index}"
    return folder / f"attempt={failure.attempt}.log"
