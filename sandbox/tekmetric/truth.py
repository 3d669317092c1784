"""What a perfect client would know of the shops: for comparison with a warehouse."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.tekmetric import money, order_rows, rows
from sandbox.tekmetric.estimate import Estimates
from sandbox.tekmetric.model import Order, Shop
from sandbox.tekmetric.timeline import State
from sandbox.tekmetric.world import World


def tell(world: World, estimates: Estimates, first: date, last: date) -> dict[str, Any]:
    """Tell all shops' records as the public API writes them, and what each order comes to.

    Args:
        world: The world.
        estimates: Knows the costs.
        first: Only orders updated on this day (UTC) or later; everything else is told whole.
        last: The last such day, included.

    Returns:
        Shops with their time zones, the records by shop (deleted and hidden ones too), the orders' figures.
    """
    by_shop = {str(shop.id): _shop(world, shop, first, last) for shop in world.shops.values()}
    figures = {
        str(order.id): _figures(world, estimates, order, state)
        for shop in world.shops.values()
        for order, state in _orders(world, shop, first, last)
    }
    names = ("employees", "customers", "vehicles", "repairOrders", "appointments", "cannedJobs")
    return {
        "source": "tekmetric",
        "now": world.clock.now(),
        "from": first,
        "to": last,
        "shops": [{**rows.shop(shop), "timezone": shop.zone} for shop in world.shops.values()],
        "counts": {
            "shops": len(world.shops),
            **{name: sum(len(told[name]) for told in by_shop.values()) for name in names},
            "jobs": sum(len(order["jobs"]) for told in by_shop.values() for order in told["repairOrders"]),
        },
        "byShop": by_shop,
        "figures": figures,
    }


def _shop(world: World, shop: Shop, first: date, last: date) -> dict[str, Any]:
    books, now = world.books(shop), world.clock.now()
    orders = _orders(world, shop, first, last)
    return {
        "employees": [rows.employee(one) for one in world.employees(shop) if not one.removed],
        "hourlyRates": {str(number): cents for number, cents in world.rates(shop).items()},
        "customers": [rows.customer(one) for one in books.customers.values() if one.created <= now],
        "vehicles": [rows.vehicle(one) for one in books.vehicles.values() if one.created <= now],
        "repairOrders": [order_rows.row(*pair) for pair in orders],
        "appointments": [row for pair in orders if (row := rows.appointment(*pair))],
        "cannedJobs": rows.canned_jobs(shop),
    }


def _orders(world: World, shop: Shop, first: date, last: date) -> list[tuple[Order, State]]:
    return [pair for pair in world.orders(shop) if first <= pair[1].updated.date() <= last]


def _figures(world: World, estimates: Estimates, order: Order, state: State) -> dict[str, Any]:
    """Tell what an order comes to; the days are the shop's own calendar's."""
    zone = ZoneInfo(order.shop.zone)
    answered = state.answered is not None
    total = money.totals(order, answered=answered)
    revenue, cost = estimates.revenue_and_cost(order, state)
    lines = list(money.authorized_labor(order)) if answered else []
    return {
        "shopId": order.shop.id,
        "repairOrderNumber": order.number,
        "status": state.status,
        "isPosted": state.is_revenue,
        "postedDay": _day(state.posted, zone),
        "completedDay": _day(state.completed, zone),
        "revenue": revenue,
        "cost": cost,
        "profit": revenue - cost,
        "partsCost": total.parts_cost,
        "laborCost": money.labor_cost(lines, world.rates(order.shop)),
        "subletsCost": total.sublets_cost,
        "laborHours": round(sum(line.hours for line in lines), 2),
    }


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None
