"""CSV: every row, streamed, and nothing that a spreadsheet would compute (T87)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from branchline.web.export import CHUNK, cell

from tests.web.conftest import House

LOANS = "/fms/loans"
HOSTILE = (
    "=1+1", "+1 555 0100", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff@x", "two\n=lines",
    "two\r\n  +lines", "\uff1d1", "\uff20x", "=HYPERLINK(\"http://x\",\"y\")",
)  # fmt: skip
HARMLESS = ("plain", "a=b", "x-y", "two\nlines", "", "é 🇨🇦", 'say "hello", please', 'a","=1')


def table_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_T87_no_line_of_a_cell_begins_a_formula(text: str) -> None:
    written = cell(text)
    assert written != text
    assert written.replace("'", "") == text.replace("'", ""), "nothing but apostrophes came in"
    for line in written.splitlines():
        assert not line.strip("\ufeff\u200b \u00a0\t\r\n").startswith(("=", "+", "-", "@", "\uff1d", "\uff20")), written
    assert not written.startswith(("\t", "\r"))


@pytest.mark.parametrize("text", HARMLESS)
def test_T87_other_text_stays(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-5, "-5"), (Decimal("-12.50"), "-12.50"), (-0.5, "-0.5"), ("-12.5", "-12.5"), (None, ""), (True, "true"),
        (date(2026, 7, 14), "2026-07-14"), (datetime(2026, 7, 14, 1, 2, 3, tzinfo=UTC), "2026-07-14T01:02:03+00:00"),
        ([1, 2], "[1, 2]"), ({"a": "=1"}, '{"a": "=1"}'), (["-"], '["-"]'),
    ],
)  # fmt: skip
def test_T87_numbers_stay_numbers(value: Any, written: str) -> None:
    assert cell(value) == written


@pytest.fixture(scope="module")
def loans(house: House) -> Iterator[dict[str, str]]:
    """Loans of more than two chunks at the busiest place, whose names are hostile. Activity to name."""
    names = {f"{number:05}": HOSTILE[number % len(HOSTILE)] for number in range(2 * CHUNK + 17)}
    place, *_ = house.loaded.places
    house.warehouse.execute(
        "INSERT INTO fms.loan_history (activity_id, vin, person_id, make, start_date, end_date, office, name, "
        "location_id, client_id, account, observed_at, row_hash) "
        "SELECT activity, 'VIN', '1', 'Make', '2026-07-01', '2026-07-02', 'Office', name, %s, 'lgm', 'fms', now(), "
        "md5('')::uuid FROM unnest(%s::text[], %s::text[]) AS made (activity, name)",
        (place, list(names), list(names.values())),
    )
    yield names
    house.warehouse.execute("DELETE FROM fms.loan_history")


def test_all_rows_come_and_are_those_of_the_pages(house: House, loans: dict[str, str]) -> None:
    rows = table_of(house.front.get("manager", LOANS, format="csv"))
    assert {row["activity_id"]: row["name"] for row in rows} == {key: cell(name) for key, name in loans.items()}
    items = house.front.items("manager", LOANS, limit=1000)
    assert [row["activity_id"] for row in rows] == [item["activity_id"] for item in items]
    assert list(rows[0]) == list(items[0]), "the same columns in the same order"
    # what is stored, and what JSON says, is as it was
    assert {item["activity_id"]: item["name"] for item in items} == loans


def test_the_header_accept_asks_for_it_too_and_limit_and_filters_hold(house: House, loans: dict[str, str]) -> None:
    answer = house.front.get("manager", LOANS, headers={"Accept": "text/csv"}, limit=3, since="2026-07-01")
    assert [row["activity_id"] for row in table_of(answer)] == sorted(loans)[:3]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="fms-loans.csv"'
    asked = house.front.get("manager", LOANS, headers={"Accept": "text/csv"}, limit=3, format="json")
    assert asked.headers["Content-Type"] == "application/json"
    assert table_of(house.front.get("manager", LOANS, format="csv", since="2026-07-02")) == []


def test_T84_nobody_exports_what_he_does_not_see(house: House, loans: dict[str, str]) -> None:
    assert table_of(house.front.get("other_admin", LOANS, format="csv")) == []
    assert table_of(house.front.get("nobody", LOANS, format="csv")) == []
    assert len(table_of(house.front.get("super", LOANS, format="csv"))) == len(loans)


def test_a_refusal_is_still_one(house: House) -> None:
    for query, status in (({}, 403), ({"cursor": "x"}, 400), ({"locaton": 1}, 422)):
        answer = house.front.get("driver", LOANS, format="csv", **query)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
