"""What the Airflow Connections of FMS say: of its report server and of the geocoder. Defaults, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from branchline.errors import Reconfigure
from branchline.geocoding import Service
from branchline.hooks.fms import FmsHook
from branchline.hooks.geocoder import GeocoderHook
from branchline.transport import Endpoint

HOST = "https://reports.driveshop.com"
QUERY = "report=file:/canary-folder/{path}.rpt&init=csv"

Connect = Callable[..., None]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set a connection: `connect("fms", host=, password=, extra=)`."""

    def set_connection(name: str, **words: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "http"} | words))

    return set_connection


def endpoint(connect: Connect, host: str = HOST, password: str | None = QUERY, **extra: Any) -> Endpoint:
    connect("fms", host=host, password=password, extra=extra)
    return FmsHook("fms").endpoint()


def service(connect: Connect, password: str | None = "canary-key", host: str | None = None, **extra: Any) -> Service:
    connect("fms_geocoder", password=password, host=host, extra=extra)
    return GeocoderHook("fms_geocoder", "fms geocoder").service()


# -------------------------------------------------------------------------------------------------- the report server


def test_the_report_servers_connection_and_its_defaults(connect: Connect) -> None:
    found = endpoint(connect)
    assert str(found.url_of("/active_vehicles", ())) == (
        "https://reports.driveshop.com/?report=file:/canary-folder/active_vehicles.rpt&init=csv"
    )
    assert dict(found.headers) == {"User-Agent": "curl/8.7.1", "Accept": "*/*"}
    assert (found.source, found.account, found.read_seconds, found.concurrency) == ("fms", "fms", 300, 8)
    assert found.addresses is not None
    assert found.addresses.hosts == {"reports.driveshop.com"}
    assert not found.addresses.is_loopback_allowed
    assert "canary" not in repr(found)
    assert any("canary-folder" in secret for secret in found.secrets)


def test_the_report_servers_extra(connect: Connect) -> None:
    found = endpoint(connect, "mirror.example.com", read_seconds=20, concurrency=2, hosts=["MIRROR.example.com"])
    assert (found.base_url, found.read_seconds, found.concurrency) == ("https://mirror.example.com", 20, 2)
    assert endpoint(connect, "https://mirror.example.com", hosts="mirror.example.com").addresses is not None


@pytest.mark.parametrize("password", [None, "", "report=file:/canary-folder/vehicles.rpt", "https://x.example"])
def test_a_password_that_is_no_query_is_refused_and_not_quoted(connect: Connect, password: str | None) -> None:
    with pytest.raises(Reconfigure, match="not the reports' query") as caught:
        endpoint(connect, password=password)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "extra"),
    [
        ("http://reports.driveshop.com", {}),
        ("http://reports.driveshop.com", {"allow_http": True}),
        ("https://reports.example.com", {}),
        (HOST, {"hosts": ["reports.example.com"]}),
        ("https://169.254.169.254", {"hosts": ["169.254.169.254"]}),
        ("http://127.0.0.1:8000", {}),
        ("https://localhost", {}),
        ("http://127.0.0.1:8000", {"allow_loopback": False}),
        ("http://127.0.0.1:8000", {"allow_loopback": "false"}),
        ("http://10.0.0.1", {"allow_loopback": True}),
        ("", {}),
    ],
)
def test_t86_another_host_is_refused(connect: Connect, host: str, extra: dict[str, Any]) -> None:
    with pytest.raises(Reconfigure):
        endpoint(connect, host, **extra)


@pytest.mark.parametrize("word", [True, "true", "True"])
def test_loopback_is_reached_only_where_the_connection_asks_for_it(connect: Connect, word: Any) -> None:
    found = endpoint(connect, "http://127.0.0.1:8000/fms", allow_loopback=word)
    assert str(found.url_of("/x", ())).startswith("http://127.0.0.1:8000/fms/?report=")


@pytest.mark.parametrize("folder", ["sandbox-fms-folder", "canary-folder"])
def test_the_test_button_reads_a_report(connect: Connect, vendors: Callable[..., Any], folder: str) -> None:
    query = QUERY.replace("canary-folder", folder)
    connect("fms", host=vendors().fms, password=query, extra={"allow_loopback": True})
    works, told = FmsHook("fms").test_connection()
    assert works is (folder == "sandbox-fms-folder")
    assert "folder" not in told


# ------------------------------------------------------------------------------------------------------- the geocoder


def test_googles_defaults(connect: Connect) -> None:
    found = service(connect)
    assert (found.provider, found.account, found.scheme, found.domain) == (
        "google", "fms geocoder", "https", "maps.googleapis.com",
    )  # fmt: skip
    assert (found.key, found.region, found.per_second, found.keep) == ("canary-key", "us", 50, timedelta(days=30))
    assert found.concurrency == 10
    assert "canary" not in repr(found)


def test_nominatims_defaults(connect: Connect) -> None:
    found = service(connect, None, provider="nominatim")
    assert (found.scheme, found.domain, found.key) == ("https", "nominatim.openstreetmap.org", "")
    assert (found.per_second, found.keep, found.concurrency) == (1, timedelta(days=180), 1)


def test_what_the_geocoders_connection_may_say(connect: Connect) -> None:
    found = service(connect, region="ca", per_second="25", keep_days=7, concurrency="4")
    assert (found.region, found.per_second, found.keep, found.concurrency) == ("ca", 25, timedelta(days=7), 4)
    for host, scheme, domain in (
        ("geocoder.example.com", "https", "geocoder.example.com"),
        ("https://geocoder.example.com/v1/", "https", "geocoder.example.com/v1"),
        ("http://127.0.0.1:8000/geocoder", "http", "127.0.0.1:8000/geocoder"),
        ("http://localhost:8000", "http", "localhost:8000"),
    ):
        found = service(connect, host=host)
        assert (found.scheme, found.domain) == (scheme, domain)


def test_the_geocoders_host_may_come_in_parts(connect: Connect) -> None:
    connect("fms_geocoder", password="canary-key", host="127.0.0.1", schema="http", port=8000)
    found = GeocoderHook("fms_geocoder", "fms geocoder").service()
    assert (found.scheme, found.domain) == ("http", "127.0.0.1:8000")


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("its provider is 'bing'; it may be google or nominatim", {"provider": "bing"}),
        ("without TLS", {"host": "http://geocoder.example.com"}),
        ("without TLS", {"host": "http://10.0.0.1"}),
        ("its password is empty", {"password": None}),
        ("its password is empty", {"password": ""}),
        ("its keep_days is 31; Google's terms allow 30", {"keep_days": 31}),
        ("its keep_days is 0", {"keep_days": 0}),
        ("its per_second is 'many'", {"per_second": "many"}),
        ("its per_second is -1", {"per_second": -1}),
        ("its per_second is 'nan'", {"per_second": "nan"}),
        ("its concurrency is 0", {"concurrency": 0}),
    ],
)
def test_a_geocoder_that_makes_no_sense_is_refused(connect: Connect, fact: str, words: dict[str, Any]) -> None:
    with pytest.raises(Reconfigure, match=fact) as caught:
        service(connect, **words)
    assert str(caught.value).startswith("Reading the fms_geocoder connection: ")
    assert "canary" not in str(caught.value)


def test_the_vendors_hook_finds_its_geocoder_by_name_or_there_is_none(connect: Connect) -> None:
    connect("fms_west_geocoder", password="canary-key")
    found = FmsHook("fms_west", "west").geocoder()
    assert found is not None
    assert found.account == "west geocoder"
    assert FmsHook("fms_east", "east").geocoder() is None
