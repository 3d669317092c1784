"""FMS's sync against the sandbox: the vendor's reports and the warehouse agree, and a second night writes nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from branchline.request import Request

from tests.conftest import NOW

EVER = ("0001-01-01", "9999-12-31")
#: Stream, which is its table, to the vendor's report and the key.
REPORTS = {
    "vehicles": ("active_vehicles", ("vin",)),
    "media_partners": ("media_partners", ("person_id", "office")),
    "loan_history": ("loan_history", ("activity_id",)),
    "current_activity": ("current_vehicle_activity", ("activity_id",)),
    "approved_makes": ("approved_makes", ("person_id", "make")),
}


def truth_of(line: Any) -> dict[str, Any]:
    told: dict[str, Any] = line.vendor.control.truth(*EVER, source="fms")
    return told


def change(line: Any, *commands: dict[str, Any]) -> Any:
    return line.vendor.control.change(*commands, source="fms")


def plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


def live(line: Any, table: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = line.warehouse.rows(f"SELECT * FROM fms.{table} WHERE NOT is_deleted")
    return {tuple(getattr(row, name) for name in REPORTS[table][1]): row._asdict() for row in rows}


def history(line: Any, run: str) -> dict[str, Any]:
    return {
        row.sync_type: row for row in line.warehouse.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (run,))
    }


def check_whole(line: Any) -> None:
    """Every row of every report stands in the warehouse, and nothing else."""
    told = truth_of(line)["rows"]
    for table, (report, key) in REPORTS.items():
        expected = {tuple(row[name] for name in key): row for row in told[report]}
        found = live(line, table)
        assert set(found) == set(expected), table
        for which, row in expected.items():
            assert {name: plain(found[which][name]) for name in row} == row, (table, which)


@pytest.mark.parametrize("seed", [7, 23])
def test_the_warehouse_equals_the_reports(fms: Any, seed: int) -> None:
    line = fms(seed=seed)
    assert line.sync() == dict.fromkeys(REPORTS, "success"), line.errors
    check_whole(line)
    told = truth_of(line)
    first = history(line, "run 1")
    for table, (report, _) in REPORTS.items():
        row = first[table]
        assert (row.records_fetched, row.created, row.quarantined, row.duplicates) == (
            told["counts"][report], told["keys"][report], told["quarantined"][report], told["duplicates"][report],
        ), table  # fmt: skip
        assert row.quarantined > 0, table


def test_t56_t63_a_second_night_writes_nothing_and_asks_the_geocoder_nothing(fms: Any) -> None:
    line = fms()
    line.sync()
    assert line.placed.calls > 40
    tables = (
        "('vehicles', 'media_partners', 'loan_history', 'current_activity', 'approved_makes', 'geocodes', 'locations')"
    )
    written = f"SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname IN {tables}"
    line.warehouse.execute("SELECT pg_stat_force_next_flush()")
    before = line.warehouse.one(written, role="admin")
    assert before > 1800
    assert line.sync(instant=NOW + timedelta(hours=1)) == dict.fromkeys(REPORTS, "success"), line.errors
    assert line.warehouse.one(written, role="admin") == before
    assert line.placed.calls == 0
    second = history(line, "run 2")
    assert sum(row.unchanged for row in second.values()) > 1800
    assert all(row.created == row.updated == row.deleted == row.stale == 0 for row in second.values())


def test_what_changes_overnight_is_merged_and_what_left_is_a_tombstone(fms: Any) -> None:
    line = fms()
    line.sync()
    line.vendor.control.clock((NOW + timedelta(days=3)).isoformat())
    assert set(line.sync(instant=NOW + timedelta(days=3)).values()) == {"success"}, line.errors
    check_whole(line)
    second = history(line, "run 2")
    assert second["loan_history"].created > 0
    assert second["vehicles"].deleted > 0
    gone = line.warehouse.rows("SELECT * FROM fms.vehicles WHERE is_deleted")
    assert len(gone) == second["vehicles"].deleted
    assert all(row.deleted_at is not None and row.make for row in gone)


def test_t34_a_partner_of_two_offices_has_both_rows_and_both_offices_see_him(fms: Any) -> None:
    line = fms()
    line.sync()
    twice = line.warehouse.rows(
        "SELECT person_id, array_agg(location_id ORDER BY location_id) AS places FROM fms.media_partners "
        "GROUP BY person_id HAVING count(*) > 1"
    )
    assert twice
    for row in twice:
        makes = line.warehouse.rows(
            "SELECT location_ids FROM fms.approved_makes WHERE person_id = %s", (row.person_id,)
        )
        assert all(make.location_ids == row.places for make in makes)


def test_a_hold_without_a_person_belongs_to_its_vehicles_office(fms: Any) -> None:
    line = fms()
    line.sync()
    holds = line.warehouse.rows(
        "SELECT location_ids, location_id FROM fms.current_activity INNER JOIN fms.vehicles ON vin = vehicle_vin "
        "WHERE person_id IS NULL"
    )
    assert len(holds) > 5
    assert all(row.location_ids == [row.location_id] for row in holds)


def test_preferred_days_are_tonights(fms: Any) -> None:
    line = fms()
    line.sync()
    expected = {
        (one["personId"], one["office"]): (one["day"], Decimal(one["confidence"]))
        for one in truth_of(line)["preferredDays"]
    }
    assert len(expected) > 20
    partners = live(line, "media_partners")
    found = {
        key: (row["preferred_day_of_week"], row["preferred_day_confidence"])
        for key, row in partners.items()
        if row["preferred_day_of_week"]
    }
    assert found == {key: told for key, told in expected.items() if key in partners}


@pytest.mark.parametrize("day", ["2025-09-13", "2025-09-15", "2025-10-04", "2025-11-05", "2025-11-12", "2025-11-16"])
def test_every_older_layout_loads_the_same_values(fms: Any, day: str) -> None:
    line = fms()
    change(line, {"report": "all", "layout": day})
    assert set(line.sync(Request(streams=("vehicles", "loan_history", "media_partners"))).values()) == {"success"}
    told = truth_of(line)
    for table in ("vehicles", "loan_history"):
        report, key = REPORTS[table]
        found = live(line, table)
        assert len(found) == told["keys"][report]
        for row in told["rows"][report]:
            mine = found[tuple(row[name] for name in key)]
            sent = {name: plain(mine[name]) for name in row if mine[name] is not None}
            assert sent == {name: row[name] for name in sent}
            assert {"make", "model"} <= set(sent)


def test_a_report_can_be_left_out(fms: Any) -> None:
    line = fms()
    assert line.sync(Request(streams=("approved_makes",))) == {"approved_makes": "success"}
    assert line.vendor.control.served()["total"] <= 1 + line.placed.calls


def test_dry_run_counts_and_leaves_everything_as_it_was(fms: Any) -> None:
    line = fms()
    assert set(line.sync(Request(dry_run=True)).values()) == {"success"}, line.errors
    assert history(line, "run 1")["vehicles"].created > 90
    assert live(line, "vehicles") == {}
    assert line.placed.calls == 0
