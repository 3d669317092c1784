"""What is read from DriveShop FMS. Sections are those of docs/vendors.md.

Five reports, each a CSV file without a header that holds the complete data set (section 1): what is absent from it is
gone. Partners come before loans and activities, since those belong to a partner's offices. The workbooks are filled in
by people and dropped into a folder: a row that is not there says nothing.
"""

from __future__ import annotations

from branchline.stream import Source, Stream


def _report(name: str, report: str) -> Stream:
    """One nightly file; `report` is the vendor's name of it."""
    return Stream(name, f"/{report}", (name,), wave="reports", is_report=True, absence="deleted")


FMS = Source(
    "fms",
    hook="branchline.hooks.fms.FmsHook",
    streams=(
        _report("vehicles", "active_vehicles"),
        _report("media_partners", "media_partners"),
        _report("loan_history", "loan_history"),
        _report("current_activity", "current_vehicle_activity"),
        _report("approved_makes", "approved_makes"),
    ),
    derived={
        "reports": ("fms.media_partners.preferred_days", "fms.ops_capacity.offices"),
        "places": ("core.locations", "fms.media_partners.places"),
    },
)


def _sheet(name: str) -> Stream:
    """One sheet of a workbook; its rows are merged, and a row that is not there says nothing (section 6)."""
    return Stream(name, "", (name,), wave="workbooks")


FMS_WORKBOOKS = Source(
    "fms",
    hook="branchline.hooks.fms.FmsWorkbooks",
    streams=(_sheet("ops_capacity"), _sheet("holiday_blackout_dates"), _sheet("rules"), _sheet("budgets")),
    form=("path",),
)
