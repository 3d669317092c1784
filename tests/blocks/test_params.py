"""The form: the same on every source, and no bad value becomes a silent full sync."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from branchline.errors import Reconfigure
from branchline.params import read_request, sync_params
from branchline.sources.smartmoving import SMARTMOVING

FIELDS = [
    "full", "since", "until", "streams", "locations", "dry_run", "force_overwrite", "batch_size", "max_records",
    "replay", "accept_shrink",
]  # fmt: skip


def test_the_form_has_the_same_fields_with_help_on_each() -> None:
    params = sync_params(SMARTMOVING)
    assert list(params) == FIELDS
    for name, param in params.items():
        assert param.schema["title"], name
        assert len(param.description or "") > 5, name
        param.resolve()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0), ("batch_size", 10_001), ("batch_size", "many"), ("since", "15/07/2026"), ("full", "yes"),
        ("streams", ["customer"]), ("streams", "customers"), ("max_records", 0), ("locations", [""]),
        ("accept_shrink", ["everything"]),
    ],
)  # fmt: skip
def test_the_schema_refuses(name: str, value: Any) -> None:
    param = sync_params(SMARTMOVING)[name]
    with pytest.raises(Exception, match="Failed validating"):
        param.resolve(value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"full": True, "since": "2026-07-01"}, "contradict"),
        ({"since": "2026-07-02", "until": "2026-07-01"}, "before"),
        ({"until": "2026-07-01"}, "needs since"),
        ({"replay": True, "full": True}, "replay"),
        ({"replay": True, "max_records": 5}, "replay"),
        ({"sinse": "2026-07-01"}, "there is no sinse; there are .*since"),
    ],
)
def test_contradictions_are_refused_with_the_reason(values: dict[str, Any], words: str) -> None:
    with pytest.raises(Reconfigure, match=words):
        read_request(values)


def test_the_history_keeps_what_differs_from_the_defaults() -> None:
    request = read_request({"since": "2026-07-01", "streams": ["customers"], "batch_size": 50}, asked_by="admin")
    assert request.since == date(2026, 7, 1)
    assert request.as_configuration() == {
        "since": "2026-07-01",
        "streams": ("customers",),
        "batch_size": 50,
        "asked_by": "admin",
    }
    assert read_request({}).as_configuration() == {}
