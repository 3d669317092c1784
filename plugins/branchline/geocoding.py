"""Addresses to coordinates: each asked once, kept in the warehouse as long as the provider's terms allow.

geopy speaks to the providers. What is ours is that only new addresses are asked, at a rate that all workers share, a
few times at most, and that no failure is worse than a partner without coordinates. Sections: docs/vendors.md, FMS.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg
from geopy import exc
from geopy.adapters import AioHTTPAdapter
from geopy.geocoders import GoogleV3, Nominatim

from branchline.limits import SharedRate, calls_made
from branchline.warehouse import connect_async, identifier

log = logging.getLogger(__name__)

#: Times that one address is asked; Google's own clients hid an exhausted quota behind a minute of retries (section 8).
ATTEMPTS = 4
BACKOFF_SECONDS = 0.5
#: Addresses in a row without an answer after which nobody is asked any more: the provider is down.
LOST = 10
#: Answers written at once: what is paid for is kept, whatever kills the process.
BATCH = 100
PROGRESS_SECONDS = 10.0
USER_AGENT = "branchline"

#: Everything of the provider's but the refusals, which are looked for first; HTTP 500 and 502 are among it.
_TRY_AGAIN = exc.GeocoderServiceError
_REFUSED = (exc.GeocoderAuthenticationFailure, exc.GeocoderInsufficientPrivileges, exc.ConfigurationError)
#: What geopy or we stumble over where an answer is not shaped as promised.
_MISSHAPEN = (exc.GeopyError, LookupError, TypeError, ValueError, AttributeError)

# geopy logs each URL at DEBUG, and the key stands in it.
logging.getLogger("geopy").addFilter(lambda record: record.levelno >= logging.WARNING)


@dataclass(frozen=True)
class Service:
    """A geocoder, all of it from an Airflow Connection.

    Attributes:
        provider: whose it is.
        account: whose calls are counted and paced together.
        scheme: https, or http for the local sandbox.
        domain: host, with its path where it has one.
        key: the provider's key; Nominatim has none.
        region: where an ambiguous address is looked for, as a country's two letters.
        per_second: calls a second.
        keep: how long an answer may be kept.
        concurrency: calls in flight.
    """

    provider: Literal["google", "nominatim"]
    account: str
    scheme: str
    domain: str
    key: str = field(repr=False)
    region: str = "us"
    per_second: float = 50.0
    keep: timedelta = timedelta(days=30)
    concurrency: int = 10


@dataclass
class Outcome:
    """What one pass did.

    Attributes:
        wanted: addresses that were to be asked.
        statuses: answers by status: found, not_found, refused.
        calls: calls made, failed ones included.
        stopped: why the pass ended before its end; None where it did not.
    """

    wanted: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    stopped: str | None = None

    def describe(self) -> str:
        """One line."""
        told = ", ".join(f"{count:,} {status}" for status, count in sorted(self.statuses.items())) or "none answered"
        return f"{self.wanted:,} addresses to ask: {told}; {self.calls:,} calls" + (
            f"; stopped: {self.stopped}" if self.stopped else ""
        )


class _Google(GoogleV3):  # type: ignore[misc]
    """GoogleV3 that tells a refused key from a refused address: geopy raises one error for both."""

    def _check_status(self, response: dict[str, Any]) -> None:
        if response.get("status") in {"REQUEST_DENIED", "OVER_DAILY_LIMIT"}:
            raise exc.GeocoderAuthenticationFailure(str(response["status"]))
        super()._check_status(response)


async def geocode(conninfo: str, source: str, client: str, service: Service, wanted: Sequence[Any]) -> Outcome:
    """Ask for every wanted address and keep the answers in `<source>.geocodes`.

    Args:
        conninfo: the warehouse, as the loader.
        source: vendor slug, whose schema has the cache.
        client: tenant.
        service: whom to ask.
        wanted: rows (address_key, address).

    Returns:
        What was done. No error of the provider's is raised: what has no answer is asked again next time.
    """
    outcome = Outcome(wanted=len(wanted))
    if not wanted:
        return outcome
    name = f"{source} geocode"
    async with (
        await connect_async(conninfo, name=name) as keeping,
        await connect_async(conninfo, name=name) as pacing,
        _geocoder(service) as geocoder,
    ):
        await keeping.execute("SELECT set_config('branchline.client', %s, FALSE)", (client,))
        rate = SharedRate(pacing, source, service.account, service.per_second * 60)
        work = _Pass(keeping, source, client, service, geocoder, rate, outcome)
        try:
            await work.run(wanted)
        finally:
            await keeping.execute(*calls_made(source, service.account, {"reference": outcome.calls}))
    return outcome


def _geocoder(service: Service) -> Any:
    shared = {"domain": service.domain, "scheme": service.scheme, "timeout": 10, "adapter_factory": AioHTTPAdapter}
    if service.provider == "google":
        return _Google(api_key=service.key, user_agent=USER_AGENT, **shared)
    return Nominatim(user_agent=USER_AGENT, **shared)


class _Pass:
    """The workers that take addresses, and the answers on their way to the cache."""

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any],
        source: str,
        client: str,
        service: Service,
        geocoder: Any,
        rate: SharedRate,
        outcome: Outcome,
    ) -> None:
        self._connection = connection
        self._source = source
        self._client = client
        self._service = service
        self._geocoder = geocoder
        self._rate = rate
        self._outcome = outcome
        self._answers: list[tuple[Any, ...]] = []
        self._lost = 0
        self._writing = asyncio.Lock()

    async def run(self, wanted: Sequence[Any]) -> None:
        """Ask for all of them; ends early where the provider refuses the account."""
        left = iter(wanted)
        telling = asyncio.create_task(self._tell())
        try:
            await asyncio.gather(*(self._work(left) for _ in range(self._service.concurrency)))
        finally:
            telling.cancel()
            await self._write()

    async def _work(self, left: Any) -> None:
        for row in left:
            if self._outcome.stopped:
                return
            answer = await self._ask(row)
            if answer is None:
                self._lost += 1
                if self._lost >= LOST and not self._outcome.stopped:
                    self._outcome.stopped = f"{self._service.provider} gave {self._lost} addresses in a row no answer"
                continue
            self._lost = 0
            self._outcome.statuses[answer[3]] += 1
            self._answers.append(answer)
            if len(self._answers) >= BATCH:
                await self._write()

    async def _ask(self, row: Any) -> tuple[Any, ...] | None:
        """The cache's row for an address; None where no answer was to be had this time."""
        for attempt in range(1, ATTEMPTS + 1):
            await self._rate.wait()
            if self._outcome.stopped:
                return None
            self._outcome.calls += 1
            try:
                place = await self._geocoder.geocode(row.address, **self._how())
                return self._row(row.address_key, "not_found") if place is None else self._found(row.address_key, place)
            except _REFUSED as error:
                self._outcome.stopped = f"{self._service.provider} refuses the account ({_name(error)})"
                return None
            except exc.GeocoderQueryError as error:
                return self._row(row.address_key, "refused", detail=_name(error))
            except _TRY_AGAIN as error:
                if attempt == ATTEMPTS:
                    # One address may be unlucky; a quota that is used up is so for all of them.
                    if isinstance(error, exc.GeocoderQuotaExceeded):
                        self._outcome.stopped = f"{self._service.provider}'s quota is used up"
                    log.warning("an address has no answer after %d tries: %s", attempt, _name(error))
                    return None
                pause = BACKOFF_SECONDS * 2.0 ** (attempt - 1)
                if isinstance(error, exc.GeocoderQuotaExceeded):
                    await self._rate.pause(pause)
                else:
                    await asyncio.sleep(pause)
            except _MISSHAPEN as error:
                log.warning("an address has an answer that cannot be read: %s", _name(error))
                return None
        return None

    def _how(self) -> dict[str, Any]:
        if self._service.provider == "google":
            return {"region": self._service.region}
        return {"country_codes": self._service.region or None, "addressdetails": True}

    def _found(self, key: str, place: Any) -> tuple[Any, ...]:
        raw = place.raw
        if self._service.provider == "google":
            parts = raw.get("address_components", ())
            return self._row(
                key,
                "found",
                place=(place.latitude, place.longitude),
                country=next((part.get("short_name") for part in parts if "country" in part.get("types", ())), None),
                precision=raw.get("geometry", {}).get("location_type"),
                is_partial=bool(raw.get("partial_match")),
                place_id=raw.get("place_id"),
            )
        return self._row(
            key,
            "found",
            place=(place.latitude, place.longitude),
            country=raw.get("address", {}).get("country_code"),
            precision=raw.get("addresstype") or raw.get("type"),
            place_id=str(raw["place_id"]) if raw.get("place_id") is not None else None,
        )

    def _row(
        self,
        key: str,
        status: str,
        *,
        place: tuple[float | None, float | None] = (None, None),
        country: str | None = None,
        precision: str | None = None,
        is_partial: bool | None = None,
        place_id: str | None = None,
        detail: str | None = None,
    ) -> tuple[Any, ...]:
        now = datetime.now(UTC)
        letters = str(country or "").upper()
        country = letters if re.fullmatch("[A-Z]{2}", letters) else None
        return (
            self._client, key, self._service.provider, status, *place, country, precision, is_partial, place_id,
            detail, now, now + self._service.keep,
        )  # fmt: skip

    async def _write(self) -> None:
        async with self._writing:
            rows, self._answers = self._answers, []
            if not rows:
                return
            columns = (
                "client_id", "address_key", "provider", "status", "latitude", "longitude", "country", "precision",
                "is_partial", "place_id", "detail", "fetched_at", "expires_at",
            )  # fmt: skip
            statement = (
                f"INSERT INTO {identifier(self._source)}.geocodes ({', '.join(columns)}) "  # noqa: S608 - our own names
                f"VALUES ({', '.join(['%s'] * len(columns))}) ON CONFLICT (client_id, address_key) DO UPDATE SET "
                + ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
            )
            async with self._connection.transaction(), self._connection.cursor() as cursor:
                await cursor.executemany(statement.encode(), rows)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            log.info("so far: %s", self._outcome.describe())


def _name(error: Exception) -> str:
    """What kind of error: its text may hold the URL, and that the key."""
    return type(error).__name__
