"""The one folder of everything the local stack keeps: secrets, database, Airflow's home, logs, records."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class State:
    """The state folder of one clone."""

    folder: Path

    @classmethod
    def of(cls, project: Path = PROJECT) -> "State":
        """Return the state of a clone without making it."""
        return cls(project / ".branchline")

    @property
    def exists(self) -> bool:
        """Whether the folder was made."""
        return self.folder.is_dir()

    @property
    def secrets(self) -> Path:
        """The generated secrets."""
        return self.folder / "secrets" / "secrets.json"

    @property
    def ui_passwords(self) -> Path:
        """The login of Airflow's UI, in the form its SimpleAuthManager reads."""
        return self.folder / "secrets" / "airflow-users.json"

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.folder / "postgres"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.folder / "airflow"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.folder / "logs"

    @property
    def task_logs(self) -> Path:
        """The logs of tasks, which the UI shows."""
        return self.folder / "logs" / "tasks"

    @property
    def workbooks(self) -> Path:
        """The folder that FMS's workbooks are dropped into."""
        return self.folder / "workbooks"

    @property
    def processes(self) -> Path:
        """One record a process that was started."""
        return self.folder / "processes"

    @property
    def airflow_schema(self) -> Path:
        """What the last migration of Airflow's own database reached."""
        return self.folder / "airflow-schema.json"

    @property
    def run_record(self) -> Path:
        """Which process is the run, for `make stop`."""
        return self.folder / "run.json"

    @property
    def on_demand(self) -> Path:
        """Exists while the database was started for queries only, and shall go with the last of them."""
        return self.folder / "database-on-demand"

    def make(self) -> None:
        """Make the folders, closed to other users.

        Under root the top folder can be passed through, not listed: the database's user lives below it.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (
            self.secrets.parent, self.airflow, self.logs, self.task_logs, self.processes, self.workbooks,
        ):  # fmt: skip
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            raise StackError(f"{self.folder} could not be removed entirely. Look at what is left in it and delete it.")

    @contextmanager
    def sole_run(self) -> Iterator[None]:
        """Hold the right to run the stack of this clone.

        Raises:
            StackError: another run holds it.
        """
        with self._locked("run.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as held:
            if not held:
                raise StackError(
                    "The stack of this clone is running already. End it first: Ctrl-C there, or `make stop`."
                )
            yield

    def has_run(self) -> bool:
        """Tell whether a run of this clone is alive."""
        if not self.exists:
            return False
        with self._locked("run.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as held:
            return not held

    @contextmanager
    def database_turn(self) -> Iterator[None]:
        """Hold the right to start or stop the database; waits for its turn."""
        with self._locked("database-turn.lock", fcntl.LOCK_EX):
            yield

    @contextmanager
    def database_use(self) -> Iterator["DatabaseUse"]:
        """Declare a use of the database, so that it is not stopped under it."""
        handle = os.open(self.folder / "database-use.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield DatabaseUse(handle)
        finally:
            os.close(handle)

    @contextmanager
    def _locked(self, name: str, how: int) -> Iterator[bool]:
        handle = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, how)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)


@dataclass(frozen=True)
class DatabaseUse:
    """One declared use of the database."""

    handle: int

    def is_last(self) -> bool:
        """Tell whether nobody else uses the database now."""
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
