"""What is expected: periods from schedules, and a table that follows accounts, schedules and pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from branchline.expectations import Declared, expect, longest_gap, period_of
from branchline.ledger import Account
from branchline.sources.fms import FMS, FMS_WORKBOOKS
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC

from tests.conftest import Warehouse
from tests.upkeep.book import Book

TEKMETRIC_ACCOUNT = Account("tekmetric", "tekmetric", "tekmetric", "garage")
FMS_ACCOUNT = Account("fms", "fms", "fms", "press")
QUARTERLY = Declared("tekmetric", TEKMETRIC, "*/15 * * * *")
NIGHTLY = Declared("fms", FMS, "0 2 * * *")


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("*/15 * * * *", timedelta(minutes=15)),
        ("0 */2 * * *", timedelta(hours=2)),
        ("0 2 * * *", timedelta(days=1)),
        ("@hourly", timedelta(hours=1)),
        ("*/15 8-18 * * *", timedelta(hours=13, minutes=15)),
        ("0 6 * * 1-5", timedelta(days=3)),
        ("0 6 * * 3", timedelta(days=7)),
        ("5,50 * * * *", timedelta(minutes=45)),
        ("0 0 1 * *", timedelta(days=31)),
    ],
)
def test_a_schedules_longest_gap(schedule: str, gap: timedelta) -> None:
    assert longest_gap(schedule) == gap


def test_what_is_no_schedule_is_refused() -> None:
    with pytest.raises(ValueError):
        longest_gap("every now and then")


def test_periods_follow_the_schedule_and_how_a_stream_is_read() -> None:
    often = "0 */2 * * *"
    assert period_of(SMARTMOVING.stream("customers"), often) == timedelta(hours=2)
    assert period_of(SMARTMOVING.stream("branches"), often) == timedelta(days=1)
    assert period_of(SMARTMOVING.stream("branches"), "0 6 * * 3") == timedelta(days=7)
    assert period_of(SMARTMOVING.stream("opportunities"), often) is None, "it is read when something is due"
    assert period_of(replace(SMARTMOVING.stream("customers"), is_optional=True), often) is None
    assert period_of(SMARTMOVING.stream("customers"), None) is None


def expected(warehouse: Warehouse) -> dict[tuple[str, str], timedelta | None]:
    return {(row.dag_id, row.stream): row.period for row in warehouse.rows("SELECT * FROM ops.expectations")}


def test_only_configured_accounts_are_expected(warehouse: Warehouse) -> None:
    declared = [QUARTERLY, NIGHTLY, Declared("fms_workbooks", FMS_WORKBOOKS, None)]
    expect(warehouse.loader, [FMS_ACCOUNT], declared)
    found = expected(warehouse)
    assert found["fms", "vehicles"] == timedelta(days=1)
    assert found["fms_workbooks", "budgets"] is None
    assert len(found) == len(FMS.streams) + len(FMS_WORKBOOKS.streams)
    expect(warehouse.loader, [FMS_ACCOUNT, TEKMETRIC_ACCOUNT], declared)
    assert expected(warehouse)["tekmetric", "repair_orders"] == timedelta(minutes=15)
    expect(warehouse.loader, [TEKMETRIC_ACCOUNT], declared)
    assert {dag_id for dag_id, _ in expected(warehouse)} == {"tekmetric"}
    expect(warehouse.loader, [], declared)
    assert expected(warehouse) == {}


def test_a_source_that_is_switched_off_has_no_period(warehouse: Warehouse) -> None:
    expect(warehouse.loader, [FMS_ACCOUNT], [replace(NIGHTLY, schedule=None)])
    assert set(expected(warehouse).values()) == {None}


def test_since_when_it_is_expected(warehouse: Warehouse) -> None:
    def since() -> set[timedelta]:
        rows = warehouse.rows(
            "SELECT date_trunc('hour', now() - since + interval '1 min') AS age FROM ops.expectations"
        )
        return {row.age for row in rows}

    def weeks_pass(interval: str = "7 days") -> None:
        warehouse.execute(f"UPDATE ops.expectations SET since = since - interval '{interval}'")

    at_once, a_week = {timedelta(0)}, {timedelta(days=7)}
    expect(warehouse.loader, [FMS_ACCOUNT], [NIGHTLY])
    assert since() == at_once
    weeks_pass()
    expect(warehouse.loader, [FMS_ACCOUNT], [NIGHTLY])
    assert since() == a_week, "nothing has changed"
    expect(warehouse.loader, [FMS_ACCOUNT], [replace(NIGHTLY, is_paused=True)])
    assert since() == a_week, "a pause is no new beginning"
    expect(warehouse.loader, [FMS_ACCOUNT], [NIGHTLY])
    assert since() == at_once, "it was unpaused"
    weeks_pass()
    expect(warehouse.loader, [FMS_ACCOUNT], [replace(NIGHTLY, schedule="0 */6 * * *")])
    assert since() == at_once, "it has another period"
    weeks_pass("-30 days")
    expect(warehouse.loader, [FMS_ACCOUNT], [replace(NIGHTLY, schedule="0 */6 * * *")])
    assert since() == at_once, "a wrong clock wrote it (T64)"


def test_a_second_round_writes_nothing(warehouse: Warehouse) -> None:
    expect(warehouse.loader, [FMS_ACCOUNT], [NIGHTLY])
    before = warehouse.rows("SELECT ctid, * FROM ops.expectations ORDER BY stream")
    expect(warehouse.loader, [FMS_ACCOUNT], [NIGHTLY])
    assert warehouse.rows("SELECT ctid, * FROM ops.expectations ORDER BY stream") == before


def test_tallies_of_an_account_that_is_gone_are_dropped(warehouse: Warehouse, written: Callable[..., Book]) -> None:
    book: Any = written()
    for account in ("tekmetric", "gone"):
        book.rows(
            "INSERT INTO ops.tallies (source, account, table_name, client_id, streams, is_snapshot, listed, rejected, "
            "live) VALUES ('tekmetric', %s, 'tekmetric.shops', 'garage', 'shops', FALSE, 1, 0, 1) RETURNING 1",
            (account,),
        )
    expect(warehouse.loader, [TEKMETRIC_ACCOUNT], [QUARTERLY])
    assert warehouse.one("SELECT account FROM ops.tallies") == "tekmetric"
