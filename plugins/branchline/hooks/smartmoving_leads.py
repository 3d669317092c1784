"""How leads reach SmartMoving: the Lead Provider API, and the Open API where a lead that was taken can be seen.

By the vendor's contract (section 9) the provider's key travels in the query. It is put into the URL at the very last
moment and is never part of an error: what aiohttp raises may hold the URL, so only its type is told, and nothing is
chained to it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import quote, quote_plus

import aiohttp

from branchline.errors import BranchlineError, Deferred, Reconfigure, TryLater, VendorChanged
from branchline.hooks.smartmoving import SmartMovingHook
from branchline.hooks.vendor import VendorHook
from branchline.ledger import Account
from branchline.limits import SharedRate, calls_made, read_budget
from branchline.outbox import Delivery, Outbox, Pace, Reply, is_idle, open_ledger, preview, problems
from branchline.pages import cut_page
from branchline.sources.smartmoving import PAGES, SMARTMOVING
from branchline.stream import Source
from branchline.transport import CONNECT_SECONDS, Answer, Endpoint, Rate, Transport, retry_after
from branchline.warehouse import connect

log = logging.getLogger(__name__)

PATH = "/api/leads/from-provider/v2"
#: The provider's host has no documented rate; this is half of the Open API's.
PROVIDER_PER_MINUTE = 60.0
#: A lead that is not at the vendor after this long makes the run red.
PATIENCE = timedelta(hours=1)
_ANSWER_BYTES = 100_000
_MOST_PAGES = 200
#: Raised while connecting: not a byte of the request has left.
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ServerFingerprintMismatch)


class SmartMovingLeadsHook(VendorHook):
    """The lead provider behind a connection: host https://api.smartmoving.com, password the provider key."""

    source: ClassVar[Source] = SMARTMOVING
    ping: ClassVar[str] = "/"

    def headers(self, connection: Any) -> Mapping[str, str]:
        """None: the key is no header here."""
        del connection
        return {}

    def endpoint(self) -> Endpoint:
        """Read the connection; without a rate of its own it has a modest one."""
        endpoint = super().endpoint()
        return replace(endpoint, requests_per_minute=endpoint.requests_per_minute or PROVIDER_PER_MINUTE)

    def key(self) -> str:
        """The provider key.

        Raises:
            Reconfigure: the connection has none.
        """
        key = self.get_connection(self.conn_id).password
        if not key:
            raise Reconfigure(
                f"Reading the connection {self.conn_id}", "it has no password: the provider key goes there"
            )
        return str(key)

    def test_connection(self) -> tuple[bool, str]:
        """Reach the host. The key cannot be tried without making a lead: this API has no read side."""

        async def ask() -> int:
            timeout = aiohttp.ClientTimeout(total=CONNECT_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(self.endpoint().base_url + self.ping, allow_redirects=False) as response,
            ):
                return response.status

        try:
            self.key()
            asyncio.run(ask())
        except BranchlineError as error:
            return False, str(error)
        except (aiohttp.ClientError, OSError) as error:
            return False, f"the host does not answer: {type(error).__name__}"
        return True, "the host answers; the provider key is proved by the first lead alone"


class LeadDesk:
    """The vendor's side of the outbox, for one account. Use as an async context manager.

    Attributes:
        posts: POSTs made, failed ones included.
    """

    def __init__(
        self,
        provider: Endpoint,
        key: str,
        open_api: Transport,
        *,
        rate: Rate | None = None,
        longest: float = Pace.post,
    ) -> None:
        """Take the provider's endpoint and key, an open transport of the Open API, and the longest time of a POST."""
        self.posts = 0
        self._provider = provider
        self._key = key
        self._open_api = open_api
        self._rate = rate
        self._longest = longest
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session; each POST has a connection of its own, since a kept one may be closing under it."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(
                total=self._longest,
                sock_connect=min(CONNECT_SECONDS, self._longest),
                sock_read=min(self._provider.read_seconds, self._longest),
            ),
            connector=aiohttp.TCPConnector(limit=self._provider.concurrency, force_close=True),
            raise_for_status=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def turn(self) -> None:
        """Wait for the provider's shared rate."""
        if self._rate is not None:
            await self._rate.wait()

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """POST a lead, once: what may have been taken is never sent again from here.

        Args:
            body: as read_form writes it.

        Returns:
            What came of it.

        Raises:
            Reconfigure: the key, the address or a right is wrong; the lead was not taken.
        """
        assert self._session is not None, "use the desk as an async context manager"
        self.posts += 1
        try:
            async with self._session.post(
                self._provider.base_url + PATH,
                params={"providerKey": self._key},
                json=body,
                allow_redirects=False,  # a redirect would carry the key elsewhere
            ) as response:
                text = (await response.content.read(_ANSWER_BYTES)).decode("utf-8", "replace")
                status, headers = response.status, dict(response.headers)
        except _NOT_SENT as error:
            return Reply("later", f"no connection: {type(error).__name__}")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return Reply("unheard", f"no answer: {type(error).__name__}")
        reply = self._read(status, headers, text)
        if reply.after is not None and self._rate is not None:
            await self._rate.pause(min(reply.after, self._longest))
        return reply

    def _read(self, status: int, headers: Mapping[str, str], text: str) -> Reply:
        """What an answer means (sections 8 and 9)."""
        fact = f"HTTP {status}{self._excerpt(text)}"
        if 200 <= status < 300:
            # What a success says is undocumented, but it is not a web page: that is something in between speaking.
            return Reply("unheard", f"{fact}: a web page") if text.lstrip().startswith("<") else Reply("accepted")
        if status == 429:
            return Reply("later", fact, retry_after(headers.get("Retry-After"), text.encode(), time.time()))
        if status >= 500 or status == 408:
            return Reply("failed", fact, retry_after(headers.get("Retry-After"), b"", time.time()))
        lowered = text.lower()
        if "already been submitted" in lowered:
            return Reply("duplicate", fact)
        if status in {401, 403, 404, 405} or 300 <= status < 400 or "provider not found" in lowered:
            raise Reconfigure(
                f"Sending a lead for {self._provider.account}", f"{fact}: the provider key or the host is wrong"
            )
        return Reply("rejected", fact)

    def _excerpt(self, text: str) -> str:
        """The first words of an answer, without the key, however it is written in it."""
        for secret in {self._key, quote(self._key, safe=""), quote_plus(self._key)}:
            text = text.replace(secret, "***")
        text = re.sub(r"(?i)(providerkey[\"']?\s*[=:]\s*[\"']?)[^\s\"'&]+", r"\1***", re.sub(r"<[^>]*>?", " ", text))
        text = " ".join(text[:2000].split())[:500]
        return f" ({text})" if text else ""

    async def created_between(self, first: date, last: date) -> Sequence[str]:
        """List every lead created on these days, bad and lost ones too.

        A list that moved while it was read, or a body that is none, is read once more.

        Raises:
            TryLater: it moved again, so that absence from it proves nothing; or the vendor does not answer.
            Deferred: the month's calls are used up.
            VendorChanged: the answer is no list of leads, twice.
        """
        doubt: BranchlineError | None = None
        for _ in range(2):
            try:
                records, is_whole = await self._list(first, last)
            except VendorChanged as error:
                doubt = error
                continue
            if is_whole:
                return records
            doubt = TryLater("Looking leads up", "the list moved while it was read")
        assert doubt is not None
        raise doubt

    async def _list(self, first: date, last: date) -> tuple[list[str], bool]:
        records: list[str] = []
        flawed = 0
        totals: set[int | None] = set()
        for number in range(1, _MOST_PAGES + 1):
            doing = f"Looking leads up, page {number}"
            answer = await self._open_api.get(
                "/api/leads",
                [
                    ("From", f"{first:%Y%m%d}"),
                    ("To", f"{last:%Y%m%d}"),
                    ("IncludeBad", "true"),
                    ("IncludeLost", "true"),
                    (PAGES.page_param, str(number)),
                    (PAGES.size_param, str(PAGES.size)),
                ],
            )
            page = cut_page(answer.body, PAGES, doing=doing)
            records += [record.text for record in page.records if record.text is not None]
            flawed += sum(record.text is None for record in page.records)
            totals.add(page.total)
            if page.is_last or not page.records:
                break
        return records, len(totals) == 1 and totals <= {None, len(set(records)) + flawed}


def leads_conn_id(entry: Mapping[str, Any]) -> str:
    """The lead provider's connection of an account: smartmoving_leads, smartmoving_leads_<x> for smartmoving_<x>.

    Args:
        entry: of the Variable branchline_accounts; its `leads_conn_id`, where it has one, comes first.
    """
    suffix = str(entry["account"]).removeprefix("smartmoving").lstrip("_")
    return str(entry.get("leads_conn_id") or "_".join(filter(None, ("smartmoving_leads", suffix))))


def send_leads(
    conninfo: str, entries: Iterable[Mapping[str, Any]], *, limit: int, dry_run: bool, since: datetime
) -> dict[str, int]:
    """Send what the outbox of every SmartMoving account holds.

    Args:
        conninfo: the warehouse, as the loader.
        entries: the Variable branchline_accounts.
        limit: most leads an account.
        dry_run: say what would be sent, send nothing.
        since: dead letters from then on are told.

    Returns:
        What somebody has to look at, by kind; empty when all is well.

    Raises:
        Reconfigure: a key is refused. Leads of the other accounts are sent first.
    """
    told: dict[str, int] = {}
    failures: list[BranchlineError] = []
    for entry in entries:
        if entry["source"] != SMARTMOVING.slug:
            continue
        account = Account(entry["source"], entry["account"], entry["conn_id"], entry["client"])
        with connect(conninfo, client=account.client, name="branchline leads") as connection:
            if dry_run:
                for lead_id, text in preview(connection, account, limit):
                    log.info("%s: would send lead %d: %s", account.account, lead_id, text)
                continue
            if not is_idle(connection, account):
                delivery = asyncio.run(_deliver(conninfo, account, leads_conn_id(entry), limit, Pace()))
                log.info("%s: %s", account.account, delivery.describe())
                failures += [delivery.error] if delivery.error else []
            for kind, count in problems(connection, account, since, PATIENCE).items():
                told[kind] = told.get(kind, 0) + count
    if failures:
        raise failures[0]
    return told


async def _deliver(conninfo: str, account: Account, conn_id: str, limit: int, pace: Pace) -> Delivery:
    """One worker's pass over one account."""
    leads, reader = SmartMovingLeadsHook(conn_id), SmartMovingHook(account.conn_id, account.account)
    provider, open_api, key = leads.endpoint(), reader.endpoint(), leads.key()
    async with await open_ledger(conninfo, account.client) as ledger, await open_ledger(conninfo, "") as pacing:
        reading = SharedRate(pacing, open_api.source, open_api.account, open_api.requests_per_minute)
        posting = SharedRate(pacing, provider.source, provider.account, provider.requests_per_minute)
        async with (
            _Budgeted(conninfo, open_api, reading) as transport,
            LeadDesk(provider, key, transport, rate=posting, longest=pace.post) as desk,
        ):
            try:
                return await Outbox(ledger, account, desk, pace).work(limit)
            finally:
                await ledger.execute(*calls_made(provider.source, provider.account, {"leads": desk.posts}))
                await ledger.execute(*calls_made(open_api.source, open_api.account, {"leads": transport.calls}))


class _Budgeted(Transport):
    """The Open API's transport, which asks no more than the month's budget has."""

    def __init__(self, conninfo: str, endpoint: Endpoint, rate: Rate) -> None:
        super().__init__(endpoint, rate)
        self._conninfo = conninfo
        self._left: int | None = None

    async def get(self, *args: Any, **how: Any) -> Answer:
        if self._left is None:
            self._left = await asyncio.to_thread(self._read_left)
        if self.calls >= self._left:
            raise Deferred("Looking leads up", "the month's budget of calls is used up")
        return await super().get(*args, **how)

    def _read_left(self) -> int:
        """Calls left: look-ups are a few and a customer waits for them, so they may use the budget to its end."""
        with connect(self._conninfo) as connection:
            endpoint, today = self.endpoint, datetime.now(UTC).date()
            budget = read_budget(connection, endpoint.source, endpoint.account, endpoint.monthly_calls, today)
        left = budget.left("today")
        return 10**9 if left is None else left
