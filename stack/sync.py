"""One sync of every source: DAGs parsed and unpaused, their runs awaited, and those that follow."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from stack.airflow_api import AirflowApi, Json, segment
from stack.errors import StackError

SOURCE = "source"
ENDED = {"success", "failed"}
POLL_SECONDS = 1.0
PARSE_SECONDS = 120
COMING_SECONDS = 60  # how long a run that Airflow owes us may take to appear


@dataclass(frozen=True)
class Run:
    """A DAG run that is awaited."""

    dag_id: str
    run_id: str


@dataclass(frozen=True)
class Failure:
    """A task of an awaited run that did not succeed."""

    run: Run
    task_id: str
    map_index: int
    attempt: int


@dataclass
class Outcome:
    """How the awaited runs ended.

    Attributes:
        states: every awaited run with its last known state.
        missing: DAGs whose run never came.
        timed_out: whether the time was up before all had ended.
    """

    states: dict[Run, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    timed_out: bool = False

    @property
    def failed(self) -> list[Run]:
        """The runs that did not succeed."""
        return [run for run, state in self.states.items() if state != "success"]

    @property
    def succeeded(self) -> bool:
        """Whether everything that was awaited came and succeeded."""
        return not self.failed and not self.missing and not self.timed_out


def pause_all(api: AirflowApi) -> None:
    """Pause every DAG, so that the scheduler starts nothing before connections and pools are loaded."""
    for dag in list(api.pages("/dags", "dags", paused=False, exclude_stale=False)):
        api.patch(f"/dags/{segment(dag['dag_id'])}", {"is_paused": True})


def await_dags(api: AirflowApi, folder: Path, since: datetime, check: Callable[[], None]) -> list[Json]:
    """Wait until every file of the DAG folder was parsed after a moment.

    Args:
        api: a signed-in client.
        folder: the DAG folder; one file holds at least one DAG.
        since: what was parsed before does not count.
        check: called in every turn; raises where waiting has no sense any more.

    Returns:
        list[Json]: the DAGs.

    Raises:
        StackError: a file cannot be imported, or gives no DAG in time.
    """
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    deadline = time.monotonic() + PARSE_SECONDS
    while True:
        check()
        errors = [
            error
            for error in api.pages("/importErrors", "import_errors")
            if error["filename"] in files and _moment(error["timestamp"]) >= since
        ]
        if errors:
            told = "\n\n".join(f"dags/{error['filename']}:\n{str(error['stack_trace']).strip()}" for error in errors)
            raise StackError(f"Airflow cannot import a DAG file. Correct it:\n{told}")
        dags = [dag for dag in api.pages("/dags", "dags") if dag["last_parsed_time"] and not dag["is_stale"]]
        fresh = [dag for dag in dags if _moment(dag["last_parsed_time"]) >= since]
        waiting = files - {dag["relative_fileloc"] for dag in fresh}
        if not waiting:
            return fresh
        if time.monotonic() > deadline:
            names = ", ".join(f"dags/{name}" for name in sorted(waiting))
            raise StackError(
                f"No DAG came out of {names} within {PARSE_SECONDS} s. A file below dags/ must define one; "
                "the dag-processor's log says more."
            )
        time.sleep(POLL_SECONDS)


class Syncs:
    """The runs of one `make run`: one for each source, and those that follow from them."""

    def __init__(self, api: AirflowApi, check: Callable[[], None], started: datetime) -> None:
        self._api = api
        self._check = check
        self._started = started
        self._owed: set[str] = set()  # sources whose run has not appeared yet
        self._retried: set[str] = set()
        self._answered: set[Run] = set()  # ended runs whose assets' consumers have all got their run
        self._quiet_since: float | None = None
        self.outcome = Outcome()

    def begin(self, dags: list[Json]) -> list[str]:
        """Unpause every DAG and see to it that each source's runs exactly once.

        Unpausing starts the newest interval by itself where it has not run yet. Only where none is due, and
        none is left over from an earlier run of the stack, is a run triggered.

        Args:
            dags: what Airflow knows about each DAG.

        Returns:
            list[str]: the sources' DAG ids.
        """
        sources = [dag for dag in dags if SOURCE in {tag["name"] for tag in dag["tags"]}]
        # Looked at before anything is unpaused: the answer changes with the first run.
        idle = [dag["dag_id"] for dag in sources if not _is_due(dag) and not self._recent(dag["dag_id"])]
        self._owed = {dag["dag_id"] for dag in sources}
        for dag in dags:
            self._api.patch(f"/dags/{segment(dag['dag_id'])}", {"is_paused": False})
        for dag_id in idle:
            self._trigger(dag_id)
        return sorted(self._owed)

    def await_all(self, seconds: float, progress: Callable[["Syncs"], None]) -> Outcome:
        """Wait until every source's run, and every run that their assets trigger, has ended.

        Args:
            seconds: how long at most.
            progress: called in every turn.

        Returns:
            Outcome: of everything that was awaited.
        """
        deadline = time.monotonic() + seconds
        while True:
            self._check()
            self._look()
            if self._settled():
                return self.outcome
            if time.monotonic() > deadline:
                self.outcome.timed_out = True
                return self.outcome
            progress(self)
            time.sleep(POLL_SECONDS)

    def running_tasks(self) -> list[str]:
        """Name the tasks that run now, mapped ones with their count."""
        counts: dict[str, int] = {}
        for run in self._active():
            for task in self._tasks(run, state="running"):
                name = f"{task['dag_id']}.{task['task_id']}"
                counts[name] = counts.get(name, 0) + 1
        return [name if count == 1 else f"{name} x{count}" for name, count in sorted(counts.items())]

    def failures(self) -> Iterator[Failure]:
        """Yield the tasks that made awaited runs fail."""
        for run in self.outcome.failed:
            for task in self._tasks(run, state="failed"):
                yield Failure(run, task["task_id"], task["map_index"], task["try_number"])

    def _look(self) -> None:
        """Bring the awaited runs and their states up to date."""
        states = self.outcome.states
        for dag_id in self._owed:
            states.update(dict.fromkeys(self._recent(dag_id), "queued"))
        self._owed -= {run.dag_id for run in states}
        for run in self._active():
            states[run] = self._api.get(f"/dags/{segment(run.dag_id)}/dagRuns/{segment(run.run_id)}")["state"]
        waiting = set(self._owed)
        for run in [run for run, state in states.items() if state in ENDED and run not in self._answered]:
            unanswered = self._follow(run)
            waiting |= unanswered
            if not unanswered:
                self._answered.add(run)
        self._judge(waiting)

    def _judge(self, waiting: set[str]) -> None:
        """Give up on runs that should have appeared long since; a busy Airflow may still owe them."""
        if self._active() or not waiting:
            self._quiet_since = None
            return
        self._quiet_since = self._quiet_since or time.monotonic()
        if time.monotonic() - self._quiet_since < COMING_SECONDS:
            return
        self._quiet_since = None
        for dag_id in sorted(waiting):
            if dag_id in self._owed and dag_id not in self._retried:
                self._retried.add(dag_id)  # for instance, its due interval was run before by hand
                self._trigger(dag_id)
            elif dag_id not in self.outcome.missing:
                self.outcome.missing.append(dag_id)

    def _settled(self) -> bool:
        missing = set(self.outcome.missing)
        if self._active() or self._owed - missing:
            return False
        ended = [run for run in self.outcome.states if run not in self._answered]
        return all(self._follow(run) <= missing for run in ended)

    def _follow(self, run: Run) -> set[str]:
        """Await the runs that an ended run's assets triggered, and return the DAGs that still owe theirs."""
        unanswered = set()
        events = self._api.pages("/assets/events", "asset_events", source_dag_id=run.dag_id, source_run_id=run.run_id)
        for event in events:
            caused = {Run(item["dag_id"], item["run_id"]) for item in event["created_dagruns"]}
            for cause in caused:
                self.outcome.states.setdefault(cause, "queued")
            asset = self._api.get(f"/assets/{event['asset_id']}")
            consumers = {consumer["dag_id"] for consumer in asset["scheduled_dags"]}
            unanswered |= consumers - {cause.dag_id for cause in caused}
        return unanswered

    def _active(self) -> list[Run]:
        return [run for run, state in self.outcome.states.items() if state not in ENDED]

    def _recent(self, dag_id: str) -> list[Run]:
        """Return the DAG's runs that are under way, or began after the stack was started."""
        answer = self._api.get(f"/dags/{segment(dag_id)}/dagRuns", limit=20, order_by="-id")
        return [
            Run(dag_id, run["dag_run_id"])
            for run in answer["dag_runs"]
            if run["state"] not in ENDED or (run["queued_at"] and _moment(run["queued_at"]) >= self._started)
        ]

    def _trigger(self, dag_id: str) -> None:
        self._api.post(f"/dags/{segment(dag_id)}/dagRuns", {"logical_date": None})

    def _tasks(self, run: Run, state: str) -> list[Json]:
        path = f"/dags/{segment(run.dag_id)}/dagRuns/{segment(run.run_id)}/taskInstances"
        return list(self._api.pages(path, "task_instances", state=state))


def _is_due(dag: Json) -> bool:
    """Tell whether the scheduler will start a run by itself as soon as the DAG is unpaused."""
    due = dag["next_dagrun_run_after"]
    return bool(due) and _moment(due) <= datetime.now(UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
