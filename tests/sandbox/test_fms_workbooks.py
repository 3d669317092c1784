"""The sample workbooks, read back with another library than they are written with."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox.fms import workbooks
from sandbox.fms.samples import BOOKS, CORRECTED

pytest.importorskip("openpyxl")
calamine = pytest.importorskip("python_calamine")
TODAY = date(2026, 7, 20)


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = calamine.load_workbook(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_section_6_sheets_and_headings(tmp_path: Path) -> None:
    done = workbooks.write(tmp_path / "vendor", today=TODAY)
    assert set(done.paths) == {"operations.xlsx", "budgets.xlsx"}
    for book, wanted in BOOKS.items():
        read = sheets(done.paths[book])
        assert {name: tuple(rows[0]) for name, rows in read.items()} == wanted
        assert {name: len(rows) - 1 for name, rows in read.items()} == {name: len(done.rows[name]) for name in wanted}
    operations = sheets(done.paths["operations.xlsx"])
    assert list(operations) == ["ops_capacity", "holiday_blackout_dates", "rules"]
    assert operations["rules"][0][3] == ":ub Rate Requirement"
    assert done.invalid == []


def test_section_6_blanks_dates_and_money(tmp_path: Path) -> None:
    done = workbooks.write(tmp_path, today=TODAY)
    operations, (budgets,) = sheets(done.paths["operations.xlsx"]), sheets(done.paths["budgets.xlsx"]).values()
    drivers = [row[1] for row in operations["ops_capacity"][1:]]
    assert drivers.count("") == 1
    assert {type(value) for value in drivers} == {float, str}
    holidays = operations["holiday_blackout_dates"][1:]
    kinds = Counter(type(row[1]) for row in holidays)
    assert kinds[date] > 10
    assert kinds[str] > 30
    assert {"2026-07-04", "07/04/2026", "07-04-26"} <= {row[1] for row in holidays if isinstance(row[1], str)}
    assert {True, "true", "yes", ""} <= {row[4] for row in holidays}
    rules = operations["rules"][1:]
    assert {row[2] for row in rules} >= {"", 0.0, 100.0}
    assert len({(row[0], row[1]) for row in rules}) == len(rules) > 30
    assert any(str(row[4]).startswith("$") for row in budgets[1:])
    assert "" in {row[4] for row in budgets[1:]}
    keys = {(row[0], row[1], str(row[2]).replace(",", ""), row[3]) for row in budgets[1:]}
    assert len(keys) == len(budgets) - 1


def test_invalid_rows_on_request(tmp_path: Path) -> None:
    done = workbooks.write(tmp_path, today=TODAY, invalid=True)
    clean = workbooks.write(tmp_path / "clean", today=TODAY)
    assert done.rows == clean.rows
    assert Counter(one.sheet for one in done.invalid) == {
        "ops_capacity": 3, "holiday_blackout_dates": 3, "rules": 3, "budgets": 4,
    }  # fmt: skip
    for one in done.invalid:
        rows = sheets(done.paths[one.book])[one.sheet]
        assert one.column in rows[0]
        assert one.row <= len(rows)
    bad = sheets(done.paths["operations.xlsx"])["ops_capacity"][-1]
    assert bad[1] == -2


def test_corrected_headings(tmp_path: Path) -> None:
    done = workbooks.write(tmp_path, today=TODAY, corrected=True)
    headings = [name for path in done.paths.values() for rows in sheets(path).values() for name in rows[0]]
    assert set(CORRECTED.values()) <= set(headings)
    assert not set(CORRECTED) & set(headings)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert workbooks.main([str(tmp_path / "new"), "--today", "2026-07-20", "--invalid"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "new" / "operations.xlsx"),
        str(tmp_path / "new" / "budgets.xlsx"),
    ]
