"""The ledger: runs, attempts, slices, and how a sync is closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from branchline import ledger
from branchline.ledger import Run, SliceSpec
from branchline.sources.smartmoving import SMARTMOVING

from tests.blocks.landed import LGM, Bench, bench, customer

RUN = Run("smartmoving", "a run")
CUSTOMERS = SMARTMOVING.stream("customers")


@pytest.fixture
def lgm(warehouse: Any) -> Iterator[Bench]:
    with bench(warehouse.loader) as found:
        yield found


def test_a_retry_finds_its_row_and_a_cleared_run_gets_a_further_attempt(lgm: Bench) -> None:
    first = ledger.open_sync(lgm.connection, RUN, LGM, CUSTOMERS, {"full": True})
    assert ledger.open_sync(lgm.connection, RUN, LGM, CUSTOMERS, {}) == first
    ledger.add_slices(lgm.connection, RUN, LGM, first, [SliceSpec("customers", "a", "today")])
    assert ledger.close_sync(lgm.connection, first) == "failed"
    second = ledger.open_sync(lgm.connection, RUN, LGM, CUSTOMERS, {})
    assert lgm.one("SELECT attempt, status FROM ops.sync_history WHERE sync_id = %s", (second,)) == (2, "running")
    assert lgm.one("SELECT sync_id FROM ops.sync_slices") == second, "what is not merged moves to the new attempt"


def test_planning_again_keeps_what_a_slice_has(lgm: Bench) -> None:
    sync_id = ledger.open_sync(lgm.connection, RUN, LGM, CUSTOMERS, {})
    spec = SliceSpec("customers", "a", "today", {"params": {"Page": "1"}})
    ledger.add_slices(lgm.connection, RUN, LGM, sync_id, [spec])
    lgm.rows("UPDATE ops.sync_slices SET state = 'running', pages_done = '{[1,3)}' RETURNING 1")
    ledger.add_slices(lgm.connection, RUN, LGM, sync_id, [spec])
    assert lgm.one("SELECT state, pages_done::text FROM ops.sync_slices") == ("running", "{[1,3)}")


@pytest.mark.parametrize(
    ("states", "error", "status"),
    [
        ([], None, "success"),
        (["merged"], None, "success"),
        (["merged", "merged"], None, "success"),
        (["merged", "failed"], None, "partial"),
        (["merged", "deferred"], None, "partial"),
        (["merged"], "it broke", "partial"),
        (["done"], "it broke", "failed"),
        (["failed"], None, "failed"),
        (["planned"], None, "failed"),
        ([], "it broke", "failed"),
    ],
)
def test_a_sync_is_closed_by_what_its_slices_say(lgm: Bench, states: list[str], error: str | None, status: str) -> None:
    sync_id = ledger.open_sync(lgm.connection, RUN, LGM, CUSTOMERS, {})
    specs = [SliceSpec("customers", f"{place}", "today") for place, _ in enumerate(states)]
    ledger.add_slices(lgm.connection, RUN, LGM, sync_id, specs)
    for place, state in enumerate(states):
        lgm.rows("UPDATE ops.sync_slices SET state = %s WHERE scope = %s RETURNING 1", (state, f"{place}"))
    assert ledger.close_sync(lgm.connection, sync_id, error) == status
    told = lgm.one("SELECT error_message FROM ops.sync_history")
    assert (told is None) == (status == "success")


def test_a_slice_is_handed_to_one_merge_alone(lgm: Bench) -> None:
    landed = lgm.land("customers", [customer(1)])
    assert ledger.slices_to_merge(lgm.connection, landed.sync_id) == [landed.slice_id]
    counts = lgm.merge(landed)
    assert ledger.slices_to_merge(lgm.connection, landed.sync_id) == []
    row = lgm.one("SELECT records_fetched, created FROM ops.sync_history")
    assert row == (counts.fetched, counts.created) == (1, 1)


def test_accounts_are_registered_once_with_one_unmapped_place(lgm: Bench) -> None:
    ledger.register_accounts(lgm.connection, [LGM, LGM])
    assert lgm.one("SELECT count(*) FROM core.accounts") == 1
    assert lgm.one("SELECT count(*) FROM core.locations WHERE NOT is_mapped") == 1
