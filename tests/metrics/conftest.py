from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.tekmetric.golden import FIGURES
from tests.metrics.garage import Garage
from tests.tekmetric.landed import golden_order, shops


@pytest.fixture
def garage(warehouse: Any) -> Iterator[Garage]:
    """Three shops of one client; the golden shop's people and their pay are known, orders are not landed yet."""
    with shops(warehouse.loader) as bench:
        made = Garage(bench, warehouse.loader)
        made.hire()
        made.own()
        yield made


@pytest.fixture
def golden(garage: Garage) -> Garage:
    """All golden orders at their end, and the metrics made of them."""
    garage.take(*(golden_order(number) for number in FIGURES))
    garage.rebuild()
    return garage
