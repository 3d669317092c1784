"""One real local stack for the end-to-end tests: a copy of the project, its own ports, a real Airflow scheduler."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from stack.airflow_api import AirflowApi
from stack.credentials import load_secrets, password_name
from stack.ports import free_port
from stack.state import State

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 600


@dataclass
class LocalStack:
    """A running stack: its output so far, its API, its warehouse."""

    project: Path
    process: subprocess.Popen[bytes]
    output: Path
    ports: dict[str, str]
    api: AirflowApi

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    @property
    def state(self) -> State:
        return State.of(self.project)

    def rows(self, query: str, params: Any = None, database: str = "warehouse") -> list[Any]:
        """Ask the warehouse as the operator, who sees every row."""
        secrets = load_secrets(self.state.secrets)
        with psycopg.connect(
            host="127.0.0.1",
            port=self.ports["POSTGRES_PORT"],
            dbname=database,
            user="branchline_operator",
            password=secrets[password_name("branchline_operator")],
            row_factory=namedtuple_row,
        ) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> dict[str, Any]:
        """Trigger a run as the UI does and wait for its end."""
        run: Any = self.api.post(f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        return self.await_run(dag_id, run["dag_run_id"])

    def await_run(self, dag_id: str, run_id: str, seconds: float = 240) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            run: Any = self.api.get(f"/dags/{dag_id}/dagRuns/{run_id}")
            if run["state"] in {"success", "failed"}:
                return dict(run)
            time.sleep(1)
        raise TimeoutError(f"{dag_id} {run_id} did not end within {seconds} s")

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        answer: Any = self.api.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100)
        return {f"{task['task_id']}[{task['map_index']}]": task["state"] for task in answer["task_instances"]}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    # Not below pytest's own folder: whoever starts another pytest closes that one to the user who runs the database.
    folder = Path(tempfile.mkdtemp(prefix="branchline-e2e-"))
    folder.chmod(0o711)
    project = folder / "branchline"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (PROJECT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, project / name)
    ports = {name: str(free_port()) for name in ("AIRFLOW_PORT", "POSTGRES_PORT", "SANDBOX_PORT")}
    output = tmp_path_factory.mktemp("said") / "output.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "run"],
            cwd=project,
            env={**os.environ, **ports},
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        login = _await_login(process, output)
        api = AirflowApi(login[0])
        api.sign_in(login[1], login[2])
        yield LocalStack(project, process, output, ports, api)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(90)
            except subprocess.TimeoutExpired:
                process.kill()
        subprocess.run([sys.executable, "-m", "stack", "clean"], cwd=project, env={**os.environ, **ports}, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _await_login(process: subprocess.Popen[bytes], output: Path) -> tuple[str, str, str]:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        said = output.read_text(encoding="utf-8")
        found = re.search(r"Airflow\s+(http\S+)\s+user (\S+)\s+password (\S+)", said)
        if found:
            return found[1], found[2], found[3]
        if process.poll() is not None:
            break
        time.sleep(0.5)
    raise AssertionError(f"make run did not come to its table:\n{output.read_text(encoding='utf-8')[-4000:]}")


def parse(instant: str) -> datetime:
    return datetime.fromisoformat(instant.replace("Z", "+00:00"))
