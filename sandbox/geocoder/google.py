"""Google's Geocoding API: the status is in the body, HTTP says 200 (FMS contract, section 8)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.geocoder.locate import Located, locate
from sandbox.geocoder.places import STATES
from sandbox.limits import Window
from sandbox.options import Options
from sandbox.vendor import Answer, Call, json_answer

Row = dict[str, object]
_PACIFIC = ZoneInfo("America/Los_Angeles")
_MESSAGES = {
    "REQUEST_DENIED": "The provided API key is invalid.",
    "INVALID_REQUEST": "Invalid request. Missing the 'address', 'components', 'latlng' or 'place_id' parameter.",
    "OVER_QUERY_LIMIT": "You have exceeded your rate-limit for this API.",
    "OVER_DAILY_LIMIT": "You have exceeded your daily request quota for this API.",
    "UNKNOWN_ERROR": "The request could not be processed due to a server error. The request may succeed if you "
    "try again.",
}
_US = {"us", "usa", "united states"}


class Google:
    """Answers /maps/api/geocode/json."""

    def __init__(self, options: Options, clock: Clock, tell: Callable[[str, str], None]) -> None:
        """Set the service up.

        Args:
            options: Key and limits.
            clock: Says which day the daily quota counts for.
            tell: Is told each address with its status.
        """
        self._key = options.geocoder_key
        self._clock = clock
        self._tell = tell
        self._second = Window(options.geocoder_rate_per_second, 1.0)
        self._per_day = options.geocoder_per_day
        self.reset()

    def reset(self) -> None:
        """Forget all calls."""
        self._second.reset()
        self._day = ""
        self._of_day = 0

    def answer(self, call: Call) -> Answer:
        """Answer one call."""
        address, status, found = self._asked(call)
        self._tell(address, status)
        told: Row = {"results": [_result(found)] if found else [], "status": status}
        if status in _MESSAGES:
            told["error_message"] = _MESSAGES[status]
        return json_answer(told)

    def _asked(self, call: Call) -> tuple[str, str, Located | None]:
        components = dict(
            part.split(":", 1) for part in call.query.get("components", "").casefold().split("|") if ":" in part
        )
        named = [components.get(name) for name in ("route", "locality", "administrative_area", "postal_code")]
        address = call.query.get("address", "").strip() or ", ".join(filter(None, named))
        refusal = self._refusal(call, address or components.get("country", ""))
        if refusal:
            return address, refusal, None
        # Components filter: another country has none of the cities.
        found = locate(address) if components.get("country", "us") in _US else None
        return address, "OK" if found else "ZERO_RESULTS", found

    def _refusal(self, call: Call, asked: str) -> str | None:
        if call.query.get("key") != self._key:
            return "REQUEST_DENIED"
        if not asked:
            return "INVALID_REQUEST"
        if self._second.wait(self._key):
            return "OVER_QUERY_LIMIT"
        day = self._clock.now().astimezone(_PACIFIC).date().isoformat()
        self._of_day = self._of_day + 1 if day == self._day else 1
        self._day = day
        return "OVER_DAILY_LIMIT" if self._per_day and self._of_day > self._per_day else None


def _result(found: Located) -> Row:
    place = found.place
    street = f"{found.number} {found.street}" if found.number else found.street
    last = f"{place.state} {found.zip}" if found.zip else place.state
    kind = "street_address" if found.number else "route" if found.street else "locality"
    parts = [
        (found.number, found.number, ["street_number"]),
        (found.street, found.street, ["route"]),
        (place.city, place.city, ["locality", "political"]),
        (STATES[place.state], place.state, ["administrative_area_level_1", "political"]),
        ("United States", "US", ["country", "political"]),
        (found.zip, found.zip, ["postal_code"]),
    ]
    result: Row = {
        "address_components": [
            {"long_name": long, "short_name": short, "types": types} for long, short, types in parts if long
        ],
        "formatted_address": ", ".join(filter(None, (street, place.city, last, "USA"))),
        "geometry": {
            "location": {"lat": found.lat, "lng": found.lng},
            "location_type": found.location_type,
            "viewport": {
                "northeast": {"lat": round(found.lat + 0.0013, 7), "lng": round(found.lng + 0.0013, 7)},
                "southwest": {"lat": round(found.lat - 0.0013, 7), "lng": round(found.lng - 0.0013, 7)},
            },
        },
        "place_id": "Ei" + base64.urlsafe_b64encode(found.token.to_bytes(8, "big") * 2).decode().rstrip("="),
        "types": [kind, "political"] if kind == "locality" else [kind],
    }
    # There only when it is true (section 8).
    return result | {"partial_match": True} if found.partial else result
