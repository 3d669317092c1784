"""The ways in which the vendor writes a moment, and how it reads one (Arrivy contract, section 6)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_SEVEN = re.compile(r"(T\d\d:\d\d:)07")
_ONE_DIGIT = re.compile(r"(T\d\d:\d\d:)(\d)(?!\d)")


def utc(moment: datetime | None, seed: int) -> str | None:
    """Write a moment in UTC: with an offset, with Z, or naive, the same way for the same record."""
    if moment is None:
        return None
    told = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return told + ("+00:00", "Z", "", "+00:00")[seed % 4]


def naive(moment: datetime | None) -> str | None:
    """Write a moment without a zone and with microseconds, as readings come (section 4.5)."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def original(moment: datetime | None, zone: str) -> str | None:
    """Write a moment with the sender's offset; seven seconds have one digit (section 4.2)."""
    if moment is None:
        return None
    told = moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
    return _SEVEN.sub(r"\g<1>7", told)


def read(text: str, *, must_have_offset: bool) -> datetime:
    """Read a query's moment.

    Args:
        text: ISO 8601; a plus sign that was sent bare has become a space, which is no offset.
        must_have_offset: Whether a naive moment is refused; else it is UTC.

    Returns:
        The moment, in UTC.

    Raises:
        ValueError: It cannot be read.
    """
    moment = datetime.fromisoformat(_ONE_DIGIT.sub(r"\g<1>0\2", text))
    if moment.tzinfo is None:
        if must_have_offset:
            raise ValueError(f"{text!r} has no offset")
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)
