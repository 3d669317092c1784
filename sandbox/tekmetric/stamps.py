"""The ways in which the vendor writes a moment (Tekmetric contract, section 1.7)."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.seeds import mix


def whole(moment: datetime | None) -> str | None:
    """Write a moment as usual: seconds and Z."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def naive(moment: datetime | None) -> str | None:
    """Write a moment without a zone, as a job's authorizedDate and an appointment's times come."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S")


def millis(moment: datetime | None, seed: int) -> str | None:
    """Write a moment with milliseconds, as answers to writes do."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{seed % 1000:03d}Z"


def nanos(moment: datetime | None, seed: int) -> str | None:
    """Write a moment with nine fractional digits, as the shop API does now and then.

    The fraction is invented: to the second, it is the moment of the public API.
    """
    if moment is None:
        return None
    if seed % 3 == 0:
        return whole(moment)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{mix(seed, int(moment.timestamp())) % 1_000_000_000:09d}Z"


def read(text: str) -> datetime:
    """Read a filter's value: ISO 8601, or a plain date; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
