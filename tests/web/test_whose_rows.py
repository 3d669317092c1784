"""T84 over HTTP: every person against what the API serves. Expected is worked out as in tests/access, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from branchline.web.catalogue import COLLECTIONS

from tests.access.conftest import OURS, THEIRS, owners_of
from tests.access.test_who_sees_what import CREW, EVERYBODY, READERS, WITHOUT, journeys_of, may_read
from tests.web.conftest import STRANGER, House
from tests.web.front import Front

#: What is served, the table behind it and the columns that name a row there.
SERVED = (
    ("/smartmoving/jobs", "smartmoving.opportunity_jobs", ("client_id", "account", "job_id")),
    ("/smartmoving/branches", "smartmoving.branches", ("client_id", "account", "branch_id")),
    ("/locations", "core.locations", ("client_id", "location_id")),
)
JOURNEYS = "/smartmoving/journeys/active"
ACTIVE = {"MORNING_PREP", "EN_ROUTE", "ONSITE"}


def named(items: list[dict[str, Any]], columns: tuple[str, ...]) -> set[tuple[Any, ...]]:
    found = [tuple(item[column] for column in columns) for item in items]
    assert len(found) == len(set(found)), "a row came twice"
    return set(found)


def expected_of(house: House, name: str, table: str, columns: tuple[str, ...]) -> set[tuple[Any, ...]]:
    person = house.loaded.people[name]
    # as they stand now: a row that another test has changed and put back stands elsewhere
    places = {row.where for row in owners_of(house.warehouse, table) if may_read(house.loaded, person, row)}
    deleted = "FALSE" if table == "core.locations" else "is_deleted"
    rows = house.warehouse.rows(
        f"SELECT {', '.join(columns)} FROM {table} WHERE NOT {deleted} AND ctid::text = ANY(%s)",
        (list(places),),
        role="admin",
    )
    return {tuple(row) for row in rows}


@pytest.mark.parametrize("name", [*READERS, *WITHOUT])
@pytest.mark.parametrize(("path", "table", "columns"), SERVED)
def test_T84_role_client_and_location(house: House, name: str, path: str, table: str, columns: tuple[str, ...]) -> None:
    expected = expected_of(house, name, table, columns)
    assert bool(expected) is (name in READERS)
    assert named(house.front.items(name, path, limit=1000), columns) == expected


def test_T84_the_matrix_tells_people_apart(house: House) -> None:
    counts = {name: len(expected_of(house, name, *SERVED[0][1:])) for name in EVERYBODY}
    assert 0 < counts["manager"] < counts["manager_of_two"] < counts["admin"] < counts["super"]
    assert counts["other_admin"] == counts["super"] - counts["admin"] > 0


@pytest.mark.parametrize("name", EVERYBODY)
def test_T84_journeys_of_managers_and_of_crews(house: House, name: str) -> None:
    columns = ("client_id", "external_id")
    person = house.loaded.people[name]
    active = {
        tuple(row)
        for row in house.warehouse.rows(
            "SELECT client_id, external_id FROM crm.truck_journeys WHERE NOT is_deleted AND status = ANY(%s)",
            (list(ACTIVE),),
        )
    }
    expected = (
        journeys_of(house.loaded, person) & active
        if person.is_crew
        else expected_of(house, name, "crm.truck_journeys", columns) & active
    )
    items = house.front.items(name, JOURNEYS, limit=1000)
    assert named(items, columns) == expected
    for item in items:
        assert not {column for column in item if "cost" in column or column in {"external_data", "extra"}}


def test_somebody_whom_nobody_mapped_sees_no_row_anywhere(front: Front) -> None:
    for collection in COLLECTIONS:
        answer = front.get(STRANGER, collection.path)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"items": [], "next": None}
    assert front.get(STRANGER, "/account").json() == {"user": STRANGER, "roles": [], "accounts": []}
    assert front.get(STRANGER, "/tekmetric/repair-orders/1").status_code == 404


@pytest.mark.parametrize("name", CREW)
def test_who_sees_journeys_alone_is_refused_the_rest_by_the_database(front: Front, name: str) -> None:
    for collection in COLLECTIONS:
        answer = front.get(name, collection.path)
        if "/journeys/" in collection.path:
            assert answer.status_code == 200, answer.text
        else:
            assert answer.status_code == 403, f"{collection.path}: {answer.text}"
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert front.get(name, "/account").json()["accounts"] == []


def test_everything_that_is_served_can_be_read_by_who_sees_all(house: House) -> None:
    filled = set()
    for collection in COLLECTIONS:
        answer = house.front.get("super", collection.path, limit=1000)
        assert answer.status_code == 200, f"{collection.path}: {answer.text}"
        items = answer.json()["items"]
        if items:
            filled.add(collection.path)
            assert set(collection.key) <= set(items[0])
            for column in (collection.location, collection.day, collection.status, *collection.search):
                assert column is None or column in items[0], f"{collection.path}: {column}"
    assert filled >= {
        JOURNEYS, "/smartmoving/branches", "/smartmoving/jobs", "/tekmetric/repair-orders", "/locations",
        "/sync/history",
    }  # fmt: skip


def test_rows_of_one_request_are_gone_in_the_next_one_on_the_same_connection(house: House) -> None:
    """T84, pool reuse: requests of different people take turns on what is kept open."""
    counts = {
        name: len(expected_of(house, name, *SERVED[0][1:])) for name in ("super", "nobody", "manager", "other_admin")
    }
    for _ in range(3):
        for name, count in counts.items():
            assert len(house.front.items(name, "/smartmoving/jobs", limit=1000)) == count
    assert len(house.front.app.state.pool._idle) == 1


def test_the_account_says_who_what_and_how_many_calls(house: House) -> None:
    first = house.loaded.places[0]
    house.warehouse.execute(
        "INSERT INTO ops.api_calls VALUES ('smartmoving', 'smartmoving', now() AT TIME ZONE 'UTC', 'other', 41), "
        "('smartmoving', 'smartmoving', date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 day', 'other', 7)"
    )
    before = house.front.get("manager", "/account").json()
    assert before["user"] == "manager"
    assert before["roles"] == [{"role": "MANAGER", "client_id": OURS, "location_id": first}]
    accounts = {account["source"]: account for account in before["accounts"]}
    assert set(accounts) == {"smartmoving", "tekmetric"}
    assert accounts["smartmoving"]["monthly_calls"] == 20000
    assert accounts["tekmetric"]["monthly_calls"] is None
    this_month = house.warehouse.one(
        "SELECT sum(calls)::bigint FROM ops.api_calls WHERE source = 'smartmoving' AND account = 'smartmoving' "
        "AND called_on >= date_trunc('month', now())"
    )
    assert accounts["smartmoving"]["calls_this_month"] == this_month >= 41
    assert accounts["smartmoving"]["locations"] == 1, "a manager of one place"
    theirs = house.front.get("other_admin", "/account").json()
    assert {account["client_id"] for account in theirs["accounts"]} == {THEIRS}
    everything = house.front.get("super", "/account").json()
    assert [role["role"] for role in everything["roles"]] == ["SUPER_ADMIN"], "his own, not everybody's"
