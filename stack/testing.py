"""A throwaway PostgreSQL for tests: one cluster a session, one template, a fresh copy of it for each test."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo

from stack.postgres import Cluster

#: Where files live in memory on Linux: copying a database takes a tenth of the time there.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is the process's own
#: Bytes that have to be free there; a container is often given 64 MB.
ROOM = 4 * 1024**3


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """Run a cluster in a temporary folder; nothing of it is left afterwards.

    Yields:
        Cluster: started, on a free port, fast rather than durable.
    """
    folder = Path(tempfile.mkdtemp(prefix="branchline-test-", dir=_quick_folder()))
    folder.chmod(0o711)  # the database's own user must pass through; what is inside is closed
    cluster = Cluster(folder / "postgres", secrets.token_urlsafe(18), durable=False)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _quick_folder() -> Path | None:
    """The folder in memory, or None for the usual one."""
    usable = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK | os.X_OK)
    return IN_MEMORY if usable and shutil.disk_usage(IN_MEMORY).free >= ROOM else None


def prepare_template(cluster: Cluster, name: str, prepare: Callable[[str], object]) -> str:
    """Create a database that tests copy.

    Args:
        cluster: a running cluster.
        name: the template's name.
        prepare: called once with the administrator's connection string to the new database; it must close
            every connection it opens, since PostgreSQL copies only a database that nobody uses.

    Returns:
        str: the template's name.
    """
    cluster.create_database(name)
    prepare(cluster.admin_conninfo(name))
    return name


@contextmanager
def fresh_database(cluster: Cluster, template: str | None = None) -> Iterator[str]:
    """Lend a database that nobody has used, a copy of the template if one is named, and drop it afterwards.

    Args:
        cluster: a running cluster.
        template: the database to copy.

    Yields:
        str: the administrator's connection string; `login` turns it into another role's.
    """
    name = f"test_{secrets.token_hex(6)}"
    cluster.create_database(name, template=template)
    try:
        yield cluster.admin_conninfo(name)
    finally:
        cluster.drop_database(name)


def login(conninfo: str, user: str, password: str) -> str:
    """Return the same database's connection string for another role.

    Args:
        conninfo: any connection string to the database.
        user: the role that logs in.
        password: its password.

    Returns:
        str: the connection string.
    """
    return make_conninfo(conninfo, user=user, password=password)
