"""What a perfect client would know of the world: for comparison with a warehouse."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.smartmoving import money
from sandbox.smartmoving.model import Opportunity, Status
from sandbox.smartmoving.world import World

_LEAD_STATUSES = (Status.NEW_LEAD, Status.LEAD_IN_PROGRESS, Status.BAD_LEAD, Status.LOST)


def final_total(opportunity: Opportunity) -> str | None:
    """Write an opportunity's final total as the shortest text of its double, None when unpriced."""
    set_by_hand = opportunity.overrides.get("detail", {})
    total = set_by_hand.get("estimatedTotal.finalTotal")
    if total is None and isinstance(whole := set_by_hand.get("estimatedTotal"), dict):
        total = whole.get("finalTotal")
    if total is None:
        total = money.totals(opportunity)["finalTotal"] if opportunity.jobs else None
    return None if total is None else str(total)


def tell(world: World, first: date, last: date) -> dict[str, Any]:
    """Tell the customers that a range of service dates reaches, with all that belongs to them.

    Args:
        world: The world.
        first: The first day.
        last: The last day, included.

    Returns:
        Flat lists of customers, opportunities, jobs and leads, and what they add up to.
    """
    customers: list[dict[str, Any]] = []
    opportunities: list[dict[str, Any]] = []
    jobs: list[dict[str, Any]] = []
    statuses: Counter[str] = Counter()
    branches: Counter[str] = Counter()
    money_sum = Decimal(0)
    for customer in world.matching(first, last):
        customers.append({"id": customer.id, "name": customer.name, "phoneNumber": customer.phone})
        for opportunity in customer.opportunities:
            status = world.status(opportunity)
            total = final_total(opportunity)
            branch = world.catalogue.branches[opportunity.branch] if opportunity.branch >= 0 else None
            statuses[str(status)] += 1
            branches[branch.id if branch else "unmapped"] += 1
            if total is not None:
                money_sum += _decimal(total)
            opportunities.append(
                {
                    "id": opportunity.id,
                    "customerId": customer.id,
                    "quoteNumber": opportunity.quote,
                    "status": status,
                    "branchId": branch.id if branch else None,
                    "branchName": opportunity.branch_name,
                    "serviceDate": opportunity.service_date,
                    "finalTotal": total,
                }
            )
            jobs += [
                {
                    "id": job.id,
                    "opportunityId": opportunity.id,
                    "jobNumber": job.number,
                    "serviceDate": job.day,
                    "type": job.type,
                    "status": status,
                    "branchId": branch.id if branch else None,
                    "inWindow": first <= job.day <= last,
                }
                for job in opportunity.jobs
            ]
    leads = [
        {"id": opportunity.id, "customerName": customer.name, "status": world.status(opportunity)}
        for customer, opportunity in world.leads(first, last, _LEAD_STATUSES)
    ]
    return {
        "source": "smartmoving",
        "now": world.clock.now(),
        "from": first,
        "to": last,
        "counts": {
            "customers": len(customers),
            "opportunities": len(opportunities),
            "jobs": len(jobs),
            "jobsInWindow": sum(job["inWindow"] for job in jobs),
            "leads": len(leads),
            "branches": len(world.catalogue.branches),
        },
        "opportunitiesByStatus": dict(sorted(statuses.items())),
        "opportunitiesByBranch": dict(sorted(branches.items())),
        "finalTotal": str(money_sum),
        "customers": customers,
        "opportunities": opportunities,
        "jobs": jobs,
        "leads": leads,
    }


def _decimal(text: str) -> Decimal:
    """Read a total; what was set by hand may be no number at all."""
    try:
        value = Decimal(text)
    except ArithmeticError:
        return Decimal(0)
    return value if value.is_finite() else Decimal(0)
