"""T84: /alerts, by the rights of whoever asks; what concerns several locations is for who sees the whole client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.conftest import OURS, THEIRS
from tests.access.test_who_sees_what import READERS, WITHOUT
from tests.web.conftest import House

ROWS = ("ours at one place", "ours at the other", "ours as a whole", "theirs", "the house's")


@pytest.fixture(scope="module")
def alerts(house: House) -> Iterator[House]:
    first, second = house.loaded.places[:2]
    for subject, client, place in zip(
        ROWS, (OURS, OURS, OURS, THEIRS, None), (first, second, None, None, None), strict=True
    ):
        house.warehouse.execute(
            "INSERT INTO ops.alerts (cause, kind, client_id, source, stream, location_id, severity, subject, fact, "
            "remedy, told) VALUES (%s, 'freshness', %s, 'smartmoving', 'jobs', %s, 'error', %s, 'late', 'wait', "
            """'{"smtp oncall oncall@example.com": {}}')""",
            (subject, client, place, subject),
        )
    try:
        yield house
    finally:
        house.warehouse.execute("DELETE FROM ops.alerts")


def subjects(house: House, person: str, **query: Any) -> set[str]:
    items = house.front.items(person, "/alerts", **query)
    assert "told" not in {column for item in items for column in item}
    return {item["subject"] for item in items}


def test_T84_everybody_sees_what_is_his(alerts: House) -> None:
    seen = {person: subjects(alerts, person) for person in (*READERS, *WITHOUT)}
    assert seen["super"] == set(ROWS)
    assert seen["admin"] == seen["auditor"] == {*ROWS[:3]}
    assert seen["other_admin"] == {"theirs"}
    assert seen["manager_of_two"] == {*ROWS[:2]}
    assert len(seen["manager"]) == 1
    assert seen["manager"] < {*ROWS[:2]}
    assert all(seen[person] == set() for person in WITHOUT)


def test_open_ones_and_those_that_are_over_are_told_apart(alerts: House) -> None:
    alerts.warehouse.execute("UPDATE ops.alerts SET recovered_at = now() WHERE subject = %s", (ROWS[2],))
    assert subjects(alerts, "admin", status="open") == {*ROWS[:2]}
    assert subjects(alerts, "admin", status="recovered") == {ROWS[2]}
    assert subjects(alerts, "admin", location=alerts.loaded.places[0]) == {ROWS[0]}
    assert subjects(alerts, "admin", search="the other", stream="jobs", source="smartmoving") == {ROWS[1]}
