"""`make people`, `make grant`, `make revoke`: the command branchline.access on the clone's own warehouse."""

from collections.abc import Sequence

from branchline.access import main

from stack.logins import MIGRATOR
from stack.query import warehouse_at_hand
from stack.state import State


def change_rights(state: State, words: Sequence[str], port: int) -> int:
    """Run the command as the migrator.

    Args:
        state: the clone's state.
        words: list, grant or revoke, and what they take.
        port: where the database shall listen if it must be started.

    Returns:
        int: the command's exit code.

    Raises:
        StackError: there is no warehouse yet.
    """
    with warehouse_at_hand(state, port, MIGRATOR) as conninfo:
        return main(words, conninfo)
