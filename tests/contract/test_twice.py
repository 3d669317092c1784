"""Doubled, overlapping and repeated runs, and what a wrong clock wrote (T61 to T64)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from branchline import sync
from branchline.request import Request

from tests.blocks.landed import contents
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


# --------------------------------------------------------------------------------------- T61 to T63, doubled and twice


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


@over("cursor")
def test_T64_a_cursor_of_the_future_reads_nothing_and_says_so_until_a_full_run(kind: Any, make: Any) -> None:
    line = little(make, kind)
    line.sync()
    stream = kind.LIST.stream
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
