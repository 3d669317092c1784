"""The cluster: how it starts, who reaches it, and what a killed one leaves."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from stack import ground, postgres
from stack.errors import StackError
from stack.postgres import ADMIN, Cluster
from stack.testing import fresh_database, login, prepare_template, temporary_cluster

AS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with temporary_cluster() as running:
        yield running


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can pass through, as a clone below / would be."""
    folder = Path(tempfile.mkdtemp(prefix="branchline-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def ask(conninfo: str, query: str) -> object:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def server_of(cluster: Cluster) -> psutil.Process:
    return psutil.Process(int((cluster.ground.data / "postmaster.pid").read_text().splitlines()[0]))


def test_listens_on_loopback_only_and_has_no_socket(cluster: Cluster) -> None:
    assert ask(cluster.admin_conninfo(), "SHOW listen_addresses") == "127.0.0.1"
    assert ask(cluster.admin_conninfo(), "SHOW unix_socket_directories") == ""
    listening = [c.laddr.ip for c in server_of(cluster).net_connections("all") if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_a_login_needs_its_password(cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.conninfo("postgres", ADMIN, "wrong"))


def test_text_is_utf8_with_the_same_rules_on_every_machine(cluster: Cluster) -> None:
    with fresh_database(cluster) as conninfo:
        assert ask(conninfo, "SELECT lower('ÄÉÑ')") == "äéñ"
        assert ask(conninfo, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"


@pytest.mark.skipif(not AS_ROOT, reason="only root drops its privileges")
def test_under_root_the_server_is_nobody_with_no_group_of_root(cluster: Cluster) -> None:
    server = server_of(cluster)
    assert server.username() == "nobody"
    status = Path(f"/proc/{server.pid}/status").read_text()
    assert next(line for line in status.splitlines() if line.startswith("Groups:")).split()[1:] == []


def test_the_password_is_no_argument_and_no_file(cluster: Cluster) -> None:
    password = cluster._password
    assert password not in " ".join(server_of(cluster).cmdline())
    for file in cluster.home.rglob("*"):
        if file.is_file() and file.suffix in {"", ".log", ".conf"} and file.stat().st_size < 1_000_000:
            assert password.encode() not in file.read_bytes()


def test_a_fresh_database_is_a_copy_that_nobody_else_sees(cluster: Cluster) -> None:
    def prepare(conninfo: str) -> None:
        with psycopg.connect(conninfo) as connection:
            connection.execute("CREATE TABLE t AS SELECT 1 AS n")

    template = prepare_template(cluster, "template_of_test", prepare)
    with fresh_database(cluster, template) as one, fresh_database(cluster, template) as other:
        with psycopg.connect(one) as connection:
            connection.execute("INSERT INTO t VALUES (2)")
        assert ask(one, "SELECT count(*) FROM t") == 2
        assert ask(other, "SELECT count(*) FROM t") == 1
    left = ask(cluster.admin_conninfo(), "SELECT count(*) FROM pg_database WHERE datname LIKE 'test\\_%'")
    assert left == 0


def test_login_changes_only_who_logs_in() -> None:
    changed = login("host=127.0.0.1 port=1 dbname=d user=a password=b", "c", "d e")
    assert psycopg.conninfo.conninfo_to_dict(changed) == {
        "host": "127.0.0.1", "port": "1", "dbname": "d", "user": "c", "password": "d e",
    }  # fmt: skip


def test_data_outlives_a_restart_and_creating_again_changes_nothing(open_folder: Path) -> None:
    cluster = Cluster(open_folder / "pg", "secret", durable=False)
    with cluster:
        cluster.create_database("kept")
        with psycopg.connect(cluster.admin_conninfo("kept")) as connection:
            connection.execute("CREATE TABLE t AS SELECT 7 AS n")
    assert not cluster.running()
    with cluster:
        cluster.create_database("kept")
        assert ask(cluster.admin_conninfo("kept"), "SELECT n FROM t") == 7
    cluster.destroy()
    assert not (open_folder / "pg").exists()


def test_a_killed_server_starts_again(open_folder: Path) -> None:
    with Cluster(open_folder / "pg", "secret", durable=False) as cluster:
        server = server_of(cluster)
        server.send_signal(signal.SIGKILL)
        psutil.wait_procs([server], timeout=10)
        assert (cluster.ground.data / "postmaster.pid").exists()
        assert not cluster.running()
        cluster.start()
        assert ask(cluster.admin_conninfo(), "SELECT 1") == 1


def test_a_server_that_does_not_come_to_an_end_is_ended_and_starts_again(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STOP_SECONDS", 1)
    with Cluster(open_folder / "pg", "secret") as cluster:
        cluster.create_database("kept")
        with psycopg.connect(cluster.admin_conninfo("kept")) as connection:
            connection.execute("CREATE TABLE t AS SELECT 7 AS n")
        with psycopg.connect(cluster.admin_conninfo()) as busy:
            psutil.Process(busy.info.backend_pid).suspend()  # as one that waits for the disk
            cluster.stop()
            assert not cluster.running()
        cluster.start()
        assert ask(cluster.admin_conninfo("kept"), "SELECT n FROM t") == 7


def test_a_pid_file_whose_number_is_another_programs_now_is_stale(open_folder: Path) -> None:
    cluster = Cluster(open_folder / "pg", "secret", durable=False)
    with cluster:
        pid_file = cluster.ground.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    runner = cluster.ground.runner.arguments()
    with subprocess.Popen(["/bin/sleep", "60"], **runner) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        cluster.ground.runner.own(pid_file)
        assert not cluster.running()
        with cluster:
            assert ask(cluster.admin_conninfo(), "SELECT 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_an_interrupted_initdb_does_not_pass_for_a_cluster(open_folder: Path) -> None:
    cluster = Cluster(open_folder / "pg", "secret", durable=False)
    draft = cluster.ground.home / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with cluster:
        assert ask(cluster.admin_conninfo(), "SELECT 1") == 1
    assert not draft.exists()


def test_a_taken_port_is_named_with_the_way_out(open_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StackError) as told:
            Cluster(open_folder / "pg", "secret", port=port, durable=False).start()
    assert f"127.0.0.1:{port}" in str(told.value)
    assert f"pid {os.getpid()}" in str(told.value)
    assert "make run POSTGRES_PORT=" in str(told.value)


@pytest.mark.skipif(not AS_ROOT, reason="only root needs another user to reach its folders")
class TestBelowAClosedFolder:
    @pytest.fixture
    def closed(self, open_folder: Path) -> Path:
        folder = open_folder / "home"
        folder.mkdir(mode=0o700)
        return folder

    def test_the_cluster_goes_elsewhere_and_opens_nothing(self, closed: Path) -> None:
        cluster = Cluster(closed / "state" / "postgres", "secret", durable=False)
        with cluster:
            elsewhere = cluster.elsewhere
            assert elsewhere is not None
            assert cluster.ground.data.is_relative_to(elsewhere)
            assert cluster.ground.install.is_relative_to(elsewhere)
            assert ask(cluster.admin_conninfo(), "SELECT 1") == 1
            assert elsewhere.stat().st_mode & 0o777 == 0o711
            assert cluster.ground.data.stat().st_mode & 0o777 == 0o700
        assert closed.stat().st_mode & 0o777 == 0o700
        again = Cluster(closed / "state" / "postgres", "secret", durable=False)
        with again:
            assert again.ground.data == cluster.ground.data
        again.destroy()
        assert not elsewhere.exists()

    def test_closed_binaries_are_copied(self, closed: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        package = ground.packaged_install().parent
        shutil.copytree(package, closed / package.name)
        shutil.copytree(package.with_name(f"{package.name}.libs"), closed / f"{package.name}.libs")
        monkeypatch.setattr(ground, "packaged_install", lambda: closed / package.name / "pginstall")
        cluster = Cluster(open_folder / "pg", "secret", durable=False)
        with cluster:
            assert cluster.elsewhere is not None
            assert ask(cluster.admin_conninfo(), "SELECT 1") == 1
        cluster.destroy()

    def test_a_folder_of_somebody_else_is_not_used(self, closed: Path) -> None:
        home = closed / "postgres"
        shelter = ground.shelter_for(home)
        shelter.mkdir()
        try:
            os.chown(shelter, 65534, 65534)
            with pytest.raises(StackError, match="not a folder of this user"):
                Cluster(home, "secret", durable=False).start()
        finally:
            shelter.rmdir()
