"""ops.quarantine_summary: what is open, by reason, without a word of the payloads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.upkeep.book import Book


def test_open_rows_by_reason(book: Book) -> None:
    sync_id = book.sync("orders", 1, records_fetched=100, created=97, quarantined=3)
    for key in ("1", "2", "3"):
        book.reject("orders", key, sync_id)
    book.reject("orders", "9", sync_id, reason="not_money")
    book.reject("orders", "4", sync_id, scope="field", reason="not_a_date")
    book.connection.execute("UPDATE ops.quarantine SET resolved_at = now() WHERE record_key = '1'")
    book.connection.execute(
        "UPDATE ops.quarantine SET first_seen_at = now() - interval '3 days' WHERE record_key = '2'"
    )
    rows = {row.reason: row for row in book.rows("SELECT *, now() AS now FROM ops.quarantine_summary")}
    assert {reason: (row.open_rows, row.scope, row.severity) for reason, row in rows.items()} == {
        "missing": (2, "record", "warning"),
        "not_money": (1, "record", "warning"),
        "not_a_date": (1, "field", "info"),
    }
    missing = rows["missing"]
    assert (missing.stream, missing.table_name, missing.field) == ("orders", "tekmetric.orders", "total")
    assert (missing.now - missing.oldest, missing.now - missing.newest) == (timedelta(days=3), timedelta(0))
    assert missing.example_key == "3"
    assert "include/sql/tekmetric" in missing.remedy


def test_no_payload_is_shown(book: Book) -> None:
    book.reject("orders", "1", book.sync("orders", 1, records_fetched=1, quarantined=1))
    for view in ("quarantine_summary", "findings"):
        said = book.rows(f"SELECT to_jsonb(shown)::text AS said FROM ops.{view} AS shown")
        assert said
        assert not [row for row in said if "Jane" in row.said]


@pytest.mark.parametrize(
    ("fetched", "duplicates", "rejected", "severity"),
    [
        (55, 0, 11, "warning"),  # a fifth is not more than a fifth
        (54, 0, 11, "error"),
        (64, 10, 11, "error"),
        (10, 0, 10, "warning"),  # ten rows are no numbers
        (11, 0, 11, "error"),
    ],
)
def test_more_than_a_fifth_of_a_sync_is_an_error(
    book: Book, fetched: int, duplicates: int, rejected: int, severity: str
) -> None:
    sync_id = book.sync(
        "orders", 1, records_fetched=fetched, duplicates=duplicates, quarantined=rejected,
        created=fetched - duplicates - rejected,
    )  # fmt: skip
    book.reject("orders", "1", sync_id)
    row = book.one("SELECT severity, remedy FROM ops.quarantine_summary")
    assert row.severity == severity
    assert ("quarantine-grows" in row.remedy) is (severity == "error")


def test_what_an_earlier_sync_rejected_is_no_error_any_more(book: Book) -> None:
    book.reject("orders", "1", book.sync("orders", 3, records_fetched=20, quarantined=20))
    assert book.one("SELECT severity FROM ops.quarantine_summary") == "error"
    book.sync("orders", 2, records_fetched=30, quarantined=30, configuration={"dry_run": True})
    book.sync("orders", 1, records_fetched=0)
    assert book.one("SELECT severity FROM ops.quarantine_summary") == "error", "neither says that it is mended"
    book.sync("orders", 0.5, records_fetched=20, created=20)
    assert book.one("SELECT severity FROM ops.quarantine_summary") == "warning"


def test_what_somebody_ignores_is_told_to_nobody_until_it_is_reopened(book: Book) -> None:
    """By its group, and only as long as it is a few records: rejected in numbers stays an error."""
    few = book.sync("orders", 1, records_fetched=100, created=99, quarantined=1)
    book.reject("orders", "1", few)
    book.reject("orders", "2", few, reason="not_money")
    decide = (
        "INSERT INTO ops.quarantine_decisions "
        "(client_id, source, account, stream, table_name, reason, field, decision, why, decided_by) "
        "SELECT client_id, source, account, stream, table_name, reason, field, %s, 'old test orders', 'jane' "
        "FROM ops.quarantine WHERE reason = 'missing' LIMIT 1"
    )
    findings = "SELECT subject, severity, fact FROM ops.findings WHERE check_name = 'quarantine'"

    def found() -> dict[str, str]:
        return {row.subject.rsplit(" ", 1)[1]: row.severity for row in book.rows(findings)}

    assert found() == {"missing": "warning", "not_money": "warning"}
    book.connection.execute(decide, ("ignored",))
    assert found() == {"missing": "info", "not_money": "warning"}
    assert any(row.fact.endswith("; ignored by jane: old test orders") for row in book.rows(findings))
    book.connection.execute(decide, ("reopened",))
    assert found() == {"missing": "warning", "not_money": "warning"}
    book.connection.execute(decide, ("ignored",))
    many = book.sync("orders", 0, records_fetched=20, created=8, quarantined=12)
    book.reject("orders", "3", many)
    assert found()["missing"] == "error"
