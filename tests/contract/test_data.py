"""What must happen to odd records and values on their way to the warehouse (T30 to T40)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from branchline.ledger import Account

from tests.blocks.landed import Bench, after
from tests.contract.lines import over
from tests.fetching import Chunk, reference, rule


def open_flaws(line: Any) -> list[Any]:
    return list(line.warehouse.rows("SELECT * FROM ops.quarantine WHERE resolved_at IS NULL"))


# ----------------------------------------------------------------------------------- T30, T31, what JSON cannot hold


@over("json", "pages")
def test_T30_nul_and_lone_surrogates_load_sanitised_with_their_bytes_kept(kind: Any, make: Any) -> None:
    line = make(**kind.LITTLE)
    reference(line)
    shape = kind.LIST.shape
    fault = {"kind": "nul", "field": kind.LIST.text}
    line.vendor.control.faults({"match": kind.LIST.sized, "action": fault, "page": shape.first})
    assert set(line.sync().values()) == {"success"}, line.errors
    texts = {row[0] for row in line.warehouse.rows(f"SELECT {kind.LIST.text} FROM {kind.ROOT}")}
    assert "Alex � Example" in texts
    flaws = open_flaws(line)
    told = {(row.table_name, row.severity, row.reason, row.field) for row in flaws}
    assert told - kind.DIRT == {(kind.ROOT, "field", "sanitised", "")}
    assert all(b"\\u0000" in bytes(row.payload_raw) for row in flaws if row.reason == "sanitised")


@over("json", "pages")
def test_T30_nul_and_lone_surrogates_are_taken_out_flagged_and_kept_raw(kind: Any, chunk: Chunk) -> None:
    text = kind.LIST.text
    rule(chunk, {"kind": "nul", "record": 1, "field": text}, page=2)
    records = r'{"id":"1","na\u0000me":"a\\u0000"},{"id":"2","\udc00k":"\ud83d\ude00 \ud83d"},{"id":"3","n":"\\ud800"}'
    rule(chunk, {"kind": "body", "body": kind.body(records, chunk.expected())}, page=3)
    chunk.plan().fetch()
    assert chunk.states == ["done"]
    (named,) = chunk.landed(f"WHERE page = {chunk.number(2)} AND flaw IS NOT NULL")
    assert (named.ordinal, named.flaw, named.body[text]) == (1, "sanitised", "Alex � Example")
    assert rb'"Alex\u0000 \ud800 Example"' in named.body_raw
    key, value, good = chunk.landed(f"WHERE page = {chunk.number(3)}")
    assert (key.flaw, key.body) == ("sanitised", {"id": "1", "name": r"a\u0000"})
    assert (value.flaw, value.body) == ("sanitised", {"id": "2", "�k": "😀 �"})
    assert [key.body_raw, value.body_raw] == [
        part.encode()
        for part in (records[: records.index(",{")], records[records.index(",{") + 1 : records.rindex(",{")])
    ]
    assert (good.flaw, good.body_raw, good.body["n"]) == (None, None, r"\ud800")


@over("json", "pages")
@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e400000", "-9e999999", "1" * 140_000])
def test_T31_what_is_no_number_of_ours_is_put_aside_with_its_bytes(kind: Any, chunk: Chunk, literal: str) -> None:
    spare = kind.LIST.spare
    rule(chunk, {"kind": "nan", "record": 4, "field": spare, "literal": literal}, page=2)
    chunk.plan().fetch()
    assert chunk.states == ["done"]
    (odd,) = chunk.landed("WHERE flaw IS NOT NULL")
    assert (odd.page, odd.ordinal, odd.body) == (chunk.number(2), 4, None)
    assert odd.flaw == ("not_finite" if "N" in literal or "I" in literal else "not_json")
    assert f'"{spare}":{literal}'.encode() in odd.body_raw
    assert len(chunk.landed()) == chunk.expected()


@over("json")
def test_T31_a_number_that_is_none_rejects_its_record_alone_until_it_comes_whole(kind: Any, make: Any) -> None:
    line = make(**kind.LITTLE)
    reference(line)
    fault = {"kind": "nan", "field": kind.LIST.spare, "record": 1}
    line.vendor.control.faults({"match": kind.LIST.sized, "action": fault, "times": 1})
    assert line.sync(line.one_slice) == {kind.LIST.stream: "success"}, line.errors
    (flaw,) = open_flaws(line)
    assert (flaw.severity, flaw.reason, flaw.field, flaw.payload) == ("record", "not_finite", "", None)
    assert b"NaN" in bytes(flaw.payload_raw)
    count = f"SELECT count(*) FROM {kind.ROOT}"
    assert line.warehouse.one(count) == line.expected(0) - 1 > 0
    line.vendor.control.clear_faults()
    assert line.sync(replace(line.one_slice, force_overwrite=True)) == {kind.LIST.stream: "success"}, line.errors
    assert line.warehouse.one(count) == line.expected(0)


# ---------------------------------------------------------------------------------------------- T32, T33, T38, values


@over("money", each=lambda line: line.RECORDS.amounts)
def test_T32_money_as_sent_becomes_exact_cents(kind: Any, bench: Bench, case: tuple[Any, int | None]) -> None:
    sent, cents = case
    counts, found = kind.RECORDS.money(bench, sent)
    if cents is not None and cents > 2**63 - 1:
        assert (counts.quarantined, found) == (1, None)
        return
    assert (counts.quarantined, found) == (0, cents)


@over("money", each=lambda line: line.RECORDS.no_amounts)
def test_T32_what_is_no_money_rejects_the_record(kind: Any, bench: Bench, case: Any) -> None:
    counts, found = kind.RECORDS.money(bench, case)
    assert (counts.quarantined, found) == (1, None)
    assert bench.one("SELECT reason FROM ops.quarantine") == kind.RECORDS.not_money
    assert bench.one(f"SELECT count(*) FROM {kind.RECORDS.lines}") == 0


@over(each=lambda line: line.RECORDS.words)
def test_T33_numbers_and_booleans_as_text_are_read(bench: Bench, case: Any) -> None:
    assert case.take(bench).quarantined == 0
    case.check(bench)
    assert bench.rows("SELECT FROM ops.quarantine") == []


@over("booleans")
def test_T33_a_word_that_is_neither_true_nor_false_is_noted(kind: Any, bench: Bench) -> None:
    case, name = kind.RECORDS.maybe
    assert case.take(bench).created == 1
    case.check(bench)
    assert bench.one("SELECT severity, reason, field FROM ops.quarantine") == ("field", "not_true_or_false", name)


@over("codes")
def test_T33_an_unknown_code_is_kept_and_noted(kind: Any, bench: Bench) -> None:
    case, subjects = kind.RECORDS.unknown
    assert case.take(bench).quarantined == 0
    case.check(bench)
    drift = bench.rows("SELECT subject FROM ops.schema_drift ORDER BY 1")
    assert tuple(row.subject for row in drift) == subjects


@over("days", each=lambda line: line.RECORDS.days)
def test_T38_a_date_is_read_and_never_converted(kind: Any, bench: Bench, case: tuple[Any, date | None]) -> None:
    sent, day = case
    assert kind.RECORDS.day(bench, sent) == day


@over("required_day", each=lambda line: line.RECORDS.required_days)
def test_T38_dates_of_every_form_are_read_and_never_converted(kind: Any, bench: Bench, case: tuple[Any, date]) -> None:
    sent, day = case
    counts, found, _ = kind.RECORDS.required(bench, sent)
    assert (counts.created, found) == (1, day)


@over("required_day", each=lambda line: line.RECORDS.no_days)
def test_T38_a_record_without_its_date_is_put_aside(kind: Any, bench: Bench, case: Any) -> None:
    counts, found, complaint = kind.RECORDS.required(bench, case)
    assert (counts.quarantined, found) == (1, None)
    assert complaint == kind.RECORDS.required_field


@over("instants", each=lambda line: line.RECORDS.instants)
def test_T38_an_instant_without_a_zone_is_utc(kind: Any, bench: Bench, case: tuple[Any, datetime | None]) -> None:
    sent, instant = case
    assert kind.RECORDS.instant(bench, sent) == instant


@over("instants", each=lambda line: line.RECORDS.no_instants)
def test_T38_what_is_no_instant_is_put_aside(kind: Any, bench: Bench, case: Any) -> None:
    assert kind.RECORDS.instant(bench, case) is None
    assert bench.one("SELECT reason FROM ops.quarantine") == "not_a_time"


# ------------------------------------------------------------------------------------- T34 to T37, T39, T40, identity


@over()
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
def test_T34_T39_T40_text_is_stored_as_sent(kind: Any, bench: Bench, text: str) -> None:
    found = kind.RECORDS.text(bench, text)
    assert len(found) >= 4
    assert set(found) == {text}


@over("names")
def test_T34_places_that_differ_only_by_accent_stay_apart(kind: Any, bench: Bench) -> None:
    account = bench.account
    bench.rows(
        "INSERT INTO core.locations (client_id, source, account, external_id, name) SELECT %s, %s, %s, name, name "
        "FROM unnest(ARRAY['MONTREAL', E'MONTR\\u00c8AL', 'LONDON 🇨🇦', ' VANCOUVER']) AS name RETURNING 1",
        (account.client, account.source, account.account),
    )

    def place(name: str | None) -> str:
        found: str = bench.one(
            "SELECT external_id FROM core.locations WHERE location_id = core.location_named(%s, %s, %s, %s)",
            (account.client, account.source, account.account, name),
        )
        return found

    assert place("MONTRE\u0300AL ") == "MONTR\u00c8AL"
    assert place("montreal") == "MONTREAL"
    assert place("  London   🇨🇦") == "LONDON 🇨🇦"
    assert place("LONDON") == "unmapped"
    assert place("VANCOUVER BC") == "unmapped"
    assert place("") == place(None) == "unmapped"


@over()
def test_T35_two_accounts_of_one_client_load_the_same_vendor_side_by_side(kind: Any, make: Any) -> None:
    line = make(**kind.LITTLE)
    assert set(line.sync().values()) == {"success"}, line.errors
    first = kind.ACCOUNT.account
    line.account = Account(kind.SOURCE.slug, "second", f"{kind.SOURCE.slug}_second", kind.ACCOUNT.client)
    assert set(line.sync().values()) == {"success"}, line.errors
    for table in (kind.ROOT, *kind.TABLES):
        counts = {
            row.account: row.n
            for row in line.warehouse.rows(f"SELECT account, count(*) AS n FROM {table} GROUP BY account")
        }
        assert counts[first] == counts["second"] > 0, table
        if table != "core.locations" and "location_id" in columns_of(line, table):
            mixed = line.warehouse.one(
                f"SELECT count(*) FROM {table} AS own INNER JOIN core.locations USING (location_id) "
                "WHERE own.account <> locations.account"
            )
            assert mixed == 0, table


def columns_of(line: Any, table: str) -> set[str]:
    schema, name = table.split(".")
    query = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
    return {row.column_name for row in line.warehouse.rows(query, (schema, name), role="admin")}


@over()
def test_T36_an_older_answer_that_is_merged_later_overwrites_nothing(kind: Any, bench: Bench) -> None:
    older, newer = kind.RECORDS.version(1), kind.RECORDS.version(2)
    late = bench.land(older.stream, list(older.records), keys=older.keys, at=after(0))
    assert bench.take(newer.stream, list(newer.records), keys=newer.keys, at=after(5)).created == 1
    assert bench.merge(late).stale == 1
    assert bench.one(kind.RECORDS.told) == "V2"
    again = kind.RECORDS.version(3)
    assert bench.take(again.stream, list(again.records), keys=again.keys, at=after(5)).updated == 1
    assert bench.one(kind.RECORDS.told) == "V3", "the same instant, another payload"


@over("stamps")
def test_T36_what_the_vendor_changed_earlier_overwrites_nothing_whenever_it_is_fetched(kind: Any, bench: Bench) -> None:
    noon = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)

    def take(number: int, minutes: int, fetched: float) -> Any:
        case = kind.RECORDS.stamped(number, noon + timedelta(minutes=minutes))
        return bench.take(case.stream, list(case.records), keys=case.keys, at=after(fetched))

    assert take(1, 30, 0).created == 1
    assert take(2, 29, 10).stale == 1
    assert bench.one(kind.RECORDS.told) == "V1"
    assert take(3, 30, 20).updated == 1, "the same time of change, another payload"
    assert bench.one(kind.RECORDS.told) == "V3"
    assert take(4, 31, 30).updated == 1
    assert bench.one(kind.RECORDS.told) == "V4"


@over("local_days")
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Toronto", date(2025, 11, 2), 25),
        ("America/Toronto", date(2026, 3, 8), 23),
        ("America/Phoenix", date(2026, 3, 8), 24),
        ("America/Los_Angeles", date(2025, 11, 2), 25),
    ],
)
def test_T37_a_local_day_is_as_long_as_it_is_and_the_days_beside_it_too(
    kind: Any, bench: Bench, zone: str, day: date, hours: int
) -> None:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    found = kind.RECORDS.local(bench, zone, [begin + timedelta(hours=hour) for hour in range(5 * 24)])
    assert found == sorted(found)
    length = {each: found.count(each) for each in (day - timedelta(days=1), day, day + timedelta(days=1))}
    assert list(length.values()) == [24, hours, 24]
