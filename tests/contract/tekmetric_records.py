"""Tekmetric's records landed by hand: repair orders of the golden shop, and its customers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from branchline.merge import Counts

from tests.blocks.landed import Bench
from tests.contract.facts import Case, Records
from tests.tekmetric.landed import EASTERN, job, order, part, shops


def _customer(**more: Any) -> dict[str, Any]:
    return {"id": 1, "firstName": "Casey", "lastName": "Example", "customerType": {"id": 1}, "shopId": 4100} | more


def _text(bench: Bench, text: str) -> list[str]:
    address = {"address1": text, "city": text}
    bench.take("customers", [_customer(firstName=text, notes=text, email=text, address=address)])
    sent = order(1, job(1, parts=[part(1, name=text)]), keytag=text, customerConcerns=[{"concern": text}])
    bench.take("repair_orders", [sent])
    customer = bench.one("SELECT first_name, notes, email, address_line1, city FROM tekmetric.customers")
    (address_of_mail,) = customer.email
    return [
        *(customer.first_name, customer.notes, address_of_mail, customer.address_line1, customer.city),
        *bench.one("SELECT keytag, customer_concern FROM tekmetric.repair_orders"),
        bench.one("SELECT name FROM tekmetric.job_parts"),
    ]


def _money(bench: Bench, sent: Any) -> tuple[Counts, int | None]:
    counts = bench.take("repair_orders", [order(1, job(1), totalSales=sent)])
    rows = bench.rows("SELECT total_sales AS cents FROM tekmetric.repair_orders")
    return counts, rows[0].cents if rows else None


def _day(bench: Bench, sent: Any) -> date | None:
    bench.take("customers", [_customer(birthday=sent)])
    found: date | None = bench.one("SELECT birthday FROM tekmetric.customers")
    return found


def _instant(bench: Bench, sent: Any) -> datetime | None:
    bench.take("repair_orders", [order(1, completedDate=sent)])
    rows = bench.rows("SELECT completed_at FROM tekmetric.repair_orders")
    return rows[0].completed_at if rows else None


def _local(bench: Bench, zone: str, instants: list[datetime]) -> list[date]:
    bench.rows("UPDATE core.locations SET timezone = %s WHERE external_id = %s RETURNING 1", (zone, str(EASTERN)))
    sent = [
        order(number, shopId=EASTERN, postedDate=f"{instant:%Y-%m-%dT%H:%M:%SZ}")
        for number, instant in enumerate(instants, 1)
    ]
    bench.take("repair_orders", sent)
    return [row.day for row in bench.rows("SELECT posted_date AS day FROM tekmetric.repair_orders ORDER BY tm_id")]


def _order(ask: str, found: Any, *jobs: Any, **more: Any) -> Case:
    return Case("repair_orders", (order(1, *jobs, **more),), ask, found)


RECORDS = Records(
    bench=shops,
    text=_text,
    version=lambda number: _order(RECORDS.told, f"V{number}", keytag=f"V{number}"),
    told="SELECT keytag FROM tekmetric.repair_orders",
    stamped=lambda number, at: _order(
        RECORDS.told, f"V{number}", keytag=f"V{number}", updatedDate=f"{at:%Y-%m-%dT%H:%M:%SZ}"
    ),
    money=_money,
    amounts=(  # whole cents (contract, section 1.7), now and then as a float or its text (section 2)
        (17950, 17950),
        ("17950", 17950),
        ("5175.0", 5175),
        (8907.0, 8907),
        (-500, -500),
        ("-500", -500),
        (0, 0),
        (None, None),
        (9223372036854775807, 9223372036854775807),
    ),
    no_amounts=(
        *("179.50", 179.5, 30.000000000000004, "1,234.56", "$4", "twelve", "NaN", "Infinity", "1e2", "--5", "12 34"),
        *([5], {"a": 1}, 1e40, 9223372036854775808, "9223372036854775808"),
    ),
    not_money="not_a_whole_number",
    lines="tekmetric.jobs",
    words=(
        Case(
            "repair_orders",
            (order("12.0", job(3.0, authorized="Y", parts=[part("8907.0", quantity="4.50")]), milesIn="81000"),),
            "SELECT orders.tm_id, miles_in, jobs.tm_id AS job, jobs.authorized, quantity::text, parts.tm_id AS part "
            "FROM tekmetric.repair_orders AS orders CROSS JOIN tekmetric.jobs CROSS JOIN tekmetric.job_parts AS parts",
            (12, 81_000, 3, True, "4.50", 8_907),
        ),
        Case(
            "customers",
            (_customer(id="7", okForMarketing="true", taxExempt="N", creditLimit="100000"),),
            "SELECT tm_id, ok_for_marketing, tax_exempt, credit_limit FROM tekmetric.customers",
            (7, True, False, 100_000),
        ),
    ),
    maybe=(
        Case(
            "customers",
            (_customer(okForMarketing="maybe"),),
            "SELECT ok_for_marketing FROM tekmetric.customers",
            None,
        ),
        "ok_for_marketing",
    ),
    unknown=(
        _order(
            "SELECT status_id, is_posted, part_type_id, is_known FROM tekmetric.repair_orders "
            "CROSS JOIN tekmetric.job_parts CROSS JOIN core.codes WHERE ref = 'tekmetric partType 9'",
            (8, False, 9, False),
            job(1, parts=[part(1, partType={"id": 9, "code": "NEW"})]),
            status=8,
        ),
        ("partType 9", "repairOrderStatus 8"),
    ),
    day=_day,
    days=(
        ("1980-02-29", date(1980, 2, 29)),
        ("19800229", date(1980, 2, 29)),
        ("1979-12-31T23:59:59-11:00", date(1979, 12, 31)),
        ("9999-12-31", date(9999, 12, 31)),
        ("0001-01-01", None),
        ("1981-02-29", None),
        ("", None),
        (None, None),
    ),
    instant=_instant,
    instants=(
        ("2028-02-29T23:10:00Z", datetime(2028, 2, 29, 23, 10, tzinfo=UTC)),
        ("2026-12-31T23:59:59-05:00", datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC)),
        ("2019-02-25T16:12:17", datetime(2019, 2, 25, 16, 12, 17, tzinfo=UTC)),
        ("2021-06-30T17:42:58.193Z", datetime(2021, 6, 30, 17, 42, 58, 193000, tzinfo=UTC)),
        ("2026-03-03T01:02:52.364767646Z", datetime(2026, 3, 3, 1, 2, 52, 364768, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ),
    no_instants=("2018-02-15:00:00", "2027-02-29T00:00:00Z", "yesterday", 1_772_000_000),
    local=_local,
)
