"""Sample workbooks: `python -m sandbox.fms.workbooks FOLDER` writes operations.xlsx and budgets.xlsx."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.fms import samples
from sandbox.fms.samples import BOOKS, CORRECTED, Row


@dataclass(frozen=True, slots=True)
class Invalid:
    """A row that no reader can load.

    Attributes:
        book: The workbook.
        sheet: The sheet.
        row: Its number in the sheet, the headings being row 1.
        column: The vendor's heading of the cell that is wrong.
    """

    book: str
    sheet: str
    row: int
    column: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        paths: The files by name.
        rows: The good rows by sheet, as the vendor's headings and the cells' values.
        invalid: The other rows.
    """

    paths: dict[str, Path]
    rows: dict[str, list[Row]]
    invalid: list[Invalid]


def write(
    folder: Path, *, today: date | None = None, seed: int = 7, invalid: bool = False, corrected: bool = False
) -> Written:
    """Write both workbooks.

    Args:
        folder: Where to; it is made if it is missing.
        today: The year of the holidays and the quarters of the budgets follow from it; None for this day.
        seed: What is drawn depends on this.
        invalid: Add rows that cannot be loaded.
        corrected: Spell the headings as a careful person would, not as the vendor does.

    Returns:
        What was written.
    """
    day = today or date.today()  # noqa: DTZ011 - a person's calendar day
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    rows: dict[str, list[Row]] = {}
    wrong: list[Invalid] = []
    for book, sheets in BOOKS.items():
        made = _new_book()
        for sheet, headings in sheets.items():
            good = rows[sheet] = samples.good_rows(sheet, seed, day)
            bad = samples.bad_rows(sheet, day) if invalid else []
            page = made.create_sheet(sheet)
            page.append([CORRECTED.get(name, name) if corrected else name for name in headings])
            for row in [*good, *(row for _, row in bad)]:
                page.append([row.get(name) for name in headings])
            first = len(good) + 2
            wrong += [Invalid(book, sheet, first + place, column) for place, (column, _) in enumerate(bad)]
        paths[book] = folder / book
        made.save(paths[book])
    return Written(paths, rows, wrong)


def _new_book() -> Any:
    """Begin an empty workbook; the library is needed by this command alone, so it is not imported above."""
    book = importlib.import_module("openpyxl").Workbook()
    book.remove(book.active)
    return book


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the workbooks into a folder.

    Args:
        arguments: The command line; None for the process's own.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(prog="sandbox.fms.workbooks", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--today", type=date.fromisoformat, metavar="DAY")
    parser.add_argument("--invalid", action="store_true", help="with rows that cannot be loaded")
    parser.add_argument("--corrected", action="store_true", help="with headings spelt as they should be")
    said = parser.parse_args(arguments)
    done = write(said.folder, today=said.today, seed=said.seed, invalid=said.invalid, corrected=said.corrected)
    for path in done.paths.values():
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
