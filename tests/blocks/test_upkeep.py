"""Upkeep: partitions ahead, retention, orphans; a second round changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from branchline.upkeep import keep

NOW = datetime(2026, 7, 15, 0, 30, tzinfo=UTC)


def partitions(warehouse: Any) -> list[str]:
    rows = warehouse.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'landing'::regnamespace AND relname ~ '^records_[0-9]+$' "
        "AND relkind = 'r' ORDER BY 1",
        role="admin",
    )
    return [row.relname for row in rows]


def test_partitions_are_made_ahead_and_dropped_after_the_retention(warehouse: Any) -> None:
    warehouse.execute("SELECT landing.ensure_partition('2026-06-30')")
    warehouse.execute("SELECT landing.ensure_partition('2026-07-01')")
    done = keep(warehouse.loader, landing_days=14, history_days=400, now=NOW)
    assert done["partitions_dropped"] == 1
    assert partitions(warehouse) == ["records_20260701", "records_20260715", "records_20260716", "records_20260717"]
    again = keep(warehouse.loader, landing_days=14, history_days=400, now=NOW)
    assert again == dict.fromkeys(done, 0)


def test_results_of_checks_go_with_the_history_of_every_client(warehouse: Any) -> None:
    for client in ("c", "d"):
        warehouse.execute(
            "INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, end_time, dag_id, "
            "run_id) VALUES ('tekmetric', %s, %s, 'shops', 'success', '2026-07-10', 'tekmetric', 'new')",
            (client, client),
        )
        for day in ("2025-01-01", "2026-07-10"):
            warehouse.execute(
                "INSERT INTO ops.check_results (source, account, client_id, check_name, severity, checked, failed, "
                "checked_at) VALUES ('tekmetric', %s, %s, 'freshness', 'info', 1, 0, %s)",
                (client, client, day),
            )
    keep(warehouse.loader, landing_days=14, history_days=400, now=NOW)
    rows = warehouse.rows("SELECT client_id, checked_at::date::text FROM ops.check_results ORDER BY client_id")
    assert [tuple(row) for row in rows] == [("c", "2026-07-10"), ("d", "2026-07-10")]


def test_alerts_that_are_long_over_go_and_open_ones_stay(warehouse: Any) -> None:
    for cause, recovered in (("old", "2025-01-01"), ("new", "2026-07-10"), ("open", None)):
        warehouse.execute(
            "INSERT INTO ops.alerts (cause, kind, severity, subject, fact, remedy, first_seen_at, recovered_at) "
            "VALUES (%s, 'task', 'error', 'a', 'b', 'c', '2025-01-01', %s)",
            (cause, recovered),
        )
    keep(warehouse.loader, landing_days=14, history_days=400, now=NOW)
    assert [row.cause for row in warehouse.rows("SELECT cause FROM ops.alerts ORDER BY alert_id")] == ["new", "open"]


def test_old_history_goes_with_its_slices_and_orphans_are_closed(warehouse: Any) -> None:
    history = (
        "INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, start_time, end_time, "
        "dag_id, run_id) VALUES ('smartmoving', 'a', 'c', 'customers', %s, %s, %s, 'smartmoving', %s)"
    )
    warehouse.execute(history, ("success", "2025-01-01", "2025-01-01", "old"))
    warehouse.execute(history, ("running", "2026-07-01", None, "killed"))
    warehouse.execute(history, ("success", "2026-07-10", "2026-07-10", "new"))
    done = keep(warehouse.loader, landing_days=14, history_days=400, now=NOW)
    assert done["history_dropped"] == 1
    assert done["orphans_closed"] == 1
    rows = warehouse.rows("SELECT run_id, status FROM ops.sync_history ORDER BY run_id")
    assert [tuple(row) for row in rows] == [("killed", "failed"), ("new", "success")]


def test_webhooks_that_came_to_an_end_go_with_the_raw_payloads(warehouse: Any) -> None:
    warehouse.execute("INSERT INTO core.clients VALUES ('c', 'c')")
    warehouse.execute("INSERT INTO core.accounts VALUES ('arrivy', 'a', 'arrivy', 'c')")
    for key, state, ended in (("old", "done", "2026-06-30"), ("new", "dead", "2026-07-02"), ("open", "pending", None)):
        warehouse.execute(
            "INSERT INTO ops.inbox_events (source, account, client_id, event_key, payload, received_at, state, "
            "ended_at) VALUES ('arrivy', 'a', 'c', %s, '{}', '2026-01-01', %s, %s)",
            (key, state, ended),
        )
    keep(warehouse.loader, landing_days=14, history_days=400, now=NOW)
    rows = warehouse.rows("SELECT event_key FROM ops.inbox_events ORDER BY event_id", role="admin")
    assert [row.event_key for row in rows] == ["new", "open"]
