"""The shops' records: drawn when asked for, moved by the clock, changed by hand, found by id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.options import Options
from sandbox.seeds import mix
from sandbox.tekmetric import folk, golden_shop
from sandbox.tekmetric.catalogue import GOLDEN, drawn_shops
from sandbox.tekmetric.draw import DAY_ZERO, PLACES_OF_A_DAY, Draughtsman
from sandbox.tekmetric.model import (
    IDS_OF_A_SHOP,
    JOBS_OF_AN_ORDER,
    VEHICLES_OF_A_CUSTOMER,
    Customer,
    Employee,
    Event,
    Job,
    Order,
    Shop,
    Vehicle,
)
from sandbox.tekmetric.timeline import State, state_at

# Shops, days of history, orders a day: `original` is about what one shop's dashboard showed.
_SCALES = {"small": (3, 20, 3), "original": (1, 60, 17), "plan": (10, 100, 5)}
_TECHNICIAN, _ADVISOR = 3, 2
_NEW_CUSTOMERS = 4


@dataclass(slots=True)
class Books:
    """One shop's records, as far as they are drawn."""

    shop: Shop
    employees: dict[int, Employee]
    draughtsman: Draughtsman | None
    customers: dict[int, Customer] = field(default_factory=dict)
    vehicles: dict[int, Vehicle] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    drawn: date = DAY_ZERO
    added: int = 0


class World:
    """Everything the shops know, at the sandbox's present moment.

    Attributes:
        shops: All shops by id, the golden one first.
        drawn: The shops that are drawn from the seed.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        shops, days, pace = _SCALES[options.scale]
        self._pace = pace if options.tekmetric_orders_per_day is None else options.tekmetric_orders_per_day
        if not 1 <= self._pace <= PLACES_OF_A_DAY:
            raise ValueError(f"a Tekmetric shop has 1 to {PLACES_OF_A_DAY} orders a day, not {self._pace}")
        days = days if options.tekmetric_days is None else options.tekmetric_days
        self.options = options
        self.clock = clock
        self._first = clock.now().date() - timedelta(days=days)
        self._regulars = max(8, days * self._pace // 2)
        drawn = drawn_shops(shops if options.tekmetric_shops is None else options.tekmetric_shops)
        self.shops = {shop.id: shop for shop in ([GOLDEN] if options.tekmetric_golden else []) + drawn}
        self.drawn = drawn
        self._by_place = {shop.place: shop for shop in self.shops.values()}
        self._books: dict[int, Books] = {}

    def reset(self) -> None:
        """Forget every change."""
        self._books.clear()

    def books(self, shop: Shop) -> Books:
        """Open a shop's books, drawn up to the present day."""
        books = self._books.get(shop.id)
        if books is None:
            books = self._books[shop.id] = self._open(shop)
        if books.draughtsman is not None:
            today = self.clock.now().astimezone(ZoneInfo(shop.zone)).date()
            while books.drawn < today:
                books.drawn += timedelta(days=1)
                for place in range(self._pace):
                    self._take(books, books.draughtsman.order(books.drawn, place, self._pace))
        return books

    def orders(self, shop: Shop) -> Iterator[tuple[Order, State]]:
        """List a shop's orders that are written down by now, deleted ones too, with their states."""
        now = self.clock.now()
        for order in self.books(shop).orders.values():
            state = state_at(order, now)
            if state is not None:
                yield order, state

    def customers(self, shop: Shop) -> list[Customer]:
        """List a shop's customers by now, deleted ones too."""
        now = self.clock.now()
        return [one for one in self.books(shop).customers.values() if one.created <= now and not one.hidden]

    def vehicles(self, shop: Shop) -> list[Vehicle]:
        """List a shop's vehicles by now, deleted ones too."""
        now = self.clock.now()
        return [one for one in self.books(shop).vehicles.values() if one.created <= now and not one.hidden]

    def employees(self, shop: Shop) -> list[Employee]:
        """List a shop's people, removed ones too."""
        return list(self.books(shop).employees.values())

    def rates(self, shop: Shop) -> dict[int, int]:
        """Tell cents an hour by employee, of those who have a rate."""
        return {one.id: one.hourly for one in self.employees(shop) if one.hourly is not None}

    def find_order(self, number: int) -> tuple[Order, State] | None:
        """Find an order by id."""
        shop = self._by_place.get(number // IDS_OF_A_SHOP)
        order = self.books(shop).orders.get(number) if shop else None
        state = state_at(order, self.clock.now()) if order else None
        return (order, state) if order and state else None

    def find_job(self, number: int) -> tuple[Order, State, Job] | None:
        """Find a job by id."""
        found = self.find_order(number // JOBS_OF_AN_ORDER)
        job = next((job for job in found[0].jobs if job.id == number), None) if found else None
        return (*found, job) if found and job else None

    def find_customer(self, number: int) -> Customer | None:
        """Find a customer by id, a hidden one too."""
        shop = self._by_place.get(number // IDS_OF_A_SHOP)
        found = self.books(shop).customers.get(number) if shop else None
        return found if found and found.created <= self.clock.now() else None

    def find_vehicle(self, number: int) -> Vehicle | None:
        """Find a vehicle by id, a hidden one too."""
        shop = self._by_place.get(number // VEHICLES_OF_A_CUSTOMER // IDS_OF_A_SHOP)
        found = self.books(shop).vehicles.get(number) if shop else None
        return found if found and found.created <= self.clock.now() else None

    def add(self, shop: Shop) -> Order:
        """Write down an order now, under a number that sorts before all others of the shop."""
        books, now = self.books(shop), self.clock.now()
        draughtsman = books.draughtsman
        if draughtsman is None or books.added >= PLACES_OF_A_DAY:
            raise ValueError(f"shop {shop.id} takes no more inserted orders")
        books.added += 1
        order = draughtsman.order(DAY_ZERO, PLACES_OF_A_DAY - books.added, self._pace)
        order.events[:] = [Event(now - timedelta(minutes=1), "create"), Event(now, "answer")]
        for job in order.jobs:
            job.answer = True
        self._take(books, order)
        books.orders = dict(sorted(books.orders.items()))
        return order

    def add_customer(self, shop: Shop) -> Customer:
        """Write down a customer now, before all others of the shop."""
        books, now = self.books(shop), self.clock.now()
        if books.draughtsman is None or books.added >= PLACES_OF_A_DAY:
            raise ValueError(f"shop {shop.id} takes no more inserted customers")
        books.added += 1
        found = folk.customer(self.options.seed, shop, folk.REGULARS - books.added, now)
        books.customers = {found.id: found, **books.customers}
        return found

    def _open(self, shop: Shop) -> Books:
        if shop.fixed:
            customers = {one.id: one for one in golden_shop.customers()}
            return Books(
                shop,
                {one.id: one for one in golden_shop.employees()},
                None,
                customers,
                {one.id: one for one in golden_shop.vehicles(customers)},
                {one.id: one for one in golden_shop.orders()},
            )
        seed = self.options.seed
        staff = folk.employees(seed, shop)
        draughtsman = Draughtsman(
            seed,
            shop,
            [one.id for one in staff if one.role == _TECHNICIAN],
            [one.id for one in staff if one.role == _ADVISOR],
        )
        books = Books(shop, {one.id: one for one in staff}, draughtsman, drawn=self._first - timedelta(days=1))
        for number in range(folk.REGULARS, folk.REGULARS + self._regulars):
            self._register(books, folk.customer(seed, shop, number))
        return books

    def _register(self, books: Books, customer: Customer) -> None:
        books.customers[customer.id] = customer
        for vehicle in folk.vehicles(customer):
            books.vehicles[vehicle.id] = vehicle

    def _take(self, books: Books, order: Order) -> None:
        """Give an order its customer: one in four comes with it, the others are regulars."""
        shop, drawn = books.shop, mix(order.seed, 221)
        number = order.id % IDS_OF_A_SHOP
        if drawn % _NEW_CUSTOMERS == 0:
            found = folk.customer(self.options.seed, shop, number, order.created)
            self._register(books, found)
        else:
            found = books.customers[shop.place * IDS_OF_A_SHOP + folk.REGULARS + drawn // 7 % self._regulars]
        first = found.id * VEHICLES_OF_A_CUSTOMER
        order.customer = found.id
        order.vehicle = first if found.seed % 2 or first + 1 not in books.vehicles else first + 1
        books.orders[order.id] = order
