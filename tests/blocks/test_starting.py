"""Where a run begins to read, as one table over all sources: what the planned slices ask the vendor for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline import ledger, plan, sync
from branchline.errors import Reconfigure
from branchline.ledger import Account, Run
from branchline.request import Request
from branchline.sources.arrivy import ARRIVY
from branchline.sources.fms import FMS
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC
from branchline.stream import Source
from branchline.transport import Endpoint
from branchline.warehouse import connect

from stack.postgres import Cluster
from stack.testing import fresh_database
from tests.conftest import NOW, Warehouse

#: The stream that each row of the table looks at: its source, whose cursor it is that it goes on from.
STREAMS: dict[str, tuple[Source, str]] = {
    "customers": (SMARTMOVING, plan.WINDOW),
    "repair_orders": (TEKMETRIC, "place"),
    "vehicles": (FMS, "none"),
    "tasks": (ARRIVY, plan.WINDOW),
    "location_reports": (ARRIVY, "member"),
}
ZONE = "America/New_York"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
#: The whole of a report.
ALL: dict[str, Any] = {}
NOTHING = None
_numbers = itertools.count(1)


def days(first: str, last: str, *, is_open: bool = False) -> tuple[date, date, bool]:
    """Days of a window, and whether what lies before and after it is read, too."""
    return date.fromisoformat(f"2026-{first}"), date.fromisoformat(f"2026-{last}"), is_open


def span(start: datetime | None, end: datetime = NOW) -> tuple[datetime | None, datetime]:
    """What is read of the vendor's own time of change."""
    return start, end


def midnight(day: str, zone_hours: int = 0) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T00:00:00+00:00") + zone_hours * HOUR


@dataclass(frozen=True)
class Row:
    """A row of the table: what was read before, what is asked for, and what each stream then reads.

    Attributes:
        read: how far complete slices have read; None is nothing yet.
        form: the form's values.
        customers: SmartMoving's service dates: they have no beginning, and an outage is made good for seven days.
        repair_orders: Tekmetric's changes.
        tasks: Arrivy's days of the schedule.
        location_reports: from when on Arrivy's readings are asked for; "all" is without a beginning.
        vehicles: FMS's report, which is whole always.
    """

    read: datetime | None
    customers: Any
    repair_orders: Any
    tasks: Any
    location_reports: Any
    form: dict[str, Any] = field(default_factory=dict)
    vehicles: Any = field(default_factory=dict)


LATELY, LONG_AGO = NOW - 3 * DAY, NOW - 20 * DAY
SINCE = date(2026, 7, 10)
TABLE = {
    "no history": Row(
        None,
        customers=days("07-15", "07-16"),
        repair_orders=span(None),
        tasks=days("07-08", "08-14", is_open=True),
        location_reports="all",
    ),
    "with history": Row(
        LATELY,
        customers=days("07-12", "07-16"),
        repair_orders=span(LATELY - 2 * HOUR),
        tasks=days("07-05", "08-14"),
        location_reports=LATELY - 2 * HOUR,
    ),
    "after twenty days": Row(
        LONG_AGO,
        customers=days("07-08", "07-16"),
        repair_orders=span(LONG_AGO - 2 * HOUR),
        tasks=days("06-18", "08-14"),
        location_reports=LONG_AGO - 2 * HOUR,
    ),
    "history of the future": Row(
        NOW + DAY,
        customers=days("07-15", "07-16"),
        repair_orders=NOTHING,
        tasks=days("07-08", "08-14"),
        location_reports=NOTHING,
    ),
    "since": Row(
        LATELY,
        form={"since": SINCE},
        customers=days("07-10", "07-16"),
        repair_orders=span(midnight("07-10", 4)),
        tasks=days("07-10", "08-14"),
        location_reports=midnight("07-10"),
    ),
    "since, with a history of the future": Row(
        NOW + DAY,
        form={"since": SINCE},
        customers=days("07-10", "07-16"),
        repair_orders=span(midnight("07-10", 4)),
        tasks=days("07-10", "08-14"),
        location_reports=midnight("07-10"),
    ),
    "since and until": Row(
        None,
        form={"since": SINCE, "until": date(2026, 7, 11)},
        customers=days("07-10", "07-11"),
        repair_orders=span(midnight("07-10", 4), midnight("07-12", 4)),
        tasks=days("07-10", "07-11"),
        location_reports=midnight("07-10"),
    ),
    "since and force_overwrite": Row(
        LATELY,
        form={"since": SINCE, "force_overwrite": True},
        customers=days("07-10", "07-16"),
        repair_orders=span(midnight("07-10", 4)),
        tasks=days("07-10", "08-14"),
        location_reports=midnight("07-10"),
    ),
    "full": Row(
        LATELY,
        form={"full": True},
        customers=days("07-12", "07-16"),
        repair_orders=span(None),
        tasks=days("07-08", "08-14", is_open=True),
        location_reports="all",
    ),
    "force_overwrite": Row(
        LATELY,
        form={"force_overwrite": True},
        customers=days("07-12", "07-16"),
        repair_orders=span(None),
        tasks=days("07-08", "08-14", is_open=True),
        location_reports="all",
    ),
}


@pytest.fixture(scope="module")
def library(cluster: Cluster, template: str) -> Iterator[Warehouse]:
    """A warehouse that all rows of the table share, each with accounts of its own."""
    with fresh_database(cluster, template) as conninfo:
        yield Warehouse(conninfo)


@dataclass
class Desk:
    """An account of one stream's source with a place in New York and a crew member, and what is planned for it."""

    warehouse: Warehouse
    stream: str

    def __post_init__(self) -> None:
        source, _ = STREAMS[self.stream]
        self.source = source
        name = f"{source.slug} {next(_numbers)}"
        self.account = Account(source.slug, name, name, f"client of {name}")
        with connect(self.warehouse.loader, client=self.account.client) as connection:
            ledger.register_accounts(connection, [self.account])
        self.warehouse.execute(
            "INSERT INTO core.locations (client_id, source, account, external_id, name, timezone) "
            "VALUES (%s, %s, %s, '1', 'East', %s)",
            (self.account.client, source.slug, name, ZONE),
        )
        self.warehouse.execute(
            "INSERT INTO arrivy.entities (client_id, account, entity_id, observed_at, row_hash) "
            "VALUES (%s, %s, '77', now(), gen_random_uuid())",
            (self.account.client, name),
        )
        self.place = self.warehouse.one(
            "SELECT location_id FROM core.locations WHERE is_mapped AND account = %s", (name,)
        )

    def has_read(self, until: datetime | None) -> None:
        """Let complete slices have read so far."""
        scope = {"place": str(self.place), "member": "77"}.get(STREAMS[self.stream][1], STREAMS[self.stream][1])
        if until is not None:
            with connect(self.warehouse.loader, client=self.account.client) as connection:
                ledger.write_fact(
                    connection, self.source.slug, self.account.account, self.stream, scope, until.isoformat()
                )

    def asks(self, **form: Any) -> Any:
        """What the planned slices of the stream ask for, in the words of the table."""
        wave = self.source.stream(self.stream).wave
        run = sync.Sync(
            self.warehouse.loader,
            self.source,
            self.account,
            Run(self.source.slug, f"run {next(_numbers)}"),
            Request(streams=(self.stream,), **form),
            NOW,
        )
        sync.plan_wave(run, wave, Endpoint(self.source.slug, self.account.account, "http://127.0.0.1:9", {}))
        rows = self.warehouse.rows(
            "SELECT scope, request, window_start, window_end FROM ops.sync_slices WHERE run_id = %s ORDER BY slice_id",
            (run.run.run_id,),
            role="admin",
        )
        return _WORDS[self.stream](rows) if rows else NOTHING


def _days(rows: list[Any]) -> Any:
    known = [row.window_start for row in rows if row.window_start]
    assert known == [known[0] + place * DAY for place in range(len(known))], "each day once"
    assert all(row.window_end == row.window_start + DAY for row in rows if row.window_start)
    beyond = [row.scope for row in rows if not row.window_start]
    assert beyond in ([], [f"before {known[0]}", f"from {known[-1] + DAY}"])
    return known[0], known[-1], bool(beyond)


def _span(rows: list[Any]) -> Any:
    (params,) = (row.request["params"] for row in rows)
    start = params.get("updatedDateStart")
    return start and datetime.fromisoformat(start), datetime.fromisoformat(params["updatedDateEnd"])


def _begin(rows: list[Any]) -> Any:
    (params,) = (row.request["params"] for row in rows)
    return datetime.fromisoformat(params["time"]) if params else "all"


def _whole(rows: list[Any]) -> Any:
    (request,) = (row.request for row in rows)
    return request


_WORDS = {
    "customers": _days,
    "tasks": _days,
    "repair_orders": _span,
    "location_reports": _begin,
    "vehicles": _whole,
}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("name", TABLE)
def test_where_a_run_begins(library: Warehouse, name: str, stream: str) -> None:
    row = TABLE[name]
    desk = Desk(library, stream)
    desk.has_read(row.read)
    assert desk.asks(**row.form) == getattr(row, stream)


@pytest.mark.parametrize("form", [{"full": True}, {"days_back": 3}])
def test_since_contradicts_another_beginning(form: dict[str, Any]) -> None:
    with pytest.raises(Reconfigure, match="since"):
        Request(since=SINCE, **form)


def test_days_back_counts_from_now_whatever_was_read(library: Warehouse) -> None:
    assert [source.slug for source in (SMARTMOVING, TEKMETRIC, FMS, ARRIVY) if "days_back" in source.form] == [
        "tekmetric"
    ]
    for read in (None, LATELY, NOW + DAY):
        desk = Desk(library, "repair_orders")
        desk.has_read(read)
        assert desk.asks(days_back=2) == span(NOW - 2 * DAY), read
        assert desk.asks(days_back=2, force_overwrite=True) == span(NOW - 2 * DAY), read


def test_a_place_whose_zone_nobody_knows_has_the_days_of_utc(library: Warehouse) -> None:
    desk = Desk(library, "repair_orders")
    library.execute("UPDATE core.locations SET timezone = 'Central' WHERE location_id = %s", (desk.place,))
    assert desk.asks(since=SINCE) == span(midnight("07-10"))


@pytest.mark.parametrize("stream", ["customers", "repair_orders", "tasks", "location_reports"])
def test_the_point_is_that_of_complete_slices_and_not_when_a_sync_ended(library: Warehouse, stream: str) -> None:
    """A sync that ended well a minute ago says nothing of how far the vendor was read."""
    desk = Desk(library, stream)
    none, lately = (getattr(TABLE[name], stream) for name in ("no history", "with history"))
    assert none != lately
    for read, expected in ((None, none), (LATELY, lately)):
        desk.has_read(read)
        for status in ("success", "partial", "failed"):
            library.execute(
                "INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, start_time, "
                "end_time, dag_id, run_id) VALUES (%s, %s, %s, %s, %s, now() - interval '1 hour', now(), %s, %s)",
                (
                    desk.source.slug, desk.account.account, desk.account.client, stream, status, desk.source.slug,
                    f"ended {next(_numbers)}",
                ),
            )  # fmt: skip
            assert desk.asks() == expected, (read, status)


def test_a_point_in_another_offset_is_the_same_instant(library: Warehouse) -> None:
    desk = Desk(library, "repair_orders")
    desk.has_read(LATELY.astimezone(tz=None))
    assert desk.asks() == span(LATELY - 2 * HOUR)
    assert LATELY.tzinfo is UTC
