"""Addresses to coordinates: each asked once and kept as long as the provider's terms allow; offices, too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from branchline import geocoding

from sandbox.geocoder.locate import locate
from tests.fms.town import NOWHERE

# ------------------------------------------------------------------------------------------------------- who is asked


def test_what_is_found_is_kept_with_how_exact_it_is(town: Any) -> None:
    here = town()
    addresses = here.streets(60)
    here.partners(*addresses)
    outcome = here.night()
    assert (outcome.wanted, outcome.calls, dict(outcome.statuses), outcome.stopped) == (60, 60, {"found": 60}, None)
    for row, address in zip(here.placed(), addresses, strict=True):
        told = locate(address)
        assert told is not None
        assert (float(row.latitude), float(row.longitude)) == pytest.approx((told.lat, told.lng), abs=1e-6)
        assert (row.geocode_precision, row.is_geocode_partial) == (told.location_type, told.partial)
        assert row.geocoded_at is not None
    assert {row.geocode_precision for row in here.placed()} >= {"ROOFTOP", "RANGE_INTERPOLATED"}
    assert {row.is_geocode_partial for row in here.placed()} == {True, False}
    kept = here.known()
    assert all((row.provider, row.status, row.country) == ("google", "found", "US") for row in kept)
    assert all(row.place_id and row.expires_at - row.fetched_at == timedelta(days=30) for row in kept)
    assert here.warehouse.rows("SELECT calls, priority FROM ops.api_calls WHERE account = 'fms geocoder'") == [
        (60, "reference")
    ]


def test_the_second_night_asks_nothing_and_who_moves_costs_one_call(town: Any) -> None:
    here = town()
    addresses = here.streets(5)
    here.partners(*addresses)
    assert here.night().calls == 5
    assert here.night().calls == 0
    here.partners("900 Sample St, Plano, TX")
    before = [row.latitude for row in here.placed()]
    assert here.night().calls == 1
    after = [row.latitude for row in here.placed()]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, False, False, False, False]
    # back where he was: that is known still
    here.partners(addresses[0])
    assert here.night().calls == 0
    assert here.placed()[0].latitude == before[0]


def test_one_address_in_several_spellings_is_asked_once_and_none_is_not_asked(town: Any) -> None:
    here = town()
    here.partners("100 Sample St, Dallas, TX", " 100  SAMPLE St , Dallas,TX", None, "100 sample st, dallas, tx.")
    assert here.night().calls == 1
    assert len(here.known()) == 1
    assert len({row.latitude for row in here.placed()} - {None}) == 1
    assert here.placed()[2].latitude is None
    assert (here.check().checked, here.check().failed) == (3, 0)


def test_an_address_that_nobody_knows_is_asked_once(town: Any) -> None:
    here = town()
    here.partners(NOWHERE, *here.streets(1))
    assert dict(here.night().statuses) == {"found": 1, "not_found": 1}
    assert here.night().calls == 0
    assert here.asked[NOWHERE] == 1
    assert here.placed()[0].latitude is None


def test_a_partner_that_left_is_not_asked_for_and_a_dry_run_asks_nobody(town: Any) -> None:
    here = town()
    here.partners(*here.streets(2))
    assert here.night(dry_run=True).calls == 0
    here.warehouse.execute("UPDATE fms.media_partners SET is_deleted = TRUE WHERE person_id = '1'")
    assert here.night().calls == 1
    assert here.warehouse.one("SELECT count(*) FROM ops.check_results") == 1


# ------------------------------------------------------------------------------------------------------- what expires


def test_section_8_what_has_expired_is_asked_again(town: Any) -> None:
    here = town()
    here.partners(NOWHERE, *here.streets(3))
    here.night()
    here.expire(29)
    assert here.night().calls == 0
    here.expire(1)
    assert here.night().calls == 4
    assert sum(row.latitude is not None for row in here.placed()) == 3
    assert all(row.expires_at - row.fetched_at == timedelta(days=30) for row in here.known())


@pytest.mark.parametrize("how", ["refused", "no geocoder"])
def test_section_8_coordinates_that_may_not_be_kept_leave_and_the_place_id_stays(town: Any, how: str) -> None:
    here = town()
    here.offices("Dallas")
    here.partners(*here.streets(3))
    here.night()
    here.expire()
    outcome = here.without() if how == "no geocoder" else here.night(key="another")
    assert outcome.stopped
    assert {(row.latitude, row.longitude, row.geocode_precision, row.geocoded_at) for row in here.placed()} == {
        (None, None, None, None)
    }
    assert all((row.latitude, row.status, row.detail) == (None, "not_found", "expired") for row in here.known())
    assert all(row.place_id for row in here.known())
    place = here.warehouse.one("SELECT latitude, longitude, timezone FROM core.locations WHERE is_mapped")
    assert tuple(place) == (None, None, "America/Chicago")
    assert here.night().calls == 4
    assert all(row.latitude is not None for row in here.placed())


# -------------------------------------------------------------------------------------------------- another provider


def test_nominatim_answers_as_google_does(town: Any) -> None:
    here = town()
    here.offices("Washington D.C.")
    addresses = here.streets(3)
    here.partners(NOWHERE, *addresses)
    outcome = here.night(provider="nominatim", key="", keep=timedelta(days=180), concurrency=1)
    assert dict(outcome.statuses) == {"found": 4, "not_found": 1}
    for row, address in zip(here.placed()[1:], addresses, strict=True):
        told = locate(address)
        assert told is not None
        assert (float(row.latitude), float(row.longitude)) == pytest.approx((told.lat, told.lng), abs=1e-6)
        assert (row.geocode_precision, row.is_geocode_partial) == ("place", None)
    kept = [row for row in here.known() if row.status == "found"]
    assert {(row.provider, row.country) for row in kept} == {("nominatim", "US")}
    assert all(row.expires_at - row.fetched_at == timedelta(days=180) for row in kept)
    assert here.warehouse.one("SELECT timezone FROM core.locations WHERE is_mapped") == "America/New_York"
    assert here.night().calls == 0


def test_nominatims_one_call_a_second_is_waited_for(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "BACKOFF_SECONDS", 0.6)
    here = town(nominatim_rate_per_second=1)
    here.partners(*here.streets(2))
    outcome = here.night(provider="nominatim", key="", concurrency=1)
    assert dict(outcome.statuses) == {"found": 2}
    assert outcome.calls == 2 + here.statuses["OVER_QUERY_LIMIT"] > 2


# ------------------------------------------------------------------------------------------------------------ offices


def test_offices_are_placed_by_their_name_and_get_a_time_zone(town: Any) -> None:
    here = town()
    here.offices("Los Angeles", "Washington D.C.", "Denver", "Atlantis")
    assert here.night().calls == 4
    assert here.asked == {"Los Angeles": 1, "Washington D.C.": 1, "Denver": 1, "Atlantis": 1}
    found = {row.name: row for row in here.warehouse.rows("SELECT * FROM core.locations WHERE is_mapped")}
    assert {name: row.timezone for name, row in found.items()} == {
        "Los Angeles": "America/Los_Angeles", "Washington D.C.": "America/New_York", "Denver": "America/Denver",
        "Atlantis": None,
    }  # fmt: skip
    assert (found["Denver"].latitude, found["Denver"].longitude, found["Denver"].country) == (39.739, -104.99, "US")
    assert found["Atlantis"].latitude is None
    assert here.night().calls == 0


def test_what_people_say_of_an_office_outweighs_the_geocoder(town: Any) -> None:
    here = town()
    here.offices("Denver", "Dallas")
    here.warehouse.execute(
        "INSERT INTO fms.offices (client_id, account, name, address, latitude, longitude) VALUES "
        "('press', 'fms', 'Denver', NULL, 40.5, -105.5), "
        "('press', 'fms', 'Dallas', '5 Sample St, Plano, TX', NULL, NULL)"
    )
    assert here.night().calls == 1
    assert set(here.asked) == {"5 Sample St, Plano, TX"}
    found = {row.name: (row.latitude, row.longitude) for row in here.warehouse.rows("SELECT * FROM core.locations")}
    told = locate("5 Sample St, Plano, TX")
    assert told is not None
    assert found["Denver"] == (40.5, -105.5)
    assert found["Dallas"] == pytest.approx((told.lat, told.lng), abs=1e-6)
    # said later, it outweighs what was found
    here.warehouse.execute("UPDATE fms.offices SET latitude = 32.5, longitude = -96.5 WHERE name = 'Dallas'")
    assert here.night().calls == 0
    assert here.warehouse.one("SELECT latitude FROM core.locations WHERE name = 'Dallas'") == 32.5
