"""What every vendor's hook has: an Airflow Connection read as an endpoint, and the test button of the UI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseHook

from branchline.addresses import PublicAddresses
from branchline.errors import BranchlineError
from branchline.stream import Source
from branchline.transport import Endpoint, Renewal, Transport

if TYPE_CHECKING:
    from branchline.geocoding import Service


class VendorHook(BaseHook):
    """A vendor behind an Airflow Connection of type http (the http provider's form in the UI).

    The connection's host is the base URL with its path, the password is the key. Extra: requests_per_minute,
    monthly_calls, concurrency, read_seconds, chunks, allow_http.
    """

    source: ClassVar[Source]
    #: Path that answers cheaply when the credential is good.
    ping: ClassVar[str]
    #: Longest silence of an answer where the connection's extra does not say.
    read_seconds: ClassVar[float] = 60
    #: Calls a minute where the connection's extra does not say; 0 is no limit.
    requests_per_minute: ClassVar[float] = 0
    #: What a status and body mean at this vendor, before the general rules of transport.
    refusals: ClassVar[Sequence[Callable[[int, bytes], type[BranchlineError] | None]]] = ()

    def __init__(self, conn_id: str, account: str | None = None) -> None:
        """Name the connection; nothing is read or called before `endpoint`."""
        super().__init__()
        self.conn_id = conn_id
        self.account = account or conn_id

    def headers(self, connection: Any) -> Mapping[str, str]:  # noqa: ARG002 - a vendor's own may need it
        """The headers that carry the credential; none where it is a token that `renewal` gets."""
        return {}

    def endpoint(self) -> Endpoint:
        """Read the connection.

        Raises:
            Reconfigure: its host is no URL, or is plain http to another machine without `allow_http`.
        """
        connection = self.get_connection(self.conn_id)
        extra = connection.extra_dejson
        host = connection.host or ""
        if "://" not in host:
            host = f"{connection.schema or 'https'}://{host}" + (f":{connection.port}" if connection.port else "")
        return Endpoint(
            source=self.source.slug,
            account=self.account,
            base_url=host.rstrip("/"),
            headers=self.headers(connection),
            concurrency=int(extra.get("concurrency", 8)),
            requests_per_minute=float(extra.get("requests_per_minute", self.requests_per_minute)),
            monthly_calls=int(extra.get("monthly_calls", 0)),
            read_seconds=float(extra.get("read_seconds", self.read_seconds)),
            is_plain_allowed=bool(extra.get("allow_http", False)),
            query=self.query(connection),
            addresses=self.addresses(connection),
            refusals=self.refusals,
            renew=self.renewal(connection, host.rstrip("/")),
        )

    def query(self, connection: Any) -> str:  # noqa: ARG002 - a vendor's own needs it
        """The query of every call where the vendor's paths are a query, see Endpoint; empty where they are paths."""
        return ""

    def addresses(self, connection: Any) -> PublicAddresses | None:  # noqa: ARG002 - a vendor's own needs it
        """What guards the addresses that are called; None where the host is the operator's word alone."""
        return None

    def geocoder(self) -> Service | None:
        """Who finds the places of the vendor's addresses; None where nobody does."""
        return None

    def through(self, api: str) -> VendorHook | None:
        """The hook of one of the vendor's APIs; None where it has no connection, so that it is not read.

        Raises:
            LookupError: the vendor has no such API.
        """
        if api:
            raise LookupError(f"{self.source.slug} has no API {api!r}")
        return self

    def renewal(self, connection: Any, base_url: str) -> Renewal | None:  # noqa: ARG002 - a vendor's own needs it
        """How a token is got where the credential is one; None where the headers carry the key itself."""
        return None

    def chunks(self) -> int:
        """Mapped fetch tasks a wave may have (extra `chunks`, default 4)."""
        return int(self.get_connection(self.conn_id).extra_dejson.get("chunks", 4))

    def test_connection(self) -> tuple[bool, str]:
        """Call the vendor once; the UI's test button and the healthcheck show the sentence.

        Returns:
            Whether it worked, and what happened.
        """

        async def ask() -> None:
            async with Transport(self.endpoint()) as transport:
                await transport.get(self.ping)

        try:
            asyncio.run(ask())
        except BranchlineError as error:
            return False, str(error)
        return True, f"{self.source.slug} answers and accepts the key"
