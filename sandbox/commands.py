"""How a vendor carries out what the control endpoint's `change` is told."""

from collections.abc import Callable, Mapping
from typing import Any

Command = dict[str, Any]


def carry_out(verbs: Mapping[str, Callable[[Command], dict[str, Any]]], command: Command) -> dict[str, Any]:
    """Carry one command out.

    Args:
        verbs: What a vendor can be told, by the key that names it.
        command: Its verb is the one key that names one.

    Returns:
        What was changed.

    Raises:
        ValueError: The command is not one, or names nothing that exists.
    """
    verb = next((verb for verb in verbs if verb in command), None)
    if verb is None:
        raise ValueError(f"no command in {sorted(command)}; there are {sorted(verbs)}")
    return verbs[verb](command)
