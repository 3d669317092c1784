"""What a vendor's limits do to us (T01, T02): the real transport and warehouse against the sandbox's faults."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from branchline.errors import Deferred, TryLater

from tests.contract.lines import over
from tests.fetching import Chunk, only, rule


@over("pages")
@pytest.mark.parametrize("header", [{"retry_after": 1}, {"retry_after_date": 2.5}], ids=["seconds", "date"])
def test_T01_429_with_retry_after_pauses_every_worker(
    kind: Any, make: Any, caplog: pytest.LogCaptureFixture, header: dict[str, Any]
) -> None:
    chunk = Chunk(make(**kind.world(300, 1), latency_ms=5, access_log=True)).plan()
    assert chunk.pages() >= 60
    rule(chunk, {"kind": "status", "status": 429} | header, after=20, times=1)
    with caplog.at_level(logging.INFO):
        chunk.fetch()
    answers = [(r.created, r.response_status) for r in caplog.records if r.name == "sandbox.access"]  # type: ignore[attr-defined]
    (refused,) = [moment for moment, status in answers if status == 429]
    after = [moment - refused for moment, _ in answers if moment > refused]
    # Those that were under way come back; nobody else before the second is over.
    assert sum(seconds < 1.0 for seconds in after) < chunk.line.concurrency
    assert sum(seconds >= 1.0 for seconds in after) >= 30
    assert sum("try 1 of 6 failed" in r.message for r in caplog.records) == 1
    assert chunk.served() == {"200": chunk.pages(), "429": 1}
    chunk.check_whole()
    assert chunk.check_ledgers() == chunk.pages() + 1


@over("pages", "slices")
def test_T01_retry_after_of_an_hour_defers_and_keeps_what_is_here(chunk: Chunk) -> None:
    chunk.plan(3)
    rule(chunk, {"kind": "status", "status": 429, "retry_after": 3600}, after=6)
    begun = time.monotonic()
    progress = chunk.fetch()
    assert time.monotonic() - begun < 10
    assert {type(error) for error in progress.failures.values()} == {Deferred}
    assert chunk.states == ["deferred"] * 3
    assert all("3600 s" in row.error_message for row in chunk.slices())
    kept = {(row.slice_id, row.page) for row in chunk.landed()}
    assert 1 <= len(kept) <= 6
    calls = chunk.check_ledgers()
    assert calls <= 6 + 8
    # The pause is the credential's: a second process does not even ask.
    again = chunk.fetch()
    assert again.calls == 0
    assert chunk.states == ["deferred"] * 3
    assert "pause" in str(next(iter(again.failures.values())))
    # It is over: only what is missing is fetched.
    chunk.line.vendor.control.clear_faults()
    chunk.line.warehouse.execute("DELETE FROM ops.rate_buckets")
    assert chunk.fetch().calls == chunk.pages(3) - len(kept)
    chunk.check_whole(3)
    chunk.check_ledgers()


@over()
def test_T01_the_text_of_the_body_is_a_retry_after(chunk: Chunk) -> None:
    rule(chunk, {"kind": "status", "status": 429}, times=1)  # "Try again in 1 seconds.", no header
    begun = time.monotonic()
    chunk.plan().fetch()
    assert time.monotonic() - begun >= 1.0
    chunk.check_whole()


@over()
def test_T02_a_storm_of_429_costs_six_calls_a_slice_and_the_run_is_partial(kind: Any, make: Any, quick: None) -> None:
    line = make()
    storm = {"kind": "status", "status": 429, "body": "no"}
    line.vendor.control.faults({"match": kind.LIST.sized, "action": storm})
    statuses = line.sync()
    assert statuses.pop(kind.LIST.stream) == "failed"
    assert set(statuses.values()) == {"success"}
    slices = line.warehouse.rows("SELECT * FROM ops.sync_slices WHERE stream = %s", (kind.LIST.stream,), role="admin")
    assert len(slices) >= (2 if kind.has("slices") else 1)
    assert {(row.state, row.api_calls) for row in slices} == {("failed", 6)}
    assert Chunk(line).served() == {"200": kind.LIST.others, "429": 6 * len(slices)}
    others = line.warehouse.one(
        "SELECT count(*) FROM ops.rate_buckets WHERE source <> %s", (kind.SOURCE.slug,), role="admin"
    )
    assert others == 0


@over("by_id")
@pytest.mark.parametrize("after", [0, 20])
def test_T02_a_storm_on_single_records_does_not_cost_six_calls_each(
    kind: Any, make: Any, quick: None, after: int
) -> None:
    line = make(**kind.world())
    chunk = Chunk(line).by_key(kind.BY_ID.stream, line.keys()[:50])
    line.vendor.control.faults(
        {"match": kind.BY_ID.calls, "action": {"kind": "status", "status": 429, "body": "no"}, "after": after}
    )
    assert isinstance(only(chunk.fetch()), TryLater)
    refused = line.vendor.control.served()["by_status"]["429"]
    assert refused == 6 if after == 0 else 6 <= refused <= 8 + 5
    assert len(chunk.landed()) == after
    line.vendor.control.clear_faults()
    assert chunk.fetch().calls == 50 - after
    assert chunk.states == ["done"]
    chunk.check_ledgers()
