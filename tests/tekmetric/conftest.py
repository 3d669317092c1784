from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tekmetric.landed import ShopBench, shops


@pytest.fixture
def auto(warehouse: Any) -> Iterator[ShopBench]:
    """Three shops of one client, ready to land records in."""
    with shops(warehouse.loader) as bench:
        yield bench
