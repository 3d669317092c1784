"""What the tests of SmartMoving share: hardly any waiting, a day of customers, the write-back of leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from branchline import transport
from branchline.transport import Transport

from tests.fetching import Chunk
from tests.smartmoving.leads import Leads


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly wait between attempts, where the waiting is not the point."""
    monkeypatch.setattr(transport, "BACKOFF_SECONDS", 0.002)
    monkeypatch.setattr(transport, "JITTER_SECONDS", (0.001, 0.005))


@pytest.fixture
def chunk(smartmoving: Callable[..., Any]) -> Chunk:
    """A day of 60 customers on 12 pages of 5."""
    return Chunk(smartmoving(page_cap=5, customers_per_day=60))


@pytest.fixture
def leads(smartmoving: Any, monkeypatch: pytest.MonkeyPatch) -> Leads:
    async def no_wait(*_: Any) -> None:
        pass

    monkeypatch.setattr(Transport, "_sleep", no_wait)
    return Leads(smartmoving(now=None))
