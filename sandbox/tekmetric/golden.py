"""The golden shop (4100, Pueblo, America/Denver): orders whose figures can be worked out by hand.

The seed and the clock do not touch them. All money is cents. Technicians: 1001005 (3,000 an hour), 1001006
(2,400 an hour); advisor 1001003. Winter time ends on 8 March 2026: UTC-7 before, UTC-6 from that morning.

`FIGURES` holds what each order comes to, worked out from the lines below and not by the sandbox's code:
revenue = parts + labor + sublets + fees - discounts of authorized work; sales = revenue + taxes; cost = parts
cost + hours at the technician's rate (nothing where nobody is named) + sublet cost; profit = revenue - cost.
"""

from __future__ import annotations

from typing import Any, NamedTuple

ADVISOR, TECH_A, TECH_B = 1_001_003, 1_001_005, 1_001_006
# id, first, last, role, cents an hour, kind of pay, cents a year
EMPLOYEES = (
    (1_001_001, "Noel", "Notional", 4, None, "SALARY", 9_000_000),
    (ADVISOR, "Sage", "Sample", 2, 2_600, "HOURLY", None),
    (TECH_A, "Alex", "Arrayson", 3, 3_000, "FLAT", None),
    (TECH_B, "Blake", "Beltmock", 3, 2_400, "HOURLY", None),
)
# id, first, last, business, mail, number, accounts receivable
CUSTOMERS = (
    (1_900_001, "Casey", "Example", False, "casey@example.com", "7195550101", False),
    (1_900_002, "Golden Fleet Services LLC", "", True, "fleet@example.org", "7195550102", True),
    (1_900_003, None, None, False, None, None, False),
)
# id, customer, year, make, model, vin, unit number
VEHICLES = (
    (7_600_004, 1_900_001, 2018, "Honda", "CR-V", "1HGTEST0GOLDEN001", None),
    (7_600_008, 1_900_002, 2021, "Ford", "Transit 250", "", "UNIT 7"),
    (7_600_012, 1_900_003, 2009, "Toyota", "Camry", None, None),
)
CREATED = "2024-01-15T16:00:00Z"

# One order: number, customer, vehicle, taxes, the moments, jobs, sublets, fees, discounts. A job: name, answer,
# parts, labor, fees, discounts. A part: name, quantity, retail, cost, and
# whether the shop API writes line totals for both. Labor: name, hours, rate, technician. A fee: name, total, then
# percentage and cap where it is one. A sublet: name, job, answer, items of (name, cost, price).
ORDERS: tuple[dict[str, Any], ...] = (
    {  # ordinary: 4.5 quarts, a discount of the job, a percentage fee (5 % of 13,965 is 698, capped at 500)
        "number": 101, "customer": 1_900_001, "vehicle": 7_600_004, "taxes": 309, "miles": 61_234,
        "moments": {"created": "2026-03-03T16:05:00Z", "answer": "2026-03-03T17:00:00Z",
                    "complete": "2026-03-03T21:30:00Z", "post": "2026-03-03T23:10:00Z"},
        "jobs": [("Oil & Filter Service", True,
                  [("5W-30 (qt)", 4.5, 1_150, 500), ("Oil Filter", 1, 1_290, 420)],
                  [("Oil service", 0.5, 15_000, TECH_A)],
                  [("Shop Supplies", 500, 5.0, 500)], [("Loyalty", 1_000)])],
    },
    {  # a sublet, two fees of one name on one job, and a part whose line totals the shop API gives
        "number": 102, "customer": 1_900_001, "vehicle": 7_600_004, "taxes": 1_200, "miles": 61_300,
        "moments": {"created": "2026-03-04T15:00:00Z", "answer": "2026-03-04T16:00:00Z",
                    "complete": "2026-03-05T20:00:00Z", "post": "2026-03-05T22:00:00Z"},
        "jobs": [("Front Brakes", True, [("Pad Set", 1, 12_000, 6_000), ("Rotor", 2, 11_500, 6_200, True)],
                  [("Brakes", 2.0, 15_000, TECH_A), ("Road test", 0.5, 15_000, TECH_B)],
                  [("Shop Supplies", 300), ("Shop Supplies", 200)], [])],
        "sublets": [("Alignment", 0, True, [("Four wheel", 6_000, 8_900), ("Shims", 400, 1_100)])],
    },
    {  # approved, declined, and not answered: only the first counts
        "number": 103, "customer": 1_900_003, "vehicle": 7_600_012, "taxes": 0, "miles": None,
        "moments": {"created": "2026-03-05T16:00:00Z", "answer": "2026-03-05T18:00:00Z",
                    "complete": "2026-03-06T17:00:00Z", "post": "2026-03-06T18:00:00Z"},
        "jobs": [("Diagnostic", True, [], [("Diagnosis", 1.0, 15_000, TECH_B)], [], []),
                 ("Timing Belt", False, [("Belt Kit", 1, 26_500, 14_230)], [("Belt", 4.6, 15_000, TECH_A)], [], []),
                 ("Wiper Blades", None, [(None, 2, 2_190, 890)], [("Wipers", 0.2, 15_000, None)], [], [])],
    },
    {  # accounts receivable, posted in the evening of 9 March, which is 10 March in UTC
        "number": 104, "customer": 1_900_002, "vehicle": 7_600_008, "taxes": 1_900, "bill": True, "miles": 120_500,
        "moments": {"created": "2026-03-09T14:30:00Z", "answer": "2026-03-09T15:30:00Z",
                    "complete": "2026-03-10T01:45:00Z", "post": "2026-03-10T02:30:00Z"},
        "jobs": [("Battery", True, [("Group 35 Battery", 2, 19_000, 10_250)],
                  [("Battery", 0.4, 15_000, TECH_A)], [], [])],
    },
    {  # warranty: one dollar of revenue, fifty of cost, so GP % is -4,900
        "number": 105, "customer": 1_900_001, "vehicle": 7_600_004, "taxes": 0, "miles": 61_400,
        "moments": {"created": "2026-03-10T15:00:00Z", "answer": "2026-03-10T15:30:00Z",
                    "complete": "2026-03-10T19:00:00Z", "post": "2026-03-10T20:00:00Z"},
        "jobs": [("Warranty: Brake Squeal", True, [("Pad Set", 1, 0, 2_600)],
                  [("Warranty", 1.0, 100, TECH_B)], [], [])],
    },
    {  # tyres, whose names are null; nobody is named for the labor
        "number": 106, "customer": 1_900_002, "vehicle": 7_600_008, "taxes": 2_900, "miles": 120_900,
        "moments": {"created": "2026-03-10T16:00:00Z", "answer": "2026-03-10T17:00:00Z",
                    "complete": "2026-03-10T21:00:00Z", "post": "2026-03-10T23:00:00Z"},
        "jobs": [("Mount & Balance", True, [("TIRE", 4, 14_500, 9_200)], [("Mount", 1.6, 15_000, None)], [], [])],
    },
    {  # a fee and a discount of the order itself
        "number": 107, "customer": 1_900_001, "vehicle": 7_600_004, "taxes": 125, "miles": 61_500,
        "moments": {"created": "2026-03-11T15:00:00Z", "answer": "2026-03-11T16:00:00Z",
                    "complete": "2026-03-11T20:00:00Z", "post": "2026-03-11T21:00:00Z"},
        "jobs": [("Coolant Flush", True, [("Coolant (gal)", 1.5, 2_600, 1_150)], [("Flush", 1.1, 15_000, TECH_A)],
                  [("EPA", 250)], [])],
        "fees": [("Environmental Fee", 450)], "discounts": [("Coupon", 2_000)],
    },
    {  # complete and never posted
        "number": 108, "customer": 1_900_003, "vehicle": 7_600_012, "taxes": 0, "miles": 201_000,
        "moments": {"created": "2026-03-11T17:00:00Z", "answer": "2026-03-11T18:00:00Z",
                    "complete": "2026-03-12T17:00:00Z"},
        "jobs": [("State Inspection", True, [], [("Inspection", 0.3, 15_000, TECH_B)], [], [])],
    },
    {  # an estimate that nobody answered
        "number": 109, "customer": 1_900_002, "vehicle": 7_600_008, "taxes": None, "miles": None,
        "moments": {"created": "2026-03-12T15:00:00Z"},
        "jobs": [("Spark Plugs", None, [("Plug", 6, 1_690, 780)], [("Plugs", 1.8, 15_000, TECH_A)], [], [])],
    },
    {  # posted on 12 March, unposted, posted again with the date of 9 March
        "number": 110, "customer": 1_900_001, "vehicle": 7_600_004, "taxes": 0, "miles": 61_600,
        "moments": {"created": "2026-03-09T15:00:00Z", "answer": "2026-03-09T15:30:00Z",
                    "complete": "2026-03-09T18:00:00Z", "post": "2026-03-12T18:00:00Z",
                    "unpost": "2026-03-13T15:00:00Z", "repost": "2026-03-13T15:20:00Z"},
        "posted": "2026-03-09T22:00:00Z",
        "jobs": [("Diagnostic", True, [], [("Diagnosis", 0.5, 15_000, TECH_A)], [], [])],
    },
)  # fmt: skip


class Figures(NamedTuple):
    """What one order comes to; all money in cents, the days in the shop's own calendar."""

    status: int
    posted_day: str | None
    completed_day: str | None
    labor: int
    parts: int
    sublets: int
    fees: int
    discounts: int
    taxes: int
    sales: int
    parts_cost: int
    labor_cost: int
    sublets_cost: int
    hours: float

    @property
    def revenue(self) -> int:
        """Without taxes."""
        return self.sales - self.taxes

    @property
    def cost(self) -> int:
        """All of it."""
        return self.parts_cost + self.labor_cost + self.sublets_cost

    @property
    def profit(self) -> int:
        """What is left."""
        return self.revenue - self.cost


# 101: parts 4.5 x 1,150 + 1,290 = 6,465; labor 0.5 x 15,000; + 500 - 1,000; cost 4.5 x 500 + 420 and 0.5 x 3,000.
FIGURES = {
    101: Figures(5, "2026-03-03", "2026-03-03", 7_500, 6_465, 0, 500, 1_000, 309, 13_774, 2_670, 1_500, 0, 0.5),
    102: Figures(5, "2026-03-05", "2026-03-05", 37_500, 35_000, 10_000, 500, 0, 1_200, 84_200, 18_400, 7_200, 6_400,
                 2.5),
    103: Figures(5, "2026-03-06", "2026-03-06", 15_000, 0, 0, 0, 0, 0, 15_000, 0, 2_400, 0, 1.0),
    104: Figures(6, "2026-03-09", "2026-03-09", 6_000, 38_000, 0, 0, 0, 1_900, 45_900, 20_500, 1_200, 0, 0.4),
    105: Figures(5, "2026-03-10", "2026-03-10", 100, 0, 0, 0, 0, 0, 100, 2_600, 2_400, 0, 1.0),
    106: Figures(5, "2026-03-10", "2026-03-10", 24_000, 58_000, 0, 0, 0, 2_900, 84_900, 36_800, 0, 0, 1.6),
    107: Figures(5, "2026-03-11", "2026-03-11", 16_500, 3_900, 0, 700, 2_000, 125, 19_225, 1_725, 3_300, 0, 1.1),
    108: Figures(3, None, "2026-03-12", 4_500, 0, 0, 0, 0, 0, 4_500, 0, 720, 0, 0.3),
    109: Figures(1, None, None, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0),
    110: Figures(5, "2026-03-09", "2026-03-09", 7_500, 0, 0, 0, 0, 0, 7_500, 0, 1_500, 0, 0.5),
}  # fmt: skip
