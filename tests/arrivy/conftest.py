"""The legacy application beside the warehouse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.arrivy.legacy import Legacy


@pytest.fixture
def legacy(warehouse: Any) -> Legacy:
    return Legacy(warehouse)
