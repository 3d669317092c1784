"""Nominatim's search: a bare list, coordinates as text, one call a second by its usage policy."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.geocoder.locate import Located, locate
from sandbox.geocoder.places import STATES
from sandbox.limits import Window
from sandbox.options import Options
from sandbox.vendor import TEXT, Answer, Call, json_answer

_LICENCE = "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright"
_HALF_BOX = 0.00005
_STRUCTURED = ("street", "city", "state", "postalcode", "country")


class Nominatim:
    """Answers /search."""

    def __init__(self, options: Options, tell: Callable[[str, str], None]) -> None:
        """Set the service up.

        Args:
            options: The limit.
            tell: Is told each address with what came of it, in Google's words.
        """
        self._tell = tell
        self._second = Window(options.nominatim_rate_per_second, 1.0)

    def reset(self) -> None:
        """Forget all calls."""
        self._second.reset()

    def answer(self, call: Call) -> Answer:
        """Answer one call."""
        query = call.query
        asked = query.get("q", "").strip() or _structured(call)
        if not asked:
            self._tell(asked, "INVALID_REQUEST")
            problem = {"code": 400, "message": "Nothing to search for."}
            return json_answer({"error": problem}, 400)
        # One budget for all callers: the policy counts the application, not its connections.
        if self._second.wait("all"):
            self._tell(asked, "OVER_QUERY_LIMIT")
            return Answer(429, b"Bandwidth limit exceeded", TEXT)
        countries = set(filter(None, query.get("countrycodes", "").casefold().split(",")))
        found = locate(asked) if not countries or "us" in countries else None
        self._tell(asked, "OK" if found else "ZERO_RESULTS")
        details = query.get("addressdetails") == "1"
        return json_answer([_row(found, details=details)] if found else [])


def _structured(call: Call) -> str:
    """Put a structured query together as one line; the zip code belongs to the state."""
    street, city, state, zip_, country = (call.query.get(name, "").strip() for name in _STRUCTURED)
    return ", ".join(filter(None, (street, city, f"{state} {zip_}".strip(), country)))


def _row(found: Located, *, details: bool) -> dict[str, object]:
    place = found.place
    names = (found.number, found.street, place.city, STATES[place.state], found.zip, "United States")
    house = found.number is not None
    row: dict[str, object] = {
        "place_id": found.token % 400_000_000,
        "licence": _LICENCE,
        "osm_type": "node" if house else "way" if found.street else "relation",
        "osm_id": found.token // 7 % 10_000_000_000,
        "lat": f"{found.lat:.7f}",
        "lon": f"{found.lng:.7f}",
        "class": "place" if house or not found.street else "highway",
        "type": "house" if house else "residential" if found.street else "city",
        "place_rank": 30 if house else 26 if found.street else 16,
        "importance": 0.00001 if house else 0.05 if found.street else 0.75,
        "addresstype": "place" if house else "road" if found.street else "city",
        "name": "" if house else found.street or place.city,
        "display_name": ", ".join(filter(None, names)),
        "boundingbox": [
            f"{found.lat - _HALF_BOX:.7f}",
            f"{found.lat + _HALF_BOX:.7f}",
            f"{found.lng - _HALF_BOX:.7f}",
            f"{found.lng + _HALF_BOX:.7f}",
        ],
    }
    if details:
        told = zip(("house_number", "road", "city", "state", "postcode", "country"), names, strict=True)
        row["address"] = {name: value for name, value in told if value} | {"country_code": "us"}
    return row
