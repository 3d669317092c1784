"""What every list can do: pages by key, filters, tags, and a refusal in one form."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from branchline.web.catalogue import COLLECTIONS

from tests.web.conftest import House
from tests.web.front import PREFIX, Front

JOBS = "/smartmoving/jobs"


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["title"]
    assert found["detail"].rstrip().endswith((".", "?shop="))
    return found


# -------------------------------------------------------------------------------------------------------- the pages


@pytest.mark.parametrize(("path", "limit"), [(JOBS, 7), ("/sync/history", 3), ("/smartmoving/journeys/active", 5)])
def test_pages_hold_every_row_once_in_order(front: Front, path: str, limit: int) -> None:
    (collection,) = (found for found in COLLECTIONS if found.path == path)
    whole = front.get("super", path, limit=1000).json()
    assert whole["next"] is None
    assert len(whole["items"]) > 2 * limit, "more than two pages"
    assert front.items("super", path, limit=limit) == whole["items"]
    keys = [tuple(item[column] for column in collection.key) for item in whole["items"]]
    if path == "/sync/history":
        assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == len(keys)


def test_a_page_is_a_hundred_rows_and_its_link_leads_on(front: Front) -> None:
    path = "/tekmetric/repair-orders"
    answer = front.get("super", path)
    assert len(answer.json()["items"]) == 100
    following = answer.json()["next"]
    assert following.startswith(f"{PREFIX}{path}?cursor=")
    assert answer.headers["Link"] == f'<{following}>; rel="next"'
    filtered = front.get("super", path, limit=2, client="lgm").json()["next"]
    assert filtered.startswith(f"{PREFIX}{path}?limit=2&client=lgm&cursor=")


def test_a_row_that_comes_meanwhile_moves_no_page(house: House) -> None:
    """T20: pages by number would show a row twice."""
    first = house.front.get("admin", JOBS, limit=5).json()
    key = [str(first["items"][1][column]) for column in ("client_id", "account", "job_id")]
    house.warehouse.execute(
        "INSERT INTO smartmoving.opportunity_jobs SELECT (jsonb_populate_record(jobs, "
        "jsonb_build_object('job_id', job_id || '-a'))).* FROM smartmoving.opportunity_jobs AS jobs "
        "WHERE client_id = %s AND account = %s AND job_id = %s",
        key,
    )
    try:
        second = house.front.get("admin", first["next"]).json()
    finally:
        house.warehouse.execute("DELETE FROM smartmoving.opportunity_jobs WHERE job_id = %s", (f"{key[2]}-a",))
    assert not {row["job_id"] for row in first["items"]} & {row["job_id"] for row in second["items"]}
    assert [*first["items"], *second["items"]] == house.front.get("admin", JOBS, limit=10).json()["items"]


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "!!!!", "bnVsbA", "W10", "WzFd", "a" * 3999,
        urlsafe_b64encode(json.dumps(["", "a", "b", "c"]).encode()).decode(),
        urlsafe_b64encode(b"[" * 2000).decode(),
    ],
)  # fmt: skip
def test_what_is_no_cursor_is_refused(front: Front, cursor: str) -> None:
    problem_of(front.get("super", JOBS, cursor=cursor), 400)


def test_a_cursor_is_good_for_its_own_question_alone(front: Front) -> None:
    following = front.get("super", JOBS, limit=2, client="lgm").json()["next"]
    cursor = following.rpartition("cursor=")[2]
    assert front.get("super", JOBS, cursor=cursor, client="lgm", limit=9).status_code == 200
    problem_of(front.get("super", JOBS, cursor=cursor, client="acme"), 400)
    problem_of(front.get("super", JOBS, cursor=cursor), 400)
    problem_of(front.get("super", "/smartmoving/branches", cursor=cursor, client="lgm"), 400)


def test_a_cursor_whose_key_was_written_by_hand_leads_nowhere(front: Front) -> None:
    """What travels in it is a parameter like any other, and row-level security holds behind it."""
    from branchline.web.cursor import cursor_after

    (history,) = (found for found in COLLECTIONS if found.path == "/sync/history")
    problem_of(front.get("super", "/sync/history", cursor=cursor_after(history, {}, ["1'; --"])), 400)
    problem_of(front.get("super", "/sync/history", cursor=cursor_after(history, {}, ["9" * 30])), 400)
    (jobs,) = (found for found in COLLECTIONS if found.path == JOBS)
    seen = front.get("manager", JOBS, cursor=cursor_after(jobs, {}, ["", "", ""]), limit=1000).json()["items"]
    assert seen == front.items("manager", JOBS)


# ------------------------------------------------------------------------------------------------------ the filters


def test_filters_leave_what_was_asked_for(house: House) -> None:
    place, *_ = house.loaded.places
    everything = house.front.items("super", JOBS, limit=1000)
    days = sorted({item["service_date"] for item in everything if item["service_date"]})
    since, until = days[1], days[-2]
    assert since <= until
    assert days[0] < since
    for query, keeps in (
        ({"location": place}, lambda item: item["location_id"] == place),
        ({"since": since}, lambda item: (item["service_date"] or "") >= since),
        ({"until": until}, lambda item: item["service_date"] is not None and item["service_date"] <= until),
        ({"client": "acme"}, lambda item: item["client_id"] == "acme"),
        (
            {"since": since, "until": until, "location": place},
            lambda item: item["location_id"] == place and since <= (item["service_date"] or "") <= until,
        ),
    ):
        expected = [item for item in everything if keeps(item)]
        assert 0 < len(expected) < len(everything), query
        assert house.front.items("super", JOBS, limit=1000, **query) == expected, query


def test_an_instant_belongs_to_the_day_that_it_is_in(house: House) -> None:
    today = house.warehouse.one("SELECT min(start_time AT TIME ZONE 'UTC')::date FROM ops.sync_history")
    after = house.warehouse.one(
        "SELECT (max(start_time AT TIME ZONE 'UTC') + interval '1 day')::date FROM ops.sync_history"
    )
    everything = house.front.items("super", "/sync/history", limit=1000)
    assert everything
    assert house.front.items("super", "/sync/history", limit=1000, since=today, until=after) == everything
    assert house.front.items("super", "/sync/history", since=after) == []
    assert house.front.items("super", "/sync/history", until=today.replace(year=2001)) == []


def test_several_statuses_mean_any_of_them(front: Front) -> None:
    everything = front.items("super", "/tekmetric/repair-orders", limit=1000)
    statuses = sorted({item["status"] for item in everything})
    assert len(statuses) > 2
    some = statuses[:2]
    found = front.items("super", "/tekmetric/repair-orders", status=some, limit=1000)
    assert found == [item for item in everything if item["status"] in some]
    assert 0 < len(found) < len(everything)


@pytest.fixture(scope="module")
def watched(house: House) -> Iterator[None]:
    """Streams of which some are expected sooner than they can be read, and records that were rejected."""
    house.warehouse.execute(
        "INSERT INTO ops.expectations (source, account, stream, client_id, dag_id, period, since) "
        "SELECT DISTINCT crm_source, account, sync_type, client_id, crm_source, "
        "CASE WHEN sync_type < 'd' THEN interval '1 microsecond' WHEN sync_type < 'm' THEN interval '1 hour' END, "
        "now() - interval '90 minutes' FROM ops.sync_history"
    )
    house.warehouse.execute(
        "INSERT INTO ops.quarantine (source, account, client_id, stream, table_name, record_key, severity, reason, "
        "field, sync_id) SELECT 'smartmoving', 'smartmoving', 'lgm', 'jobs', 'smartmoving.jobs', key, "
        "CASE field WHEN '' THEN 'record' ELSE 'field' END, reason, field, 1 FROM unnest(ARRAY['1', '2']) AS key, "
        "unnest(ARRAY['missing', 'not_a_date', 'too_large', 'sanitised']) AS reason, "
        "unnest(ARRAY['', 'service_date']) AS field"
    )
    yield
    house.warehouse.execute("TRUNCATE ops.expectations, ops.quarantine")


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("path", ["/freshness", "/findings", "/quarantine"])
def test_what_on_call_asks_comes_worst_first_in_pages(house: House, path: str) -> None:
    def asked(user: str, limit: int = 1000) -> list[dict[str, Any]]:
        """Without what tells the time that has passed."""
        items = house.front.items(user, path, limit=limit)
        return [{name: value for name, value in item.items() if name not in {"fact", "worst"}} for item in items]

    whole = asked("super")
    assert len(whole) > 6
    assert asked("super", limit=3) == whole
    if path != "/quarantine":
        urgency = [item["urgency"] for item in whole]
        assert urgency == sorted(urgency)
        assert len(set(urgency)) > 1
    ours = asked("admin")
    assert ours == [item for item in whole if item["client_id"] == "lgm"]
    assert asked("stranger") == []
    if path == "/quarantine":
        assert asked("manager") == [], "a rejected record has no place that could be believed"


def test_the_ledger_is_narrowed_by_source_account_and_stream(front: Front) -> None:
    whole = front.items("super", "/sync/history", limit=1000)
    for query in ({"source": "tekmetric"}, {"account": "acme"}, {"stream": "branches"}, {"client": "acme"}):
        ((name, value),) = query.items()
        column = "client_id" if name == "client" else name
        expected = [item for item in whole if item[column] == value]
        assert 0 < len(expected) < len(whole), query
        assert front.items("super", "/sync/history", limit=1000, **query) == expected


def test_a_shop_is_named_by_the_vendors_number(front: Front) -> None:
    whole = front.items("super", "/tekmetric/repair-orders", limit=1000)
    shop = whole[0]["tm_shop_id"]
    expected = [item for item in whole if item["tm_shop_id"] == shop]
    assert 0 < len(expected) < len(whole)
    assert front.items("super", "/tekmetric/repair-orders", limit=1000, shop=shop) == expected


def test_search_takes_every_character_for_itself(house: House) -> None:
    jobs = house.front.items("super", JOBS, limit=1000)
    number = next(item["job_number"] for item in jobs if item["job_number"])
    found = house.front.items("super", JOBS, search=number.lower())
    assert found
    assert found == [item for item in jobs if number.lower() in (item["job_number"] or "").lower()]
    for words in ("%%", "__", "\\\\", "'; DROP TABLE smartmoving.jobs; --", "{{ 7 * 7 }}", "%(limit)s"):
        assert house.front.items("super", JOBS, search=words) == [], words


def test_a_location_of_several_is_found_by_each(house: House) -> None:
    first, second, *_ = house.loaded.places
    house.warehouse.execute(
        "INSERT INTO fms.current_activity (activity_id, activity_type, vehicle_vin, location_ids, client_id, account, "
        "observed_at, row_hash) VALUES ('1', 'Loan', 'VIN', %s, 'lgm', 'fms', now(), md5('')::uuid)",
        ([first, second],),
    )
    for place, count in ((first, 1), (second, 1), (house.loaded.places[2], 0)):
        assert len(house.front.items("super", "/fms/activity", location=place)) == count
    assert len(house.front.items("manager", "/fms/activity")) == 1
    assert house.front.items("other_admin", "/fms/activity") == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001}, {"limit": "many"}, {"location": "x"}, {"location": 2**31},
        {"since": "yesterday"}, {"until": "2026-02-30"}, {"search": "a"}, {"search": "a" * 101}, {"search": "a\0b"},
        {"format": "xml"},
        {"cursor": "a" * 4001}, {"client": ""}, {"locaton": 1}, {"status": "x"},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(front: Front, query: dict[str, Any]) -> None:
    """A filter that a list does not know is among it: answered without it, the list would mislead."""
    found = problem_of(front.get("super", JOBS, **query), 422)
    (name,) = query
    assert any(name in error["where"] for error in found["errors"])
    assert name in found["detail"]


# --------------------------------------------------------------------------------------------------------- the tags


def test_what_has_not_changed_is_not_sent_again(house: House) -> None:
    path = "/tekmetric/repair-orders"
    answer = house.front.get("admin", path, limit=5)
    tag = answer.headers["ETag"]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].replace(" ", "").split(","))

    def asked_again(**query: Any) -> Any:
        return house.front.get("admin", path, headers={"If-None-Match": f'"other", {tag}'}, **query)

    same = asked_again(limit=5)
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert asked_again(limit=4).status_code == 200
    change = "UPDATE tekmetric.repair_orders SET custom_label = %s WHERE tm_id = %s"
    order = answer.json()["items"][0]
    house.warehouse.execute(change, ("changed", order["tm_id"]))
    try:
        assert asked_again(limit=5).status_code == 200
    finally:
        house.warehouse.execute(change, (order["custom_label"], order["tm_id"]))
    assert asked_again(limit=5).status_code == 304


# --------------------------------------------------------------------------------------------------- the documents


def test_a_repair_order_comes_with_its_jobs_and_lines(house: House) -> None:
    row = house.warehouse.rows(
        "SELECT orders.tm_id, orders.tm_shop_id, orders.total_sales, count(DISTINCT jobs.tm_id) AS jobs, "
        "count(labor.line) AS labor FROM tekmetric.repair_orders AS orders "
        "INNER JOIN tekmetric.jobs ON jobs.tm_repair_order_id = orders.tm_id AND NOT jobs.is_deleted "
        "INNER JOIN tekmetric.job_labor AS labor ON labor.tm_job_id = jobs.tm_id AND NOT labor.is_deleted "
        "WHERE NOT orders.is_deleted GROUP BY 1, 2, 3 ORDER BY count(DISTINCT jobs.tm_id) DESC, 1 LIMIT 1"
    )[0]
    order = house.front.get("admin", f"/tekmetric/repair-orders/{row.tm_id}").json()
    assert (order["tm_id"], order["tm_shop_id"], order["total_sales"]) == (row.tm_id, row.tm_shop_id, row.total_sales)
    assert len(order["jobs"]) == row.jobs
    assert sum(len(job["labor"]) for job in order["jobs"]) == row.labor > 0
    assert not {"row_hash", "extra", "tm_extra", "sync_hash"} & set(order)
    shop = {"shop": row.tm_shop_id}
    assert house.front.get("admin", f"/tekmetric/repair-orders/{row.tm_id}", **shop).json() == order
    for user, query in (("other_admin", {}), ("nobody", {}), ("admin", {"shop": row.tm_shop_id + 10**6})):
        problem_of(house.front.get(user, f"/tekmetric/repair-orders/{row.tm_id}", **query), 404)
    problem_of(house.front.get("admin", "/tekmetric/repair-orders/x"), 422)
    problem_of(house.front.get("admin", f"/tekmetric/repair-orders/{2**63}"), 422)


def test_what_is_not_there_is_told_in_the_same_form(front: Front) -> None:
    problem_of(front.get("super", "/nothing"), 404)
    problem_of(front.client.delete(f"{PREFIX}{JOBS}"), 405)


def test_a_defect_is_told_without_its_text_and_logged_with_it(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.warehouse.execute("ALTER TABLE arrivy.crews RENAME TO crews_of_another_day")
    try:
        found = problem_of(house.front.get("super", "/arrivy/crews"), 500)
    finally:
        house.warehouse.execute("ALTER TABLE arrivy.crews_of_another_day RENAME TO crews")
    assert "crews" not in found["detail"]
    assert "UndefinedTable" in caplog.text
    assert house.front.get("super", "/arrivy/crews").status_code == 200
