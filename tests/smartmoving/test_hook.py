"""What SmartMoving's refusals mean, and what its connection says."""

from __future__ import annotations

import pytest
from branchline.errors import BranchlineError, Deferred, NotFound, Reconfigure
from branchline.hooks.smartmoving import SmartMovingHook


def meaning(status: int, body: bytes) -> type[BranchlineError] | None:
    return next((found for recognise in SmartMovingHook.refusals if (found := recognise(status, body))), None)


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (400, b'{"message":"The specified opportunity was not found"}', NotFound),
        (400, b'{"message":"Customer doesn\'t exist"}', NotFound),
        (404, b'{"message":"gone"}', NotFound),
        (404, b"", Reconfigure),
        (404, b" \n", Reconfigure),
        (403, b"Out of call volume quota.", Deferred),
        (403, b'{"message":"Forbidden"}', None),
        (400, b'{"message":"PageSize is wrong"}', None),
        (500, b"not found", None),
    ],
)
def test_what_a_refusal_means(status: int, body: bytes, meant: type[BranchlineError] | None) -> None:
    assert meaning(status, body) is meant
