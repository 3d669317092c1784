"""How FMS writes its records: every form of every value that FMS contract, section 2 knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sandbox.fms.layouts import ACTIVITY, BUDGET, LOANS, MAKES, PARTNERS, VEHICLES
from sandbox.fms.model import Approval, Hold, Loan, Partner, Spending, Vehicle
from sandbox.fms.world import Day

Record = Vehicle | Partner | Loan | Hold | Approval | Spending


def records(report: str, day: Day) -> Sequence[Record]:
    """List the records behind a report's good rows, in its order."""
    table: dict[str, Sequence[Record]] = {
        VEHICLES: day.vehicles,
        PARTNERS: day.partners,
        LOANS: day.loans,
        ACTIVITY: day.activity,
        MAKES: day.approvals,
        BUDGET: day.spending,
    }
    return table[report]


def written(record: Record, report: str, day: Day) -> list[str]:
    """Write a record as one of a report's rows, with all columns of today."""
    if isinstance(record, Vehicle):
        return _vehicle(record, day.today)
    if isinstance(record, Partner):
        return _partner(record, day.addresses[record.place])
    if isinstance(record, Loan):
        address = day.addresses[record.partner.place]
        return _loan(record, address) if report == LOANS else _current_loan(record, address)
    if isinstance(record, Hold):
        return _hold(record)
    if isinstance(record, Approval):
        return [record.person, record.listed_name, record.make, record.rank]
    return _spending(record)


def _dashed(day: date) -> str:
    return f"{day.month:02d}-{day.day:02d}-{day.year % 100:02d}"


def _slashed(day: date) -> str:
    return f"{day.month:02d}/{day.day:02d}/{day.year % 100:02d}"


def _either(day: date, seed: int) -> str:
    """Write a date as the loans do, now and then in the other form."""
    return _slashed(day) if seed % 50 == 9 else _dashed(day)


def _float(text: str, *, wanted: bool) -> str:
    """Write an id as pandas does in a column with blanks; padded ids show that they are no numbers."""
    return f"{text}.0" if wanted and text.isdigit() and text[0] != "0" else text


def _vin(vin: str, seed: int) -> str:
    return vin.lower() if seed % 25 == 4 else f"{vin} " if seed % 90 == 8 else vin


def _vehicle(one: Vehicle, today: date) -> list[str]:
    seed = one.seed
    long_year = f"{one.registration_exp:%m/%d/%Y}"
    return [
        str(one.number),
        str(one.year),
        one.model.make,
        one.model.name,
        one.model.short,
        one.office.name,
        _vin(one.vin, seed),
        one.fleet,
        long_year if seed % 20 == 3 else _slashed(one.registration_exp),
        "" if one.has_no_insurance_date else _slashed(one.insurance_exp),
        f"{one.mileage(today):,}",
        f"{one.arrived.month}/{one.arrived.year}",
        _slashed(one.expected_turn_in) if seed % 20 == 6 else _dashed(one.expected_turn_in),
        one.notes,
        one.color,
    ]


def _partner(one: Partner, address: str) -> list[str]:
    return [
        one.person,
        one.name,
        address,
        one.office.name,
        one.region,
        one.notes,
        one.affiliation,
        one.subcategory,
    ]


def _loan(one: Loan, address: str) -> list[str]:
    vehicle, partner, seed = one.vehicle, one.partner, one.seed
    return [
        _float(one.id, wanted=seed % 60 == 5),
        _vin(vehicle.vin, seed),
        _float(partner.person, wanted=seed % 20 == 3),
        vehicle.model.make,
        vehicle.model.name,
        "" if one.has_no_year else f"{vehicle.year:,}" if seed % 80 == 2 else str(vehicle.year),
        vehicle.model.short,
        _either(one.start, seed),
        _either(one.end, seed),
        one.clips,
        partner.office.name,
        partner.name,
        address,
        partner.region,
    ]


def _current_loan(one: Loan, address: str) -> list[str]:
    partner, seed = one.partner, one.seed
    return [
        one.id,
        _float(partner.person, wanted=seed % 10 == 1),
        _vin(one.vehicle.vin, seed),
        one.kind,
        _either(one.start, seed),
        _either(one.end, seed),
        partner.listed_name,
        address,
        partner.region,
    ]


def _hold(one: Hold) -> list[str]:
    vin = _vin(one.vehicle.vin, one.seed)
    region = one.vehicle.office.regions[0]
    return [one.id, "", vin, one.kind, _either(one.start, one.seed), _either(one.end, one.seed), one.place, "", region]


def _spending(one: Spending) -> list[str]:
    amount = "" if one.cents is None else f"{one.cents / 100:,.2f}"
    return [one.spelling, one.office.name, f"{one.year:,}", f"Q{one.quarter}", amount]
