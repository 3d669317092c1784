"""Killed anywhere and run again, the warehouse ends as if nothing had happened (T60, T65, T66)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from branchline import migrations, sync
from psycopg import sql

from stack.testing import login, temporary_cluster
from tests.conftest import PASSWORD, ROLES, Warehouse
from tests.contract.killing import THE_RUN, child_process, has_said, standing_still, wait_until
from tests.contract.lines import over
from tests.contract.undisturbed import Undisturbed, finish, little


@over(each=lambda line: line.POINTS)
def test_T60_killed_inside_a_statement_and_run_again(kind: Any, make: Any, undisturbed: Undisturbed, case: str) -> None:
    line = little(make, kind)
    with standing_still(line, case) as is_reached, child_process(line, "never") as (process, _):
        wait_until(lambda: is_reached() or not process.is_alive(), case)
        assert is_reached(), f"the child ended before {case}"
    assert process.exitcode == -signal.SIGKILL
    assert set(finish(line).values()) == {"success"}
    undisturbed.assert_same(line)


def steps(line: Any) -> list[str]:
    return [*(f"{wave}.{step}" for wave in line.SOURCE.waves for step in ("plan", "fetch", "merge")), "close"]


@over(each=steps)
def test_T60_T65_killed_after_a_step_and_run_again(kind: Any, make: Any, undisturbed: Undisturbed, case: str) -> None:
    """Every step is a checkpoint: after fetch, after the commit before the task's end, after the last."""
    line = little(make, kind)
    with child_process(line, case) as child:
        assert has_said(child, case), "the child ended before it"
    calls = line.served()
    assert calls > 0 or case == steps(kind)[0]
    finish(line)
    undisturbed.assert_same(line)
    if case == "close":
        assert line.served() == calls, "nothing was left to fetch"


# ---------------------------------------------------------------------------------------------- T66, the database goes


@over()
def test_T66_postgresql_restarts_in_the_middle_of_a_merge(kind: Any, vendors: Any, undisturbed: Undisturbed) -> None:
    when, stream = kind.POINTS["inside the merge"]
    table = when.split(" ON ")[1].split()[0]
    wave = kind.SOURCE.stream(stream).wave
    with temporary_cluster() as own:
        line = kind(migrated(own), vendors(**kind.SANDBOX | kind.LITTLE), kind.SOURCE, kind.ACCOUNT)
        line.prepare()
        run = line.begin(run_id=THE_RUN)
        for earlier in kind.SOURCE.waves[: kind.SOURCE.waves.index(wave)]:
            line.wave(run, earlier)
        line.fetch(run, wave, line.plan(run, wave))
        errors: list[BaseException] = []

        def merge() -> None:
            try:
                sync.merge_wave(run, wave)
            except BaseException as error:  # noqa: BLE001 - told to the test
                errors.append(error)

        with standing_still_until_restart(line, own, table) as is_reached:
            merging = threading.Thread(target=merge, daemon=True)
            merging.start()
            wait_until(is_reached, "the merge")
        merging.join()
        assert isinstance(errors[0], psycopg.OperationalError), errors
        line.warehouse = Warehouse(own.admin_conninfo("warehouse"))
        line.warehouse.execute(f"DROP TRIGGER stand_still ON {table}")
        assert line.warehouse.one(f"SELECT count(*) FROM {kind.ROOT}") == 0
        assert set(finish(line).values()) == {"success"}
        undisturbed.assert_same(line)


def migrated(own: Any) -> Warehouse:
    """A warehouse in a cluster of its own."""
    own.create_database("warehouse")
    conninfo = own.admin_conninfo("warehouse")
    migrations.create_roles(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as admin:
        for role in ROLES:
            admin.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(f"branchline_{role}"), sql.Literal(PASSWORD))
            )
    migrations.upgrade(login(conninfo, "branchline_migrator", PASSWORD))
    return Warehouse(conninfo)


@contextmanager
def standing_still_until_restart(line: Any, own: Any, table: str) -> Iterator[Callable[[], bool]]:
    """A merge that reaches the table sleeps; leaving the block restarts the server."""
    line.warehouse.execute(
        "CREATE FUNCTION public.stand_still() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        "$$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$; "
        f"CREATE TRIGGER stand_still BEFORE INSERT ON {table} EXECUTE FUNCTION public.stand_still()"
    )
    yield lambda: line.warehouse.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", role="admin")
    own.stop()
    own.start()
