"""What a move costs: charges, totals, payments, drawn from the opportunity's own seed.

Amounts are doubles with the dirt of doubles (contract, section 7): 30.000000000000004,
three decimals now and then, negative totals for refunds.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from sandbox.seeds import mix
from sandbox.smartmoving.model import Job, Opportunity, Status

_RATES = (149.0, 179.505, 199.0, 229.95, 349.0)
_PAY_TYPES = (0, 1, 2, 2, 3, 3, 8, 101)
# Jobs of this type in the newer generation come with empty charges (section 11.9).
_EMPTY_TYPE = 4
_WORKED = (Status.COMPLETED, Status.CLOSED)


def charges(job: Job, *, actual: bool = False) -> list[dict[str, Any]]:
    """Draw a job's charges.

    Args:
        job: The job.
        actual: What was charged in the end, instead of the estimate.

    Returns:
        Rows of JobChargeViewModel.
    """
    if job.type == _EMPTY_TYPE and job.seed % 2:
        return []
    rng = random.Random(mix(job.seed, 51))
    hours, rate, crew = 2 + int(rng.random() * 7), _RATES[int(rng.random() * 5)], 2 + int(rng.random() * 4)
    if actual:
        hours += int(rng.random() * 3)
    rows = [
        _charge("Moving Labor", 1, f"{hours}h @ ${rate:.2f}/hr (1 truck, {crew} crew)", 1, hours * rate),
        _charge("Travel Time", 5, "1h @ $99.50/hr", 2, 99.5),
    ]
    if rng.random() < 0.4:
        # The way 30.000000000000004 comes to be.
        rows.append(_charge("Fuel Surcharge ", 6, None, 3, 0.1 * 3 * 100))
    if rng.random() < 0.1:
        rows.append(_charge("Valuation", 7, "", 4, 60.0, discount=15.0))
    if rng.random() < 0.02:
        rows.append(_charge("Refund", 4, "Refund of overcharge", 9, -1.0 * hours * rate - 150.0))
    return rows


def totals(opportunity: Opportunity) -> dict[str, float]:
    """Add an opportunity's charges up.

    Args:
        opportunity: The opportunity.

    Returns:
        OpportunityTotalsViewModel.
    """
    subtotal = sum((row["totalCost"] for job in opportunity.jobs for row in charges(job)), 0.0)
    tax = subtotal * (0.05, 0.13, 0.15, 0.0)[opportunity.seed % 4]
    if opportunity.seed % 10:
        tax = round(tax, 2)
    return {"subtotal": subtotal, "taxableAmount": subtotal, "tax": tax, "finalTotal": subtotal + tax}


def payments(opportunity: Opportunity, status: int, guid: str) -> list[dict[str, Any]]:
    """Draw what was paid: a deposit when booked, the balance when worked, a refund when cancelled.

    Args:
        opportunity: The opportunity.
        status: Its present status.
        guid: A GUID for the first payment; the others are made from it.

    Returns:
        Rows with the fields of both payment models; each endpoint takes its own.
    """
    if status not in {Status.BOOKED, Status.CANCELLED, *_WORKED} or not opportunity.jobs:
        return []
    rng = random.Random(mix(opportunity.seed, 52))
    kind = _PAY_TYPES[int(rng.random() * len(_PAY_TYPES))]
    final = totals(opportunity)["finalTotal"]
    rows = [_payment(opportunity, guid, 1, opportunity.created, 100.0, kind, 0)]
    if status in _WORKED:
        day = opportunity.jobs[-1].day
        paid = datetime(day.year, day.month, day.day, 21, 5, tzinfo=opportunity.created.tzinfo)
        rows.append(_payment(opportunity, guid, 2, paid, round(final - 100.0, 2), kind, 1))
    if status == Status.CANCELLED:
        back = opportunity.created + timedelta(days=1)
        rows.append(_payment(opportunity, guid, 3, back, -100.0, kind, 0, refunds=rows[0]["id"]))
        rows[0]["amountRefunded"] = 100.0
    return rows


def _charge(
    name: str, category: int, what: str | None, order: int, amount: float, discount: float = 0.0
) -> dict[str, Any]:
    return {
        "name": name,
        "chargeCategory": category,
        "description": what,
        "editableDescription": None,
        "sortOrder": order,
        "subtotal": amount,
        "discountAmount": discount,
        "totalCost": amount - discount,
    }


def _payment(
    opportunity: Opportunity,
    guid: str,
    place: int,
    paid: datetime,
    amount: float,
    kind: int,
    category: int,
    refunds: str | None = None,
) -> dict[str, Any]:
    return {
        "id": f"{guid[:-2]}{place:02x}",
        "opportunityId": opportunity.id,
        "jobId": opportunity.jobs[0].id if category else None,
        "source": 1 if category else 2,
        "paymentType": kind,
        "amount": amount,
        "paid": paid,
        "refundsJobPaymentId": refunds,
        "amountRefunded": 0.0,
        "paymentCategory": category,
        "isRefund": refunds is not None,
        "isOutstanding": False,
    }
