"""Which files of the watched folder are taken, and what a workbook leaves as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from branchline import sync, workbooks
from branchline.errors import Reconfigure, WorkbookRefused
from branchline.sync import uploading

from sandbox.fms.workbooks import write
from tests.conftest import NOW
from tests.fms.desk import BUDGET, TABLES, Desk

ROW = ("Dallas", "KIA", 2026, "Q1", 5, 1)
KEY = ("Dallas", "KIA", 2026, "Q1")


def elsewhere(desk: Desk) -> Path:
    """A good workbook outside of the folder."""
    folder = desk.folder.parent / "elsewhere"
    folder.mkdir()
    return desk.write("secret.xlsx", BUDGET, ROW).rename(folder / "secret.xlsx")


def capacity(desk: Desk, *rows: tuple[Any, ...]) -> None:
    """An operations workbook with these rows of capacity and no others."""
    book = openpyxl.load_workbook(write(desk.folder, today=NOW.date()).paths["operations.xlsx"])
    (desk.folder / "budgets.xlsx").unlink()
    for sheet in book:
        sheet.delete_rows(2, sheet.max_row)
    for row in rows:
        book["ops_capacity"].append(row)
    book.save(desk.folder / "operations.xlsx")


# ------------------------------------------------------------------------------------------------------ which files


def test_a_path_out_of_the_folder_is_refused(desk: Desk) -> None:
    secret = elsewhere(desk)
    (desk.folder / "link.xlsx").symlink_to(secret)
    (desk.folder / "inner").symlink_to(secret.parent)
    for path in ("../elsewhere/secret.xlsx", str(secret), "link.xlsx", "inner/secret.xlsx", ".."):
        with pytest.raises(Reconfigure, match="outside of the watched folder"):
            desk.run(path=path)
    for path in ("nothing.xlsx", ".", "budgets.xlsx\0"):
        with pytest.raises((Reconfigure, ValueError)):
            desk.run(path=path)
    assert desk.table("budgets") == {}


def test_a_link_that_takes_a_files_place_after_it_was_found_is_not_followed(desk: Desk) -> None:
    secret = elsewhere(desk)
    mine = desk.write("budgets.xlsx", BUDGET, ROW)
    run = desk.begin()
    found = sync.find_uploads(run, desk.folder)
    mine.unlink()
    mine.symlink_to(secret)
    with pytest.raises(Reconfigure, match="outside"):
        sync.load_uploads(run, desk.folder, found)
    assert desk.table("budgets") == {}


def test_what_is_no_file_of_the_folder_does_not_keep_the_others_from_loading(desk: Desk) -> None:
    (desk.folder / "link.xlsx").symlink_to(elsewhere(desk))
    (desk.folder / "gone.xlsx").symlink_to(desk.folder / "nothing.xlsx")
    (desk.folder / "folder.xlsx").mkdir()
    for name in ("~$budgets.xlsx", ".budgets.xlsx", "budgets.csv", "budgets.xlsm"):
        desk.write("budgets.xlsx", BUDGET, ROW).rename(desk.folder / name)
    desk.write("BUDGETS.XLSX", BUDGET, ROW)
    assert desk.run() == ["BUDGETS.XLSX"]
    assert set(desk.table("budgets")) == {KEY}


def test_a_folder_that_is_not_there_is_said_and_none_is_nothing_to_do(desk: Desk) -> None:
    assert sync.find_uploads(desk.begin(), None) == []
    with pytest.raises(Reconfigure, match="names no folder"):
        sync.find_uploads(desk.begin(path="budgets.xlsx"), None)
    shutil.rmtree(desk.folder)
    with pytest.raises(Reconfigure, match="is not there"):
        desk.find()


def test_a_path_below_a_subfolder_is_taken_and_files_there_are_not_looked_for(desk: Desk) -> None:
    (desk.folder / "old").mkdir()
    desk.write("old/budgets.xlsx", BUDGET, ROW)
    assert desk.run() == []
    assert desk.run(path="old/../old/budgets.xlsx") == ["old/budgets.xlsx"]
    assert set(desk.table("budgets")) == {KEY}


def test_t58_a_huge_file_is_never_read_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for block in (workbooks, uploading):
        monkeypatch.setattr(block, "FILE_BYTES", 8_000)
    huge = desk.write("huge.xlsx", BUDGET, ROW)
    with huge.open("r+b") as file:
        file.truncate(50_000_000_000)  # sparse: it takes no room
    with pytest.raises(WorkbookRefused, match="more than 8,000 bytes"):
        desk.run()
    assert desk.run() == []


# ---------------------------------------------------------------------------------------------- what stays as it is


def test_budgets_without_the_column_of_what_was_used_keep_what_was(desk: Desk) -> None:
    desk.write("budgets.xlsx", BUDGET, (*ROW[:5], "$1.25"), ("Dallas", "VW", 2026, "Q1", 7, None))
    desk.run()
    desk.write(
        "budgets.xlsx", BUDGET[:5], (*ROW[:4], 8), ("Dallas", "VW", 2026, "Q1", 7), ("Dallas", "BMW", 2026, "Q1", 9)
    )
    desk.run()
    found = {
        key[1]: (row["budget_amount_cents"], row["amount_used_cents"]) for key, row in desk.table("budgets").items()
    }
    assert found == {"KIA": (800, 125), "VOLKSWAGEN": (700, None), "BMW": (900, None)}
    # blank is not missing: nothing was used
    desk.write("budgets.xlsx", BUDGET, (*ROW[:5], None))
    desk.run()
    assert desk.table("budgets")[KEY]["amount_used_cents"] is None


def test_two_files_of_one_kind_in_one_run_are_loaded_one_after_the_other(desk: Desk) -> None:
    desk.write("b.xlsx", BUDGET, (*ROW[:5], 1), ("Dallas", "BMW", 2026, "Q1", 9, 2))
    desk.write("a.xlsx", BUDGET[:5], (*ROW[:4], 6))
    assert desk.run() == ["b.xlsx", "a.xlsx"]
    assert desk.statuses == {"budgets": "success"}
    found = desk.table("budgets")
    assert (found[KEY]["budget_amount_cents"], found[KEY]["amount_used_cents"]) == (600, 100)
    history = desk.warehouse.one("SELECT * FROM ops.sync_history WHERE sync_type = 'budgets'")
    assert (history.records_fetched, history.created, history.updated) == (3, 2, 1)


def test_dry_run_counts_and_changes_nothing(desk: Desk) -> None:
    write(desk.folder, today=NOW.date(), invalid=True)
    assert len(desk.run(dry_run=True)) == 2
    assert desk.statuses == dict.fromkeys(TABLES, "success")
    row = desk.warehouse.one("SELECT * FROM ops.sync_history WHERE sync_type = 'holiday_blackout_dates'")
    assert (row.records_fetched, row.created, row.quarantined) == (60, 57, 3)
    assert [desk.table(name) for name in TABLES] == [{}, {}, {}, {}]
    assert desk.open() == []
    # it is still to be loaded
    assert len(desk.run()) == 2
    assert len(desk.table("holiday_blackout_dates")) == 57
    (desk.folder / "c.xlsx").write_bytes(b"no workbook")
    for _ in range(2):
        with pytest.raises(WorkbookRefused):
            desk.run(dry_run=True)


# ------------------------------------------------------------------------------------------------------------ offices


def offices_noted(desk: Desk) -> dict[str, str]:
    return {row.subject: row.kind for row in desk.warehouse.rows("SELECT subject, kind FROM ops.schema_drift")}


def test_t34_an_office_that_no_report_names_is_noted_and_its_row_kept(desk: Desk) -> None:
    capacity(desk, ("Los Angelos", 4, None), ("Dallas", 5, None))
    desk.run()
    found = desk.table("ops_capacity")
    assert {key[0]: row["drivers_per_day"] for key, row in found.items()} == {"Los Angelos": 4, "Dallas": 5}
    assert offices_noted(desk) == {"Los Angelos": "unmapped_location"}
    mapped = desk.warehouse.one("SELECT is_mapped FROM core.locations WHERE location_id = %s",
                                (found["Los Angelos",]["location_id"],))  # fmt: skip
    assert mapped is False


def test_unknown_columns_are_noted(desk: Desk) -> None:
    desk.write("budgets.xlsx", (*BUDGET, "Approved by"), (*ROW, "somebody"))
    desk.run()
    assert offices_noted(desk) == {"Approved by": "new_field"}


def test_an_office_that_the_reports_name_later_gets_its_rows_of_the_workbooks(fms: Any, tmp_path: Path) -> None:
    line = fms()
    early = Desk(line.warehouse, tmp_path / "folder")
    write(early.folder, today=NOW.date())
    early.run()
    places = "SELECT count(*) FROM fms.{} INNER JOIN core.locations USING (client_id, location_id) WHERE is_mapped"
    assert [early.warehouse.one(places.format(name)) for name in ("ops_capacity", "budgets")] == [0, 0]
    line.sync()
    for name in ("ops_capacity", "holiday_blackout_dates", "budgets"):
        rows = early.table(name).values()
        assert len(rows) == early.warehouse.one(places.format(name)) > 0
    said = early.warehouse.rows("SELECT said_by FROM fms.capacity('2026-07-20', '2026-07-20') WHERE office = 'Dallas'")
    assert [row.said_by for row in said] == ["workbook"]
