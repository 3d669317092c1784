"""The Arrivy account: it moves with the clock, changes by hand, and the truth agrees with what is served."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox.options import Options
from sandbox.server import running

from .test_arrivy_api import NOW, Account, account, instant, one

__all__ = ["account", "one"]


def test_truth_agrees_with_what_is_served(account: Account) -> None:
    told = account.truth()
    served = account.every_task()
    assert {str(number) for number in served} == set(told["tasks"])
    for number, row in served.items():
        task = told["tasks"][str(number)]
        assert task["title"] == row.get("title")
        assert task["entityIds"] == [str(entity) for entity in row["entity_ids"]]
        assert instant(task["updated"]) == instant(row["updated"])
        assert task["kind"] == ("scheduled" if row.get("start_datetime") else task["kind"])
        if row.get("start_datetime"):
            assert instant(task["start"]) == instant(row["start_datetime"])
            assert instant(task["end"]) == instant(row["end_datetime"])
            assert task["businessDate"] == row["start_datetime_original_iso_str"][:10]
        history = {str(entry["id"]) for entry in account.all(f"tasks/{number}/status")}
        assert {entry["id"] for entry in told["taskStatuses"][str(number)]} == history
    for name in ("entities", "groups", "customers", "bookings", "crews"):
        assert set(told[name]) == {str(row["id"]) for row in account.all(name)}, name
    assert {str(row["id"]) for row in account.get("statuses").json()} == set(told["statuses"])
    counts = told["counts"]
    assert counts["tasks"] == counts["scheduled"] + counts["unscheduled"] + counts["no_datetime"] == len(served)
    assert counts["taskStatuses"] == sum(map(len, told["taskStatuses"].values()))
    assert {type(row["extra_fields"]) for row in told["entities"].values()} == {dict, type(None)}
    for number in told["deletedTasks"]:
        assert account.get(f"tasks/{number}").status_code == 404


def test_truth_of_some_days(account: Account) -> None:
    some = account.truth(**{"from": "2026-07-15", "to": "2026-07-16"})
    scheduled = [task for task in some["tasks"].values() if task["kind"] == "scheduled"]
    assert scheduled
    assert all("2026-07-15" <= task["start"][:10] <= "2026-07-16" for task in scheduled)
    whole = account.truth()
    assert some["counts"]["unscheduled"] == whole["counts"]["unscheduled"] > 0
    assert 0 < some["counts"]["readings"] < whole["counts"]["readings"]
    entity = next(number for number, told in some["readings"].items() if told["count"])
    window = [
        reading
        for reading in account.all(f"entities/{entity}/readings", items_per_page=500)
        if "2026-07-15" <= reading["time"][:10] <= "2026-07-16"
    ]
    assert len(window) == some["readings"][entity]["count"]


def test_same_seed_same_bytes_other_seed_another_world() -> None:
    texts = []
    for seed in (11, 11, 12):
        with running(Options(now=NOW, seed=seed)) as sandbox:
            client = Account(sandbox)
            texts.append([client.get(path).content for path in ("tasks", "entities", "customers", "statuses")])
    assert texts[0] == texts[1]
    assert all(some != other for some, other in zip(texts[0], texts[2], strict=True))


def test_a_start_on_another_day_knows_the_same_records(account: Account) -> None:
    with running(Options(now=datetime(2026, 7, 23, 15, tzinfo=UTC), arrivy_crew=25)) as sandbox:
        later = Account(sandbox)
        later.control.clock("2026-07-20T15:00:00Z")
        before, after = account.every_task(), later.every_task()
        assert len(before.keys() & after.keys()) > 70
        assert all(before[number] == after[number] for number in before.keys() & after.keys())


def test_tasks_move_with_the_clock(account: Account) -> None:
    before, told = account.every_task(), account.truth()
    account.control.clock("2026-07-26T15:00:00Z")
    after, later = account.every_task(), account.truth()
    assert set(after) - set(before)
    assert set(before) - set(after) <= {int(number) for number in later["deletedTasks"]}
    both = [str(number) for number in before.keys() & after.keys()]
    moves = Counter((told["tasks"][n]["status"], later["tasks"][n]["status"]) for n in both)
    assert any(last == "COMPLETE" and first != last for first, last in moves)
    changed = [n for n in both if told["tasks"][n]["updated"] != later["tasks"][n]["updated"]]
    assert all("2026-07-20T15:00:00Z" < later["tasks"][n]["updated"] <= "2026-07-26T15:00:00Z" for n in changed)
    assert all(before[int(n)] == after[int(n)] for n in set(both) - set(changed))
    assert later["counts"]["readings"] > told["counts"]["readings"]
    account.control.clock("2026-07-20T15:00:00Z")
    assert account.every_task() == before


def test_everything_happens_in_the_course_of_time() -> None:
    """Scheduled, started, completed, rescheduled, reassigned, cancelled, deleted."""
    choices: dict[str, Any] = {"arrivy_days": 20, "arrivy_tasks_per_day": 12}
    with running(Options(now=datetime(2026, 6, 20, 15, tzinfo=UTC), **choices)) as sandbox:
        account = Account(sandbox)
        seen: Counter[str] = Counter()
        before = account.truth()
        for day in range(21, 30):
            account.control.clock(f"2026-06-{day}T22:00:00Z")
            after = account.truth()
            for number, task in after["tasks"].items():
                old = before["tasks"].get(number)
                if old is None:
                    seen["created"] += 1
                    continue
                seen["scheduled"] += old["kind"] == "unscheduled" and task["kind"] == "scheduled"
                seen["rescheduled"] += bool(old["start"]) and old["start"] != task["start"]
                seen["reassigned"] += bool(old["entityIds"]) and old["entityIds"] != task["entityIds"]
                seen[task["status"]] += old["status"] != task["status"]
            seen["deleted"] += len(set(after["deletedTasks"]) - set(before["deletedTasks"]))
            before = after
    happened = {name for name, count in seen.items() if count}
    assert {"created", "scheduled", "rescheduled", "reassigned", "deleted"} <= happened
    assert {"COMPLETE", "CANCELLED", "EXCEPTION", "CUSTOM", "CONFIRMED"} <= happened


def test_change_a_fraction(account: Account) -> None:
    before = account.every_task()
    done = account.change(fraction=0.2)
    after = account.every_task()
    assert {number for number in before if before[number] != after[number]} == set(done["changed"])
    assert len(done["changed"]) == round(0.2 * done["of"])
    assert {instant(after[number]["updated"]) for number in done["changed"]} == {NOW}
    some = account.change(fraction=1, **{"from": "2026-07-20", "to": "2026-07-20"})
    assert {instant(after[number]["start_datetime"]).date() for number in some["changed"]} == {date(2026, 7, 20)}
    account.control.reset()
    assert account.every_task() == before


def test_quirk_5_a_deleted_task_vanishes(account: Account) -> None:
    number = account.get("tasks").json()[3]["id"]
    account.change(delete=number)
    assert number not in account.every_task()
    gone = account.get(f"tasks/{number}")
    assert (gone.status_code, gone.json()["message"]) == (404, "NOT_FOUND")
    assert account.get(f"tasks/{number}/status").status_code == 404
    assert str(number) in account.truth()["deletedTasks"]
    account.change(restore=number)
    assert number in account.every_task()
    done = account.change(delete_fraction=0.25)
    assert len(done["deleted"]) == round(0.25 * done["of"])
    assert not set(done["deleted"]) & set(account.every_task())
    assert set(done["deleted"]) <= set(account.change(restore="all")["restored"])


def test_a_task_that_no_list_has_but_is_there(account: Account) -> None:
    number = account.get("tasks").json()[3]["id"]
    account.change(hide=number)
    assert number not in account.every_task()
    assert account.get(f"tasks/{number}").status_code == 200
    assert account.truth()["tasks"][str(number)]["isHidden"]
    account.change(show=number)
    assert number in account.every_task()


def test_moves_by_hand(account: Account) -> None:
    number = account.get("tasks").json()[-1]["id"]
    account.change(reschedule=number, to="2026-08-30T18:00:00Z")
    window = {"from": "2026-08-30T00:00:00Z", "to": "2026-08-31T00:00:00Z"}
    (row,) = account.all("tasks", **window)
    assert (row["id"], instant(row["updated"])) == (number, NOW)
    assert account.truth()["tasks"][str(number)]["status"] == "RESCHEDULED"
    account.change(unschedule=number)
    assert number in {row["id"] for row in account.all("tasks", unscheduled="true")}
    account.change(schedule=number, to="2026-08-30T19:00:00Z")
    assert [row["id"] for row in account.all("tasks", **window)] == [number]
    done = account.change(reassign=number)
    assert account.get(f"tasks/{number}").json()["entity_ids"] == done["to"]
    account.change(status=number, type="COMPLETE")
    account.change(status=number, type="STARTED", time="2026-07-20T14:00:00Z")
    assert [entry["type"] for entry in account.all(f"tasks/{number}/status")][-2:] == ["COMPLETE", "STARTED"]
    assert account.truth()["tasks"][str(number)]["status"] == "COMPLETE"
    account.change(status=number, type="CUSTOM", title="Demo Sold")
    assert account.get(f"tasks/{number}").json()["status"] in {"CUSTOM", "Demo Sold"}


def test_rows_that_are_new_or_odd(account: Account) -> None:
    (new,) = account.change(insert=1, start="2026-07-20T20:00:00Z")["inserted"]
    assert account.get("tasks").json()[0]["id"] == new
    (loose,) = account.change(insert=1)["inserted"]
    assert account.get("tasks", unscheduled="true").json()[0]["id"] == loose
    account.change(set={"task": new, "field": "extra_fields", "value": "not JSON {"})
    assert account.get(f"tasks/{new}").json()["extra_fields"] == "not JSON {"
    assert account.truth()["tasks"][str(new)]["extraFields"] == "not JSON {"
    entity = account.get("entities").json()[2]["id"]
    account.change(rename_entity=entity, name="Zed Example")
    account.change(set={"entity": entity, "field": "phone", "value": 15550100})
    row = account.get(f"entities/{entity}").json()
    assert (row["name"], row["phone"], instant(row["updated"])) == ("Zed Example", 15550100, NOW)
    account.change(delete_entity=entity)
    assert account.get(f"entities/{entity}").status_code == 404
    group, customer = (account.get(path).json()[0]["id"] for path in ("groups", "customers"))
    account.change(set={"group": group, "field": "name", "value": "Zed"})
    account.change(set={"customer": customer, "field": "zipcode", "value": "00501"})
    assert account.get(f"groups/{group}").json()["name"] == "Zed"
    assert account.truth()["customers"][str(customer)]["zipcode"] == "00501"


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"delete": 1},
        {"restore": 1},
        {"reschedule": 1, "to": "x"},
        {"set": {"task": 1, "field": "x"}},
        {"set": {"group": 1, "field": "x", "value": 1}},
        {"pages": "nonsense"},
        {"delete_entity": 5},
    ],
)
def test_commands_that_make_no_sense(account: Account, command: dict[str, Any]) -> None:
    url = account.sandbox.url + "/_control/change"
    assert account.session.post(url, params={"source": "arrivy"}, json=command, timeout=60).status_code == 400


@pytest.mark.parametrize(
    "choice", ["arrivy_crew", "arrivy_days", "arrivy_tasks_per_day", "arrivy_reading_seconds", "arrivy_page_cap"]
)
def test_sizes_that_make_no_sense(choice: str) -> None:
    choices: dict[str, Any] = {choice: 0}
    with pytest.raises(ValueError, match="Arrivy"), running(Options(now=NOW, **choices)):
        pass


def test_the_plan_s_account() -> None:
    """60 crew members, 20,000 tasks, readings every minute that nobody keeps."""
    with running(Options(scale="plan", now=NOW)) as sandbox:
        account = Account(sandbox)
        entities = account.get("entities", items_per_page=500).json()
        assert len(entities) == 60
        tasks = account.every_task()
        assert 19_500 < len(tasks) < 20_500
        starts = sorted(row["start_datetime"][:10] for row in tasks.values() if row.get("start_datetime"))
        assert 100 < (date.fromisoformat(starts[-1]) - date.fromisoformat(starts[0])).days < 120
        path = f"entities/{entities[0]['id']}/readings"
        began = time.monotonic()
        last = account.get(path, time="2026-07-20T14:50:00Z").json()
        assert len(last) in {9, 10, 11}
        assert account.get(path, page=80, items_per_page=500).json()
        assert time.monotonic() - began < 2
