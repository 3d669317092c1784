"""Started processes: a closed log, a record that knows its own, and an end that leaves nothing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from stack.errors import StackError
from stack.process import Child, end_all, recorded, spawn
from stack.state import State

# ignores SIGTERM, and so does the child it starts
STUBBORN = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "subprocess.Popen([sys.executable, '-c', 'import signal, time; "
    'signal.signal(signal.SIGTERM, signal.SIG_IGN); print("up", flush=True); time.sleep(60)\']); '
    "time.sleep(60)"
)


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "state")
    made.make()
    return made


def start(state: State, code: str, name: str = "thing") -> Child:
    return spawn(state, name, [sys.executable, "-c", code], {"PATH": os.environ["PATH"]}, state.folder)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_state_is_closed_to_others(state: State) -> None:
    assert state.folder.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    for folder in (state.airflow, state.logs, state.task_logs, state.processes, state.secrets.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_output_goes_to_a_closed_log_and_files_it_writes_are_closed(state: State) -> None:
    child = start(state, "print('hello'); open('made', 'w').close()")
    assert child.wait(10) == 0
    assert child.log.read_text() == "hello\n"
    assert child.log.stat().st_mode & 0o777 == 0o600
    assert (state.folder / "made").stat().st_mode & 0o777 == 0o600


def test_the_last_log_is_kept(state: State) -> None:
    assert start(state, "print('one')").wait(10) == 0
    assert start(state, "print('two')").wait(10) == 0
    assert (state.logs / "thing.previous.log").read_text() == "one\n"


def test_an_ended_process_is_named_with_the_end_of_its_log(state: State) -> None:
    child = start(state, "print('what it said last'); raise SystemExit(3)")
    assert child.wait(10) == 3
    with pytest.raises(StackError, match=r"(?s)thing ended with exit code 3.*thing\.log.*what it said last"):
        child.require_alive()


def test_the_end_reaches_what_ignores_it_and_its_children(state: State) -> None:
    child = start(state, STUBBORN)
    wait_for(lambda: "up" in child.log.read_text())
    members = child.members()
    assert len(members) == 2
    assert end_all([child], grace=0.3) == ["thing"]
    assert not [process for process in members if process.is_running() and process.status() != "zombie"]
    assert recorded(state) == []


def test_a_process_that_goes_while_it_is_looked_at_does_not_break_the_end(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = start(state, "import time; print('up', flush=True); time.sleep(60)")
    wait_for(lambda: "up" in child.log.read_text())
    status = psutil.Process.status

    def vanished(process: psutil.Process) -> str:
        if not process.is_running() or status(process) == psutil.STATUS_ZOMBIE:
            raise FileNotFoundError(f"/proc/{process.pid}/status")
        return status(process)

    monkeypatch.setattr(psutil.Process, "status", vanished)
    assert end_all([child], grace=5) == ["thing"]
    assert child.exit_code() is not None
    assert recorded(state) == []


def test_a_killed_leaders_children_are_found_by_the_record(state: State) -> None:
    child = start(state, STUBBORN)
    wait_for(lambda: "up" in child.log.read_text())
    psutil.Process(child.record.pid).kill()
    child.wait(10)
    (found,) = recorded(state)
    orphans = found.members()
    assert len(orphans) == 1
    end_all([found], grace=0.1)
    assert not [process for process in orphans if process.is_running() and process.status() != "zombie"]


def test_a_number_that_another_has_now_is_left_alone(state: State) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        record = {"name": "thing", "pid": stranger.pid, "started": 1.0}
        (state.processes / "thing.json").write_text(json.dumps(record))
        assert end_all(recorded(state), grace=0.1) == []
        assert stranger.poll() is None
        stranger.kill()
    assert recorded(state) == []


def test_only_one_run_a_clone(state: State) -> None:
    assert not state.has_run()
    with state.sole_run():
        assert state.has_run()
        with pytest.raises(StackError, match="make stop"), state.sole_run():
            pass
    assert not state.has_run()
