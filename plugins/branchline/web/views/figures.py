"""Which figures the business page shows of each source, and how a figure is written."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Unit = Literal["count", "money", "percent", "hours"]
Kind = Literal["bar", "stacked", "line"]


@dataclass(frozen=True)
class Figure:
    """A column of a view of the schema metrics.

    Attributes:
        column: its name; its comment in the catalog is the definition that readers get.
        label: what people call it.
        unit: how it is written; money is cents of the row's currency.
    """

    column: str
    label: str
    unit: Unit = "count"


@dataclass(frozen=True)
class Drawing:
    """A chart over days: its title, its kind, the columns whose values it draws, all of one unit."""

    title: str
    kind: Kind
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """A source's figures.

    Attributes:
        source: vendor slug; the SELECT of its sums is include/sql/pages/business/<source>.sql.
        title: the vendor's name.
        place: what a place is called there.
        view: of the schema metrics, whose comments are the definitions.
        stream: what is asked about freshness: the stream that the figures are made of.
        leading: at most five figures, for all places side by side; the first one orders them.
        further: what one place shows beside them.
        drawings: charts of one place.
        has_days: the figures are of days; else they are of today.
    """

    source: str
    title: str
    place: str
    view: str
    stream: str
    leading: tuple[Figure, ...]
    further: tuple[Figure, ...]
    drawings: tuple[Drawing, ...] = ()
    has_days: bool = True

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them."""
        return (*self.leading, *self.further)

    def figure(self, column: str) -> Figure:
        """The figure of a column.

        Raises:
            StopIteration: the board does not show it.
        """
        return next(one for one in self.figures if one.column == column)


BOARDS: dict[str, Board] = {
    board.source: board
    for board in (
        Board(
            "smartmoving", "SmartMoving", "branch", "branch_performance", "customers",
            leading=(
                Figure("booked_revenue_cents", "Booked revenue", "money"),
                Figure("moves", "Moves"),
                Figure("avg_move_value_cents", "Average move", "money"),
                Figure("close_percent", "Close rate", "percent"),
                Figure("cancellation_percent", "Cancelled", "percent"),
            ),
            further=(
                Figure("booked_revenue_last_year_cents", "Booked revenue a year before", "money"),
                Figure("jobs", "Jobs"),
                Figure("cancellations", "Cancellations"),
                Figure("cancelled_value_cents", "Value cancelled", "money"),
                Figure("moves_without_value", "Moves without a value"),
                Figure("leads", "Leads"),
                Figure("bookings", "Booked of them"),
                Figure("quotes_open", "Open quotes"),
                Figure("lost", "Lost"),
                Figure("bad_leads", "Bad leads"),
            ),
            drawings=(
                Drawing(
                    "Booked revenue by service date", "line",
                    ("booked_revenue_cents", "booked_revenue_last_year_cents"),
                ),
                Drawing("Moves and cancellations by service date", "stacked", ("moves", "cancellations")),
                Drawing("Leads and bookings by the day they came in", "bar", ("leads", "bookings")),
            ),
        ),
        Board(
            "tekmetric", "Tekmetric", "shop", "shop_performance", "repair_orders",
            leading=(
                Figure("revenue_cents", "Revenue", "money"),
                Figure("car_count", "Cars"),
                Figure("aro_cents", "ARO", "money"),
                Figure("gp_percent", "GP %", "percent"),
                Figure("gp_per_hour_cents", "GP a billed hour", "money"),
            ),
            further=(
                Figure("revenue_last_year_cents", "Revenue a year before", "money"),
                Figure("profit_cents", "Gross profit", "money"),
                Figure("hours_billed", "Hours billed", "hours"),
                Figure("elr_cents", "Effective labor rate", "money"),
                Figure("efficiency_percent", "Efficiency", "percent"),
                Figure("orders_without_cost", "Orders without a cost"),
            ),
            drawings=(
                Drawing("Revenue by posted day", "line", ("revenue_cents", "revenue_last_year_cents")),
                Drawing("Cars by posted day", "bar", ("car_count",)),
                Drawing("GP % by posted day", "line", ("gp_percent",)),
            ),
        ),
        Board(
            "arrivy", "Arrivy", "group", "group_performance", "tasks",
            leading=(
                Figure("tasks", "Tasks"),
                Figure("on_time_percent", "On time", "percent"),
                Figure("crew_utilisation_percent", "Crew utilisation", "percent"),
                Figure("completed", "Completed"),
                Figure("exceptions", "Exceptions"),
            ),
            further=(
                Figure("started", "Started"),
                Figure("on_time", "Started on time"),
                Figure("cancelled", "Cancelled"),
                Figure("scheduled_hours", "Hours scheduled", "hours"),
            ),
            drawings=(
                Drawing("Tasks by their day", "stacked", ("completed", "cancelled", "exceptions")),
                Drawing("On time and crew utilisation", "line", ("on_time_percent", "crew_utilisation_percent")),
            ),
        ),
        Board(
            "fms", "DriveShop FMS", "office", "fleet", "vehicles",
            leading=(
                Figure("vehicles_active", "Vehicles"),
                Figure("vehicles_on_loan", "On loan"),
                Figure("on_loan_percent", "On loan", "percent"),
                Figure("loans_30_days", "Loans in 30 days"),
                Figure("geocoded_percent", "Partners geocoded", "percent"),
            ),
            further=(
                Figure("vehicles_otherwise_busy", "Otherwise busy"),
                Figure("partners", "Partners"),
                Figure("partners_with_address", "With an address"),
                Figure("partners_geocoded", "Geocoded"),
                Figure("partners_with_preferred_day", "With a preferred day"),
                Figure("preferred_day_confidence", "Confidence of preferred days", "percent"),
            ),
            has_days=False,
        ),
    )
}  # fmt: skip


def written(value: Decimal | int | None, unit: Unit, currency: str | None) -> str:
    """A figure as people read it; what is not known is a dash, and money of an unknown currency says so."""
    if value is None:
        return "–"
    if unit == "money":
        amount = Decimal(value) / 100
        return f"{amount:,.2f} {currency or '(currency unknown)'}"
    if unit == "percent":
        return f"{value:,} %"
    if unit == "hours":
        return f"{value:,} h"
    return f"{value:,}"


def drawn(value: Decimal | int | None, unit: Unit) -> float | None:
    """A figure as a chart takes it: whole units of money, a gap where it is not known."""
    if value is None:
        return None
    return float(Decimal(value) / 100) if unit == "money" else float(value)
