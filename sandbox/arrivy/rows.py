"""Everything but tasks as JSON (Arrivy contract, sections 4.1 and 4.4 to 4.7)."""

from __future__ import annotations

from typing import Any

from sandbox.arrivy import catalogue, ids, stamps
from sandbox.arrivy.dress import Row, extra_fields, finished
from sandbox.arrivy.ids import url_safe
from sandbox.arrivy.model import Crew, Customer, Definition, Entity, Group
from sandbox.arrivy.world import World
from sandbox.seeds import mix


def entity(world: World, one: Entity) -> Row:
    """Write a crew member; where it was last moves with the clock."""
    seed = one.seed
    row: Row = {
        "id": one.id,
        "type": one.type,
        "owner": world.numbers.of(ids.ACCOUNT, 0),
        "name": one.name,
        "username": None,
        "email": one.email,
        "phone": one.phone,
        "details": "Works weekends" if seed % 10 == 0 else None,
        **extra_fields({"shirt": "L", "truck": seed % 30}, seed),
        "group_id": None if seed % 11 == 0 else one.group.id,
        "additional_group_ids": [],
        "image_id": None,
        "image_path": None,
        "color": f"#{catalogue.COLORS[seed % 6]}",
        "can_turnoff_location": seed % 2 == 0,
        "external_id": f"HR-{one.place:04d}" if seed % 2 else None,
        "external_type": "OTHER" if seed % 2 else None,
        "is_disabled": one.is_disabled,
        "is_active": not one.is_disabled,
        "is_default": one.place == 0,
        "lastreading": _last_reading(world, one),
        "permission": catalogue.PERMISSIONS[one.place % len(catalogue.PERMISSIONS)],
        "user_type": None,
        "invite_status": "ACCEPTED",
        "url_safe_id": url_safe(one.id),
        "city": one.group.city,
        "state": one.group.state,
        "zipcode": one.group.zip,
        "country": "USA",
        "exact_location": None,
        "skill_ids": [],
        "notifications": {"sms": True, "email": seed % 2 == 0},
        "template_id": None,
        "template_extra_fields": [],
        "joined_datetime": stamps.naive(one.created),
        "created": stamps.utc(one.created, seed),
        "updated": stamps.utc(one.updated, seed // 5),
        "created_by": None,
    }
    return finished(row, one.overrides, seed)


def group(world: World, one: Group, overrides: Row) -> Row:
    """Write a branch."""
    seed = mix(world.options.seed, 351, one.place)
    row: Row = {
        "id": one.id,
        "owner": world.numbers.of(ids.ACCOUNT, 0),
        "name": one.name,
        "url_safe_id": url_safe(one.id),
        "description": None,
        "email": f"branch.{one.place}@example.com",
        "phone": f"({one.area}) 555-0100",
        "mobile_number": None,
        "website": None,
        "emergency": None,
        "address_line_1": f"{one.place + 1} Sample St",
        "address_line_2": None,
        "complete_address": f"{one.place + 1} Sample St, {one.city}, {one.state} {one.zip}",
        "city": one.city,
        "state": one.state,
        "country": "CAN" if one.state == "ON" else "USA",
        "zipcode": one.zip,
        "exact_location": {"lat": one.lat, "lng": one.lng},
        "use_lat_lng_address": False,
        "is_address_geo_coded": True,
        "timezone": one.zone,
        "image_id": None,
        "image_path": None,
        "is_default": one.place == 0,
        "is_disabled": False,
        "is_implicit": False,
        "social_links": {},
        "additional_addresses": [],
        "territory_ids": None,
        **extra_fields({"manager": "Sam Example"}, seed),
        "created_by": None,
        "created": "2022-11-01T15:00:00+00:00",
        "updated": "2023-01-01T15:00:00Z",
    }
    return finished(row, overrides, seed)


def customer(world: World, one: Customer) -> Row:
    """Write a customer."""
    seed = one.seed
    row: Row = {
        "id": one.id,
        "owner": world.numbers.of(ids.ACCOUNT, 0),
        "first_name": one.first,
        "last_name": one.last,
        "company_name": one.company,
        "email": one.email,
        "phone": one.phone,
        "mobile_number": None,
        "notes": catalogue.NOTES[seed % len(catalogue.NOTES)] if seed % 6 == 0 else None,
        **extra_fields({"source": "import"}, seed),
        "address_line_1": one.street,
        "address_line_2": "Unit 2" if seed % 9 == 0 else None,
        "city": one.group.city,
        "state": one.group.state,
        "country": "CAN" if one.group.state == "ON" else "USA",
        "zipcode": one.zip,
        "notifications": {"email": True, "sms": seed % 2 == 0},
        "exact_location": None,
        "external_id": f"C-{seed % 100_000}" if seed % 3 else None,
        "created": stamps.utc(one.created, seed),
        "updated": stamps.utc(one.updated, seed),
    }
    return finished(row, one.overrides, seed)


def definition(world: World, one: Definition) -> Row:
    """Write a status definition; some have no times (section 4.4)."""
    is_custom = one.type == catalogue.CUSTOM
    row: Row = {
        "id": one.id,
        "title": one.title,
        "name": one.title if is_custom else one.type,
        "description": None,
        "type": one.type,
        "type_id": one.place + 1,
        "order": one.place * 10,
        "visible_to_customer": one.place % 3 != 0,
        "require_signature": one.type == catalogue.COMPLETE,
        "require_rating": False,
        "color": one.color,
        "is_active": one.title != "Permit – Ready",
        "created": "2023-02-01T12:00:00+00:00" if is_custom else None,
        "updated": "2024-02-01T12:00:00" if is_custom else None,
    }
    return finished(row, {}, mix(world.options.seed, 352, one.place))


def crew(world: World, one: Crew) -> Row:
    """Write a division with its people; one who has left is not among them."""
    members = [world.entities[number] for number in one.members if number in world.entities]
    return {
        "id": one.id,
        "owner": world.numbers.of(ids.ACCOUNT, 0),
        "name": one.name,
        "entity_ids": [member.id for member in members],
        "entities_data": [entity(world, member) for member in members],
        "created": "2023-03-01T12:00:00Z",
        "updated": None,
    }


def _last_reading(world: World, one: Entity) -> Row | None:
    track = world.track(one)
    count = track.until(world.clock.now())
    if not count:
        return None
    read: dict[str, Any] = track.row(count - 1)
    return {key: read[key] for key in ("street", "city", "country", "lat", "lng", "time")}
