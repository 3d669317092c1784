"""`make migrate`: the warehouse's schema without the rest of the stack."""

from stack.credentials import load_secrets
from stack.logins import clone_cluster
from stack.state import State
from stack.warehouse import prepare_warehouse


def migrate_warehouse(state: State, port: int) -> list[str]:
    """Bring the warehouse to the newest schema; a database that was down is down afterwards.

    Args:
        state: the clone's state; made where it is missing.
        port: where the database shall listen if it must be started.

    Returns:
        list[str]: the migrations that were applied.
    """
    state.make()
    secrets = load_secrets(state.secrets)
    cluster = clone_cluster(state, secrets, port)
    with state.database_turn():
        was_down = not cluster.running()
        cluster.start()
        try:
            return prepare_warehouse(cluster, secrets)
        finally:
            if was_down:
                cluster.stop()
