"""Which opportunities are asked for by id, why, how often, and what a month of it costs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline.calendars import midnight
from branchline.limits import Budget
from branchline.plan import by_key
from branchline.sources.smartmoving import SMARTMOVING
from branchline.tables import select_text

from tests.blocks.landed import Bench, bench, customer, detail, embedded, job

TORONTO = "America/Toronto"
MONTHLY = 20_000  # section 1: the basic tier's calls


def due(
    by_hand: Bench,
    now: datetime,
    stream: str = "opportunities",
    days: int = 2,
    *,
    first: date | None = None,
    only_days: bool = False,
) -> dict[str, str]:
    """What is due at an instant: record to reason."""
    today = first or now.date()
    rows = by_hand.rows(
        select_text("smartmoving", f"{stream}.due"),
        {
            "account": by_hand.account.account,
            "now": now,
            "zone": TORONTO,
            "first_day": today,
            "last_day": today + timedelta(days=days - 1),
            "only_days": only_days,
        },
    )
    assert len({row.record_key for row in rows}) == len(rows), "no record is due for two reasons"
    return {row.record_key: row.reason for row in rows}


@pytest.fixture
def lgm(warehouse: Any) -> Any:
    with bench(warehouse.loader) as found:
        yield found


#: The warehouse writes its own clock into synced_at; these tests let the vendor's world be now.
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.astimezone(UTC).date()


def answer(by_hand: Bench, *numbers: int, at: datetime, reason: str = "new", day: date = TODAY) -> None:
    keys = [f"opportunity {number}" for number in numbers]
    details = [detail(number, embedded(number, int(f"{day:%Y%m%d}"))) for number in numbers]
    by_hand.take("opportunities", details, keys=keys, reasons=[reason] * len(keys), at=at)


def sweep(by_hand: Bench, *numbers: int, at: datetime, day: date = TODAY, **more: Any) -> None:
    by_hand.take("customers", [customer(number, job(number, f"{day}"), **more) for number in numbers], at=at)


def test_new_once_changed_again_and_never_twice_for_one_reason(lgm: Bench) -> None:
    sweep(lgm, 1, 2, at=NOW)
    assert due(lgm, NOW) == {"opportunity 1": "new", "opportunity 2": "new"}
    later = datetime.now(UTC) + timedelta(seconds=1)
    answer(lgm, 1, 2, at=later)
    assert due(lgm, NOW) == {}
    sweep(lgm, 1, 2, at=later)
    assert due(lgm, NOW) == {}, "seen again unchanged"
    lgm.rows("UPDATE ops.lookups SET asked_at = asked_at - interval '1 hour' RETURNING 1")
    lgm.rows("UPDATE smartmoving.swept_jobs SET synced_at = synced_at - interval '2 hours' RETURNING 1")
    lgm.rows("UPDATE smartmoving.swept_opportunities SET synced_at = synced_at - interval '2 hours' RETURNING 1")
    assert due(lgm, NOW) == {}
    sweep(lgm, 1, at=later + timedelta(minutes=1), status=10)
    assert due(lgm, NOW) == {"opportunity 1": "changed"}
    answer(lgm, 1, at=datetime.now(UTC) + timedelta(seconds=1), reason="changed")
    assert due(lgm, NOW) == {}


def test_only_the_days_that_are_swept_are_asked_for(lgm: Bench) -> None:
    sweep(lgm, 1, at=NOW, day=TODAY + timedelta(days=40))
    assert due(lgm, NOW) == {}


def test_a_backfill_asks_for_its_own_days_and_leaves_the_rest_to_the_schedule(lgm: Bench) -> None:
    past, other = TODAY - timedelta(days=30), TODAY - timedelta(days=20)
    window = (past, past + timedelta(days=1))
    start = datetime.now(UTC) + timedelta(seconds=2)
    lgm.take("customers", [customer(n, job(n, f"{past}")) for n in (1, 2, 3)], window=window, at=start)
    sweep(lgm, 4, 5, at=start, day=other)
    answer(lgm, 1, 3, 4, at=start - timedelta(days=40), day=past)
    lgm.take("customers", [customer(1, job(1, f"{past}")), customer(2, job(2, f"{past}"))], window=window,
             at=start + timedelta(seconds=1))  # fmt: skip
    lgm.rows(
        "INSERT INTO ops.lookups (source, account, stream, record_key, asked_at, reason, was_found, wanted) VALUES "
        "('smartmoving', 'smartmoving', 'opportunities', 'of no sweep', '-infinity', 'missing', TRUE, 'missing') "
        "RETURNING 1"
    )
    everything = due(lgm, NOW, first=past, days=1)
    assert set(everything) >= {"opportunity 2", "opportunity 3", "opportunity 4", "of no sweep"}
    assert everything["opportunity 3"] == "missing"
    here = due(lgm, NOW, first=past, days=1, only_days=True)
    assert here == {key: reason for key, reason in everything.items() if key[-1] in "123"}
    assert here["opportunity 3"] == "missing", "what its own window no longer shows is its business"
    assert due(lgm, NOW, first=TODAY, days=1, only_days=True) == {}
    jobs = due(lgm, NOW, "jobs", first=past, days=1)
    assert set(jobs) >= {"opportunity 1", "opportunity 4"}
    assert set(due(lgm, NOW, "jobs", first=past, days=1, only_days=True)) == {k for k in jobs if k[-1] in "123"}


@pytest.mark.parametrize("zone", [TORONTO, "America/Vancouver", "Pacific/Kiritimati"])
def test_ended_once_when_the_branchs_own_day_is_over(lgm: Bench, zone: str) -> None:
    lgm.rows(
        "INSERT INTO core.locations (client_id, source, account, external_id, name, timezone) "
        "VALUES ('lgm', 'smartmoving', 'smartmoving', 'b', 'TORONTO', %s) RETURNING 1",
        (zone,),
    )
    day = date(2026, 7, 15)
    asked = datetime(2026, 7, 13, 12, 0, tzinfo=UTC)
    sweep(lgm, 1, at=asked, day=day)
    answer(lgm, 1, at=asked, day=day)
    lgm.rows("UPDATE smartmoving.swept_jobs SET synced_at = %s RETURNING 1", (asked,))
    lgm.rows("UPDATE smartmoving.swept_opportunities SET synced_at = %s RETURNING 1", (asked,))
    over = midnight(day + timedelta(days=1), zone)
    assert due(lgm, over - timedelta(seconds=1)) == {}
    assert due(lgm, over - timedelta(seconds=1), "jobs") == {}
    assert due(lgm, over) == {"opportunity 1": "ended"}
    assert due(lgm, over, "jobs") == {"opportunity 1": "new"}
    answer(lgm, 1, at=over, reason="ended", day=day)
    listed = {"id": "job 1", "type": 1, "jobNumber": "1-1", "jobDate": 20260715}
    lgm.take("jobs", [listed], keys=["opportunity 1"], at=over)
    for days in (0, 1, 30):
        assert due(lgm, over + timedelta(days=days)) == {}
        assert due(lgm, over + timedelta(days=days), "jobs") == {}


def test_jobs_are_asked_for_only_of_what_makes_a_journey(lgm: Bench) -> None:
    past = TODAY - timedelta(days=3)
    for number, status in enumerate((3, 4, 10, 11, 20, 30, 77)):
        sweep(lgm, number, at=NOW, day=past, status=status)
    assert set(due(lgm, NOW, "jobs")) == {"opportunity 1", "opportunity 2", "opportunity 3"}


def test_missing_is_asked_for_once(lgm: Bench) -> None:
    window = (TODAY, TODAY + timedelta(days=1))
    start = datetime.now(UTC) + timedelta(seconds=2)
    lgm.take("customers", [customer(1, job(1, f"{TODAY}")), customer(2, job(2, f"{TODAY}"))], window=window, at=start)
    answer(lgm, 1, 2, at=start + timedelta(seconds=1))
    lgm.take("customers", [customer(1, job(1, f"{TODAY}"))], window=window, at=start + timedelta(seconds=2))
    assert due(lgm, NOW) == {"opportunity 2": "missing"}
    answer(lgm, 2, at=start + timedelta(seconds=3), reason="missing")
    assert due(lgm, NOW) == {}
    lgm.take("customers", [customer(1, job(1, f"{TODAY}"))], window=window, at=start + timedelta(hours=2))
    assert due(lgm, NOW) == {}, "the vendor was asked and said that it is there"
    lgm.take("customers", [customer(1, job(1, f"{TODAY}"))], window=window, at=start + timedelta(hours=26))
    assert due(lgm, NOW) == {"opportunity 2": "missing"}, "a day later it is asked for again"


def test_aged_comes_last_and_only_within_the_budget(lgm: Bench) -> None:
    far = TODAY + timedelta(days=30)
    sweep(lgm, 1, 2, 3, at=NOW, day=far)
    answer(lgm, 1, 2, 3, at=datetime.now(UTC) + timedelta(seconds=1), day=far)
    sweep(lgm, 4, at=NOW)
    later = NOW + timedelta(days=8)
    rows = lgm.rows(
        select_text("smartmoving", "opportunities.due"),
        {
            "account": "smartmoving",
            "now": later,
            "zone": TORONTO,
            "first_day": TODAY,
            "last_day": TODAY,
            "only_days": False,
        },
    )
    assert Counter(row.reason for row in rows) == {"aged": 3, "ended": 1} or Counter(row.reason for row in rows) == {
        "aged": 3,
        "new": 1,
    }
    source = SMARTMOVING.stream("opportunities")
    free, left_out = by_key(source, rows, Budget(limit=0, used=0, today=TODAY))
    assert (sum(len(one.request["keys"]) for one in free), left_out) == (4, 0)
    tight, left_out = by_key(source, rows, Budget(limit=20_000, used=19_000, today=TODAY))
    assert all(one.priority != "aged" for one in tight)
    assert left_out >= 3


# ------------------------------------------------------------------------------------------------------ a month's calls

CLOCKED = (
    ("ops.lookups", "asked_at"),
    ("ops.sync_history", "start_time"),
    *(
        (f"smartmoving.{table}", column)
        for table in ("customers", "swept_opportunities", "swept_jobs", "opportunities", "opportunity_jobs", "jobs")
        for column in ("synced_at", "observed_at")
    ),
)


def pretend(line: Any, instant: datetime, since: datetime) -> None:
    """Let what the last run wrote by the machine's clock have been written at the instant it stood for."""
    for table, column in CLOCKED:
        line.warehouse.execute(
            f"UPDATE {table} SET {column} = %s + ({column} - %s) WHERE {column} >= %s", (instant, since, since)
        )


@pytest.mark.timeout(400)
def test_a_month_of_the_original_company_stays_below_the_basic_tier(smartmoving: Any) -> None:
    """186 customers a day, a tenth of them changed a day, a sync every two hours: three days, the last projected.

    Three syncs a day are run: the first of the day, one after the day's changes and the last. The nine others would
    find nothing new: they cost their sweep, which is added.
    """
    first = datetime(2026, 7, 15, 5, 0, tzinfo=UTC)
    line = smartmoving(scale="original", now=first)
    spent = []
    for day in range(3):
        before = line.vendor.control.served()["total"]
        for hour in (0, 12, 22):
            instant = first + timedelta(days=day, hours=hour)
            line.vendor.control.clock(instant.isoformat())
            if hour == 12:
                days = (first + timedelta(days=day)).date(), (first + timedelta(days=day + 1)).date()
                line.vendor.control.change({"fraction": 0.1, "from": f"{days[0]}", "to": f"{days[1]}"})
            began = datetime.now(UTC)
            line.sync(instant=instant)
            assert line.errors == []
            pretend(line, instant, began)
        swept = line.warehouse.one(
            "SELECT sum(api_calls) FROM ops.sync_slices WHERE stream = 'customers' AND run_id = %s",
            (f"run {3 * day + 3}",),
        )
        spent.append(line.vendor.control.served()["total"] - before + 9 * swept)
    reasons = {
        row.reason: row.n
        for row in line.warehouse.rows(
            "SELECT stream || ' ' || (reason.value #>> '{}') AS reason, count(*) AS n FROM ops.sync_slices, "
            "jsonb_array_elements(request -> 'reasons') AS reason (value) WHERE run_id = ANY(%s) GROUP BY 1",
            (["run 7", "run 8", "run 9"],),
        )
    }
    month = 30 * spent[-1]
    print(f"calls a day {spent}, by reason on the last day {reasons}, a month {month:,}")  # noqa: T201
    assert month < MONTHLY, (spent, reasons)
    assert "opportunities aged" not in reasons
