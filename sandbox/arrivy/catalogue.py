"""What the account is made of: branches, statuses, kinds of work. All invented but the cities."""

from __future__ import annotations

from typing import NamedTuple

# City, state, zip, zone, area code, latitude, longitude. A zip may begin with 0.
GROUPS = (
    ("Boston", "MA", "02108", "America/New_York", "617", 42.36, -71.06),
    ("Los Angeles", "CA", "90012", "America/Los_Angeles", "213", 34.05, -118.24),
    ("Phoenix", "AZ", "85003", "America/Phoenix", "602", 33.45, -112.07),
    ("Denver", "CO", "80202", "America/Denver", "303", 39.74, -104.99),
    ("Chicago", "IL", "60601", "America/Chicago", "312", 41.88, -87.63),
    ("Toronto", "ON", "M5H 2N2", "America/Toronto", "416", 43.65, -79.38),
)

NOT_STARTED, ENROUTE, STARTED, COMPLETE = "NOTSTARTED", "ENROUTE", "STARTED", "COMPLETE"
EXCEPTION, CANCELLED, CONFIRMED, CUSTOM = "EXCEPTION", "CANCELLED", "CONFIRMED", "CUSTOM"
PREPARING, RESCHEDULED, CUSTOMER_EXCEPTION = "PREPARING", "RESCHEDULED", "CUSTOMER_EXCEPTION"
# Section 5, with the titles that people see.
STATUSES = (
    (NOT_STARTED, "Not Started"),
    (ENROUTE, "On Our Way"),
    (STARTED, "Start"),
    (COMPLETE, "Complete"),
    (EXCEPTION, "Exception"),
    (CANCELLED, "Cancel"),
    (PREPARING, "Preparing"),
    (CONFIRMED, "Confirmed"),
    ("RECOMMENDED", "Recommended"),
    (RESCHEDULED, "Rescheduled"),
    (CUSTOMER_EXCEPTION, "Customer Exception"),
    ("READYFORPICKUP", "Ready For Pickup"),
)
SOLD, APPOINTMENT, REVISIT = "Demo Sold", "Appointment Confirmed", "Needs Revisit "
# The company's own: all of one type, told apart by their titles.
CUSTOM_TITLES = (APPOINTMENT, SOLD, REVISIT, "Permit – Ready")
TYPES = frozenset(type_ for type_, _ in STATUSES) | {CUSTOM}
COLORS = ("0693e3", "8ed1fc", "00d084", "eb144c", "fcb900", "abb8c3")

ENTITY_TYPES = ("Installer", "Night-Shift Driver", "CREW", "Estimator", "technician ")
PERMISSIONS = ("FIELDCREW", "FIELDCREW", "FIELDCREW", "LIMITEDACCESS", "SCHEDULER", "ADMIN")
EXTERNAL_TYPES = ("HUBSPOT", "PIPEDRIVE", "SALESFORCE", "OTHER")
COMPANIES = ("Example Roofing", "Sample Dental Group", "Placeholder Cafe 🍩", "Fixture & Sons")
LEADS = ("Web", "Referral", "Door Hanger", "Trade Show", None)
PRODUCTS = ("Roof", "Windows", "Siding", "Gutters", "Solar")
NOTES = (
    "Gate code is on file.",
    "Call ahead; dog in the yard.",
    'Customer said "after 5" – bring ladder {{ 24ft }}',
    "100% deposit paid",
    "",
)


class Work(NamedTuple):
    """A kind of task."""

    title: str
    minutes: int
    crew: int


WORK = (
    Work("Estimate", 120, 1),
    Work("Roof Install", 480, 3),
    Work("Window Measure", 60, 1),
    Work("Siding Repair", 180, 2),
    Work("Gutter Service ", 90, 2),
    Work("Final Inspection", 45, 1),
)
