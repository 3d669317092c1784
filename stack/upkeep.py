"""What is done to a stack from outside its run: status, stop, clean."""

import contextlib
import time

import psutil

from stack.errors import StackError
from stack.ground import shelter_for
from stack.landed import aligned
from stack.logins import existing_cluster
from stack.process import end_all, read_record, recorded
from stack.state import State

STOP_SECONDS = 90  # more than a run needs: its processes' grace, then PostgreSQL's


def describe(state: State, port: int) -> str:
    """Tell which of the stack's processes run.

    Args:
        state: the clone's state.
        port: the database's port by the settings.

    Returns:
        str: a line per process.
    """
    if not state.secrets.exists():
        return "There is no stack yet. Start it with `make run`."
    cluster, _ = existing_cluster(state, port)
    lines = [["postgres", "running" if cluster.running() else "down", str(cluster.ground.log)]]
    lines += [[child.name, "running" if child.members() else "down", str(child.log)] for child in recorded(state)]
    return aligned(["process", "state", "log"], lines)


def stop(state: State, port: int) -> list[str]:
    """Stop whatever of the stack runs, a living `make run` included.

    Args:
        state: the clone's state.
        port: the database's port by the settings.

    Returns:
        list[str]: the names of what was stopped.

    Raises:
        StackError: something would not stop.
    """
    if not state.exists:
        return []
    stopped = _end_run(state) + end_all(recorded(state))
    if state.secrets.exists():
        cluster, _ = existing_cluster(state, port)
        with state.database_turn():
            if cluster.running():
                cluster.stop()
                stopped.append("postgres")
            state.on_demand.unlink(missing_ok=True)
    return stopped


def clean(state: State, port: int) -> list[str]:
    """Stop the stack and remove its state, the folder elsewhere included.

    Args:
        state: the clone's state.
        port: the database's port by the settings.

    Returns:
        list[str]: the folders that were removed.
    """
    removed = [str(folder) for folder in (state.folder, shelter_for(state.postgres)) if folder.exists()]
    if state.secrets.exists():
        stop(state, port)
        existing_cluster(state, port)[0].destroy()
    state.remove()
    return removed


def _end_run(state: State) -> list[str]:
    """Ask the living run to stop everything in its own order, and wait for that."""
    if not state.has_run():
        return []
    record = read_record(state.run_record)
    if record is None or not record.lives():
        raise StackError(f"A run holds {state.folder / 'run.lock'} but left no trace of itself. End it by its pid.")
    with contextlib.suppress(psutil.Error):
        psutil.Process(record.pid).terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while state.has_run():
        if time.monotonic() > deadline:
            raise StackError(f"`make run` (pid {record.pid}) did not stop within {STOP_SECONDS} s. End it by its pid.")
        time.sleep(0.2)
    return ["make run"]
