"""Draw the shops' employees, customers and vehicles from the seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sandbox import people
from sandbox.seeds import mix
from sandbox.tekmetric.catalogue import COMPANIES, MAKES
from sandbox.tekmetric.model import IDS_OF_A_SHOP, VEHICLES_OF_A_CUSTOMER, Customer, Employee, Shop, Vehicle

# Regular customers are numbered from here; below, a customer bears the number of its first order.
REGULARS = 900_000
# The owner works in every drawn shop under one id: an employee has no shopId (section 1.6, trap 4).
OWNER = 900
# Fixed, so that a sandbox started on another day knows the same people.
_SINCE = datetime(2022, 1, 3, 15, tzinfo=UTC)
_ADMIN, _ADVISOR, _TECHNICIAN, _OWNER = 1, 2, 3, 4
_ROLES = (_ADMIN, _ADVISOR, _ADVISOR, _TECHNICIAN, _TECHNICIAN, _TECHNICIAN, _TECHNICIAN, _TECHNICIAN)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


def employees(seed: int, shop: Shop) -> list[Employee]:
    """Draw a shop's people: the last technician was removed, another is disabled (section 2).

    Args:
        seed: The world's seed.
        shop: The shop.

    Returns:
        The employees.
    """
    rng = random.Random(mix(seed, 201))
    first, last = people.name(rng).split(" ", 1)
    found = [Employee(OWNER, first, last, _OWNER, None, _SINCE, "SALARY", 12_000_000)]
    rng = random.Random(mix(seed, 202, shop.id))
    for place, role in enumerate(_ROLES):
        first, last = people.name(rng).split(" ", 1)
        flat = role == _TECHNICIAN and rng.random() < 0.6
        found.append(
            Employee(
                id=shop.place * IDS_OF_A_SHOP + place + 1,
                first=first,
                last=last,
                role=role,
                hourly=None if role == _ADMIN else 1_900 + int(rng.random() * 22) * 100,
                created=_some(_SINCE, 1_000, rng),
                pay="SALARY" if role == _ADMIN else "FLAT" if flat else "HOURLY",
                salary=7_200_000 if role == _ADMIN else None,
                disabled=place == len(_ROLES) - 2,
                removed=place == len(_ROLES) - 1,
            )
        )
    return found


def customer(seed: int, shop: Shop, number: int, came: datetime | None = None) -> Customer:
    """Draw a customer.

    Args:
        seed: The world's seed.
        shop: Whose customer.
        number: Its number within the shop.
        came: When it came, for one who came with an order; regulars came, changed and went before all orders.

    Returns:
        The customer.
    """
    own = mix(seed, 203, shop.id, number)
    rng = random.Random(own)
    business = rng.random() < 0.2
    who = people.person(rng, shop.area)
    created = came or _some(_SINCE, 700, rng)
    first: str | None
    last: str | None
    if business:
        first, last = COMPANIES[int(rng.random() * len(COMPANIES))] + f" {number % 100}", ""
    elif rng.random() < 0.02:
        first, last = None, None
    else:
        first, _, last = who.name.partition(" ")
    updated = _some(created, 365, rng) if came is None and rng.random() < 0.3 else created
    deleted = _some(updated, 300, rng) if came is None and rng.random() < 0.04 else None
    phones = [(who.phone, ("Cell", "Mobile", "Home", "cell ")[int(rng.random() * 4)], True)] if who.phone else []
    if rng.random() < 0.25:
        phones.append((people.phone(rng, shop.area), "Work", False))
    return Customer(
        id=shop.place * IDS_OF_A_SHOP + number,
        shop=shop,
        first=first,
        last=last,
        business=business,
        email=who.email,
        phones=phones,
        street=None if rng.random() < 0.1 else people.street(rng),
        created=created,
        updated=deleted or updated,
        deleted=deleted,
        seed=own,
        receivable=business and rng.random() < 0.7,
        notes="Calls ahead; prefers text" if rng.random() < 0.1 else None,
    )


def vehicles(owner: Customer) -> list[Vehicle]:
    """Draw a customer's vehicles: missing and empty VINs, unit numbers of fleets (section 1.9).

    Args:
        owner: The customer.

    Returns:
        One to four vehicles.
    """
    rng = random.Random(mix(owner.seed, 204))
    count = 1 + int(rng.random() * (4 if owner.business else 2))
    found = []
    for place in range(count):
        make, model, engine = MAKES[int(rng.random() * len(MAKES))]
        vin: str | None = "TEST" + "".join(_LETTERS[int(rng.random() * len(_LETTERS))] for _ in range(13))
        gaps = rng.random()
        vin = None if gaps < 0.06 else "" if gaps < 0.1 else vin
        regular = owner.id % IDS_OF_A_SHOP >= REGULARS
        updated = _some(owner.created, 300, rng) if regular and rng.random() < 0.2 else owner.created
        gone = _some(updated, 300, rng) if regular and place > 0 and rng.random() < 0.05 else None
        found.append(
            Vehicle(
                id=owner.id * VEHICLES_OF_A_CUSTOMER + place,
                customer=owner,
                year=2004 + int(rng.random() * 22),
                make=make,
                model=model,
                engine=engine,
                color=None if rng.random() < 0.2 else ("White", "Black", "Silver ", "Blue")[int(rng.random() * 4)],
                plate=None if rng.random() < 0.15 else f"{shop_letters(owner.shop)}{int(rng.random() * 10_000):04d}",
                vin=vin,
                unit=f"UNIT {int(rng.random() * 90) + 1}" if owner.business else None,
                created=owner.created,
                updated=gone or updated,
                deleted=gone,
                seed=mix(owner.seed, 205, place),
            )
        )
    return found


def _some(since: datetime, days: int, rng: random.Random) -> datetime:
    """Draw a moment within so many days."""
    return since + timedelta(seconds=int(rng.random() * days * 86_400))


def shop_letters(shop: Shop) -> str:
    """Begin a number plate."""
    return shop.city[:3].upper().strip()
