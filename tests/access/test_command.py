"""`python -m branchline.access`: rights from a terminal, as the migrator and from libpq's environment."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from branchline.access import main
from psycopg.conninfo import conninfo_to_dict

from stack.state import PROJECT
from tests.conftest import Warehouse


@pytest.fixture
def house(warehouse: Warehouse) -> dict[str, int]:
    """Two clients with a place each: name of the client -> location_id."""
    warehouse.execute("INSERT INTO core.clients (client_id) VALUES ('lgm'), ('acme')")
    warehouse.execute(
        "INSERT INTO core.locations (client_id, source, account, external_id, name) "
        "VALUES ('lgm', 'smartmoving', 'smartmoving', 'a', 'Calgary'), ('acme', 'smartmoving', 'acme', 'b', 'Reno')"
    )
    return {row.client_id: row.location_id for row in warehouse.rows("SELECT * FROM core.locations")}


def held(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    rows = warehouse.rows("SELECT person, role, client_id, location_id FROM access.grants ORDER BY grant_id")
    return [tuple(row) for row in rows]


def test_grant_list_revoke(warehouse: Warehouse, house: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: object) -> str:
        assert main([str(word) for word in words], warehouse.as_role("migrator")) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        return shown.out

    place = house["lgm"]
    assert run("list") == "Nobody has a role there.\n"
    manager = ("grant", "jane", "MANAGER", "--client", "lgm", "--location", place)
    assert run(*manager) == f"jane is now MANAGER at location {place} of lgm.\n"
    assert run(*manager) == f"jane was MANAGER at location {place} of lgm already; nothing changed.\n"
    assert run("grant", "jane", "AUDITOR", "--client", "acme") == "jane is now AUDITOR in all of acme.\n"
    assert run("grant", "sue", "SUPER_ADMIN") == "sue is now SUPER_ADMIN in every client.\n"
    lines = run("list").splitlines()
    assert lines[0].split() == ["user", "role", "client", "location", "since", "by"]
    assert [line.split()[:2] for line in lines[1:]] == [
        ["jane", "AUDITOR"], ["jane", "MANAGER"], ["sue", "SUPER_ADMIN"],
    ]  # fmt: skip
    assert f"{place} Calgary" in lines[2]
    assert len(run("list", "--client", "acme").splitlines()) == 2
    # a role is revoked where it was granted, and nowhere else
    assert "nothing changed" in run("revoke", "jane", "MANAGER", "--client", "lgm")
    assert "nothing changed" in run("revoke", "nobody")
    assert run(*("revoke", *manager[1:])) == f"jane is no longer MANAGER at location {place} of lgm.\n"
    run(*manager)
    assert len(run("revoke", "jane").splitlines()) == 2
    assert held(warehouse) == [("sue", "SUPER_ADMIN", None, None)]
    done = warehouse.rows("SELECT action, login, user_name FROM access.audit WHERE person = 'jane'")
    assert [row.action for row in done] == ["admit", "grant", "grant", "revoke", "grant", "revoke", "revoke"]
    assert {row.login for row in done} == {"branchline_migrator"}
    assert None not in {row.user_name for row in done}, "who the caller is on his machine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x", "OWNER", "--client", "lgm"), "There is no role OWNER. The roles are ADMIN, AUDITOR, DISPATCHER,"),
        (("x", "MANAGER", "--client", "nowhere"), "There is no client nowhere."),
        (("x", "MANAGER", "--client", "lgm", "--location", "{acme}"), "Location {acme} is none of client lgm."),
        (("x", "MANAGER"), "MANAGER is a role in a client. Name the client."),
        (("x", "SUPER_ADMIN", "--client", "lgm"), "SUPER_ADMIN is a role in every client."),
        (("", "MANAGER", "--client", "lgm"), "A user name is at least one character"),
    ],
)
def test_what_cannot_be_granted_is_said(
    warehouse: Warehouse,
    house: dict[str, int],
    words: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["grant", *(word.format(**house) for word in words)], warehouse.as_role("migrator")) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(said.format(**house))
    assert held(warehouse) == []


@pytest.mark.parametrize("role", ["api", "loader", "operator", "reader"])
def test_only_the_migrators_login_grants(
    warehouse: Warehouse, house: dict[str, int], role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grant", "x", "ADMIN", "--client", "lgm"], warehouse.as_role(role)) == 1
    said = capsys.readouterr().err
    assert "You may not grant" in said if role == "api" else "branchline_migrator: PGUSER" in said
    assert held(warehouse) == []


def test_it_needs_neither_airflow_nor_the_local_stack(warehouse: Warehouse, house: dict[str, int]) -> None:
    parts = conninfo_to_dict(warehouse.as_role("migrator"))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT / "plugins"),
        "PGHOST": str(parts["host"]),
        "PGPORT": str(parts["port"]),
        "PGDATABASE": str(parts["dbname"]),
        "PGUSER": str(parts["user"]),
        "PGPASSWORD": str(parts["password"]),
    }

    def run(**changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "branchline.access", "grant", "jane", "ADMIN", "--client", "lgm"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment | changes, timeout=60
        )

    answer = run()
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "jane is now ADMIN in all of lgm.\n", "")
    for changes, said in (
        ({"PGPASSWORD": "canary"}, "The warehouse does not answer"),
        ({"PGHOST": "warehouse.example"}, "is another machine and sslmode is prefer"),
    ):
        answer = run(**changes)
        assert answer.returncode == 1
        assert said in answer.stderr
        assert "Traceback" not in answer.stderr
        assert "canary" not in answer.stderr
