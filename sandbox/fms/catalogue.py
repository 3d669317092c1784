"""What is lent, and the texts that stand beside it."""

from __future__ import annotations

from typing import NamedTuple


class Model(NamedTuple):
    """One model of a make."""

    make: str
    name: str
    short: str


# make: short name / long name with its trim. "NA", "1E5" and "0500" are names, no missing values or numbers.
_TABLE = """
Acura: MDX/MDX Type S Advance | TLX/TLX A-Spec AWD | Integra/Integra A-Spec Technology
Alfa Romeo: Giulia/Giulia Quadrifoglio | Stelvio/Stelvio Veloce AWD
Audi: Q5/Q5 45 TFSI quattro S line | A4/A4 allroad 2.0T, Premium Plus
BMW: X5/X5 xDrive40i | i4/i4 eDrive35 Gran Coupe | M3/M3 Competition xDrive
Buick: Envista/Envista Avenir | Enclave/Enclave Sport Touring
Cadillac: Lyriq/LYRIQ Sport 3 AWD | CT5/CT5-V Blackwing
Chevrolet: Tahoe/Tahoe RST 4WD | Corvette/Corvette E-Ray 3LZ | 1E5/Silverado 1E5 Concept
Chrysler: Pacifica/Pacifica Pinnacle Hybrid | 300/300C
Dodge: Durango/Durango SRT 392 | Hornet/Hornet R/T Plus
Fiat: 0500/500e (RED) Edition | NA/500e "La Prima"
Ford: Bronco/Bronco Badlands 4-Door | F-150/F-150 Raptor R | Mach-E/Mustang Mach-E GT
Genesis: GV70/GV70 3.5T Sport Prestige | G80/G80 Electrified
GMC: Sierra/Sierra 1500 AT4X | Hummer EV/Hummer EV SUV 3X
Honda: CR-V/CR-V Sport Touring Hybrid | Pilot/Pilot TrailSport | Civic/Civic Type R
Hyundai: Ioniq 5/IONIQ 5 N | Palisade/Palisade Calligraphy Night | Tucson/Tucson Hybrid Limited
Infiniti: QX60/QX60 Autograph AWD | QX80/QX80 Sensory
Jeep: Wrangler/Wrangler Rubicon 392 | Wagoneer/Grand Wagoneer Series III
Kia: EV9/EV9 GT-Line | Telluride/Telluride X-Pro SX | Sportage/Sportage X-Pro Prestige
Land Rover: Defender/Defender 110 V8 | NA/Range Rover Sport P530
Lexus: GX/GX 550 Overtrail+ | RX/RX 500h F Sport Performance
Lincoln: Aviator/Aviator Black Label | Nautilus/Nautilus Reserve Hybrid
Mazda: CX-90/CX-90 PHEV Premium Plus | Miata/MX-5 Miata Club | CX-50/CX-50 Turbo Meridian
Mercedes-Benz: EQE/EQE 350+ Sedan | GLE/GLE 450e 4MATIC
Mini: Cooper/Cooper S 4 Door | Countryman/Countryman SE ALL4
Mitsubishi: Outlander/Outlander PHEV SEL Black Edition
Nissan: Z/Z NISMO | Ariya/Ariya Platinum+ e-4ORCE | Pathfinder/Pathfinder Rock Creek
Porsche: Taycan/Taycan 4S Cross Turismo | 911/911 Carrera T
Ram: 1500/1500 RHO | Promaster/ProMaster 3500 High Roof
Subaru: Outback/Outback Wilderness | WRX/WRX tS | Solterra/Solterra Touring
Toyota: Tacoma/Tacoma TRD Pro i-FORCE MAX | Prius/Prius Prime XSE | Land Cruiser/Land Cruiser 1958
Volkswagen: ID. Buzz/ID. Buzz 1st Edition | Golf R/Golf R Euro Style | Atlas/Atlas Cross Sport SEL R-Line
Volvo: EX30/EX30 Twin Motor Performance Ultra | XC90/XC90 T8 Recharge
"""


def _read(table: str) -> tuple[Model, ...]:
    found = []
    for line in table.strip().splitlines():
        make, _, models = line.partition(": ")
        for model in models.split(" | "):
            short, _, name = model.partition("/")
            found.append(Model(make, name, short))
    return tuple(found)


MODELS = _read(_TABLE)
MAKES = tuple(dict.fromkeys(model.make for model in MODELS))
# How the budget feed writes some fleets; aliases are resolved by the reader (FMS contract, section 2).
FLEET_SPELLINGS = {
    "VOLKSWAGEN": ("VW", "Volkswagen", "vw"),
    "CHEVROLET": ("Chevy", "CHEV", "CHEVROLET"),
}
COLORS = ("Soul Red Crystal", "Glacier White", "Onyx Black", "Bluebird, metallic", "Gris Café", "Sonic Gray", "NA", "")
VEHICLE_NOTES = (
    "", "", "", "", "Winter tires on", "Key #2 missing", "1E5", "NA", "None", 'Windshield "chip", watch', "0042",
    "Charge cable in trunk, adapter too",
)  # fmt: skip
PARTNER_NOTES = (
    "", "", "", "", "Call before delivery", "Gate code 0042", "Deliver to garage,\nnot to the street", "NA",
    'Prefers "stick" cars', "1E5", "No drop-off before 10:00; café next door", "=Ask for the desk",
)  # fmt: skip
AFFILIATIONS = ("Freelance", "Example Motor Weekly", "Sample Auto Radio", "The Placeholder Post", "NA", "")
SUBCATEGORIES = ("12", "14", "27", "31", "", "n/a")
# Kinds of activity that nobody is lent to; the list of kinds is open (FMS contract, section 2).
HOLDS = ("Hold",) * 8 + ("Hold for Turn In",) * 5 + ("Special",) * 3 + ("Event",) * 4
HOLD_PLACES = ("", "", "Detail shop", "Body shop, bay 3", "Auto show", "Fleet lot")
RANKS = ("A+", "A", "A", "B", "B", "B", "C", "C", "Pending")
