"""Draw repair orders from the seed: when what happens, and what work they hold."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.seeds import mix
from sandbox.tekmetric.catalogue import CONCERNS, DECLINES, SERVICES, SUBLET_VENDORS, Service
from sandbox.tekmetric.model import (
    IDS_OF_A_SHOP,
    JOBS_OF_AN_ORDER,
    LINES_OF_AN_ORDER,
    Discount,
    Event,
    Fee,
    Item,
    Job,
    Labor,
    Order,
    Part,
    Shop,
    Sublet,
)

DAY_ZERO = date(2020, 1, 1)
# A day has so many numbers, whatever the shop's pace, so that a number says its day.
PLACES_OF_A_DAY = 64
# What becomes of an order, in percent. A fifth of the revenue is on account (section 1.6, trap 7).
_FATES = (
    ["post"] * 48 + ["bill"] * 18 + ["repost"] * 6 + ["reopen"] * 2 + ["complete"] * 5 + ["working"] * 5
    + ["estimate"] * 5 + ["saved"] * 3 + ["declined"] * 3 + ["deleted"] * 4 + ["warranty"]
)  # fmt: skip
_HALF_DAY = timedelta(hours=12)


class Draughtsman:
    """Draws one order at a time; the same shop, day and place give the same order."""

    def __init__(self, seed: int, shop: Shop, technicians: list[int], advisors: list[int]) -> None:
        self._seed = seed
        self._shop = shop
        self._zone = ZoneInfo(shop.zone)
        self._technicians = technicians
        self._advisors = advisors

    def order(self, day: date, place: int, pace: int) -> Order:
        """Draw an order without its customer and vehicle.

        Args:
            day: The day it is written down, in the shop's calendar.
            place: Which of that day.
            pace: How many orders a day has.

        Returns:
            The order.
        """
        days = (day - DAY_ZERO).days
        seed = mix(self._seed, 211, self._shop.id, days, place)
        rng = random.Random(seed)
        number = self._shop.place * IDS_OF_A_SHOP + days * PLACES_OF_A_DAY + place
        fate = _FATES[int(rng.random() * len(_FATES))]
        order = Order(
            id=number,
            number=days * pace + place,
            shop=self._shop,
            customer=None,
            vehicle=None,
            writer=None if rng.random() < 0.03 else self._advisors[int(rng.random() * len(self._advisors))],
            technician=None if rng.random() < 0.1 else self._technician(rng),
            jobs=[],
            sublets=[],
            fees=[],
            discounts=[],
            concerns=[
                (
                    CONCERNS[int(rng.random() * len(CONCERNS))],
                    None if rng.random() < 0.4 else "Verified. See job notes.",
                )
                for _ in range(int(rng.random() * 3))
            ],
            events=self._events(day, fate, rng),
            seed=seed,
            miles=None if rng.random() < 0.12 else 8_000 + int(rng.random() * 160_000),
            keytag=f"K{int(rng.random() * 90) + 1}" if rng.random() < 0.3 else None,
        )
        _Work(order, self._technicians, rng).fill(fate)
        return order

    def _technician(self, rng: random.Random) -> int:
        return self._technicians[int(rng.random() * len(self._technicians))]

    def _at(self, day: date, hour: float) -> datetime:
        local = datetime.combine(day, time(0), tzinfo=self._zone) + timedelta(seconds=int(hour * 3600))
        return local.astimezone(UTC)

    def _events(self, day: date, fate: str, rng: random.Random) -> list[Event]:
        """Draw what happens when; many orders are posted in the evening, when it is tomorrow in UTC."""
        created = self._at(day, 7.5 + rng.random() * 3)
        answered = created + timedelta(minutes=45 + int(rng.random() * 60))
        done_day = day + timedelta(days=(0, 0, 0, 1, 1, 2)[int(rng.random() * 6)])
        completed = self._at(done_day, 14 + rng.random() * 3)
        posted = self._at(done_day + timedelta(days=int(rng.random() < 0.1)), 17.1 + rng.random() * 4.6)
        events = [Event(created, "create")]
        if rng.random() < 0.7:
            events.append(Event(created + timedelta(minutes=30), "share"))
        if fate == "deleted" and rng.random() < 0.5:
            return [*events, Event(completed, "delete")]
        if fate in {"estimate", "declined", "saved"}:
            later = {"estimate": "edit", "declined": "decline", "saved": "save"}[fate]
            return [*events, Event(answered, later)]
        events.append(Event(answered, "answer"))
        if fate == "working":
            return events
        events.append(Event(completed, "complete"))
        if fate == "deleted":
            return [*events, Event(posted, "delete")]
        if fate == "complete":
            return events
        events.append(Event(posted, "bill" if fate == "bill" else "post"))
        if fate == "bill" and rng.random() < 0.2:
            events.append(Event(posted + timedelta(days=8 + int(rng.random() * 12)), "pay"))
        if fate == "reopen":
            events.append(Event(posted + _HALF_DAY, "reopen"))
        if fate == "repost":
            unposted = posted + timedelta(days=int(rng.random() * 3)) + _HALF_DAY + timedelta(hours=3)
            again = unposted + timedelta(minutes=20 + int(rng.random() * 2_500))
            # The posting date is rewritten, now and then to a day before (section 1.6, trap 8).
            back = completed + timedelta(minutes=5) if rng.random() < 0.5 else None
            events += [Event(unposted, "unpost"), Event(again, "post", back)]
        return events


class _Work:
    """Fills an order with jobs, lines, sublets, fees and discounts."""

    def __init__(self, order: Order, technicians: list[int], rng: random.Random) -> None:
        self._order = order
        self._technicians = technicians
        self._rng = rng
        self._line = order.id * LINES_OF_AN_ORDER

    def fill(self, fate: str) -> None:
        order, rng = self._order, self._rng
        if fate == "warranty":
            order.jobs.append(self._warranty())
            order.taxes = 0
            return
        count = 1 + (rng.random() < 0.5) + (rng.random() < 0.25) + (rng.random() < 0.08)
        for place in range(count):
            self._job(SERVICES[int(rng.random() * len(SERVICES))], place, fate)
        if any(job.answer for job in order.jobs):
            if rng.random() < 0.3:
                order.fees.append(Fee(self._next(), "Environmental Fee", 250 + int(rng.random() * 4) * 100))
            if rng.random() < 0.12:
                order.discounts.append(Discount(self._next(), "Spring Coupon ", 1_000))

    def _next(self) -> int:
        self._line += 1
        if self._line >= (self._order.id + 1) * LINES_OF_AN_ORDER:
            raise ValueError(f"order {self._order.id} has more lines than numbers")
        return self._line - 1

    def _job(self, service: Service, place: int, fate: str) -> None:
        order, rng = self._order, self._rng
        chance = rng.random()
        answer: bool | None = True if place == 0 or chance < 0.65 else False if chance < 0.85 else None
        if fate == "declined":
            answer = False
        elif fate in {"estimate", "saved"}:
            answer = None
        technician = None if rng.random() < 0.08 else order.technician
        job = Job(
            id=order.id * JOBS_OF_AN_ORDER + place,
            name=service.name,
            category=service.category,
            answer=answer,
            technician=technician,
            note=DECLINES[int(rng.random() * len(DECLINES))] if answer is False else None,
        )
        rate = order.shop.labor_rate
        if service.hours:
            hours = round(service.hours + int(rng.random() * 3) * 0.1, 1)
            job.labor.append(Labor(self._next(), service.name, hours, rate, technician))
            if rng.random() < 0.15:
                helper = self._technicians[int(rng.random() * len(self._technicians))]
                job.labor.append(Labor(self._next(), "Additional labor", 0.5, rate, helper))
        for ware in service.wares:
            quantity = ware.quantities[int(rng.random() * len(ware.quantities))]
            job.parts.append(
                Part(self._next(), ware.name, quantity, ware.retail, ware.cost, ware.number, ware.brand, ware.type,
                     ware.tyre, as_line=quantity > 1 and rng.random() < 0.15)
            )  # fmt: skip
        self._extras(job)
        worked = sum(labor.hours for labor in job.labor)
        job.shown_hours = round(worked + (0.2 if rng.random() < 0.2 else 0.0), 1)
        job.logged_hours = round(worked * (0.7 + rng.random() * 0.5), 2) if answer and rng.random() < 0.8 else 0.0
        order.jobs.append(job)
        if service.sublet:
            cost = 6_000 + int(rng.random() * 30) * 100
            items = [Item(self._next(), service.sublet, cost, cost + 2_500), Item(self._next(), "Shipping", 500, 500)]
            vendor = SUBLET_VENDORS[int(rng.random() * len(SUBLET_VENDORS))]
            order.sublets.append(Sublet(self._next(), service.sublet, vendor, items, place, answer))

    def _extras(self, job: Job) -> None:
        rng = self._rng
        base = sum(round(part.retail * part.quantity) for part in job.parts)
        base += sum(round(labor.rate * labor.hours) for labor in job.labor)
        if base and rng.random() < 0.5:
            cap = 2_500
            job.fees.append(Fee(self._next(), "Shop Supplies", min(round(base * 0.05), cap), 5.0, cap))
            if rng.random() < 0.15:
                # Two fees of one name on one job, and the shop API gives them no id (section 2).
                job.fees.append(Fee(self._next(), "Shop Supplies", 199))
        if rng.random() < 0.1:
            job.fees.append(Fee(self._next(), "EPA / Hazmat", 350))
        if base > 5_000 and rng.random() < 0.15:
            job.discounts.append(Discount(self._next(), "Military 5%", round(base * 0.05)))

    def _warranty(self) -> Job:
        """Draw warranty work: a dollar of revenue, fifty times that in cost."""
        technician = self._technicians[0]
        return Job(
            id=self._order.id * JOBS_OF_AN_ORDER,
            name="Warranty: Brake Squeal",
            category="Warranty",
            answer=True,
            labor=[Labor(self._next(), "Warranty", 1.0, 100, technician)],
            parts=[Part(self._next(), "Brake Pad Set", 1.0, 0, 2_600, "BP-220", "Stubstop")],
            technician=technician,
            shown_hours=1.0,
            logged_hours=1.2,
        )
