"""What the pages say in words of their own, and where their advice leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from branchline import errors
from branchline.web.views.advice import heading_of
from branchline.web.views.health import RUNBOOK, anchor
from branchline.web.views.words import count, instant, percent, span


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"), (0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "59 min 59 s"), (7200, "2 h"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
    ],
)  # fmt: skip
def test_a_span_has_its_two_largest_units(value: float | timedelta | None, said: str) -> None:
    assert span(value) == said


def test_instants_numbers_and_shares() -> None:
    assert instant(datetime(2026, 7, 14, 1, 2, 3, tzinfo=UTC)) == "2026-07-14 01:02 UTC"
    assert instant(None) == "never"
    assert (count(1234567), count(0), count(None)) == ("1,234,567", "0", "–")
    assert (percent(1999, 2000), percent(2000, 2000), percent(0, 0)) == ("99.9 %", "100.0 %", "–")


def headings() -> set[str]:
    text = RUNBOOK.read_text(encoding="utf-8")
    return {anchor(line[3:]) for line in text.splitlines() if line.startswith("## ")}


@pytest.mark.parametrize("kind", [errors.TryLater, errors.Reconfigure, errors.VendorChanged, errors.GuardTripped])
def test_an_error_leads_to_its_heading_of_the_runbook(kind: type[errors.BranchlineError]) -> None:
    heading = heading_of(f"page 3 of 9\n{kind('Reading', 'HTTP 503')}")
    assert heading == kind.__name__.lower()
    assert heading in headings()


def test_whatever_else_failed_leads_somewhere_too() -> None:
    assert {heading_of("out of memory"), heading_of("2 slices are short")} <= headings()
