"""The records of the Arrivy sandbox against the vendor's contract; each test names the section."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta

from .test_arrivy_api import NOW, Account, account, instant, one

__all__ = ["account", "one"]


def test_section_4_ids_of_16_digits(account: Account) -> None:
    lists = [account.all(path) for path in ("entities", "groups", "customers", "crews", "bookings")]
    numbers = [row["id"] for rows in (*lists, account.get("statuses").json()) for row in rows]
    numbers += account.every_task()
    assert len(numbers) == len(set(numbers))
    assert all(2**52 <= number < 2**53 and len(str(number)) == 16 for number in numbers)


def test_section_4_1_entities(account: Account) -> None:
    rows = account.all("entities")
    assert len(rows) == 25
    assert all({"id", "type", "owner"} <= set(row) for row in rows)
    names = [row["name"] for row in rows if row.get("name")]
    emails = [row["email"].strip().lower() for row in rows if row.get("email")]
    assert len(names) == len(set(names)) == 24
    assert len(emails) == len(set(emails)) > 20
    assert any(row["email"] != row["email"].strip().lower() for row in rows if row.get("email"))
    assert {type(row.get("phone")) for row in rows} == {int, str, type(None)}
    assert {row["is_disabled"] for row in rows} == {True, False}
    last = next(row["lastreading"] for row in rows if row.get("lastreading"))
    assert "+" not in last["time"]
    assert not last["time"].endswith("Z")
    assert NOW - timedelta(days=1) < instant(last["time"]) <= NOW
    (found,) = account.all("entities", email=next(row["email"] for row in rows if row.get("email")))
    assert account.get(f"entities/{found['id']}").json() == found
    assert account.get("entities/1").status_code == 404


def test_section_4_2_forms_of_one_field(account: Account) -> None:
    rows = list(account.every_task().values())
    assert {type(row["extra_fields"]) for row in rows if "extra_fields" in row} == {dict, str, type(None)}
    assert any("extra_fields" not in row for row in rows)
    assert all(isinstance(json.loads(r["extra_fields"]), dict) for r in rows if isinstance(r.get("extra_fields"), str))
    fields = [row["template_extra_fields"] for row in rows if "template_extra_fields" in row]
    assert [] in fields
    assert all({"type", "name", "value"} == set(field) for some in fields for field in some)
    assert len(fields) < len(rows)
    assert all(isinstance(row["mileage"], list) for row in rows)
    assert {len(row.get("start_datetime") or "") for row in rows} == {0, 19, 20, 25}
    assert any("external_url" in row for row in rows)
    assert any("external_url" not in row for row in rows)
    assert any(row["customer_zipcode"].startswith("0") for row in rows)
    assert {type(row.get("task_time")) for row in rows} == {str, int, type(None)}


def test_section_6_evening_jobs_stay_on_their_day(account: Account) -> None:
    rows = account.all("tasks")
    assert all(
        instant(row["start_datetime"]) == datetime.fromisoformat(row["start_datetime_original_iso_str"])
        for row in rows
        if ":7-" not in row["start_datetime_original_iso_str"]
    )
    evening = [row for row in rows if row["start_datetime"][:10] != row["start_datetime_original_iso_str"][:10]]
    assert len(evening) > 3


def test_section_4_3_history_and_quirk_4_a_status_that_lags(account: Account) -> None:
    truth = account.truth()["tasks"]
    lag = 0
    for number, row in account.every_task().items():
        entries = account.all(f"tasks/{number}/status")
        newest = max(entries, key=lambda entry: instant(entry["time"]), default=None)
        expected = newest["type"] if newest else "NOTSTARTED"
        assert truth[str(number)]["status"] == expected
        titles = {expected, truth[str(number)]["statusTitle"]}
        assert account.get(f"tasks/{number}").json()["status"] in titles
        lag += row["status"] not in titles
    assert lag > 3
    number = next(number for number, told in truth.items() if told["status"] == "COMPLETE")
    entry = account.get(f"tasks/{number}/status").json()[-1]
    assert account.get(f"tasks/{number}/status/{entry['id']}").json() == entry
    assert account.get(f"tasks/{number}/status/1").status_code == 404


def test_section_4_3_an_entry_that_was_reported_late(account: Account) -> None:
    unsorted = 0
    for number in account.every_task():
        times = [instant(entry["time"]) for entry in account.all(f"tasks/{number}/status")]
        unsorted += times != sorted(times)
    assert unsorted


def test_section_4_4_status_definitions_in_one_answer(account: Account) -> None:
    rows = account.get("statuses", page=2, items_per_page=1).json()
    assert len(rows) == len({row["id"] for row in rows}) == 16
    assert Counter(row["type"] for row in rows)["CUSTOM"] == 4
    assert all("#" not in row["color"] for row in rows)
    assert {row.get("updated") is None for row in rows} == {True, False}
    known = {row["id"]: row for row in rows}
    assert all(row["status_id"] in known for row in account.all("tasks"))


def test_section_4_5_readings(account: Account) -> None:
    told = account.truth()["readings"]
    rows = account.all("entities")
    silent = 0
    for entity in rows[:6]:
        path = f"entities/{entity['id']}/readings"
        readings = account.all(path, items_per_page=500)
        times = [instant(reading["time"]) for reading in readings]
        assert len(readings) == told[str(entity["id"])]["count"]
        assert times == sorted(set(times))
        assert all(len(reading["time"]) == 26 for reading in readings)
        silent += not readings
        if readings:
            since = readings[-3]["time"]
            assert account.all(path, time=since) == readings[-2:]
            assert account.all(path, time=since + "+00:00") == readings[-2:]
            for late in ("2199-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
                assert account.all(path, time=late) == []
            assert account.all(path, time="0001-01-01T00:00:00", items_per_page=500) == readings
            assert account.get(path, time="0001-01-01T00:00:00+05:00").status_code == 400
            assert entity["lastreading"]["time"] == readings[-1]["time"]
    assert silent == 2


def test_section_4_6_to_4_8_the_others(account: Account) -> None:
    groups = account.all("groups")
    assert {"America/New_York", "America/Los_Angeles", "America/Phoenix"} == {row["timezone"] for row in groups}
    assert account.get(f"groups/{groups[0]['id']}").json() == groups[0]
    customers = account.all("customers")
    assert any(row.get("company_name") and not row.get("first_name") for row in customers)
    (found,) = account.all(
        "customers", external_id=next(row["external_id"] for row in customers if row.get("external_id"))
    )
    assert account.get(f"customers/{found['id']}").json() == found
    crews = account.all("crews")
    members = Counter(member["id"] for crew in crews for member in crew["entities_data"])
    assert set(members) == {row["id"] for row in account.all("entities")}
    assert max(members.values()) == 2
    bookings = {row["id"]: row for row in account.all("bookings")}
    linked = {row["booking_id"] for row in account.all("tasks") if row.get("booking_id")}
    assert set(bookings) == linked
    assert all(row["is_booking"] and "booking_id" not in row for row in bookings.values())
