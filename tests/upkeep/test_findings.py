"""A round of looking: one line each, worst first, kept in ops.check_results; and who may read the views."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from branchline.findings import OutOfOrder, look, verify
from branchline.ledger import Account, Run
from psycopg import sql
from psycopg.rows import namedtuple_row

from stack.testing import login
from tests.conftest import PASSWORD, Warehouse
from tests.upkeep.book import Book

OURS = Account("tekmetric", "tekmetric", "tekmetric", "garage")
THEIRS = Account("tekmetric", "other", "tekmetric_other", "acme")
RUN = Run("warehouse_upkeep", "run 1")
VIEWS = ("freshness", "reconciliation", "quarantine_summary", "volumes", "findings")


@pytest.fixture
def ours(written: Callable[..., Book]) -> Book:
    """Two shops, one of them refused; a list that is read; one rejected record."""
    book = written()
    book.open_account("north", "south")
    book.expect("orders")
    book.expect("shops", timedelta(days=1))
    book.sync("shops", 30, records_fetched=2, created=2)
    book.sync("orders", 9, [{"place": "north"}, {"place": "south"}])
    sync_id = book.sync(
        "orders", 1, [{"place": "north"}, {"place": "south", "state": "failed"}], status="partial", records_fetched=3,
        created=2, quarantined=1,
    )  # fmt: skip
    book.reject("orders", "77", sync_id)
    return book


@pytest.fixture
def theirs(written: Callable[..., Book]) -> Book:
    """Another client's account, all of it in order."""
    book = written(account="other", client="acme")
    book.open_account("west")
    book.expect("orders")
    book.sync("orders", 1, [{"place": "west"}])
    return book


def test_what_is_not_in_order_is_told_worst_first(
    ours: Book, theirs: Book, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="branchline.findings"):
        errors = look(warehouse.loader, [OURS, THEIRS], RUN)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert said[0].startswith("error freshness: tekmetric orders of south: read 09:00:")
    assert "expected every 02:00:00; mend what ops.sync_history.error_message" in said[0]
    assert said[1].startswith("warning freshness: tekmetric shops: read 1 day 06:00:"), (
        "1.25 periods are more than 1 row"
    )
    assert said[2].startswith("warning quarantine: ")
    assert "tekmetric.orders total missing: 1 open since" in said[2]
    assert "such as 77; mend" in said[2]
    assert errors == [said[0].removeprefix("error freshness: ")]


def test_an_account_is_named_beside_its_source(theirs: Book, warehouse: Warehouse) -> None:
    theirs.expect("shops")
    (line,) = look(warehouse.loader, [THEIRS], RUN)
    assert line.startswith(
        "tekmetric other shops: not read yet, expected every 02:00:00; no run of tekmetric has begun"
    )


def test_what_was_found_is_kept_good_accounts_too(ours: Book, theirs: Book, warehouse: Warehouse) -> None:
    look(warehouse.loader, [OURS, THEIRS], RUN)
    rows = warehouse.rows("SELECT * FROM ops.check_results ORDER BY client_id, check_name")
    assert [(row.client_id, row.account, row.check_name, row.severity, row.checked, row.failed) for row in rows] == [
        ("acme", "other", "freshness", "info", 1, 0),
        ("acme", "other", "quarantine", "info", 0, 0),
        ("acme", "other", "reconciliation", "info", 1, 0),
        ("acme", "other", "volume", "info", 0, 0),
        ("garage", "tekmetric", "freshness", "error", 3, 2),
        ("garage", "tekmetric", "quarantine", "warning", 1, 1),
        ("garage", "tekmetric", "reconciliation", "info", 1, 0),
        ("garage", "tekmetric", "volume", "info", 0, 0),
    ]
    assert {(row.dag_id, row.run_id, row.source, row.location_id) for row in rows} == {
        ("warehouse_upkeep", "run 1", "tekmetric", None)
    }
    late = rows[4]
    assert late.worst == pytest.approx(4.5, abs=0.01)
    assert [(example["key"], example["severity"]) for example in late.examples] == [
        ("orders of south", "error"),
        ("shops", "warning"),
    ]
    assert "Jane" not in json.dumps([row.examples for row in rows])


def test_an_account_that_is_not_configured_is_not_looked_at(ours: Book, theirs: Book, warehouse: Warehouse) -> None:
    assert look(warehouse.loader, [THEIRS], RUN) == []
    assert {row.account for row in warehouse.rows("SELECT account FROM ops.check_results")} == {"other"}
    ours.rows("DELETE FROM ops.expectations WHERE account = 'tekmetric' RETURNING 1")
    warehouse.execute("DELETE FROM ops.check_results")
    assert look(warehouse.loader, [OURS], RUN) == []
    assert warehouse.rows("SELECT FROM ops.check_results") == []


def test_errors_fail_and_are_told_with_how_many_there_are() -> None:
    verify([])
    with pytest.raises(OutOfOrder, match=r"^Looking at the warehouse: one \| two\. Do what each line says"):
        verify(["one", "two"])
    with pytest.raises(OutOfOrder) as caught:
        verify([f"line {number}" for number in range(12)])
    assert "line 4 | and 7 more, see ops.findings" in str(caught.value)
    assert "line 5" not in str(caught.value)
    assert not caught.value.is_transient


def test_a_headings_anchor_is_in_the_runbook(warehouse: Warehouse) -> None:
    from tests.policy.conftest import PROJECT

    runbook = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8").lower().replace("'", "")
    headings = {line.lstrip("# ").replace(" ", "-") for line in runbook.splitlines() if line.startswith("#")}
    said = "".join(
        row.text
        for row in warehouse.rows(
            "SELECT pg_get_viewdef('ops.' || name) AS text FROM unnest(%s::text[]) AS name", (list(VIEWS),)
        )
    )
    anchors = {part.split("'")[0].split(";")[0] for part in said.split("docs/runbook.md#")[1:]}
    assert len(anchors) >= 5
    assert anchors <= headings


# -------------------------------------------------------------------------------------------------------- who sees what


@pytest.fixture
def people(ours: Book, theirs: Book, warehouse: Warehouse) -> Iterator[Callable[[str], dict[str, list[Any]]]]:
    """What a person with SQL access of his own reads of each view."""
    grants = {
        "watch_admin": ("ADMIN", "garage", None),
        "watch_manager": ("MANAGER", "garage", ours.places["north"]),
        "watch_driver": ("DRIVER", "garage", None),
        "watch_other": ("AUDITOR", "acme", None),
        "watch_super": ("SUPER_ADMIN", None, None),
    }
    for person, grant in grants.items():
        warehouse.execute("INSERT INTO access.people (person, user_name, db_role) VALUES (%s, %s, %s)", (person,) * 3)
        warehouse.execute("SELECT access.grant_role(%s, %s, %s, %s)", (person, *grant))
    names = [*grants, "watch_nobody"]
    with psycopg.connect(warehouse.admin, autocommit=True) as connection:
        for name in names:
            role = sql.Identifier(name)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(PASSWORD)))
            connection.execute(sql.SQL("GRANT branchline_reader TO {}").format(role))

    def read(name: str) -> dict[str, list[Any]]:
        conninfo = login(warehouse.admin, name, PASSWORD)
        with psycopg.connect(conninfo, autocommit=True, row_factory=namedtuple_row) as connection:
            return {view: connection.execute(f"SELECT * FROM ops.{view}".encode()).fetchall() for view in VIEWS}

    try:
        yield read
    finally:
        warehouse.execute("DROP ROLE " + ", ".join(names))


def test_people_see_their_own_client_and_managers_their_own_shops(
    people: Callable[[str], dict[str, list[Any]]],
) -> None:
    def places(name: str) -> set[tuple[str, str, str | None]]:
        return {(row.client_id, row.stream, row.location_name) for row in people(name)["freshness"]}

    ours = {("garage", "shops", None), ("garage", "orders", "north"), ("garage", "orders", "south")}
    theirs = {("acme", "orders", "west")}
    assert places("watch_admin") == ours
    assert places("watch_super") == ours | theirs
    assert places("watch_other") == theirs
    assert places("watch_manager") == ours - {("garage", "orders", "south")}
    for name in ("watch_driver", "watch_nobody"):
        assert people(name) == {view: [] for view in VIEWS}, name


def test_rejected_records_are_the_whole_clients(people: Callable[[str], dict[str, list[Any]]]) -> None:
    """They have no location that could be believed."""
    assert [row.example_key for row in people("watch_admin")["quarantine_summary"]] == ["77"]
    for name in ("watch_manager", "watch_other"):
        assert people(name)["quarantine_summary"] == []
    assert {row.check_name for row in people("watch_manager")["findings"]} == {"freshness", "reconciliation"}


def test_payloads_and_what_was_asked_for_stay_the_operators(
    people: Callable[[str], dict[str, list[Any]]], warehouse: Warehouse
) -> None:
    assert people("watch_admin")["findings"]
    for column, table in (
        ("payload", "quarantine"), ("payload_raw", "quarantine"), ("request", "sync_slices"),
        ("error_message", "sync_slices"), ("scope", "sync_slices"),
    ):  # fmt: skip
        for name in ("watch_admin", "watch_super"):
            with (
                psycopg.connect(login(warehouse.admin, name, PASSWORD)) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(f"SELECT {column} FROM ops.{table}".encode())
