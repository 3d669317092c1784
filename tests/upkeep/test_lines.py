"""The views on real syncs of the sandbox: after a sync all is in order, and what the vendor refuses shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from branchline.expectations import Declared, expect
from branchline.findings import look
from branchline.ledger import Run
from branchline.sources.fms import FMS
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tallies import tally

DECLARED = (
    Declared("smartmoving", SMARTMOVING, "0 */2 * * *"),
    Declared("tekmetric", TEKMETRIC, "*/15 * * * *"),
    Declared("fms", FMS, "0 2 * * *"),
)


def round_of(line: Any) -> list[str]:
    """What the DAG does after housekeeping; returns the errors."""
    conninfo, accounts = line.warehouse.loader, [line.account]
    expect(conninfo, accounts, DECLARED)
    tally(conninfo, accounts, DECLARED)
    return look(conninfo, accounts, Run("warehouse_upkeep", "run"))


def unusual(line: Any) -> list[tuple[str, str, str]]:
    rows = line.warehouse.rows(
        "SELECT check_name, severity, subject FROM ops.findings WHERE severity <> 'info' "
        "AND check_name <> 'quarantine' ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in rows]


def tallies(line: Any) -> dict[str, tuple[int, int, int]]:
    return {row.table_name: (row.listed, row.rejected, row.live) for row in line.warehouse.rows("TABLE ops.tallies")}


def test_nothing_is_red_before_the_first_sync(fms: Callable[..., Any]) -> None:
    line = fms(fms_size=0.04)
    assert round_of(line) == []
    assert unusual(line) == []
    assert {row.verdict for row in line.warehouse.rows("SELECT verdict FROM ops.freshness")} == {"never"}


def test_smartmoving_is_in_order_after_a_sync(smartmoving: Callable[..., Any]) -> None:
    line = smartmoving()
    line.sync()
    assert round_of(line) == []
    assert unusual(line) == []
    rows = {row.stream: row for row in line.warehouse.rows("SELECT * FROM ops.freshness")}
    assert {name for name, row in rows.items() if row.verdict == "unscheduled"} == {"opportunities", "jobs"}
    assert {row.verdict for row in rows.values() if row.period} == {"fresh"}
    assert line.warehouse.one("SELECT count(*) FROM ops.reconciliation WHERE rule = 'vendor_total'") >= 10
    counted = tallies(line)
    assert counted["smartmoving.branches"][2] > 0
    assert {"smartmoving.reasons", "smartmoving.leads"} <= set(counted)
    assert {"smartmoving.customers", "smartmoving.opportunities"} & set(counted) == set()


def test_fms_is_in_order_after_a_sync_and_missing_rows_are_seen(fms: Callable[..., Any]) -> None:
    line = fms(fms_size=0.04)
    line.sync()
    assert round_of(line) == []
    assert unusual(line) == []
    counted = tallies(line)
    assert set(counted) == {f"fms.{stream.name}" for stream in FMS.streams}
    for table, (listed, rejected, live) in counted.items():
        assert 0 < listed <= live <= listed + rejected, table
    line.warehouse.execute("UPDATE fms.vehicles SET is_deleted = TRUE, deleted_at = now() WHERE ctid = '(0,1)'")
    (error,) = round_of(line)
    assert error.startswith("fms vehicles live_rows: missing")
    assert "trigger fms with streams vehicles" in error
    line.sync()
    assert round_of(line) == []


def test_tekmetric_is_in_order_and_a_refused_shop_is_late_alone(tekmetric: Callable[..., Any]) -> None:
    line = tekmetric(tekmetric_shops=2, tekmetric_days=3, tekmetric_orders_per_day=3)
    line.sync()
    assert round_of(line) == []
    assert unusual(line) == []
    rows = line.warehouse.rows("SELECT * FROM ops.freshness WHERE period IS NOT NULL AND stream <> 'shops'")
    assert {row.verdict for row in rows} == {"fresh"}
    shops = {row.location_name for row in rows}
    assert len(rows) == 7 * len(shops)
    # an hour goes by, in which one shop is refused
    line.warehouse.execute("UPDATE ops.expectations SET since = since - interval '9 h'")
    for table, columns in (
        ("sync_history", ("start_time", "end_time")),
        ("sync_slices", ("fetched_from", "fetched_to")),
    ):
        changes = ", ".join(f"{column} = {column} - interval '1 h'" for column in columns)
        line.warehouse.execute(f"UPDATE ops.{table} SET {changes}")
    line.vendor.control.faults({"match": r"[?&]shop=4101&", "action": {"kind": "status", "status": 403}})
    line.sync()
    errors = round_of(line)
    refused = line.warehouse.one("SELECT name FROM core.locations WHERE external_id = '4101'")
    assert len(errors) == 7
    assert all(f" of {refused}: read 01:00:" in error for error in errors), errors
    assert {
        row.location_name for row in line.warehouse.rows("SELECT * FROM ops.freshness WHERE verdict = 'fresh'")
    } == (shops - {refused} | {None})


def test_a_second_look_writes_its_results_alone(fms: Callable[..., Any]) -> None:
    line = fms(fms_size=0.04)
    line.sync()
    round_of(line)
    before = line.warehouse.rows("SELECT xmin::text, * FROM ops.expectations ORDER BY stream")
    round_of(line)
    assert line.warehouse.rows("SELECT xmin::text, * FROM ops.expectations ORDER BY stream") == before
    results = "SELECT count(*) FROM ops.check_results WHERE dag_id = 'warehouse_upkeep'"
    assert line.warehouse.one(results) == 8
