"""Media partners: who they are, on which weekday they like a car, and where they live by now."""

from __future__ import annotations

import random
from datetime import date
from itertools import accumulate

from sandbox import people
from sandbox.fms.catalogue import AFFILIATIONS, MAKES, PARTNER_NOTES, RANKS, SUBCATEGORIES
from sandbox.fms.model import Approval, Partner
from sandbox.fms.offices import OFFICES, Office
from sandbox.seeds import mix

# Moves before this day are forgotten.
_MOVES_SINCE = date(2025, 1, 1)
# Every so manieth row is the person of the row before at another office.
_TWICE_OF = 25
# How often each weekday is somebody's favourite (FMS contract, section 5, as observed), and a few weekends.
_FAVOURITES = (0,) * 112 + (1,) * 83 + (2,) * 96 + (3,) * 90 + (4,) * 41 + (5,) * 3
_OTHER_DAYS = (0.23, 0.21, 0.22, 0.2, 0.11, 0.02, 0.01)
_NO_ADDRESS, _BLANK, _NOWHERE = 4, 5, 7
# No map has it.
_UNKNOWN_CITY = "Nowhere Springs, ZZ"


class Roster:
    """The partners in their rows."""

    def __init__(self, seed: int, count: int) -> None:
        self._seed = seed
        self.partners: list[Partner] = []
        for place in range(count):
            self.partners.append(self._draw(place))

    def pick(self, rng: random.Random) -> Partner:
        """Pick a partner: a few have many loans, many have a few."""
        return self.partners[int(rng.random() ** 3.6 * len(self.partners))]

    def addresses(self, today: date) -> list[str]:
        """Tell every row's address of a day; each night one partner has moved.

        Args:
            today: The day.

        Returns:
            The addresses by place; "N/A" and blank ones among them.
        """
        movable = [partner.place for partner in self.partners if self._kind(partner.place) >= _NOWHERE]
        nights = range((today - _MOVES_SINCE).days + 1 if movable else 0)
        moved = {movable[mix(self._seed, 511, night) % len(movable)]: night for night in nights}
        return [self._address(partner, moved.get(partner.place, -1)) for partner in self.partners]

    def approvals(self, count: int) -> list[Approval]:
        """Draw exactly so many approved makes, by person and make, each pair once."""
        found: list[Approval] = []
        persons = list({partner.person: partner for partner in self.partners}.values())
        shuffled = {partner.person: self._makes(partner) for partner in persons}
        for spare in (0, len(MAKES)):
            for turn in range(len(MAKES)):
                for partner in persons:
                    depth = 2 + mix(partner.seed, 521) % 15
                    if len(found) < count and (turn < depth) == (spare == 0):
                        make = shuffled[partner.person][turn]
                        rank = RANKS[mix(partner.seed, 522, turn) % len(RANKS)]
                        found.append(Approval(partner.person, partner.listed_name, make, rank))
        if len(found) < count:
            raise ValueError(f"{len(persons)} persons have at most {len(found)} approved makes, not {count}")
        return sorted(found, key=lambda one: (one.listed_name, one.person, one.make))

    def _makes(self, partner: Partner) -> list[str]:
        makes = list(MAKES)
        random.Random(mix(partner.seed, 523)).shuffle(makes)
        return makes

    def _draw(self, place: int) -> Partner:
        seed = mix(self._seed, 531, place)
        rng = random.Random(seed)
        given, _, surname = people.name(rng).partition(" ")
        office = OFFICES[int(rng.random() * len(OFFICES))]
        # Ids are numbers written as text, and some have been padded.
        number = 1_000 + place * 7 + int(rng.random() * 7)
        person = f"00{number}" if place % 30 == 13 else str(number)
        if place % _TWICE_OF == _TWICE_OF - 1:
            first = self.partners[place - 1]
            person, given, surname = first.person, first.given, first.surname
            office = OFFICES[(OFFICES.index(first.office) + 1) % len(OFFICES)]
        return Partner(
            place=place,
            person=person,
            given=given,
            surname=surname,
            office=office,
            region="" if rng.random() < 0.05 else office.regions[int(rng.random() * 2)],
            notes=PARTNER_NOTES[int(rng.random() * len(PARTNER_NOTES))],
            affiliation=AFFILIATIONS[int(rng.random() * len(AFFILIATIONS))],
            subcategory=SUBCATEGORIES[int(rng.random() * len(SUBCATEGORIES))],
            odds=_odds(rng),
            seed=seed,
        )

    def _kind(self, place: int) -> int:
        """Draw what kind of address a row has, in percent."""
        return mix(self._seed, 541, place) % 100

    def _address(self, partner: Partner, night: int) -> str:
        kind = self._kind(partner.place)
        if kind < _NO_ADDRESS:
            return "N/A"
        if kind < _BLANK:
            return ""
        rng = random.Random(mix(partner.seed, 542, night))
        street = people.street(rng)
        return f"{street}, {_UNKNOWN_CITY}" if kind < _NOWHERE else f"{street}, {_city(partner.office, rng)}"


def _city(office: Office, rng: random.Random) -> str:
    # Half live in the office's own city.
    places = (*office.cities, *office.cities[:1] * 2)
    place = places[int(rng.random() * len(places))]
    return f"{place.city}, {place.state}"


def _odds(rng: random.Random) -> tuple[float, ...]:
    """Draw a partner's weekdays: most have a favourite, one in eight has none."""
    favourite = _FAVOURITES[int(rng.random() * len(_FAVOURITES))]
    weight = 0.0 if rng.random() < 0.12 else 0.35 + rng.random() * 0.65
    shares = (weight * (day == favourite) + (1 - weight) * share for day, share in enumerate(_OTHER_DAYS))
    return tuple(accumulate(shares))
