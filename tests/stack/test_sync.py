"""Each source syncs exactly once, and what its assets trigger is awaited: against a small Airflow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stack import sync
from stack.errors import StackError
from stack.report import explain
from stack.state import State
from stack.sync import Run, Syncs, await_dags

NOW = datetime.now(UTC)
PAST = (NOW - timedelta(hours=1)).isoformat()
SOON = (NOW + timedelta(hours=1)).isoformat()


class Airflow:
    """Answers as Airflow's API does; a run succeeds at the second look, unless it is to fail."""

    def __init__(self) -> None:
        self.dags: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.events: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.consumers: list[str] = []
        self.silent: set[str] = set()  # consumers whose run never comes
        self.fails: set[str] = set()
        self.patched: list[str] = []

    def dag(self, name: str, *tags: str, due: str | None = None) -> dict[str, Any]:
        self.runs[name] = []
        self.dags[name] = {
            "dag_id": name, "tags": [{"name": tag} for tag in tags], "next_dagrun_run_after": due,
            "is_stale": False, "last_parsed_time": NOW.isoformat(), "relative_fileloc": f"{name}.py",
        }  # fmt: skip
        return self.dags[name]

    def run(self, dag_id: str, run_id: str, state: str = "queued", queued: datetime | None = None) -> None:
        when = (queued or datetime.now(UTC)).isoformat()
        self.runs[dag_id].append({"dag_run_id": run_id, "state": state, "queued_at": when})

    def get(self, path: str, **_query: Any) -> dict[str, Any]:
        match path.strip("/").split("/"):
            case ["dags", dag_id, "dagRuns"]:
                return {"dag_runs": list(self.runs[dag_id])}
            case ["dags", dag_id, "dagRuns", run_id]:
                run = next(run for run in self.runs[dag_id] if run["dag_run_id"] == run_id)
                answer = dict(run)
                self._advance(dag_id, run)
                return answer
            case ["assets", _]:
                return {"scheduled_dags": [{"dag_id": name} for name in self.consumers]}
        raise AssertionError(path)

    def _advance(self, dag_id: str, run: dict[str, Any]) -> None:
        if run["state"] in sync.ENDED:
            return
        run["state"] = "failed" if dag_id in self.fails else "success"
        if run["state"] == "success" and dag_id not in self.consumers:
            caused = []
            for name in self.consumers:
                if name not in self.silent:
                    self.run(name, f"asset_{run['dag_run_id']}")
                    caused.append({"dag_id": name, "run_id": f"asset_{run['dag_run_id']}"})
            self.events[dag_id, run["dag_run_id"]] = [{"asset_id": 1, "created_dagruns": caused}]

    def pages(self, path: str, _key: str, **query: Any) -> Iterator[dict[str, Any]]:
        match path.strip("/").split("/"):
            case ["assets", "events"]:
                yield from self.events.get((query["source_dag_id"], query["source_run_id"]), [])
            case ["dags"]:
                yield from self.dags.values()
            case ["importErrors"]:
                yield from ()
            case ["dags", dag_id, "dagRuns", _, "taskInstances"]:
                if query["state"] == "failed" and dag_id in self.fails:
                    yield {"dag_id": dag_id, "task_id": "fetch", "map_index": 3, "try_number": 2}

    def patch(self, path: str, body: dict[str, Any]) -> None:
        dag_id = path.split("/")[-1]
        self.patched.append(dag_id)
        due = self.dags[dag_id]["next_dagrun_run_after"]
        if not body["is_paused"] and due and datetime.fromisoformat(due) <= datetime.now(UTC):
            self.run(dag_id, "scheduled__1")

    def post(self, path: str, body: dict[str, Any]) -> None:
        assert body == {"logical_date": None}
        self.run(path.split("/")[2], f"manual__{len(self.runs[path.split('/')[2]])}")


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    monkeypatch.setattr(sync, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(sync, "COMING_SECONDS", 0.2)
    return Airflow()


def synced(airflow: Airflow, seconds: float = 5) -> Syncs:
    syncs = Syncs(airflow, lambda: None, NOW)  # type: ignore[arg-type]
    syncs.begin(list(airflow.dags.values()))
    syncs.await_all(seconds, lambda _: None)
    return syncs


def test_a_due_interval_runs_by_itself_and_nothing_is_triggered(airflow: Airflow) -> None:
    airflow.dag("one", "source", due=PAST)
    outcome = synced(airflow).outcome
    assert outcome.states == {Run("one", "scheduled__1"): "success"}
    assert outcome.succeeded


@pytest.mark.parametrize("due", [SOON, None], ids=["soon", "never"])
def test_where_none_is_due_one_is_triggered(airflow: Airflow, due: str | None) -> None:
    airflow.dag("one", "source", due=due)
    airflow.run("one", "of_yesterday", "failed", NOW - timedelta(days=1))
    assert synced(airflow).outcome.states == {Run("one", "manual__1"): "success"}


def test_a_run_left_by_a_killed_stack_counts(airflow: Airflow) -> None:
    airflow.dag("one", "source", due=SOON)
    airflow.run("one", "left", "running", NOW - timedelta(hours=1))
    assert synced(airflow).outcome.states == {Run("one", "left"): "success"}


def test_every_dag_is_unpaused_but_only_sources_are_run(airflow: Airflow) -> None:
    airflow.dag("one", "source", due=PAST)
    airflow.dag("upkeep", "warehouse")
    outcome = synced(airflow).outcome
    assert airflow.patched == ["one", "upkeep"]
    assert {run.dag_id for run in outcome.states} == {"one"}


def test_what_the_assets_trigger_is_awaited(airflow: Airflow) -> None:
    airflow.dag("one", "source", due=PAST)
    airflow.dag("two", "source", due=SOON)
    airflow.dag("metrics", "metrics")
    airflow.consumers = ["metrics"]
    outcome = synced(airflow).outcome
    assert outcome.states == {
        Run("one", "scheduled__1"): "success",
        Run("two", "manual__0"): "success",
        Run("metrics", "asset_scheduled__1"): "success",
        Run("metrics", "asset_manual__0"): "success",
    }


def test_a_run_that_follows_but_never_comes_is_a_failure(airflow: Airflow, tmp_path: Path) -> None:
    airflow.dag("one", "source", due=PAST)
    airflow.dag("metrics", "metrics")
    airflow.consumers, airflow.silent = ["metrics"], {"metrics"}
    outcome = synced(airflow).outcome
    assert outcome.missing == ["metrics"]
    assert not outcome.succeeded
    (line,) = explain(outcome, [], State(tmp_path))
    assert "metrics" in line
    assert "scheduler.log" in line


def test_a_due_run_that_does_not_come_is_triggered_once(airflow: Airflow) -> None:
    airflow.dag("one", "source", due=PAST)
    airflow.patch = lambda path, body: None  # type: ignore[method-assign, assignment]
    assert synced(airflow).outcome.states == {Run("one", "manual__0"): "success"}


def test_a_failed_run_names_its_task_and_log(airflow: Airflow, tmp_path: Path) -> None:
    airflow.dag("one", "source", due=PAST)
    airflow.fails = {"one"}
    syncs = synced(airflow)
    assert not syncs.outcome.succeeded
    first, second = explain(syncs.outcome, syncs.failures(), State(tmp_path))
    assert "FAILED" in first
    assert "one.fetch[3]" in second
    log = tmp_path / "logs/tasks/dag_id=one/run_id=scheduled__1/task_id=fetch/map_index=3/attempt=2.log"
    assert second.endswith(str(log))


def test_the_time_can_be_up(airflow: Airflow, tmp_path: Path) -> None:
    airflow.dag("one", "source", due=PAST)
    outcome = synced(airflow, seconds=-1).outcome
    assert outcome.timed_out
    assert not outcome.succeeded


def test_a_file_without_a_dag_is_named(airflow: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "PARSE_SECONDS", 0.05)
    (tmp_path / "one.py").touch()
    airflow.dag("one", "source")
    assert [dag["dag_id"] for dag in await_dags(airflow, tmp_path, NOW, lambda: None)] == ["one"]  # type: ignore[arg-type]
    (tmp_path / "empty.py").touch()
    with pytest.raises(StackError, match=r"dags/empty\.py"):
        await_dags(airflow, tmp_path, NOW, lambda: None)  # type: ignore[arg-type]


def test_a_file_that_cannot_be_imported_is_shown_with_its_error(
    airflow: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.py").touch()
    error = {"filename": "one.py", "timestamp": NOW.isoformat(), "stack_trace": "NameError: nix"}
    monkeypatch.setattr(airflow, "pages", lambda path, key: iter([error] if "import" in path else []))
    with pytest.raises(StackError, match=r"(?s)dags/one\.py.*NameError: nix"):
        await_dags(airflow, tmp_path, NOW, lambda: None)  # type: ignore[arg-type]
