"""Who may give and take which right, decided by PostgreSQL: roles against people, and the ways around it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.access.conftest import OURS, THEIRS, Loaded
from tests.access.test_who_sees_what import EVERYBODY, refused

ROLES = ("SUPER_ADMIN", "ADMIN", "MANAGER", "DISPATCHER", "DRIVER", "MOVER", "AUDITOR")
#: Whoever grants anything: the clients in which he grants each role but SUPER_ADMIN. Nobody else is in here.
GRANTORS = {"super": {OURS, THEIRS}, "admin": {OURS}, "other_admin": {THEIRS}}
GRANT = "SELECT * FROM access.grant_role(%s, %s, %s, %s)"
REVOKE = "SELECT * FROM access.revoke_grant(%s)"


def scopes(loaded: Loaded, role: str) -> list[tuple[str | None, int | None]]:
    """Where that role can be had at all: each client, whole and at a place of it."""
    if role == "SUPER_ADMIN":
        return [(None, None)]
    theirs = min(place for place, client in loaded.place_clients.items() if client == THEIRS)
    whole: list[tuple[str | None, int | None]] = [(OURS, None), (THEIRS, None)]
    return whole if role == "AUDITOR" else [*whole, (OURS, loaded.places[0]), (THEIRS, theirs)]


def is_allowed(name: str, role: str, client: str | None) -> bool:
    return name == "super" or (role != "SUPER_ADMIN" and client in GRANTORS.get(name, set()))


@pytest.mark.parametrize("name", EVERYBODY)
def test_T84_who_grants_and_revokes_which_role_where(loaded: Loaded, name: str) -> None:
    tried = 0
    for role in ROLES:
        for client, place in scopes(loaded, role):
            words = (f"new {role}", role, client, place)
            allowed = is_allowed(name, role, client)
            with loaded.through_api(name) as connection:
                if allowed:
                    made = connection.execute(GRANT, words).fetchone()
                    assert made is not None
                    assert made.is_new
                    again = connection.execute(GRANT, words).fetchone()
                    assert again == (made.grant_id, False)
                    taken = connection.execute(REVOKE, (made.grant_id,)).fetchone()
                    assert taken == (f"new {role}", role, client, place)
                else:
                    refused(connection, GRANT, words)
            tried += 1
    assert tried == 1 + 2 + 5 * 4


@pytest.mark.parametrize("name", EVERYBODY)
def test_T84_whose_rights_are_taken_by_whom(loaded: Loaded, name: str) -> None:
    """Each grant there is: taken by who may, refused to who only sees it, and not there for anybody else."""
    held = loaded.warehouse.rows("SELECT grant_id, person, role, client_id FROM access.grants ORDER BY grant_id")
    assert len(held) >= 13
    outcomes = set()
    for grant in held:
        with loaded.through_api(name) as connection:
            if loaded.people[name].is_crew:
                refused(connection, REVOKE, (grant.grant_id,))
                continue
            if grant.role == "SUPER_ADMIN" and name == "super":
                expected: Any = errors.RestrictViolation  # the last of its kind
            elif is_allowed(name, grant.role, grant.client_id):
                expected = None
            else:
                expected = errors.InsufficientPrivilege if grant.person == name else errors.NoDataFound
            outcomes.add(expected)
            if expected is None:
                assert connection.execute(REVOKE, (grant.grant_id,)).rowcount == 1
            else:
                with pytest.raises(expected), connection.transaction():
                    connection.execute(REVOKE, (grant.grant_id,))
    assert bool(None in outcomes) is (name in GRANTORS)


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_sees_whose_rights(loaded: Loaded, name: str) -> None:
    if loaded.people[name].is_crew:
        with loaded.through_api(name) as connection:
            for table in ("people", "grants", "audit"):
                refused(connection, f"SELECT FROM access.{table}")
        return
    everything = loaded.warehouse.rows("SELECT grant_id, person, client_id FROM access.grants")
    expected = {
        grant.grant_id
        for grant in everything
        if name == "super" or grant.person == name or grant.client_id in GRANTORS.get(name, set())
    }
    with loaded.through_api(name) as connection:
        found = {row.grant_id for row in connection.execute("SELECT grant_id FROM access.grants")}
        people = {row.person for row in connection.execute("SELECT person FROM access.people")}
    assert found == expected
    if name == "super":
        assert people == set(loaded.people)
    else:
        assert people == {grant.person for grant in everything if grant.grant_id in expected} | {name}


def test_rights_of_a_login_of_ones_own_give_none_to_others(loaded: Loaded) -> None:
    """The functions are the api's: SQL access of an ADMIN or SUPER_ADMIN reads."""
    for role in ("test_super", "test_admin", "branchline_reader", "branchline_loader", "branchline_operator"):
        with loaded.as_login(role, "SET TRANSACTION READ WRITE") as connection:
            refused(connection, GRANT, ("x", "MOVER", OURS, None))
            refused(connection, REVOKE, (1,))
            refused(connection, "DELETE FROM access.grants")


# ------------------------------------------------------------------------------------------------- ways around it


def test_nobody_raises_himself(loaded: Loaded) -> None:
    first, second, *_ = loaded.places
    for name, role, client, place in (
        ("admin", "SUPER_ADMIN", None, None),
        ("admin", "SUPER_ADMIN", OURS, None),
        ("admin", "ADMIN", THEIRS, None),
        ("admin", "ADMIN", None, None),
        ("admin", None, None, None),
        ("admin", None, OURS, None),
        ("admin", "ADMIN", "", None),
        ("admin_of_one", "ADMIN", OURS, None),
        ("admin_of_one", "ADMIN", OURS, second),
        ("admin_of_one", "ADMIN", OURS, first),
        ("manager", "ADMIN", OURS, first),
        ("manager", "MANAGER", OURS, second),
        ("auditor", "MANAGER", OURS, None),
        ("nobody", "MOVER", OURS, None),
    ):
        with loaded.through_api(name) as connection:
            refused(connection, GRANT, (name, role, client, place))


def test_without_a_person_the_api_grants_nothing(loaded: Loaded) -> None:
    for setting in ("SELECT 1", "SET branchline.\"user\" = ''", "SET branchline.\"user\" = 'no such user'"):
        with loaded.as_login("branchline_api", setting) as connection:
            for role, client in (("SUPER_ADMIN", None), ("ADMIN", OURS), ("MOVER", OURS)):
                refused(connection, GRANT, ("x", role, client, None))
            with pytest.raises(errors.NoDataFound), connection.transaction():
                connection.execute(REVOKE, (1,))


def test_crew_that_leaves_its_role_is_still_asked_who_it_is(loaded: Loaded) -> None:
    with loaded.through_api("dispatcher") as connection:
        connection.execute("RESET ROLE")
        refused(connection, GRANT, ("dispatcher", "ADMIN", OURS, None))


def test_a_search_path_of_the_callers_changes_nothing(loaded: Loaded) -> None:
    """Functions, tables and operators of the same names stand before the real ones, and are not found."""
    with loaded.as_login("branchline_api") as connection:
        connection.execute("SELECT set_config('branchline.user', 'admin', TRUE)")
        refused(connection, "CREATE TEMPORARY TABLE grants (person text)")
    with psycopg.connect(loaded.warehouse.admin, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA hostile")
        try:
            for statement in (
                "CREATE FUNCTION hostile.me() RETURNS text LANGUAGE sql AS 'SELECT ''super'''",
                "CREATE FUNCTION hostile.is_super_admin() RETURNS boolean LANGUAGE sql AS 'SELECT TRUE'",
                "CREATE FUNCTION hostile.may_grant(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT TRUE'",
                "CREATE FUNCTION hostile.pg_has_role(name, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT TRUE'",
                "CREATE FUNCTION hostile.session_user() RETURNS text LANGUAGE sql AS 'SELECT ''branchline_migrator'''",
                "CREATE FUNCTION hostile.yes(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT TRUE'",
                "CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.yes)",
                "CREATE OPERATOR hostile.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.yes)",
                "CREATE TABLE hostile.grants (LIKE access.grants)",
                "INSERT INTO hostile.grants VALUES (1, 'admin', 'SUPER_ADMIN', NULL, NULL, now(), 'admin')",
                "GRANT USAGE ON SCHEMA hostile TO branchline_api",
                "GRANT ALL ON hostile.grants TO branchline_api",
            ):
                admin.execute(statement.encode())
            with loaded.through_api("admin") as connection:
                connection.execute("SET LOCAL search_path = hostile, pg_temp, access, pg_catalog")
                shown = connection.execute(
                    "SELECT may_grant('a', 'b') AS may, 'a'::text = 'b'::text AS same"
                ).fetchone()
                assert shown == (True, True), "the trap is not set"
                refused(connection, GRANT, ("admin", "SUPER_ADMIN", None, None))
                refused(connection, GRANT, ("admin", "ADMIN", THEIRS, None))
                assert connection.execute(GRANT, ("x", "MOVER", OURS, None)).rowcount == 1
                written = connection.execute("SELECT done_by FROM access.audit WHERE person OPERATOR(pg_catalog.=) 'x'")
                assert [row.done_by for row in written] == ["admin"]
        finally:
            admin.execute("DROP SCHEMA hostile CASCADE")


def test_a_refusal_tells_nothing_of_other_clients(loaded: Loaded) -> None:
    said = set()
    for client, place in ((THEIRS, None), ("no such client", None), (THEIRS, 1), ("no such client", 999999)):
        with loaded.through_api("admin") as connection, pytest.raises(errors.InsufficientPrivilege) as refusal:
            connection.execute(GRANT, ("x", "MANAGER", client, place))
        said.add(str(refusal.value.diag.message_primary).replace(client, "..."))
    assert said == {"You may not grant MANAGER in client ..."}


# ---------------------------------------------------------------------------------------------------- plain words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x", "OWNER", OURS, None), "There is no role OWNER"),
        (("x", "ADMIN", "nowhere", None), "There is no client nowhere"),
        (("x", "ADMIN", None, None), "ADMIN is a role in a client"),
        (("x", "SUPER_ADMIN", OURS, None), "SUPER_ADMIN is a role in every client"),
        (("x", "MANAGER", OURS, 999999), "Location 999999 is none of client lgm"),
        (("x", "AUDITOR", OURS, 1), "AUDITOR is a role in the whole client"),
        (("", "ADMIN", OURS, None), "A user name is at least one character"),
        ((None, "ADMIN", OURS, None), "A user name is at least one character"),
        ((" super", "ADMIN", OURS, None), "A user name is at least one character"),
        (("a\nb", "ADMIN", OURS, None), "A user name is at least one character"),
    ],
)
def test_what_cannot_be_granted_is_said(loaded: Loaded, words: tuple[Any, ...], said: str) -> None:
    with loaded.through_api("super") as connection, pytest.raises(errors.IntegrityError) as refusal:
        connection.execute(GRANT, words)
    assert str(refusal.value.diag.message_primary).startswith(said)
    assert str(refusal.value.diag.message_hint).endswith((".", "reads."))


def test_the_last_super_admin_goes_by_the_migrator_alone(loaded: Loaded) -> None:
    last = loaded.warehouse.one("SELECT grant_id FROM access.grants WHERE role = 'SUPER_ADMIN'")
    with loaded.through_api("super") as connection:
        connection.execute(GRANT, ("second", "SUPER_ADMIN", None, None))
        assert connection.execute(REVOKE, (last,)).rowcount == 1
        # and with it went the right to take it back
        refused(connection, GRANT, ("super", "SUPER_ADMIN", None, None))
    with loaded.as_login("branchline_migrator") as connection:
        assert connection.execute(REVOKE, (last,)).rowcount == 1
