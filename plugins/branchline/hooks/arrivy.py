"""How Arrivy's API is spoken to: its two headers and a rate that nobody documents. Sections: docs/vendors.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from branchline.hooks.vendor import VendorHook
from branchline.sources.arrivy import ARRIVY
from branchline.stream import Source


class ArrivyHook(VendorHook):
    """Arrivy behind a connection: host https://app.arrivy.com/api, password the token, extra `api_key` the key."""

    source: ClassVar[Source] = ARRIVY
    ping: ClassVar[str] = "/users/profile"
    #: No rate is documented; 30 a minute is what clients in production keep to (section 7).
    requests_per_minute: ClassVar[float] = 30

    def headers(self, connection: Any) -> Mapping[str, str]:
        """Key and token travel as headers of their own on every call (section 1)."""
        return {
            "X-Auth-Key": str(connection.extra_dejson.get("api_key", "")),
            "X-Auth-Token": connection.password or "",
        }
