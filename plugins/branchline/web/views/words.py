"""How instants, spans and shares are said on a page."""

from __future__ import annotations

from datetime import datetime, timedelta


def span(value: timedelta | float | None) -> str:
    """A span in its two largest units, as `3 d 4 h`; a dash for none."""
    if value is None:
        return "–"
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else float(value))
    for size, unit, below, lesser in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // below
            return f"{seconds // size} {unit}" + (f" {rest} {lesser}" if rest else "")
    return f"{seconds} s"


def instant(value: datetime | None) -> str:
    """An instant in UTC to the minute; the word never for none."""
    return value.strftime("%Y-%m-%d %H:%M UTC") if value else "never"


def count(value: int | None) -> str:
    """A number with thousands parted; a dash for none."""
    return "–" if value is None else f"{value:,}"


def percent(part: float, whole: float) -> str:
    """A share to a tenth of a per cent, rounded down so that 100 % means all; a dash where there is no whole."""
    return f"{int(1000 * part / whole) / 10:.1f} %" if whole else "–"
