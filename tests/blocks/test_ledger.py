"""The ledger: runs, attempts, slices, and how a sync is closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
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


@pytest.mark.parametrize(("verdict", "status"), [(None, "success"), ("balanced", "success"), ("over", "success")])
def test_T21_a_slice_that_lacks_nothing_leaves_its_stream_success(lgm: Bench, verdict: str, status: str) -> None:
    assert closed_with(lgm, "merged", verdict) == (status, None)


def test_T21_a_short_slice_leaves_its_stream_partial_and_says_what_to_do(lgm: Bench) -> None:
    status, told = closed_with(lgm, "merged", "short")
    assert status == "partial"
    assert "customers 1: the list moved while it was read" in told
    assert "(it counts 67, 60 came)" in told
    assert "trigger a new run" in told
    assert "customers 0" not in told


def test_T21_a_short_slice_of_a_dry_run_is_told_too_and_one_that_failed_is_told_as_failed(lgm: Bench) -> None:
    assert closed_with(lgm, "done", "short", done_state="done")[0] == "partial"
    lgm.rows("DELETE FROM ops.sync_slices RETURNING 1")
    lgm.rows("DELETE FROM ops.sync_history RETURNING 1")
    status, told = closed_with(lgm, "failed", "short")
    assert (status, told) == ("partial", "it broke"), "the other slice is merged"


def closed_with(lgm: Bench, state: str, verdict: str | None, done_state: str = "merged") -> Any:
    """Close a sync of two slices, the first of them whole; returns its status and what it is told."""
    sync_id = ledger.open_sync(lgm.connection, RUN, LGM, CUSTOMERS, {})
    specs = [SliceSpec("customers", f"{place}", "today") for place in range(2)]
    ledger.add_slices(lgm.connection, RUN, LGM, sync_id, specs)
    change = "UPDATE ops.sync_slices SET state = %s, verdict = %s, vendor_total = %s, records = 60, error_message = %s"
    lgm.rows(f"{change} WHERE scope = '0' RETURNING 1", (done_state, None, 60, None))
    broke = "it broke" if state == "failed" else None
    lgm.rows(f"{change} WHERE scope = '1' RETURNING 1", (state, verdict, 67, broke))
    status = ledger.close_sync(lgm.connection, sync_id, done_state=done_state)
    return status, lgm.one("SELECT error_message FROM ops.sync_history")


def test_a_killed_runs_rows_are_closed_beside_a_living_one(lgm: Bench) -> None:
    living, killed, young = Run("smartmoving", "living"), Run("smartmoving", "killed"), Run("smartmoving", "young")
    other_dag, other_account = Run("tekmetric", "killed"), replace(LGM, account="another")
    ledger.register_accounts(lgm.connection, [other_account])
    for run, account in ((living, LGM), (killed, LGM), (young, LGM), (other_dag, LGM), (killed, other_account)):
        sync_id = ledger.open_sync(lgm.connection, run, account, CUSTOMERS, {})
        if run is not young:
            lgm.rows(
                "UPDATE ops.sync_history SET start_time = now() - interval '4 hours' WHERE sync_id = %s RETURNING 1",
                (sync_id,),
            )
    assert ledger.close_orphans(lgm.connection, timedelta(hours=3), beside=(LGM, living)) == 1
    closed = lgm.rows("SELECT dag_id, run_id, account, error_message FROM ops.sync_history WHERE status = 'failed'")
    assert [row[:3] for row in closed] == [("smartmoving", "killed", LGM.account)]
    assert "Clear that run to resume its slices" in closed[0].error_message
    assert ledger.close_orphans(lgm.connection, timedelta(hours=3)) == 3, "upkeep knows no living run of that age"
    assert ledger.close_orphans(lgm.connection, timedelta(0)) == 1


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
