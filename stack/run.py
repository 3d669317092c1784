"""`make run`: everything up in order, one sync of every source, and everything down again in order."""

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from stack.airflow import (
    ADMIN,
    Airflow,
    SchemaMigration,
    airflow_environment,
    write_login,
)
from stack.airflow_api import AirflowApi
from stack.credentials import load_secrets
from stack.errors import StackError
from stack.landed import landed_table, warehouse_table
from stack.logins import OPERATOR, clone_cluster, warehouse_login
from stack.options import Options
from stack.ports import require_free
from stack.process import Child, Record, end_all, recorded
from stack.report import Progress, explain
from stack.settings import load_settings, read_settings
from stack.state import State
from stack.sync import Outcome, Syncs, await_dags, pause_all
from stack.vendors import await_sandbox, start_sandbox, write_workbooks
from stack.warehouse import prepare_airflow_database, prepare_warehouse

SETTINGS_FILE = "airflow_settings.yaml"
AIRFLOW_SECONDS = 180
POLL_SECONDS = 0.5


class Stack:
    """Everything that one `make run` starts, and stops again."""

    def __init__(self, project: Path, options: Options, inherited: Mapping[str, str]) -> None:
        self.project = project
        self.options = options
        self.state = State.of(project)
        self.secrets = load_secrets(self.state.secrets)
        self.inherited = dict(inherited)
        self.cluster = clone_cluster(self.state, self.secrets, options.postgres_port)
        self.api = AirflowApi(f"http://127.0.0.1:{options.airflow_port}")
        self._children: list[Child] = []
        self._began = time.monotonic()
        self._started = datetime.now(UTC)

    def start(self) -> None:
        """Bring up PostgreSQL, the warehouse, the sandbox and Airflow, and load the settings.

        Raises:
            StackError: a port is taken, a file is wrong, or a process does not start; the message says which.
        """
        options = self.options
        ports = {
            name.upper(): str(getattr(options, name)) for name in ("airflow_port", "postgres_port", "sandbox_port")
        }
        # Everything that can be wrong before anything runs is looked at first.
        settings = read_settings(self.project / SETTINGS_FILE, self.secrets | ports)
        end_all(recorded(self.state))
        require_free(options.airflow_port, "AIRFLOW_PORT", "Airflow")
        require_free(options.sandbox_port, "SANDBOX_PORT", "The vendors' sandbox")

        self._start_database()
        environment = airflow_environment(self.project, self.state, options, self.secrets, self.cluster, self.inherited)
        airflow = Airflow(self.project, self.state, options, environment)
        sandbox = self._keep(start_sandbox(self.project, self.state, options, self.secrets, self.inherited))
        migration = SchemaMigration(airflow, prepare_airflow_database(self.cluster, self.secrets))
        migration.begin()
        if migration.child:
            self._keep(migration.child)
        applied = prepare_warehouse(self.cluster, self.secrets)
        self.say(f"warehouse ready ({len(applied)} new migrations)")
        await_sandbox(sandbox)
        write_workbooks(self.project, self.state)
        self.say(f"sandbox of the vendors on 127.0.0.1:{options.sandbox_port}")
        if migration.finish():
            self._children = [child for child in self._children if child is not migration.child]
            self.say("Airflow's database migrated")

        write_login(self.state, self.secrets)
        self._started = datetime.now(UTC)
        for name in ("api-server", "dag-processor"):
            self._keep(airflow.start(name))
        self._await("the api-server", self.api.answers)
        self.api.sign_in(ADMIN, self.secrets["AIRFLOW_ADMIN_PASSWORD"])
        pause_all(self.api)
        load_settings(self.api, settings)
        self.say(f"Airflow's API on {self.api.url}; connections, pools and variables loaded")
        for name in ("scheduler", "triggerer"):
            self._keep(airflow.start(name))

    def sync(self) -> tuple[Syncs, Outcome]:
        """Unpause the DAGs and wait for one sync of every source.

        Returns:
            tuple[Syncs, Outcome]: what was awaited, and how it ended.

        Raises:
            StackError: a DAG file is wrong or a process ended.
        """
        dags = await_dags(self.api, self.project / "dags", self._started, self.check)
        self._await("the scheduler", self._scheduler_beats)
        self.say(f"scheduler up; {len(dags)} DAGs")
        syncs = Syncs(self.api, self.check, self._started)
        sources = syncs.begin(dags)
        self.say(f"syncing {', '.join(sources)}" if sources else "no DAG is tagged `source`: nothing to sync")
        outcome = syncs.await_all(self.options.run_timeout, Progress(self.operator, self.say))
        return syncs, outcome

    def report(self, syncs: Syncs, outcome: Outcome) -> None:
        """Print what landed, what failed and where its log lies, and the UI's address and login."""
        print(f"\nWhat landed\n\n{landed_table(self.operator, outcome.states)}")
        print(f"\nThe warehouse\n\n{warehouse_table(self.operator)}\n")
        for line in explain(outcome, syncs.failures(), self.state):
            print(line)
        password = self.secrets["AIRFLOW_ADMIN_PASSWORD"]
        print(f"Airflow   {self.api.url}   user {ADMIN}   password {password}", flush=True)

    def serve(self) -> None:
        """Stay until interrupted; that is the ordinary end.

        Raises:
            StackError: a process ended by itself.
        """
        print('Query it with: make sql Q="..."   Stop everything with Ctrl-C.', flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                self.check()
                time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop what was started, PostgreSQL last."""
        if not self._children and not self.cluster.running():
            return
        print("Stopping ...", flush=True)
        try:
            end_all(self._children)
        finally:
            with self.state.database_turn():
                self.cluster.stop()
        print("Stopped.", flush=True)

    def check(self) -> None:
        """Make sure that everything that was started still runs.

        Raises:
            StackError: a process has ended; the message names it and quotes its log.
        """
        for child in self._children:
            child.require_alive()

    @property
    def operator(self) -> str:
        """The operator's login to the warehouse."""
        return warehouse_login(self.cluster, self.secrets, OPERATOR)

    def say(self, what: str) -> None:
        """Print a line of progress with the seconds since the start."""
        print(f"{time.monotonic() - self._began:7.1f} s  {what}", flush=True)

    def _start_database(self) -> None:
        with self.state.database_turn():
            if self.cluster.running() and self.cluster.port != self.options.postgres_port:
                self.cluster.stop()  # left by a killed run or lent to queries, on another port
                self.cluster.port = self.options.postgres_port
            self.cluster.start()
            self.state.on_demand.unlink(missing_ok=True)
        self.say(f"PostgreSQL on 127.0.0.1:{self.cluster.port}")
        if self.cluster.elsewhere:
            print(f"{'':11}its files are in {self.cluster.elsewhere}: the user it runs as cannot reach this clone")

    def _keep(self, child: Child) -> Child:
        self._children.append(child)
        return child

    def _await(self, what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + AIRFLOW_SECONDS
        while not holds():
            self.check()
            if time.monotonic() > deadline:
                raise StackError(
                    f"Airflow: {what} did not come up within {AIRFLOW_SECONDS} s. "
                    f"Look at the logs in {self.state.logs}."
                )
            time.sleep(POLL_SECONDS)

    def _scheduler_beats(self) -> bool:
        beat = self.api.get("/monitor/health")["scheduler"]["latest_scheduler_heartbeat"]
        return bool(beat) and datetime.fromisoformat(beat) >= self._started


def run_stack(project: Path, options: Options, inherited: Mapping[str, str], *, once: bool) -> int:
    """Run the stack until it is interrupted, or until every source was synced once.

    Args:
        project: the clone.
        options: what the person chose.
        inherited: the environment of this process and the clone's `.env`.
        once: end after the table.

    Returns:
        int: 0 if everything that was awaited succeeded, else 1.

    Raises:
        StackError: the stack could not be brought up, or a process ended.
    """
    state = State.of(project)
    state.make()
    with state.sole_run():
        Record.of("run", os.getpid()).write(state.run_record)
        stack = Stack(project, options, inherited)
        try:
            stack.start()
            syncs, outcome = stack.sync()
            stack.report(syncs, outcome)
            if not once:
                stack.serve()
        finally:
            stack.stop()
    return 0 if outcome.succeeded else 1
