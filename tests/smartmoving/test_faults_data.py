"""What must happen to odd data on its way from SmartMoving to the warehouse (T30 to T41)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline import calendars
from branchline.ledger import Account

from tests.blocks.landed import Bench, after, bench, charge, customer, detail, embedded, job

TORONTO, VANCOUVER = "America/Toronto", "America/Vancouver"


@pytest.fixture
def lgm(warehouse: Any) -> Iterator[Bench]:
    with bench(warehouse.loader) as found:
        yield found


def flaws(line: Any) -> set[tuple[str, str, str]]:
    return {
        (row.severity, row.reason, row.field)
        for row in line.warehouse.rows("SELECT * FROM ops.quarantine WHERE resolved_at IS NULL")
    }


def test_t30_nul_and_lone_surrogates_load_sanitised_with_their_bytes_kept(smartmoving: Any) -> None:
    line = smartmoving()
    line.vendor.control.faults({"match": "/api/customers", "action": {"kind": "nul", "field": "name"}, "page": 1})
    assert set(line.sync().values()) == {"success"}, line.errors
    names = {row.name for row in line.warehouse.rows("SELECT name FROM smartmoving.customers")}
    assert "Alex � Example" in names
    assert flaws(line) == {("field", "sanitised", "")}
    assert b"\\u0000" in bytes(line.warehouse.rows("SELECT payload_raw FROM ops.quarantine")[0].payload_raw)


def test_t31_a_number_that_is_none_rejects_its_record_alone(smartmoving: Any) -> None:
    line = smartmoving()
    told = line.vendor.control.truth("2026-07-15", "2026-07-16")["opportunities"][0]["id"]
    line.vendor.control.faults(
        {"match": f"/api/opportunities/{told}\\?", "action": {"kind": "nan", "field": "estimatedTotal.tax"}}
    )
    assert set(line.sync().values()) == {"success"}, line.errors
    assert flaws(line) == {("record", "not_finite", "")}
    row = line.warehouse.rows("SELECT record_key, payload, payload_raw FROM ops.quarantine")[0]
    assert (row.record_key, row.payload) == (told, None)
    assert b"NaN" in bytes(row.payload_raw)
    assert line.warehouse.rows("SELECT FROM smartmoving.opportunities WHERE opportunity_id = %s", (told,)) == []
    line.vendor.control.clear_faults()
    line.warehouse.execute("UPDATE ops.lookups SET wanted = 'missing' WHERE record_key = %s", (told,))
    line.sync()
    assert len(line.warehouse.rows("SELECT FROM smartmoving.opportunities WHERE opportunity_id = %s", (told,))) == 1
    assert flaws(line) == set()


@pytest.mark.parametrize(
    ("sent", "cents"),
    [
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
    ],
)
def test_t32_money_as_sent_becomes_exact_cents(lgm: Bench, sent: Any, cents: int | None) -> None:
    total = {"subtotal": 0, "taxableAmount": 0, "tax": 0, "finalTotal": sent}
    counts = lgm.take("opportunities", [detail(1, estimatedTotal=total)], keys=["opportunity 1"])
    if cents is not None and cents > 2**63 - 1:
        assert counts.quarantined == 1
        return
    assert lgm.one("SELECT final_total_cents FROM smartmoving.opportunities") == cents


@pytest.mark.parametrize("sent", ["twelve", "1.234,56", "12 34", "NaN", "Infinity", "1,23", "--5", [5], {"a": 1}, 1e40])
def test_t32_what_is_no_money_rejects_the_record(lgm: Bench, sent: Any) -> None:
    total = {"subtotal": 0, "taxableAmount": 0, "tax": 0, "finalTotal": sent}
    counts = lgm.take("opportunities", [detail(1, embedded(1), estimatedTotal=total)], keys=["opportunity 1"])
    assert counts.quarantined == 1
    assert lgm.one("SELECT reason FROM ops.quarantine") == "not_money"
    assert lgm.one("SELECT count(*) FROM smartmoving.opportunity_jobs") == 0


def test_t32_a_charge_or_payment_without_an_amount_rejects_the_record(lgm: Bench) -> None:
    bad = detail(1, embedded(1, estimatedCharges=[charge(1) | {"totalCost": None}]))
    assert lgm.take("opportunities", [bad], keys=["opportunity 1"]).quarantined == 1


def test_t33_numbers_and_booleans_as_text_are_read(lgm: Bench) -> None:
    sent = detail(1, embedded(1, confirmed="Y", type="4"), quoteNumber="1", status="4", volume="12.5", type="1")
    lgm.take("opportunities", [sent], keys=["opportunity 1"])
    assert lgm.one("SELECT status, volume_cubic_feet, service_type FROM smartmoving.opportunities") == (4, 12.5, 1)
    assert lgm.one("SELECT is_confirmed, service_type FROM smartmoving.opportunity_jobs") == (True, 4)
    assert lgm.rows("SELECT FROM ops.quarantine") == []


def test_t33_a_word_that_is_neither_true_nor_false_is_noted(lgm: Bench) -> None:
    lgm.take("opportunities", [detail(1, embedded(1, confirmed="maybe"))], keys=["opportunity 1"])
    assert lgm.one("SELECT is_confirmed FROM smartmoving.opportunity_jobs") is None
    assert lgm.one("SELECT severity, reason, field FROM ops.quarantine") == (
        "field",
        "not_true_or_false",
        "is_confirmed",
    )


def test_t33_an_unknown_code_is_kept_and_noted(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, job(1, kind=77), status=66)])
    assert lgm.one("SELECT service_type FROM smartmoving.swept_jobs") == 77
    drift = lgm.rows("SELECT subject FROM ops.schema_drift ORDER BY 1")
    assert [row.subject for row in drift] == ["JobType 77", "OpportunityStatus 66"]
    assert lgm.one("SELECT is_known FROM core.codes WHERE code = '77' AND vocabulary = 'JobType'") is False


@pytest.mark.parametrize(
    "text",
    [
        "BOCA RATON🇺🇸 - Let's Get Moving",
        "MONTRE\u0300AL",
        "שלום עולם",
        "𠜎𠜱 👩‍👩‍👧",
        "a\u0301 e\u200bf",
        "'); DROP TABLE smartmoving.customers; --",
        "100 %s %(name)s %% {{ 7 * 7 }} {% raw %} ${x} \\' \\n",
        '{"a": "b"}',
        "\t\n tab and newline ",
    ],
)
def test_t34_t39_t40_text_is_stored_as_sent(lgm: Bench, text: str) -> None:
    lgm.take("customers", [customer(1, job(1), name=text, address=text)], window=(date(2026, 7, 15), date(2026, 7, 16)))
    assert lgm.one("SELECT name, address FROM smartmoving.customers") == (text, text)
    key = f"key {text}"
    lgm.take("opportunities", [detail(1) | {"id": key, "leadStatus": text}], keys=[key])
    assert lgm.one("SELECT opportunity_id, lead_status FROM smartmoving.opportunities") == (key, text)


def test_t34_branches_that_differ_only_by_accent_stay_apart(lgm: Bench) -> None:
    lgm.rows("INSERT INTO core.locations (client_id, source, account, external_id, name) "
             "SELECT 'lgm', 'smartmoving', 'smartmoving', name, name "
             "FROM unnest(ARRAY['MONTREAL', E'MONTR\\u00c8AL', 'LONDON 🇨🇦', ' VANCOUVER']) AS name "
             "RETURNING 1")  # fmt: skip

    def place(name: str | None) -> str:
        found: str = lgm.one(
            "SELECT external_id FROM core.locations WHERE location_id = "
            "core.location_named('lgm', 'smartmoving', 'smartmoving', %s)",
            (name,),
        )
        return found

    assert place("MONTRE\u0300AL ") == "MONTR\u00c8AL"
    assert place("montreal") == "MONTREAL"
    assert place("  London   🇨🇦") == "LONDON 🇨🇦"
    assert place("LONDON") == "unmapped"
    assert place("VANCOUVER BC") == "unmapped"
    assert place("") == place(None) == "unmapped"


def test_t35_two_accounts_of_one_client_load_the_same_vendor_side_by_side(smartmoving: Any, vendors: Any) -> None:
    line = smartmoving()
    line.sync()
    line.account = Account("smartmoving", "second", "smartmoving_second", "lgm")
    assert set(line.sync().values()) == {"success"}, line.errors
    for table in ("smartmoving.customers", "smartmoving.opportunity_jobs", "crm.truck_journeys", "core.locations"):
        counts = {
            row.account: row.n
            for row in line.warehouse.rows(f"SELECT account, count(*) AS n FROM {table} GROUP BY account")
        }
        assert counts["smartmoving"] == counts["second"] > 0, table
    names = line.warehouse.rows("SELECT external_id FROM crm.truck_journeys WHERE account = 'second'")
    assert all(row.external_id.startswith("sm_job_second_") for row in names)
    mixed = line.warehouse.one(
        "SELECT count(*) FROM crm.truck_journeys INNER JOIN core.locations USING (location_id) "
        "WHERE truck_journeys.account <> locations.account"
    )
    assert mixed == 0


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 11, 2), 25), (date(2026, 3, 8), 23), (date(2026, 7, 15), 24)])
def test_t37_a_local_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    length = calendars.midnight(day + timedelta(days=1), TORONTO) - calendars.midnight(day, TORONTO)
    assert length == timedelta(hours=hours)


@pytest.mark.parametrize("first", [date(2025, 10, 30), date(2026, 3, 5)])
@pytest.mark.parametrize("every", [timedelta(hours=2), timedelta(hours=24), timedelta(hours=7)])
def test_t37_windows_of_adjoining_runs_neither_overlap_nor_leave_a_gap(first: date, every: timedelta) -> None:
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = begin + timedelta(days=7)
    seen: list[date] = []
    while begin < end:
        seen += calendars.days_beginning_in(begin, begin + every, TORONTO)
        begin += every
    assert seen == [seen[0] + timedelta(days=ahead) for ahead in range(len(seen))]
    assert len(seen) >= 7


def test_t37_two_zones_in_one_run_see_each_its_own_today(smartmoving: Any) -> None:
    """At 03:30 in Toronto it is yesterday still in Vancouver: three dates are swept, none twice."""
    instant = datetime(2025, 11, 2, 7, 30, tzinfo=UTC)  # 03:30 EST after the clock went back, 00:30 PDT
    early = instant - timedelta(hours=1)  # 02:30 EDT, 23:30 PDT on the 1st
    assert calendars.visible_days(early, [TORONTO, VANCOUVER]) == [date(2025, 11, day) for day in (1, 2, 3)]
    line = smartmoving(now=early)
    assert set(line.sync(instant=early).values()) == {"success"}, line.errors
    windows = line.warehouse.rows(
        "SELECT window_start, window_end FROM ops.sync_slices WHERE stream = 'customers' ORDER BY 1"
    )
    assert [row.window_start for row in windows] == [date(2025, 11, day) for day in (1, 2, 3)]
    assert all(row.window_end - row.window_start == timedelta(days=1) for row in windows)
    told = line.vendor.control.truth("2025-11-01", "2025-11-03")["jobs"]
    dates = {
        row.job_id: row.service_date.isoformat() for row in line.warehouse.rows("SELECT * FROM smartmoving.swept_jobs")
    }
    assert dates == {one["id"]: one["serviceDate"] for one in told}, "a local date is never converted"


@pytest.mark.parametrize(
    ("sent", "day"),
    [
        ("2028-02-29", date(2028, 2, 29)),
        ("20280229", date(2028, 2, 29)),
        (20280229, date(2028, 2, 29)),
        ("2026-12-31T23:59:59-11:00", date(2026, 12, 31)),
        ("2027-01-01T00:00:00Z", date(2027, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
    ],
)
def test_t38_dates_of_every_form_are_read_and_never_converted(lgm: Bench, sent: Any, day: date) -> None:
    assert lgm.take("customers", [customer(1, job(1, sent))]).created == 1
    assert lgm.one("SELECT service_date FROM smartmoving.swept_jobs") == day


@pytest.mark.parametrize("sent", [None, "", 0, "0001-01-01", "0001-01-01T00:00:00", "2027-02-29", "20261301", "today"])
def test_t38_a_job_without_a_date_rejects_its_record(lgm: Bench, sent: Any) -> None:
    assert lgm.take("customers", [customer(1, job(1, sent))]).quarantined == 1
    assert lgm.one("SELECT field FROM ops.quarantine") == "service_date"


def test_t38_an_optional_date_that_is_none_is_null(lgm: Bench) -> None:
    for place, sent in enumerate([None, 0, "0001-01-01T00:00:00"]):
        lgm.take("opportunities", [detail(1, serviceDate=sent)], keys=["opportunity 1"], at=after(place))
        assert lgm.one("SELECT service_date FROM smartmoving.opportunities") is None
    assert lgm.rows("SELECT FROM ops.quarantine") == []


def test_t38_instants_without_a_zone_are_utc(lgm: Bench) -> None:
    listed = {"id": "job 1", "type": 1, "jobNumber": "1", "jobDate": 20260715}
    times = {"startTimeUtc": "2026-07-15T12:30:00.1234567", "endTimeUtc": "2026-07-15T10:00:00-04:00"}
    lgm.take("jobs", [listed | times | {"completedAtUtc": "0001-01-01T00:00:00"}], keys=["opportunity 1"])
    row = lgm.one("SELECT start_at, end_at, completed_at FROM smartmoving.jobs")
    assert row.start_at == datetime(2026, 7, 15, 12, 30, 0, 123457, tzinfo=UTC)
    assert row.end_at == datetime(2026, 7, 15, 14, 0, tzinfo=UTC)
    assert row.completed_at is None


def test_t41_a_job_that_left_its_opportunity_takes_its_children_along(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    victim = line.warehouse.rows(
        "SELECT opportunity_id, max(job_id) AS job_id FROM smartmoving.opportunity_jobs GROUP BY 1 "
        "HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    )[0]
    customer_found, opportunity = line.vendor.world.find_opportunity(victim.opportunity_id)
    opportunity.jobs = [one for one in opportunity.jobs if one.id != victim.job_id]
    line.vendor.world.edit(customer_found)
    assert set(line.sync().values()) == {"success"}, line.errors
    for table in ("swept_jobs", "opportunity_jobs", "job_charges", "job_addresses", "job_crew"):
        assert line.warehouse.rows(f"SELECT FROM smartmoving.{table} WHERE job_id = %s", (victim.job_id,)) == [], table
