"""FMS's rows landed by hand, as a report is cut: every column's text by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from branchline import ledger
from branchline.ledger import Account
from branchline.merge import Counts
from branchline.sources.fms import FMS
from branchline.warehouse import connect

from tests.blocks.landed import Bench, Landed
from tests.contract.facts import Case, Records

ACCOUNT = Account("fms", "fms", "fms", "press")


@contextmanager
def _desk(conninfo: str) -> Iterator[Bench]:
    with connect(conninfo, client=ACCOUNT.client) as connection:
        ledger.register_accounts(connection, [ACCOUNT])
        yield Bench(connection, ACCOUNT, FMS)


def _loan(**more: str) -> dict[str, str]:
    return {
        "activity_id": "104050",
        "vin": "TEST9LA5KLL001985",
        "person_id": "1004",
        "make": "Lexus",
        "model": "GX 550",
        "year": "2023",
        "start_date": "07-19-23",
        "end_date": "08-02-23",
        "clips_received": "1.0",
        "office": "Charlotte",
        "name": "Jules Fixturely",
    } | more


def _text(bench: Bench, text: str) -> list[str]:
    partner = {"person_id": "1", "office": "Dallas", "name": text, "address": text, "notes_instructions": text}
    bench.take("media_partners", [partner | {"affiliation": text, "default_loan_region": text}])
    bench.take("loan_history", [_loan(name=text, region=text, partner_address=text)])
    return [
        *bench.one(
            "SELECT name, address, notes_instructions, affiliation, default_loan_region FROM fms.media_partners"
        ),
        *bench.one("SELECT name, region, partner_address FROM fms.loan_history"),
    ]


def _day(bench: Bench, sent: str) -> date | None:
    bench.take("loan_history", [_loan(end_date=sent)])
    found: date | None = bench.one("SELECT end_date FROM fms.loan_history")
    return found


def _required(bench: Bench, sent: str) -> tuple[Counts, date | None, str | None]:
    counts = bench.take("loan_history", [_loan(start_date=sent)])
    days = bench.rows("SELECT start_date FROM fms.loan_history")
    flaws = bench.rows("SELECT DISTINCT field FROM ops.quarantine")
    return counts, days[0].start_date if days else None, flaws[0].field if flaws else None


def _listed(bench: Bench, numbers: Sequence[int], at: datetime) -> Landed:
    return bench.land("loan_history", [_loan(activity_id=f"{number}") for number in numbers], at=at)


_GONE = "SELECT activity_id FROM fms.loan_history WHERE is_deleted"


RECORDS = Records(
    bench=_desk,
    text=_text,
    version=lambda number: Case("loan_history", (_loan(name=f"V{number}"),), RECORDS.told, f"V{number}"),
    told="SELECT name FROM fms.loan_history",
    words=(
        Case(
            "vehicles",
            (
                {
                    "vin": "testsutf8mf003014 ",
                    "vehicle_id": "23014",
                    "year": "2,026",
                    "make": "Mazda",
                    "model": "CX-50",
                    "office": "Denver",
                    "current_mileage": "12,151",
                    "in_service_date": "2/2025",
                },
            ),
            "SELECT vin, vehicle_id, year, current_mileage, in_service_date FROM fms.vehicles",
            ("TESTSUTF8MF003014", 23_014, 2026, 12_151, date(2025, 2, 1)),
        ),
        Case(
            "loan_history",
            (_loan(activity_id="1234.0", person_id="0042.0", year="2023.0"),),
            "SELECT activity_id, person_id, year FROM fms.loan_history",
            ("1234", "0042", 2023),
        ),
    ),
    unknown=(
        Case(
            "current_activity",
            ({"activity_id": "1", "vehicle_vin": "TESTSUTF8MF003014", "activity_type": "Car Wash"},),
            "SELECT activity_type, person_id FROM fms.current_activity",
            ("Car Wash", None),
        ),
        ("activityType Car Wash",),
    ),
    day=_day,
    days=(
        ("12-31-99", date(1999, 12, 31)),
        ("2/29/2028", date(2028, 2, 29)),
        ("9999-12-31", date(9999, 12, 31)),
        ("02-30-25", None),
        ("soon", None),
        ("", None),
    ),
    required=_required,
    required_days=(
        ("08-11-25", date(2025, 8, 11)),
        ("08/11/25", date(2025, 8, 11)),
        ("8/1/2025", date(2025, 8, 1)),
        ("02-29-28", date(2028, 2, 29)),
        ("12-31-68", date(2068, 12, 31)),
        ("01-01-69", date(1969, 1, 1)),
    ),
    required_field="start_date",
    listed=_listed,
    missed=_GONE,
    lost=lambda _bench, _numbers, _at: None,  # the report's word is all there is
    gone=_GONE,
    no_days=("", "02-29-27", "13-01-25", "08-11/25", "today", "0", "20250811"),
)
