"""Arrivy's sync against the sandbox: vendor and warehouse agree, and what did not change is not written."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.arrivy.company import LITTLE, change, counts, instant, later, truth_of, word
from tests.conftest import NOW

TABLES = (
    "arrivy.groups",
    "arrivy.status_definitions",
    "arrivy.entities",
    "arrivy.entity_readings",
    "arrivy.customers",
    "arrivy.crews",
    "arrivy.crew_members",
    "arrivy.bookings",
    "arrivy.tasks",
    "arrivy.task_entities",
    "arrivy.task_template_fields",
    "arrivy.task_statuses",
    "arrivy.location_reports",
    "core.locations",
)


def tuples(line: Any) -> dict[str, list[Any]]:
    """Where every row of the source lies and which transaction wrote it: a rewritten row lies elsewhere."""
    return {
        table: line.warehouse.rows(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY 1", role="admin")
        for table in TABLES
    }


@pytest.mark.parametrize("seed", [7, 23])
def test_the_warehouse_equals_the_vendors_truth(arrivy: Any, seed: int) -> None:
    line = arrivy(seed=seed)
    assert set(line.sync().values()) == {"success"}, line.errors
    told = truth_of(line)
    assert {row["kind"] for row in told["tasks"].values()} == {"scheduled", "unscheduled", "no_datetime"}
    for compare in (_tasks, _children, _histories, _people, _places, _lists, _readings):
        compare(line.warehouse.rows, told)
    flaws = line.warehouse.rows("SELECT severity, field, payload ->> 'duration' AS sent FROM ops.quarantine")
    assert all((row.severity, row.field, row.sent[0]) == ("field", "duration", "-") for row in flaws)
    assert line.warehouse.rows("SELECT * FROM ops.schema_drift") == []


def _tasks(rows: Any, told: dict[str, Any]) -> None:
    assert {
        row.task_id: (
            row.title,
            row.start_datetime,
            row.end_datetime,
            row.business_date,
            (row.unscheduled, row.task_without_time),
            row.customer_id,
            row.customer_name,
            row.group_id,
            row.booking_id,
            row.external_id,
            row.extra_fields,
            row.created,
            row.updated,
        )
        for row in rows("SELECT * FROM arrivy.tasks WHERE NOT is_deleted")
    } == {
        key: (
            one["title"] or None,
            instant(one["start"]),
            instant(one["end"]),
            one["businessDate"] and date.fromisoformat(one["businessDate"]),
            (one["kind"] == "unscheduled", one["kind"] == "no_datetime"),
            one["customerId"],
            word(one["customerName"]),
            one["groupId"],
            one["bookingId"],
            one["externalId"],
            one["extraFields"],
            instant(one["created"]),
            instant(one["updated"]),
        )
        for key, one in told["tasks"].items()
    }
    zones = {row.location_id: row.timezone for row in rows("SELECT * FROM core.locations")}
    assert all(
        zones[row.location_id] == told["tasks"][row.task_id]["timezone"]
        for row in rows("SELECT * FROM arrivy.tasks WHERE group_id IS NOT NULL")
        if row.task_id in told["tasks"]
    )


def _children(rows: Any, told: dict[str, Any]) -> None:
    crews: dict[str, list[str]] = {key: [] for key in told["tasks"]}
    for row in rows("SELECT * FROM arrivy.task_entities WHERE NOT is_deleted ORDER BY task_id, place"):
        crews[row.task_id].append(row.entity_id)
    assert crews == {key: one["entityIds"] for key, one in told["tasks"].items()}
    assert max(map(len, crews.values())) > 2

    fields: dict[str, list[Any]] = {key: [] for key in told["tasks"]}
    for row in rows("SELECT * FROM arrivy.task_template_fields WHERE NOT is_deleted ORDER BY task_id, place"):
        fields[row.task_id].append((row.name, row.type, row.value))
    assert fields == {
        key: [(field["name"], field["type"], word(field["value"])) for field in one["templateExtraFields"]]
        for key, one in told["tasks"].items()
    }
    assert any(value is None for some in fields.values() for _, _, value in some)


def _histories(rows: Any, told: dict[str, Any]) -> None:
    found: dict[str, list[Any]] = {key: [] for key in told["tasks"]}
    for row in rows("SELECT * FROM arrivy.task_statuses WHERE NOT is_deleted ORDER BY task_id, place"):
        found[row.task_id].append((row.entry_id, row.type, row.title, row.reported_at))
    assert found == {
        key: [(one["id"], one["type"], word(one["title"]), instant(one["time"])) for one in entries]
        for key, entries in told["taskStatuses"].items()
    }
    tasks = rows("SELECT * FROM arrivy.tasks WHERE NOT is_deleted")
    assert {row.task_id: (row.status, row.status_at) for row in tasks} == {
        key: (one["status"], instant(one["statusTime"])) for key, one in told["tasks"].items()
    }
    own = {key: word(one["statusTitle"]) for key, one in told["tasks"].items() if one["statusTitle"]}
    assert own
    assert {row.task_id: row.status_title for row in tasks if row.task_id in own} == own


def _people(rows: Any, told: dict[str, Any]) -> None:
    assert {
        row.entity_id: (row.name, row.type, row.email, row.phone, row.group_id, row.is_disabled, row.extra_fields)
        for row in rows("SELECT * FROM arrivy.entities")
    } == {
        key: (
            word(one.get("name")),
            word(one["type"]),
            word((one.get("email") or "").lower()),
            word(one.get("phone")),
            word(one.get("group_id")),
            one["is_disabled"],
            one["extra_fields"],
        )
        for key, one in told["entities"].items()
    }
    assert {
        row.entity_id: (f"{row.reported_at:%Y-%m-%dT%H:%M:%S.%f}", row.latitude, row.longitude, row.city)
        for row in rows("SELECT * FROM arrivy.entity_readings")
    } == {
        key: (last["time"], last["lat"], last["lng"], last.get("city"))
        for key, one in told["entities"].items()
        if (last := one.get("lastreading"))
    }
    assert {
        row.customer_id: (row.first_name, row.last_name, row.company_name, row.email, row.phone, row.zipcode)
        for row in rows("SELECT * FROM arrivy.customers")
    } == {
        key: (
            word(one.get("first_name")),
            word(one.get("last_name")),
            word(one.get("company_name")),
            word((one.get("email") or "").lower()),
            word(one.get("phone")),
            one["zipcode"],
        )
        for key, one in told["customers"].items()
    }
    where = {row.location_id: row.external_id for row in rows("SELECT * FROM core.locations")}
    found: dict[str, set[str]] = {}
    for one in told["tasks"].values():
        found.setdefault(one["customerId"], set()).update({one["groupId"]} - {None})
    for one in told["bookings"].values():
        found.setdefault(str(one["customer_id"]), set()).update({word(one.get("group_id"))} - {None})
    assert {
        row.customer_id: {where[place] for place in row.location_ids}
        for row in rows("SELECT * FROM arrivy.customers")
        if row.location_ids
    } == {key: groups for key, groups in found.items() if groups}


def _places(rows: Any, told: dict[str, Any]) -> None:
    assert {
        row.group_id: (row.name, row.timezone, row.zipcode, row.latitude, row.longitude, row.extra_fields)
        for row in rows("SELECT * FROM arrivy.groups")
    } == {
        key: (
            one["name"],
            one["timezone"],
            one["zipcode"],
            one["exact_location"]["lat"],
            one["exact_location"]["lng"],
            one["extra_fields"],
        )
        for key, one in told["groups"].items()
    }
    assert {
        row.external_id: (row.name, row.timezone, row.country)
        for row in rows("SELECT * FROM core.locations WHERE is_mapped")
    } == {key: (one["name"], one["timezone"], "US") for key, one in told["groups"].items()}


def _lists(rows: Any, told: dict[str, Any]) -> None:
    definitions = rows("SELECT * FROM arrivy.status_definitions")
    assert {row.status_id: (row.type, row.title, row.color, row.order, row.created) for row in definitions} == {
        key: (one["type"], word(one["title"]), one["color"], one["order"], instant(one.get("created")))
        for key, one in told["statuses"].items()
    }
    assert any(row.created is None for row in definitions)
    crews: dict[str, set[str]] = {row.crew_id: set() for row in rows("SELECT * FROM arrivy.crews")}
    for row in rows("SELECT * FROM arrivy.crew_members"):
        crews[row.crew_id].add(row.entity_id)
    assert crews == {key: set(members) for key, members in told["crews"].items()}
    bookings = rows("SELECT * FROM arrivy.bookings")
    assert {row.booking_id: (row.title, row.description, row.customer_id, row.entity_ids) for row in bookings} == {
        key: (
            one.get("title") or None,
            one.get("description") or None,
            str(one["customer_id"]),
            [str(number) for number in one["entity_ids"]],
        )
        for key, one in told["bookings"].items()
    }
    days = {one["bookingId"]: one["businessDate"] for one in told["tasks"].values() if one["bookingId"]}
    assert bookings
    assert all(str(row.business_date) == days[row.booking_id] for row in bookings)


def _readings(rows: Any, told: dict[str, Any]) -> None:
    found = rows(
        "SELECT entity_id, count(*) AS count, min(reported_at) AS first, max(reported_at) AS last "
        "FROM arrivy.location_reports GROUP BY entity_id"
    )
    assert {row.entity_id: (row.count, row.first, row.last) for row in found} == {
        key: (one["count"], instant(one["first"]), instant(one["last"]))
        for key, one in told["readings"].items()
        if one["count"]
    }
    assert len(found) > 2


def test_the_second_run_writes_no_row(arrivy: Any) -> None:
    line = arrivy(**LITTLE)
    line.sync()
    before = tuples(line)
    assert all(before.values()), "every table has rows to be left alone"
    assert set(line.sync(instant=NOW + timedelta(hours=1)).values()) == {"success"}, line.errors
    second = counts(line, "run 2")
    assert {name for name, row in second.items() if row.records_fetched} == {
        "groups",
        "entities",
        "tasks",
        "unscheduled_tasks",
        "undated_tasks",
        "task_statuses",
        "location_reports",
    }
    assert all(row.unchanged == row.records_fetched for row in second.values())
    assert tuples(line) == before


def test_only_what_changed_is_written(arrivy: Any) -> None:
    line = arrivy()
    line.sync()
    before = tuples(line)
    at = later(line, minutes=30)
    first, last = (NOW - timedelta(days=5)).date(), (NOW + timedelta(days=5)).date()
    (done,) = change(line, {"fraction": 0.1, "from": str(first), "to": str(last)})
    edited = {str(number) for number in done["changed"]}
    moved = {
        key for key, one in truth_of(line)["tasks"].items() if (updated := instant(one["updated"])) and updated > NOW
    }
    assert edited <= moved
    assert len(edited) > 3
    line.sync(instant=at)
    second = counts(line, "run 2")
    assert second["tasks"].updated == len(moved)
    assert second["tasks"].unchanged == second["tasks"].records_fetched - len(moved)
    rows = line.warehouse.rows
    written = rows(
        "SELECT task_id, details FROM arrivy.tasks INNER JOIN ops.sync_history USING (sync_id) WHERE run_id = 'run 2'"
    )
    assert {row.task_id for row in written} == moved
    told = truth_of(line)["tasks"]
    assert {row.task_id: row.details for row in written} == {key: word(told[key]["details"]) for key in moved}
    assert len(set(before["arrivy.tasks"]) - set(tuples(line)["arrivy.tasks"])) == len(moved)
    for table in ("arrivy.groups", "arrivy.customers", "arrivy.crews", "arrivy.task_template_fields"):
        assert tuples(line)[table] == before[table], table
