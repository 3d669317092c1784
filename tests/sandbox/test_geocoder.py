"""The geocoder, as Google answers and as Nominatim does, also through geopy."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from sandbox.fms.offices import OFFICES, Office
from sandbox.geocoder import places
from sandbox.geocoder.locate import locate
from sandbox.geocoder.places import Place

from .conftest import Client, plain_get

KEY = "sandbox-geocoder-key"
ADDRESS = "123 Sample St, Ann Arbor, MI"


class Maps:
    """A plain client of the geocoder."""

    def __init__(self, client: Client) -> None:
        self.sandbox = client.sandbox
        self.control = client.control

    def ask(self, address: str | None = ADDRESS, key: str | None = KEY, **more: str) -> Any:
        query = {"address": address, "key": key, **more}
        answer = plain_get(self.sandbox.geocoder + "/maps/api/geocode/json", params=query)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/json")
        return answer.json()

    def search(self, q: str | None = ADDRESS, **more: str) -> requests.Response:
        return plain_get(self.sandbox.geocoder + "/search", params={"q": q, "format": "json", "limit": "1", **more})

    def truth(self) -> Any:
        return self.control.truth("0001-01-01", "9999-12-31", "geocoder")


@pytest.fixture
def maps(client: Client) -> Maps:
    return Maps(client)


def test_section_8_a_found_address(maps: Maps) -> None:
    told = maps.ask()
    assert (told["status"], set(told)) == ("OK", {"results", "status"})
    (result,) = told["results"]
    assert result["formatted_address"] == "123 Sample St, Ann Arbor, MI, USA"
    names = {part["types"][0]: (part["long_name"], part["short_name"]) for part in result["address_components"]}
    assert names["administrative_area_level_1"] == ("Michigan", "MI")
    assert names["street_number"] == ("123", "123")
    location, view = result["geometry"]["location"], result["geometry"]["viewport"]
    assert location["lat"] == pytest.approx(42.281, abs=0.056)
    assert location["lng"] == pytest.approx(-83.743, abs=0.056)
    assert view["southwest"]["lat"] < location["lat"] < view["northeast"]["lat"]
    assert result["place_id"]
    assert result["types"] == ["street_address"]


def test_the_same_address_is_always_at_the_same_place(maps: Maps, start: Callable[..., Client]) -> None:
    first = maps.ask()["results"][0]
    other = Maps(start(seed=8))
    for spelling in (ADDRESS, ADDRESS.upper(), "  123  sample st ,Ann Arbor,  MI , USA"):
        again = other.ask(spelling)["results"][0]
        assert (again["geometry"], again["place_id"]) == (first["geometry"], first["place_id"])
    assert other.ask("124 Sample St, Ann Arbor, MI")["results"][0]["geometry"] != first["geometry"]
    with_zip = other.ask(ADDRESS + " 48104")["results"][0]
    assert with_zip["formatted_address"].endswith("MI 48104, USA")


def test_location_types_and_partial_match(start: Callable[..., Client]) -> None:
    maps = Maps(start(geocoder_rate_per_second=0))
    found = [maps.ask(f"{number} Sample St, Dallas, TX")["results"][0] for number in range(100, 300)]
    kinds = Counter(one["geometry"]["location_type"] for one in found)
    assert set(kinds) == {"ROOFTOP", "RANGE_INTERPOLATED", "GEOMETRIC_CENTER"}
    assert kinds["ROOFTOP"] > 100
    partial = [one["partial_match"] for one in found if "partial_match" in one]
    assert 2 < len(partial) < 20
    assert set(partial) == {True}
    city = maps.ask("Dallas, TX")["results"][0]
    assert (city["geometry"]["location_type"], city["types"]) == ("APPROXIMATE", ["locality", "political"])
    assert maps.ask("Sample St, Dallas, TX")["results"][0]["geometry"]["location_type"] == "GEOMETRIC_CENTER"


@pytest.mark.parametrize("office", OFFICES, ids=lambda office: office.name)
def test_a_city_by_its_name_alone(maps: Maps, office: Office) -> None:
    """Offices are known by a name and no address."""
    (found,) = maps.ask(office.name)["results"]
    city = office.cities[0]
    assert found["geometry"]["location"] == {"lat": city.lat, "lng": city.lng}
    assert (found["geometry"]["location_type"], found["types"]) == ("APPROXIMATE", ["locality", "political"])


def test_a_name_alone_that_is_no_city_or_several(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Springs", "Sample St", "Dallas MI", "D.C."):
        assert maps.ask(name)["status"] == "ZERO_RESULTS", name
    monkeypatch.setitem(places._BY_CITY, "dallas", [Place("Dallas", "TX", 1.0, 1.0), Place("Dallas", "GA", 2.0, 2.0)])
    assert (locate("Dallas"), locate("Plano") is not None) == (None, True)
    assert locate("Dallas, TX") is not None


def test_section_8_statuses_are_in_the_body(maps: Maps) -> None:
    assert maps.ask("1 Demo Rd, Nowhere Springs, ZZ") == {"results": [], "status": "ZERO_RESULTS"}
    for told, status in (
        (maps.ask(key="wrong"), "REQUEST_DENIED"),
        (maps.ask(key=None), "REQUEST_DENIED"),
        (maps.ask(None), "INVALID_REQUEST"),
        (maps.ask("  "), "INVALID_REQUEST"),
    ):
        assert (told["status"], told["results"], bool(told["error_message"])) == (status, [], True)
    assert maps.ask(components="country:US", region="us")["status"] == "OK"
    assert maps.ask(components="country:CA")["status"] == "ZERO_RESULTS"
    assert maps.ask(None, components="locality:Plano|administrative_area:TX")["status"] == "OK"


def test_section_8_unknown_error_is_a_fault(maps: Maps) -> None:
    body = json.dumps({"results": [], "status": "UNKNOWN_ERROR"})
    maps.control.faults({"match": "geocode/json", "action": {"kind": "body", "body": body}, "times": 2})
    assert [maps.ask()["status"] for _ in range(3)] == ["UNKNOWN_ERROR", "UNKNOWN_ERROR", "OK"]


def test_section_8_more_than_fifty_a_second(maps: Maps) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(lambda _: maps.ask()["status"], range(140)))
    assert statuses["OK"] >= 50
    assert statuses["OVER_QUERY_LIMIT"] > 0
    time.sleep(1.0)
    assert maps.ask()["status"] == "OK"


def test_section_8_a_daily_quota(start: Callable[..., Client]) -> None:
    maps = Maps(start(geocoder_per_day=2))
    assert [maps.ask()["status"] for _ in range(3)] == ["OK", "OK", "OVER_DAILY_LIMIT"]
    maps.control.clock("2026-07-21T06:59:00Z")
    assert maps.ask()["status"] == "OVER_DAILY_LIMIT"
    # Midnight Pacific time.
    maps.control.clock("2026-07-21T07:00:00Z")
    assert maps.ask()["status"] == "OK"


def test_latency_of_the_geocoder_alone(start: Callable[..., Client]) -> None:
    maps = Maps(start(geocoder_latency_ms=200, geocoder_key="own"))
    began = time.monotonic()
    assert maps.ask(key="own")["status"] == "OK"
    between = time.monotonic()
    plain_get(maps.sandbox.fms)
    assert between - began > 0.2 > time.monotonic() - between


def test_calls_are_counted(maps: Maps) -> None:
    maps.ask()
    maps.ask()
    maps.ask("N/A")
    maps.search()
    told = maps.truth()
    assert (told["calls"], told["byStatus"]) == (4, {"OK": 3, "ZERO_RESULTS": 1})
    assert told["asked"] == {ADDRESS: 3, "N/A": 1}
    paths = maps.control.served()["by_path"]
    assert paths["GET /geocoder/maps/api/geocode/json"] == {"200": 3}
    assert paths["GET /geocoder/search"] == {"200": 1}
    maps.control.reset()
    assert maps.truth()["calls"] == 0
    with pytest.raises(ValueError, match="no command"):
        maps.control.change({"rename": 1}, source="geocoder")


def test_nominatim(start: Callable[..., Client]) -> None:
    maps = Maps(start(nominatim_rate_per_second=0))
    (row,) = maps.search().json()
    google = maps.ask()["results"][0]["geometry"]["location"]
    assert (row["lat"], row["lon"]) == (f"{google['lat']:.7f}", f"{google['lng']:.7f}")
    assert row["display_name"] == "123, Sample St, Ann Arbor, Michigan, United States"
    assert isinstance(row["importance"], float)
    assert (len(row["boundingbox"]), row["type"]) == (4, "house")
    assert "address" not in row
    detailed = maps.search(addressdetails="1").json()[0]["address"]
    assert (detailed["road"], detailed["country_code"]) == ("Sample St", "us")
    assert maps.search("1 Demo Rd, Nowhere Springs, ZZ").json() == []
    assert maps.search(countrycodes="ca").json() == []
    assert maps.search("").status_code == 400
    assert maps.search(None, city="Plano", state="TX").json()[0]["type"] == "city"


def test_nominatim_once_a_second(maps: Maps) -> None:
    assert [maps.search().status_code for _ in range(2)] == [200, 429]
    time.sleep(1.0)
    assert maps.search().status_code == 200


def test_through_geopy(maps: Maps) -> None:
    geocoders = pytest.importorskip("geopy.geocoders")
    exc = pytest.importorskip("geopy.exc")
    domain = maps.sandbox.geocoder.removeprefix("http://")
    google = geocoders.GoogleV3(api_key=KEY, domain=domain, scheme="http")
    found = google.geocode(ADDRESS, components={"country": "US"}, region="us")
    assert (found.latitude, found.longitude) == pytest.approx((42.281, -83.743), abs=0.056)
    assert found.raw["geometry"]["location_type"]
    assert google.geocode("1 Demo Rd, Nowhere Springs, ZZ") is None
    with pytest.raises(exc.GeocoderQueryError):
        geocoders.GoogleV3(api_key="wrong", domain=domain, scheme="http").geocode(ADDRESS)
    nominatim = geocoders.Nominatim(domain=domain, scheme="http", user_agent="branchline tests")
    same = nominatim.geocode(ADDRESS)
    assert same.address.startswith("123, Sample St")
    assert (same.latitude, same.longitude) == pytest.approx((found.latitude, found.longitude))
    with pytest.raises(exc.GeocoderRateLimited):
        nominatim.geocode(ADDRESS)
