"""Processes that the stack starts: each in a session of its own, with a log, a record and a sure end."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from stack.errors import StackError
from stack.state import State

GRACE_SECONDS = 10
KILL_SECONDS = 5
#: What a look at a process raises when it goes at that moment: psutil passes some of the system's errors on.
GONE = (OSError, psutil.Error)


@dataclass(frozen=True)
class Record:
    """What identifies a process: a number alone is soon another's."""

    name: str
    pid: int
    started: float

    @classmethod
    def of(cls, name: str, pid: int) -> "Record":
        """Identify a living process."""
        return cls(name, pid, psutil.Process(pid).create_time())

    def lives(self) -> bool:
        """Tell whether the number still belongs to the same process."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1
        except GONE:
            return False

    def write(self, file: Path) -> None:
        """Note it in a file."""
        file.write_text(json.dumps(asdict(self)) + "\n")


def read_record(file: Path) -> Record | None:
    """Return what a file notes, or None where it notes nothing that can be read."""
    try:
        return Record(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


class Child:
    """One started process and all that it started itself."""

    def __init__(self, record: Record, log: Path, handle: subprocess.Popen[bytes] | None, file: Path) -> None:
        self.record = record
        self.log = log
        self._handle = handle
        self._file = file

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.record.name

    def exit_code(self) -> int | None:
        """Return its exit code once it has ended, else None."""
        return self._handle.poll() if self._handle is not None else None

    def wait(self, seconds: float) -> int | None:
        """Wait for its end and return its exit code; subprocess.TimeoutExpired where it takes longer."""
        return self._handle.wait(timeout=seconds) if self._handle is not None else None

    def require_alive(self) -> None:
        """Make sure it still runs.

        Raises:
            StackError: it has ended; the message holds the last lines of its log.
        """
        code = self.exit_code()
        if code is not None:
            raise StackError(
                f"{self.name} ended with exit code {code}. Its log, {self.log}, ends:\n{self.last_words()}"
            )

    def last_words(self, lines: int = 15) -> str:
        """Return the last lines of its log."""
        return last_lines(self.log, lines)

    def members(self) -> list[psutil.Process]:
        """Return the living processes of its session: they outlive their leader, and keep its number."""
        leader = self.record.pid
        if psutil.pid_exists(leader) and not self.record.lives():
            return []  # the number belongs to a stranger: our session is long gone
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(*GONE):
                if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def forget(self) -> None:
        """Remove its record."""
        self._file.unlink(missing_ok=True)

    def reap(self) -> None:
        """Collect the exit code of a process that was ended, so that no zombie stays."""
        if self._handle is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._handle.wait(timeout=1)


def spawn(state: State, name: str, command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path) -> Child:
    """Start a process in a new session: Ctrl-C reaches the stack alone, which stops things in order.

    Args:
        state: where log and record go.
        name: what it is called.
        command: program and arguments; no secrets here, they show in `ps`.
        environment: its whole environment.
        cwd: the folder it stands in.

    Returns:
        Child: the running process.
    """
    log = state.logs / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(environment),
            start_new_session=True,
            umask=0o077,
        )
    finally:
        os.close(handle)
    record = Record.of(name, process.pid)
    file = state.processes / f"{name}.json"
    record.write(file)
    return Child(record, log, process, file)


def recorded(state: State) -> list[Child]:
    """Return the processes that earlier runs recorded; they may have ended since."""
    found = [(file, read_record(file)) for file in sorted(state.processes.glob("*.json"))]
    return [Child(record, state.logs / f"{record.name}.log", None, file) for file, record in found if record]


def end_all(children: Iterable[Child], grace: float = GRACE_SECONDS) -> list[str]:
    """End processes with all that they started: first politely, after the grace for good.

    Args:
        children: what to end.
        grace: seconds to leave them.

    Returns:
        list[str]: the names of those that were still there.
    """
    chosen = list(children)
    members = {child: child.members() for child in chosen}
    everything = [process for found in members.values() for process in found]
    try:
        # Airflow's processes finish what they are at after the first signal, and go at the second.
        for share in (0.3, 0.7):
            for child, found in members.items():
                _ask_to_end(child, found)
            if _await_end(chosen, everything, grace * share):
                break
    finally:  # a second Ctrl-C while waiting skips the grace, never the end
        for child in chosen:
            everything.extend(child.members())
        for process in everything:
            with contextlib.suppress(*GONE):
                process.kill()
        _await_end(chosen, everything, KILL_SECONDS)  # a port is free only when its process is gone
        for child in chosen:
            child.reap()
            child.forget()
    return [child.name for child, found in members.items() if found]


def last_lines(log: Path, lines: int = 15) -> str:
    """Return the end of a log, or a word that there is none."""
    try:
        text = log.read_text(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(text[-lines:]) or "(the log is empty)"


def _ask_to_end(child: Child, members: Sequence[psutil.Process]) -> None:
    """Send SIGTERM to a session's leader, which tells its own; to all of them where the leader is gone."""
    for process in [process for process in members if process.pid == child.record.pid] or members:
        with contextlib.suppress(*GONE):
            process.send_signal(signal.SIGTERM)


def _await_end(children: Sequence[Child], processes: Sequence[psutil.Process], seconds: float) -> bool:
    """Wait until all have ended; tell whether they have."""
    deadline = time.monotonic() + seconds
    while any(_lives(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        for child in children:
            child.exit_code()  # collects a zombie
        time.sleep(0.05)
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except GONE:
        return False
