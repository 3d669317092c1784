"""One PostgreSQL cluster of our own: TCP on 127.0.0.1 only, scram passwords, no socket, no system package."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from stack.errors import StackError
from stack.ground import Ground, find_ground, shelter_for
from stack.ports import free_port, require_free

HOST = "127.0.0.1"
ADMIN = "postgres"
START_SECONDS = 60
STOP_SECONDS = 45
KILL_SECONDS = 15

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "jit": "off",  # compiling costs more than it saves on a local box's data
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # a failed ALTER ROLE ... PASSWORD must not write its text to the log
}
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1min",
}


class Cluster:
    """A cluster that lives in a folder of the project's state, or elsewhere where its user cannot reach that.

    Attributes:
        home: the folder that was asked for.
        port: the TCP port; 0 until the start where a free one is to be chosen.
        durable: False trades the safety of the data for speed (tests).
    """

    def __init__(self, home: Path, password: str, *, port: int = 0, durable: bool = True) -> None:
        self.home = home
        self.port = port
        self.durable = durable
        self._password = password
        self._chosen = port
        self._ground: Ground | None = None

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def ground(self) -> Ground:
        """Where the cluster stands; the folders are made by the first look."""
        if self._ground is None:
            self._ground = find_ground(self.home)
        return self._ground

    @property
    def elsewhere(self) -> Path | None:
        """The folder outside the project's state that holds the cluster, or None."""
        return self.ground.shelter

    def conninfo(self, database: str, user: str, password: str) -> str:
        """Return a libpq connection string for one login.

        Args:
            database: the database's name.
            user: the role that logs in.
            password: its password.

        Returns:
            str: the connection string; it holds the password and belongs in no log.
        """
        return make_conninfo(
            host=HOST, port=self.port, dbname=database, user=user, password=password, connect_timeout=10
        )

    def admin_conninfo(self, database: str = "postgres") -> str:
        """Return the connection string of the cluster's administrator."""
        return self.conninfo(database, ADMIN, self._password)

    def running(self) -> bool:
        """Tell whether this cluster's own server runs, and learn its port."""
        owner = self._owner()
        if owner is None:
            return False
        self.port = owner[1] or self.port
        return True

    def start(self) -> None:
        """Make the cluster where there is none, and start its server; a running one is taken as it is.

        Raises:
            StackError: the port is taken, or PostgreSQL does not start; the message holds its last words.
        """
        if self.running():
            return
        if not (self.ground.data / "PG_VERSION").exists():
            self._initialise()
        self._forget_dead_owner()
        attempts = 1 if self._chosen else 3  # a free port can be lost between the look and the start
        for attempt in range(1, attempts + 1):
            self.port = self._chosen or free_port()
            require_free(self.port, "POSTGRES_PORT", "PostgreSQL")
            answer = self._pg_ctl("start", "-l", str(self.ground.log), "-o", self._options(), seconds=START_SECONDS)
            if answer.returncode == 0:
                return
            if attempt == attempts:
                raise StackError(f"PostgreSQL did not start. Its log, {self.ground.log}, ends:\n{self._last_words()}")

    def stop(self) -> None:
        """Stop the server if it runs; what it was doing is rolled back.

        A busy disk can draw out the last checkpoint. It is not waited for without end: ended at once, the server
        reads its log again at the next start.

        Raises:
            StackError: it does not stop even so.
        """
        for mode, seconds in (("fast", STOP_SECONDS), ("immediate", KILL_SECONDS)):
            if not self.running():
                return
            self._pg_ctl("stop", "-m", mode, seconds=seconds)
        if self.running():
            raise StackError(
                f"PostgreSQL (pid {self._owner_pid()}) did not stop within {STOP_SECONDS + KILL_SECONDS} s. "
                f"Look at {self.ground.log}."
            )

    def destroy(self) -> None:
        """Stop the server and remove the cluster, with the folder elsewhere if there is one."""
        if self.home.exists():
            self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shelter = shelter_for(self.home)
        if shelter.is_dir() and not shelter.is_symlink() and shelter.stat().st_uid == os.geteuid():
            shutil.rmtree(shelter)
        self._ground = None

    def create_database(self, name: str, owner: str | None = None, template: str | None = None) -> None:
        """Create a database; one that exists already is left as it is.

        Args:
            name: the database's name.
            owner: the role that owns it; the administrator by default.
            template: the database to copy; nobody may be connected to it.
        """
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if owner is not None:
            statement += sql.SQL(" OWNER {}").format(sql.Identifier(owner))
        if template is not None:
            # FILE_COPY is faster than the default for a template that holds no more than a schema
            statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        with psycopg.connect(self.admin_conninfo(), autocommit=True) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if known is None:
                connection.execute(statement)

    def drop_database(self, name: str) -> None:
        """Drop a database and end whoever is connected to it."""
        with psycopg.connect(self.admin_conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))

    def _options(self) -> str:
        settings = SETTINGS | ({} if self.durable else FLEETING) | {"port": str(self.port)}
        return " ".join(f"-c {name}='{value}'" for name, value in settings.items())

    def _initialise(self) -> None:
        ground = self.ground
        # Made aside and moved into place: an interrupted initdb must not pass for a cluster.
        draft = ground.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        ground.runner.own(draft)
        # The password goes through a file that only the cluster's user can read: arguments show in `ps`.
        handle, name = tempfile.mkstemp(dir=ground.home)
        secret = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self._password + "\n")
            ground.runner.own(secret)
            command: list[str | Path] = [
                ground.binaries / "initdb",
                f"--pgdata={draft}",
                f"--username={ADMIN}",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",  # PostgreSQL's own C.UTF-8: needs no locale of the machine
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                "--no-sync" if not self.durable else "--data-checksums",
            ]
            answer = subprocess.run(command, check=False, capture_output=True, text=True, **self._arguments())
        finally:
            secret.unlink()
        if answer.returncode != 0:
            raise StackError(f"PostgreSQL could not make its data folder {ground.data}:\n{answer.stderr.strip()}")
        draft.rename(ground.data)

    def _pg_ctl(self, action: str, *arguments: str, seconds: int) -> subprocess.CompletedProcess[bytes]:
        command: list[str | Path] = [
            self.ground.binaries / "pg_ctl",
            action,
            "-D",
            self.ground.data,
            "-w",
            "-s",
            "-t",
            str(seconds),
        ]
        # No pipes: the server would inherit them and keep a reader waiting for its whole life.
        return subprocess.run(
            [*command, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._arguments(),
        )

    def _arguments(self) -> dict[str, Any]:
        # None of the caller's environment: no PG* variable and no other's secret reaches the server.
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        # A session of its own: a Ctrl-C meant for the stack must not break a start or a stop in the middle.
        return self.ground.runner.arguments() | {"env": environment, "start_new_session": True}

    def _last_words(self, lines: int = 15) -> str:
        try:
            return "\n".join(self.ground.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"

    def _owner_pid(self) -> int | None:
        owner = self._owner()
        return owner[0] if owner else None

    def _owner(self) -> tuple[int, int] | None:
        """Return pid and port of the live server; a pid file left by a killed one does not count."""
        if self._ground is None and not self.home.exists() and not shelter_for(self.home).exists():
            return None
        try:
            lines = (self.ground.data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
            server = psutil.Process(pid)
            # Another program may have got the number since: ours runs `postgres` on our data folder.
            command = server.cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        if not command or Path(command[0]).name != "postgres" or str(self.ground.data) not in command:
            return None
        port = int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else 0
        return pid, port

    def _forget_dead_owner(self) -> None:
        """Remove a killed server's pid file: PostgreSQL believes it where another has the number now."""
        pid_file = self.ground.data / "postmaster.pid"
        if not pid_file.exists():
            return
        self._await_orphans()
        pid_file.unlink(missing_ok=True)

    def _await_orphans(self) -> None:
        """Wait for a killed server's children: they end by themselves, and must before a new start."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if not any(self._works_here(process) for process in psutil.process_iter()):
                return
            time.sleep(0.1)

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return process.name() == "postgres" and process.cwd() == str(self.ground.data.resolve())
        except psutil.Error:
            return False
