"""Which heading of the runbook an error that stands in the ledger belongs to."""

from __future__ import annotations

from functools import cache

from branchline import errors


@cache
def _verdicts() -> dict[str, str]:
    """The sentence that each class of error ends in, to its name; of equal sentences the most general."""
    found: dict[str, str] = {}
    waiting = [errors.BranchlineError]
    while waiting:
        below = [cls for cls in waiting.pop(0).__subclasses__() if cls.__module__ == errors.__name__]
        for cls in below:
            found.setdefault(cls.verdict, cls.__name__)
        waiting += below
    return found


def heading_of(message: str) -> str:
    """The anchor of the runbook that helps: of the error's class, or of anything else."""
    for verdict, name in _verdicts().items():
        if verdict in message:
            return name.lower()
    return "a-slice-is-short" if "short" in message else "anything-else"
