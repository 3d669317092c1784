"""The FMS world: it moves by night, changes by hand, and the truth agrees with what is served."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from .conftest import Client
from .test_fms_reports import SMALL, Reports, reports

__all__ = ["reports"]
# How to find a row again: which columns of the file, and what they are called in the truth.
KEYS = {
    "active_vehicles": ((6,), ("vin",)),
    "media_partners": ((0, 3), ("person_id", "office")),
    "loan_history": ((0,), ("activity_id",)),
    "current_vehicle_activity": ((0,), ("activity_id",)),
    "approved_makes": ((0, 2), ("person_id", "make")),
}
LOOSE_DAYS = ("%m-%d-%y", "%m/%d/%y", "%m/%d/%Y")


def truth(reports: Reports, first: str = "0001-01-01", last: str = "9999-12-31") -> dict[str, Any]:
    return reports.control.truth(first, last, "fms")


def whole(text: str) -> str:
    return text.removesuffix(".0")


def keys(reports: Reports, report: str) -> list[tuple[str, ...]]:
    places, _ = KEYS[report]
    return [tuple(whole(row[place]).strip().upper() for place in places) for row in reports.rows(report)]


def day(text: str) -> date | None:
    for form in LOOSE_DAYS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


@pytest.mark.parametrize("seed", [7, 9])
def test_truth_agrees_with_what_is_served(start: Callable[..., Client], seed: int) -> None:
    reports = Reports(start(seed=seed))
    told = truth(reports)
    for report, (_, names) in KEYS.items():
        served = keys(reports, report)
        good = [tuple(str(row[name]).upper() for name in names) for row in told["rows"][report]]
        assert told["counts"][report] == len(served) == SMALL[report]
        assert told["keys"][report] == len(set(good)) == len(good)
        assert set(good) <= set(served)
        assert told["duplicates"][report] == 1
        strangers = told["quarantined"][report] + told["duplicates"][report]
        assert len(served) == len(good) + strangers
    assert told["quarantined"]["loan_history"] == 3


def test_truth_tells_values(reports: Reports) -> None:
    told = truth(reports)["rows"]
    vehicles = {row["vin"]: row for row in told["active_vehicles"]}
    for row in reports.rows("active_vehicles"):
        meant = vehicles.get(row[6].strip().upper())
        if meant is None or row[13] == "entered twice":
            continue
        assert (meant["vehicle_id"], meant["year"]) == (int(row[0]), int(row[1]))
        assert meant["current_mileage"] == int(row[10].replace(",", ""))
        assert date.fromisoformat(meant["registration_exp"]) == day(row[8])
        assert date.fromisoformat(meant["expected_turn_in_date"]) == day(row[12])
        month, year = row[11].split("/")
        assert meant["in_service_date"] == f"{year}-{int(month):02d}-01"
        texts = [meant[name] for name in ("make", "model", "model_short_name", "office", "fleet", "notes", "color")]
        assert [text or "" for text in texts] == [row[place] for place in (2, 3, 4, 5, 7, 13, 14)]
    partners = {(row["person_id"], row["office"]): row for row in told["media_partners"]}
    assert {None if row[2] in {"", "N/A"} else row[2] for row in reports.rows("media_partners")} == {
        row["address"] for row in partners.values()
    }
    assert {row["person_id"] for row in told["loan_history"]} <= {person for person, _ in partners}
    assert {(row["person_id"], row["office"]) for row in told["loan_history"]} <= partners.keys()
    assert {row["amount_used"] for row in told["budget_spending"]} > {"0.00"}
    assert {row["fleet"] for row in told["budget_spending"]} == {
        row["fleet"].upper() for row in told["budget_spending"]
    }


def test_section_5_preferred_days(start: Callable[..., Client]) -> None:
    """Reckon the days from the file alone, another way than the truth does."""
    reports = Reports(start(scale="original"))
    today = date(2026, 7, 20)
    by_pair: dict[tuple[str, str], list[date]] = {}
    seen = set()
    for row in reports.rows("loan_history"):
        activity, person, office, start_day = whole(row[0]), whole(row[2]), row[10], day(row[7])
        if activity and person and start_day and activity not in seen:
            seen.add(activity)
            by_pair.setdefault((person, office), []).append(start_day)
    wanted = {}
    for pair, days in by_pair.items():
        doubled = days + [one for one in days if one >= today - timedelta(days=365)]
        shares = [sum(one.isoweekday() == number for one in doubled) / len(doubled) for number in range(1, 8)]
        best = max(range(7), key=lambda number, shares=shares: (shares[number], -number))  # type: ignore[misc]
        if len(days) >= 5 and shares[best] >= 0.4:
            wanted[pair] = (f"{date(2026, 7, 20 + best):%A}", shares[best] * 100)
    told = {(row["personId"], row["office"]): row for row in truth(reports)["preferredDays"]}
    assert told.keys() == wanted.keys()
    for pair, row in told.items():
        assert row["day"] == wanted[pair][0]
        assert float(row["confidence"]) == pytest.approx(wanted[pair][1], abs=0.0501)
    # About as many as the original saw, and about as sure.
    assert 350 < len(told) < 520
    assert 70 < sum(float(row["confidence"]) for row in told.values()) / len(told) < 80
    assert {row["day"] for row in told.values()} >= {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}


def test_every_night_something_changes(start: Callable[..., Client]) -> None:
    reports = Reports(start(scale="original", fms_dirt=False))
    before = {report: set(map(tuple, reports.rows(report))) for report in SMALL}
    found = {report: set(keys(reports, report)) for report in SMALL}
    homes = {(row[0], row[3]): row[2] for row in reports.rows("media_partners")}
    reports.control.clock("2026-07-21T15:00:00Z")
    after = {report: set(keys(reports, report)) for report in SMALL}
    moved = [row for row in reports.rows("media_partners") if homes[row[0], row[3]] != row[2]]
    assert len(moved) == 1
    assert found["active_vehicles"] - after["active_vehicles"]
    assert after["active_vehicles"] - found["active_vehicles"]
    assert found["loan_history"] < after["loan_history"]
    # A loan that has ended leaves the activity for the history.
    ended = found["current_vehicle_activity"] - after["current_vehicle_activity"]
    assert ended & (after["loan_history"] - found["loan_history"])
    assert after["current_vehicle_activity"] - found["current_vehicle_activity"]
    assert set(map(tuple, reports.rows("approved_makes"))) == before["approved_makes"]
    assert len(found["loan_history"] ^ after["loan_history"]) < 50
    reports.control.clock("2026-07-20T09:00:00Z")
    assert {report: set(map(tuple, reports.rows(report))) for report in SMALL} == before


def test_a_start_on_another_day_knows_the_same_records(start: Callable[..., Client], reports: Reports) -> None:
    later = Reports(start(now=datetime(2026, 7, 23, 15, tzinfo=UTC)))
    reports.control.clock("2026-07-23T15:00:00Z")
    for report in SMALL:
        one, other = set(map(tuple, reports.rows(report))), set(map(tuple, later.rows(report)))
        # The dirty copies stand elsewhere, and the exact number of rows cuts the oldest.
        assert len(one ^ other) < 40
        assert len(one & other) > 0.9 * SMALL[report] - 5


def test_without_dirt(start: Callable[..., Client]) -> None:
    reports = Reports(start(fms_dirt=False))
    told = truth(reports)
    assert set(told["quarantined"].values()) == set(told["duplicates"].values()) == {0}
    assert {report: told["keys"][report] for report in SMALL} == SMALL


def test_truth_of_some_loans(reports: Reports) -> None:
    some = truth(reports, "2026-01-01", "2026-03-31")
    assert {row["start_date"][:7] for row in some["rows"]["loan_history"]} == {"2026-01", "2026-02", "2026-03"}
    assert some["keys"] == truth(reports)["keys"]


def test_rows_vanish_and_come_back(reports: Reports) -> None:
    whole_report = reports.get("active_vehicles").content
    gone = reports.change(vanish="active_vehicles", share=0.25)["vanished"]
    told = truth(reports)
    assert gone == 24
    assert told["keys"]["active_vehicles"] == 96 - 24 == len(told["rows"]["active_vehicles"])
    assert len(reports.rows("active_vehicles")) == told["counts"]["active_vehicles"]
    reports.change(vanish="active_vehicles", share=0)
    assert reports.get("active_vehicles").content == whole_report


def test_a_row_changes_by_hand(reports: Reports) -> None:
    key = reports.rows("media_partners")[0][0]
    done = reports.change(set="media_partners", key=key, values={"Address": "1 Demo Rd, Plano, TX", "Name": "Zed"})
    assert done == {"set": 1}
    assert reports.rows("media_partners")[0][1:3] == ["Zed", "1 Demo Rd, Plano, TX"]
    told = truth(reports)
    (row,) = (row for row in told["rows"]["media_partners"] if row["person_id"] == key)
    assert (row["name"], row["address"]) == ("Zed", "1 Demo Rd, Plano, TX")
    assert told["addresses"]["1 Demo Rd, Plano, TX"]["lat"] == pytest.approx(33.02, abs=0.06)
    reports.control.reset()
    assert reports.rows("media_partners")[0][1] != "Zed"
