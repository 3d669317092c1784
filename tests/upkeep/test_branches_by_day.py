"""The heat-map: a branch that has nothing is told from one that was not read, in one list of all or place by place."""

from __future__ import annotations

from typing import Any

from branchline.warehouse import render

from tests.upkeep.book import Book

DAY = 24.0


def states(book: Book) -> dict[str, list[tuple[str, int | None]]]:
    """State and number of the last two days, the older first, by branch."""
    found: dict[str, list[tuple[str, int | None]]] = {}
    for row in book.connection.execute(
        render("pages/branches.sql"), {"source": book.source, "search": None, "days": 14}
    ):
        found.setdefault(row.name, []).append((row.state, row.records))
    assert all(len(days) == 14 for days in found.values())
    return {name: days[-2:] for name, days in found.items()}


def test_days_before_the_first_sync_are_nobodys_fault(book: Book) -> None:
    made = smartmoving(book.connection)
    made.sync("customers", 3 * DAY, [{"records": 40}])
    rows = made.connection.execute(
        render("pages/branches.sql"), {"source": made.source, "search": "Austin", "days": 14}
    ).fetchall()
    assert [row.state for row in rows] == ["not yet"] * 10 + ["read"] + ["not read"] * 3


def moves(book: Book, place: str, days_ago: int) -> None:
    book.rows(
        "INSERT INTO crm.truck_journeys (client_id, account, external_id, location_id, date, status, tags, "
        "data_source, sync_status, job_id, observed_at, row_hash) VALUES (%(client)s, %(account)s, %(id)s, %(place)s, "
        "(now() AT TIME ZONE 'UTC')::date - %(ago)s, 'MORNING_PREP', '{}', 'SMARTMOVING', 'SYNCED', %(id)s, now(), "
        "gen_random_uuid()) RETURNING 1",
        {
            "client": book.client, "account": book.account, "id": f"{place} {days_ago}",
            "place": book.places[place], "ago": days_ago,
        },
    )  # fmt: skip


def smartmoving(connection: Any) -> Book:
    book = Book(connection, source="smartmoving", account="smartmoving", client="lgm")
    book.open_account("Austin", "Boise", "Calgary")
    return book


def test_where_one_list_holds_all_branches_their_own_rows_tell_who_had_nothing(book: Book) -> None:
    made = smartmoving(book.connection)
    made.sync("customers", DAY, [{"records": 40}, {"state": "failed"}])
    made.sync("customers", 0, [{"records": 40}])
    moves(made, "Austin", 0)
    moves(made, "Austin", 1)
    moves(made, "Boise", 7)
    assert states(made) == {
        "Austin": [("failed", 1), ("read", 1)],
        # it had a move on that weekday a week ago, and today there is none
        "Boise": [("failed", 0), ("silent", 0)],
        "Calgary": [("failed", 0), ("read", 0)],
    }


def test_a_list_of_words_that_failed_is_no_branchs_trouble(book: Book) -> None:
    made = smartmoving(book.connection)
    made.sync("customers", 0, [{"records": 40}])
    made.sync("tariffs", 0, [{"state": "failed", "priority": "reference"}])
    made.sync("customers", 0, [{"state": "deferred", "priority": "backfill"}])
    assert {name: days[1][0] for name, days in states(made).items()} == dict.fromkeys(made.places, "read")


def test_where_places_are_read_one_by_one_their_own_slices_tell(book: Book) -> None:
    book.open_account("North", "South")
    book.sync("orders", 2 * DAY, [{"place": "North", "records": 5}, {"place": "South", "records": 9}])
    book.sync("orders", DAY, [{"place": "North", "records": 5}])
    book.sync("orders", 0, [{"place": "North", "records": 0}, {"place": "South", "records": 9, "verdict": "short"}])
    assert states(book) == {"North": [("read", 5), ("silent", 0)], "South": [("not read", None), ("short", 9)]}
