"""What an order adds up to; all of it whole cents (Tekmetric contract, sections 1.7 and 1.10).

The order's totals count authorized work only, at every status. The contract infers that for posted
orders and says nothing of the others; one rule for all keeps the arithmetic true throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.tekmetric.model import Job, Labor, Order, Part, Sublet


@dataclass(frozen=True, slots=True)
class JobTotals:
    """What one job adds up to."""

    parts: int
    parts_cost: int
    labor: int
    fees: int
    discounts: int

    @property
    def subtotal(self) -> int:
        """Without taxes and sublets."""
        return self.parts + self.labor + self.fees - self.discounts


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order's authorized work adds up to."""

    labor: int
    parts: int
    parts_cost: int
    sublets: int
    sublets_cost: int
    fees: int
    discounts: int
    taxes: int

    @property
    def revenue(self) -> int:
        """Net of discounts and without taxes."""
        return self.labor + self.parts + self.sublets + self.fees - self.discounts

    @property
    def sales(self) -> int:
        """Section 1.10, first line; taxes are inside (section 1.6, trap 9)."""
        return self.revenue + self.taxes


def line(price: int, quantity: float) -> int:
    """Multiply a price; the world is drawn so that no half cents arise."""
    return round(price * quantity)


def part_total(part: Part) -> int:
    """Tell what a part is sold for in all."""
    return line(part.retail, part.quantity)


def labor_total(labor: Labor) -> int:
    """Tell what a labor line is sold for in all."""
    return line(labor.rate, labor.hours)


def sublet_price(sublet: Sublet) -> int:
    """Tell what a sublet is sold for: the sum of its items (section 1.10)."""
    return sum(item.price for item in sublet.items)


def sublet_cost(sublet: Sublet) -> int:
    """Tell what a sublet costs."""
    return sum(item.cost for item in sublet.items)


def job_totals(job: Job) -> JobTotals:
    """Add one job up (section 1.10)."""
    return JobTotals(
        parts=sum(part_total(part) for part in job.parts),
        parts_cost=sum(line(part.cost, part.quantity) for part in job.parts),
        labor=sum(labor_total(labor) for labor in job.labor),
        fees=sum(fee.total for fee in job.fees),
        discounts=sum(discount.total for discount in job.discounts),
    )


def totals(order: Order, *, answered: bool, everything: bool = False) -> Totals:
    """Add an order up.

    Args:
        order: The order.
        answered: Whether the customer has answered; before, nothing is authorized.
        everything: Count every job and sublet, whatever was answered: what the estimate offers.

    Returns:
        The totals.
    """
    jobs = [job for job in order.jobs if everything or (answered and job.answer)]
    sublets = [sublet for sublet in order.sublets if everything or (answered and sublet.answer)]
    parts = [job_totals(job) for job in jobs]
    whole = everything or bool(jobs)
    fees = sum(one.fees for one in parts) + (sum(fee.total for fee in order.fees) if whole else 0)
    taxable = sum(one.parts for one in parts) + fees
    stated = order.taxes if not everything or all(job.answer for job in order.jobs) else None
    taxes = round(taxable * order.shop.tax_rate) if stated is None else stated
    return Totals(
        labor=sum(one.labor for one in parts),
        parts=sum(one.parts for one in parts),
        parts_cost=sum(one.parts_cost for one in parts),
        sublets=sum(sublet_price(sublet) for sublet in sublets),
        sublets_cost=sum(sublet_cost(sublet) for sublet in sublets),
        fees=fees,
        discounts=sum(one.discounts for one in parts)
        + (sum(discount.total for discount in order.discounts) if whole else 0),
        taxes=taxes if whole else 0,
    )


def authorized_labor(order: Order) -> Iterable[Labor]:
    """List the labor lines of the jobs that were approved."""
    return (labor for job in order.jobs if job.answer for labor in job.labor)


def labor_cost(lines: Iterable[Labor], rates: Mapping[int, int]) -> int:
    """Add up what labor costs: hours at the technician's rate, nothing where nobody is named.

    Args:
        lines: Labor lines.
        rates: Cents an hour by technician.

    Returns:
        Cents, each line rounded on its own.
    """
    return sum(line(rates.get(labor.technician or 0, 0), labor.hours) for labor in lines)
