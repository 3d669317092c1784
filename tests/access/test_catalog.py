"""What the database's own catalog says of every table, view, column and function: Rule 9, held for all of them.

Each test says how many objects it walked, so that none passes on nothing; the numbers are floors, new tables count up.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import Warehouse

SCHEMAS = ("smartmoving", "crm", "core", "access", "metrics", "tekmetric", "fms", "arrivy")
EVERY_SCHEMA = (*SCHEMAS, "ops", "landing")
ROLES = ("branchline_loader", "branchline_reader", "branchline_api", "branchline_operator", "branchline_crew")
#: Who has a right on the row for what, from a grant to everybody downwards.
WORDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")


@pytest.fixture(scope="module")
def catalog(cluster: Any, template: str) -> Warehouse:
    """The migrated template itself: nothing is written here, and nobody else connects to it meanwhile."""
    return Warehouse(cluster.admin_conninfo(template))


def relations(catalog: Warehouse, schemas: tuple[str, ...], kinds: str = "rp") -> list[Any]:
    return catalog.rows(
        "SELECT pg_class.oid, relnamespace::regnamespace::text AS schema, relname AS name, relkind AS kind, "
        "relrowsecurity AS is_enabled, relforcerowsecurity AS is_forced, relowner::regrole::text AS owner, "
        "reloptions AS options, obj_description(pg_class.oid, 'pg_class') AS comment, ARRAY(SELECT attname::text "
        "FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped) AS columns "
        'FROM pg_class WHERE relnamespace::regnamespace::text = ANY(%s) AND relkind = ANY(%s::"char"[]) ORDER BY 2, 3',
        (list(schemas), list(kinds)),
        role="admin",
    )


def policies(catalog: Warehouse) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in catalog.rows("SELECT * FROM pg_policies WHERE permissive = 'PERMISSIVE'", role="admin"):
        found.setdefault(f"{row.schemaname}.{row.tablename}", {})[row.policyname] = row
    return found


def grants(catalog: Warehouse, schema: str) -> dict[str, dict[str, set[str]]]:
    """Table -> role -> rights, as granted to the role itself or to everybody."""
    found: dict[str, dict[str, set[str]]] = {}
    for row in catalog.rows(
        "SELECT relname AS name, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS who, "
        "privilege_type AS word FROM pg_class, aclexplode(relacl) WHERE relnamespace::regnamespace::text = %s "
        "AND relkind IN ('r', 'p', 'v', 'm', 'S') AND grantee <> relowner",
        (schema,),
        role="admin",
    ):
        found.setdefault(row.name, {}).setdefault(row.who, set()).add(row.word)
    return found


def test_every_schema_of_the_warehouse_is_walked(catalog: Warehouse) -> None:
    """A schema that this file does not know would be walked by nobody."""
    known = {
        row.nspname
        for row in catalog.rows(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'", role="admin"
        )
    }
    assert known <= {*EVERY_SCHEMA, "public"}
    assert {"smartmoving", "crm", "core", "access", "ops", "landing"} <= known
    assert catalog.rows("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace", role="admin") == []


def test_rows_with_an_owner_are_guarded(catalog: Warehouse) -> None:
    written = policies(catalog)
    walked = []
    for table in relations(catalog, SCHEMAS):
        if not {"client_id", "location_id", "location_ids"} & set(table.columns):
            continue
        name = f"{table.schema}.{table.name}"
        walked.append(name)
        assert "client_id" in table.columns, f"{name} names a location and no client"
        assert table.is_enabled, f"{name}: row-level security is not enabled"
        assert table.is_forced, f"{name}: row-level security is not forced, its owner passes by"
        found = written[name]
        if table.schema == "access":
            own = {"access.grants": {"myself"}, "access.audit": set()}[name]
            assert set(found) == {"migrator", "operator", "admins", *own}, name
            assert all(row.cmd == "SELECT" for policy, row in found.items() if policy != "migrator"), name
            continue
        assert set(found) >= {
            "migrator", "operator", "loader", "people_read", "people_insert", "people_update", "people_delete",
        }, name  # fmt: skip
        assert found["loader"].roles == ["branchline_loader"], name
        assert found["operator"].cmd == found["people_read"].cmd == "SELECT"
        assert found["people_read"].roles == ["branchline_api", "branchline_reader"], name
        for writing in ("people_insert", "people_update", "people_delete"):
            assert found[writing].roles == ["branchline_api"], name
        for policy in found.values():
            assert "public" not in policy.roles, f"{name}.{policy.policyname} is everybody's"
            says_true = "true" in (policy.qual, policy.with_check)
            assert says_true == (policy.policyname in {"migrator", "operator"}), f"{name}.{policy.policyname}"
    assert len(walked) >= 28, walked


def test_what_names_a_client_in_the_ledger_is_guarded_or_the_operators_alone(catalog: Warehouse) -> None:
    ops = grants(catalog, "ops")
    some_columns = {
        row.name: row.people
        for row in catalog.rows(
            "SELECT relname AS name, array_agg(DISTINCT grantee::regrole::text) AS people FROM pg_class "
            "INNER JOIN pg_attribute ON attrelid = pg_class.oid CROSS JOIN aclexplode(attacl) "
            "WHERE relnamespace = 'ops'::regnamespace GROUP BY relname",
            role="admin",
        )
    }
    walked = 0
    for table in relations(catalog, ("ops",)):
        walked += 1
        people = {"branchline_reader", "branchline_api", "branchline_crew"} & set(ops.get(table.name, {}))
        people |= set(some_columns.get(table.name, ()))
        assert not people or (table.is_enabled and table.is_forced), f"ops.{table.name} is open to {people}"
    assert walked >= 9


def test_grants_of_the_ledger_are_these(catalog: Warehouse) -> None:
    work = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    held = {
        name: {role: words - {"MAINTAIN"} if role == "branchline_loader" else words for role, words in who.items()}
        for name, who in grants(catalog, "ops").items()
    }
    assert {name: who for name, who in held.items() if name != "schema_version"} == {
        name: {"branchline_loader": work, "branchline_operator": {"SELECT"}}
        | ({role: {"SELECT"} for role in people})
        for name, people in {
            "sync_history": ("branchline_reader", "branchline_api"),
            "api_calls": ("branchline_reader", "branchline_api"),
            "check_results": ("branchline_reader", "branchline_api"),
            "expectations": ("branchline_reader", "branchline_api"),
            "tallies": ("branchline_reader", "branchline_api"),
            "alerts": ("branchline_reader", "branchline_api"),
            "schema_drift": ("branchline_reader", "branchline_api"),
            "sync_slices": (), "sync_cursors": (), "lookups": (), "quarantine": (), "rate_buckets": (),
        }.items()
    } | {
        # people, and the operator, read every column of it but what was sent
        "inbox_events": {"branchline_loader": work},
    } | {
        view: {
            f"branchline_{role}": {"SELECT"} for role in ("loader", "reader", "api", "operator")
        }
        for view in (
            "freshness", "reconciliation", "quarantine_summary", "volumes", "findings",
            # people decide, by the columns that are granted; the loader reads what is ignored
            "quarantine_decisions", "quarantine_ignored",
        )
    }  # fmt: skip
    assert grants(catalog, "ops")["schema_version"] == {"branchline_operator": {"SELECT"}}


def test_nobody_but_the_loader_has_any_right_on_landing(catalog: Warehouse, warehouse: Warehouse) -> None:
    # a partition made on the way has the same grants as the first
    warehouse.rows("SELECT landing.ensure_partition('2026-07-15')", role="loader")
    for place in (catalog, warehouse):
        found = grants(place, "landing")
        tables = {table.name for table in relations(place, ("landing",))}
        assert tables >= {"records", "records_overflow"}
        assert {name: set(who) for name, who in found.items()} == {name: {"branchline_loader"} for name in tables}
        for who in found.values():
            assert who["branchline_loader"] <= {"SELECT", "INSERT", "DELETE"}
        for role in ROLES:
            for table in tables:
                held = place.one(
                    "SELECT array_agg(word) FROM unnest(%s::text[]) AS word WHERE has_table_privilege(%s, %s, word) "
                    "OR (word IN ('SELECT', 'INSERT', 'UPDATE') AND has_any_column_privilege(%s, %s, word))",
                    (list(WORDS), role, f"landing.{table}", role, f"landing.{table}"),
                    role="admin",
                )
                assert bool(held) is (role == "branchline_loader"), (role, table)
            uses = place.one("SELECT has_schema_privilege(%s, 'landing', 'USAGE')", (role,), role="admin")
            assert uses is (role == "branchline_loader")
    assert {"records_20260715"} <= set(grants(warehouse, "landing"))


def test_the_loader_may_analyse_what_it_merges_into(catalog: Warehouse) -> None:
    # without the right PostgreSQL only warns, and every key is then checked by a plan for an empty table
    rights = {schema: grants(catalog, schema) for schema in SCHEMAS}
    merged = {
        f"{row.schema}.{row.name}": rights[row.schema].get(row.name, {}).get("branchline_loader", set())
        for row in relations(catalog, SCHEMAS)
        if "row_hash" in row.columns
    }
    written = {name: words for name, words in merged.items() if "INSERT" in words}
    assert len(written) > 60
    assert [name for name, words in written.items() if "MAINTAIN" not in words] == []


def test_nothing_is_granted_to_everybody_and_nobody_truncates(catalog: Warehouse) -> None:
    walked = 0
    for schema in EVERY_SCHEMA:
        for name, who in grants(catalog, schema).items():
            walked += 1
            assert set(who) <= set(ROLES), f"{schema}.{name}: {set(who) - set(ROLES)}"
            for role, words in who.items():
                # MAINTAIN: the loader analyses a table that it has just filled; it changes no row and no shape
                if role == "branchline_loader" and schema != "landing":
                    words = words - {"MAINTAIN"}
                assert words <= {"SELECT", "INSERT", "UPDATE", "DELETE"}, f"{schema}.{name}: {role} {words}"
                if role in {"branchline_reader", "branchline_operator", "branchline_crew"}:
                    assert words <= {"SELECT"}, f"{schema}.{name}: {role} {words}"
    assert walked >= 40
    columns = catalog.rows(
        "SELECT attrelid::regclass::text AS name, attname, grantee::regrole::text AS who, privilege_type AS word "
        "FROM pg_attribute, aclexplode(attacl) WHERE attrelid >= 16384",
        role="admin",
    )
    assert len(columns) >= 20
    of_the_ledger = {"ops.sync_slices", "ops.quarantine"}
    assert of_the_ledger <= {row.name for row in columns}
    for row in columns:
        if row.name == "ops.inbox_events":
            # what was sent goes in and comes out for the loader alone; nobody else changes an event
            assert (row.who, row.word) == ("branchline_api", "INSERT") or (row.word == "SELECT" and row.who in {
                "branchline_reader", "branchline_api", "branchline_operator",
            }), row  # fmt: skip
            assert row.word == "INSERT" or row.attname not in {"payload", "event_key"}, row
            continue
        if row.name in of_the_ledger:
            assert (row.who, row.word) in {("branchline_reader", "SELECT"), ("branchline_api", "SELECT")}, row
            assert not re.search("payload|request|error|resolution", row.attname), row
            continue
        assert (row.who, row.word) in {
            ("branchline_crew", "SELECT"), ("branchline_api", "INSERT"), ("branchline_api", "UPDATE"),
        }, row  # fmt: skip
        if row.word == "UPDATE":
            assert row.attname not in {"client_id", "account", "row_hash"}, row
    schemas = catalog.rows(
        "SELECT nspname, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS who, privilege_type "
        "AS word FROM pg_namespace, aclexplode(nspacl) WHERE nspname = ANY(%s) AND grantee <> nspowner",
        (list(EVERY_SCHEMA),),
        role="admin",
    )
    assert len(schemas) >= 20
    assert {(row.who in ROLES, row.word) for row in schemas} == {(True, "USAGE")}


def test_views_ask_as_whoever_asks_them(catalog: Warehouse) -> None:
    views = relations(catalog, EVERY_SCHEMA, "vm")
    for view in views:
        assert view.kind == "v", f"{view.schema}.{view.name} is materialised: its rows have no policies"
        assert "security_invoker=true" in (view.options or []), f"{view.schema}.{view.name}"
        assert view.comment, f"{view.schema}.{view.name} has no comment"
    assert len(views) >= 3


def test_every_table_and_column_says_what_it_is(catalog: Warehouse) -> None:
    columns = catalog.rows(
        "SELECT attrelid::regclass::text AS name, attname, col_description(attrelid, attnum) AS comment "
        "FROM pg_attribute INNER JOIN pg_class ON pg_class.oid = attrelid WHERE relkind IN ('r', 'p') "
        "AND NOT relispartition AND relnamespace::regnamespace::text = ANY(%s) AND attnum > 0 AND NOT attisdropped",
        (list(EVERY_SCHEMA),),
        role="admin",
    )
    assert len(columns) >= 500
    assert [f"{row.name}.{row.attname}" for row in columns if not (row.comment or "").strip()] == []
    tables = relations(catalog, EVERY_SCHEMA)
    assert len(tables) >= 40
    assert [f"{table.schema}.{table.name}" for table in tables if not (table.comment or "").strip()] == []
    schemas = catalog.rows(
        "SELECT nspname, obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = ANY(%s)",
        (list(EVERY_SCHEMA),),
        role="admin",
    )
    assert [row.nspname for row in schemas if not row.comment] == []


def test_the_migrator_owns_everything(catalog: Warehouse) -> None:
    owned = catalog.rows(
        "SELECT 'relation' AS what, oid::regclass::text AS name, relowner::regrole::text AS owner FROM pg_class "
        "WHERE relnamespace::regnamespace::text = ANY(%(schemas)s) UNION ALL "
        "SELECT 'function', oid::regprocedure::text, proowner::regrole::text FROM pg_proc "
        "WHERE pronamespace::regnamespace::text = ANY(%(schemas)s) UNION ALL "
        "SELECT 'schema', nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname = ANY(%(schemas)s)",
        {"schemas": list(EVERY_SCHEMA)},
        role="admin",
    )
    assert len(owned) >= 100
    assert {row.owner for row in owned} == {"branchline_migrator"}


#: What a role that is no worker may call, and why it may: to be told about itself.
OF_ONESELF = {
    "access.me", "access.is_super_admin", "access.locations", "access.clients", "access.places", "access.may_grant",
}  # fmt: skip
#: What the api calls, and what then looks at who asks: tests/access/test_who_grants_what.py.
OF_THE_API = {"access.grant_role", "access.revoke_grant"}
#: What people are shown of a row that they may see some columns of.
OF_PEOPLE = {"ops.masked_sample"}
#: Triggers, and what migrations call.
OF_NOBODY = {
    "access.protect", "access.watch", "access.write_down", "access.refuse_truncate", "core.describe",
}  # fmt: skip
#: What the loader calls: it may not do DDL itself, and it keeps the shared rate.
OF_THE_LOADER = {"landing.ensure_partition", "landing.drop_partitions", "ops.reserve_calls", "ops.pause_calls"}


def test_functions_run_with_a_fixed_path_and_for_whom_they_are(catalog: Warehouse) -> None:
    functions = catalog.rows(
        "SELECT oid, pronamespace::regnamespace::text AS schema, proname AS name, prosecdef AS is_definer, "
        "proconfig AS settings, obj_description(oid, 'pg_proc') AS comment, "
        "ARRAY(SELECT role FROM unnest(%s::text[]) AS role WHERE has_function_privilege(role, pg_proc.oid, 'EXECUTE')) "
        "AS callers, EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0) "
        "AS is_public FROM pg_proc WHERE pronamespace::regnamespace::text = ANY(%s) ORDER BY 2, 3",
        (list(ROLES), list(EVERY_SCHEMA)),
        role="admin",
    )
    assert len(functions) >= 20
    assert sum(function.is_definer for function in functions) >= 8
    for function in functions:
        name = f"{function.schema}.{function.name}"
        assert function.comment, f"{name} has no comment"
        assert not function.is_public, f"{name} may be called by everybody"
        callers = set(function.callers)
        if function.is_definer:
            settings = " ".join(function.settings or [])
            assert re.search(r"search_path=pg_catalog, pg_temp$", settings), f"{name} is looked up in {settings!r}"
        if name in OF_NOBODY:
            assert callers == set(), f"{name}: {callers}"
        elif name in OF_THE_API:
            assert callers == {"branchline_api"}, f"{name}: {callers}"
            assert function.is_definer, name
        elif name in OF_ONESELF:
            assert "branchline_operator" not in callers, name
            assert function.is_definer, name
        elif name in OF_PEOPLE:
            assert callers == {"branchline_reader", "branchline_api"}, f"{name}: {callers}"
            assert function.is_definer, name
        elif name == "access.my_crew":
            assert callers == {"branchline_crew"}, name
        elif name in OF_THE_LOADER:
            assert callers == {"branchline_loader"}, f"{name}: {callers}"
        else:
            # what only spells, or looks up by name with the caller's own rights
            open_to_people = {"core", "crm", "tekmetric", "fms", "arrivy", "metrics"}
            assert function.schema in open_to_people, f"{name}: who may call it?"
            assert not function.is_definer, name


def test_what_later_migrations_make_is_nobodys_until_granted(catalog: Warehouse) -> None:
    defaults = {
        (row.schema, row.kind): row.acl
        for row in catalog.rows(
            "SELECT coalesce(nullif(defaclnamespace, 0)::regnamespace::text, '') AS schema, defaclobjtype AS kind, "
            "defaclacl::text AS acl FROM pg_default_acl WHERE defaclrole = 'branchline_migrator'::regrole",
            role="admin",
        )
    }
    assert set(defaults) == {("", "f"), ("core", "f"), ("crm", "f")}
    assert not re.search(r"[{,]=X", defaults["", "f"]), "PUBLIC executes what the migrator makes"
