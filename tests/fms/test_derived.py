"""What is derived of loans and workbooks, worked out by hand from the formulas of section 5."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.fms.preferred import preferred_days
from tests.fms.books import OLD, RECENT, TODAY, Books

LAST_YEAR = TODAY - timedelta(days=365)

# ------------------------------------------------------------------------------------------------------ preferred days

#: Loans of Monday, Tuesday and so on: of long ago, which weigh 1, and recent, which weigh 2; the day and its percent.
PREFERRED: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[str, str] | None]] = {
    "all on one day": ((), (0, 0, 5), ("Wednesday", "100.0")),
    "a tie is the earlier day's": ((), (3, 0, 0, 0, 3), ("Monday", "50.0")),
    "a tie of three": ((0, 2, 0, 2, 0, 0, 2), (), None),
    "a tie of two is Tuesday's": ((0, 3, 0, 3), (), ("Tuesday", "50.0")),
    "recent loans weigh twice": ((4,), (0, 0, 0, 0, 3), ("Friday", "60.0")),
    "a tie by weight, not by number": ((4,), (0, 0, 0, 0, 2), ("Monday", "50.0")),
    "four loans are too few": ((), (4,), None),
    "five are enough, however old": ((5,), (), ("Monday", "100.0")),
    "forty percent are enough": ((2, 1, 1, 1), (), ("Monday", "40.0")),
    "less are not": ((3, 2, 2, 1), (), None),
    "weekends count": ((), (0, 0, 0, 0, 0, 3, 2), ("Saturday", "60.0")),
    "Sunday is the last of the week": ((), (0, 0, 1, 0, 0, 0, 4), ("Sunday", "80.0")),
    "a half is rounded to even, down": ((9, 7), (), ("Monday", "56.2")),
    "a half is rounded to even, up": ((7, 3, 3, 3), (), ("Monday", "43.8")),
    "thirds": ((4, 2), (), ("Monday", "66.7")),
}


@pytest.mark.parametrize("name", PREFERRED)
def test_section_5_preferred_day(books: Books, name: str) -> None:
    old, recent, expected = PREFERRED[name]
    books.loans("1", OLD, *old)
    books.loans("1", RECENT, *recent)
    found = books.ask(f"preferred_days('{TODAY}')", "day_of_week", "confidence", "loans")
    assert found == ([(expected[0], Decimal(expected[1]), sum(old) + sum(recent))] if expected else [])
    # the sandbox's own reckoning, which whole runs are compared with
    loans = [
        ("1", "Dallas", monday + timedelta(days=day))
        for monday, counts in ((OLD, old), (RECENT, recent)) for day, count in enumerate(counts) for _ in range(count)
    ]  # fmt: skip
    assert [(row["day"], row["confidence"]) for row in preferred_days(loans, TODAY)] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, ("Tuesday", "57.1")), (1, ("Monday", "60.0"))],
)
def test_section_5_a_loan_of_365_days_ago_is_recent_and_the_day_before_is_not(
    books: Books, days: int, expected: tuple[str, str]
) -> None:
    assert LAST_YEAR.isoweekday() == 2
    for _ in range(2):
        books.loan("1", LAST_YEAR)
    for _ in range(3):
        books.loan("1", LAST_YEAR - timedelta(days=1))
    (found,) = books.ask(f"preferred_days('{TODAY + timedelta(days=days)}')", "day_of_week", "confidence")
    assert (found[0], str(found[1])) == expected


def test_loans_of_another_office_or_of_none_and_deleted_ones_do_not_count(books: Books) -> None:
    denver = books.office("Denver")
    books.loans("1", RECENT, 3, office="Dallas")
    books.loans("1", RECENT, 0, 5, office="Denver")
    books.loans("1", RECENT, 9, office=None)
    books.loans("1", RECENT, 9, office="Dallas", is_deleted=True)
    assert books.ask(f"preferred_days('{TODAY}')", "location_id", "day_of_week") == [(denver, "Tuesday")]


def test_a_clients_settings_change_the_thresholds(books: Books) -> None:
    books.loans("1", OLD, 3)
    books.loans("1", RECENT, 0, 0, 0, 2)
    day = (f"preferred_days('{TODAY}')", "day_of_week", "confidence")
    assert books.ask(*day) == [("Thursday", Decimal("57.1"))]
    settings = "UPDATE fms.settings SET {} WHERE client_id = %s"
    books.add("settings", recent_weight=1)
    assert books.ask(*day) == [("Monday", Decimal("60.0"))]
    for change, expected in (
        ("recent_weight = NULL, recent_days = 20", [("Monday", Decimal("60.0"))]),
        ("min_confidence = 0.6", [("Monday", Decimal("60.0"))]),
        ("min_confidence = 0.61", []),
        ("min_confidence = NULL, min_loans = 6", []),
        ("min_loans = 5, recent_days = 100000, recent_weight = NULL", [("Monday", Decimal("60.0"))]),
    ):
        books.warehouse.execute(settings.format(change), (books.client,))
        assert books.ask(*day) == expected, change


def test_a_partner_who_no_longer_qualifies_loses_his_day(books: Books) -> None:
    books.office("Denver")
    for office in ("Dallas", "Denver"):
        books.add("media_partners", person_id="1", office=office)
    books.loans("1", RECENT, 0, 5)
    target = "fms.media_partners.preferred_days"
    columns = ("media_partners", "office", "preferred_day_of_week", "preferred_day_confidence", "synced_at")
    books.derive(target)
    first = books.ask(*columns)
    assert [row[:3] for row in first] == [("Dallas", "Tuesday", Decimal("100.00")), ("Denver", None, None)]
    books.derive(target)
    assert books.ask(*columns) == first
    books.warehouse.execute("UPDATE fms.loan_history SET is_deleted = activity_id = '1' WHERE client_id = %s",
                            (books.client,))  # fmt: skip
    books.derive(target)
    assert [row[1:3] for row in books.ask(*columns)] == [(None, None), (None, None)]


# ---------------------------------------------------------------------------------------------------- publication rate


@pytest.mark.parametrize(
    ("clips", "expected"),
    [
        ("1.0", True), ("4.0", True), ("0.5", True), ("7", True), ("true", True), ("Yes", True), ("0.0", False),
        ("0", False), ("No", False), ("FALSE", False), (None, None), ("none", None), ("null", None), ("nan", None),
        ("later", None), ("1.", None),
    ],
)  # fmt: skip
def test_section_2_what_clips_say(books: Books, clips: str | None, expected: bool | None) -> None:
    books.loan("1", TODAY, clips_received=clips)
    assert books.ask("loan_history", "is_published", "1") == [(expected, 1)]


def test_section_5_publication_rate_counts_the_unknown_below_the_line(books: Books) -> None:
    for clips in ("1.0", "2.0", "0.0", None, "later"):
        books.loan("1", TODAY, TODAY, clips_received=clips)
    for clips in (None, "later"):
        books.loan("1", TODAY, TODAY, clips_received=clips, make="VW")
    for number in range(32):
        books.loan("2", TODAY, clips_received="1.0" if number == 0 else "0.0")
    books.loan("2", TODAY, clips_received="1.0", is_deleted=True)
    assert books.ask(
        f"publication_rates('{TODAY}')", "person_id", "make", "loans_total", "loans_published", "loans_known",
        "publication_rate",
    ) == [
        ("1", "KIA", 5, 2, 3, Decimal("0.4000")),
        ("1", "VW", 2, 0, 0, None),
        ("2", "KIA", 32, 1, 32, Decimal("0.0312")),
    ]  # fmt: skip


def test_section_5_publication_rate_looks_24_months_back_by_the_last_day(books: Books) -> None:
    edge = date(2024, 7, 15)
    books.loan("in", edge - timedelta(days=30), edge, clips_received="1.0")
    books.loan("out", edge - timedelta(days=30), edge - timedelta(days=1), clips_received="1.0")
    books.loan("no end", edge, clips_received="1.0")
    books.loan("no end, out", edge - timedelta(days=1), clips_received="1.0")
    books.loan("ends today", TODAY, TODAY, clips_received="1.0")
    books.loan("not over", TODAY, TODAY + timedelta(days=1), clips_received="1.0")
    rates = (f"publication_rates('{TODAY}')", "person_id", "publication_rate")
    assert [row[0] for row in books.ask(*rates)] == ["ends today", "in", "no end"]
    books.add("settings", publication_months=1)
    assert [row[0] for row in books.ask(*rates)] == ["ends today"]


# ------------------------------------------------------------------------------------------------ cooldowns and tiers


def test_section_5_cooldown(books: Books) -> None:
    sixty = TODAY - timedelta(days=60)
    books.loan("1", sixty, sixty, model="EV6")
    books.loan("1", sixty, sixty - timedelta(days=20), model="EV6")
    books.loan("1", sixty, sixty + timedelta(days=1), model="Soul")
    books.loan("1", sixty, sixty + timedelta(days=2))
    books.loan("1", sixty, None, model="Niro")
    columns = ("model", "last_end_date", "cooldown_days", "cooldown_until", "is_ok")
    found = books.ask(f"cooldowns('{TODAY}')", *columns)
    assert found == [
        ("EV6", sixty, 60, TODAY, True),
        ("Soul", sixty + timedelta(days=1), 60, TODAY + timedelta(days=1), False),
        (None, sixty + timedelta(days=2), 60, TODAY + timedelta(days=2), False),
    ]
    books.add("settings", cooldown_days=0)
    assert {row[2:] for row in books.ask(f"cooldowns('{TODAY}')", *columns)} == {(0, None, True)}


def test_section_5_the_rule_for_make_and_rank_outweighs_the_settings(books: Books) -> None:
    books.add("settings", cooldown_days=30)
    for person, rank in (("a", "A"), ("low", "a"), ("b", "B"), ("c", "C"), ("none", None)):
        books.add("approved_makes", person_id=person, make="KIA", rank=rank)
        books.loan(person, TODAY, TODAY)
    books.loan("stranger", TODAY, TODAY)
    books.loan("a", TODAY, TODAY, make="VW")
    books.add("rules", make="KIA", rank="A", cooldown_period=10)
    books.add("rules", make="KIA", rank="B", cooldown_period=0)
    books.add("rules", make="KIA", rank="C")
    found = books.ask(f"cooldowns('{TODAY}')", "person_id", "make", "cooldown_days", "is_ok")
    assert found == [
        ("a", "KIA", 10, False), ("a", "VW", 30, False), ("b", "KIA", 0, True), ("c", "KIA", 30, False),
        ("low", "KIA", 10, False), ("none", "KIA", 30, False), ("stranger", "KIA", 30, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rank", "rule", "loans", "expected"),
    [
        ("A+", None, 3, (None, None, False)),
        ("A", None, 3, (100, 97, False)),
        ("a", None, 3, (100, 97, False)),
        ("B", None, 3, (50, 47, False)),
        ("C", None, 3, (10, 7, False)),
        ("Pending", None, 3, (10, 7, False)),
        (None, None, 3, (10, 7, False)),
        ("C", None, 10, (10, 0, True)),
        ("C", None, 12, (10, 0, True)),
        ("A", {"loan_cap_per_year": 0}, 0, (0, 0, True)),
        ("A", {"loan_cap_per_year": None}, 0, (0, 0, True)),
        ("A+", {"loan_cap_per_year": 3}, 2, (3, 1, False)),
        ("a", {"loan_cap_per_year": 3}, 3, (3, 0, True)),
        ("A", {"loan_cap_per_year": 3, "is_deleted": True}, 3, (100, 97, False)),
        ("B", {"loan_cap_per_year": 0, "rank": "A"}, 3, (50, 47, False)),
        ("A", {"loan_cap_per_year": 0, "make": "VW"}, 3, (100, 97, False)),
    ],
)
def test_section_5_tier_cap(
    books: Books, rank: str | None, rule: dict[str, Any] | None, loans: int, expected: tuple[Any, ...]
) -> None:
    books.add("approved_makes", person_id="1", make="KIA", rank=rank)
    if rule is not None:
        books.add("rules", **{"make": "KIA", "rank": (rank or "").upper()} | rule)
    for _ in range(loans):
        books.loan("1", TODAY)
    books.loan("1", TODAY, make="VW")
    books.loan("2", TODAY)
    found = books.ask(f"tier_caps('{TODAY}')", "loan_cap", "loans_left", "is_blocked", "loans_of_the_year")
    assert found == [(*expected, loans)]


def test_section_5_tier_caps_roll_over_twelve_months(books: Books) -> None:
    books.add("approved_makes", person_id="1", make="KIA", rank="C")
    for start in (date(2025, 7, 15), date(2025, 7, 16), TODAY, TODAY + timedelta(days=1)):
        books.loan("1", start)
    books.loan("1", TODAY, is_deleted=True)
    assert books.ask(f"tier_caps('{TODAY}')", "loans_of_the_year", "1") == [(2, 1)]
    books.warehouse.execute("UPDATE fms.approved_makes SET is_deleted = TRUE WHERE client_id = %s", (books.client,))
    assert books.ask(f"tier_caps('{TODAY}')", "person_id", "make") == []
