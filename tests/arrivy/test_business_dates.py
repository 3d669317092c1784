"""The day that a task belongs to: its sender's, else that of the place; never one of UTC by accident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from branchline.ledger import Account
from branchline.sources.arrivy import ARRIVY

from tests.blocks.landed import Bench, bench

WEST, NOWHERE = 1, 2
#: Half past seven in the evening of the 15th in Los Angeles, in the ways in which the vendor writes it.
EVENING = datetime(2026, 7, 16, 2, 30, tzinfo=UTC)
WIRES = ("2026-07-16T02:30:00", "2026-07-16T02:30:00Z", "2026-07-16T02:30:0+00:00", "2026-07-15T22:30:00.000-04:00")


@pytest.fixture
def books(warehouse: Any) -> Iterator[Bench]:
    """An account with a group in Los Angeles and one in a zone that nobody knows, ready to land tasks in."""
    with bench(warehouse.loader, Account("arrivy", "arrivy", "arrivy", "home")) as made:
        made.source = ARRIVY
        for group, zone in ((WEST, "America/Los_Angeles"), (NOWHERE, "Mars/Olympus_Mons")):
            warehouse.execute(
                "INSERT INTO core.locations (client_id, source, account, external_id, name, timezone) "
                "VALUES ('home', 'arrivy', 'arrivy', %s, 'A group', %s)",
                (str(group), zone),
            )
        yield made


def days_of(books: Bench, stream: str, sent: list[dict[str, Any]]) -> list[tuple[datetime | None, str | None]]:
    """Begin and day of records, in their order."""
    key = "task_id" if stream == "tasks" else "booking_id"
    counts = books.take(stream, [{"id": number, **one} for number, one in enumerate(sent)])
    assert counts.created == len(sent)
    rows = books.rows(f"SELECT start_datetime, business_date::text FROM arrivy.{stream} ORDER BY {key}::integer")
    return [tuple(row) for row in rows]


def original(text: str, **more: Any) -> dict[str, Any]:
    return {"start_datetime_original_iso_str": text, **more}


def zone(name: Any, **more: Any) -> dict[str, Any]:
    return {"start_datetime_timezone": name, **more}


CASES: list[tuple[dict[str, Any], str | None]] = [
    # as its sender wrote it
    (original("2026-07-15T19:30:00-07:00"), "2026-07-15"),
    (original("2026-07-15T19:30:0-07:00"), "2026-07-15"),
    (original("2026-07-15 19:30:00-0700"), "2026-07-15"),
    (original("2026-07-16T02:30:00Z"), "2026-07-16"),
    (original("2026-07-15T19:30:00-07:00", start_datetime_timezone="Asia/Tokyo"), "2026-07-15"),
    # by the task's own zone
    (zone("America/Los_Angeles"), "2026-07-15"),
    (zone("America/New_York", group_id=NOWHERE), "2026-07-15"),
    (zone("Asia/Tokyo", group_id=WEST), "2026-07-16"),
    (zone("US/Pacific", start_datetime_original_iso_str="2026-07-15T19:30:00"), "2026-07-15"),
    (zone("America/Argentina/Buenos_Aires"), "2026-07-15"),
    (zone("America/Port-au-Prince"), "2026-07-15"),
    (zone("Etc/GMT+5"), "2026-07-15"),
    (zone("Etc/GMT-14"), "2026-07-16"),
    (zone(" America/Los_Angeles"), "2026-07-15"),
    (zone("America/Los_Angeles "), "2026-07-15"),
    # by its group's
    ({"group_id": WEST}, "2026-07-15"),
    (zone("", group_id=WEST), "2026-07-15"),
    (zone("Pacific Standard Time", group_id=WEST), "2026-07-15"),
    (zone("Mars/Olympus_Mons", group_id=WEST), "2026-07-15"),
    # by no zone at all
    ({}, None),
    ({"group_id": NOWHERE}, None),
    ({"group_id": 99}, None),
    (zone("Mars/Olympus_Mons"), None),
    (zone("America/Los_Angeles BC"), None),
    (zone("America/Los_Angeles; DROP"), None),
    (zone("America/Los_Angeles-5"), None),
    (zone("America/"), None),
    (zone("/"), None),
    (zone(7), None),
    (zone(["America/Los_Angeles"]), None),
    (original("tomorrow"), None),
]


def test_an_evenings_job_stays_on_its_day(books: Bench) -> None:
    sent = [({"start_datetime": wire, **more}, day) for wire in WIRES for more, day in CASES]
    found = days_of(books, "tasks", [one for one, _ in sent])
    wrong = [
        (one, day, told) for (one, day), told in zip(sent, found, strict=True) if told != (EVENING, day)
    ]  # fmt: skip
    assert wrong == []


def test_a_day_ends_at_the_places_own_midnight(books: Bench) -> None:
    ends = {
        "2026-07-16T06:59:59Z": "2026-07-15",
        "2026-07-16T07:00:00Z": "2026-07-16",
        "2026-01-16T07:59:59": "2026-01-15",
        "2026-01-16T08:00:00": "2026-01-16",
        # the days on which the clocks change
        "2026-03-08T07:59:59Z": "2026-03-07",
        "2026-03-08T08:00:00Z": "2026-03-08",
        "2026-03-09T06:59:59": "2026-03-08",
        "2026-11-02T07:59:59Z": "2026-11-01",
        "2026-11-02T08:00:00Z": "2026-11-02",
    }
    found = days_of(books, "tasks", [{"start_datetime": wire, "group_id": WEST} for wire in ends])
    assert dict(zip(ends, (day for _, day in found), strict=True)) == ends


def test_a_begin_that_only_its_sender_wrote_is_the_begin(books: Bench) -> None:
    assert days_of(books, "tasks", [original("2026-07-15T19:30:0-07:00")]) == [(EVENING, "2026-07-15")]


def test_a_day_that_no_calendar_has_costs_the_task_its_day_alone(books: Bench) -> None:
    sent = original("2026-02-30T19:30:00-07:00", start_datetime=WIRES[0])
    assert days_of(books, "tasks", [sent]) == [(EVENING, None)]
    assert books.rows("SELECT severity, field FROM ops.quarantine") == [("field", "business_date")]


def test_a_bookings_day_follows_the_same_rule(books: Bench) -> None:
    sent = [
        {"timezone": "America/Los_Angeles"},
        {"timezone": "America/Los_Angeles "},
        {"group_id": WEST},
        {"timezone": "Mars/Olympus_Mons"},
        original("2026-07-15T19:30:0-07:00", timezone="Asia/Tokyo"),
    ]
    found = days_of(books, "bookings", [{"start_datetime": WIRES[0], **one} for one in sent])
    assert found == [(EVENING, day) for day in ("2026-07-15", "2026-07-15", "2026-07-15", None, "2026-07-15")]


def test_a_zone_that_a_group_has_is_its_places(books: Bench) -> None:
    from branchline.derive import derive

    names = ("America/Denver", " America/Denver ", "Mars/Olympus_Mons", "", "UTC")
    books.take("groups", [{"id": 10 + place, "name": name, "timezone": name} for place, name in enumerate(names)])
    derive(books.connection, books.account, "core.locations", None)
    rows = books.rows("SELECT timezone FROM core.locations WHERE external_id ~ '^1\\d$' ORDER BY external_id")
    assert [row.timezone for row in rows] == ["America/Denver", "America/Denver", None, None, None]


def test_a_negative_duration_is_no_duration(books: Bench) -> None:
    days_of(books, "tasks", [{"duration": -120}, {"duration": 0}, {"duration": 90}])
    rows = books.rows("SELECT duration FROM arrivy.tasks ORDER BY task_id::integer")
    assert [row.duration for row in rows] == [None, 0, 90]
    assert books.rows("SELECT severity, field FROM ops.quarantine") == [("field", "duration")]
