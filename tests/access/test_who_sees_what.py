"""T84: who sees which row. Every person against every table of the warehouse, by the api and by a login of his own.

What is expected is worked out here, row by row, from the rules as people say them (SECURITY.md), not from policies.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from stack.testing import login
from tests.access.conftest import OURS, THEIRS, Loaded, Person, Row
from tests.conftest import PASSWORD

READERS = ("super", "admin", "admin_of_one", "manager", "manager_of_two", "auditor", "other_admin", "other_auditor")
CREW = ("dispatcher", "driver", "mover", "driver_unmapped", "driver_elsewhere")
WITHOUT = ("roleless", "nobody")
EVERYBODY = READERS + CREW + WITHOUT
#: Tables that the matrix must have walked, whatever else there is.
AT_LEAST = {
    "core.clients", "core.accounts", "core.locations", "core.location_aliases",
    "crm.truck_journeys", "crm.journey_crew", "crm.crew_people",
    "smartmoving.branches", "smartmoving.users", "smartmoving.customers", "smartmoving.customer_phones",
    "smartmoving.swept_opportunities", "smartmoving.swept_jobs", "smartmoving.opportunities",
    "smartmoving.opportunity_jobs", "smartmoving.job_addresses", "smartmoving.job_charges", "smartmoving.job_crew",
    "smartmoving.payments", "smartmoving.jobs", "smartmoving.leads",
}  # fmt: skip
#: All that somebody without money may read of a journey.
CREW_COLUMNS = {
    "external_id", "location_id", "date", "status", "start_time", "end_time", "notes", "tags", "data_source",
    "sync_status", "job_id", "client_id", "account", "last_sync_at", "is_deleted",
}  # fmt: skip


def may_read(loaded: Loaded, person: Person, row: Row) -> bool:
    """The rule in words: ADMIN, MANAGER and AUDITOR of the row's client, at one of the row's places."""
    for role, client, places in person.grants:
        if role == "SUPER_ADMIN":
            return True
        if role not in {"ADMIN", "MANAGER", "AUDITOR"} or client != row.client:
            continue
        if role in {"ADMIN", "AUDITOR"} and not places:
            return True
        mine = set(places) or {place for place, owner in loaded.place_clients.items() if owner == client}
        if not row.has_location or (row.locations or {row.location}) & mine:
            return True
    return False


def journeys_of(loaded: Loaded, person: Person) -> set[tuple[str, str]]:
    """The journeys of a dispatcher's places, or those that a driver or mover is assigned to."""
    seen: set[tuple[str, str]] = set()
    for role, client, places in person.grants:
        if role == "DISPATCHER":
            rows = loaded.warehouse.rows(
                "SELECT client_id, external_id FROM crm.truck_journeys WHERE client_id = %s AND location_id = ANY(%s)",
                (client, list(places)),
            )
            seen |= {(row.client_id, row.external_id) for row in rows}
        else:
            for name in person.crew:
                seen |= {journey for journey in loaded.assigned[name] if name[0] == client}
    return seen


def rows_seen(connection: psycopg.Connection[Any], table: str) -> set[str]:
    return {row.place for row in connection.execute(f"SELECT ctid::text AS place FROM {table}".encode())}


def refused(connection: psycopg.Connection[Any], statement: str, params: Any = None) -> str:
    """The refusal of a statement; the transaction goes on."""
    with pytest.raises(InsufficientPrivilege) as caught, connection.transaction():
        connection.execute(statement.encode(), params)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------- the matrix


def test_the_matrix_has_rows_to_tell_apart(loaded: Loaded) -> None:
    assert set(loaded.tables) >= AT_LEAST
    assert {row.client for row in loaded.rows} == {OURS, THEIRS}
    ours = [row for row in loaded.rows if row.client == OURS]
    assert any(row.locations == frozenset() for row in ours), "no record of no place yet"
    assert any(row.locations and len(row.locations) > 1 for row in ours), "no record of several places"
    assert any(row.has_location and row.location is None and row.locations is None for row in ours)
    counts = {name: sum(may_read(loaded, loaded.people[name], row) for row in loaded.rows) for name in EVERYBODY}
    assert counts["super"] == len(loaded.rows)
    assert counts["admin"] == counts["auditor"] == len(ours)
    assert 0 < counts["manager"] < counts["manager_of_two"] < counts["admin"]
    assert {counts[name] for name in CREW + WITHOUT} == {0}
    for name in ("dispatcher", "driver", "mover"):
        assert journeys_of(loaded, loaded.people[name]), name


@pytest.mark.parametrize("name", EVERYBODY)
def test_through_the_api(loaded: Loaded, name: str) -> None:
    person = loaded.people[name]
    with loaded.through_api(name, as_crew=False) as connection:
        for table in loaded.tables:
            expected = {row.where for row in loaded.rows if row.table == table and may_read(loaded, person, row)}
            assert rows_seen(connection, table) == expected, table


@pytest.mark.parametrize("name", [*READERS, *WITHOUT])
def test_by_a_login_of_his_own(loaded: Loaded, name: str) -> None:
    person = loaded.people[name]
    with loaded.as_login(person.db_role) as connection:
        for table in loaded.tables:
            expected = {row.where for row in loaded.rows if row.table == table and may_read(loaded, person, row)}
            assert rows_seen(connection, table) == expected, table


def test_admin_of_the_client_sees_the_unmapped_place_and_records_of_no_place(loaded: Loaded) -> None:
    for name, sees in (
        ("admin", True),
        ("auditor", True),
        ("super", True),
        ("admin_of_one", False),
        ("manager", False),
    ):
        with loaded.through_api(name) as connection:
            for question in (
                "SELECT count(*) AS n FROM core.locations WHERE NOT is_mapped AND client_id = 'lgm'",
                "SELECT count(*) AS n FROM smartmoving.customers WHERE location_ids = '{}' AND client_id = 'lgm'",
                "SELECT count(*) AS n FROM smartmoving.opportunities INNER JOIN core.locations "
                "USING (client_id, location_id) WHERE NOT is_mapped AND client_id = 'lgm'",
            ):
                (row,) = connection.execute(question.encode()).fetchall()
                assert (row.n > 0) is sees, (name, question)


# ------------------------------------------------------------------------------------- people who see no money


@pytest.mark.parametrize("way", ["api", "login"])
@pytest.mark.parametrize("name", CREW)
def test_crew_sees_its_own_journeys_and_no_more(loaded: Loaded, name: str, way: str) -> None:
    person = loaded.people[name]
    expected = journeys_of(loaded, person)
    entered = loaded.through_api(name) if way == "api" else loaded.as_login(person.db_role)
    with entered as connection:
        rows = connection.execute("SELECT client_id, external_id FROM crm.truck_journeys").fetchall()
        assert {(row.client_id, row.external_id) for row in rows} == expected
        # the views join the location's name: its own places and no other's
        viewed = connection.execute("SELECT client_id, external_id FROM crm.active_journeys").fetchall()
        active = loaded.warehouse.rows("SELECT client_id, external_id FROM crm.active_journeys")
        assert {tuple(row) for row in viewed} == {tuple(row) for row in active} & expected
        places = {row.location_id for row in connection.execute("SELECT location_id FROM core.locations")}
        theirs = {
            row.location_id
            for row in loaded.warehouse.rows("SELECT client_id, external_id, location_id FROM crm.truck_journeys")
            if (row.client_id, row.external_id) in expected
        }
        assert places == theirs
        crew = connection.execute(
            "SELECT client_id, external_id, account, crew_member FROM crm.journey_crew"
        ).fetchall()
        assert {(row.client_id, row.external_id) for row in crew} <= expected
        if not name.startswith("dispatcher"):
            assert {(row.client_id, row.account, row.crew_member) for row in crew} <= set(person.crew)


def test_crew_that_is_taken_off_a_journey_sees_it_no_longer(loaded: Loaded) -> None:
    name = loaded.people["driver"].crew[0]
    gone = sorted(loaded.assigned[name])[0]
    question = b"SELECT client_id, external_id FROM crm.truck_journeys"
    with psycopg.connect(loaded.warehouse.admin, autocommit=True) as admin:
        where = b" WHERE client_id = %s AND external_id = %s AND crew_member = %s"
        change = b"UPDATE crm.journey_crew SET is_deleted = %s" + where
        admin.execute(change, (True, *gone, name[2]))
        try:
            with loaded.through_api("driver") as connection:
                seen = {(row.client_id, row.external_id) for row in connection.execute(question)}
        finally:
            admin.execute(change, (False, *gone, name[2]))
    assert seen == loaded.assigned[name] - {gone}


@pytest.mark.parametrize("way", ["api", "login"])
@pytest.mark.parametrize("name", ["dispatcher", "driver", "mover"])
def test_crew_sees_no_money(loaded: Loaded, name: str, way: str) -> None:
    entered = loaded.through_api(name) if way == "api" else loaded.as_login(loaded.people[name].db_role)
    columns = {
        row.attname
        for row in loaded.warehouse.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'crm.truck_journeys'::regclass AND attnum > 0"
        )
    }
    assert {"estimated_cost_cents", "external_data", "currency", "extra"} <= columns - CREW_COLUMNS
    with entered as connection:
        for column in sorted(CREW_COLUMNS):
            connection.execute(f"SELECT {column} FROM crm.truck_journeys".encode())
        for column in sorted(columns - CREW_COLUMNS):
            refused(connection, f"SELECT {column} FROM crm.truck_journeys")
            refused(connection, f"SELECT external_id FROM crm.truck_journeys ORDER BY {column}")
        refused(connection, "SELECT * FROM crm.truck_journeys")
        refused(connection, "SELECT truck_journeys FROM crm.truck_journeys")
        for table in loaded.tables:
            if table not in {"crm.truck_journeys", "crm.journey_crew", "core.locations"}:
                refused(connection, f"SELECT FROM {table}")
        for schema in ("ops", "landing"):
            refused(connection, f"SELECT FROM {schema}.schema_version")


@pytest.mark.parametrize("name", ["dispatcher", "driver"])
def test_a_login_granted_both_groups_still_sees_no_money(loaded: Loaded, name: str) -> None:
    role = loaded.people[name].db_role
    loaded.warehouse.execute(f"GRANT branchline_reader TO {role}")
    try:
        with loaded.as_login(role) as connection:
            assert connection.execute("SELECT estimated_cost_cents FROM crm.truck_journeys").fetchall() == []
            assert connection.execute("SELECT FROM core.locations").fetchall() == []
            connection.execute("SET LOCAL ROLE branchline_crew")
            refused(connection, "SELECT estimated_cost_cents FROM crm.truck_journeys")
            assert connection.execute("SELECT external_id FROM crm.truck_journeys").fetchall()
    finally:
        loaded.warehouse.execute(f"REVOKE branchline_reader FROM {role}")


# -------------------------------------------------------------------------------------------- settings and pools


def count_everything(loaded: Loaded, connection: psycopg.Connection[Any]) -> int:
    return sum(len(rows_seen(connection, table)) for table in loaded.tables)


SETTINGS = (
    "SET LOCAL branchline.\"user\" = 'super'",
    "SET LOCAL branchline.client = 'lgm'",
    "SET branchline.\"user\" = 'admin'",
    "SET LOCAL \"branchline.person\" = 'super'",
    "SET LOCAL branchline.role = 'SUPER_ADMIN'",
    "SET LOCAL application_name = 'branchline_api'",
)


@pytest.mark.parametrize("role", ["branchline_reader", "test_nobody", "test_roleless"])
def test_a_reader_who_sets_the_settings_by_hand_gains_no_row(loaded: Loaded, role: str) -> None:
    with loaded.as_login(role, *SETTINGS) as connection:
        assert count_everything(loaded, connection) == 0


def test_a_person_with_rows_gains_none_by_hand(loaded: Loaded) -> None:
    with loaded.as_login("test_manager") as connection:
        before = count_everything(loaded, connection)
    with loaded.as_login("test_manager", *SETTINGS) as connection:
        assert count_everything(loaded, connection) == before > 0


@pytest.mark.parametrize("value", [None, "", " ", "nobody at all", "test_super", "SUPER", "super'--"])
def test_without_a_known_person_the_api_sees_nothing(loaded: Loaded, value: str | None) -> None:
    with loaded.as_login("branchline_api") as connection:
        if value is not None:
            connection.execute("SELECT set_config('branchline.user', %s, TRUE)", (value,))
        assert count_everything(loaded, connection) == 0
        connection.execute("SET LOCAL ROLE branchline_crew")
        assert connection.execute("SELECT external_id FROM crm.truck_journeys").fetchall() == []


def test_a_setting_of_one_transaction_is_gone_in_the_next(loaded: Loaded) -> None:
    """A pool lends the same connection to one person after the other."""
    conninfo = login(loaded.warehouse.admin, "branchline_api", PASSWORD)
    question = b"SELECT count(*) FROM smartmoving.opportunities"
    with psycopg.connect(conninfo, autocommit=True) as connection:

        def ask() -> int:
            row = connection.execute(question).fetchone()
            assert row is not None
            return int(row[0])

        with connection.transaction():
            connection.execute("SET LOCAL branchline.\"user\" = 'admin'")
            assert ask() > 0
        assert ask() == 0
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL branchline.\"user\" = 'super'")
            connection.execute("SET LOCAL ROLE branchline_crew")
        assert ask() == 0
        assert connection.execute("SELECT current_user, access.me()").fetchone() == ("branchline_api", None)
        with connection.transaction():
            connection.execute("SET LOCAL branchline.\"user\" = 'manager'")
            few = ask()
        with connection.transaction():
            connection.execute("SET LOCAL branchline.\"user\" = 'admin'")
            assert ask() > few > 0


def test_an_empty_setting_can_name_nobody(loaded: Loaded) -> None:
    """What a setting reads as after its transaction is '', so '' must be neither a user nor a client."""
    with loaded.as_login("branchline_migrator") as connection:
        for statement in (
            "INSERT INTO access.people (person, user_name) VALUES ('x', '')",
            "INSERT INTO access.people (person, db_role) VALUES ('x', 'branchline_reader')",
            "INSERT INTO core.clients (client_id) VALUES ('')",
        ):
            with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
                connection.execute(statement.encode())


# ---------------------------------------------------------------------------------------------------------- tricks


@pytest.mark.parametrize("role", ["branchline_reader", "test_manager"])
def test_a_reader_becomes_nobody_else(loaded: Loaded, role: str) -> None:
    others = ("branchline_crew", "branchline_api", "branchline_loader", "branchline_migrator", "branchline_operator")
    with loaded.as_login(role, "SET TRANSACTION READ WRITE") as connection:
        for other in (*others, "postgres"):
            refused(connection, f"SET LOCAL ROLE {other}")
            refused(connection, f"SET LOCAL SESSION AUTHORIZATION {other}")
            refused(connection, f"GRANT {other} TO {role}")
    with loaded.as_login("branchline_api") as connection:
        for other in ("branchline_reader", "branchline_loader", "branchline_migrator", "branchline_operator"):
            refused(connection, f"SET LOCAL ROLE {other}")


@pytest.mark.parametrize("role", ["branchline_reader", "branchline_api", "branchline_operator", "test_manager"])
def test_nobody_builds_something_to_trick_the_policies_with(loaded: Loaded, role: str) -> None:
    with loaded.as_login(role, "SET TRANSACTION READ WRITE") as connection:
        for schema in ("public", "crm", "core", "access", "ops", "smartmoving", "pg_temp"):
            refused(connection, f"CREATE VIEW {schema}.peek AS SELECT 1 AS n")
            refused(connection, f"CREATE TABLE {schema}.peek (n integer)")
            refused(
                connection,
                f"CREATE FUNCTION {schema}.peek(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS "
                "$$BEGIN RAISE NOTICE '%', $1; RETURN TRUE; END$$",
            )
        refused(connection, "CREATE TEMPORARY TABLE people AS SELECT 1 AS n")
        refused(connection, "CREATE SCHEMA mine")
        refused(connection, "DO $$BEGIN CREATE TEMPORARY VIEW peek AS SELECT 1 AS n; END$$")
        for statement in (
            "ALTER TABLE crm.truck_journeys DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE crm.truck_journeys NO FORCE ROW LEVEL SECURITY",
            "CREATE POLICY mine ON crm.truck_journeys USING (TRUE)",
            "ALTER FUNCTION access.me() OWNER TO CURRENT_USER",
            "ALTER ROLE CURRENT_USER BYPASSRLS",
            "ALTER VIEW crm.active_journeys SET (security_invoker = FALSE)",
            "GRANT SELECT ON landing.records TO PUBLIC",
        ):
            refused(connection, statement)


def test_switching_row_security_off_is_an_error_not_a_way_in(loaded: Loaded) -> None:
    with loaded.as_login("test_manager", "SET LOCAL row_security = off") as connection:
        assert "row-level security" in refused(connection, "SELECT FROM crm.truck_journeys")


def test_a_condition_that_fails_tells_nothing_of_hidden_rows(loaded: Loaded) -> None:
    """A cast of what is hidden would quote it in its error, if it came before the policy."""
    with loaded.as_login("branchline_reader") as connection:
        for statement in (
            "SELECT FROM smartmoving.customers WHERE name::integer > 0",
            "SELECT FROM smartmoving.customers WHERE 1 / (length(name) - length(name)) > 0",
            "SELECT FROM crm.truck_journeys WHERE CASE WHEN notes <> '' THEN 1 / (length(notes) * 0) = 1 END",
        ):
            assert connection.execute(statement.encode()).fetchall() == []
        # the planner's samples of hidden columns are hidden with them
        loaded.warehouse.execute("ANALYZE smartmoving.customers, crm.truck_journeys")
        samples = "SELECT FROM pg_stats WHERE tablename IN ('customers', 'truck_journeys')"
        assert connection.execute(samples.encode()).fetchall() == []
        assert len(loaded.warehouse.rows(samples, role="admin")) > 10
        refused(connection, "SELECT FROM pg_statistic")


@pytest.mark.parametrize("role", ["branchline_reader", "test_manager"])
def test_calling_the_access_functions_tells_of_oneself_alone(loaded: Loaded, role: str) -> None:
    first = loaded.places[0]
    is_manager = role == "test_manager"
    everything = "'{SUPER_ADMIN,ADMIN,MANAGER,DISPATCHER,DRIVER,MOVER,AUDITOR}'"
    with loaded.as_login(role, *SETTINGS) as connection:
        row = connection.execute(
            f"SELECT access.me() AS me, access.is_super_admin() AS super, access.locations({everything}) AS places, "
            f"access.clients({everything}, FALSE) AS clients, access.clients({everything}, TRUE) AS whole, "
            f"ARRAY(SELECT location_id FROM access.places({everything})) AS pairs".encode()
        ).fetchone()
        assert row is not None
        assert tuple(row) == (
            ("manager", False, [first], [OURS], [], [first]) if is_manager else (None, False, [], [], [], [])
        )
        for call in (
            "access.grant_role('manager', 'SUPER_ADMIN')",
            "access.protect('crm.truck_journeys')",
            "access.my_crew()",
            "ops.reserve_calls('smartmoving', 'smartmoving', 1, '1 s')",
            "ops.pause_calls('smartmoving', 'smartmoving', '1 hour')",
            "landing.ensure_partition('2030-01-01')",
            "landing.drop_partitions('2030-01-01')",
        ):
            refused(connection, f"SELECT {call}")
        refused(connection, "CALL core.describe('crm.truck_journeys', '{}')")
        people = connection.execute("SELECT person FROM access.people").fetchall()
        assert [row.person for row in people] == (["manager"] if is_manager else [])
        grants = connection.execute("SELECT person FROM access.grants").fetchall()
        assert [row.person for row in grants] == (["manager"] if is_manager else [])


def test_people_see_the_history_of_their_own_client_alone(loaded: Loaded) -> None:
    for name, clients in (
        ("manager", {OURS}), ("auditor", {OURS}), ("other_admin", {THEIRS}), ("super", {OURS, THEIRS}),
        ("nobody", set()),
    ):  # fmt: skip
        with loaded.through_api(name) as connection:
            assert {row.client_id for row in connection.execute("SELECT client_id FROM ops.sync_history")} == clients
            accounts = {row.account for row in connection.execute("SELECT account FROM ops.api_calls")}
            # a further API of an account has calls of its own, which are its client's
            theirs = {OURS: {"smartmoving", "tekmetric", "tekmetric shop"}, THEIRS: {"acme"}}
            assert accounts == set().union(*(theirs[client] for client in clients))
            # of these two some columns, for the views; see tests/upkeep/test_findings.py
            for table in ("sync_slices", "quarantine"):
                refused(connection, f"SELECT * FROM ops.{table}")
            slices = connection.execute("SELECT DISTINCT client_id FROM ops.sync_slices")
            assert {row.client_id for row in slices} == clients
            for table in ("sync_cursors", "lookups", "rate_buckets"):
                refused(connection, f"SELECT FROM ops.{table}")


def test_calls_of_an_accounts_further_apis_are_its_clients(loaded: Loaded) -> None:
    """Named after the account, in the one way that its hook names them; what only looks like it is nobody's."""
    further = ("tekmetric shop", "smartmoving_leads", "smartmoving shop", "tekmetric shops", "tekmetric leads", "shop")
    sources = ("tekmetric", "smartmoving", "smartmoving", "tekmetric", "tekmetric", "tekmetric")
    loaded.warehouse.execute(
        "INSERT INTO ops.api_calls (source, account, called_on, priority, calls) "
        "SELECT source, account, '2001-01-01', 'leads', 1 FROM unnest(%s::text[], %s::text[]) AS made "
        "(source, account)",
        (list(sources), list(further)),
    )
    try:
        for name, seen in (
            ("manager", {"tekmetric shop", "smartmoving_leads"}), ("other_admin", set()), ("nobody", set()),
            ("super", set(further)),
        ):  # fmt: skip
            with loaded.through_api(name) as connection:
                rows = connection.execute("SELECT account FROM ops.api_calls WHERE called_on = '2001-01-01'")
                assert {row.account for row in rows} == seen, name
    finally:
        loaded.warehouse.execute("DELETE FROM ops.api_calls WHERE called_on = '2001-01-01'")


def test_drift_is_told_to_whoever_sees_the_whole_client_whose_sync_saw_it(loaded: Loaded) -> None:
    loaded.warehouse.execute(
        "INSERT INTO ops.schema_drift (source, stream, kind, subject, sync_id) "
        "SELECT 'smartmoving', 'jobs', 'unknown_code', 'made up ' || client_id, min(sync_id) FROM ops.sync_history "
        "GROUP BY client_id UNION ALL SELECT 'smartmoving', 'jobs', 'unknown_code', 'made up by nobody', NULL"
    )
    try:
        for name, seen in (
            ("admin", {OURS}), ("auditor", {OURS}), ("other_admin", {THEIRS}), ("manager", set()), ("nobody", set()),
            ("super", {OURS, THEIRS, "by nobody"}),
        ):  # fmt: skip
            with loaded.through_api(name) as connection:
                rows = connection.execute("SELECT subject FROM ops.schema_drift WHERE subject LIKE 'made up %'")
                assert {row.subject.removeprefix("made up ") for row in rows} == seen, name
    finally:
        loaded.warehouse.execute("DELETE FROM ops.schema_drift WHERE subject LIKE 'made up %'")


def test_who_decides_on_quarantine_and_whose_name_it_gets(loaded: Loaded) -> None:
    columns = "client_id, source, account, stream, table_name, reason, field, decision, why"
    insert = (
        f"INSERT INTO ops.quarantine_decisions ({columns}) VALUES ('{OURS}', 'smartmoving', 'smartmoving', 'jobs', "
        "'smartmoving.jobs', 'missing', '', 'ignored', 'agreed') RETURNING decided_by"
    )
    for name in ("admin", "super"):
        with loaded.through_api(name) as connection:
            assert [row.decided_by for row in connection.execute(insert.encode())] == [name]
            refused(connection, "UPDATE ops.quarantine_decisions SET why = 'other'")
            refused(connection, "DELETE FROM ops.quarantine_decisions")
            refused(connection, insert.replace("why)", "why, decided_by)").replace("'agreed')", "'agreed', 'pat')"))
    for name in ("admin_of_one", "manager", "auditor", "other_admin", "nobody"):
        with loaded.through_api(name) as connection:
            refused(connection, insert)


def test_T85_samples_of_quarantine_are_masked_and_only_for_who_sees_the_whole_client(loaded: Loaded) -> None:
    loaded.warehouse.execute(
        "INSERT INTO ops.quarantine (source, account, client_id, stream, table_name, record_key, severity, reason, "
        "payload, sync_id) VALUES ('smartmoving', 'smartmoving', %s, 'jobs', 'smartmoving.jobs', 'masked', 'record', "
        '\'missing\', \'{"name": "Zoë Example", "phone": "+1 555 0100", "when": "2026-13-45", "none": null}\', 1)',
        (OURS,),
    )
    which = loaded.warehouse.one("SELECT quarantine_id FROM ops.quarantine WHERE record_key = 'masked'")
    try:
        for name in ("admin", "auditor", "super"):
            with loaded.through_api(name) as connection:
                (row,) = connection.execute("SELECT ops.masked_sample(%s) AS shape", (which,)).fetchall()
            assert row.shape == {"name": "xxx xxxxxxx", "phone": "+9 999 9999", "when": "9999-99-99", "none": None}
        for name in ("manager", "admin_of_one", "other_admin", "nobody"):
            with loaded.through_api(name) as connection:
                (row,) = connection.execute("SELECT ops.masked_sample(%s) AS shape", (which,)).fetchall()
            assert row.shape is None, name
        with loaded.through_api("driver") as connection:
            refused(connection, f"SELECT ops.masked_sample({which})")
    finally:
        loaded.warehouse.execute("DELETE FROM ops.quarantine WHERE record_key = 'masked'")
