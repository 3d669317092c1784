"""The lines of the contract, and over which of them a test runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.arrivy import Arrivy
from tests.contract.facts import CAPABILITIES
from tests.contract.fms import Fms
from tests.contract.smartmoving import SmartMoving
from tests.contract.subject import Subject
from tests.contract.tekmetric import Tekmetric

#: A later source adds its line here: the policy tells it what else it has to say.
LINES: tuple[type[Subject], ...] = (SmartMoving, Tekmetric, Fms, Arrivy)


def lines_with(*capabilities: str) -> list[type[Subject]]:
    """The lines that have all of these."""
    assert set(capabilities) <= set(CAPABILITIES), f"no such capability: {set(capabilities) - set(CAPABILITIES)}"
    return [line for line in LINES if line.has(*capabilities)]


def over(*capabilities: str, each: Callable[[type[Subject]], Any] | None = None) -> pytest.MarkDecorator:
    """Run a test over every line that has these capabilities; one that has not is no skipped test, it is none.

    Args:
        capabilities: of CAPABILITIES.
        each: gives what a line has several of; the test then runs for each and takes it as `case`.

    Returns:
        The mark; the fixtures `kind`, `make` and `chunk` follow it.
    """
    lines = lines_with(*capabilities)
    assert lines, f"no line has {capabilities}"
    if each is None:
        return pytest.mark.parametrize(
            "kind", [pytest.param(line, id=line.SOURCE.slug) for line in lines], indirect=True
        )
    cases = [
        pytest.param(line, case, id=f"{line.SOURCE.slug}-{number}")
        for line in lines
        for number, case in enumerate(each(line), 1)
    ]
    return pytest.mark.parametrize(("kind", "case"), cases, indirect=["kind"])
