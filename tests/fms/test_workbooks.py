"""The workbooks of FMS: dropped into a folder, found, loaded once, and what of them cannot be loaded."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from branchline.errors import WorkbookRefused

from sandbox.fms import workbooks
from tests.conftest import NOW
from tests.fms.desk import BUDGET, KEYS, TABLES, Desk

#: Column to the vendor's heading.
HEADINGS = {
    "drivers_per_day": "Drivers Per Day", "all_day": "All_Day", "start_time": "Start_Time", "end_time": "End_Time",
    "loan_cap_per_year": "Loan Cap Per Year", "publication_rate_requirement": ":ub Rate Requirement",
    "cooldown_period": "Cooldown Period", "soft_vs_hard_constraint": "Soft vs. Hard Contraint",
    "rule_description": "Rule Description", "holiday_name": "Holiday Name", "budget_amount_cents": "Budget #",
    "amount_used_cents": "Amount Used",
}  # fmt: skip
COLUMNS = {
    "ops_capacity": ("office", "drivers_per_day", "notes"),
    "holiday_blackout_dates": ("office", "date", "holiday_name", "type", "all_day", "start_time", "end_time", "notes"),
    "rules": (
        "make", "rank", "loan_cap_per_year", "publication_rate_requirement", "cooldown_period",
        "soft_vs_hard_constraint", "rule_description", "notes",
    ),
    "budgets": ("office", "fleet", "year", "quarter", "budget_amount_cents", "amount_used_cents"),
}  # fmt: skip


def meant(column: str, value: Any) -> Any:
    """What a cell of the sample workbooks means, worked out from the contract alone."""
    if value is None or column in {"office", "make", "holiday_name"}:
        return value
    if column in {"drivers_per_day", "loan_cap_per_year", "cooldown_period", "year"}:
        return int(float(str(value).replace(",", "")))
    if column.endswith("_cents"):
        return int(Decimal(str(value).replace("$", "").replace(",", "").strip()) * 100)
    if column == "date" and isinstance(value, str):
        form = "%Y-%m-%d" if value[:4].isdigit() else "%m/%d/%Y" if "/" in value else "%m-%d-%y"
        return datetime.strptime(value, form).date()  # noqa: DTZ007 - a day has no zone
    if isinstance(value, bool):
        return str(value).lower()
    return value if column == "date" else value.isoformat() if isinstance(value, time) else str(value)


def check_whole(desk: Desk, done: workbooks.Written) -> None:
    """Every good row stands in the warehouse, and nothing else."""
    for name in TABLES:
        expected = []
        for row in done.rows[name]:
            headings = {column: HEADINGS.get(column, column.title()) for column in COLUMNS[name]}
            headings |= {"notes": "Notea"} if name == "holiday_blackout_dates" else {}
            expected.append({column: meant(column, row.get(heading)) for column, heading in headings.items()})
        found = desk.table(name)
        assert {tuple(row[key] for key in KEYS[name]) for row in expected} == set(found), name
        for row in expected:
            mine = found[tuple(row[key] for key in KEYS[name])]
            assert {column: mine[column] for column in row} == row, name


@pytest.mark.parametrize(("seed", "corrected"), [(7, False), (23, True)])
def test_the_sample_workbooks_load_and_equal_what_was_written(desk: Desk, seed: int, corrected: bool) -> None:
    done = workbooks.write(desk.folder, today=NOW.date(), seed=seed, corrected=corrected)
    assert sorted(desk.run()) == ["budgets.xlsx", "operations.xlsx"]
    assert desk.statuses == dict.fromkeys(TABLES, "success")
    assert desk.open() == []
    check_whole(desk, done)
    holidays = desk.table("holiday_blackout_dates")
    assert {row["all_day"] for row in holidays.values()} == {"true", "yes", "no", "1", None}
    assert {row["start_time"] for row in holidays.values()} == {"12:00:00", None}
    capacity = desk.table("ops_capacity").values()
    assert [row["office"] for row in capacity if row["drivers_per_day"] is None] == ["Detroit"]
    assert any(row["loan_cap_per_year"] is None for row in desk.table("rules").values())
    budgets = desk.table("budgets").values()
    assert sum(row["budget_amount"] for row in budgets if row["budget_amount"]) > 100_000
    located = [*capacity, *holidays.values(), *budgets]
    assert all(row["location_id"] is not None for row in located)


def test_bad_rows_go_to_quarantine_with_their_place_and_the_rest_load(desk: Desk) -> None:
    done = workbooks.write(desk.folder, today=NOW.date(), invalid=True)
    desk.run()
    assert desk.statuses == dict.fromkeys(TABLES, "success")
    check_whole(desk, done)
    columns = {
        (name, heading): column for name in TABLES for column in COLUMNS[name]
        for heading in (HEADINGS.get(column, column.title()),)
    }  # fmt: skip
    expected = {(one.book, one.sheet, one.row, columns[one.sheet, one.column]) for one in done.invalid}
    assert len(expected) == 13
    found = desk.open()
    assert {
        (row.payload["workbook"], row.payload["sheet"], row.payload["row"], row.field) for row in found
    } == expected  # fmt: skip
    assert all(row.severity == "record" and row.stream == row.payload["sheet"] for row in found)
    assert {row.reason for row in found if row.payload["row"] == 16 and row.stream == "ops_capacity"} == {"missing"}
    assert {row.reason for row in found if row.field == "date"} == {"not_a_date", "missing"}
    assert {row.reason for row in found if row.field == "budget_amount_cents"} == {"not_fms.cents"}
    # mended: they load or are gone, and nothing is left in quarantine
    workbooks.write(desk.folder, today=NOW.date())
    assert sorted(desk.run()) == ["budgets.xlsx", "operations.xlsx"]
    check_whole(desk, done)
    assert desk.open() == []


@pytest.mark.parametrize("year", [1999, 2101, 20_266, "next", "2026.5"])
def test_a_year_that_is_none_rejects_its_row_alone(desk: Desk, year: Any) -> None:
    desk.write("budgets.xlsx", BUDGET, ["Dallas", "KIA", year, "Q1", 5, 1], ["Dallas", "VW", "2,026", "q1", 5, 1])
    desk.run()
    assert set(desk.table("budgets")) == {("Dallas", "VOLKSWAGEN", 2026, "Q1")}
    assert [(row.field, row.payload["year"]) for row in desk.open()] == [("year", str(year))]


def test_ranks_are_kept_in_one_spelling(desk: Desk) -> None:
    workbooks.write(desk.folder, today=NOW.date())
    book = openpyxl.load_workbook(desk.folder / "operations.xlsx")
    sheet = book["rules"]
    sheet.delete_rows(2, sheet.max_row)
    for rank in ("a+", "A+", "PENDING", "b"):
        sheet.append(["Kia", rank, 5])
    book.save(desk.folder / "operations.xlsx")
    desk.run()
    assert set(desk.table("rules")) == {("Kia", "A+"), ("Kia", "Pending"), ("Kia", "B")}


def test_a_workbook_of_another_shape_changes_nothing_and_is_not_tried_again_until_it_changes(desk: Desk) -> None:
    done = workbooks.write(desk.folder, today=NOW.date())
    desk.run()
    before = desk.written()
    book = openpyxl.load_workbook(done.paths["operations.xlsx"])
    book["ops_capacity"]["B2"] = 99
    del book["rules"]
    book.save(done.paths["operations.xlsx"])
    with pytest.raises(WorkbookRefused, match="no sheet rules"):
        desk.run()
    assert (desk.written(), desk.statuses) == (before, {})
    assert desk.run() == []
    workbooks.write(desk.folder, today=NOW.date(), seed=8)
    assert "operations.xlsx" in desk.run()
    assert desk.statuses["rules"] == "success"


def test_one_workbook_that_is_refused_does_not_keep_the_other_from_loading(desk: Desk) -> None:
    desk.write("a.xlsx", ["Office", "whatever"], ["Dallas", 1])
    desk.write("b.xlsx", BUDGET, ["Dallas", "KIA", 2026, "Q1", 5, 1])
    (desk.folder / "c.xlsx").write_bytes(b"no workbook")
    with pytest.raises(WorkbookRefused):
        desk.run()
    assert desk.statuses == {"budgets": "success"}
    assert len(desk.table("budgets")) == 1
    assert desk.find() == []


def test_t63_what_was_loaded_is_not_loaded_again_and_forced_writes_nothing(desk: Desk) -> None:
    workbooks.write(desk.folder, today=NOW.date(), invalid=True)
    desk.run()
    before = desk.written()
    assert desk.run() == []
    for name in ("operations.xlsx", "budgets.xlsx"):
        assert desk.run(path=name) == [name]
    assert desk.written() == before
    row = desk.warehouse.one(
        "SELECT * FROM ops.sync_history WHERE run_id = 'run 3' AND sync_type = 'holiday_blackout_dates'"
    )
    assert (row.created, row.updated, row.unchanged, row.quarantined) == (0, 0, 57, 3)
    assert row.configuration["workbook"] == "operations.xlsx"
    assert desk.written() > 0


def test_a_file_that_changed_is_loaded_and_writes_what_changed(desk: Desk) -> None:
    rows = [["Dallas", "KIA", 2026, "Q1", 5, 1], ["Dallas", "KIA", 2026, "Q2", 5, 1]]
    desk.write("budgets.xlsx", BUDGET, *rows)
    desk.run()
    before = desk.written()
    rows[1][4] = "$6.00"
    desk.write("budgets.xlsx", BUDGET, *rows)
    assert desk.run() == ["budgets.xlsx"]
    assert desk.written() == before + 1
    assert desk.table("budgets")["Dallas", "KIA", 2026, "Q2"]["budget_amount_cents"] == 600
    # a row that is not there any more says nothing
    desk.write("budgets.xlsx", BUDGET, rows[0])
    desk.run()
    assert len(desk.table("budgets")) == 2
