"""Tasks, their status entries and bookings as JSON (Arrivy contract, sections 4.2, 4.3 and 4.8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.arrivy import catalogue, ids, stamps
from sandbox.arrivy.dress import Row, extra_fields, finished
from sandbox.arrivy.ids import url_safe
from sandbox.arrivy.model import Customer, Definition, Task
from sandbox.arrivy.timeline import Entry, State
from sandbox.arrivy.world import World, booking_id, entry_id
from sandbox.seeds import mix

_STALE = 6
_SOURCES = ("app", "web", "sms", "email")


def task(world: World, one: Task, state: State, *, is_detail: bool = False) -> Row:
    """Write a task.

    Args:
        world: Knows the customer and the statuses.
        one: The task.
        state: What has become of it.
        is_detail: Whether it is asked for alone; a list's status lags behind now and then (section 9, quirk 4).

    Returns:
        The row.
    """
    seed, zone, end = one.seed, one.group.zone, ending(one, state)
    due = None if state.start or not state.unscheduled or seed % 2 else state.created + timedelta(days=30)
    row: Row = {
        "id": one.id,
        "url_safe_id": url_safe(one.id),
        "title": one.title,
        "details": _details(state, seed),
        "owner": world.numbers.of(ids.ACCOUNT, 0),
        "template": world.numbers.of(ids.TEMPLATE, seed % 3) if seed % 5 else None,
        "template_type": "TASK",
        "group_id": None if seed % 13 == 0 else one.group.id,
        "series_id": None,
        "booking_id": booking_id(world, one),
        "is_booking": False,
        "is_archived": False,
        "is_locked": False,
        "start_datetime": stamps.utc(state.start, seed),
        "end_datetime": stamps.utc(end, seed),
        "due_datetime": stamps.utc(due, seed),
        "start_datetime_original_iso_str": stamps.original(state.start, zone),
        "end_datetime_original_iso_str": stamps.original(end, zone),
        "due_datetime_original_iso_str": stamps.original(due, zone),
        "start_datetime_timezone": zone if state.start and seed % 4 else None,
        "end_datetime_timezone": zone if end and seed % 4 else None,
        "duration": one.minutes,
        "unscheduled": state.start is None and not one.is_undated,
        "self_scheduling": False,
        "task_without_time": one.is_undated,
        "expected_start_datetime": None,
        "expected_end_datetime": None,
        **_status(world, one, state, is_detail=is_detail),
        **_customer(world.customers.get(one.customer)),
        "entity_ids": list(state.crew),
        "resource_ids": [],
        "crew_ids": [],
        "worker_ids": list(state.crew) if seed % 2 else None,
        "number_of_workers_required": None,
        "entity_confirmation_statuses": {str(number): "CONFIRMED" for number in state.crew} if seed % 4 == 1 else None,
        "external_id": external_id(one),
        "external_type": catalogue.EXTERNAL_TYPES[seed % 4] if external_id(one) else None,
        "external_url": None,
        "is_linked": False,
        "route_id": None,
        "position_in_route": None,
        "current_destination": None,
        "additional_addresses": [],
        "mileage": [] if seed % 9 else [{"value": seed % 400 / 10, "unit": "mi"}],
        **_figures(one, state),
        "document_ids": [],
        "file_ids": [],
        "files": [],
        "forms": [],
        "items": [],
        **extra_fields({"notes": catalogue.NOTES[seed % 5], "crew_size": len(state.crew)}, seed),
        **_template_extra_fields(seed),
        "skill_ids": [],
        "skill_details": None,
        "created": stamps.utc(state.created, seed // 3),
        "updated": stamps.utc(state.updated, seed // 3),
        "created_by": None,
        "created_by_user": "Office Example",
        "updated_by": None,
        "updated_by_user": None,
    }
    return finished(row, one.overrides, seed)


def ending(one: Task, state: State) -> datetime | None:
    """Tell when a task is to end; its duration is negative now and then (section 4.2)."""
    return state.start + timedelta(minutes=abs(one.minutes)) if state.start and one.minutes else None


def external_id(one: Task) -> str | None:
    """Tell the other system's number of a task."""
    return f"EXT-{one.number:09d}" if one.seed % 3 == 1 else None


def entry(world: World, one: Task, state: State, told: Entry) -> Row:
    """Write an entry of the status history."""
    seed = mix(one.seed, 361, told.place)
    reporter = state.crew[seed % len(state.crew)] if state.crew and seed % 4 else None
    known = world.entities.get(reporter) if reporter else None
    found = _definition(world, told)
    row: Row = {
        "id": entry_id(world, one, told.place),
        "type": told.type,
        "title": told.title,
        "type_title": found.title if found else None,
        "color": found.color if found else None,
        "time": stamps.utc(told.time, seed),
        "time_original_iso_str": stamps.original(told.time, one.group.zone),
        "reporter_name": known.name if known else None if reporter else "Office Example",
        "reporter_id": reporter,
        "source": _SOURCES[seed % len(_SOURCES)] if reporter else "web",
        **extra_fields({"notes": catalogue.NOTES[seed % 5], "files": [], "visible_to_customer": seed % 2 == 0}, seed),
    }
    return finished(row, {}, seed)


def booking(world: World, one: Task, state: State) -> Row | None:
    """Write the booking that a task came from; None where it came from none."""
    number = booking_id(world, one)
    if number is None:
        return None
    row = {key: value for key, value in task(world, one, state).items() if key not in {"booking_id", "template_type"}}
    row |= {
        "id": number,
        "is_booking": True,
        "task_type": "BOOKING",
        "description": row.pop("details", None),
        "created_time": stamps.utc(state.created, one.seed),
        "updated_time": stamps.utc(state.updated, one.seed),
        "duration_estimate": one.minutes,
        "timezone": one.group.zone,
        "is_recurring": False,
        "is_all_day": False,
        "enable_time_window_display": False,
    }
    return row


def _details(state: State, seed: int) -> str | None:
    told = catalogue.NOTES[seed // 11 % 5] if seed % 3 else None
    return f"{told or 'Note'} (edit {state.edits})" if state.edits else told


def _definition(world: World, told: Entry | None) -> Definition | None:
    """Find the definition of an entry: by its title where it is the company's own."""
    type_ = told.type if told else catalogue.NOT_STARTED
    title = told.title if told and type_ == catalogue.CUSTOM else None
    return next((one for one in world.definitions if one.type == type_ and title in {None, one.title}), None)


def _status(world: World, one: Task, state: State, *, is_detail: bool) -> Row:
    newest = state.newest
    if newest and one.seed % _STALE == 0 and not is_detail:
        earlier = [known for known in state.entries if known is not newest]
        newest = max(earlier, key=lambda known: known.time, default=None)
    found = _definition(world, newest)
    type_ = newest.type if newest else catalogue.NOT_STARTED
    # One of the company's own is told by its title, or as CUSTOM (section 5).
    told = newest.title if newest and newest.title and one.seed % 2 else type_
    return {
        "status": told,
        "status_id": found.id if found else None,
        "status_title": found.title if found and one.seed % 5 else None,
    }


def _customer(one: Customer | None) -> Row:
    if one is None:
        return {"customer_id": None, "customer_name": None}
    group = one.group
    return {
        "customer_id": one.id,
        "customer_name": one.company or " ".join(filter(None, (one.first, one.last))) or None,
        "customer_first_name": one.first,
        "customer_last_name": one.last,
        "customer_company_name": one.company,
        "customer_email": one.email,
        "customer_phone": one.phone,
        "customer_mobile_number": None,
        "customer_address_line_1": one.street,
        "customer_address_line_2": None,
        "customer_city": group.city,
        "customer_state": group.state,
        "customer_country": "CAN" if group.state == "ON" else "USA",
        "customer_zipcode": one.zip,
        "customer_exact_location": {"lat": group.lat, "lng": group.lng} if one.street else None,
        "customer_notes": None,
        "customer_timezone": group.zone if one.seed % 2 else None,
        "is_customer_address_geo_coded": one.street is not None,
    }


def _figures(one: Task, state: State) -> Row:
    """Write times as texts or numbers, and the rating (section 4.2)."""
    newest = state.newest
    is_done = newest is not None and newest.type in {catalogue.COMPLETE, catalogue.CUSTOM}
    minutes = abs(one.minutes or 0)
    return {
        "travel_time": "25" if is_done and one.seed % 2 else 25 if is_done else None,
        "task_time": str(minutes) if is_done and one.seed % 3 else minutes if is_done else None,
        "rating": float(one.seed % 5 + 1) if is_done and one.seed % 4 == 0 else None,
        "rating_text": "Great crew 👍" if is_done and one.seed % 8 == 0 else None,
        "outbound_sms_count": len(state.entries),
        "inbound_sms_count": 0,
    }


def _template_extra_fields(seed: int) -> Row:
    """Write the template's own fields: a list, an empty list, or no key at all (section 9, quirk 6)."""
    if seed % 5 == 0:
        return {}
    if seed % 5 == 1:
        return {"template_extra_fields": []}
    fields: list[dict[str, Any]] = [
        {"type": "TEXT", "name": "Primary source", "value": catalogue.LEADS[seed % 5]},
        {"type": "DROPDOWN", "name": "Product interest primary", "value": catalogue.PRODUCTS[seed // 5 % 5]},
        {"type": "NUMBER", "name": "Appointment count", "value": seed % 3},
    ]
    return {"template_extra_fields": fields[: 1 + seed // 3 % 3]}
