"""Draw the account's branches, crew members, crews and customers from the seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sandbox import people
from sandbox.arrivy import catalogue, ids
from sandbox.arrivy.ids import Ids
from sandbox.arrivy.model import Crew, Customer, Definition, Entity, Group
from sandbox.seeds import mix

# Fixed, so that a sandbox started on another day knows the same people.
_SINCE = datetime(2023, 1, 2, 14, tzinfo=UTC)
_NAMELESS, _SILENT, _DISABLED = 17, 4, 3
_CYCLE = 20


def groups(numbers: Ids, count: int) -> list[Group]:
    """Draw the branches."""
    return [
        Group(numbers.of(ids.GROUP, place), place, f"{city} Branch", city, state, code, zone, area, lat, lng)
        for place, (city, state, code, zone, area, lat, lng) in enumerate(catalogue.GROUPS[:count])
    ]


def entity(seed: int, numbers: Ids, branches: list[Group], place: int) -> Entity:
    """Draw a crew member: of twenty, one has no name, one never says where it is, one is disabled.

    Args:
        seed: The world's seed.
        numbers: Gives the id.
        branches: Where it may belong.
        place: Which one.

    Returns:
        The crew member; names and mail addresses are unique in the account (section 9, quirk 10).
    """
    own = mix(seed, 311, place)
    rng = random.Random(own)
    branch = branches[place % len(branches)]
    # A prime step through all pairs of names: no pair comes twice.
    pair = (mix(seed, 312) + place * 7) % (len(people.GIVEN) * len(people.SURNAMES))
    given, surname = people.GIVEN[pair % len(people.GIVEN)], people.SURNAMES[pair // len(people.GIVEN)]
    email: str | None = f"{'crew' if place % 2 else 'Crew'}.{place + 100}@Example.com"
    phone: str | int | None = _phone(rng, branch.area, place)
    created = _some(_SINCE, 400, rng)
    return Entity(
        id=numbers.of(ids.ENTITY, place),
        place=place,
        group=branch,
        name=None if place % _CYCLE == _NAMELESS else f"{given} {surname}",
        type=catalogue.ENTITY_TYPES[place % len(catalogue.ENTITY_TYPES)],
        email=None if place % 9 == 8 else f" {email} " if place % 5 == 1 else email,
        phone=phone,
        created=created,
        updated=_some(created, 200, rng),
        seed=own,
        is_disabled=place % _CYCLE == _DISABLED,
        is_silent=place % _CYCLE == _SILENT,
    )


def customer(seed: int, numbers: Ids, branches: list[Group], place: int) -> Customer:
    """Draw a customer: a person, or a company whose names are blank (section 4.7).

    Args:
        seed: The world's seed.
        numbers: Gives the id.
        branches: Whose customer it may be.
        place: Which one.

    Returns:
        The customer.
    """
    own = mix(seed, 321, place)
    rng = random.Random(own)
    branch = branches[place % len(branches)]
    who = people.person(rng, branch.area)
    is_company = rng.random() < 0.15
    first, _, last = who.name.partition(" ")
    created = _some(_SINCE, 700, rng)
    return Customer(
        id=numbers.of(ids.CUSTOMER, place),
        group=branch,
        first="" if is_company else first,
        last=None if is_company else last,
        company=catalogue.COMPANIES[place % len(catalogue.COMPANIES)] if is_company else None,
        email=who.email.upper() if who.email and place % 7 == 0 else who.email,
        phone=f"+1 ({branch.area}) 555-01{place % 100:02d} ext. 4" if place % 11 == 0 else who.phone,
        street=None if rng.random() < 0.05 else people.street(rng),
        zip=branch.zip,
        created=created,
        updated=_some(created, 300, rng) if rng.random() < 0.3 else created,
        seed=own,
    )


def crews(numbers: Ids, members: list[Entity], count: int) -> list[Crew]:
    """Draw the divisions; the first crew member is in two of them."""
    found = []
    for place in range(count):
        mine = [one.id for one in members if one.place % count == place or (one.place == 0 and place == 1)]
        found.append(Crew(numbers.of(ids.CREW, place), f"Division {place + 1}", tuple(mine)))
    return found


def definitions(numbers: Ids) -> list[Definition]:
    """List the status definitions, the company's own last."""
    known = [*catalogue.STATUSES, *((catalogue.CUSTOM, title) for title in catalogue.CUSTOM_TITLES)]
    return [
        Definition(numbers.of(ids.DEFINITION, place), place, type_, title, catalogue.COLORS[place % 6])
        for place, (type_, title) in enumerate(known)
    ]


def _phone(rng: random.Random, area: str, place: int) -> str | int | None:
    """Write a number in one of the forms people write (section 9, quirks 6 and 8)."""
    last = int(rng.random() * 100)
    forms: tuple[str | int | None, ...] = (
        5_550_100 + last,
        f"({area}) 555-01{last:02d}",
        f"+1{area}55501{last:02d}",
        f"{area}.555.01{last:02d} x12",
        None,
        f"55501{last:02d}",
    )
    return forms[place % len(forms)]


def _some(since: datetime, days: int, rng: random.Random) -> datetime:
    return since + timedelta(seconds=int(rng.random() * days * 86_400))
