"""HTTP to a vendor: one session, timeouts, retries by the error's class, byte caps, and no secret in any message.

A call that fails is told apart by its remedy: what may clear by waiting is tried again here (at most ATTEMPTS times
and PATIENCE seconds), everything else goes up at once. A Retry-After, in seconds, as a date or in the words of the
body, is honoured and shared: every worker of the credential pauses.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_after_delay

from branchline.errors import BranchlineError, Deferred, NotFound, Reconfigure, TryLater, VendorChanged
from branchline.warehouse import is_loopback

log = logging.getLogger(__name__)

ATTEMPTS = 6
#: Seconds that one call may spend waiting over all its attempts.
PATIENCE = 600.0
#: A Retry-After above this many seconds defers the slice instead of holding a worker.
LONGEST_WAIT = 120.0
CONNECT_SECONDS = 10.0
BODY_BYTES = 64_000_000
_IN_SECONDS = re.compile(rb"in (\d{1,6}) seconds?", re.IGNORECASE)

Params = Sequence[tuple[str, str]]


class Rate(Protocol):
    """Permission to call: the credential's share, over all workers."""

    async def wait(self) -> float:
        """Wait for the next permitted start; returns the seconds waited."""

    async def pause(self, seconds: float) -> None:
        """Let nobody of this credential call for that long."""


@dataclass(frozen=True)
class Endpoint:
    """Where a vendor is and how it is spoken to, all of it from an Airflow Connection.

    Attributes:
        source: vendor slug.
        account: account slug.
        base_url: scheme, host and path prefix, without a trailing slash.
        headers: sent with every call; their values are secrets.
        concurrency: calls in flight per task.
        requests_per_minute: the credential's rate, 0 for none.
        monthly_calls: the credential's budget a calendar month, 0 for none.
        read_seconds: longest silence of an answer.
        is_plain_allowed: whether plain http to another machine was asked for in the connection.
        refusals: recognisers of what a status and body mean, tried before the general rules.
    """

    source: str
    account: str
    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    concurrency: int = 8
    requests_per_minute: float = 0
    monthly_calls: int = 0
    read_seconds: float = 60.0
    is_plain_allowed: bool = False
    refusals: Sequence[Callable[[int, bytes], type[BranchlineError] | None]] = ()

    def __post_init__(self) -> None:
        """Refuse plain http beyond loopback: a key would cross the network in clear text."""
        parts = urlsplit(self.base_url)
        doing = f"Reading the {self.account} connection"
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Reconfigure(doing, "its host is not a URL such as https://api.vendor.example/v1")
        if parts.scheme == "http" and not is_loopback(parts.hostname) and not self.is_plain_allowed:
            raise Reconfigure(
                doing,
                f'{parts.hostname} would be called without TLS; use https, or set "allow_http": true in extra',
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200.

    Attributes:
        body: whole body.
        at: when it was complete, UTC.
    """

    body: bytes
    at: datetime


class _Again(Exception):
    """An attempt that may be repeated: the error to end with, and how long the vendor wants us to wait."""

    def __init__(self, error: BranchlineError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


class Transport:
    """A session with one vendor account. Use as an async context manager.

    Attributes:
        calls: HTTP calls made, failed ones included: vendors count them.
        waited: seconds spent waiting for the rate, a Retry-After or a backoff.
    """

    def __init__(self, endpoint: Endpoint, rate: Rate | None = None) -> None:
        """Take where to call and at which rate."""
        self.endpoint = endpoint
        self.calls = 0
        self.waited = 0.0
        self._rate = rate
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=self.endpoint.read_seconds)
        self._session = aiohttp.ClientSession(
            headers=self.endpoint.headers,
            timeout=timeout,
            connector=aiohttp.TCPConnector(limit=self.endpoint.concurrency, ttl_dns_cache=300),
            raise_for_status=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def get(
        self,
        path: str,
        params: Params = (),
        *,
        check: Callable[[bytes], object] | None = None,
        on_call: Callable[[], None] | None = None,
    ) -> Answer:
        """GET a path below the base URL, retrying what retrying may clear.

        Args:
            path: begins with a slash.
            params: query parameters in order; a repeated name is a repeated key.
            check: reads the body; when it raises VendorChanged the call is made once more before that is believed,
                since a truncated or foreign body is more often a passing fault than a new contract (T05, T08).
            on_call: called at every HTTP attempt: each one counts against the vendor's budget.

        Raises:
            TryLater: it failed every attempt, or for longer than PATIENCE.
            Deferred: the vendor wants a longer wait than a worker should hold, or the quota is used up.
            Reconfigure: 401, 403, TLS, a redirect.
            NotFound: the vendor does not have it.
            VendorChanged: another status, or a body that `check` refuses twice.
        """
        doubted = False
        retrying = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(PATIENCE),
            wait=_pause_before_next,
            retry=retry_if_exception(lambda error: isinstance(error, _Again)),
            before_sleep=self._tell,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    answer = await self._once(path, params, on_call)
                    if check is not None:
                        try:
                            check(answer.body)
                        except VendorChanged as error:
                            if doubted:
                                raise
                            doubted = True
                            raise _Again(error, 0.0) from error
                    return answer
        except _Again as last:
            raise last.error from last
        raise AssertionError("unreachable: the loop returns or raises")

    async def _sleep(self, seconds: float) -> None:
        self.waited += seconds
        await asyncio.sleep(seconds)

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning(
            "try %d of %d failed, next in %.1f s: %s",
            state.attempt_number,
            ATTEMPTS,
            state.upcoming_sleep,
            error,
        )

    async def _once(self, path: str, params: Params, on_call: Callable[[], None] | None) -> Answer:
        """One attempt; raises _Again for what may be repeated."""
        assert self._session is not None, "use the transport as an async context manager"
        doing = f"GET {self.endpoint.source} {path}"
        if self._rate is not None:
            self.waited += await self._rate.wait()
        self.calls += 1
        if on_call is not None:
            on_call()
        try:
            async with self._session.get(
                self.endpoint.base_url + path, params=params, allow_redirects=False
            ) as response:
                body = await self._body(response, doing)
                status, headers = response.status, response.headers
        except (
            aiohttp.ClientConnectorCertificateError,
            aiohttp.ClientConnectorSSLError,
            ssl.SSLError,
        ) as error:
            raise Reconfigure(doing, f"TLS failed: {type(error).__name__}") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _Again(TryLater(doing, f"the connection failed: {type(error).__name__}")) from error
        if status == 200:
            return Answer(body, datetime.now(UTC))
        raise await self._refusal(doing, status, headers, body)

    async def _body(self, response: aiohttp.ClientResponse, doing: str) -> bytes:
        """The body, up to the cap: an endless answer must not take the worker's memory."""
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > BODY_BYTES:
                raise VendorChanged(doing, f"the answer is longer than {BODY_BYTES:,} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    async def _refusal(self, doing: str, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        """The error a status means; the vendor's own recognisers first, then the general rules."""
        fact = f"HTTP {status}{_excerpt(body)}"
        for recognise in self.endpoint.refusals:
            meant = recognise(status, body)
            if meant is not None:
                return meant(doing, fact)
        if status == 429 or status >= 500 or status == 408:
            after = retry_after(headers.get("Retry-After"), body if status == 429 else b"", time.time())
            if after is not None and self._rate is not None:
                await self._rate.pause(min(after, LONGEST_WAIT))
            if after is not None and after > LONGEST_WAIT:
                return Deferred(doing, f"{fact}; the vendor asks to wait {after:.0f} s")
            return _Again(TryLater(doing, fact), after)
        if status in {401, 403}:
            return Reconfigure(doing, f"{fact}: the key is wrong, expired or has no right to this")
        if status == 404:
            return NotFound(doing, fact)
        if 300 <= status < 400:
            return Reconfigure(doing, f"HTTP {status}: a redirect to {_host(headers.get('Location'))} is not followed")
        return VendorChanged(doing, fact)


def retry_after(header: str | None, body: bytes, now: float) -> float | None:
    """Seconds that a vendor asks to wait: Retry-After as seconds or HTTP date, else "in N seconds" in the body.

    Args:
        header: the Retry-After header.
        body: the answer's body (SmartMoving contract, section 1: the number stands in the text).
        now: epoch seconds, what an HTTP date is compared with.

    Returns:
        Seconds, at least 0; None where the vendor does not say.
    """
    if header:
        if header.strip().isdigit():
            return float(header)
        try:
            return max(0.0, parsedate_to_datetime(header).timestamp() - now)
        except (TypeError, ValueError):
            pass
    found = _IN_SECONDS.search(body[:2000])
    return float(found[1]) if found else None


def _pause_before_next(state: RetryCallState) -> float:
    """How long until the next attempt: what the vendor asked for and a little more, else doubling, with jitter.

    The jitter is ours since mapped siblings would otherwise come back at the same instant.
    """
    error = state.outcome.exception() if state.outcome else None
    after = error.after if isinstance(error, _Again) else None
    if after is not None:
        return after + random.uniform(0.05, 0.5)  # noqa: S311 - spreading load, not a secret
    return random.uniform(0.5, 1.0) * float(2 ** (state.attempt_number - 1))  # noqa: S311


def _excerpt(body: bytes) -> str:
    """The first words of an error body, one line, with anything that looks like a secret taken out (T04, T83)."""
    text = body[:200].decode("utf-8", "replace")
    text = re.sub(r"<[^>]*>?", " ", text)
    text = re.sub(r"(?i)((?:key|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&]+", r"\1***", text)
    text = " ".join(text.split())
    return f" ({text})" if text else ""


def _host(url: str | None) -> str:
    return urlsplit(url or "").hostname or "nowhere"
