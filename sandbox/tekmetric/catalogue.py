"""What the shops are called and what they sell; all of it invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sandbox.tekmetric.model import Shop

GOLDEN_SHOP = 4100
# So many that every id still fits 31 bits.
_MOST_SHOPS = 30


class _Town(NamedTuple):
    city: str
    state: str
    zip: str
    zone: str
    area: str


# A state is two letters or a full name (Tekmetric contract, section 1.9). Arizona and Hawaii keep no
# summer time, and El Paso keeps another time than its state.
_TOWNS = (
    _Town("Rochester", "NY", "14604", "America/New_York", "585"),
    _Town("Tucson", "AZ", "85701", "America/Phoenix", "520"),
    _Town("Fresno", "California", "93721", "America/Los_Angeles", "559"),
    _Town("Peoria", "IL", "61602", "America/Chicago", "309"),
    _Town("El Paso", "TX", "79901", "America/Denver", "915"),
    _Town("Frederick", "Maryland", "21701", "America/New_York", "301"),
    _Town("Boise", "ID", "83702", "America/Boise", "208"),
    _Town("Honolulu", "HI", "96813", "Pacific/Honolulu", "808"),
    _Town("Anchorage", "AK", "99501", "America/Anchorage", "907"),
    _Town("Evansville", "IN", "47708", "America/Chicago", "812"),
)
_NAMES = (
    "Placeholder Auto Repair",
    "Sample Street Garage ",
    "Fixture Motor Works",
    "Demo Brake & Tire",
    "Prototype Automotive #5",
    "Example Bros. Service",
    "Mockup Auto Care",
    "Specimen Car Clinic",
    "Testing Grounds Garage",
    "Rehearsal Auto",
)
_RATES = (14_500, 13_200, 17_900, 12_500, 11_800, 15_600, 13_900, 18_500, 16_400, 12_900)
_TAXES = (0.08, 0.087, 0.08375, 0.1, 0.0825, 0.06, 0.06, 0.045, 0.0, 0.07)

GOLDEN = Shop(
    id=GOLDEN_SHOP,
    place=1,
    name="Golden Reference Garage",
    nickname="Golden",
    street="100 Fixture Cres",
    city="Pueblo",
    state="CO",
    zip="81003",
    zone="America/Denver",
    area="719",
    labor_rate=15_000,
    tax_rate=0.05,
    newer=True,
    fixed=True,
)


def drawn_shops(count: int) -> list[Shop]:
    """List the shops that are drawn, in several time zones.

    Args:
        count: How many, 30 at most.

    Returns:
        The shops; their ids follow the golden shop's, whatever the seed.
    """
    if not 0 <= count <= _MOST_SHOPS:
        raise ValueError(f"there can be 0 to {_MOST_SHOPS} drawn Tekmetric shops, not {count}")
    shops = []
    for index in range(count):
        town, again = _TOWNS[index % len(_TOWNS)], index // len(_TOWNS)
        shops.append(
            Shop(
                id=GOLDEN_SHOP + 1 + index,
                place=2 + index,
                name=_NAMES[index % len(_NAMES)] + (f" {again + 1}" if again else ""),
                nickname="" if index % 3 == 0 else town.city,
                street=f"{210 + index * 7} Mockup Lane",
                city=town.city,
                state=town.state,
                zip=town.zip,
                zone=town.zone,
                area=town.area,
                labor_rate=_RATES[index % len(_RATES)],
                tax_rate=_TAXES[index % len(_TAXES)],
                newer=index % 2 == 1,
            )
        )
    return shops


@dataclass(frozen=True, slots=True)
class Ware:
    """A part on the price list; a tyre's size stands in `tyre`."""

    name: str | None
    number: str | None
    brand: str
    cost: int
    retail: int
    quantities: tuple[float, ...] = (1.0,)
    type: int = 1
    tyre: tuple[str, str, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A job on the price list; prices are even, so that halves of a quart make no half cents."""

    name: str
    category: str | None
    hours: float
    wares: tuple[Ware, ...] = ()
    sublet: str | None = None
    code: str = "GEN"


_OIL = Ware("5W-30 Full Synthetic (qt)", "SYN-530", "Mockoil", 498, 1_148, (4.5, 5.0, 5.5, 6.0, 7.5))
_TYRE = Ware(None, None, "Rolltest", 9_200, 14_500, (1.0, 2.0, 4.0), 2, ("Placeholder A/S", "225", 55.0, 17.0))
_WINTER = Ware(None, None, "Rolltest", 11_050, 17_980, (4.0,), 2, ("Demo Winter", "LT245", 75.0, 16.0))
SERVICES = (
    Service("Oil & Filter Service", "Maintenance", 0.5, (_OIL, Ware("Oil Filter", "OF-100", "Mockfilt", 420, 1_290))),
    Service(
        "Front Brake Pads & Rotors",
        "Brakes",
        2.2,
        (
            Ware("Brake Pad Set", "BP-220", "Stubstop", 5_860, 11_998),
            Ware("Rotor", "RT-118", "Stubstop", 6_240, 11_498, (2.0,)),
        ),
        code="BRK",
    ),
    Service("Mount & Balance Tires", "Tires", 1.6, (_TYRE, Ware("Valve Stem", None, "", 90, 350, (4.0,))), code="TIR"),
    Service("Winter Tires", "Tires", 1.2, (_WINTER,), code="TIR"),
    Service(
        "Battery Replacement",
        "Electrical",
        0.4,
        (Ware("Group 35 Battery", "BAT-35", "Voltmock", 10_250, 18_998, type=5),),
    ),
    Service("Four Wheel Alignment", "Tires", 0.0, (), "Alignment", code="TIR"),
    Service("Diagnostic", None, 1.0),
    Service(
        "Cooling System Flush",
        "Maintenance",
        1.1,
        (Ware("Coolant (gal)", "CL-50", "Mockoil", 1_150, 2_650, (1.0, 1.5, 2.0)),),
    ),
    Service("Spark Plugs", "Engine", 1.8, (Ware("Iridium Plug", "SP-9", "Sparktest", 780, 1_690, (4.0, 6.0)),)),
    Service(
        "Timing Belt & Water Pump",
        "Engine",
        4.6,
        (
            Ware("Timing Belt Kit", "TB-771", "Beltmock", 14_230, 26_500),
            Ware("Water Pump", "WP-32", "Beltmock", 6_480, 13_250),
        ),
    ),
    Service("Wiper Blades", None, 0.1, (Ware(None, None, "Swipetest", 890, 2_190, (2.0,)),)),
    Service(
        "Transmission Overhaul",
        "Drivetrain",
        1.5,
        (Ware("ATF (qt)", "ATF-6", "Mockoil", 610, 1_398, (9.5, 12.0)),),
        "Transmission",
    ),
    Service("State Inspection", "Inspection", 0.3, code="INS"),
    Service("Headlamp Assembly", "Electrical", 0.9, (Ware("Headlamp", "HL-88", "Lumitest", 18_400, 32_998),)),
)
DECLINES = (None, "Customer will think about it", "Recommend at next visit", "Déclined – too expensive 🙁")
CONCERNS = (
    "Noise when braking",
    "Check engine light on",
    "Pulls to the left at 60 mph",
    "Oil change due",
    "A/C blows warm; smells like \"wet dog\"",
    "Won't start when cold",
)  # fmt: skip
SUBLET_VENDORS = ((1, "Specimen Alignment Shop"), (2, "Fixture Transmission & Gear"), (3, "Sample Glass "))
MAKES = (
    ("Toyota", "Camry", "2.5L L4 (A25A) GAS FI"),
    ("Ford", "F-150", "3.5L V6 (T) GAS FI"),
    ("Honda", "CR-V", "1.5L L4 (1) GAS FI"),
    ("Chevrolet", "Silverado 1500", None),
    ("Mercedes-Benz", "Sprinter 2500", "3.0L V6 (1) DIESEL"),
    ("Subaru", "Outback", "2.5L H4 (D) GAS FI"),
    ("Nissan", "Leaf", None),
)
COMPANIES = (
    "Placeholder Plumbing LLC",
    "Sample & Sons Roofing, Inc.",
    "City of Exampleton Fleet",
    "Demo Deliveries",
    'Fixture "Fast" Freight',
)
# Ids 1 to 4 (section 1.8); the code is the id as text.
ROLES = {1: "Shop Admin", 2: "Service Advisor", 3: "Technician", 4: "Owner"}
