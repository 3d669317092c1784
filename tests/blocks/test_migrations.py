"""T68: the schema comes up from nothing, stays when it is there, and refuses what it does not know."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from branchline import migrations
from branchline.errors import Reconfigure
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from stack.testing import fresh_database, login

PASSWORD = "only-in-tests"
FILES = sorted(path.name for path in migrations.MIGRATIONS.glob("*.sql"))


@pytest.fixture
def empty(cluster: Any, template: str) -> Iterator[tuple[str, str]]:
    """An empty database: the admin's and the migrator's connection strings (the template made the roles)."""
    with fresh_database(cluster) as admin:
        migrations.create_roles(admin)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE branchline_migrator PASSWORD {}").format(sql.Literal(PASSWORD)))
        yield admin, login(admin, "branchline_migrator", PASSWORD)


def test_t68_up_from_empty_and_again(empty: tuple[str, str]) -> None:
    _, migrator = empty
    assert migrations.upgrade(migrator) == FILES
    assert migrations.upgrade(migrator) == []


def test_t68_one_step_at_a_time_keeps_the_data(empty: tuple[str, str]) -> None:
    _, migrator = empty
    assert migrations.upgrade(migrator, "0001") == FILES[:1]
    with psycopg.connect(migrator, autocommit=True) as connection:
        connection.execute("INSERT INTO core.clients (client_id) VALUES ('kept')")
    assert migrations.upgrade(migrator) == FILES[1:]
    with psycopg.connect(migrator) as connection:
        assert connection.execute("SELECT client_id FROM core.clients").fetchall() == [("kept",)]


def test_t68_a_newer_warehouse_is_refused_with_words(empty: tuple[str, str]) -> None:
    _, migrator = empty
    migrations.upgrade(migrator)
    with psycopg.connect(migrator, autocommit=True) as connection:
        connection.execute("UPDATE ops.schema_version SET version_num = '9999'")
    with pytest.raises(Reconfigure, match="it stands at revision 9999, newer than this code"):
        migrations.upgrade(migrator)


def test_t68_a_downgrade_is_refused_with_words(empty: tuple[str, str]) -> None:
    _, migrator = empty
    migrations.upgrade(migrator)
    with pytest.raises(Reconfigure, match="there is no downgrade, restore a backup"):
        migrations.upgrade(migrator, "0001")


def test_t68_a_step_that_fails_leaves_nothing(empty: tuple[str, str]) -> None:
    admin, migrator = empty
    migrations.upgrade(migrator, "0001")
    with psycopg.connect(migrator, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA crm")  # in the way of a later step
    with pytest.raises(psycopg.Error, match="crm"):
        migrations.upgrade(migrator)
    with psycopg.connect(admin) as connection:
        assert connection.execute("SELECT version_num FROM ops.schema_version").fetchall() == [("0001",)]
        assert connection.execute("SELECT to_regnamespace('smartmoving')").fetchone() == (None,)


def test_t68_two_migrators_at_once_apply_it_once(empty: tuple[str, str]) -> None:
    _, migrator = empty
    applied: list[list[str]] = []
    threads = [threading.Thread(target=lambda: applied.append(migrations.upgrade(migrator))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied, key=len) == [[], FILES]


CANARY = "canary-Zq83-migrator"  # no secret: what a test looks for


def said_by(error: BaseException | None) -> str:
    """All that a log could show of an error: its text, its traceback with causes, what its attributes hold."""
    assert error is not None
    shown = "".join(traceback.format_exception(error))
    while error is not None:
        shown += f"{error!r} {vars(error)!r} {getattr(error, 'pgconn', None)!r}"
        shown += repr([getattr(error, "orig", None), getattr(error, "params", None)])
        error = error.__cause__ or error.__context__
    return shown


@pytest.mark.parametrize("step", [migrations.upgrade, migrations.create_roles])
@pytest.mark.parametrize(
    ("broken", "kind", "fact"),
    [
        ("host={host} port={port} dbname={dbname} user=branchline_migrator password={canary}", psycopg.OperationalError,
         "password authentication failed"),
        ("host={host} port=1 dbname={dbname} user=branchline_migrator password={canary}", psycopg.OperationalError,
         "Connection refused"),
        ("host={host} dbname={dbname} password=ab {canary}", Reconfigure, "libpq cannot read"),
        ("host=db.example.com dbname=warehouse password={canary}", Reconfigure, "is another machine and sslmode is"),
    ],
)  # fmt: skip
def test_t90_a_refused_migration_shows_no_password(
    empty: tuple[str, str], step: Any, broken: str, kind: type[Exception], fact: str
) -> None:
    parts = conninfo_to_dict(empty[0])
    with pytest.raises(kind, match=fact) as caught:
        step(broken.format(canary=CANARY, **parts))
    assert CANARY not in said_by(caught.value)
