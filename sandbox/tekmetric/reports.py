"""The shop API's reports: the way to historic orders, and the dashboard (Tekmetric contract, section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sandbox.tekmetric import money, paging
from sandbox.tekmetric.access import Access
from sandbox.tekmetric.estimate import Estimates
from sandbox.tekmetric.model import Order, Shop
from sandbox.tekmetric.paging import BadQueryError, problem, text
from sandbox.tekmetric.shop_rows import Row
from sandbox.tekmetric.stamps import nanos, read
from sandbox.tekmetric.timeline import State
from sandbox.tekmetric.world import World
from sandbox.vendor import Answer, Call, json_answer

_DEFAULT_SIZE = 25
_PROFITS = ("laborProfit", "partsTotalProfit", "subletProfit", "feesProfit", "totalProfit")
Posted = tuple[datetime, Order, State]


class Reports:
    """Answers the reports; posted means status 5 or 6 (section 1.6, trap 7)."""

    def __init__(self, world: World, access: Access, estimates: Estimates) -> None:
        self._world = world
        self._access = access
        self._estimates = estimates

    def details(self, call: Call) -> Answer:
        """Answer profit-details-report: after `nextKeys`, as many as asked for."""
        refused = self._refused(call)
        if refused is not None:
            return refused
        found = self._posted(call)
        down = (text(call, "sortOrder") or "ASC").upper() == "DESC"
        found.sort(key=_place, reverse=down)
        after = text(call, "nextKeys")
        if after:
            where = _key(after)
            found = [one for one in found if (_place(one) < where if down else _place(one) > where)]
        size = max(1, paging.number(call, "size") or _DEFAULT_SIZE)
        some, more = found[:size], len(found) > size
        keys = f"{some[-1][0].isoformat()},{some[-1][1].id}" if more else None
        return json_answer({"content": [self._row(one) for one in some], "hasNext": more, "nextKeys": keys})

    def summary(self, call: Call) -> Answer:
        """Answer the summary: the rows' profits as TOTAL or AVG, in cents."""
        refused = self._refused(call)
        if refused is not None:
            return refused
        found = self._posted(call)
        rows = [self._row(one) for one in found]
        parts = len(rows) if (text(call, "metric") or "TOTAL") == "AVG" and rows else 1
        told: Row = {name: round(sum(row[name] for row in rows) / parts) for name in _PROFITS}
        revenue = sum(self._estimates.revenue_and_cost(order, state)[0] for _, order, state in found)
        told["totalProfitMargin"] = sum(row["totalProfit"] for row in rows) / revenue if revenue else "NaN"
        return json_answer(told)

    def count(self, call: Call) -> Answer:
        """Answer how many orders the report has."""
        return self._refused(call) or json_answer({"count": len(self._posted(call))})

    def dashboard(self, call: Call) -> Answer:
        """Answer the dashboard's sums over the orders posted in the window; money is cents without taxes."""
        refused = self._refused(call)
        if refused is not None:
            return refused
        found = self._posted(call)
        sold = sum(self._estimates.revenue_and_cost(order, state)[0] for _, order, state in found)
        jobs = [(job, job.answer) for _, order, _ in found for job in order.jobs]
        values = {
            answer: sum(money.job_totals(job).subtotal for job, given in jobs if given is answer)
            for answer in (True, False, None)
        }
        counts = {answer: sum(given is answer for _, given in jobs) for answer in (True, False, None)}
        cars = len(found)
        return json_answer(
            {
                "sold": sold,
                "posted": sold,
                "pending": values[None],
                "declined": values[False],
                "soldJobCount": counts[True],
                "declinedJobCount": counts[False],
                "pendingJobCount": counts[None],
                "closeRatio": counts[True] / len(jobs) if jobs else "NaN",
                "averageRo": round(sold / cars) if cars else 0,
                "carCount": cars,
            }
        )

    def _row(self, one: Posted) -> Row:
        _, order, state = one
        total = money.totals(order, answered=state.answered is not None)
        revenue, cost = self._estimates.revenue_and_cost(order, state)
        labor_cost = cost - total.parts_cost - total.sublets_cost
        return {
            "repairOrderId": order.id,
            "repairOrderNumber": order.number,
            "customerId": order.customer,
            "vehicleId": order.vehicle,
            "serviceWriterId": order.writer,
            "postedDate": nanos(state.posted, order.seed),
            "laborProfit": total.labor - labor_cost,
            "partsTotalProfit": total.parts - total.parts_cost,
            "subletProfit": total.sublets - total.sublets_cost,
            # Discounts stand here, so that the four add up to the whole.
            "feesProfit": total.fees - total.discounts,
            "totalProfit": revenue - cost,
            "totalProfitMargin": (revenue - cost) / revenue if revenue else "NaN",
        }

    def _posted(self, call: Call) -> list[Posted]:
        first, last = _bound(call, "start"), _bound(call, "end")
        return [
            (state.posted, order, state)
            for shop in self._shops(call)
            for order, state in self._world.orders(shop)
            if state.posted is not None
            and state.is_revenue
            and (first is None or state.posted >= first)
            and (last is None or state.posted <= last)
        ]

    def _shops(self, call: Call) -> Iterator[Shop]:
        asked = set(paging.numbers(call, "shopIds"))
        return (shop for shop in self._access.open_shops() if not asked or shop.id in asked)

    def _refused(self, call: Call) -> Answer | None:
        asked = paging.numbers(call, "shopIds")
        if not asked:
            return problem(400, "shopIds is required")
        return next((refusal for shop in asked if (refusal := self._access.refusal(shop))), None)


def _place(one: Posted) -> tuple[datetime, int]:
    return one[0], one[1].id


def _key(after: str) -> tuple[datetime, int]:
    moment, _, number = after.rpartition(",")
    try:
        # A plus that was not escaped arrives as a blank.
        return read(moment.replace(" ", "+")), int(number)
    except ValueError:
        raise BadQueryError("nextKeys is not what was given") from None


def _bound(call: Call, name: str) -> datetime | None:
    value = text(call, name)
    if value is None:
        return None
    try:
        return read(value.replace(" ", "+"))
    except ValueError:
        raise BadQueryError(f"{name} is not an ISO 8601 date") from None
