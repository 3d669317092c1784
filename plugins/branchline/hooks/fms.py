"""How DriveShop FMS's report server is spoken to. Sections: docs/vendors.md.

There is no key: whoever knows the URL has the reports, so its query is kept as the connection's password. It is sent
unescaped, as the server wants it (section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowNotFoundException

from branchline.addresses import PublicAddresses
from branchline.errors import Reconfigure
from branchline.hooks.vendor import VendorHook
from branchline.sources.fms import FMS, FMS_WORKBOOKS
from branchline.stream import Source

if TYPE_CHECKING:
    from branchline.geocoding import Service

HOSTS = ("reports.driveshop.com",)


class FmsHook(VendorHook):
    """FMS behind a connection: host https://reports.driveshop.com, password the query with {path} for the report.

    Such as `report=file:/folder/{path}.rpt&init=csv`. Extra: hosts (names that may be called, the vendor's by
    default), allow_loopback (the local sandbox).
    """

    source: ClassVar[Source] = FMS
    ping: ClassVar[str] = "/approved_makes"
    #: The original implementation waited 300 s for the loan history (section 1).
    read_seconds: ClassVar[float] = 300

    def headers(self, connection: Any) -> Mapping[str, str]:  # noqa: ARG002 - the same for every connection
        """What every known caller sends; whether the server demands it is unknown (section 1)."""
        return {"User-Agent": "curl/8.7.1", "Accept": "*/*"}

    def query(self, connection: Any) -> str:
        """The query that is the secret.

        Raises:
            Reconfigure: the password is no such query.
        """
        query = str(connection.password or "")
        if "{path}" not in query:
            raise Reconfigure(
                f"Reading the {self.conn_id} connection",
                "its password is not the reports' query; it looks like report=file:/folder/{path}.rpt&init=csv",
            )
        return query

    def addresses(self, connection: Any) -> PublicAddresses:
        """The vendor's host alone, at public addresses; loopback where the connection allows it."""
        extra = connection.extra_dejson
        hosts = extra.get("hosts", HOSTS)
        is_loopback_allowed = str(extra.get("allow_loopback")).lower() == "true"
        return PublicAddresses([hosts] if isinstance(hosts, str) else hosts, is_loopback_allowed=is_loopback_allowed)

    def geocoder(self) -> Service | None:
        """The geocoder behind the connection `<conn_id>_geocoder`; None where there is none."""
        # geopy takes a fifth of a second to load, and one task of the DAG needs it.
        from branchline.hooks.geocoder import GeocoderHook

        hook = GeocoderHook(f"{self.conn_id}_geocoder", f"{self.account} geocoder")
        try:
            return hook.service()
        except AirflowNotFoundException:
            return None


class FmsWorkbooks(VendorHook):
    """The workbooks of an FMS account: no connection, a folder that people drop them into."""

    source: ClassVar[Source] = FMS_WORKBOOKS
