"""Write the shop API's money: the estimate with its costs, and profit/labor (Tekmetric contract, section 2)."""

from __future__ import annotations

from typing import Any

from sandbox import dress
from sandbox.seeds import mix
from sandbox.tekmetric import money
from sandbox.tekmetric.model import Fee, Labor, Order, Part, Sublet
from sandbox.tekmetric.shop_rows import People, Row, odd
from sandbox.tekmetric.stamps import nanos
from sandbox.tekmetric.timeline import State
from sandbox.tekmetric.world import World

_IDLESS = 20


class Estimates:
    """Writes what the public API lacks: cost, profit, margin."""

    def __init__(self, world: World, people: People) -> None:
        self._world = world
        self._people = people

    def estimate(self, order: Order, state: State) -> Row:
        """Write all jobs of an order, authorized or not.

        `total` is what the whole estimate offers with tax, `authorizedTotal` what was approved with tax.
        """
        answered = state.answered is not None
        whole = money.totals(order, answered=answered, everything=True)
        total = money.totals(order, answered=answered)
        shown = self._fees(order.fees)
        named = [(fee.name, fee.total) for job in order.jobs for fee in job.fees]
        row: Row = {
            "id": order.id,
            "repairOrderNumber": order.number,
            "total": odd(whole.sales, order.id),
            # Often null (the audit of section 2's source found most to be).
            "subtotal": whole.revenue if order.id % 3 == 0 else None,
            "tax": whole.taxes if order.id % 4 == 0 else None,
            "taxes": odd(total.taxes, order.id, 1),
            "authorizedTotal": total.sales,
            "feesTotal": total.fees,
            "shopSuppliesTotal": sum(cents for name, cents in named if "Shop" in name),
            "epaTotal": sum(cents for name, cents in named if "EPA" in name),
            "discountTotal": total.discounts,
            "discount": odd(total.discounts, order.id, 2),
            "taxRate": order.shop.tax_rate,
            "balanceDue": 0 if state.paid else total.sales,
            "fees": {"data": shown},
            **self._people.nested(order),
            "jobs": [self._job(order, state, place) for place in range(len(order.jobs))],
        }
        return self._with(row, order, "estimate")

    def profit(self, order: Order, state: State) -> Row:
        """Write profit/labor: authorized work, no partsProfit; a margin of no revenue is the text NaN."""
        answered = state.answered is not None
        rates = self._world.rates(order.shop)
        lines = list(money.authorized_labor(order)) if answered else []
        labor = []
        for line in lines:
            retail, cost = money.labor_total(line), money.labor_cost([line], rates)
            labor.append(
                {
                    "name": line.name,
                    "rate": line.rate,
                    "hours": line.hours,
                    "jobTechnician": self._people.person(order, line.technician),
                    **_profit(retail, cost),
                }
            )
        own = _profit(sum(row["retail"] for row in labor), money.labor_cost(lines, rates))
        row: Row = {
            "labor": labor,
            "laborProfit": {"hours": round(sum(line.hours for line in lines), 2), **own},
            "totalProfit": _profit(*self.revenue_and_cost(order, state)),
        }
        return self._with(row, order, "profit")

    def revenue_and_cost(self, order: Order, state: State) -> tuple[int, int]:
        """Tell an order's revenue without taxes, and its cost: parts, labor at the technician's rate, sublets."""
        answered = state.answered is not None
        total = money.totals(order, answered=answered)
        lines = money.authorized_labor(order) if answered else ()
        labor = money.labor_cost(lines, self._world.rates(order.shop))
        return total.revenue, total.parts_cost + labor + total.sublets_cost

    def _job(self, order: Order, state: State, place: int) -> Row:
        job = order.jobs[place]
        total, rates = money.job_totals(job), self._world.rates(order.shop)
        sublets = [sublet for sublet in order.sublets if sublet.job == place]
        price = sum(money.sublet_price(sublet) for sublet in sublets)
        cost = sum(money.sublet_cost(sublet) for sublet in sublets)
        retail = total.subtotal + price
        gained = _profit(retail, total.parts_cost + money.labor_cost(job.labor, rates) + cost)
        hours = round(sum(labor.hours for labor in job.labor), 2)
        answer = job.answer if state.answered else None
        return {
            "id": job.id,
            "name": job.name,
            "authorized": answer,
            "authorizedDate": nanos(state.answered, order.seed) if answer is not None else None,
            "declined": answer is False,
            "status": {True: "Approved", False: "Declined", None: "Pending"}[answer],
            "total": odd(retail, job.id),
            "subtotal" if job.id % 2 else "subTotal": None if job.id % 3 == 0 else retail,
            "discount": total.discounts,
            "tax": None,
            "partsPrice": odd(total.parts, job.id, 1),
            "partsCost": odd(total.parts_cost, job.id, 2),
            "laborPrice": odd(total.labor, job.id, 3),
            "laborHours": hours,
            "laborTime": hours,
            "subletPrice": price,
            "subletCost": cost,
            "feePrice": total.fees,
            "grossProfitAmount": gained["profit"],
            "grossProfitPercentage": gained["margin"],
            "grossProfitPerHour": round(gained["profit"] / hours) if hours else None,
            "partsTaxTotal": round((total.parts + total.fees) * order.shop.tax_rate),
            "laborTaxTotal": 0,
            "feesTaxTotal": 0,
            "jobCategory": {"id": 7, "name": job.category} if job.category else None,
            "cannedJobId": None,
            "sortOrder": place,
            "parts": [_part(part) for part in job.parts],
            "labor": [self._labor(order, labor) for labor in job.labor],
            "sublets": [_sublet(order, sublet) for sublet in sublets],
            "fees": self._fees(job.fees),
        }

    def _labor(self, order: Order, labor: Labor) -> Row:
        person = self._people.person(order, labor.technician)
        technician = {key: person[key] for key in ("id", "fullName", "hourlyRate")} if person else None
        return {
            "id": _id(labor.id),
            "name": labor.name,
            "hours": f"{labor.hours:.2f}" if labor.id % 7 == 0 else labor.hours,
            "rate": odd(labor.rate, labor.id),
            "total": money.labor_total(labor),
            "technician": technician,
            "skillLevel": None,
        }

    @staticmethod
    def _fees(fees: list[Fee]) -> list[Row]:
        return [
            {
                "name": fee.name,
                "percentage": fee.percentage,
                "cap": fee.cap,
                "amount": None if fee.percentage else fee.total,
                "total": fee.total,
                "taxable": True,
            }
            for fee in fees
        ]

    @staticmethod
    def _with(row: Row, order: Order, view: str) -> Row:
        for path, value in order.overrides.get(view, {}).items():
            dress.put(row, path, value)
        return row


def _profit(retail: int, cost: int) -> dict[str, Any]:
    profit = retail - cost
    return {"retail": retail, "cost": cost, "profit": profit, "margin": profit / retail if retail else "NaN"}


def _part(part: Part) -> Row:
    """Write a part: cost and retail are the unit's, but of some parts the whole line's."""
    factor = part.quantity if part.as_line else 1.0
    return {
        "id": _id(part.id),
        "name": part.name,
        "brand": part.brand,
        "partNumber": part.number,
        "quantity": f"{part.quantity}" if part.id % 6 == 0 else part.quantity,
        "retail": odd(money.line(part.retail, factor), part.id),
        "cost": odd(money.line(part.cost, factor), part.id, 1),
        "total": odd(money.part_total(part), part.id, 2),
        "coreCharge": "0.0" if part.id % 4 == 0 else None,
        "vendorId": 31 if part.number else None,
        "vendorName": "Specimen Parts Supply" if part.number else None,
        "ordered": True,
        "received": part.id % 5 != 0,
        "backordered": False,
    }


def _sublet(order: Order, sublet: Sublet) -> Row:
    number, name = sublet.vendor
    return {
        "id": sublet.id,
        "name": sublet.name,
        "vendor": {"id": order.shop.id * 10 + number, "name": name},
        "cost": money.sublet_cost(sublet),
        "retail": money.sublet_price(sublet),
    }


def _id(number: int) -> int | None:
    """Leave out one id in twenty: such lines have to be told apart by other means."""
    return None if mix(number, 231) % _IDLESS == 0 else number
