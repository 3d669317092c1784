"""Arrivy's records landed by hand: tasks of a branch, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from branchline import ledger
from branchline.derive import derive
from branchline.ledger import Account
from branchline.sources.arrivy import ARRIVY
from branchline.warehouse import connect

from tests.blocks.landed import Bench, Landed
from tests.contract.facts import Case, Records

ACCOUNT = Account("arrivy", "arrivy", "arrivy", "home")
GROUP = 4_503_628_476_928_001


@contextmanager
def _company(conninfo: str) -> Iterator[Bench]:
    with connect(conninfo, client=ACCOUNT.client) as connection:
        ledger.register_accounts(connection, [ACCOUNT])
        yield Bench(connection, ACCOUNT, ARRIVY)


def _task(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": 5_910_974_510_920_000 + number,
        "title": "Estimate",
        "group_id": GROUP,
        "status": "NOTSTARTED",
        "start_datetime": "2026-07-15T14:00:00+00:00",
        "start_datetime_original_iso_str": "2026-07-15T10:00:00-04:00",
        "start_datetime_timezone": "America/New_York",
        "duration": 120,
        "entity_ids": [5_348_024_557_502_464],
        "updated": "2026-07-15T12:00:00Z",
    } | more


def _text(bench: Bench, text: str) -> list[str]:
    field = {"type": "TEXT", "name": "Primary source", "value": text}
    notes = {"notes": text}
    sent = _task(
        title=text, details=text, external_id=text, customer_zipcode=text, extra_fields=notes,
        template_extra_fields=[field],
    )  # fmt: skip
    bench.take("tasks", [sent])
    return [
        *bench.one("SELECT title, details, external_id, customer_zipcode, extra_fields ->> 'notes' FROM arrivy.tasks"),
        bench.one("SELECT value FROM arrivy.task_template_fields"),
    ]


def _day(bench: Bench, sent: Any) -> date | None:
    bench.take("tasks", [_task(start_datetime_original_iso_str=sent, start_datetime_timezone=None, group_id=None)])
    found: date | None = bench.one("SELECT business_date FROM arrivy.tasks")
    return found


def _instant(bench: Bench, sent: Any) -> datetime | None:
    bench.take("tasks", [_task(end_datetime=sent)])
    found: datetime | None = bench.one("SELECT end_datetime FROM arrivy.tasks")
    return found


def _local(bench: Bench, zone: str, instants: list[datetime]) -> list[date]:
    bench.take("groups", [{"id": GROUP, "owner": 1, "name": "Boston Branch", "timezone": zone}])
    derive(bench.connection, ACCOUNT, "core.locations", None)
    sent = [
        _task(
            number,
            start_datetime=f"{instant:%Y-%m-%dT%H:%M:%S}",
            start_datetime_original_iso_str=None,
            start_datetime_timezone=None,
        )
        for number, instant in enumerate(instants)
    ]
    bench.take("tasks", sent)
    return [row.day for row in bench.rows("SELECT business_date AS day FROM arrivy.tasks ORDER BY task_id")]


def _listed(bench: Bench, numbers: Sequence[int], at: datetime) -> Landed:
    return bench.land("tasks", [_task(number) for number in numbers], at=at)


def _lost(bench: Bench, numbers: Sequence[int], at: datetime) -> None:
    keys = [str(_task(number)["id"]) for number in numbers]
    bench.take("missing_tasks", [None] * len(keys), keys=keys, reasons=["missing"] * len(keys), at=at)


def _of_task(ask: str, found: Any, **more: Any) -> Case:
    return Case("tasks", (_task(**more),), ask, found)


RECORDS = Records(
    bench=_company,
    text=_text,
    version=lambda number: _of_task(RECORDS.told, f"V{number}", title=f"V{number}"),
    told="SELECT title FROM arrivy.tasks",
    stamped=lambda number, at: _of_task(
        RECORDS.told, f"V{number}", title=f"V{number}", updated=f"{at:%Y-%m-%dT%H:%M:%SZ}"
    ),
    words=(
        _of_task(
            "SELECT tasks.task_id, duration, unscheduled, rating::text, travel_time::text, customer_phone, "
            "customer_zipcode, entity_id FROM arrivy.tasks CROSS JOIN arrivy.task_entities",
            ("12", 90, False, "4.5", "25", "5550100", "01234", "77"),
            id="12",
            duration="90",
            unscheduled="false",
            rating="4.5",
            travel_time="25",
            customer_phone=5_550_100,
            customer_zipcode="01234",
            entity_ids=["77"],
        ),
        # An id is a whole number below 2^53, and stays one (contract, section 4).
        _of_task("SELECT task_id FROM arrivy.tasks", "9007199254740993", id=9_007_199_254_740_993),
    ),
    maybe=(_of_task("SELECT is_locked FROM arrivy.tasks", None, is_locked="maybe"), "is_locked"),
    unknown=(
        Case(
            "task_statuses",
            ({"id": 1, "type": "TELEPORTED", "time": "2026-07-15T15:00:00Z", "source": "fax"},),
            "SELECT type, source FROM arrivy.task_statuses",
            ("TELEPORTED", "fax"),
            ("12",),
        ),
        ("statusSource fax", "statusType TELEPORTED"),
    ),
    day=_day,
    days=(
        ("2026-07-14T20:30:00-07:00", date(2026, 7, 14)),
        ("2028-02-29T23:59:59-11:00", date(2028, 2, 29)),
        ("2026-12-31T23:59:7-08:00", date(2026, 12, 31)),
        ("2027-01-01T00:30:00+1300", date(2027, 1, 1)),
        ("9999-12-31T23:00:00-08:00", date(9999, 12, 31)),
        ("0001-01-01T00:00:00Z", None),
        ("2027-02-29T10:00:00-05:00", None),
        ("", None),
        (None, None),
    ),
    instant=_instant,
    instants=(
        ("2028-02-29T23:10:00Z", datetime(2028, 2, 29, 23, 10, tzinfo=UTC)),
        ("2026-12-31T23:59:59-05:00", datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC)),
        ("2026-07-15T09:00:7-08:00", datetime(2026, 7, 15, 17, 0, 7, tzinfo=UTC)),
        ("2026-07-15T09:00:7", datetime(2026, 7, 15, 9, 0, 7, tzinfo=UTC)),
        ("2016-11-20T01:34:04.848640", datetime(2016, 11, 20, 1, 34, 4, 848640, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ),
    no_instants=("2027-02-29T00:00:00Z", "2026-07-15T25:00:00Z", "noon", 1_772_000_000),
    local=_local,
    listed=_listed,
    missed="SELECT record_key FROM ops.lookups WHERE wanted = 'missing' AND stream = 'missing_tasks'",
    lost=_lost,
    gone="SELECT task_id FROM arrivy.tasks WHERE is_deleted",
)
