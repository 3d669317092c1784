"""One journey a job, whatever happens to the job."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox.smartmoving.model import Status
from tests.blocks.landed import Bench, after, bench, customer, detail, embedded, job

NOW = datetime(2026, 7, 15, 16, 0, tzinfo=UTC)
TODAY = date(2026, 7, 15)


def journeys(line: Any, opportunity: str) -> list[Any]:
    found: list[Any] = line.warehouse.rows(
        "SELECT * FROM crm.truck_journeys WHERE opportunity_id = %s ORDER BY external_id", (opportunity,)
    )
    return found


def booked(line: Any, jobs: int = 1) -> str:
    """An opportunity of today with so many jobs, all of them today, that stays booked."""
    for told in line.vendor.control.truth(str(TODAY), str(TODAY))["opportunities"]:
        _, found = line.vendor.world.find_opportunity(told["id"])
        days = {one.day for one in found.jobs}
        if told["status"] == Status.BOOKED and len(found.jobs) == jobs and days == {TODAY} and told["branchId"]:
            return str(told["id"])
    raise LookupError("the world has none; take another seed")


def change(line: Any, *commands: dict[str, Any]) -> None:
    line.vendor.control.change(*commands)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Status.BOOKED, "MORNING_PREP"),
        (Status.COMPLETED, "COMPLETED"),
        (Status.CLOSED, "AUDITED"),
        (Status.CANCELLED, "CANCELLED"),
        (Status.LOST, "CANCELLED"),
        (Status.BAD_LEAD, "CANCELLED"),
        (Status.OPPORTUNITY, "CANCELLED"),
        (Status.NEW_LEAD, "CANCELLED"),
        (77, "MORNING_PREP"),
    ],
)
def test_the_status_map(smartmoving: Any, code: int, status: str) -> None:
    """An unknown status changes no journey: 77 leaves it as it was."""
    line = smartmoving()
    which = booked(line)
    line.sync()
    assert [row.status for row in journeys(line, which)] == ["MORNING_PREP"]
    change(line, {"set": {"opportunity": which, "field": "status", "value": code}})
    line.sync()
    assert [row.status for row in journeys(line, which)] == [status]


@pytest.mark.parametrize("code", [Status.OPPORTUNITY, Status.CANCELLED, Status.LOST, Status.NEW_LEAD, 77])
def test_what_was_never_booked_makes_no_journey(smartmoving: Any, code: int) -> None:
    line = smartmoving()
    which = booked(line)
    change(line, {"set": {"opportunity": which, "field": "status", "value": code}})
    line.sync()
    assert journeys(line, which) == []


def test_rescheduled_within_and_beyond_the_window_and_back(smartmoving: Any) -> None:
    line = smartmoving()
    which = booked(line)
    line.sync()
    (before,) = journeys(line, which)
    for day in ("2026-07-16", "2026-09-01", "2026-07-15"):
        change(line, {"reschedule": which, "to": day})
        line.sync()
        (row,) = journeys(line, which)
        assert (row.external_id, str(row.date), row.status) == (before.external_id, day, "MORNING_PREP"), day
    line.sync()
    assert [str(row.date) for row in journeys(line, which)] == ["2026-07-15"]


def test_cancelled_and_reopened(smartmoving: Any) -> None:
    line = smartmoving()
    which = booked(line)
    line.sync()
    for command, status in (
        ({"cancel": which}, "CANCELLED"),
        ({"set": {"opportunity": which, "field": "status", "value": Status.BOOKED}}, "MORNING_PREP"),
    ):
        change(line, command)
        line.sync()
        assert [row.status for row in journeys(line, which)] == [status]


def test_reopened_before_the_sweep_saw_that_it_was_cancelled(smartmoving: Any) -> None:
    """The detail alone learns of the cancellation: the sweep's unchanged row must not be taken for the older word."""
    line = smartmoving()
    which = booked(line)
    line.sync()
    change(line, {"cancel": which})
    run = line.begin()
    line.wave(run, "reference")
    line.warehouse.execute("UPDATE ops.lookups SET wanted = 'missing' WHERE record_key = %s", (which,))
    line.wave(run, "details")
    assert [row.status for row in journeys(line, which)] == ["CANCELLED"]
    change(line, {"set": {"opportunity": which, "field": "status", "value": Status.BOOKED}})
    line.sync()
    assert [row.status for row in journeys(line, which)] == ["MORNING_PREP"]


def test_deleted_at_the_vendor_with_its_customer(smartmoving: Any) -> None:
    line = smartmoving()
    which = booked(line)
    line.sync()
    (before,) = journeys(line, which)
    change(line, {"delete": which})
    line.sync()
    (row,) = journeys(line, which)
    assert (row.status, row.is_deleted, row.external_id) == ("CANCELLED", True, before.external_id)
    assert (row.location_id, row.estimated_cost_cents, row.notes, row.tags, row.date) == (
        before.location_id, before.estimated_cost_cents, before.notes, before.tags, before.date,
    )  # fmt: skip
    calls = line.vendor.control.served()["total"]
    line.sync()
    asked = line.vendor.control.served()["by_path"]
    assert line.vendor.control.served()["total"] - calls < 12, asked
    assert [row.is_deleted for row in journeys(line, which)] == [True]


def test_deleted_while_its_customer_stays(smartmoving: Any) -> None:
    line = smartmoving(seed=11)
    line.sync()
    world = line.vendor.world
    for told in line.vendor.control.truth(str(TODAY), "2026-07-16")["opportunities"]:
        found, opportunity = world.find_opportunity(told["id"])
        if len(found.opportunities) > 1 and journeys(line, opportunity.id) and opportunity is found.opportunities[0]:
            break
    else:
        pytest.fail("no customer with two opportunities in this world: choose another seed")
    line.vendor.control.change({"delete": opportunity.id})
    line.sync()
    assert {row.status for row in journeys(line, opportunity.id)} == {"CANCELLED"}


@pytest.mark.parametrize("is_whole_customer", [True, False])
def test_a_job_removed_from_its_opportunity_and_put_back(smartmoving: Any, is_whole_customer: bool) -> None:
    line = smartmoving(seed=7 if is_whole_customer else 1)
    which = booked(line, 1 if is_whole_customer else 2)
    line.sync()
    before = journeys(line, which)
    found, opportunity = line.vendor.world.find_opportunity(which)
    removed = opportunity.jobs.pop()
    line.vendor.world.edit(found)
    line.sync()
    after_removal = {row.job_id: row.status for row in journeys(line, which)}
    assert after_removal[removed.id] == "CANCELLED"
    assert len(after_removal) == len(before)
    opportunity.jobs.append(removed)
    line.vendor.world.edit(found)
    line.sync()
    again = journeys(line, which)
    assert [row.external_id for row in again] == [row.external_id for row in before]
    assert {row.status for row in again} == {"MORNING_PREP"}
    assert not any(row.is_deleted for row in again)


def test_a_vanished_opportunity_that_comes_back_is_a_journey_again(smartmoving: Any) -> None:
    line = smartmoving()
    which = booked(line)
    line.sync()
    (before,) = journeys(line, which)
    found, opportunity = line.vendor.world.find_opportunity(which)
    found.opportunities.remove(opportunity)
    line.vendor.world.edit(found)
    line.sync()
    assert [row.status for row in journeys(line, which)] == ["CANCELLED"]
    found.opportunities.append(opportunity)
    line.vendor.world.edit(found)
    line.sync()
    (row,) = journeys(line, which)
    assert (row.status, row.is_deleted, row.external_id) == ("MORNING_PREP", False, before.external_id)
    assert row.estimated_cost_cents == before.estimated_cost_cents


def test_onsite_and_completed_by_the_jobs_own_times(smartmoving: Any) -> None:
    line = smartmoving()
    which = booked(line)
    line.sync()
    _, opportunity = line.vendor.world.find_opportunity(which)
    with bench(line.warehouse.loader) as by_hand:
        listed = {
            "id": opportunity.jobs[0].id,
            "type": 1,
            "jobNumber": opportunity.jobs[0].number,
            "jobDate": 20260715,
        }
        from branchline.derive import derive

        for minute, times, status in (
            (1, {"startTimeUtc": "2026-07-15T13:00:00Z"}, "ONSITE"),
            (2, {"startTimeUtc": "2026-07-15T13:00:00Z", "endTimeUtc": "2026-07-15T19:00:00Z"}, "COMPLETED"),
        ):
            by_hand.take("jobs", [listed | times], keys=[which], at=after(minute))
            derive(by_hand.connection, by_hand.account, "crm.truck_journeys", None)
            (row,) = journeys(line, which)
            assert (row.status, row.start_time) == (status, datetime(2026, 7, 15, 13, 0, tzinfo=UTC))
    assert row.end_time == datetime(2026, 7, 15, 19, 0, tzinfo=UTC)


def derived(by_hand: Bench) -> dict[str, Any]:
    from branchline.derive import derive

    for target in ("crm.truck_journeys", "crm.journey_crew"):
        derive(by_hand.connection, by_hand.account, target, None)
    return {row.external_id: row for row in by_hand.rows("SELECT * FROM crm.truck_journeys")}


def test_a_number_given_twice_makes_two_journeys(warehouse: Any) -> None:
    with bench(warehouse.loader) as by_hand:
        by_hand.take("customers", [customer(1, job(1, jobNumber="5-1"), job(2, jobNumber="5-1"))])
        assert set(derived(by_hand)) == {"sm_job_5-1", "sm_job_5-1_job 2"}
        by_hand.take("customers", [customer(2, job(3, jobNumber="5-1"))], at=after(1))
        assert set(derived(by_hand)) == {"sm_job_5-1", "sm_job_5-1_job 2", "sm_job_5-1_job 3"}


def test_a_job_without_a_number_is_a_journey_too(warehouse: Any) -> None:
    with bench(warehouse.loader) as by_hand:
        by_hand.take("customers", [customer(1, job(1, jobNumber=None))])
        assert set(derived(by_hand)) == {"sm_job_job 1"}
        by_hand.take("customers", [customer(1, job(1))], at=after(1))
        assert set(derived(by_hand)) == {"sm_job_job 1"}, "a name once given stays"


def test_a_crew_member_who_left_the_job_leaves_the_journey(warehouse: Any) -> None:
    with bench(warehouse.loader) as by_hand:
        by_hand.take("customers", [customer(1, job(1))])
        crew = "SELECT crew_member FROM crm.journey_crew WHERE NOT is_deleted ORDER BY 1"
        for minute, names in enumerate((["Ann", "Bob", "Ann"], ["Bob"], [], ["Ann"])):
            by_hand.take(
                "opportunities",
                [detail(1, embedded(1, crewMembers=names))],
                keys=["opportunity 1"],
                at=after(minute),
            )
            derived(by_hand)
            assert [row.crew_member for row in by_hand.rows(crew)] == sorted(set(names)), minute


def test_today_and_tomorrow_are_the_branchs_own(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    rows = line.warehouse.rows
    zones = rows("SELECT location_id, timezone FROM core.locations WHERE timezone IS NOT NULL")
    for place, row in enumerate(zones):
        # every branch has one journey on each of four days around its own today
        for ahead in range(-1, 3):
            line.warehouse.execute(
                "INSERT INTO crm.truck_journeys (client_id, account, external_id, location_id, date, status, tags, "
                "data_source, sync_status, job_id, observed_at, row_hash) VALUES ('lgm', 'hand', %s, %s, "
                "(now() AT TIME ZONE %s)::date + %s, 'MORNING_PREP', '{}', 'HAND', 'SYNCED', %s, now(), "
                "gen_random_uuid())",
                (f"hand {place} {ahead}", row.location_id, row.timezone, ahead, f"{place} {ahead}"),
            )
    hand = "SELECT external_id FROM crm.{} WHERE data_source = 'HAND'"
    today = {row.external_id for row in rows(hand.format("today_journeys"))}
    tomorrow = {row.external_id for row in rows(hand.format("tomorrow_journeys"))}
    assert today == {f"hand {place} 0" for place in range(len(zones))}
    assert tomorrow == {f"hand {place} 1" for place in range(len(zones))}
    line.warehouse.execute("UPDATE crm.truck_journeys SET status = 'CANCELLED' WHERE external_id = 'hand 0 0'")
    assert "hand 0 0" not in {row.external_id for row in rows(hand.format("today_journeys"))}


def test_a_branch_without_a_zone_has_no_today(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    line.warehouse.execute("UPDATE crm.truck_journeys SET date = now()::date")
    unmapped = "SELECT count(*) FROM crm.{} INNER JOIN core.locations USING (location_id) WHERE NOT is_mapped"
    assert line.warehouse.one(unmapped.format("active_journeys")) > 0
    assert line.warehouse.one(unmapped.format("today_journeys")) == 0
