"""What Tekmetric's form has beyond everybody's: board, shop_id, days_back, limit, store_raw."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from branchline.errors import Reconfigure
from branchline.params import read_request, sync_params
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC

from tests.conftest import NOW
from tests.tekmetric.test_line import counts


def test_the_form_has_the_original_words_and_no_other_source_has_them() -> None:
    words = ["board", "shop_id", "days_back", "limit", "store_raw"]
    assert list(sync_params(TEKMETRIC))[-5:] == words
    assert not set(words) & set(sync_params(SMARTMOVING))


@pytest.mark.parametrize(
    "params",
    [
        {"days_back": 3, "full": True},
        {"days_back": 3, "since": "2026-07-01"},
        {"limit": 5, "max_records": 5},
    ],
)
def test_values_that_contradict_each_other_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(Reconfigure):
        read_request(params)


@pytest.mark.parametrize(
    ("board", "statuses"), [("ACTIVE", {1, 2, 4}), ("COMPLETE", {3}), ("POSTED", {5, 6}), ("ALL", {1, 2, 3, 4, 5, 6})]
)
def test_a_board_is_read_alone_and_moves_no_cursor(tekmetric: Any, board: str, statuses: set[int]) -> None:
    line = tekmetric()
    line.sync(read_request({"streams": ["shops"]}))
    line.sync(read_request({"streams": ["repair_orders"], "board": board}))
    found = line.warehouse.rows("SELECT DISTINCT status_id FROM tekmetric.repair_orders")
    assert found
    assert {row.status_id for row in found} <= statuses
    cursors = line.warehouse.rows("SELECT 1 FROM ops.sync_cursors WHERE stream = 'repair_orders'")
    assert bool(cursors) == (board == "ALL")


def test_one_shop_is_read_alone(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync(read_request({"streams": ["shops"]}))
    line.sync(read_request({"streams": ["repair_orders", "customers"], "shop_id": 4102}))
    assert [
        row.tm_shop_id for row in line.warehouse.rows("SELECT DISTINCT tm_shop_id FROM tekmetric.repair_orders")
    ] == [4102]


def test_days_back_reads_those_days_whatever_the_cursor_says(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    line.sync(read_request({"streams": ["repair_orders"], "days_back": 5}), instant=NOW + timedelta(minutes=15))
    line.sync(read_request({"streams": ["repair_orders"]}), instant=NOW + timedelta(minutes=15))
    five_days, since_cursor = (counts(line, f"run {n}")["repair_orders"].records_fetched for n in (2, 3))
    told = line.warehouse.one(
        "SELECT count(*) FROM tekmetric.repair_orders WHERE updated_date >= %s AND NOT is_deleted",
        (NOW - timedelta(days=5),),
    )
    assert five_days == told > since_cursor


def test_a_limit_reads_about_so_many_and_moves_no_cursor(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync(read_request({"streams": ["shops"]}))
    line.sync(read_request({"streams": ["customers"], "limit": 1}))
    assert line.warehouse.rows("SELECT 1 FROM ops.sync_cursors WHERE stream = 'customers'") == []


def test_without_store_raw_nothing_is_left_in_landing(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync(read_request({"store_raw": False}))
    assert line.warehouse.one("SELECT count(*) FROM tekmetric.repair_orders") > 100
    assert line.warehouse.one("SELECT count(*) FROM landing.records", role="admin") == 0
