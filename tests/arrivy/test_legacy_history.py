"""The legacy sync history: moved, proved, rolled back, retired; whoever is stopped halfway has changed nothing."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from branchline.errors import Reconfigure
from branchline.ledger import Account, Run
from branchline.legacy_history import DAG_ID, STEPS, WORDS, HistoryAtRisk, account_of
from branchline.request import Request
from branchline.sources.arrivy import ARRIVY
from branchline.sync import Sync
from branchline.sync.planning import selected_streams
from branchline.upkeep import keep

from tests.arrivy.legacy import ACCOUNT, NOON, TABLE, Legacy, own_sync

# ------------------------------------------------------------------------------------------------- there and back


def test_the_legacy_history_moves_and_rolls_back(legacy: Legacy) -> None:
    legacy.make()
    own_sync(legacy)
    source, before = legacy.content(), legacy.history()
    done = legacy.step("copy")
    assert done["legacy"] == {
        "entities as entities": 1,
        "groups as groups": 1,
        "task_status as task_statuses": 1,
        "tasks as tasks": 1,
    }
    assert done["left_out"] == {"location_reports: never synced": 1}
    assert (done["inserted"], done["rewritten"], done["removed"]) == (4, 0, 0)
    assert done["before"] == {"tasks success": {"rows": 1, "moved": 0}}
    assert done["after"]["tasks success"] == {"rows": 2, "moved": 1}
    moved = [row for row in legacy.history() if "migrated_from" in row.configuration]
    assert [(row.sync_type, row.end_time) for row in moved] == [
        ("entities", NOON),
        ("tasks", NOON + timedelta(minutes=5, microseconds=123456)),
        ("groups", NOON + timedelta(minutes=7)),
        ("task_statuses", NOON + timedelta(minutes=9)),
    ]
    for row in moved:
        assert (row.crm_source, row.account, row.client_id, row.status) == ("arrivy", "arrivy", "home", "success")
        assert row.start_time == row.end_time
        assert row.configuration["estimated"] == ["start_time"]
        assert (row.dag_id, row.run_id) == (DAG_ID, f"{TABLE}/{row.configuration['legacy_id']}")
    assert moved[3].configuration["legacy_sync_type"] == "task_status"
    assert legacy.content() == source, "the legacy table stays as it is"
    back = legacy.step("roll_back")
    assert back["removed"] == 4
    assert back["after"] == done["before"]
    assert legacy.history() == before
    assert legacy.content() == source
    assert legacy.step("roll_back")["removed"] == 0, "and again"


def test_a_check_counts_what_a_copy_would_do_and_keeps_nothing(legacy: Legacy) -> None:
    legacy.make()
    own_sync(legacy)
    before = legacy.history()
    told = legacy.step("check")
    assert legacy.history() == before
    done = legacy.step("copy")
    assert {**told, "step": "copy"} == done
    assert told["inserted"] == 4
    assert legacy.step("check")["inserted"] == 0


def test_T63_a_second_copy_writes_no_row(legacy: Legacy) -> None:
    legacy.make()
    legacy.step("copy")
    before = legacy.history()
    again = legacy.step("copy")
    assert (again["inserted"], again["rewritten"], again["removed"]) == (0, 0, 0)
    assert again["before"] == again["after"]
    assert legacy.history() == before, "not even rewritten with the same values"


def test_a_row_that_the_legacy_command_wrote_again_is_followed(legacy: Legacy) -> None:
    legacy.make()
    legacy.step("copy")
    first = {row.sync_type: row for row in legacy.history()}
    later = NOON + timedelta(days=3)
    legacy.warehouse.execute(f"UPDATE {TABLE} SET last_synced_at = %s WHERE sync_type = 'tasks'", (later,))
    with pytest.raises(HistoryAtRisk, match="1 are there with other values"):
        legacy.step("retire")
    done = legacy.step("copy")
    assert (done["inserted"], done["rewritten"]) == (0, 1)
    second = {row.sync_type: row for row in legacy.history()}
    assert (second["tasks"].start_time, second["tasks"].end_time) == (later, later)
    assert second["tasks"].sync_id == first["tasks"].sync_id
    assert second["groups"] == first["groups"]


def test_no_cursor_moves_and_no_sync_is_resumed(legacy: Legacy) -> None:
    legacy.make()
    legacy.step("copy")
    for table in ("ops.sync_cursors", "ops.sync_slices", "ops.lookups"):
        assert legacy.warehouse.one(f"SELECT count(*) FROM {table}") == 0
    assert legacy.warehouse.one("SELECT count(*) FROM ops.sync_history WHERE status = 'running'") == 0


def test_a_moved_row_does_not_pass_for_a_sync_of_today(legacy: Legacy) -> None:
    """The daily streams are read although the legacy commands read them an hour ago."""
    lately = datetime.now(UTC) - timedelta(hours=1)
    legacy.make([("customers", lately), ("crews", lately), ("bookings", lately)]).step("copy")
    run = Sync(legacy.warehouse.loader, ARRIVY, ACCOUNT, Run("arrivy", "run 1"), Request(), datetime.now(UTC), None)
    with run.connect("test") as connection:
        due = {stream.name for stream in selected_streams(connection, run, "lists")}
        assert {"customers", "crews", "bookings"} <= due
        own = "UPDATE ops.sync_history SET configuration = '{}' WHERE sync_type = 'crews'"
        legacy.warehouse.execute(own)
        assert due - {stream.name for stream in selected_streams(connection, run, "lists")} == {"crews"}


def test_a_moved_row_outlives_the_retention_of_history(legacy: Legacy) -> None:
    legacy.make().step("copy")
    before = legacy.history()
    own_sync(legacy, "long ago")
    legacy.warehouse.execute("UPDATE ops.sync_history SET end_time = '2025-06-01' WHERE run_id = 'long ago'")
    done = keep(legacy.warehouse.loader, landing_days=14, history_days=400, now=NOON + timedelta(days=4000))
    assert done["history_dropped"] == 1
    assert legacy.history() == before


# --------------------------------------------------------------------------------------------- words, moments, keys


@pytest.mark.parametrize(
    ("word", "stream"),
    [
        *((word, word) for word in sorted(set(WORDS.values()))),
        ("task_status", "task_statuses"),
        ("task_statuses_sync", "task_statuses"),
        ("location_report", "location_reports"),
        (" Tasks_Sync\t", "tasks"),
        ("LOCATION REPORTS", "location_reports"),
        ("Task-Status", "task_statuses"),
        ("bookings_sync", "bookings"),
    ],
)
def test_a_word_that_is_known(legacy: Legacy, word: str, stream: str) -> None:
    legacy.make([(word, NOON)]).step("copy")
    assert legacy.streams() == {stream: NOON}
    assert legacy.history()[0].configuration["legacy_sync_type"] == word


def test_every_word_means_a_stream_that_there_is() -> None:
    assert set(WORDS.values()) == {stream.name for stream in ARRIVY.streams if stream.wave != "missing"}


@pytest.mark.parametrize("word", ["", " ", "sync", "_sync", "task", "team_members", "tasks_sync_sync", "all", "tasks,"])
def test_a_word_that_nobody_knows_is_told_and_never_guessed(legacy: Legacy, word: str) -> None:
    legacy.make([(word, NOON), ("tasks", NOON)])
    done = legacy.step("copy")
    assert done["left_out"] == {f"{word}: unknown sync_type": 1}
    assert legacy.streams() == {"tasks": NOON}
    with pytest.raises(HistoryAtRisk, match=re.escape(f"{word}: unknown sync_type (1)")):
        legacy.step("retire")
    legacy.warehouse.execute(f"DELETE FROM {TABLE} WHERE sync_type = %s", (word,))
    assert legacy.step("retire")["left_out"] == {}


def test_a_word_that_is_missing(legacy: Legacy) -> None:
    legacy.make([(None, NOON)], columns="id int, sync_type text, last_synced_at {}")
    assert legacy.step("copy")["left_out"] == {"(null): unknown sync_type": 1}


def test_T64_a_sync_of_the_future_is_left_out_until_it_is_settled(legacy: Legacy) -> None:
    legacy.make([("tasks", datetime.now(UTC) + timedelta(hours=1)), ("groups", "infinity"), ("entities", "-infinity")])
    done = legacy.step("copy")
    assert done["left_out"] == {
        "entities: no date": 1,
        "groups: no date": 1,
        "tasks: in the future": 1,
    }
    assert legacy.history() == []
    with pytest.raises(HistoryAtRisk, match="tasks: in the future"):
        legacy.step("retire")
    legacy.warehouse.execute(f"UPDATE {TABLE} SET last_synced_at = %s", (NOON,))
    assert legacy.step("copy")["inserted"] == 3


def test_a_moment_without_a_zone_is_utc(legacy: Legacy) -> None:
    legacy.warehouse.execute("ALTER ROLE branchline_loader SET timezone = 'America/New_York'")
    try:
        legacy.make([("tasks", "2025-06-01 12:00")], moment="timestamp").step("copy")
    finally:
        legacy.warehouse.execute("ALTER ROLE branchline_loader RESET timezone")
    assert legacy.streams() == {"tasks": NOON}


def test_several_rows_of_one_word_are_told_apart_by_their_key(legacy: Legacy) -> None:
    legacy.make([("tasks", NOON), ("tasks", NOON), ("Tasks", NOON + timedelta(days=1))])
    assert legacy.step("copy")["inserted"] == 3
    assert legacy.step("copy")["inserted"] == 0
    assert sorted(row.run_id for row in legacy.history()) == [f"{TABLE}/{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    "columns",
    [
        "sync_type text, last_synced_at {}",
        'sync_type text, last_synced_at {}, "the ""Key" serial, PRIMARY KEY (sync_type, "the ""Key")',
        "sync_type text, last_synced_at {}, id uuid DEFAULT gen_random_uuid()",
    ],
)
def test_a_table_with_another_key_or_none(legacy: Legacy, columns: str) -> None:
    legacy.make([("tasks", NOON), ("tasks", NOON), ("groups", NOON)], columns=columns)
    assert legacy.step("copy")["inserted"] == 3
    assert legacy.step("copy")["inserted"] == 0
    assert legacy.step("roll_back")["removed"] == 3


def test_rows_that_nothing_tells_apart_are_left_out(legacy: Legacy) -> None:
    columns = "id integer DEFAULT 7, sync_type text, last_synced_at {}"
    legacy.make([("tasks", NOON), ("groups", NOON)], columns=columns)
    reasons = {"groups: several rows with its key": 1, "tasks: several rows with its key": 1}
    assert legacy.step("copy")["left_out"] == reasons
    assert legacy.history() == []
    with pytest.raises(HistoryAtRisk, match="several rows with its key"):
        legacy.step("retire")


def test_an_older_shape_is_refused_and_read_through_a_view(legacy: Legacy) -> None:
    older = "id serial, endpoint text, last_synced_at {}"
    legacy.make((), columns=older)
    legacy.warehouse.execute(f"INSERT INTO {TABLE} (endpoint, last_synced_at) VALUES ('tasks', %s)", (NOON,))
    with pytest.raises(Reconfigure, match="no column sync_type, it has endpoint, id, last_synced_at"):
        legacy.step("check")
    view = "public.legacy_seen"
    legacy.warehouse.execute(
        f"CREATE VIEW {view} AS SELECT id, endpoint AS sync_type, last_synced_at::date AS last_synced_at FROM {TABLE}"
    )
    legacy.warehouse.execute(f"GRANT SELECT ON {view} TO branchline_loader")
    with pytest.raises(Reconfigure, match="last_synced_at is of type date"):
        legacy.step("check", table=view)
    legacy.warehouse.execute(f"DROP VIEW {view}")
    legacy.warehouse.execute(
        f"CREATE VIEW {view} AS SELECT id, endpoint AS sync_type, last_synced_at FROM {TABLE}; "
        f"GRANT SELECT ON {view} TO branchline_loader"
    )
    assert legacy.step("copy", table=view)["inserted"] == 1
    with pytest.raises(Reconfigure, match="is a view or a foreign table"):
        legacy.step("retire", table=view)
    assert legacy.step("roll_back", table=view)["removed"] == 1


# ------------------------------------------------------------------------------------------------------- retiring


def test_nothing_is_retired_before_the_copy_is_proved(legacy: Legacy) -> None:
    legacy.make()
    with pytest.raises(HistoryAtRisk, match="of 4 rows that can be copied, 4 are missing"):
        legacy.step("retire")
    legacy.step("copy")
    legacy.warehouse.execute("DELETE FROM ops.sync_history WHERE sync_type = 'groups'")
    with pytest.raises(HistoryAtRisk, match=r"1 are missing in ops\.sync_history and 0 are there"):
        legacy.step("retire")
    legacy.step("copy")
    legacy.warehouse.execute("UPDATE ops.sync_history SET status = 'failed' WHERE sync_type = 'groups'")
    with pytest.raises(HistoryAtRisk, match=r"0 are missing in ops\.sync_history and 1 are there with other values"):
        legacy.step("retire")
    assert legacy.tables() == ["ingestion_arrivy_sync_history"]


def test_a_retired_table_keeps_its_rows_and_comes_back(legacy: Legacy) -> None:
    legacy.make()
    source = legacy.content()
    legacy.step("copy")
    done = legacy.step("retire")
    assert done["table"] == f"{TABLE}_retired"
    assert done["before"] == done["after"]
    assert legacy.tables() == ["ingestion_arrivy_sync_history_retired"]
    assert legacy.content(f"{TABLE}_retired") == source
    before = legacy.history()
    assert legacy.step("retire") == done, "again: it is retired already"
    assert legacy.step("copy")["inserted"] == 0
    assert legacy.history() == before
    back = legacy.step("roll_back")
    assert (back["table"], back["removed"]) == (TABLE, 4)
    assert legacy.history() == []
    assert legacy.content() == source


def test_a_name_that_is_taken_stops_the_retiring(legacy: Legacy) -> None:
    legacy.make()
    legacy.step("copy")
    legacy.warehouse.execute(f"CREATE TABLE {TABLE}_retired ()")
    with pytest.raises(Reconfigure, match=f"{TABLE}_retired is there already"):
        legacy.step("retire")
    assert legacy.tables() == ["ingestion_arrivy_sync_history", "ingestion_arrivy_sync_history_retired"]


def test_what_stands_nowhere_else_is_not_rolled_back(legacy: Legacy) -> None:
    legacy.make()
    legacy.step("copy")
    before = legacy.history()
    legacy.warehouse.execute(f"DELETE FROM {TABLE} WHERE sync_type = 'tasks'")
    assert legacy.step("copy")["alone"] == 1
    with pytest.raises(HistoryAtRisk, match="1 row of the history, once copied from it, are not in it any more"):
        legacy.step("roll_back")
    assert legacy.step("retire")["alone"] == 1, "the history has it, so nothing is lost"
    legacy.warehouse.execute(f"DROP TABLE {TABLE}_retired")
    with pytest.raises(HistoryAtRisk, match="the table is gone, and the 4 rows in the history are all that is left"):
        legacy.step("roll_back")
    assert legacy.history() == before


# -------------------------------------------------------------------------------------------------- other accounts


def test_a_table_goes_into_one_account(legacy: Legacy) -> None:
    other = Account("arrivy", "arrivy_west", "arrivy_west", "west")
    legacy.make()
    legacy.step("copy")
    for step in STEPS:
        with pytest.raises(Reconfigure, match="it was copied into the account arrivy:"):
            legacy.step(step, account=other)
    legacy.step("roll_back")
    assert legacy.step("copy", account=other)["inserted"] == 4
    assert {(row.account, row.client_id) for row in legacy.history()} == {("arrivy_west", "west")}


def test_an_account_that_moved_to_another_client_takes_its_rows_along(legacy: Legacy) -> None:
    legacy.make()
    legacy.step("copy")
    moved = Account("arrivy", "arrivy", "arrivy", "new home")
    assert legacy.step("copy", account=moved)["rewritten"] == 4
    assert {row.client_id for row in legacy.history()} == {"new home"}


def test_the_account_is_one_of_arrivy() -> None:
    entries = [
        {"source": "smartmoving", "account": "arrivy", "conn_id": "smartmoving", "client": "lgm"},
        {"source": "arrivy", "account": "arrivy", "conn_id": "arrivy", "client": "home"},
    ]
    assert account_of(entries, "arrivy") == ACCOUNT
    with pytest.raises(Reconfigure, match="no account west of arrivy; there is: arrivy"):
        account_of(entries, "west")
    with pytest.raises(Reconfigure, match="there is: none"):
        account_of(entries[:1], "arrivy")


def test_no_other_step_exists(legacy: Legacy) -> None:
    with pytest.raises(Reconfigure, match="no step drop; there are check, copy, roll_back, retire"):
        legacy.step("drop")


# ------------------------------------------------------------------------------------------- stopped, and all at once


@pytest.mark.parametrize(
    ("step", "moment", "condition"),
    [
        ("copy", "INSERT", "NEW.sync_type = 'task_statuses'"),
        ("roll_back", "DELETE", "OLD.sync_type = 'task_statuses'"),
    ],
)
def test_T60_a_step_that_fails_halfway_has_changed_nothing(
    legacy: Legacy, step: str, moment: str, condition: str
) -> None:
    legacy.make()
    own_sync(legacy)
    if step == "roll_back":
        legacy.step("copy")
        legacy.step("retire")
    before, tables = legacy.history(), legacy.tables()
    legacy.warehouse.execute(
        "CREATE FUNCTION ops.stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space left'; END $$"
    )
    legacy.warehouse.execute(
        f"CREATE TRIGGER stop AFTER {moment} ON ops.sync_history FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION ops.stop()"
    )
    with pytest.raises(psycopg.Error, match="no space left"):
        legacy.step(step)
    assert (legacy.history(), legacy.tables()) == (before, tables)
    legacy.warehouse.execute("DROP TRIGGER stop ON ops.sync_history")
    done = legacy.step(step)
    assert done["inserted"] + done["removed"] == 4


def test_T61_two_steps_at_once_go_one_after_the_other(legacy: Legacy) -> None:
    legacy.make()

    def waiting() -> int:
        found: int = legacy.warehouse.one(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", role="admin"
        )
        return found

    with psycopg.connect(legacy.warehouse.admin) as holding, ThreadPoolExecutor(2) as pool:
        holding.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (DAG_ID,))
        both = [pool.submit(legacy.step, "copy") for _ in range(2)]
        deadline = time.monotonic() + 20
        while waiting() < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        stood = waiting()
        holding.rollback()
        counts = sorted(one.result()["inserted"] for one in both)
    assert stood == 2
    assert counts == [0, 4]
    assert len(legacy.history()) == 4
