"""The cities that the geocoder knows: real ones, at about where they are."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """One city."""

    city: str
    state: str
    lat: float
    lng: float


_TABLE = """
Los Angeles CA 34.052 -118.244|Pasadena CA 34.148 -118.144|Long Beach CA 33.770 -118.194|Irvine CA 33.684 -117.826
New York NY 40.713 -74.006|Yonkers NY 40.931 -73.899|Hoboken NJ 40.744 -74.032|Stamford CT 41.053 -73.539
Dallas TX 32.777 -96.797|Plano TX 33.020 -96.699|Fort Worth TX 32.755 -97.331|Austin TX 30.267 -97.743
Detroit MI 42.331 -83.046|Ann Arbor MI 42.281 -83.743|Dearborn MI 42.322 -83.176|Royal Oak MI 42.490 -83.145
Atlanta GA 33.749 -84.388|Marietta GA 33.953 -84.550|Decatur GA 33.775 -84.296|Alpharetta GA 34.075 -84.294
Miami FL 25.762 -80.192|Hialeah FL 25.858 -80.278|Coral Gables FL 25.721 -80.268|Fort Lauderdale FL 26.122 -80.137
Washington DC 38.907 -77.037|Arlington VA 38.880 -77.107|Bethesda MD 38.985 -77.095|Reston VA 38.969 -77.341
Denver CO 39.739 -104.990|Boulder CO 40.015 -105.271|Aurora CO 39.729 -104.832|Golden CO 39.756 -105.221
Phoenix AZ 33.448 -112.074|Tempe AZ 33.426 -111.940|Scottsdale AZ 33.494 -111.926|Mesa AZ 33.415 -111.831
Chicago IL 41.878 -87.630|Evanston IL 42.045 -87.688|Naperville IL 41.751 -88.153|Oak Park IL 41.885 -87.785
Charlotte NC 35.227 -80.843|Concord NC 35.409 -80.580|Gastonia NC 35.262 -81.187|Matthews NC 35.117 -80.724
Seattle WA 47.606 -122.332|Bellevue WA 47.610 -122.201|Tacoma WA 47.253 -122.444|Redmond WA 47.674 -122.121
San Francisco CA 37.775 -122.419|Oakland CA 37.804 -122.271|San Jose CA 37.339 -121.895|Berkeley CA 37.872 -122.273
Portland OR 45.515 -122.678|Beaverton OR 45.487 -122.804|Gresham OR 45.500 -122.430|Vancouver WA 45.639 -122.661
"""


def _read(text: str) -> Place:
    city, state, lat, lng = text.rsplit(" ", 3)
    return Place(city, state, float(lat), float(lng))


# One line for each of the offices that FMS serves, its own city first.
MARKETS = tuple(tuple(map(_read, line.split("|"))) for line in _TABLE.strip().splitlines())
_BY_CITY: dict[str, list[Place]] = {}
for _place in (place for market in MARKETS for place in market):
    _BY_CITY.setdefault(_place.city.casefold(), []).append(_place)
_BY_NAME = {(place.city.casefold(), place.state.casefold()): place for market in MARKETS for place in market}
STATES = {
    "AZ": "Arizona", "CA": "California", "CO": "Colorado", "CT": "Connecticut", "DC": "District of Columbia",
    "FL": "Florida", "GA": "Georgia", "IL": "Illinois", "MD": "Maryland", "MI": "Michigan", "NC": "North Carolina",
    "NJ": "New Jersey", "NY": "New York", "OR": "Oregon", "TX": "Texas", "VA": "Virginia", "WA": "Washington",
}  # fmt: skip


def find(city: str, state: str) -> Place | None:
    """Find a city.

    Args:
        city: Its name, in any case.
        state: Two letters, in any case.

    Returns:
        The city, or None when the geocoder does not know it.
    """
    return _BY_NAME.get((city.casefold(), state.casefold()))


def find_city(name: str) -> Place | None:
    """Find a city by its name alone, or by its name with the state and no comma: "Dallas", "Washington D.C.".

    Args:
        name: The name, in any case.

    Returns:
        The city, or None when the geocoder knows none of that name, or several.
    """
    named = _BY_CITY.get(name.casefold(), [])
    city, _, state = name.replace(".", "").rpartition(" ")
    return named[0] if len(named) == 1 else find(city, state)
