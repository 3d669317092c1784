"""ops.reconciliation: the vendor's totals, our own sums, and the rows of lists that are read whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.upkeep.book import Book


def compared(book: Book, rule: str) -> Any:
    (row,) = book.rows("SELECT * FROM ops.reconciliation WHERE rule = %s", (rule,))
    return row


@pytest.mark.parametrize(
    ("slices", "verdict", "severity", "counts"),
    [
        ([{"verdict": "balanced", "total": 5, "records": 5}] * 2, "balanced", "info", (10, 10)),
        (
            [{"verdict": "balanced", "total": 5, "records": 5}, {"verdict": "short", "total": 5, "records": 3}],
            "short", "warning", (10, 8),
        ),
        ([{"verdict": "over", "total": 5, "records": 6}], "over", "info", (5, 6)),
    ],
)  # fmt: skip
def test_the_vendors_totals(
    book: Book, slices: list[dict[str, Any]], verdict: str, severity: str, counts: tuple[int, int]
) -> None:
    book.open_account()
    book.expect("orders")
    book.sync("orders", 5, [{"verdict": "short", "total": 100, "records": 1}])
    book.sync("orders", 1, slices)
    book.sync("orders", 0.5, [{"verdict": "short", "total": 9, "records": 1}], configuration={"since": "2026-01-01"})
    row = compared(book, "vendor_total")
    assert (row.verdict, row.severity, row.vendor, row.ours) == (verdict, severity, *counts)
    assert row.difference == counts[1] - counts[0]
    assert ("a-slice-is-short" in row.remedy) is (verdict == "short")


def test_a_vendor_without_totals_is_not_compared_by_them(book: Book) -> None:
    book.open_account()
    book.expect("reports", timedelta(days=1))
    book.sync("reports", 1, [{"records": 5}, {"verdict": "lacking"}])
    assert [row.rule for row in book.rows("SELECT * FROM ops.reconciliation")] == ["accounted"]


def test_counts_that_do_not_add_up_are_an_error(book: Book) -> None:
    book.open_account()
    book.expect("orders")
    good = {"duplicates": 1, "created": 2, "updated": 3, "unchanged": 4, "stale": 5, "quarantined": 6}
    book.sync("orders", 30, records_fetched=7)  # older than a day
    book.sync("orders", 3, records_fetched=21, **good)
    assert compared(book, "accounted").severity == "info"
    wrong = book.sync("orders", 2, records_fetched=22, **good)
    book.sync("orders", 1, records_fetched=21, **good)
    row = compared(book, "accounted")
    assert (row.verdict, row.severity, row.difference) == ("unbalanced", "error", -1)
    assert f"sync {wrong} " in row.remedy
    assert "counts-differ" in row.remedy


def test_differences_that_cancel_out_are_seen(book: Book) -> None:
    book.open_account()
    book.sync("orders", 2, records_fetched=2, created=1)
    book.sync("orders", 1, records_fetched=1, created=2)
    row = compared(book, "accounted")
    assert (row.severity, row.difference) == ("error", 0)


@pytest.mark.parametrize(
    ("is_snapshot", "live", "verdict", "severity"),
    [
        (True, 10, "balanced", "info"),
        (True, 9, "missing", "error"),
        (True, 12, "balanced", "info"),  # the last good versions of the two rejected
        (True, 13, "surplus", "warning"),
        (False, 9, "missing", "error"),
        (False, 13, "kept", "info"),
    ],
)
def test_rows_of_lists_that_are_read_whole(
    book: Book, is_snapshot: bool, live: int, verdict: str, severity: str
) -> None:
    book.rows(
        "INSERT INTO ops.tallies (source, account, table_name, client_id, streams, is_snapshot, listed, rejected, "
        "live) VALUES ('fms', 'fms', 'fms.vehicles', 'press', 'vehicles', %s, 10, 2, %s) RETURNING 1",
        (is_snapshot, live),
    )
    row = compared(book, "live_rows")
    assert (row.verdict, row.severity, row.vendor, row.ours) == (verdict, severity, 10, live)
    assert ("fms.vehicles" in row.remedy) is (severity != "info")
