"""Derived tables write only what differs; places get the zone they lie in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from branchline.derive import derive

from tests.blocks.landed import LGM, Bench, after, bench, customer, detail, embedded, job


@pytest.fixture
def lgm(warehouse: Any) -> Iterator[Bench]:
    with bench(warehouse.loader) as found:
        yield found


def branch(number: int, lat: Any, lng: Any, zip_code: str = "M5V 1A1", name: str = "TORONTO") -> dict[str, Any]:
    place = {"city": "X", "state": "Y", "zip": zip_code, "lat": lat, "lng": lng}
    return {"id": f"branch {number}", "name": name, "isPrimary": False, "dispatchLocation": place}


def places(bench: Bench) -> dict[str, tuple[Any, ...]]:
    rows = bench.rows("SELECT external_id, country, timezone, currency FROM core.locations WHERE is_mapped")
    return {row.external_id: (row.country, row.timezone, row.currency) for row in rows}


def test_a_place_gets_its_zone_from_its_coordinates_and_never_a_default(lgm: Bench) -> None:
    lgm.take(
        "branches",
        [
            branch(1, 43.65, -79.38),
            branch(2, 49.28, -123.12, "V6B 1A1"),
            branch(3, 40.71, -74.0, "07643"),
            branch(4, None, None),
            branch(5, 0.0, 0.0, "somewhere"),
            branch(6, 53.5, -45.0),
        ],
    )
    derive(lgm.connection, LGM, "core.locations", None)
    assert places(lgm) == {
        "branch 1": ("CA", "America/Toronto", "CAD"),
        "branch 2": ("CA", "America/Vancouver", "CAD"),
        "branch 3": ("US", "America/New_York", "USD"),
        "branch 4": ("CA", None, "CAD"),
        "branch 5": (None, None, None),
        "branch 6": ("CA", None, "CAD"),
    }


def test_what_people_set_stays(lgm: Bench) -> None:
    lgm.take("branches", [branch(1, 43.65, -79.38)])
    derive(lgm.connection, LGM, "core.locations", None)
    lgm.rows("UPDATE core.locations SET timezone = 'America/Halifax', currency = 'USD' WHERE is_mapped RETURNING 1")
    lgm.take("branches", [branch(1, 43.65, -79.38, name="TORONTO NEW")], at=after(1))
    derive(lgm.connection, LGM, "core.locations", None)
    assert places(lgm) == {"branch 1": ("CA", "America/Halifax", "USD")}
    assert lgm.one("SELECT name FROM core.locations WHERE is_mapped") == "TORONTO NEW"


def test_deriving_again_writes_nothing(lgm: Bench) -> None:
    lgm.take("customers", [customer(1, job(1)), customer(2, job(2))])
    assert derive(lgm.connection, LGM, "crm.truck_journeys", None) == {"created": 2, "updated": 0}
    assert derive(lgm.connection, LGM, "crm.truck_journeys", None) == {"created": 0, "updated": 0}
    lgm.take("customers", [customer(1, job(1), name="Renamed")], at=after(1))
    assert derive(lgm.connection, LGM, "crm.truck_journeys", None) == {"created": 0, "updated": 1}


def test_customers_and_their_phones_are_seen_where_their_opportunities_are(lgm: Bench) -> None:
    lgm.take("branches", [branch(1, 43.65, -79.38)])
    derive(lgm.connection, LGM, "core.locations", None)
    phone = [{"phoneNumber": "1", "phoneType": 2}]
    lgm.take("customers", [customer(1, job(1))])
    lgm.take("opportunities", [detail(1, embedded(1))], keys=["opportunity 1"])
    derive(lgm.connection, LGM, "smartmoving.customers.locations", None)
    toronto = lgm.one("SELECT location_id FROM core.locations WHERE is_mapped")
    assert lgm.one("SELECT location_ids FROM smartmoving.customers") == [toronto]
    lgm.take("customers", [customer(1, job(1), secondaryPhoneNumbers=phone)], at=after(1))
    lgm.rows("UPDATE smartmoving.customers SET synced_at = synced_at - interval '1 day' RETURNING 1")
    lgm.rows("UPDATE smartmoving.swept_opportunities SET synced_at = synced_at - interval '1 day' RETURNING 1")
    lgm.rows("UPDATE smartmoving.opportunities SET synced_at = synced_at - interval '1 day' RETURNING 1")
    derive(lgm.connection, LGM, "smartmoving.customers.locations", None)
    assert lgm.one("SELECT location_ids FROM smartmoving.customer_phones") == [toronto]
