"""Workbooks that people filled in: which are read, what their cells become, and which are refused unread (T58)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from branchline import workbooks
from branchline.errors import WorkbookRefused
from branchline.workbooks import Sheet, read_workbook

openpyxl = pytest.importorskip("openpyxl")

BUDGET = ("Office", "Fleet", "Year", "Quarter", "Budget #", "Amount Used")
CAPACITY = ("Office", "Drivers Per Day", "Notes")
HOLIDAYS = ("Office", "Date", "Holiday Name", "Type", "All_Day", "Start_Time", "End_Time", "Notea")
RULES = (
    "Make", "Rank", "Loan Cap Per Year", ":ub Rate Requirement", "Cooldown Period", "Soft vs. Hard Contraint",
    "Rule Description", "Notes",
)  # fmt: skip
OPERATIONS = {"ops_capacity": CAPACITY, "holiday_blackout_dates": HOLIDAYS, "rules": RULES}
#: How an old .xls begins.
OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")

#: As a sheet has it, without a zone.
NOON = datetime.fromisoformat("2026-07-04T12:00:00")
Rows = Iterable[Iterable[Any]]


def book(**sheets: Rows) -> bytes:
    """An .xlsx with these sheets, their headings first."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        page = made.create_sheet(title)
        for row in rows:
            page.append(list(row))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def operations(changed: Mapping[str, tuple[str, ...]] | None = None) -> bytes:
    return book(**{title: [headings] for title, headings in (OPERATIONS | dict(changed or {})).items()})


def budgets(*rows: Iterable[Any], headings: Iterable[Any] = BUDGET) -> bytes:
    return book(Plan=[headings, *rows])


def read(body: bytes, name: str = "book.xlsx") -> dict[str, Sheet]:
    return {sheet.stream: sheet for sheet in read_workbook(name, body, "fms")}


def records(body: bytes, stream: str = "budgets") -> list[dict[str, Any]]:
    return [json.loads(record.text or "") for record in read(body)[stream].records]


def same(_name: str, text: bytes) -> bytes:
    return text


def repacked(body: bytes, change: Callable[[str, bytes], bytes] = same, **added: bytes) -> bytes:
    """The archive with its parts changed, and parts added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
        for name, text in added.items():
            new.writestr(name, text)
    return file.getvalue()


# ------------------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("name", "body", "fact"),
    [
        ("book.csv", b"Office,Fleet\n", "type .csv"),
        ("book.xlsm", budgets(), "type .xlsm"),
        ("book.xlsb", budgets(), "type .xlsb"),
        ("book.ods", budgets(), "type .ods"),
        ("book", budgets(), "type"),
        ("book.xlsx.exe", budgets(), "type .exe"),
        ("book.xlsx", b"", "is called .xlsx and is none"),
        ("book.xlsx", b"Office,Fleet\n", "is called .xlsx and is none"),
        ("book.xlsx", OLE2 + bytes(512), "is called .xlsx and is none"),
        ("book.xls", budgets(), "is called .xls and is none"),
        ("book.xls", OLE2 + bytes(2048), "cannot be read"),
        ("book.xls", OLE2 + "_VBA_PROJECT".encode("utf-16-le") + bytes(512), "macros"),
        ("book.xlsx", repacked(budgets(), **{"xl/vbaProject.bin": b"x"}), "macros"),
        ("book.xlsx", repacked(budgets(), **{"xl/macrosheets/sheet1.xml": b"<x/>"}), "macros"),
        ("book.xlsx", budgets()[:-200], "damaged"),
        ("book.xlsx", b"PK\x03\x04" + bytes(100), "damaged"),
        ("book.xlsx", repacked(budgets(), lambda name, text: b"<" if "sheet1" in name else text), "cannot be read"),
    ],
)  # fmt: skip
def test_t58_a_file_that_is_no_plain_workbook_is_refused(name: str, body: bytes, fact: str) -> None:
    with pytest.raises(WorkbookRefused, match=fact) as caught:
        read(body, name)
    assert str(caught.value).startswith(f"Reading the workbook {name}: ")
    assert "Nothing was changed" in str(caught.value)


def test_t58_a_part_that_is_damaged_or_locked_is_refused() -> None:
    whole = budgets(["Dallas", "KIA", 2026, "Q1", 5, 1])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    start = entry.header_offset + 30 + len(entry.filename)
    scrambled = whole[: start + 9] + bytes(byte ^ 0x55 for byte in whole[start + 9 : start + 60]) + whole[start + 60 :]
    # the flag of an encrypted part, in its own header and in the directory
    locked = bytearray(whole)
    locked[entry.header_offset + 6] |= 1
    place = whole.rindex(entry.filename.encode()) - 46
    locked[place + 8] |= 1
    for body in (scrambled, bytes(locked)):
        with pytest.raises(WorkbookRefused, match="damaged, or locked"):
            read(body)


def test_t58_a_file_too_large_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    body = budgets()
    monkeypatch.setattr(workbooks, "FILE_BYTES", len(body))
    assert read(body)
    monkeypatch.setattr(workbooks, "FILE_BYTES", len(body) - 1)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(WorkbookRefused, match=f"more than {len(body) - 1:,} bytes"):
        read(body)


def test_t58_a_zip_bomb_is_refused_by_what_comes_out_of_it() -> None:
    bomb = repacked(budgets(), **{"xl/media/image1.png": bytes(workbooks.UNPACKED_BYTES)})
    assert len(bomb) < 200_000
    with pytest.raises(WorkbookRefused, match="unpacked it would have more than 100,000,000 bytes"):
        read(bomb)


def test_t58_a_zip_bomb_that_lies_about_its_size_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "UNPACKED_BYTES", 1_000_000)
    assert read(budgets())
    bomb = bytearray(repacked(budgets(), **{"xl/media/image1.png": bytes(2_000_000)}))
    small = (1000).to_bytes(4, "little")
    large = (2_000_000).to_bytes(4, "little")
    assert bomb.count(large) == 2
    with pytest.raises(WorkbookRefused, match="unpacked"):
        read(bytes(bomb).replace(large, small))


@pytest.mark.parametrize("place", ["XFD1048576", "A1000000", "XFD62"])
def test_t58_one_cell_far_out_does_not_make_the_parser_take_all_memory(place: str) -> None:
    made = openpyxl.Workbook()
    for row in (BUDGET, ("Dallas", "KIA", 2026, "Q1", 5, 1)):
        made.active.append(row)
    made.active[place] = "x"
    file = io.BytesIO()
    made.save(file)
    with pytest.raises(WorkbookRefused, match="cells; something stands far away"):
        read(file.getvalue())


def test_many_rows_are_no_bomb() -> None:
    rows = [("Dallas", f"FLEET {number}", 2026, "Q1", number, None) for number in range(3000)]
    assert len(records(budgets(*rows))) == 3000


# ------------------------------------------------------------------------------------------------ sheets and headings


def test_the_vendors_template_and_the_corrected_one_are_read_alike() -> None:
    corrected = {
        "holiday_blackout_dates": (*HOLIDAYS[:4], "All Day", "Start Time", "End Time", "Notes"),
        "rules": (*RULES[:3], "Publication Rate Requirement", RULES[4], "Soft vs. Hard Constraint", *RULES[6:]),
    }
    for body in (operations(), operations(corrected)):
        found = read(body)
        assert list(found) == ["ops_capacity", "holiday_blackout_dates", "rules"]
        assert [sheet.unknown for sheet in found.values()] == [[], [], []]
    values = dict(zip(RULES, "abcdefgh", strict=True))
    told = [values, {corrected["rules"][place]: value for place, value in enumerate("abcdefgh")}]
    rows = [
        records(book(ops_capacity=[CAPACITY], holiday_blackout_dates=[HOLIDAYS], rules=[one, one.values()]), "rules")
        for one in told
    ]
    assert rows[0] == rows[1]
    assert rows[0][0]["publication_rate_requirement"] == "d"
    assert rows[0][0]["soft_vs_hard_constraint"] == "f"


def test_the_order_of_columns_and_the_case_of_headings_make_no_difference() -> None:
    body = budgets(["Q1", 5, " Dallas ", 2026, "KIA"], headings=["quarter", "BUDGET", " Office", "Year ", "fleet"])
    assert records(body) == [
        {
            "workbook": "book.xlsx", "sheet": "Plan", "row": 2, "office": "Dallas", "fleet": "KIA", "year": "2026",
            "quarter": "Q1", "budget_amount": "5",
        }
    ]  # fmt: skip
    titles = book(**{"Ops Capacity": [CAPACITY], "HOLIDAY_BLACKOUT_DATES": [HOLIDAYS], "Rules": [RULES]})
    assert [sheet.title for sheet in read(titles).values()] == ["Ops Capacity", "HOLIDAY_BLACKOUT_DATES", "Rules"]


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (budgets(headings=BUDGET[:4]), "the sheet Plan has no heading Budget"),
        (budgets(headings=("Office", *BUDGET)), "the sheet Plan has the heading Office twice"),
        (budgets(headings=(*BUDGET, "Budget")), "has the heading Budget # twice"),
        (budgets(headings=()), "is empty"),
        (book(Plan=[[], BUDGET]), "no heading"),
        (operations({"rules": RULES[1:]}), "the sheet rules has no heading Make$"),
        (operations({"rules": (*RULES, "Notes")}), "the sheet rules has the heading Notes twice"),
        (operations({"holiday_blackout_dates": (*HOLIDAYS, "Notes")}), "has the heading Notea twice"),
        (book(ops_capacity=[CAPACITY], rules=[RULES]), "it has no sheet holiday_blackout_dates as operations would"),
        (book(ops_capacity=[CAPACITY], holidays=[HOLIDAYS], rule=[RULES]), "no sheet holiday_blackout_dates, rules"),
        (book(**{"ops_capacity": [CAPACITY], "ops capacity": [CAPACITY], "rules": [RULES]}), "called alike"),
    ],
)
def test_another_set_of_sheets_or_headings_is_refused_and_named(body: bytes, fact: str) -> None:
    with pytest.raises(WorkbookRefused) as caught:
        read(body)
    assert re.search(fact, caught.value.fact), caught.value.fact


def test_further_sheets_and_headings_are_left_alone_and_told() -> None:
    sheets = {title: [headings] for title, headings in OPERATIONS.items()}
    sheets["rules"] = [(*RULES, "Approved by", None, "Since")]
    found = read(book(Read_me=[["whatever"]], **sheets))
    assert list(found) == list(OPERATIONS)
    assert found["rules"].unknown == ["Approved by", "Since"]
    # the budgets are the first sheet, whatever it is called and whatever follows it
    assert list(read(book(Whatever=[BUDGET[:5]], Other=[BUDGET]))) == ["budgets"]


# --------------------------------------------------------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, None), ("", None), ("   ", None), (" x ", "x"), ("NA", "NA"), ("None", "None"), ("nan", "nan"),
        ("007", "007"), ("1E5", "1E5"), (5, "5"), (5.0, "5"), (-2, "-2"), (0, "0"), (0.5, "0.5"),
        (1234567.25, "1234567.25"),
        (True, "true"), (False, "false"), ("yes", "yes"),
        (date(2026, 7, 4), "2026-07-04"), (NOON - timedelta(hours=12), "2026-07-04"), (NOON, "2026-07-04 12:00:00"),
        (time(12), "12:00:00"), (timedelta(hours=30), "1 day, 6:00:00"),
        ("07-04-26", "07-04-26"), ("$ 1,234.50", "$ 1,234.50"), ("Café ½", "Café ½"), ("a\nb", "a\nb"),
        ("a\\u0000b", "a\\u0000b"), ('say "hi"', 'say "hi"'),
    ],
)  # fmt: skip
def test_what_a_cell_becomes(cell: Any, text: str | None) -> None:
    (record,) = records(budgets(["Dallas", "KIA", 2026, "Q1", cell, 1]))
    assert record["budget_amount"] == text


def test_a_formula_counts_by_its_last_result() -> None:
    def with_result(name: str, text: bytes) -> bytes:
        return re.sub(rb"<f>2\+3</f><v ?/?>(</v>)?", b"<f>2+3</f><v>5</v>", text)

    body = repacked(budgets(["Dallas", "KIA", 2026, "Q1", "=2+3", 1]), with_result)
    assert records(body)[0]["budget_amount"] == "5"


def test_empty_rows_are_skipped_and_rows_keep_the_number_they_have_in_the_sheet() -> None:
    body = budgets(
        ["Dallas", "KIA", 2026, "Q1", 1, 1],
        [],
        [None, "  ", "", None, None, None, "beside the table"],
        ["Dallas", None, None, None, None, None],
        [],
        ["Denver", "KIA", 2026, "Q1", 2, 1],
    )
    assert [(record["row"], record["office"]) for record in records(body)] == [
        (2, "Dallas"), (5, "Dallas"), (7, "Denver"),
    ]  # fmt: skip
    assert read(budgets())["budgets"].records == []
