"""Doubled, overlapping and repeated runs, replays, and what a wrong clock wrote (T61 to T64, T67)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from branchline import sync
from branchline.request import Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.blocks.landed import CIRCUMSTANCE, Bench, after, contents
from tests.contract.killing import THE_RUN
from tests.contract.line import NOW
from tests.contract.lines import over
from tests.contract.undisturbed import Undisturbed, little

FUTURE = "2999-01-01T00:00:00+00:00"


def together(*works: Callable[[], Any]) -> list[BaseException]:
    errors: list[BaseException] = []

    def guarded(work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


# --------------------------------------------------------------------------------- T61 to T63, T67, doubled and twice


@over()
def test_T61_the_same_task_twice_at_once_merges_and_counts_once(kind: Any, make: Any, undisturbed: Undisturbed) -> None:
    line = little(make, kind)
    run = line.begin(run_id=THE_RUN)
    for wave in kind.SOURCE.waves:
        line.fetch(run, wave, line.plan(run, wave))
        assert together(lambda w=wave: sync.merge_wave(run, w), lambda w=wave: sync.merge_wave(run, w)) == []
    sync.close(run)
    undisturbed.assert_same(line)
    undisturbed.assert_same_counts(line)


@over()
def test_T61_two_runs_of_the_same_window_at_once(kind: Any, make: Any, undisturbed: Undisturbed) -> None:
    line = little(make, kind)
    first, second = line.begin(run_id="one"), line.begin(run_id="two")
    for wave in kind.SOURCE.waves:
        assert together(lambda w=wave: line.wave(first, w), lambda w=wave: line.wave(second, w)) == []
    assert set(sync.close(first).values()) == set(sync.close(second).values()) == {"success"}
    undisturbed.assert_same(line)


@over()
def test_T62_a_backfill_and_a_scheduled_run_that_overlap_end_the_same_in_either_order(
    kind: Any, make: Any, undisturbed: Undisturbed
) -> None:
    line = little(make, kind)
    runs = [line.begin(run_id="scheduled"), line.begin(run_id="backfill", **line.overlapping())]
    listed = kind.SOURCE.stream(kind.LIST.stream).wave
    for wave in kind.SOURCE.waves:
        if wave == listed:
            planned = [line.plan(run, wave) for run in runs]
            for run, chunks in zip(runs, planned, strict=True):
                assert chunks
                line.fetch(run, wave, chunks)
            for run in reversed(runs):
                sync.merge_wave(run, wave)
        else:
            for run in runs if wave == kind.SOURCE.waves[0] else reversed(runs):
                line.wave(run, wave)
    for run in reversed(runs):
        sync.close(run)
    undisturbed.assert_same(line)
    twice = line.warehouse.rows(
        "SELECT run_id, records_fetched FROM ops.sync_history WHERE sync_type = %s ORDER BY 1", (kind.LIST.stream,)
    )
    assert [row.run_id for row in twice] == ["backfill", "scheduled"]
    assert 0 < twice[0].records_fetched <= twice[1].records_fetched


_PAGES = 4
_shuffled = st.tuples(st.permutations(range(_PAGES)), st.lists(st.sampled_from(range(_PAGES)), max_size=_PAGES))


@over()
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=_shuffled)
def test_T62_pages_in_any_order_and_any_of_them_again_end_the_same(kind: Any, bench: Bench, pages: Any) -> None:
    """Each page has another version of one record; the last one that was answered is the truth, wherever it comes."""
    order, again = pages

    def merged(numbers: list[int]) -> dict[str, Any]:
        cases = [kind.RECORDS.version(number) for number in numbers]
        (stream,) = {case.stream for case in cases}
        keys = cases[0].keys
        sent = [record for case in cases for record in case.records]
        with bench.connection.transaction(force_rollback=True):
            counts = bench.take(
                stream, sent, keys=keys, asked=list(keys or [None]) * len(sent), times=[after(one) for one in numbers]
            )
            assert (counts.fetched, counts.created, counts.duplicates) == (len(numbers), 1, len(numbers) - 1)
            assert bench.one(kind.RECORDS.told) == f"V{_PAGES - 1}"
            return {table: rows_in(kind, bench, table) for table in (kind.ROOT, *kind.TABLES)}

    assert merged([*order, *again]) == merged(list(range(_PAGES)))


def rows_in(kind: Any, bench: Bench, table: str) -> list[Any]:
    """A table's rows but for their circumstances, as the transaction under way sees them."""
    left_out = CIRCUMSTANCE | kind.WRITTEN_AT
    rows = [row._asdict().items() for row in bench.rows(f"SELECT * FROM {table}")]
    return sorted(([pair for pair in row if pair[0] not in left_out] for row in rows), key=repr)


@over()
def test_T63_every_record_of_the_list_has_a_key_of_its_own_and_keeps_it(kind: Any, make: Any) -> None:
    line = little(make, kind)
    keys = []
    for run in ("first", "second"):
        line.sync(Request(full=True), run_id=run)
        landed = line.warehouse.rows(
            f"SELECT body ->> '{kind.LIST.key}' AS key FROM landing.records INNER JOIN ops.sync_slices AS slices "
            "USING (slice_id) WHERE slices.stream = %s AND slices.run_id = %s",
            (kind.LIST.stream, run),
            role="admin",
        )
        keys.append(Counter(row.key for row in landed))
    assert keys[0]
    assert None not in keys[0]
    assert set(keys[0].values()) == {1}
    assert keys[0] == keys[1]


@over()
def test_T67_a_replay_changes_nothing_and_asks_nobody(kind: Any, make: Any) -> None:
    line = little(make, kind)
    line.sync()
    instant = line.grow_old(15)
    told = line.change()
    line.sync(instant=instant)
    assert line.errors == []
    kept = [line.contents(), line.served(), cursors(line)]
    assert set(line.sync(Request(replay=True), run_id="replay", instant=instant).values()) == {"success"}, line.errors
    assert [line.contents(), line.served(), cursors(line)] == kept
    told.check(line.warehouse)
    replayed = line.warehouse.rows("SELECT * FROM ops.sync_history WHERE run_id = 'replay'")
    assert sum(row.created + row.updated + row.deleted for row in replayed) == 0
    assert sum(row.records_fetched for row in replayed) > line.expected(0) > 0


def cursors(line: Any) -> list[Any]:
    query = "SELECT stream, scope, cursor_value FROM ops.sync_cursors WHERE scope <> 'derived' ORDER BY 1, 2"
    return list(line.warehouse.rows(query, role="admin"))


@over()
def test_T63_a_second_run_changes_no_row(kind: Any, make: Any) -> None:
    line = little(make, kind)
    line.sync()
    stamps = [
        (table, line.warehouse.rows(f"SELECT max(synced_at) AS at FROM {table}"))
        for table in (kind.ROOT, *kind.TABLES)
        if table != "core.locations"
    ]
    tables = contents(line.warehouse, schemas=kind.SCHEMAS)
    assert len(tables[kind.ROOT]) > 0
    line.sync()
    assert contents(line.warehouse, schemas=kind.SCHEMAS) == tables
    for table, before in stamps:
        assert line.warehouse.rows(f"SELECT max(synced_at) AS at FROM {table}") == before, table
    second = line.warehouse.rows("SELECT * FROM ops.sync_history WHERE run_id = 'run 2'")
    assert sum(row.created + row.updated + row.deleted for row in second) == 0
    assert sum(row.unchanged for row in second) > 0


# --------------------------------------------------------------------------------------------------- T64, wrong clocks


@over("derived")
def test_T64_a_watermark_of_the_future_is_told_and_passed_over(
    kind: Any, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    line = little(make, kind)
    line.sync()
    line.warehouse.execute(
        "UPDATE ops.sync_cursors SET cursor_value = to_jsonb(%s::text) WHERE scope = 'derived'", (FUTURE,)
    )
    instant = line.grow_old(15)
    told = line.change()
    line.sync(instant=instant)
    assert "still to come" in caplog.text
    told.check(line.warehouse)
    assert line.warehouse.one("SELECT count(*) FROM ops.sync_cursors WHERE cursor_value::text LIKE '\"2999%%'") == 0


@over("by_id")
def test_T64_an_answer_of_the_future_is_asked_for_again(kind: Any, make: Any) -> None:
    line = little(make, kind)
    line.sync()
    known = line.warehouse.one("SELECT count(*) FROM ops.lookups", role="admin")
    assert known > 5
    line.warehouse.execute("UPDATE ops.lookups SET asked_at = '2999-01-01'")
    line.sync()
    by_id = [stream.name for stream in kind.SOURCE.streams if stream.due]
    asked = "SELECT sum(api_calls) FROM ops.sync_history WHERE run_id = 'run 2' AND sync_type = ANY(%s)"
    assert line.warehouse.one(asked, (by_id,)) > 5
    still = (
        "SELECT count(*) FROM ops.lookups INNER JOIN ops.sync_slices AS slices USING (stream) WHERE run_id = 'run 2' "
        "AND slices.request -> 'keys' ? record_key AND asked_at > now() + interval '1 day'"
    )
    assert line.warehouse.one(still, role="admin") == 0, "what was asked for again is not due for ever"


@over("absence", "by_id")
def test_T64_an_answer_of_the_future_about_what_was_missing_is_asked_for_again(kind: Any, bench: Bench) -> None:
    records = kind.RECORDS
    bench.merge(records.listed(bench, range(12), after(0)))
    bench.merge(records.listed(bench, range(10), after(60)))
    missed = bench.rows(records.missed)
    assert len(missed) == 2
    # The vendor has them, though no list shows them; it was a wrong clock that wrote when it said so.
    bench.rows(
        "UPDATE ops.lookups SET asked_at = '2999-01-01', was_found = TRUE, wanted = NULL "
        "WHERE wanted = 'missing' RETURNING 1"
    )
    assert bench.rows(records.missed) == []
    bench.merge(records.listed(bench, range(10), after(120)))
    assert bench.rows(records.missed) == missed


@over("cursor")
def test_T64_a_cursor_of_the_future_reads_nothing_and_says_so_until_a_full_run(kind: Any, make: Any) -> None:
    line = little(make, kind)
    line.sync()
    stream = kind.CURSOR
    line.warehouse.execute(
        "UPDATE ops.sync_cursors SET cursor_value = to_jsonb(%s::text) WHERE stream = %s", (FUTURE, stream)
    )
    wave = kind.SOURCE.stream(stream).wave
    run = line.begin(run_id="to look at")
    planned = sync.plan_wave(run, wave, line.endpoint_of(kind.SOURCE.api_of(wave)), line.probe)
    assert [note for note in planned.notes if "lies in the future" in note and stream in note]
    instant = line.grow_old(15)
    assert set(line.sync(instant=instant).values()) == {"success"}
    read = "SELECT records_fetched, api_calls FROM ops.sync_history WHERE sync_type = %s AND run_id = 'run 2'"
    assert tuple(line.warehouse.one(read, (stream,))) == (0, 0)
    told = line.change()
    line.sync(Request(full=True), instant=instant)
    told.check(line.warehouse)
    values = line.warehouse.rows("SELECT cursor_value FROM ops.sync_cursors WHERE stream = %s", (stream,))
    assert values
    assert all(NOW.replace(year=2000) < datetime.fromisoformat(row.cursor_value) <= instant for row in values)


@over("windows")
def test_T64_a_window_that_was_read_in_the_future_is_read_today_as_ever(kind: Any, make: Any) -> None:
    line = little(make, kind)
    line.sync()
    stream = kind.LIST.stream
    cursor = "SELECT cursor_value FROM ops.sync_cursors WHERE stream = %s AND scope = 'window'"
    before = line.warehouse.one(cursor, (stream,))
    line.warehouse.execute(
        "UPDATE ops.sync_cursors SET cursor_value = to_jsonb(%s::text) WHERE stream = %s", (FUTURE, stream)
    )
    instant = line.grow_old(15)
    told = line.change()
    assert set(line.sync(instant=instant).values()) == {"success"}, line.errors
    told.check(line.warehouse)
    read = "SELECT records_fetched FROM ops.sync_history WHERE sync_type = %s AND run_id = 'run 2'"
    assert line.warehouse.one(read, (stream,)) > 0
    after_it = line.warehouse.one(cursor, (stream,))
    assert datetime.fromisoformat(before) <= datetime.fromisoformat(after_it) <= instant
