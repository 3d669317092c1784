"""The offices that FMS serves, each with the cities its partners live in."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.geocoder.places import MARKETS, Place


@dataclass(frozen=True, slots=True)
class Office:
    """One office.

    Attributes:
        name: As the reports write it.
        regions: The loan regions of its partners.
        cities: Where they live, the office's own city first.
    """

    name: str
    regions: tuple[str, str]
    cities: tuple[Place, ...]


# In the order of the geocoder's markets.
_NAMES = (
    ("Los Angeles", "Southern California"), ("New York", "Northeast"), ("Dallas", "Texas"), ("Detroit", "Great Lakes"),
    ("Atlanta", "Southeast"), ("Miami", "South Florida"), ("Washington D.C.", "Mid-Atlantic"),
    ("Denver", "Mountain"), ("Phoenix", "Desert Southwest"), ("Chicago", "Midwest"), ("Charlotte", "Carolinas"),
    ("Seattle", "Puget Sound"), ("San Francisco", "Bay Area"), ("Portland", "Pacific Northwest"),
)  # fmt: skip
OFFICES = tuple(
    Office(name, (region, f"{name}, greater area"), cities)
    for (name, region), cities in zip(_NAMES, MARKETS, strict=True)
)
