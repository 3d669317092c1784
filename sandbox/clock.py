"""What time it is in the sandbox: the machine's time, or a moment set by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_HEAD_OFFICE = ZoneInfo("America/Toronto")


def parse_moment(text: str) -> datetime:
    """Read an ISO moment; one without an offset is UTC.

    Args:
        text: For example `2026-07-20T14:00:00Z`.

    Returns:
        The moment, in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


class Clock:
    """The sandbox's clock."""

    def __init__(self, fixed: datetime | None = None) -> None:
        self._start = fixed
        self._fixed = fixed

    def now(self) -> datetime:
        """Tell the moment, in UTC."""
        return self._fixed or datetime.now(UTC)

    def today(self) -> date:
        """Tell the business date at head office."""
        return self.now().astimezone(_HEAD_OFFICE).date()

    def set(self, moment: datetime | None) -> None:
        """Stop the clock at a moment, or let it run with the machine's time.

        Args:
            moment: The moment, or None to run.
        """
        self._fixed = moment

    def reset(self) -> None:
        """Go back to how the process was started."""
        self._fixed = self._start
