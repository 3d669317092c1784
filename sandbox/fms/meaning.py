"""What a row means once it is read: the values that belong in the warehouse."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.fms.model import Approval, Hold, Loan, Partner, Vehicle
from sandbox.fms.rows import Record
from sandbox.fms.world import Day

# The columns whose text is their meaning, by report-independent name; a blank is null.
_TEXTS = {
    "Make": "make",
    "Model": "model",
    "Model Short Name": "model_short_name",
    "Model_Short_Name": "model_short_name",
    "Office": "office",
    "Fleet": "fleet",
    "Notes": "notes",
    "Color": "color",
    "Name": "name",
    "Address": "address",
    "Default loan region": "default_loan_region",
    "Notes / Instructions": "notes_instructions",
    "Affiliation": "affiliation",
    "Clips_Received": "clips_received",
    "Partner_Address": "partner_address",
    "Region": "region",
    "Activity_Type": "activity_type",
    "To": "to_field",
    "Rank": "rank",
}


def meaning(record: Record, report: str, day: Day, said: dict[str, str]) -> dict[str, Any]:
    """Tell what a good line means.

    Args:
        record: The record.
        report: Which report it stands in.
        day: The day.
        said: Texts that were changed by hand; only columns of text are understood.

    Returns:
        The values by the name of their column in the warehouse.
    """
    told = _told(record, report == "loan_history", day)
    changed = {_TEXTS[name]: value for name, value in said.items() if name in _TEXTS}
    return {name: _null(value) for name, value in (told | changed).items()}


def _null(value: Any) -> Any:
    return None if value == "" else value


def _address(text: str) -> str | None:
    """Read an address: N/A means that there is none (FMS contract, section 2)."""
    return None if text in {"", "N/A"} else text


def _told(record: Record, history: bool, day: Day) -> dict[str, Any]:
    if isinstance(record, Vehicle):
        return _vehicle(record, day.today)
    if isinstance(record, Partner):
        return {
            "person_id": record.person,
            "name": record.name,
            "address": _address(day.addresses[record.place]),
            "office": record.office.name,
            "default_loan_region": record.region,
            "notes_instructions": record.notes,
            "affiliation": record.affiliation,
            "activity_type_subcategory_id": int(record.subcategory) if record.subcategory.isdigit() else None,
        }
    if isinstance(record, Loan):
        return _loan(record, day) if history else _activity(record, day)
    if isinstance(record, Hold):
        return _activity(record, day)
    if isinstance(record, Approval):
        return {
            "person_id": record.person,
            "name": record.listed_name,
            "make": record.make,
            "rank": record.rank,
        }
    return {
        "fleet": record.fleet,
        "office": record.office.name,
        "year": record.year,
        "quarter": f"Q{record.quarter}",
        "amount_used": f"{(record.cents or 0) / 100:.2f}",
    }


def _vehicle(one: Vehicle, today: date) -> dict[str, Any]:
    return {
        "vehicle_id": one.number,
        "year": one.year,
        "make": one.model.make,
        "model": one.model.name,
        "model_short_name": one.model.short,
        "office": one.office.name,
        "vin": one.vin,
        "fleet": one.fleet,
        "registration_exp": one.registration_exp,
        "insurance_exp": None if one.has_no_insurance_date else one.insurance_exp,
        "current_mileage": one.mileage(today),
        "in_service_date": one.arrived.replace(day=1),
        "expected_turn_in_date": one.expected_turn_in,
        "notes": one.notes,
        "color": one.color,
    }


def _loan(one: Loan, day: Day) -> dict[str, Any]:
    partner, vehicle = one.partner, one.vehicle
    return {
        "activity_id": one.id,
        "vin": vehicle.vin,
        "person_id": partner.person,
        "make": vehicle.model.make,
        "model": vehicle.model.name,
        "year": None if one.has_no_year else vehicle.year,
        "model_short_name": vehicle.model.short,
        "start_date": one.start,
        "end_date": one.end,
        "clips_received": one.clips,
        "office": partner.office.name,
        "name": partner.name,
        "partner_address": _address(day.addresses[partner.place]),
        "region": partner.region,
    }


def _activity(one: Loan | Hold, day: Day) -> dict[str, Any]:
    told: dict[str, Any] = {
        "activity_id": one.id,
        "person_id": None,
        "vehicle_vin": one.vehicle.vin,
        "activity_type": one.kind,
        "start_date": one.start,
        "end_date": one.end,
        "to_field": None,
        "partner_address": None,
        "region": None,
    }
    if isinstance(one, Hold):
        return told | {"to_field": one.place, "region": one.vehicle.office.regions[0]}
    partner = one.partner
    return told | {
        "person_id": partner.person,
        "to_field": partner.listed_name,
        "partner_address": _address(day.addresses[partner.place]),
        "region": partner.region,
    }
