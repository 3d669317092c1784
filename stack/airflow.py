"""Airflow on this machine: its environment, its schema, its four processes; everything on 127.0.0.1."""

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from stack.credentials import write_private
from stack.errors import StackError
from stack.options import Options
from stack.ports import HOST, require_free
from stack.postgres import Cluster
from stack.process import Child, spawn
from stack.state import State

DATABASE = "airflow"
ROLE = "airflow"
ADMIN = "admin"

# The log servers of scheduler and triggerer would listen on every interface. All processes share one log
# folder here, so that the api-server reads it and no log server is needed.
PROCESSES: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "dag-processor": ("dag-processor",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}


@dataclass(frozen=True)
class Airflow:
    """Airflow of one clone."""

    project: Path
    state: State
    options: Options
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address of the UI and the API."""
        return f"http://{HOST}:{self.options.airflow_port}"

    def require_port(self) -> None:
        """Make sure that the api-server's port is free.

        Raises:
            StackError: it is taken.
        """
        require_free(self.options.airflow_port, "AIRFLOW_PORT", "Airflow")

    def start(self, name: str) -> Child:
        """Start one of PROCESSES."""
        command = [sys.executable, "-m", "airflow", *PROCESSES[name]]
        return spawn(self.state, name, command, self.environment, self.project)


def airflow_environment(
    project: Path,
    state: State,
    options: Options,
    secrets: Mapping[str, str],
    cluster: Cluster,
    inherited: Mapping[str, str],
) -> dict[str, str]:
    """Compose the environment of every Airflow process.

    Args:
        project: the clone.
        state: its state folder.
        options: what the person chose.
        secrets: the generated secrets.
        cluster: the running cluster.
        inherited: the environment of this process and the clone's `.env`.

    Returns:
        dict[str, str]: the whole environment; it holds secrets.
    """
    url = f"http://{HOST}:{options.airflow_port}"
    password = quote(secrets["AIRFLOW_DATABASE_PASSWORD"], safe="")
    database = f"postgresql+psycopg2://{ROLE}:{password}@{HOST}:{cluster.port}/{DATABASE}"
    ours = {
        "AIRFLOW_HOME": str(state.airflow),
        "PYTHONPATH": f"{project}:{project / 'plugins'}",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": _with_loopback(inherited.get("NO_PROXY", "")),
        "no_proxy": _with_loopback(inherited.get("no_proxy", "")),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__CORE__FERNET_KEY": secrets["AIRFLOW_FERNET_KEY"],
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(options.airflow_parallelism),
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(project / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:ADMIN",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(state.ui_passwords),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(options.airflow_port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets["AIRFLOW_API_SECRET_KEY"],
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets["AIRFLOW_JWT_SECRET"],
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
        # a killed scheduler's tasks are taken up again within seconds, not minutes
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        # the minder of a task looks for its end at this interval when other tasks start meanwhile; a worker
        # that waits five seconds after each of many short tasks is a slow and a slowly stopped worker
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
        "AIRFLOW__WORKERS__SOCKET_CLEANUP_TIMEOUT": "2",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__BRANCHLINE__FMS_WORKBOOKS_FOLDER": str(state.workbooks),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(state.task_logs),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(state.logs / "dag-files"),
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
    }
    return {**inherited, **ours}


def write_login(state: State, secrets: Mapping[str, str]) -> None:
    """Write the UI's login before Airflow would generate one into a file that everybody can read."""
    write_private(state.ui_passwords, {ADMIN: secrets["AIRFLOW_ADMIN_PASSWORD"]})


@dataclass
class SchemaMigration:
    """The migration of Airflow's own database, skipped where the last one reached this version's head.

    Asking Airflow itself costs five seconds of imports. What a finished migration left in the database is
    noted beside the version instead, and compared at the next start.
    """

    airflow: Airflow
    conninfo: str
    child: Child | None = None

    def begin(self) -> None:
        """Start migrating where it is needed; it runs beside the caller's work."""
        if not self._is_at_head():
            command = [sys.executable, "-m", "airflow", "db", "migrate"]
            airflow = self.airflow
            self.child = spawn(airflow.state, "airflow-db-migrate", command, airflow.environment, airflow.project)

    def finish(self, seconds: int = 300) -> bool:
        """Wait for the migration.

        Returns:
            bool: whether one was needed.

        Raises:
            StackError: it failed or took too long.
        """
        if self.child is None:
            return False
        try:
            code = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        if code != 0:
            fact = f"failed with exit code {code}" if code is not None else f"did not end within {seconds} s"
            raise StackError(
                f"Migrating Airflow's database {fact}. Its log, {self.child.log}, ends:\n{self.child.last_words()}"
            )
        self.child.forget()
        write_private(self.airflow.state.airflow_schema, self._present())
        return True

    def _is_at_head(self) -> bool:
        try:
            noted = json.loads(self.airflow.state.airflow_schema.read_text())
        except (OSError, ValueError):
            return False
        return bool(noted == self._present())

    def _present(self) -> dict[str, str]:
        try:
            with psycopg.connect(self.conninfo) as connection:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
        return {
            "airflow": importlib.metadata.version("apache-airflow-core"),
            "revision": row[0] if row else "",
        }


def _with_loopback(hosts: str) -> str:
    return ",".join(filter(None, [hosts, HOST, "localhost"]))
