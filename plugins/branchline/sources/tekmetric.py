"""What is read from Tekmetric's two APIs. Sections are those of docs/vendors.md.

Every list filters by the vendor's own change time and by shop: a slice is one shop's changes since its cursor. Deleted
records come from a pass of their own, since a filter by deletion excludes everything else (section 1.6). Jobs are read
from their repair order: the list of jobs misses changes that came through the order (section 1.6).

The shop API (section 2) is the web application's own. It is asked by id for what the public API lacks: what employees
are paid, what the vendor itself counts as cost and profit of an order, and its estimate: the balance due, what jobs
cost, where parts come from. Each changed order costs a call for its estimate and, once it is completed or posted, one
for its profit. Without its connection all of that stays null.
"""

from __future__ import annotations

from typing import Any

from branchline.stream import Paging, Source, Stream

#: 100 is the server's silent cap (section 1.4): the answer's size says what was given.
PAGES = Paging(
    page_param="page",
    size_param="size",
    size=100,
    first=0,
    records="content",
    total="totalElements",
    given_size="size",
    last="last",
)
CHANGED = ("updatedDateStart", "updatedDateEnd")
DELETED = ("deletedDateStart", "deletedDateEnd")

#: The vendor's boards as the statuses that stand on them (section 1.8).
BOARDS = {
    board: tuple(("repairOrderStatusId", status) for status in statuses)
    for board, statuses in {"ACTIVE": "124", "COMPLETE": "3", "POSTED": "56"}.items()
}

#: The tables that one repair order fills, the order itself first.
ORDER = (
    "repair_orders",
    "ro_fees",
    "ro_discounts",
    "ro_concerns",
    "jobs",
    "job_parts",
    "job_labor",
    "job_fees",
    "job_discounts",
    "job_sublets",
)


def _changes(name: str, path: str, into: tuple[str, ...], changed: tuple[str, str] = CHANGED, **more: Any) -> Stream:
    """A list read from its cursor on, shop by shop."""
    return Stream(name, path, into, wave="changes", paging=PAGES, changed=changed, by_location="shop", **more)


def _missing(name: str, path: str, into: str) -> Stream:
    """Records that a repair order names and the warehouse lacks, asked for by id (T42)."""
    return Stream(name, path, (into,), wave="missing", due=f"{name}.due")


def _of_shop(name: str, path: str, *children: str) -> Stream:
    """Records of the shop API, asked for by id."""
    return Stream(name, path, (name, *children), wave="shop", due=f"{name}.due", api="shop")


TEKMETRIC = Source(
    "tekmetric",
    hook="branchline.hooks.tekmetric.TekmetricHook",
    streams=(
        Stream("shops", "/api/v1/shops", ("shops",), wave="shops"),  # a bare array (section 1.4)
        _changes("employees", "/api/v1/employees", ("employees",)),
        _changes("customers", "/api/v1/customers", ("customers",)),
        _changes("vehicles", "/api/v1/vehicles", ("vehicles",)),
        _changes("repair_orders", "/api/v1/repair-orders", ORDER, boards=BOARDS),
        _changes("deleted_customers", "/api/v1/customers", ("customers",), DELETED),
        _changes("deleted_vehicles", "/api/v1/vehicles", ("vehicles",), DELETED),
        _changes("deleted_repair_orders", "/api/v1/repair-orders", ORDER, DELETED),
        # One order, where a run names it (`ids`): a webhook told of it, or somebody asks for it.
        Stream(
            "named_orders",
            "/api/v1/repair-orders/{key}",
            ORDER,
            wave="changes",
            due="named_orders.due",
            asked_as="tm_id",
            is_optional=True,
        ),
        _missing("missing_customers", "/api/v1/customers/{key}", "customers"),
        _missing("missing_vehicles", "/api/v1/vehicles/{key}", "vehicles"),
        _of_shop("pay", "/api/shop/{place}/employee/{key}"),
        _of_shop("profits", "/api/repair-order/{key}/profit/labor"),
        _of_shop("estimates", "/api/repair-order/{key}/estimate", "estimate_jobs", "estimate_lines"),
    ),
    form=("board", "shop_id", "days_back", "limit", "store_raw"),
    derived={
        "shops": ("core.locations",),
        "changes": ("tekmetric.jobs.estimate", "tekmetric.repair_orders.totals"),
        "shop": (
            "tekmetric.employees.pay",
            "tekmetric.job_lines.estimate",
            "tekmetric.jobs.estimate",
            "tekmetric.repair_orders.totals",
        ),
    },
)
