"""Replayed from landing, and left behind by a killed run: the warehouse ends as if nothing had happened (T67)."""

from __future__ import annotations

from typing import Any

from branchline.request import Request

from tests.blocks.landed import contents

SMALL: dict[str, Any] = {"customers_per_day": 6}


#: Where the child stands still inside a statement: a trigger that waits for a lock which the test holds.


def lived(smartmoving: Any) -> Any:
    """A warehouse that has seen changes, cancellations, a deletion and a reappearance."""
    line = smartmoving()
    line.sync()
    told = [one["id"] for one in line.vendor.control.truth("2026-07-15", "2026-07-16")["opportunities"]]
    line.vendor.control.change(
        {"fraction": 0.3, "from": "2026-07-15", "to": "2026-07-16"},
        {"cancel": told[0]},
        {"delete": told[1]},
        {"reschedule": told[2], "to": "2026-07-16"},
    )
    line.sync()
    line.vendor.control.change({"fraction": 0.3, "from": "2026-07-15", "to": "2026-07-16"})
    line.sync()
    assert line.errors == []
    return line


def bookkeeping(line: Any) -> list[Any]:
    return [
        line.warehouse.rows("SELECT * FROM ops.lookups ORDER BY stream, record_key"),
        line.warehouse.rows("SELECT source, stream, scope FROM ops.sync_cursors ORDER BY 1, 2, 3"),
        line.warehouse.rows("SELECT slice_id, state FROM ops.sync_slices ORDER BY 1"),
        line.vendor.control.served()["total"],
    ]


def test_t67_replay_changes_nothing_asks_nobody_and_moves_no_cursor(smartmoving: Any) -> None:
    line = lived(smartmoving)
    tables, books = contents(line.warehouse), bookkeeping(line)
    assert set(line.sync(Request(replay=True)).values()) == {"success"}, line.errors
    assert contents(line.warehouse) == tables
    assert bookkeeping(line) == books
    replayed = line.warehouse.rows("SELECT * FROM ops.sync_history WHERE configuration ? 'replay'")
    assert sum(row.created + row.updated for row in replayed) == 0
    assert sum(row.records_fetched for row in replayed) > 100


def test_t67_replay_repairs_rows_that_an_older_mapping_wrote(smartmoving: Any) -> None:
    line = lived(smartmoving)
    tables = contents(line.warehouse)
    line.warehouse.execute(
        "UPDATE smartmoving.opportunities SET final_total_cents = 1, row_hash = gen_random_uuid() "
        "WHERE NOT is_deleted; "
        "UPDATE smartmoving.job_charges SET total_cents = 1, row_hash = gen_random_uuid() WHERE NOT is_deleted"
    )
    assert contents(line.warehouse) != tables
    line.sync(Request(replay=True))
    assert contents(line.warehouse) == tables


def test_t67_a_warehouse_built_again_from_landing_equals_the_one_that_lived(smartmoving: Any) -> None:
    line = lived(smartmoving)
    tables = contents(line.warehouse)
    emptied = line.warehouse.rows(
        "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS names FROM pg_tables "
        "WHERE schemaname = 'smartmoving' AND tablename <> 'original_location_keys'",
        role="admin",
    )[0]
    line.warehouse.execute(f"TRUNCATE {emptied.names}")
    line.sync(Request(replay=True))
    again = contents(line.warehouse)
    # While it is built again, a withdrawn journey is told from the sweep alone for a moment: its words may be poorer.
    for found in (again, tables):
        found["crm.truck_journeys"] = [
            [pair for pair in row if dict(row)["is_deleted"] != "True" or pair[0] in {"external_id", "status"}]
            for row in found["crm.truck_journeys"]
        ]
    for table in tables:
        assert again[table] == tables[table], table


def test_a_killed_runs_rows_are_closed_by_the_next_run(smartmoving: Any) -> None:
    line = smartmoving(**SMALL)
    run = line.begin(run_id="killed")
    line.wave(run, "reference")
    line.warehouse.execute("UPDATE ops.sync_history SET start_time = start_time - interval '2 hours'")
    line.sync(run_id="next")
    rows = line.warehouse.rows("SELECT status, error_message FROM ops.sync_history WHERE run_id = 'killed'")
    assert {row.status for row in rows} == {"failed"}
    assert all("Clear that run" in row.error_message for row in rows)
