"""Who logs in to which database of the clone's cluster."""

from collections.abc import Mapping

from stack.credentials import load_secrets, password_name
from stack.errors import StackError
from stack.postgres import Cluster
from stack.state import State

WAREHOUSE = "warehouse"
MIGRATOR = "branchline_migrator"
OPERATOR = "branchline_operator"


def clone_cluster(state: State, secrets: Mapping[str, str], port: int) -> Cluster:
    """Return the clone's cluster, started or not.

    Args:
        state: the clone's state.
        secrets: the generated secrets.
        port: where it shall listen when it is started.

    Returns:
        Cluster: it knows its real port once it runs.
    """
    return Cluster(state.postgres, secrets["POSTGRES_PASSWORD"], port=port)


def existing_cluster(state: State, port: int) -> tuple[Cluster, dict[str, str]]:
    """Return the cluster and the secrets of a stack that has run before.

    Raises:
        StackError: it has not.
    """
    if not state.secrets.exists():
        raise StackError("There is no warehouse yet. Make one with `make run`.")
    secrets = load_secrets(state.secrets)
    return clone_cluster(state, secrets, port), secrets


def warehouse_login(cluster: Cluster, secrets: Mapping[str, str], role: str) -> str:
    """Return the connection string of a role to the warehouse."""
    return cluster.conninfo(WAREHOUSE, role, secrets[password_name(role)])
