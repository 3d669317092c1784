"""What our own process's end does to us: killed, an error of ours, a lost database."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import psycopg
import pytest
from branchline.slices import Slice

from tests.fetching import Chunk, measured


def test_killed_in_the_middle_it_resumes_with_what_is_missing(smartmoving: Any) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=60, latency_ms=40)).sweep(days=8)
    process = measured(chunk)
    while len({(row.slice_id, row.page) for row in chunk.landed()}) < 20:
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.2)
    kept = len({(row.slice_id, row.page) for row in chunk.landed()})
    assert chunk.fetch().calls == 8 * 12 - kept
    chunk.check_whole(8)


def test_an_error_of_ours_ends_the_chunk_and_does_not_hang_it(chunk: Chunk, monkeypatch: pytest.MonkeyPatch) -> None:
    learn = Slice.learn
    monkeypatch.setattr(
        Slice, "learn", lambda piece, number, page: 1 // 0 if number == 7 else learn(piece, number, page)
    )
    with pytest.raises(ZeroDivisionError):
        chunk.sweep(days=2).fetch()
    monkeypatch.undo()
    chunk.fetch()
    chunk.check_whole(2)
    chunk.check_ledgers(cut_short=8)


@pytest.mark.parametrize("query", ["COPY", "UPDATE ops", "SELECT ops"])
def test_a_lost_database_connection_ends_the_chunk_and_the_next_try_finishes(smartmoving: Any, query: str) -> None:
    chunk = Chunk(smartmoving(page_cap=5, customers_per_day=60, latency_ms=20)).sweep(days=12)
    victim: list[bool] = []

    def strike() -> None:
        while not victim and len(chunk.landed()) < 20:
            time.sleep(0.01)
        while not victim:
            rows = chunk.line.warehouse.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'branchline fetch' "
                "AND (query ILIKE %s OR %s)",
                (f"%{query}%", query == "COPY"),
                role="admin",
            )
            victim.extend(True for _ in rows)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        with pytest.raises(psycopg.OperationalError):
            chunk.fetch()
    finally:
        victim.append(True)
        thread.join()
    chunk.fetch()
    chunk.check_whole(12)
