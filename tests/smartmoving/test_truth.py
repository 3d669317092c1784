"""What the warehouse holds after a sync is what the vendor's world holds: ids, counts, sums to the cent, branches."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest

from sandbox.smartmoving import money
from sandbox.smartmoving.model import Opportunity, Status
from sandbox.smartmoving.rows import Rows

FIRST, LAST = "2026-07-15", "2026-07-16"
WORLDS = [
    {"seed": 7},
    {"seed": 23, "rename_branches": True, "shuffle_optional": True},
    {"seed": 301, "service_date_format": "compact", "shuffle_optional": True},
    {"seed": 11, "page_cap": 5},
]


def cents(amount: float | str | None) -> int | None:
    """An amount in cents, rounded the documented way, from its shortest decimal text."""
    if amount is None:
        return None
    return int((100 * Decimal(str(amount))).to_integral_value(ROUND_HALF_EVEN))


def truth_of(line: Any) -> dict[str, Any]:
    told: dict[str, Any] = line.vendor.control.truth(FIRST, LAST)
    return told


def opportunities_of(line: Any) -> list[tuple[Any, Opportunity]]:
    """The opportunities whose details a sync of the two days asks for: those with a job on one of them."""
    world = line.vendor.world
    days = {FIRST, LAST}
    found = []
    for told in truth_of(line)["opportunities"]:
        customer, opportunity = world.find_opportunity(told["id"])
        if any(job.day.isoformat() in days for job in opportunity.jobs):
            found.append((customer, opportunity))
    return found


@pytest.mark.parametrize("options", WORLDS, ids=lambda options: f"seed {options['seed']}")
def test_the_warehouse_equals_the_vendors_world(smartmoving: Any, options: dict[str, Any]) -> None:
    line = smartmoving(**options)
    assert set(line.sync().values()) == {"success"}, line.errors
    rows = line.warehouse.rows
    told = truth_of(line)

    assert {(row.customer_id, row.name, row.phone_number) for row in rows("SELECT * FROM smartmoving.customers")} == {
        (one["id"], one["name"], one["phoneNumber"] or None) for one in told["customers"]
    }
    assert {
        (row.opportunity_id, row.customer_id, row.quote_number, row.status)
        for row in rows("SELECT * FROM smartmoving.swept_opportunities")
    } == {(one["id"], one["customerId"], str(one["quoteNumber"]), one["status"]) for one in told["opportunities"]}
    assert {
        (row.job_id, row.opportunity_id, row.job_number, row.service_date.isoformat(), row.service_type)
        for row in rows("SELECT * FROM smartmoving.swept_jobs")
    } == {(one["id"], one["opportunityId"], one["jobNumber"], one["serviceDate"], one["type"]) for one in told["jobs"]}

    known = opportunities_of(line)
    final = {one["id"]: one["finalTotal"] for one in told["opportunities"]}
    assert {row.opportunity_id: row.final_total_cents for row in rows("SELECT * FROM smartmoving.opportunities")} == {
        opportunity.id: cents(final[opportunity.id]) for _, opportunity in known
    }
    assert sorted(row.job_id for row in rows("SELECT job_id FROM smartmoving.opportunity_jobs")) == sorted(
        job.id for _, opportunity in known for job in opportunity.jobs
    )
    assert Counter(row.total_cents for row in rows("SELECT * FROM smartmoving.job_charges")) == Counter(
        cents(charge["totalCost"])
        for _, opportunity in known
        for job in opportunity.jobs
        for charge in charges_of(line, opportunity, job)
    )
    paid = Rows(line.vendor.world)
    assert Counter(
        (row.opportunity_id, row.amount_cents, row.payment_type) for row in rows("SELECT * FROM smartmoving.payments")
    ) == Counter(
        (opportunity.id, cents(payment["amount"]), payment["paymentType"])
        for _, opportunity in known
        for payment in paid.embedded_payments(opportunity)
    )


def charges_of(line: Any, opportunity: Opportunity, job: Any) -> list[dict[str, Any]]:
    worked = line.vendor.world.status(opportunity) in {Status.COMPLETED, Status.CLOSED}
    return money.charges(job) + (money.charges(job, actual=True) if worked else [])


@pytest.mark.parametrize("options", WORLDS, ids=lambda options: f"seed {options['seed']}")
def test_every_detail_has_the_branch_of_the_truth(smartmoving: Any, options: dict[str, Any]) -> None:
    """T34: flags, decomposed accents and stray spaces map by themselves; what is in no list is unmapped."""
    line = smartmoving(**options)
    line.sync()
    truth = {one["id"]: one["branchId"] for one in truth_of(line)["opportunities"]}
    found = line.warehouse.rows(
        "SELECT opportunity_id, branch_name, external_id FROM smartmoving.opportunities "
        "INNER JOIN core.locations USING (location_id)"
    )
    assert found
    assert {row.opportunity_id: row.external_id for row in found} == {
        row.opportunity_id: truth[row.opportunity_id] or "unmapped" for row in found
    }
    strays = {row.branch_name for row in found if row.external_id == "unmapped"}
    assert strays == {
        row.subject
        for row in line.warehouse.rows(
            "SELECT subject FROM ops.schema_drift WHERE kind = 'unmapped_location' AND stream = 'opportunities'"
        )
    }
    assert len(line.warehouse.rows("SELECT FROM core.locations WHERE NOT is_mapped")) == 1


@pytest.mark.parametrize("options", WORLDS, ids=lambda options: f"seed {options['seed']}")
def test_journeys_equal_the_truth(smartmoving: Any, options: dict[str, Any]) -> None:
    line = smartmoving(**options)
    line.sync()
    world = line.vendor.world
    types = {row["id"]: row["name"].strip() for row in world.catalogue.lists["service-types"]}
    status = {Status.BOOKED: "MORNING_PREP", Status.COMPLETED: "COMPLETED", Status.CLOSED: "AUDITED"}
    asked = {opportunity.id for _, opportunity in opportunities_of(line)}
    expected = {}
    names = {customer["id"]: customer["name"] for customer in truth_of(line)["customers"]}
    told = {one["id"]: one for one in truth_of(line)["opportunities"]}
    for job in truth_of(line)["jobs"]:
        if job["status"] not in status:
            continue
        opportunity = told[job["opportunityId"]]
        has_detail = job["opportunityId"] in asked
        branch = opportunity["branchName"].strip() if has_detail else None
        expected[f"sm_job_{job['jobNumber']}"] = (
            job["id"],
            job["serviceDate"],
            status[job["status"]],
            (opportunity["branchId"] or "unmapped") if has_detail else "unmapped",
            cents(opportunity["finalTotal"]) if has_detail else None,
            f"SmartMoving Job #{job['jobNumber']} - {names[opportunity['customerId']]} - "
            f"{branch or 'branch not known yet'}",
            [word for word in (types.get(job["type"]), "SmartMoving", branch) if word],
            "SYNCED" if has_detail else "PENDING",
            job["id"],
        )
    found = {
        row.external_id: (
            row.job_id,
            row.date.isoformat(),
            row.status,
            row.place,
            row.estimated_cost_cents,
            row.notes,
            row.tags,
            row.sync_status,
            row.external_data["id"],
        )
        for row in line.warehouse.rows(
            "SELECT journeys.*, locations.external_id AS place FROM crm.truck_journeys AS journeys "
            "INNER JOIN core.locations USING (location_id)"
        )
    }
    assert found == expected
    currencies = line.warehouse.rows(
        "SELECT DISTINCT locations.country, journeys.currency FROM crm.truck_journeys AS journeys "
        "INNER JOIN core.locations USING (location_id)"
    )
    assert {(row.country, row.currency) for row in currencies} <= {("CA", "CAD"), ("US", "USD"), (None, None)}


def test_addresses_and_crew_are_the_details(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    found = {
        row.job_id: (row.addresses or [], row.crew or [])
        for row in line.warehouse.rows(
            "SELECT job_id, "
            "(SELECT array_agg(address ORDER BY ordinal) FROM smartmoving.job_addresses AS stop "
            " WHERE stop.job_id = jobs.job_id) AS addresses, "
            "(SELECT array_agg(crew_member ORDER BY ordinal) FROM smartmoving.job_crew AS crew "
            " WHERE crew.job_id = jobs.job_id) AS crew FROM smartmoving.opportunity_jobs AS jobs"
        )
    }
    world = line.vendor.world
    from sandbox.smartmoving.detail import Detail

    detail = Detail(world, Rows(world))
    asked = {"includejobaddresses", "includedispatchinfo"}
    expected = {
        job["id"]: (job["jobAddresses"], job["crewMembers"])
        for customer, opportunity in opportunities_of(line)
        for job in detail.opportunity(customer, opportunity, asked)["jobs"]
    }
    assert found == expected


def test_an_alias_maps_an_unlisted_branch_on_the_next_fetch(smartmoving: Any) -> None:
    line = smartmoving()
    line.sync()
    stray = line.warehouse.rows(
        "SELECT opportunity_id, branch_name FROM smartmoving.opportunities INNER JOIN core.locations "
        "USING (location_id) WHERE NOT is_mapped LIMIT 1"
    )[0]
    line.warehouse.execute(
        "INSERT INTO core.location_aliases SELECT client_id, source, account, core.normalised_name(%s), location_id "
        "FROM core.locations WHERE is_mapped ORDER BY location_id LIMIT 1",
        (stray.branch_name,),
    )
    line.vendor.control.change(
        {"set": {"opportunity": stray.opportunity_id, "field": "status", "value": Status.COMPLETED}}
    )
    line.sync()
    place = line.warehouse.one("SELECT min(location_id) FROM core.locations WHERE is_mapped")
    for table in ("smartmoving.opportunities", "smartmoving.opportunity_jobs", "crm.truck_journeys"):
        assert (
            line.warehouse.one(
                f"SELECT DISTINCT location_id FROM {table} WHERE opportunity_id = %s", (stray.opportunity_id,)
            )
            == place
        ), table


def test_unknown_codes_load_and_are_noted_once(smartmoving: Any) -> None:
    line = smartmoving()
    told = truth_of(line)["opportunities"]
    line.vendor.control.change(
        {"set": {"opportunity": told[0]["id"], "field": "status", "value": 77}},
        {"set": {"opportunity": told[1]["id"], "view": "detail", "field": "opportunityType", "value": 9}},
    )
    line.sync()
    codes = {
        (row.vocabulary, row.code): row.is_known
        for row in line.warehouse.rows("SELECT * FROM core.codes WHERE source = 'smartmoving'")
    }
    assert codes["OpportunityStatus", "77"] is False
    assert codes["OpportunityType", "9"] is False
    assert codes["OpportunityStatus", "4"] is True
    assert codes["JobType", "106"] is True, "a custom type of the company's own list is known"
    drift = "SELECT stream, subject FROM ops.schema_drift WHERE kind = 'unknown_code' ORDER BY 1, 2"
    noted = {(row.stream, row.subject) for row in line.warehouse.rows(drift)}
    assert {
        ("customers", "OpportunityStatus 77"),
        ("opportunities", "OpportunityStatus 77"),
        ("opportunities", "OpportunityType 9"),
    } <= noted
    assert (
        line.warehouse.one("SELECT status FROM smartmoving.opportunities WHERE opportunity_id = %s", (told[0]["id"],))
        == 77
    )
    assert (
        line.warehouse.one("SELECT count(*) FROM crm.truck_journeys WHERE opportunity_id = %s", (told[0]["id"],)) == 0
    )
    line.sync()
    assert {(row.stream, row.subject) for row in line.warehouse.rows(drift)} == noted
