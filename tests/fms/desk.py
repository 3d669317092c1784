"""A folder of workbooks and the runs of the DAG that watches it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
from branchline import sync
from branchline.ledger import Account, Run
from branchline.request import Request
from branchline.sources.fms import FMS_WORKBOOKS

from tests.conftest import NOW, Warehouse

TABLES = ("ops_capacity", "holiday_blackout_dates", "rules", "budgets")
KEYS = {
    "ops_capacity": ("office",),
    "holiday_blackout_dates": ("office", "date", "holiday_name"),
    "rules": ("make", "rank"),
    "budgets": ("office", "fleet", "year", "quarter"),
}
BUDGET = ("Office", "Fleet", "Year", "Quarter", "Budget #", "Amount Used")


class Desk:
    """A watched folder, and the runs of the DAG that watches it."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        folder.mkdir()
        self.warehouse = warehouse
        self.folder = folder
        self._runs = itertools.count(1)
        self._times = itertools.count(1_750_000_000)
        self.statuses: dict[str, str] = {}

    def begin(self, **request: Any) -> sync.Sync:
        account = Account("fms", "fms", "fms", "press")
        run = Run("fms_workbooks", f"run {next(self._runs)}")
        return sync.Sync(self.warehouse.loader, FMS_WORKBOOKS, account, run, Request(**request), NOW)

    def find(self, **request: Any) -> list[str]:
        return [upload.name for upload in sync.find_uploads(self.begin(**request), self.folder)]

    def run(self, **request: Any) -> list[str]:
        """A whole run, as the DAG's tasks do it; returns the files that it took."""
        run = self.begin(**request)
        found = sync.find_uploads(run, self.folder)
        try:
            if found:
                sync.load_uploads(run, self.folder, found)
        finally:
            self.statuses = sync.close(run)
        return [upload.name for upload in found]

    def write(self, name: str, headings: Iterable[Any], *rows: Iterable[Any]) -> Path:
        """A workbook of one sheet, younger than those before it."""
        book = openpyxl.Workbook()
        for row in (headings, *rows):
            book.active.append(list(row))
        book.save(self.folder / name)
        moment = next(self._times)
        os.utime(self.folder / name, (moment, moment))
        return self.folder / name

    def table(self, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        rows = [row._asdict() for row in self.warehouse.rows(f"SELECT * FROM fms.{name} WHERE NOT is_deleted")]
        return {tuple(row[column] for column in KEYS[name]): row for row in rows}

    def open(self) -> list[Any]:
        return self.warehouse.rows("SELECT * FROM ops.quarantine WHERE resolved_at IS NULL ORDER BY stream, record_key")

    def written(self) -> int:
        self.warehouse.execute("SELECT pg_stat_force_next_flush()")
        return int(
            self.warehouse.one(
                "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables "
                "WHERE schemaname = 'fms' AND relname = ANY(%s)",
                (list(TABLES),),
                role="admin",
            )
        )
