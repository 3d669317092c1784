"""What the lead provider's answers mean, without a call."""

from __future__ import annotations

import pytest
from branchline.errors import Reconfigure
from branchline.hooks.smartmoving_leads import LeadDesk
from branchline.transport import Endpoint, Transport


@pytest.mark.parametrize(
    ("status", "text", "verdict"),
    [
        (200, "", "accepted"),
        (201, '{"id": 1}', "accepted"),
        (200, "<!DOCTYPE html><title>Sign in</title>", "unheard"),
        (400, '{"message": "This lead has already been submitted."}', "duplicate"),
        (400, '{"message": "The request is invalid."}', "rejected"),
        (422, "", "rejected"),
        (429, "Rate limit is exceeded. Try again in 7 seconds.", "later"),
        (408, "", "failed"),
        (500, '{"message": "Unknown error encountered"}', "failed"),
        (504, "<html>", "failed"),
    ],
)
def test_what_an_answer_means(status: int, text: str, verdict: str) -> None:
    reply = desk()._read(status, {}, text)
    assert reply.verdict == verdict
    assert reply.after == (7.0 if status == 429 else None)


@pytest.mark.parametrize(
    ("status", "text"), [(400, '{"message": "Provider not found."}'), (401, ""), (403, ""), (404, ""), (302, "")]
)
def test_an_answer_that_somebody_has_to_mend(status: int, text: str) -> None:
    with pytest.raises(Reconfigure, match="the provider key or the host is wrong"):
        desk()._read(status, {}, text)


def desk() -> LeadDesk:
    endpoint = Endpoint("smartmoving", "smartmoving_leads", "https://api.example.com", {})
    return LeadDesk(endpoint, "key", Transport(endpoint))
