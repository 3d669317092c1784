"""The branches: fifty as the vendor sent them, sixteen more in their style.

SmartMoving contract, section 11.10: flags, trailing and double spaces, a missing space before
the flag, one state as a code among full names, ZIP codes with a leading zero, cities that
differ from the branch's name. Telephone numbers are invented.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Office(NamedTuple):
    """One branch as it was captured.

    Attributes:
        name: Exactly as sent.
        city: Often not the one in the name.
        state: The full name, once a code.
        zip: As text.
        lat: Latitude.
        lng: Longitude.
        phone: Whether a number is sent, an empty string or null.
        primary: True for one branch only.
    """

    name: str
    city: str
    state: str
    zip: str
    lat: float
    lng: float
    phone: Literal["set", "empty", "null"] = "set"
    primary: bool = False


CAPTURED = (
    Office(
        "ABBOTSFORD 🇨🇦 - Let's Get Moving ",
        "Abbotsford",
        "British Columbia",
        "V2T 1X8",
        49.051584,
        -122.320611,
        phone="empty",
    ),
    Office("AJAX 🇨🇦 - Let's Get Moving", "Ajax", "Ontario", "L1Z 0P8", 43.884788, -79.018916),
    Office("ALEXANDRIA 🇺🇸 - Let's Get Moving", "Alexandria", "Virginia", "22315", 38.771694, -77.133007),
    Office(
        "ARLINGTON 🇺🇸 - Let's Get Moving",
        "Arlington",
        "Virginia",
        "22201",
        38.890402,
        -77.088088,
        phone="empty",
    ),
    Office("AURORA 🇨🇦 - Let's Get Moving", "Aurora", "Ontario", "L4G 1X7", 43.999539, -79.456959),
    Office("AUSTIN 🇺🇸 - Let's Get Moving", "Austin", "Texas", "78745", 30.22007, -97.767797),
    Office("BARRIE 🇨🇦 - Let's Get Moving ", "Barrie", "Ontario", "L4N 9J2", 44.33849, -79.697272),
    Office("BOCA RATON🇺🇸 - Let's Get Moving ", "Boca Raton", "Florida", "33432", 26.3554, -80.085675),
    Office("BOISE 🇺🇸 - Let's Get Moving", "Meridian", "Idaho", "83646", 43.620916, -116.349331, phone="empty"),
    Office("BRAMPTON 🇨🇦 - Let's Get Moving", "Brampton", "Ontario", "L6S 5X8", 43.763042, -79.7065),
    Office("BRANTFORD 🇨🇦 - Let's Get Moving", "Brantford", "Ontario", "N3S 3S3", 43.143433, -80.226394),
    Office("BURLINGTON 🇨🇦 - Let's Get Moving", "Burlington", "Ontario", "L7L 2A4", 43.36866, -79.770601),
    Office(
        "BURNABY 🇨🇦 - Corporate - Let's Get Moving",
        "Burnaby",
        "British Columbia",
        "V5J 0G4",
        49.20657,
        -123.021983,
    ),
    Office("CALGARY 🇨🇦 - Let's Get Moving", "Calgary", "Alberta", "T2E 5T8", 51.088836, -114.0357),
    Office("CHICAGO 🇺🇸 - Let's Get Moving", "Chicago", "Illinois", "60612", 41.884415, -87.699144, phone="empty"),
    Office(
        "COLORADO SPRINGS 🇺🇸 - Let's Get Moving",
        "Colorado Springs",
        "Colorado",
        "80909",
        38.84729,
        -104.761123,
        phone="empty",
    ),
    Office("COQUITLAM 🇨🇦 - Let's Get Moving", "Port Moody", "British Columbia", "V3H 3H6", 49.275019, -122.830375),
    Office(
        "DES PLAINES 🇺🇸 - Let's Get Moving",
        "Des Plaines",
        "Illinois",
        "60016",
        42.053964,
        -87.914548,
        phone="empty",
    ),
    Office(
        "DOWNTOWN TORONTO 🇨🇦 - Corporate - Let's Get Moving",
        "Toronto",
        "Ontario",
        "M4M 3L1",
        43.663321,
        -79.341261,
    ),
    Office("EDMONTON 🇨🇦 - Corporate - Let's Get Moving", "Edmonton", "Alberta", "T6E 0A9", 53.490649, -113.48423),
    Office(
        "FREDERICTON 🇨🇦 - Let's Get Moving",
        "Fredericton",
        "New Brunswick",
        "E3B 5V5",
        45.914425,
        -66.619158,
        phone="empty",
    ),
    Office(
        "HALIFAX 🇨🇦 - Let's Get Moving",
        "Halifax",
        "Nova Scotia",
        "B3M 2L4",
        44.682911,
        -63.661505,
        phone="empty",
    ),
    Office("HAMILTON 🇨🇦 - Corporate - Let's Get Moving", "Hamilton", "Ontario", "L8L 3Z3", 43.25993, -79.830752),
    Office("HOUSTON 🇺🇸 - Let's Get Moving", "Houston", "Texas", "77043", 29.800579, -95.568807),
    Office(
        "JERSEY 🇺🇸 - Let's Get Moving",
        "Little Ferry",
        "New Jersey",
        "07643",
        40.845062,
        -74.032734,
        phone="empty",
    ),
    Office(
        "KELOWNA 🇨🇦 - Let's Get Moving",
        "Kelowna",
        "British Columbia",
        "V1Y 7G7",
        49.898463,
        -119.483822,
        phone="null",
    ),
    Office("KINGSTON 🇨🇦 - Let's Get Moving", "Kingston", "Ontario", "K7P 1N3", 44.26173, -76.567632),
    Office("LETHBRIDGE 🇨🇦 - Let's Get Moving", "Lethbridge", "Alberta", "T1H 3Z4", 49.703015, -112.794519),
    Office("LONDON 🇨🇦 - Let's Get Moving ", "London", "Ontario", "N5W 2B5", 42.986815, -81.20429),
    Office(
        "LOS ANGELES 🇺🇸 - Let's Get Moving",
        "Van Nuys",
        "California",
        "91406",
        34.21559,
        -118.47975,
        phone="empty",
    ),
    Office("MARIETTA 🇺🇸 - Let's Get Moving", "Marietta", "Georgia", "30066", 33.996582, -84.524849),
    Office("MARKHAM 🇨🇦 - Let's Get Moving", "Markham", "Ontario", "L3P 2T4", 43.878025, -79.25753),
    Office("MIAMI 🇺🇸 - Let's Get Moving ", "Miami", "Florida", "33130", 25.765687, -80.19494),
    Office("MILTON 🇨🇦 - Let's Get Moving", "Milton", "Ontario", "L9T 7X1", 43.501686, -79.879033, phone="empty"),
    Office(
        "MISSISSAUGA 🇨🇦 - Corporate - Let's Get Moving",
        "Mississauga",
        "Ontario",
        "L4X 2G6",
        43.624865,
        -79.578198,
    ),
    Office(
        "MONCTON 🇨🇦 - Let's Get Moving",
        "Dieppe",
        "New Brunswick",
        "E1A 1P9",
        46.104705,
        -64.705086,
        phone="empty",
    ),
    Office(
        "MONTRÈAL 🇨🇦 - Corporate - Let's Get Moving",
        "Saint-Laurent",
        "Quebec",
        "H4T 2B3",
        45.485123,
        -73.697172,
    ),
    Office("MovedIn", "Etobicoke", "Ontario", "M9B 0A5", 43.646692, -79.561877, phone="empty"),
    Office("NASHVILLE 🇺🇸 - Let's Get Moving", "Nashville", "Tennessee", "37203", 36.155773, -86.801977),
    Office("NEW JERSEY 🇺🇸 - Let's Get Moving", "Fairfield", "New Jersey", "07004", 40.86167, -74.319035),
    Office(
        "NORTH YORK TORONTO  🇨🇦 - Corporate - Let's Get Moving",
        "Toronto",
        "ON",
        "M3K 1E8",
        43.7285243,
        -79.4727536,
        primary=True,
    ),
    Office("NORTHERN VIRGINIA 🇺🇸  - Let's Get Moving", "Sterling", "Virginia", "20166", 38.986167, -77.472141),
    Office("OAKVILLE 🇨🇦 - Let's Get Moving", "Oakville", "Ontario", "L6K 2G3", 43.434821, -79.700278),
    Office("OSHAWA  🇨🇦 - Lets Get Moving", "Oshawa", "Ontario", "L1G 7L1", 43.934755, -78.866785, phone="empty"),
    Office("OTTAWA 🇨🇦 - Let's Get Moving", "Stittsville", "Ontario", "K2S 1E5", 45.261372, -75.922449),
    Office("PETERBOROUGH 🇨🇦 - Let's Get Moving", "Peterborough", "Ontario", "K9J 6X7", 44.283587, -78.29004),
    Office(
        "PHILADELPHIA  🇺🇸 - Let's Get Moving",
        "Philadelphia",
        "Pennsylvania",
        "19106",
        39.949026,
        -75.147252,
        phone="empty",
    ),
    Office("PHOENIX 🇺🇸 - Corporate - Let's Get Moving", "Phoenix", "Arizona", "85034", 33.445355, -112.05953),
    Office(
        "RAPID TRANSITIONS 🇨🇦 (OOT-LONG DISTANCE)",
        "London",
        "Ontario",
        "N5W 2B5",
        42.986815,
        -81.20429,
        phone="empty",
    ),
    Office("REGINA 🇨🇦 - Let's Get Moving", "Regina", "Saskatchewan", "S4P 3X3", 50.450146, -104.611855),
)
ADDED = (
    Office("RICHMOND 🇨🇦 - Let's Get Moving", "Richmond", "British Columbia", "V6X 2A9", 49.19003, -123.13668),
    Office("SAINT JOHN 🇨🇦 - Let's Get Moving", "Saint John", "New Brunswick", "E2L 4L5", 45.27332, -66.06328),
    Office("SAN ANTONIO 🇺🇸 - Let's Get Moving ", "San Antonio", "Texas", "78216", 29.53335, -98.49778, "empty"),
    Office("SASKATOON 🇨🇦 - Let's Get Moving", "Saskatoon", "Saskatchewan", "S7K 3J8", 52.14339, -106.66014),
    Office("SCARBOROUGH 🇨🇦 - Let's Get Moving", "Scarborough", "Ontario", "M1P 4P5", 43.77343, -79.25775),
    Office("SEATTLE 🇺🇸 - Let's Get Moving", "Tukwila", "Washington", "98188", 47.46235, -122.26179, "empty"),
    Office("ST. CATHARINES  🇨🇦 - Let's Get Moving", "Thorold", "Ontario", "L2V 4Y6", 43.12306, -79.19889),
    Office("SURREY 🇨🇦 - Let's Get Moving", "Surrey", "British Columbia", "V3T 2W1", 49.18909, -122.84804),
    Office("TAMPA 🇺🇸 - Let's Get Moving", "Tampa", "Florida", "33607", 27.96257, -82.49452, "empty"),
    Office(
        "VANCOUVER 🇨🇦 - Corporate - Let's Get Moving",
        "Vancouver",
        "British Columbia",
        "V5X 2P5",
        49.21074,
        -123.10098,
    ),
    Office("VAUGHAN 🇨🇦 - Let's Get Moving", "Concord", "Ontario", "L4K 2Y8", 43.80142, -79.50112),
    Office("VICTORIA 🇨🇦 - Let's Get Moving ", "Victoria", "British Columbia", "V8T 4M2", 48.43922, -123.36361),
    Office("WATERLOO 🇨🇦 - Let's Get Moving", "Kitchener", "Ontario", "N2C 1L3", 43.42353, -80.44716),
    Office("WINDSOR 🇨🇦 - Let's Get Moving", "Windsor", "Ontario", "N8W 5K8", 42.28137, -82.98712, "empty"),
    Office("WINNIPEG 🇨🇦 - Let's Get Moving", "Winnipeg", "Manitoba", "R3H 0A4", 49.89911, -97.20113),
    Office("WOODSTOCK 🇨🇦 - Let's Get Moving", "Woodstock", "Ontario", "N4S 7W3", 43.11523, -80.75411),
)
OFFICES = CAPTURED + ADDED
# Towns that are on no map, for the option that renames every branch.
_TOWN_WORDS = (
    "ALDERMERE BIRCHCLIFFE CEDARHOLM DUNMARROW ELMSTEAD FERNBRAE GLENWICK HAWTHRONE IVYBRIDGE JUNIPERTON "
    "KESTRELHAM LARCHFORD MAPLEBECK NETTLEDEN OAKHAVEN PINEWATER QUARRYTON ROWANLEA SORRELTON THISTLEDOWN "
    "UMBERLEY VALEWOOD WILLOWMERE YARROWBY ZINNIA AMBERFIELD BRACKENRIDGE CLOVERDALE DAISYTON EGLANTINE "
    "FOXGLOVE GORSEFORD HEATHERLY INDIGO JASMINE KINGCUP LAVENDER MARIGOLD NARCISSUS ORCHARDTON PRIMROSE "
    "QUINCEFORD ROSEMOUNT SAFFRON TANSYVALE URCHIN VIOLETA WOODRUFF YEWTREE ZEPHYR ASTERLEA BLUEBELL "
    "CAMELLIA DAHLIA ECHINACEA FUCHSIA GENTIAN HYACINTH IRISVALE JONQUIL KALMIA LILAC MAGNOLIA NIGELLA "
    "OLEANDER PEONY"
)
TOWNS = tuple(_TOWN_WORDS.split())
# Sent by an opportunity although no branch is called that (a branch closed or renamed since).
UNLISTED = ("KAMLOOPS 🇨🇦 - Let's Get Moving", "RED DEER 🇨🇦 - Let's Get Moving ")
AREA_CODES = {
    "Alberta": "403",
    "British Columbia": "604",
    "Manitoba": "204",
    "New Brunswick": "506",
    "Nova Scotia": "902",
    "Ontario": "416",
    "ON": "416",
    "Quebec": "514",
    "Saskatchewan": "306",
}
CANADIAN = frozenset(AREA_CODES)
