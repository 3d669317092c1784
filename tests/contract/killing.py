"""A run in a process of its own that can be killed after a step or inside a statement (T60)."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psycopg
import pytest
from branchline import sync
from psycopg import sql

from sandbox.server import Running

THE_RUN = "the run"
_LOCK = 6060
_SECONDS = 600


def wait_until(is_true: Callable[[], Any], what: str, seconds: float = 40) -> None:
    """Wait for something, not for ever."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def _child(slug: str, admin: str, url: str, mark_after: str, told: Connection) -> None:
    """One run, wave by wave; after the step that `mark_after` names it says so and waits to be killed."""
    from tests.conftest import Warehouse
    from tests.contract.lines import LINES

    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    (kind,) = [line for line in LINES if line.SOURCE.slug == slug]
    nothing: Any = None
    line = kind(Warehouse(admin), Running(url, nothing, nothing), kind.SOURCE, kind.ACCOUNT)
    run = line.begin(run_id=THE_RUN)

    def done(step: str) -> None:
        if step == mark_after:
            told.send(step)
            time.sleep(_SECONDS)

    for wave in kind.SOURCE.waves:
        chunks = line.plan(run, wave)
        done(f"{wave}.plan")
        line.fetch(run, wave, chunks)
        done(f"{wave}.fetch")
        sync.merge_wave(run, wave)
        done(f"{wave}.merge")
    sync.close(run)
    done("close")


@contextmanager
def child_process(line: Any, mark_after: str) -> Iterator[tuple[multiprocessing.process.BaseProcess, Connection]]:
    """A process that runs the line; killed at the block's end. Yields it and what it says.

    All of them are forked from one that has imported everything: an import of Airflow takes seconds.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.contract.lines", "tests.conftest"])
    heard, told = context.Pipe(duplex=False)
    arguments = (line.source.slug, line.warehouse.admin, line.vendor.url, mark_after, told)
    process = context.Process(target=_child, args=arguments, daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(path or os.curdir for path in sys.path))
        process.start()
    told.close()
    try:
        yield process, heard
    finally:
        process.kill()
        process.join()
        heard.close()


def has_said(process: tuple[multiprocessing.process.BaseProcess, Connection], step: str) -> bool:
    """Wait until the process has done that step; False where it ended before."""
    _, heard = process
    assert heard.poll(60), f"waited 60 s for {step}"
    try:
        return bool(heard.recv() == step)
    except EOFError:
        return False


@contextmanager
def standing_still(line: Any, point: str) -> Iterator[Callable[[], bool]]:
    """Make whoever reaches the point wait for a lock that is held here; yields whether somebody does."""
    when, stream = line.POINTS[point]
    table = when.split(" ON ")[1].split()[0]
    slice_id = "(to_jsonb(NEW) ->> 'slice_id')::bigint"
    stream_is = {
        "landing.records": f"EXISTS (SELECT FROM ops.sync_slices WHERE slice_id = {slice_id} AND stream = '{stream}')",
        "ops.sync_history": f"to_jsonb(NEW) ->> 'sync_type' = '{stream}'",
    }.get(table, "TRUE")
    with psycopg.connect(line.warehouse.admin, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        admin.execute(
            "CREATE FUNCTION public.stand_still() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
            f"IF {stream_is} THEN PERFORM pg_advisory_xact_lock_shared({_LOCK}); END IF; RETURN NEW; END $$; "
            f"CREATE TRIGGER stand_still {when} EXECUTE FUNCTION public.stand_still()".encode()
        )

        def is_reached() -> bool:
            found = admin.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                (_LOCK,),
            ).fetchone()
            return bool(found and found[0])

        try:
            yield is_reached
        finally:
            admin.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
            admin.execute(
                sql.SQL("DROP TRIGGER stand_still ON {}; DROP FUNCTION public.stand_still()").format(
                    sql.Identifier(*table.split("."))
                )
            )
