"""SmartMoving's records landed by hand: customers of the sweep and opportunities in detail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from branchline.merge import Counts

from tests.blocks.landed import Bench, Landed, bench, customer, detail, embedded, job
from tests.contract.facts import Case, Records

_SWEPT = (date(2026, 7, 15), date(2026, 7, 16))


def _text(bench: Bench, text: str) -> list[str]:
    bench.take("customers", [customer(1, job(1), name=text, address=text)], window=_SWEPT)
    key = f"key {text}"
    bench.take("opportunities", [detail(1) | {"id": key, "leadStatus": text}], keys=[key])
    row = bench.one("SELECT opportunity_id, lead_status FROM smartmoving.opportunities")
    return [
        *bench.one("SELECT name, address FROM smartmoving.customers"),
        row.opportunity_id.removeprefix("key "),
        row.lead_status,
    ]


def _money(bench: Bench, sent: Any) -> tuple[Counts, int | None]:
    total = {"subtotal": 0, "taxableAmount": 0, "tax": 0, "finalTotal": sent}
    counts = bench.take("opportunities", [detail(1, embedded(1), estimatedTotal=total)], keys=["opportunity 1"])
    rows = bench.rows("SELECT final_total_cents AS cents FROM smartmoving.opportunities")
    return counts, rows[0].cents if rows else None


def _day(bench: Bench, sent: Any) -> date | None:
    bench.take("opportunities", [detail(1, serviceDate=sent)], keys=["opportunity 1"])
    found: date | None = bench.one("SELECT service_date FROM smartmoving.opportunities")
    return found


def _required(bench: Bench, sent: Any) -> tuple[Counts, date | None, str | None]:
    counts = bench.take("customers", [customer(1, job(1, sent))])
    days = bench.rows("SELECT service_date FROM smartmoving.swept_jobs")
    flaws = bench.rows("SELECT field FROM ops.quarantine")
    return counts, days[0].service_date if days else None, flaws[0].field if flaws else None


def _instant(bench: Bench, sent: Any) -> datetime | None:
    listed = {"id": "job 1", "type": 1, "jobNumber": "1", "jobDate": 20260715}
    bench.take("jobs", [listed | {"startTimeUtc": sent}], keys=["opportunity 1"])
    found: datetime | None = bench.one("SELECT start_at FROM smartmoving.jobs")
    return found


def _listed(bench: Bench, numbers: Sequence[int], at: datetime) -> Landed:
    return bench.land("customers", [customer(number, job(number)) for number in numbers], window=_SWEPT, at=at)


def _lost(bench: Bench, numbers: Sequence[int], at: datetime) -> None:
    keys = [f"opportunity {number}" for number in numbers]
    bench.take("opportunities", [None] * len(keys), keys=keys, reasons=["missing"] * len(keys), at=at)


def _detail(*jobs: Any, ask: str, found: Any, **more: Any) -> Case:
    return Case("opportunities", (detail(1, *jobs, **more),), ask, found, ("opportunity 1",))


RECORDS = Records(
    bench=bench,
    text=_text,
    version=lambda number: _detail(leadStatus=f"V{number}", ask=RECORDS.told, found=f"V{number}"),
    told="SELECT lead_status FROM smartmoving.opportunities",
    money=_money,
    amounts=(
        ("179.50", 17950),
        (179.5, 17950),
        ("1,234.56", 123456),
        ("$4", 400),
        ("-5", -500),
        (-5, -500),
        (None, None),
        ("", None),
        (30.000000000000004, 3000),
        (0.1 + 0.2, 30),
        (1.005, 100),  # half to even: 100.5 cents
        (1.015, 102),
        (2.675, 268),
        (-1.005, -100),
        ("1e2", 10000),
        (0, 0),
        (92233720368547758.07, 9223372036854776000),
    ),
    no_amounts=("twelve", "1.234,56", "12 34", "NaN", "Infinity", "1,23", "--5", [5], {"a": 1}, 1e40),
    lines="smartmoving.opportunity_jobs",
    words=(
        _detail(
            embedded(1, confirmed="Y", type="4"),
            quoteNumber="1",
            status="4",
            volume="12.5",
            type="1",
            ask="SELECT opportunity.status, volume_cubic_feet, opportunity.service_type, is_confirmed, "
            "job.service_type AS job_type FROM smartmoving.opportunities AS opportunity "
            "CROSS JOIN smartmoving.opportunity_jobs AS job",
            found=(4, 12.5, 1, True, 4),
        ),
    ),
    maybe=(
        _detail(
            embedded(1, confirmed="maybe"), ask="SELECT is_confirmed FROM smartmoving.opportunity_jobs", found=None
        ),
        "is_confirmed",
    ),
    unknown=(
        Case(
            "customers",
            (customer(1, job(1, kind=77), status=66),),
            "SELECT service_type, is_known FROM smartmoving.swept_jobs CROSS JOIN core.codes "
            "WHERE code = '77' AND vocabulary = 'JobType'",
            (77, False),
        ),
        ("JobType 77", "OpportunityStatus 66"),
    ),
    day=_day,
    days=((None, None), (0, None), ("0001-01-01T00:00:00", None), (20260715, date(2026, 7, 15))),
    required=_required,
    required_days=(
        ("2028-02-29", date(2028, 2, 29)),
        ("20280229", date(2028, 2, 29)),
        (20280229, date(2028, 2, 29)),
        ("2026-12-31T23:59:59-11:00", date(2026, 12, 31)),
        ("2027-01-01T00:00:00Z", date(2027, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
    ),
    required_field="service_date",
    no_days=(None, "", 0, "0001-01-01", "0001-01-01T00:00:00", "2027-02-29", "20261301", "today"),
    instant=_instant,
    instants=(
        ("2026-07-15T12:30:00.1234567", datetime(2026, 7, 15, 12, 30, 0, 123457, tzinfo=UTC)),
        ("2026-07-15T10:00:00-04:00", datetime(2026, 7, 15, 14, 0, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        (None, None),
    ),
    no_instants=("2027-02-29T00:00:00Z", "noon"),
    listed=_listed,
    missed="SELECT record_key FROM ops.lookups WHERE wanted = 'missing'",
    lost=_lost,
    gone="SELECT job_id FROM smartmoving.swept_jobs WHERE is_deleted",
)
