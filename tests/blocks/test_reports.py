"""A report without a header: what is a row of it, what rejects one row, and what refuses the whole file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from branchline.errors import ReportRefused
from branchline.layouts import Report, report_of
from branchline.reports import cut_report

MAKES = report_of("fms", "approved_makes")
ROWS = ["1001,Ann Example,Toyota,A+", '01002,"Bell, Bo",Ford,B', "1003,NA,Kia,Pending", "1004,1E5,Audi,C"]


def body(*rows: str, end: str = "\n") -> bytes:
    return (end.join(rows) + end).encode()


def cut(data: bytes, report: Report = MAKES) -> Any:
    return cut_report(data, report, doing="Reading approved_makes")


def texts(data: bytes, report: Report = MAKES) -> list[dict[str, str]]:
    return [json.loads(record.text) for record in cut(data, report).records]


def test_t57_texts_stay_texts() -> None:
    rows = texts(body(*ROWS))
    assert [row["person_id"] for row in rows] == ["1001", "01002", "1003", "1004"]
    assert [row["name"] for row in rows] == ["Ann Example", "Bell, Bo", "NA", "1E5"]
    assert set(rows[0]) == {"person_id", "name", "make", "rank"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-marked", "latin-1"])
def test_t50_encodings_and_line_ends(encoding: str, end: str) -> None:
    text = end.join(
        [*ROWS, "1005,Zoé Muster,Škoda,A" if encoding != "latin-1" else "1005,Zoé Muster,Citroën,A", "", ""]
    )
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-marked" else text.encode(encoding)
    rows = texts(data)
    assert len(rows) == 5
    assert rows[-1]["name"] == "Zoé Muster"


def test_t50_a_quoted_line_break_is_part_of_a_field() -> None:
    rows = texts(body(ROWS[0], '1006,"Two\nlines, one ""name""",Ford,A', ROWS[2]))
    assert rows[1]["name"] == 'Two\nlines, one "name"'
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (b"", "is empty"),
        (b"\n\r\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"<!DOCTYPE html><html><body>Please sign in</body></html>", "HTML"),
        (b"  <Error>Report not found</Error>", "HTML or XML"),
        (b"\x00\x01\x02\x00\x00\x00\x00" * 9, "no text"),
        (body(*(row.replace(",", ";") for row in ROWS)), "semicolons"),
        (body("Person_ID,Name,Make,Rank", *ROWS), "header row"),
        (body("Person_ID,Name,Make,Rank"), "header row"),
        (body("Wer,Wie heisst er,7,Welcher", *ROWS), "header row"),
        (body(*(f"{row},2025" for row in ROWS)), "has 5 columns; the known layouts have 4"),
        (body(*(row.rpartition(",")[0] for row in ROWS)), "columns; the known layouts"),
        (body(*("Toyota," + row.rpartition(",")[0] for row in ROWS)), "should be person_id"),
    ],
    ids=[
        "empty", "blank lines", "a mark alone", "html", "xml", "binary", "semicolons", "header", "header only",
        "unknown header", "a column more", "a column less", "shifted",
    ],
)  # fmt: skip
def test_t52_t54_what_is_not_the_report_is_refused_whole(data: bytes, fact: str) -> None:
    with pytest.raises(ReportRefused, match=fact) as refused:
        cut(data)
    assert "rows of the last good night stay" in str(refused.value)


@pytest.mark.parametrize("last", ["1005,Cut", '1005,"Cut within a quo', "1005"])
def test_t53_a_cut_end_refuses_the_report(last: str) -> None:
    with pytest.raises(ReportRefused, match="is cut"):
        cut("\n".join([*ROWS, last]).encode())


def test_t55_a_row_of_another_width_is_quarantined_alone() -> None:
    records = cut(
        body(ROWS[0], ROWS[1] + ",extra,fields", "1005,short", ROWS[2], '1006,a "quote" inside,"Fo"rd,A', ROWS[3])
    ).records
    assert [record.flaw for record in records] == [None, "too_many_columns", "too_few_columns", None, "not_csv", None]
    assert records[1].raw == (ROWS[1] + ",extra,fields\n").encode()
    assert [record.text is None for record in records] == [False, True, True, False, True, False]


def test_a_nul_is_taken_out_and_noted() -> None:
    record = cut(body(*ROWS, "1005,Na\0me,Ford,A")).records[-1]
    assert record.flaw == "sanitised"
    assert json.loads(record.text or "")["name"] == "Name"
    assert b"\0" in (record.raw or b"")


def test_a_message_shows_the_form_of_a_value_and_not_what_it_says() -> None:
    rows = [f"{number},Person {number},Ford,Somebody Secret {number}" for number in range(9)]
    with pytest.raises(ReportRefused, match="aaaaaaaa aaaaaa 9") as refused:
        cut(body(*rows))
    assert "Secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "widths"),
    [
        ("vehicles", {13, 14, 15}), ("media_partners", {5, 6, 8}), ("loan_history", {11, 12, 13, 14}),
        ("current_activity", {6, 7, 8, 9}), ("approved_makes", {4}),
    ],
)  # fmt: skip
def test_every_layout_that_the_vendor_ever_sent_is_known(name: str, widths: set[int]) -> None:
    report = report_of("fms", name)
    assert set(report.layouts) == widths
    for layout in report.layouts.values():
        assert len(set(layout.columns)) == len(layout.columns)
    assert set(report.like) <= {column for layout in report.layouts.values() for column in layout.columns}
