"""What the tests of the contract share: hardly any waiting, a list on pages of five, records landed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from branchline import transport

from tests.blocks.landed import Bench
from tests.contract.reused import Reused, reused
from tests.contract.subject import Subject
from tests.contract.undisturbed import Undisturbed
from tests.fetching import Chunk


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly wait between attempts, where the waiting is not the point."""
    pause_after = transport._pause_after

    def pause(failed: Any, attempt: int) -> float:
        asked = pause_after(failed, attempt)
        return asked / 1000 if failed.is_too_many and failed.after is None else asked

    monkeypatch.setattr(transport, "BACKOFF_SECONDS", 0.002)
    monkeypatch.setattr(transport, "JITTER_SECONDS", (0.001, 0.005))
    monkeypatch.setattr(transport, "_pause_after", pause)


@pytest.fixture
def chunk(kind: type[Subject], make: Callable[..., Any]) -> Chunk:
    """About 60 records in each slice of the list, on pages of five where there are pages."""
    made = Chunk(make(**kind.world()))
    assert made.expected() >= 50
    assert made.pages() >= 12 or not kind.has("pages")
    return made


@pytest.fixture(scope="session")
def by_hand(cluster: Any, template: str) -> Iterator[Reused]:
    """The warehouse that records are landed in by hand."""
    with reused(cluster, template) as found:
        yield found


@pytest.fixture
def bench(kind: type[Subject], by_hand: Reused) -> Iterator[Bench]:
    """The line's records, landed by hand in an empty warehouse."""
    with kind.RECORDS.bench(by_hand.emptied().loader) as opened:
        yield opened


@pytest.fixture(scope="session")
def undisturbed(cluster: Any, template: str) -> Undisturbed:
    """What runs leave that nobody disturbs."""
    return Undisturbed(cluster, template)
