"""What can go wrong with a report; the T numbers are those of the fault catalogue."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from .test_fms_reports import FOLDER, SMALL, WIDTHS, Reports, reports

__all__ = ["reports"]


def rule(reports: Reports, action: Any, report: str = "loan_history", **more: Any) -> None:
    reports.control.faults({"match": f"{report}.rpt", "action": action, **more})


def test_t52_and_t54_no_report_at_all(reports: Reports) -> None:
    rule(reports, "html200", times=1)
    rule(reports, "empty200", times=1)
    rule(reports, {"kind": "status", "status": 404, "body": "Report not found"}, times=1)
    page, empty, missing, good = (reports.get("loan_history") for _ in range(4))
    assert (page.status_code, page.headers["Content-Type"][:9], page.text[:9]) == (200, "text/html", "<!DOCTYPE")
    assert (empty.status_code, empty.content) == (200, b"")
    assert (missing.status_code, missing.text) == (404, "Report not found")
    assert (good.status_code, reports.get("media_partners").status_code) == (200, 200)


def test_t52_header_only(reports: Reports) -> None:
    rule(reports, "header_only")
    (names,) = reports.rows("loan_history")
    assert names[:2] == ["Activity_ID", "VIN"]


def test_t53_truncated(reports: Reports) -> None:
    whole = reports.rows("loan_history")
    rule(reports, "short_line", times=1)
    rule(reports, {"kind": "short_line", "share": 0.9}, times=1)
    rule(reports, "few_rows", times=1)
    rule(reports, {"kind": "few_rows", "share": 0.75}, times=1)
    rule(reports, "truncate", times=1)
    answer = reports.get("loan_history")
    assert not answer.content.endswith(b"\n")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    shorter = reports.rows("loan_history")
    assert (len(shorter), len(shorter[-1]), shorter[-1]) == (972, 7, whole[971][:7])
    assert reports.rows("loan_history") == whole[:648]
    assert reports.rows("loan_history") == whole[:810]
    assert len(reports.rows("loan_history")) < 800
    rule(reports, "cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        reports.get("loan_history")


@pytest.mark.parametrize("report", SMALL)
def test_t53_shifted_by_a_column(reports: Reports, report: str) -> None:
    whole = reports.rows(report)
    rule(reports, "shift_columns", report)
    assert reports.rows(report) == [[row[0], "unforeseen", *row[1:-1]] for row in whole]
    reports.control.clear_faults()
    rule(reports, {"kind": "shift_columns", "at": 0, "drop": 2, "value": "7"}, report)
    assert reports.rows(report) == [["7", *row[:2], *row[3:]] for row in whole]


def test_t51_a_column_more(reports: Reports) -> None:
    rule(reports, "extra_column")
    rows = reports.rows("loan_history")
    assert {len(row) for row in rows} == {WIDTHS["loan_history"] + 1}
    assert len(rows) == SMALL["loan_history"]


def test_t55_rows_that_do_not_fit(reports: Reports) -> None:
    whole = reports.rows("loan_history")
    rule(reports, {"kind": "wide_row", "record": 3, "count": 2, "fields": 3}, times=1)
    rule(reports, {"kind": "repeat_row", "record": 5}, times=1)
    rule(reports, {"kind": "mutate_record", "record": 7, "set": {"Start_Date": "13-45-25"}}, times=1)
    rule(reports, {"kind": "nul", "field": "Name", "record": 2}, times=1)
    rule(reports, {"kind": "big_field", "bytes": 70_000}, times=1)
    wide = reports.rows("loan_history")
    assert [len(row) for row in wide[2:6]] == [14, 17, 17, 14]
    assert reports.rows("loan_history") == [*whole[:6], *whole[5:]]
    bad = reports.rows("loan_history")
    assert [(place, row[7]) for place, row in enumerate(bad) if row != whole[place]] == [(7, "13-45-25")]
    assert b"Alex\0 Example" in reports.get("loan_history").content
    assert b"x" * 70_000 in reports.get("loan_history").content


def test_faults_keep_the_style_and_the_layout(reports: Reports) -> None:
    reports.change(report="loan_history", encoding="utf-16", newline="\r", layout="2025-09-13", delimiter=";")
    rule(reports, "extra_column")
    lines = reports.get("loan_history").content.decode("utf-16").split("\r")
    assert lines[0].endswith(";unforeseen")
    assert lines[0].count(";") == 11


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.7/", None])
def test_redirects(reports: Reports, location: str | None) -> None:
    own = f"{reports.sandbox.fms}?report=file:/{FOLDER}/media_partners.rpt&init=csv"
    rule(reports, {"kind": "redirect", "location": location or own}, times=1)
    url = f"{reports.sandbox.fms}?report=file:/{FOLDER}/loan_history.rpt&init=csv"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, allow_redirects=location is None, timeout=60)
    if location:
        assert (answer.status_code, answer.headers["Location"]) == (302, location)
    else:
        assert answer.content == reports.get("media_partners").content


def test_slow(reports: Reports) -> None:
    rule(reports, {"kind": "stall", "seconds": 0.3})
    began = time.monotonic()
    assert reports.get("loan_history").status_code == 200
    assert time.monotonic() - began > 0.3
