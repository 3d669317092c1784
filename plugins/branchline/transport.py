"""HTTP to a vendor: one session, timeouts, retries by the error's class, byte caps, and no secret in any message.

A call that fails is told apart by its remedy: what may clear by waiting is tried again here (at most ATTEMPTS times
and PATIENCE seconds), everything else goes up at once. A Retry-After, in seconds, as a date or in the words of the
body, is honoured and shared: every worker of the credential pauses. A refused account (401, TLS) or a used up quota
closes the transport: nothing further is called, since each call would be refused and counted.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote, quote_plus, urlencode, urlsplit

import aiohttp
from yarl import URL

from branchline.addresses import PublicAddresses
from branchline.errors import BranchlineError, Deferred, NotFound, Reconfigure, TryLater, VendorChanged
from branchline.limits import LONGEST_WAIT
from branchline.warehouse import is_loopback

log = logging.getLogger(__name__)

ATTEMPTS = 6
#: Seconds that one call may take over all its attempts, the waiting between them included.
PATIENCE = 600.0
#: Seconds before the second attempt; each further one waits twice as long.
BACKOFF_SECONDS = 1.0
#: What is added to a Retry-After, at random: mapped siblings would otherwise come back at the same instant.
JITTER_SECONDS = (0.05, 0.5)
CONNECT_SECONDS = 10.0
BODY_BYTES = 64_000_000

_IN_SECONDS = re.compile(rb"in (\d{1,6}) seconds?", re.IGNORECASE)
_NAMED_SECRET = re.compile(r"(?i)((?:key|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&<]+")
_TAG = re.compile(r"<[^>]*>?")
#: The folder in a query such as report=file:/folder/{path}.
_FOLDER = re.compile(r"=(?:file:)?(/[^&{]+)")
#: A header's value shorter than this is no secret, and too common a word to take out of a text.
_SECRET_LETTERS = 6

Params = Sequence[tuple[str, str]]


class Token(dict[str, str]):
    """The headers that carry a token, and how long it lives where the vendor says so.

    Attributes:
        seconds: from when it was asked for; infinity where the vendor does not say.
    """

    def __init__(self, headers: Mapping[str, str], seconds: float = inf) -> None:
        """Take the headers and the seconds."""
        super().__init__(headers)
        self.seconds = seconds


#: Gets the headers that carry a fresh token: a Token where the vendor says how long it lives.
Renewal = Callable[[], Awaitable[Mapping[str, str]]]


class AccountRefused(Reconfigure):
    """No call of this account can succeed until somebody mends it: the key is refused (401), or TLS fails."""


class Rate(Protocol):
    """Permission to call: the credential's share, over all workers."""

    async def wait(self) -> float:
        """Wait for the next permitted start; returns the seconds waited."""

    async def pause(self, seconds: float) -> None:
        """Let nobody of this credential call for that long."""

    def slow_down(self) -> None:
        """Take note that a call was one too many."""


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
        query: the query of every call, sent as it is, with {path} where the stream's path belongs: for a server whose
            URL is the secret and that wants it unescaped. Empty where paths are paths.
        addresses: what guards the connection against addresses inside our own network; None for no guard.
        refusals: recognisers of what a status and body mean, tried before the general rules.
        renew: gets the headers with a token where the credential is one: before the first call if `headers` has
            none, and again after a 401; None where a 401 is final.
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
    query: str = field(default="", repr=False)
    addresses: PublicAddresses | None = None
    refusals: Sequence[Callable[[int, bytes], type[BranchlineError] | None]] = ()
    renew: Renewal | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse plain http beyond loopback: a key would cross the network in clear text."""
        parts = urlsplit(self.base_url)
        doing = f"Reading the {self.account} connection"
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Reconfigure(doing, "its host is not a URL such as https://api.vendor.example/v1")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise Reconfigure(doing, "its host carries a credential or a query; the key belongs into the password")
        if parts.scheme == "http" and not is_loopback(parts.hostname) and not self.is_plain_allowed:
            raise Reconfigure(
                doing,
                f'{parts.hostname} would be called without TLS; use https, or set "allow_http": true in extra',
            )
        if self.addresses is not None:
            self.addresses.check_host(parts.scheme, parts.hostname, doing)

    def url_of(self, path: str, params: Params) -> URL:
        """The URL of a path, spelt as it is sent."""
        if self.query:
            return URL(f"{self.base_url}/?{self.query.replace('{path}', path.lstrip('/'))}", encoded=True)
        query = f"?{urlencode(params)}" if params else ""
        return URL(f"{self.base_url}{path}{query}", encoded=True)

    @property
    def secrets(self) -> set[str]:
        """What no message may quote."""
        folders = _FOLDER.findall(self.query)
        return _secrets_of(
            [*self.headers.values(), *self.query.split("{path}"), *folders, *(folder.strip("/") for folder in folders)]
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200.

    Attributes:
        body: whole body.
        at: when it was complete, UTC.
        value: what the caller's `check` made of the body.
    """

    body: bytes
    at: datetime
    value: Any = None


@dataclass(slots=True)
class Effort:
    """What the calls for one piece of work share, so that a fault costs it a few calls and not a few for each.

    Attributes:
        calls: HTTP calls made, failed ones included: vendors count them.
        waited: seconds spent waiting for the rate, a Retry-After or a backoff.
        failure: what ended the work; calls of it that are still under way then give up.
        mending: held by the one call that tries again, while the others that failed wait for how it ends.
    """

    calls: int = 0
    waited: float = 0.0
    failure: BranchlineError | None = None
    mending: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Again(Exception):
    """An attempt that may be repeated: the error to end with, and how long the vendor wants us to wait."""

    def __init__(self, error: BranchlineError, after: float | None = None, *, is_too_many: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after
        self.is_too_many = is_too_many

    @property
    def is_doubt(self) -> bool:
        """Whether it was a 200 with a body that nobody can use."""
        return isinstance(self.error, VendorChanged)


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
        self._secrets = endpoint.secrets
        self._refused: BranchlineError | None = None
        self._closing = asyncio.Event()
        self._key_number = 0
        self._is_key_proven = False
        self._stale_at = inf
        self._renewing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Open the session."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=self.endpoint.read_seconds)
        self._session = aiohttp.ClientSession(
            headers=self.endpoint.headers,
            timeout=timeout,
            connector=aiohttp.TCPConnector(
                limit=self.endpoint.concurrency, ttl_dns_cache=300, resolver=self.endpoint.addresses
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            raise_for_status=False,
        )
        # aiohttp repeats a GET by itself when a kept connection breaks: a call that nobody would count.
        self._session._retry_connection = False
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
        effort: Effort | None = None,
    ) -> Answer:
        """GET a path below the base URL, retrying what retrying may clear.

        Args:
            path: begins with a slash, percent-encoded where it has to be.
            params: query parameters in order; a repeated name is a repeated key.
            check: makes something of the body; when it raises VendorChanged the call is made once more before that
                is believed, since a truncated or foreign body is more often a passing fault than a new contract
                (T05, T08).
            effort: the work that the call is for, where several calls are for the same.

        Raises:
            TryLater: it failed every attempt, or for longer than PATIENCE.
            Deferred: the vendor wants a longer wait than a worker should hold, or the quota is used up.
            AccountRefused: 401, TLS: nothing of this account is called any more.
            Reconfigure: 403, a redirect.
            NotFound: the vendor does not have it.
            VendorChanged: another status, or a body that `check` refuses twice.
        """
        effort = effort or Effort()
        url = self.endpoint.url_of(path, params)
        doing = f"GET {self.endpoint.source} {path}"
        try:
            try:
                await self._sign_in()
                return await self._once(url, doing, check, effort)
            except _Again as failed:
                first = failed
            async with effort.mending:
                return await self._mend(url, doing, check, effort, first)
        except (AccountRefused, Deferred) as error:
            self._refused = self._refused or error
            self._closing.set()
            raise

    async def _mend(
        self, url: URL, doing: str, check: Callable[[bytes], object] | None, effort: Effort, failed: _Again
    ) -> Answer:
        """The further attempts; ends in an answer or in the last attempt's error."""
        begun = time.monotonic()
        for attempt in range(1, ATTEMPTS):
            pause = _pause_after(failed, attempt)
            if time.monotonic() - begun + pause > PATIENCE:
                break
            if failed.is_too_many and failed.after is None and self._rate is not None:
                await self._rate.pause(pause)
            log.warning("try %d of %d failed, next in %.1f s: %s", attempt, ATTEMPTS, pause, failed)
            await self._sleep(pause, effort)
            try:
                return await self._once(url, doing, check, effort)
            except _Again as again:
                if failed.is_doubt and again.is_doubt:
                    raise again.error from None
                failed = again
        raise failed.error

    async def _sleep(self, seconds: float, effort: Effort) -> None:
        """Wait, unless the account is refused meanwhile."""
        begun = time.monotonic()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
        self._count_wait(time.monotonic() - begun, effort)

    def _count_wait(self, seconds: float, effort: Effort) -> None:
        self.waited += seconds
        effort.waited += seconds

    async def _once(self, url: URL, doing: str, check: Callable[[bytes], object] | None, effort: Effort) -> Answer:
        """One attempt; raises _Again for what may be repeated. A token that expired is renewed once (T09)."""
        key_number = self._key_number
        status, headers, body = await self._exchange(url, doing, effort)
        if status == 401 and await self._renew(key_number):
            key_number = self._key_number
            status, headers, body = await self._exchange(url, doing, effort)
        if status != 401 and key_number == self._key_number:
            self._is_key_proven = True
        if status != 200:
            raise await self._refusal(doing, status, headers, body)
        at = datetime.now(UTC)
        try:
            return Answer(body, at, check(body) if check is not None else None)
        except VendorChanged as error:
            raise _Again(error, 0.0) from None

    async def _exchange(self, url: URL, doing: str, effort: Effort) -> tuple[int, Mapping[str, str], bytes]:
        """One HTTP call: status, headers, body."""
        assert self._session is not None, "use the transport as an async context manager"
        if self._rate is not None:
            self._count_wait(await self._rate.wait(), effort)
        for ended in (self._refused, effort.failure):
            if ended is not None:
                raise type(ended)(ended.doing, ended.fact)
        self.calls += 1
        effort.calls += 1
        failure: Exception
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                return response.status, response.headers, await self._body(response, doing)
        except aiohttp.ClientSSLError as error:
            # A handshake that the network cut is no verdict on the certificate.
            is_cut = isinstance(getattr(error, "os_error", None), ssl.SSLEOFError | ssl.SSLZeroReturnError)
            failure = (
                _Again(TryLater(doing, f"the connection failed: {type(error).__name__}"))
                if is_cut
                else AccountRefused(doing, f"TLS failed: {type(error).__name__}")
            )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            failure = _Again(TryLater(doing, f"the connection failed: {type(error).__name__}"))
        # Raised here and not above: aiohttp's errors carry the request with its headers, and would be its context.
        raise failure

    async def _body(self, response: aiohttp.ClientResponse, doing: str) -> bytes:
        """The body, up to the cap: an endless answer must not take the worker's memory."""
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > BODY_BYTES:
                raise VendorChanged(doing, f"the answer is longer than {BODY_BYTES:,} bytes")
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _sign_in(self) -> None:
        """Get the first token where the credential is one, and the next when its time is up; the others wait for it."""
        is_stale = time.monotonic() >= self._stale_at
        if self.endpoint.renew is None or (not is_stale and (self._key_number or self.endpoint.headers)):
            return
        try:
            await self._renew(self._key_number, is_stale=is_stale)
        except TryLater as error:
            raise _Again(error) from None

    async def _renew(self, key_number: int, *, is_stale: bool = False) -> bool:
        """Get a fresh token, once for all the calls that found the same one expired, or its time up (is_stale).

        Returns:
            Whether there is another token than the refused one; a fresh one that is refused at once is not renewed.
        """
        if self.endpoint.renew is None:
            return False
        async with self._renewing:
            if key_number != self._key_number or (is_stale and time.monotonic() < self._stale_at):
                return True
            if key_number and not self._is_key_proven and not is_stale:
                return False
            assert self._session is not None
            asked_at = time.monotonic()
            fresh = await self.endpoint.renew()
            self._stale_at = asked_at + fresh.seconds if isinstance(fresh, Token) else inf
            if is_stale and all(self._session.headers.get(name) == value for name, value in fresh.items()):
                return True  # the vendor gives the same one until it ends: as good as it was
            self._secrets |= _secrets_of(fresh.values())
            self._session.headers.update(fresh)
            self._key_number += 1
            self._is_key_proven = False
            return True

    async def _refusal(self, doing: str, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        """The error a status means; the vendor's own recognisers first, then the general rules."""
        fact = f"HTTP {status}{self._excerpt(body)}"
        for recognise in self.endpoint.refusals:
            meant = recognise(status, body)
            if meant is not None:
                return meant(doing, fact)
        if status == 429 or status >= 500 or status == 408:
            after = retry_after(headers.get("Retry-After"), body if status == 429 else b"", time.time())
            if status == 429 and self._rate is not None:
                self._rate.slow_down()
            if after is not None and self._rate is not None:
                await self._rate.pause(after)
            if after is not None and after > LONGEST_WAIT:
                return Deferred(doing, f"{fact}; the vendor asks to wait {after:.0f} s")
            return _Again(TryLater(doing, fact), after, is_too_many=status == 429)
        if status == 401:
            return AccountRefused(doing, f"{fact}: the key is wrong or expired")
        if status == 403:
            return Reconfigure(doing, f"{fact}: the key has no right to this")
        if status == 404:
            return NotFound(doing, fact)
        if 300 <= status < 400:
            return Reconfigure(doing, f"HTTP {status}: a redirect to {_host(headers.get('Location'))} is not followed")
        return VendorChanged(doing, fact)

    def _excerpt(self, body: bytes) -> str:
        """The first words of an error body, one line, with anything that is or looks like a secret taken out."""
        # Secrets first, then the cut: half a key is a secret too.
        text = body[:4000].decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = _NAMED_SECRET.sub(r"\1***", _TAG.sub(" ", text))
        text = " ".join(text.split())[:200]
        return f" ({text})" if text else ""


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
        if header.strip().isascii() and header.strip().isdigit():
            return float(header)
        try:
            return max(0.0, parsedate_to_datetime(header).timestamp() - now)
        except (TypeError, ValueError):
            pass
    found = _IN_SECONDS.search(body[:2000])
    return float(found[1]) if found else None


def _pause_after(failed: _Again, attempt: int) -> float:
    """How long until the next attempt: what the vendor asked for and a little more, else doubling, with jitter.

    A 429 that names no time is waited out as Tekmetric recommends (its contract, section 1.2): 2 s, 4 s, ... and up to
    a second more, at most 60 s.
    """
    if failed.after is not None:
        return failed.after + random.uniform(*JITTER_SECONDS)  # noqa: S311 - spreading load, not a secret
    if failed.is_too_many:
        return min(2.0**attempt + random.uniform(0.0, 1.0), 60.0)  # noqa: S311
    return random.uniform(0.5, 1.0) * BACKOFF_SECONDS * float(2 ** (attempt - 1))  # noqa: S311


def _secrets_of(texts: Iterable[str]) -> set[str]:
    """How a secret may be spelt in a text; of a header's value also the token behind a scheme such as Bearer."""
    values = {part for value in texts for part in (value, value.rpartition(" ")[2])}
    return {
        spelt
        for value in values
        if len(value) >= _SECRET_LETTERS
        for spelt in (value, quote(value), quote(value, safe=""), quote_plus(value))
    }


def _host(url: str | None) -> str:
    return urlsplit(url or "").hostname or "nowhere"
