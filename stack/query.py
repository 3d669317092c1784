"""`make sql`: one query against the warehouse, answered with header and rows and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import ExecStatus

from stack.errors import StackError
from stack.logins import OPERATOR, existing_cluster, warehouse_login
from stack.state import State

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def run_query(state: State, query: str, port: int) -> str:
    """Answer a query as the operator.

    Args:
        state: the clone's state.
        query: one statement, or several of which the last one answers.
        port: where the database shall listen if it must be started.

    Returns:
        str: tab-separated lines, the header first; empty for a statement without rows. Tabs, line ends and
            backslashes in values are escaped as COPY does, so that a row is a line.

    Raises:
        StackError: no warehouse yet, or PostgreSQL's own words on what is wrong with the query.
    """
    if not query.strip():
        raise StackError('No query was given. Write, for example: make sql Q="SELECT * FROM ops.sync_history"')
    with warehouse_at_hand(state, port) as conninfo, psycopg.connect(conninfo, autocommit=True) as connection:
        # The wire protocol's text form: exactly what PostgreSQL writes, whatever the type.
        result = connection.pgconn.exec_(query.encode())
        if result.status == ExecStatus.TUPLES_OK:
            names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
            rows = [
                [(result.get_value(row, column) or b"").decode() for column in range(result.nfields)]
                for row in range(result.ntuples)
            ]
            return "".join("\t".join(cell.translate(ESCAPES) for cell in line) + "\n" for line in [names, *rows])
        if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT):
            raise StackError("COPY needs a program on the other end. Use SELECT, or psycopg with COPY.")
        if result.status in (ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY):
            return ""
        raise StackError(result.error_message.decode(errors="replace").strip())


@contextmanager
def warehouse_at_hand(state: State, port: int, role: str = OPERATOR) -> Iterator[str]:
    """Lend a login, the operator's unless told; a database that is down is started, and stopped by its last user.

    Args:
        state: the clone's state.
        port: where the database shall listen if it must be started.
        role: who logs in.

    Yields:
        str: the role's connection string.

    Raises:
        StackError: there is no warehouse yet.
    """
    cluster, secrets = existing_cluster(state, port)
    with state.database_use() as use:
        with state.database_turn():
            if not cluster.running():
                cluster.start()
                state.on_demand.touch()
        try:
            yield warehouse_login(cluster, secrets, role)
        finally:
            with state.database_turn():
                if state.on_demand.exists() and use.is_last() and not state.has_run():
                    cluster.stop()
                    state.on_demand.unlink()
