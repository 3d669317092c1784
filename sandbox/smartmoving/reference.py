"""Reference rows as the vendor sent them, and lists of the same kind where none was captured.

SmartMoving contract, sections 5.6 and 11.12 to 11.14: leading and trailing spaces, near
duplicates, a move size whose name is a GUID (made by an unknown text in a lead, section 9).
"""

from __future__ import annotations

# id, name, scalingFactorPercentage, the three activity flags, order
SERVICE_TYPES = (
    (1, "Moving", 100, False, 1),
    (3, "Packing", 100, False, 2),
    (4, "Moving And Packing", 100, False, 3),
    (5, "Load Only", 65, False, 4),
    (6, "Unload Only", 35, False, 5),
    (112, "Load Only and Packing ", 100, True, 6),
    (7, "Commercial", 100, False, 7),
    (8, "Storage In Bound", 80, False, 8),
    (9, "Storage Out Bound", 80, False, 9),
    (111, "Driving", 100, False, 10),
    (101, "Storage Inbound and Packing", 100, False, 11),
    (12, "Labor Only", 100, False, 13),
    (11, "Junk Removal", 100, False, 14),
    (102, "Cleaning", 100, False, 15),
    (103, "Unpacking ", 100, False, 16),
    (104, "Material Pickup at Office", 100, False, 17),
    (105, "Box Delivery", 100, False, 18),
    (106, "Ferry Load Only", 100, False, 19),
    (107, "Ferry Unload Only", 100, False, 20),
    (113, "Ferry Same Day Moving", 100, False, 21),
    (109, "Bin Rental Drop Off", 100, True, 22),
    (108, "Bin Rental Pick Up", 100, True, 23),
    (110, "Material Pickup at the Office ", 100, False, 24),
    (114, " Labour and Packing Only", 100, False, 25),
    (116, " LONG DISTANCE: RAPID TRANSITION", 100, False, 27),
)
# name, description, volume (cubic feet), weight (pounds)
MOVE_SIZES: tuple[tuple[str, str, int | None, float], ...] = (
    (
        "1 HR MIN/2-4 PM ONLY/AFTER JOBS UNDER 900 SQ FT ONLY ",
        "1 HR MIN/2-4 PM/AFTER JOBS UNDER 900 SQ FT ONLY",
        0,
        0.0,
    ),
    ("Single Item Only (2hr Min Job) ", "1 item only", 100, 700.0),
    ("Material Pickup at the Office", "Material Pickup at the Office", 0, 0.0),
    (
        "Room Only or 5 furniture Items or Less (2hr Min Job) ",
        "A single Room from a larger house or less than 5 items",
        75,
        525.0,
    ),
    ("Office (Small)", "small office or partial office space 800 SQFT or less", 450, 3150.0),
    ("Office (Medium)", "medium sized office", 1200, 8400.0),
    ("Office (Large)", "4000 SQFT", 3816, 26712.0),
    ("Box Delivery", "Not a move, delivery of supplies only", 0, 0.0),
    ("Rental Bins Pick Up", "Rental Bins Pick Up", 1, 7.0),
    ("Rental Bins Drop Off", "Rental Bins Drop Off", 1, 7.0),
    ("Commercial ", "4000 SQFT", 3816, 26712.0),
    ("Warehouse", "1000-5000 SQFT", 3816, 26712.0),
    ("Studio Apartment", "Under 600 SQFT", 288, 2016.0),
    ("1 Bedroom Apartment", "600 - 800 SQFT", 432, 3024.0),
    ("2 Bedroom Apartment", "1200 - 1400 SQFT", 864, 6048.0),
    ("3 Bedroom Apartment", "1800 - 2000 SQFT", 1296, 9072.0),
    ("2 Bedroom Townhouse", "1000-1400 SQFT", 864, 6048.0),
    ("3 Bedroom Townhouse", "1200-1500 SQFT", 874, 6118.0),
    ("4 Bedroom Townhouse", "1200-1600 SQFT", 900, 6300.0),
    ("2 Bedroom House", "1400 - 1600 SQFT", 1008, 7056.0),
    ("2 Bedroom House (Large)", "1600 - 1800 SQFT", 1152, 8064.0),
    ("3 Bedroom House", "2000 - 2200 SQFT", 1440, 10080.0),
    ("3 Bedroom House (Large)", "2200 - 2400 SQFT", 1584, 11088.0),
    ("4 Bedroom House", "2600 - 2800 SQFT", 1872, 13104.0),
    ("4 Bedroom House (Large)", "2800 - 3000 SQFT", 2016, 14112.0),
    ("5 Bedroom House", "3300 - 3600 SQFT", 3168, 22176.0),
    ("5 Bedroom House (Large)", "3600 - 4000 SQFT", 3816, 26712.0),
    ("5 x 10 Storage Unit", "", 400, 2800.0),
    ("5 x 15 Storage Unit", "", 600, 4200.0),
    ("10 x 10 Storage Unit", "", 800, 5600.0),
    ("10 x 15 Storage Unit", "", 1200, 8400.0),
    ("10 x 20 Storage Unit", "", 1600, 11200.0),
    ("10x25 Storage Unit ", "10 x 25 foot storage unit", 1800, 12600.0),
    ("10x30 Storage Unit", "10x30 storage unit", 3000, 21000.0),
    ("Medium", "Medium", None, 0.0),
    ("fcf027f4-1e18-43bc-a7fe-aa2400334a00", "fcf027f4-1e18-43bc-a7fe-aa2400334a00", None, 0.0),
    ("1 Bedroom", "1 Bedroom", None, 0.0),
    ("4+ Bedrooms", "4+ Bedrooms", None, 0.0),
)
# name, isLeadProvider, isPublic
REFERRAL_SOURCES = (
    ("Google", False, True),
    (" Google Ads", False, True),
    ("(416 | ASK REFERRAL", False, True),
    ("Repeat Customer", False, True),
    ("Repeat  Customer", False, True),
    ("Friend / Family ", False, True),
    (" Truck Signage", False, True),
    ("Real Estate Agent", False, True),
    ("Website", True, True),
    ("Lead Provider - Example", True, True),
    ("Example Van Lines", True, False),
    ("Internal Transfer", False, False),
    ("Employee", False, False),
    ("Other", False, True),
)
ROLES = (
    ("Sales Person", 28),
    ("Franchisee Manager", 11),
    ("Sales Manager", 4),
    ("Admin", 3),
    ("Operations Manager", 3),
    ("Accounting", 1),
)
TITLES = ("Sales Representative", "Manager", "Franchisee", "Dispatcher ", "Move Coordinator", "Owner")
CREW_ROLES = ("Driver", "Mover", "Crew Lead", "Helper ")
LEAD_STATUSES = (
    "New",
    "CMET",
    "Follow Up",
    "Quoted",
    "Booked ",
    "Tentative Booking",
    "On Hold",
    "Call Back  Later",
    "Bad Lead",
    "Lost",
)
BAD_LEAD_REASONS = ("Duplicate", "Wrong Number", "Out of Service Area", "Spam ", "Not a Move")
CANCELLATION_REASONS = (
    "Customer Cancelled",
    "Closing Delayed",
    "Found Another Mover ",
    "Weather",
    "No Reason",
)
LOST_REASONS = ("Price", "Availability", "No Response", "DIY Move ", "Booked Competitor", "")
# description, startTime, endTime (decimal hours), isDefault
ARRIVAL_WINDOWS = (
    ("8:00 AM - 9:00 AM", 8.0, 9.0, True),
    ("9:00 AM - 11:00 AM", 9.0, 11.0, False),
    ("12:00 PM - 3:00 PM ", 12.0, 15.0, False),
    ("2:30 PM - 4:30 PM", 14.5, 16.5, False),
)
ROOM_TYPES = (
    "Bedroom",
    "Commercial Move",
    "Dining Room",
    "Garage",
    "Kids Room",
    "Kitchen",
    "Living Room",
    "Office",
    "Other",
    "Outdoor",
)
# name, rate: one rate is null (section 11.14)
MATERIALS: tuple[tuple[str, float | None], ...] = (
    ("Small Box (1.5 cu ft)", 3.5),
    ("Medium Box (3.0 cu ft)", 4.75),
    ("Large Box (4.5 cu ft) ", 5.995),
    ("Wardrobe Box", 19.99),
    ("Packing Paper", 45.0),
    ("Tape", 4.0),
    ("Mattress Bag", None),
)
