"""The SmartMoving line from the sandbox to journeys, compared with the sandbox's own truth."""

from __future__ import annotations

from typing import Any


def truth_of(line: Any, first: str, last: str) -> dict[str, Any]:
    truth: dict[str, Any] = line.vendor.control.truth(source="smartmoving", first=first, last=last)
    return truth


def test_a_sync_is_success_and_its_counts_balance(smartmoving: Any) -> None:
    line = smartmoving()
    statuses = line.sync()
    assert len(statuses) == 14
    assert set(statuses.values()) == {"success"}, line.errors
    history = line.warehouse.rows("SELECT * FROM ops.sync_history ORDER BY sync_id")
    assert len(history) == 14
    for row in history:
        accounted = row.duplicates + row.created + row.updated + row.unchanged + row.stale + row.quarantined
        assert row.records_fetched == accounted, row
    assert line.warehouse.one("SELECT count(*) FROM crm.truck_journeys") > 20


def test_a_second_sync_writes_no_warehouse_row(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    before = written(line)
    statuses = line.sync()
    assert set(statuses.values()) == {"success"}
    assert written(line) == before
    assert line.warehouse.one("SELECT count(*) FROM ops.sync_history WHERE unchanged > 0 AND run_id = 'run 2'") >= 1


def written(line: Any) -> list[Any]:
    """Tuples written so far in the warehouse's schemas, by PostgreSQL's own statistics."""
    line.warehouse.rows("SELECT pg_stat_force_next_flush()", role="admin")
    return [
        tuple(row)
        for row in line.warehouse.rows(
            "SELECT schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables "
            "WHERE schemaname IN ('smartmoving', 'crm', 'core') ORDER BY 1, 2",
            role="admin",
        )
    ]
