"""`make sql`: header and rows, the server's own words on errors, a database started only for it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stack.credentials import load_secrets
from stack.errors import StackError
from stack.logins import OPERATOR, WAREHOUSE, clone_cluster
from stack.ports import free_port
from stack.postgres import Cluster
from stack.query import run_query, warehouse_at_hand
from stack.state import State
from stack.upkeep import clean, describe, stop
from stack.warehouse import set_password


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[State, Cluster]]:
    """A state with a stopped database that holds nothing but the operator."""
    state = State(tmp_path_factory.mktemp("clone") / ".branchline")
    state.make()
    secrets = load_secrets(state.secrets)
    cluster = clone_cluster(state, secrets, free_port())
    cluster.durable = False
    with cluster:
        with psycopg.connect(cluster.admin_conninfo(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {OPERATOR} LOGIN")
            set_password(connection, OPERATOR, secrets["BRANCHLINE_OPERATOR_PASSWORD"])
        cluster.create_database(WAREHOUSE)
    yield state, cluster
    clean(state, cluster.port)
    assert not cluster.ground.data.exists()


def test_header_and_rows_and_nothing_else(made: tuple[State, Cluster]) -> None:
    state, cluster = made
    query = "SELECT 1 AS a, NULL AS b, 2.50 AS c, true AS d, E'x\\ty\\nz\\\\' AS e, '{1,2}'::int[] AS f"
    query += " UNION ALL "
    query += "SELECT 2, 'ü', 0, false, '', NULL"
    assert run_query(state, query, cluster.port) == (
        "a\tb\tc\td\te\tf\n1\t\t2.50\tt\tx\\ty\\nz\\\\\t{1,2}\n2\tü\t0\tf\t\t\n"
    )
    assert run_query(state, "SELECT 1 AS nothing WHERE false", cluster.port) == "nothing\n"
    assert run_query(state, "SET work_mem = '8MB'", cluster.port) == ""


def test_it_is_the_operator_who_asks(made: tuple[State, Cluster]) -> None:
    state, cluster = made
    assert run_query(state, "SELECT current_user AS who", cluster.port) == f"who\n{OPERATOR}\n"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT nix", 'column "nix" does not exist'),
        ("", "make sql Q="),
        ("COPY (SELECT 1) TO STDOUT", "COPY"),
    ],
)
def test_what_is_wrong_is_told(made: tuple[State, Cluster], query: str, words: str) -> None:
    state, cluster = made
    with pytest.raises(StackError, match=words):
        run_query(state, query, cluster.port)
    assert not cluster.running()


def test_the_last_of_several_queries_stops_the_database(made: tuple[State, Cluster]) -> None:
    state, cluster = made
    with warehouse_at_hand(state, cluster.port):
        with warehouse_at_hand(state, cluster.port):
            assert cluster.running()
        assert cluster.running()
    assert not cluster.running()


def test_a_database_that_runs_is_left_running(made: tuple[State, Cluster]) -> None:
    state, cluster = made
    with cluster:
        run_query(state, "SELECT 1", cluster.port)
        assert cluster.running()
        assert "running" in describe(state, cluster.port)
        assert stop(state, cluster.port) == ["postgres"]
        assert not cluster.running()


def test_without_a_warehouse_the_way_to_one_is_told(tmp_path: Path) -> None:
    state = State(tmp_path / ".branchline")
    with pytest.raises(StackError, match="make run"):
        run_query(state, "SELECT 1", 1)
    assert stop(state, 1) == []
    assert clean(state, 1) == []
