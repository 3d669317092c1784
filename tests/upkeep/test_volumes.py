"""ops.volumes: the newest read against the same weekday and hour of eight weeks; exact on histories made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.upkeep.book import HOURS, Book

WEEK = 7 * 24.0
DAY = 24 * HOURS


def weekly(book: Book, newest: int, *past: int | None, stream: str = "orders", place: str | None = None) -> None:
    """A read an hour ago, and one of each week before it; None: nobody read in that week."""
    for weeks, records in enumerate([newest, *past]):
        if records is not None:
            book.sync(stream, 1 + weeks * WEEK, [{"place": place, "records": records}])


def judged(book: Book, stream: str = "orders", place: str | None = None) -> Any:
    (row,) = book.rows(
        "SELECT * FROM ops.volumes WHERE stream = %s AND location_name IS NOT DISTINCT FROM %s", (stream, place)
    )
    return row


@pytest.fixture
def daily(book: Book) -> Book:
    book.open_account("north", "south")
    book.expect("orders", timedelta(days=1))
    return book


def test_a_halving_is_a_warning_and_says_what_is_usual(daily: Book) -> None:
    weekly(daily, 50, 100, 104, 96, 100, 101, 99, 100, 103)
    row = judged(daily)
    assert (row.records, row.weeks, row.median, row.deviation, float(row.tolerated)) == (50, 8, 100, 1, 30.0)
    assert (row.verdict, row.severity) == ("few", "warning")
    found = daily.one("SELECT subject, fact, severity, worst FROM ops.findings WHERE check_name = 'volume'")
    assert found.subject == "orders"
    assert found.fact == "few: 50 records, usually 100 on this weekday (8 weeks)"
    assert (found.severity, float(found.worst)) == ("warning", 1.67)


@pytest.mark.parametrize(
    ("newest", "verdict"), [(70, "usual"), (69, "few"), (130, "usual"), (131, "many"), (0, "empty")]
)
def test_three_tenths_are_tolerated_however_still_the_weeks_were(daily: Book, newest: int, verdict: str) -> None:
    weekly(daily, newest, *[100] * 8)
    assert judged(daily).verdict == verdict


@pytest.mark.parametrize(("newest", "verdict"), [(20, "usual"), (19, "few"), (180, "usual"), (181, "many")])
def test_weeks_that_differ_tolerate_four_deviations(daily: Book, newest: int, verdict: str) -> None:
    """The median is 100; half of the weeks lie 13.49 or more from it, which is 80 to four deviations."""
    weekly(daily, newest, *[100 + off for off in (-13, 13, -13, 13, -14, 14, -14, 14)])
    row = judged(daily)
    assert row.deviation == 13.5
    assert float(row.tolerated) == 80.1
    assert row.verdict == verdict


@pytest.mark.parametrize(("newest", "verdict"), [(0, "usual"), (18, "usual"), (19, "many")])
def test_ten_records_are_tolerated_where_there_are_few(daily: Book, newest: int, verdict: str) -> None:
    weekly(daily, newest, *[8] * 8)
    assert judged(daily).verdict == verdict


def test_weekend_dips_are_no_alarm(book: Book) -> None:
    """Seventy days, each read: a Sunday of 5 among days of 100 is a Sunday like the others."""
    book.open_account()
    book.expect("orders", timedelta(days=1))
    for days in range(70):
        book.sync("orders", 1 + 24.0 * days, [{"records": 5 if days % 7 == 0 else 100}])
    row = judged(book)
    assert (row.records, row.median, row.weeks, row.verdict) == (5, 5, 8, "usual")
    book.sync("orders", 0.5, [{"records": 100}])
    assert judged(book).verdict == "many"


def test_the_hour_of_the_day_counts(book: Book) -> None:
    """A night of none among days of forty; the read of that hour is compared, the nearest one."""
    book.open_account()
    book.expect("orders", 0.25 * HOURS)
    for weeks in range(9):
        for quarter in range(-12, 13):
            hours = 8 + weeks * WEEK + quarter / 4
            book.sync("orders", hours, [{"records": 0 if quarter > -4 else 40}])
    row = judged(book)
    assert (row.records, row.median, row.weeks, row.verdict) == (40, 40, 8, "usual")


def test_a_read_far_from_the_hour_is_no_observation(book: Book) -> None:
    book.open_account()
    book.expect("orders", 2 * HOURS)
    for weeks in range(9):
        book.sync("orders", 1 + weeks * (WEEK + 0.3), [{"records": 100}])
    assert book.rows("SELECT FROM ops.volumes") == [], "three weeks lie within the hour, which is too few"


@pytest.mark.parametrize(("weeks", "rows"), [(3, 0), (4, 1)])
def test_of_three_weeks_nobody_can_say_what_is_usual(daily: Book, weeks: int, rows: int) -> None:
    weekly(daily, 0, *[100] * weeks)
    assert len(daily.rows("SELECT FROM ops.volumes")) == rows


def test_weeks_without_a_read_are_left_out(daily: Book) -> None:
    weekly(daily, 50, 100, None, 100, None, 100, None, None, 100)
    assert (judged(daily).weeks, judged(daily).verdict) == (4, "few")


def test_one_holiday_among_the_weeks_changes_nothing(daily: Book) -> None:
    weekly(daily, 98, 100, 0, 100, 101, 99, 100, 100, 100)
    assert (judged(daily).median, judged(daily).verdict) == (100, "usual")


def test_a_place_is_compared_with_itself(daily: Book) -> None:
    for weeks, (north, south) in enumerate([(20, 100), *[(50, 100)] * 5]):
        daily.sync("orders", 1 + weeks * WEEK, [{"place": "north", "records": north}, {"place": "south", "records": 60},
                                                {"place": "south", "records": south - 60}])  # fmt: skip
    assert (judged(daily, place="north").records, judged(daily, place="north").verdict) == (20, "few")
    assert (judged(daily, place="south").records, judged(daily, place="south").verdict) == (100, "usual")
    found = daily.rows(
        "SELECT subject, location_id FROM ops.findings WHERE check_name = 'volume' AND severity <> 'info'"
    )
    assert [tuple(row) for row in found] == [("orders of north", daily.places["north"])]


@pytest.mark.parametrize(
    "configuration", [{"full": True}, {"locations": ["north"]}, {"dry_run": True}, {"since": "2026-01-01"}]
)
def test_a_run_of_something_else_is_neither_judged_nor_an_observation(
    daily: Book, configuration: dict[str, Any]
) -> None:
    weekly(daily, 100, *[100] * 4)
    for weeks in range(5):
        daily.sync("orders", 0.5 + weeks * WEEK, [{"records": 9000}], configuration=configuration)
    assert (judged(daily).records, judged(daily).median) == (100, 100)


@pytest.mark.parametrize("piece", [{"state": "failed"}, {"state": "deferred"}, {"verdict": "short"}])
def test_what_was_not_read_whole_is_not_judged(daily: Book, piece: dict[str, Any]) -> None:
    weekly(daily, 100, *[100] * 4)
    daily.sync("orders", 0.5, [{"records": 40}, piece], status="partial")
    assert daily.rows("SELECT FROM ops.volumes") == []


def test_past_days_that_a_run_makes_good_do_not_count(daily: Book) -> None:
    weekly(daily, 100, *[100] * 4)
    daily.sync("orders", 0.5, [{"records": 100}, {"records": 5000, "priority": "backfill"}])
    assert judged(daily).records == 100


def test_an_empty_list_is_an_error_where_it_is_read_whole_and_was_never_empty(daily: Book) -> None:
    weekly(daily, 0, *[100] * 5)
    assert (judged(daily).verdict, judged(daily).severity) == ("empty", "warning"), "a day may be a holiday"
    daily.rows(
        "INSERT INTO ops.tallies (source, account, table_name, client_id, streams, is_snapshot, listed, rejected, "
        "live) VALUES ('tekmetric', 'tekmetric', 'tekmetric.orders', 'garage', 'orders, more', FALSE, 0, 0, 0) "
        "RETURNING 1"
    )
    assert (judged(daily).verdict, judged(daily).severity) == ("empty", "error")
    daily.rows(
        "UPDATE ops.sync_slices SET records = 0 "
        "WHERE slice_id = (SELECT max(slice_id) FROM ops.sync_slices) RETURNING 1"
    )
    assert (judged(daily).verdict, judged(daily).severity) == ("few", "warning"), "it was empty before"


def test_what_is_read_when_something_is_due_has_no_usual_count(book: Book) -> None:
    book.open_account()
    book.expect("orders", None)
    weekly(book, 0, *[100] * 8)
    assert book.rows("SELECT FROM ops.volumes") == []
