"""Every layout the reports ever had, and every way of writing them down."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest

from sandbox.options import Options
from sandbox.server import build

from .conftest import Client
from .test_fms_reports import SMALL, Reports, reports

__all__ = ["reports"]
WIDTHS = {
    "2025-09-13": (13, 5, 11, 6, 4),
    "2025-09-15": (13, 6, 12, 6, 4),
    "2025-09-19": (13, 6, 12, 7, 4),
    "2025-10-04": (13, 6, 13, 8, 4),
    "2025-10-05": (13, 6, 14, 9, 4),
    "2025-11-05": (14, 6, 14, 9, 4),
    "2025-11-12": (14, 6, 14, 9, 4),
    "2025-11-16": (14, 8, 14, 9, 4),
    "2025-11-19": (15, 8, 14, 9, 4),
}
INSERTED = {
    "2025-09-13": {"media_partners": [2, 6, 7], "loan_history": [9, 12, 13], "current_vehicle_activity": [1, 7, 8]},
    "2025-11-05": {"active_vehicles": [14]},
    "2025-10-05": {"active_vehicles": [0, 14]},
}


@pytest.mark.parametrize("day", WIDTHS)
def test_section_3_widths(reports: Reports, day: str) -> None:
    reports.change(report="all", layout=day)
    assert tuple(len(reports.rows(report)[0]) for report in SMALL) == WIDTHS[day]
    assert reports.get("budget_spending").status_code == 404


@pytest.mark.parametrize("day", INSERTED)
def test_section_3_where_columns_were_inserted(reports: Reports, day: str) -> None:
    for report, places in INSERTED[day].items():
        whole = reports.rows(report)
        reports.change(report=report, layout=day)
        wanted = [[text for place, text in enumerate(row) if place not in places] for row in whole]
        assert reports.rows(report) == wanted
        assert {report: WIDTHS[day][list(SMALL).index(report)]}.items() <= widths(reports).items()
    reports.change(report="all", layout=None)
    assert tuple(widths(reports)[report] for report in SMALL) == WIDTHS["2025-11-19"]


def widths(reports: Reports) -> dict[str, int]:
    told: dict[str, int] = reports.control.truth("2026-01-01", "2026-01-01", "fms")["widths"]
    return told


def test_a_layout_from_the_start(start: Callable[..., Client]) -> None:
    reports = Reports(start(fms_layout=date(2025, 11, 12)))
    assert tuple(len(reports.rows(report)[0]) for report in SMALL) == WIDTHS["2025-11-12"]
    with pytest.raises(ValueError, match="oldest layout"):
        build(Options(fms_layout=date(2025, 9, 12)))


@pytest.mark.parametrize(
    ("encoding", "begins"),
    [("utf-8", b""), ("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("latin-1", b"")],
)
def test_t50_encodings(reports: Reports, encoding: str, begins: bytes) -> None:
    text = reports.get("media_partners").content.decode()
    reports.change(report="media_partners", encoding=encoding)
    body = reports.get("media_partners").content
    assert body.startswith(begins)
    assert body.decode(encoding) == text
    assert "é" in text
    if encoding == "latin-1":
        with pytest.raises(UnicodeDecodeError):
            body.decode()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_t50_line_ends_and_blank_lines(reports: Reports, newline: str) -> None:
    rows = reports.rows("media_partners")
    reports.change(report="media_partners", newline=newline, blank_lines=2)
    text = reports.get("media_partners").content.decode()
    assert text.endswith(newline * 3)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [*rows, [], []]


def test_t50_another_delimiter_and_a_header(reports: Reports) -> None:
    rows = reports.rows("active_vehicles")
    reports.change(report="active_vehicles", delimiter=";", header=True)
    text = reports.get("active_vehicles").content.decode()
    names, *others = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert (names[0], names[-1], others) == ("vehicle_id", "Color", rows)
    reports.control.reset()
    assert reports.rows("active_vehicles") == rows


@pytest.mark.parametrize(
    "command",
    [
        {"report": "nothing"},
        {"report": "all", "layout": "2025-09-12"},
        {"report": "all", "encoding": "klingon"},
        {"report": "all", "newline": "x"},
        {"report": "all", "delimiter": "x"},
        {"report": "all", "colour": "red"},
        {"vanish": "nothing"},
        {"set": "media_partners", "key": "no such", "values": {"Name": "x"}},
        {"unheard": 1},
    ],
)
def test_commands_that_make_no_sense(reports: Reports, command: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        reports.change(**command)
