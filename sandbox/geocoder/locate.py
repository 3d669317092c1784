"""Where an address is: always the same point for the same address, near the city that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.geocoder.places import Place, find, find_city
from sandbox.seeds import mix, text_number

_COUNTRIES = frozenset({"us", "usa", "united states"})
_STATE_AND_ZIP = re.compile(r"([A-Za-z]{2})(?:\s+(\d{5})(?:-\d{4})?)?")
_NUMBER_AND_STREET = re.compile(r"(\d+[A-Za-z]?)\s+(\S.*)")
# A degree of latitude is 69 miles: an address lies within four miles of its city's centre.
_SPREAD_DEGREES = 0.055
_HOUSE_TYPES = ("ROOFTOP",) * 15 + ("RANGE_INTERPOLATED",) * 4 + ("GEOMETRIC_CENTER",)
_PARTIAL_OF = 25


@dataclass(frozen=True, slots=True)
class Located:
    """A found address.

    Attributes:
        place: Its city.
        number: The house number, if the address has one.
        street: The street, if it has one.
        zip: The zip code, if it has one.
        lat: The latitude.
        lng: The longitude.
        location_type: How exact that is (FMS contract, section 8).
        partial: Whether only a part of the address was recognised.
        token: What the identifiers are made of.
    """

    place: Place
    number: str | None
    street: str | None
    zip: str | None
    lat: float
    lng: float
    location_type: str
    partial: bool
    token: int


def locate(address: str) -> Located | None:
    """Find an address, written "street, city, ST", with or without zip code and country, or a city's name alone.

    Args:
        address: The address.

    Returns:
        Where it is, or None when it names no city that the geocoder knows.
    """
    parts = [" ".join(part.split()) for part in address.split(",")]
    parts = [part for part in parts if part]
    if parts and parts[-1].casefold() in _COUNTRIES:
        parts.pop()
    if len(parts) == 1 and (city := find_city(parts[0])):
        return Located(
            city, None, None, None, city.lat, city.lng, "APPROXIMATE", False, text_number(city.city.casefold())
        )
    last = _STATE_AND_ZIP.fullmatch(parts[-1]) if len(parts) > 1 else None
    place = find(parts[-2], last[1]) if last else None
    if last is None or place is None:
        return None
    head = _NUMBER_AND_STREET.fullmatch(parts[0]) if len(parts) > 2 else None
    street = head[2] if head else parts[0] if len(parts) > 2 else None
    token = text_number(", ".join(parts).casefold())
    if street is None:
        return Located(place, None, None, last[2], place.lat, place.lng, "APPROXIMATE", False, token)
    kinds = _HOUSE_TYPES if head else ("GEOMETRIC_CENTER",)
    return Located(
        place=place,
        number=head[1] if head else None,
        street=street,
        zip=last[2],
        lat=round(place.lat + _offset(token, 1), 7),
        lng=round(place.lng + _offset(token, 2), 7),
        location_type=kinds[mix(token, 3) % len(kinds)],
        partial=mix(token, 4) % _PARTIAL_OF == 0,
        token=token,
    )


def _offset(token: int, which: int) -> float:
    return (mix(token, which) / 2**64 * 2 - 1) * _SPREAD_DEGREES
