"""access.audit: each change of rights and each row that people write, by every way in; only added to."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.access.conftest import OURS, THEIRS, Loaded
from tests.access.test_who_sees_what import refused
from tests.access.test_who_writes_what import MAKE
from tests.conftest import Warehouse

#: As the newest first, and without time and number.
NEWEST = (
    "SELECT action, done_by, user_name, login, table_name, row_key, person, client_id, location_id, before, after "
    "FROM access.audit ORDER BY audit_id DESC LIMIT %s"
)


def newest(connection: psycopg.Connection[Any], count: int = 1) -> list[Any]:
    return connection.execute(NEWEST, (count,)).fetchall()


def test_a_grant_and_its_revocation_say_who_what_whom_and_where(loaded: Loaded) -> None:
    first = loaded.places[0]
    with loaded.through_api("admin") as connection:
        made = connection.execute(
            "SELECT grant_id FROM access.grant_role('eve', 'MANAGER', %s, %s)", (OURS, first)
        ).fetchone()
        assert made is not None
        (granted,) = newest(connection)
        assert granted[:9] == (
            "grant", "admin", "admin", "branchline_api", "access.grants", {"grant_id": made.grant_id}, "eve", OURS,
            first,
        )  # fmt: skip
        assert granted.before is None
        assert granted.after.items() >= {"role": "MANAGER", "granted_by": "admin", "location_id": first}.items()
        connection.execute("SELECT access.grant_role('eve', 'MANAGER', %s, %s)", (OURS, first))
        assert newest(connection) == [granted], "what changes nothing leaves nothing"
        connection.execute("SELECT access.revoke_grant(%s)", (made.grant_id,))
        revoked, before = newest(connection, 2)
        assert before == granted
        assert (revoked.action, revoked.done_by, revoked.person) == ("revoke", "admin", "eve")
        assert (revoked.before, revoked.after) == (granted.after, None)


def test_by_hand_in_sql_leaves_the_same_trace(loaded: Loaded) -> None:
    with loaded.as_login("branchline_migrator") as connection:
        connection.execute("INSERT INTO access.people (person, user_name) VALUES ('eve', 'eva')")
        connection.execute("INSERT INTO access.grants (person, role, client_id) VALUES ('eve', 'ADMIN', %s)", (OURS,))
        connection.execute("UPDATE access.grants SET role = 'AUDITOR' WHERE person = 'eve'")
        connection.execute("UPDATE access.people SET db_role = 'eve_sql' WHERE person = 'eve'")
        connection.execute("DELETE FROM access.grants WHERE person = 'eve'")
        connection.execute("DELETE FROM access.people WHERE person = 'eve'")
        rows = newest(connection, 6)
    assert [row.action for row in rows] == ["dismiss", "revoke", "admit", "grant", "grant", "admit"]
    assert {(row.done_by, row.login, row.person) for row in rows} == {(None, "branchline_migrator", "eve")}
    assert (rows[2].before, rows[2].after) == ({"db_role": None}, {"db_role": "eve_sql"})
    assert (rows[3].before, rows[3].after) == ({"role": "ADMIN"}, {"role": "AUDITOR"})


def test_a_rollback_leaves_no_trace_and_a_truncate_none_either(loaded: Loaded) -> None:
    count = "SELECT count(*) FROM access.audit"
    before = loaded.warehouse.one(count)
    with loaded.as_login("branchline_migrator") as connection:
        connection.execute("SELECT access.grant_role('eve', 'ADMIN', %s)", (OURS,))
        assert connection.execute(count.encode()).fetchone() == (before + 2,)
        for table in ("access.grants", "access.people CASCADE"):
            refused(connection, f"TRUNCATE {table}")
    assert loaded.warehouse.one(count) == before


def test_every_table_that_the_api_may_write_is_watched(loaded: Loaded) -> None:
    tables = loaded.warehouse.rows(
        "SELECT pg_class.oid::regclass::text AS name, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid "
        "AND tgfoid = 'access.write_down'::regproc AND tgenabled = 'O' AND tgtype::integer & 28 = 28) AS is_watched "
        "FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace >= 16384 AND (has_any_column_privilege("
        "'branchline_api', oid, 'INSERT, UPDATE') OR has_table_privilege('branchline_api', oid, 'DELETE')) ORDER BY 1",
        role="admin",
    )
    assert len(tables) >= 10
    # what vendors tell is written by nobody, and by the api only while it asks for nobody
    assert [table.name for table in tables if not table.is_watched] == ["ops.inbox_events"]


def test_what_people_write_is_written_down_row_by_row(loaded: Loaded) -> None:
    first = loaded.places[0]
    with loaded.through_api("admin") as connection:
        connection.execute(MAKE, {"client": OURS, "place": first})
        connection.execute("UPDATE crm.truck_journeys SET notes = 'late' WHERE external_id = 'made by hand'")
        connection.execute("UPDATE crm.truck_journeys SET notes = notes WHERE external_id = 'made by hand'")
        changed, made = newest(connection, 2)
        assert made[:9] == (
            "write", "admin", "admin", "branchline_api", "crm.truck_journeys",
            {"client_id": OURS, "external_id": "made by hand"}, None, OURS, first,
        )  # fmt: skip
        assert made.after["status"] == "MORNING_PREP"
        assert not {"external_data", "extra", "row_hash"} & set(made.after)
        assert (changed.before, changed.after) == ({"notes": None}, {"notes": "late"})
        connection.execute("UPDATE core.locations SET currency = 'XTS' WHERE location_id = %s", (first,))
        connection.execute("INSERT INTO crm.crew_people VALUES (%s, 'smartmoving', 'Somebody', 'nobody')", (OURS,))
        connection.execute("INSERT INTO fms.settings (client_id, min_loans) VALUES (%s, 8)", (OURS,))
        connection.execute("DELETE FROM core.location_aliases")
        alias, settings, crew, place = newest(connection, 4)
        assert (place.table_name, place.row_key, place.after) == (
            "core.locations", {"location_id": first}, {"currency": "XTS"},
        )  # fmt: skip
        assert (crew.table_name, crew.person, crew.before) == ("crm.crew_people", "nobody", None)
        assert (settings.table_name, settings.after["min_loans"]) == ("fms.settings", 8)
        assert (alias.table_name, alias.before["alias"], alias.after) == ("core.location_aliases", "A SPELLING", None)


def test_a_lead_is_written_down_without_what_it_says_of_the_customer(loaded: Loaded) -> None:
    with loaded.through_api("admin") as connection:
        connection.execute(
            "INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload) "
            "VALUES (%s, 'smartmoving', %s, 'one', '{\"fullName\": \"Canary Person\"}')",
            (OURS, loaded.places[0]),
        )
        (written,) = newest(connection)
        assert written.table_name == "crm.leads"
        assert "canary" not in str(written).lower()
        assert written.after["idempotency_key"] == "one"


def test_what_is_secret_by_its_name_is_left_out(warehouse: Warehouse) -> None:
    with psycopg.connect(warehouse.as_role("migrator")) as connection:
        connection.execute(
            "CREATE TABLE crm.doors (door text PRIMARY KEY, inbox_secret text, api_token text, hue text)"
        )
        connection.execute("SELECT access.watch('crm.doors')")
        connection.execute("INSERT INTO crm.doors VALUES ('front', 'canary', 'canary', 'red')")
        connection.execute("UPDATE crm.doors SET inbox_secret = 'canary 2'")
        connection.execute("DELETE FROM crm.doors")
        rows = connection.execute("SELECT before, after FROM access.audit ORDER BY audit_id").fetchall()
    whole = {"door": "front", "hue": "red"}
    # that a secret was changed is a trace of its own
    assert rows == [(None, whole), ({}, {}), (whole, None)]


def test_the_loaders_merges_are_not_written_down(loaded: Loaded) -> None:
    assert loaded.warehouse.one("SELECT count(*) FROM crm.truck_journeys") > 0
    assert loaded.warehouse.rows("SELECT FROM access.audit WHERE login = 'branchline_loader'") == []


# -------------------------------------------------------------------------------------------------- who may what


@pytest.mark.parametrize(
    ("name", "clients"),
    [
        ("super", {OURS, THEIRS, None}), ("admin", {OURS}), ("other_admin", {THEIRS}),
        ("admin_of_one", set()), ("manager", set()), ("auditor", set()), ("nobody", set()),
    ],
)  # fmt: skip
def test_who_reads_what_was_done(loaded: Loaded, name: str, clients: set[str | None]) -> None:
    assert {row.client_id for row in loaded.warehouse.rows("SELECT client_id FROM access.audit")} == {
        OURS, THEIRS, None,
    }  # fmt: skip
    with loaded.through_api(name) as connection:
        assert {row.client_id for row in connection.execute("SELECT client_id FROM access.audit")} == clients
    with loaded.as_login(loaded.people[name].db_role) as connection:
        assert {row.client_id for row in connection.execute("SELECT client_id FROM access.audit")} == clients


@pytest.mark.parametrize(
    "role", ["branchline_api", "branchline_reader", "branchline_loader", "branchline_operator", "test_super"]
)
def test_what_was_done_is_only_added_to(loaded: Loaded, role: str) -> None:
    with loaded.as_login(role, "SET TRANSACTION READ WRITE") as connection:
        connection.execute("SELECT set_config('branchline.user', 'super', TRUE)")
        for statement in (
            "UPDATE access.audit SET done_by = 'manager'",
            "DELETE FROM access.audit",
            "TRUNCATE access.audit",
            "INSERT INTO access.audit (action, login, table_name, row_key) VALUES ('grant', 'x', 'x', '{}')",
            "ALTER TABLE access.grants DISABLE TRIGGER people_write",
            "SELECT access.watch('access.grants')",
        ):
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode())
