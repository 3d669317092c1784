"""A geocoder behind an Airflow Connection: Google, or Nominatim where its extra says so. Sections: docs/vendors.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import inf
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import BaseHook

from branchline.errors import Reconfigure
from branchline.geocoding import Service
from branchline.warehouse import is_loopback

#: Domain, calls a second and days that answers are kept, by provider: Google's limit and terms (section 8), Nominatim's
#: usage policy. OpenStreetMap's data may be kept for good; a place moves seldom within half a year.
DEFAULTS = {
    "google": ("maps.googleapis.com", 50.0, 30.0),
    "nominatim": ("nominatim.openstreetmap.org", 1.0, 180.0),
}


class GeocoderHook(BaseHook):
    """Connection of type http: host the provider's where it is another than its usual one, password the key.

    Extra: provider (google, nominatim), region, per_second, keep_days (of Google's 30 at most), concurrency.
    """

    def __init__(self, conn_id: str, account: str) -> None:
        """Name the connection; nothing is read before `service`."""
        super().__init__()
        self.conn_id = conn_id
        self.account = account

    def service(self) -> Service:
        """Read the connection.

        Raises:
            Reconfigure: an unknown provider, plain http to another machine, Google without a key, or a number that
                makes no sense or that the provider's terms do not allow.
        """
        connection = self.get_connection(self.conn_id)
        extra = connection.extra_dejson
        doing = f"Reading the {self.conn_id} connection"
        provider = extra.get("provider", "google")
        if provider not in DEFAULTS:
            raise Reconfigure(doing, f"its provider is {provider!r}; it may be {' or '.join(DEFAULTS)}")
        domain, per_second, days = DEFAULTS[provider]
        host = str(connection.host or domain)
        if "://" not in host:
            host = f"{connection.schema or 'https'}://{host}" + (f":{connection.port}" if connection.port else "")
        url = urlsplit(host)
        if url.scheme != "https" and not is_loopback(url.hostname or ""):
            raise Reconfigure(doing, f"{url.hostname} would be called without TLS")
        if provider == "google" and not connection.password:
            raise Reconfigure(doing, "its password is empty; it is Google's key")
        keep_days = _number(extra, "keep_days", days, doing)
        if provider == "google" and keep_days > days:
            raise Reconfigure(doing, f"its keep_days is {keep_days:g}; Google's terms allow {days:g}")
        return Service(
            provider=provider,
            account=self.account,
            scheme=url.scheme,
            domain=url.netloc + url.path.rstrip("/"),
            key=connection.password or "",
            region=str(extra.get("region", "us")),
            per_second=_number(extra, "per_second", per_second, doing),
            keep=timedelta(days=keep_days),
            concurrency=max(1, int(_number(extra, "concurrency", 10 if provider == "google" else 1, doing))),
        )


def _number(extra: Mapping[str, Any], name: str, default: float, doing: str) -> float:
    """A number above 0 of the connection's extra.

    Raises:
        Reconfigure: it is none.
    """
    try:
        number = float(extra.get(name, default))
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < inf:
        raise Reconfigure(doing, f"its {name} is {extra.get(name)!r}; it must be a number above 0")
    return number
