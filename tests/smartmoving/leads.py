"""The write-back of leads against the sandbox: its Lead Provider API and Open API, and a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import requests
from branchline import outbox
from branchline.hooks.smartmoving_leads import LeadDesk
from branchline.ledger import Account
from branchline.limits import SharedRate
from branchline.outbox import Outbox, Pace, open_ledger, submit_lead
from branchline.transport import Endpoint, Transport
from branchline.warehouse import connect_async

#: So many that no test waits for it.
PER_MINUTE = 60_000.0
PROVIDER_KEY = "sandbox-provider-key"
QUICK = Pace(settle=0.05, lease=2.0, post=0.4, backoff=0.005, longest=0.02, concurrency=8, batch=20)
ACCOUNT = Account("smartmoving", "smartmoving", "smartmoving", "lgm")
PROVIDER = "from-provider"
KEY = "sandbox-smartmoving-key"
SEEN = ("id", "customerName", "emailAddress", "phoneNumber", "serviceDate", "status", "createdAtUtc")


@dataclass
class Leads:
    """The write-back against a sandbox whose clock is the machine's, with branches and reference lists known."""

    line: Any
    provider_key: str = PROVIDER_KEY
    provider_url: str | None = None
    open_api_url: str | None = None
    posts: int = 0
    lookups: int = 0
    places: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        # What a sync of the reference lists leaves behind, written by hand: a lead needs no more of it.
        self.warehouse.execute("INSERT INTO core.clients VALUES ('lgm')")
        for branch in self.ask("/api/branches")[:20]:
            self.warehouse.execute(
                "INSERT INTO core.locations (client_id, source, account, external_id, name) "
                "VALUES ('lgm', 'smartmoving', 'smartmoving', %s, %s)",
                (branch["id"], branch["name"]),
            )
        for table, key in (("move_sizes", "move_size_id"), ("referral_sources", "referral_source_id")):
            for row in self.ask("/api/" + table.replace("_", "-")):
                self.warehouse.execute(
                    f"INSERT INTO smartmoving.{table} (client_id, account, observed_at, row_hash, {key}, name) "
                    "VALUES ('lgm', 'smartmoving', now(), gen_random_uuid(), %s, %s)",
                    (row["id"], row["name"]),
                )
        self.places = self.warehouse.rows(
            "SELECT location_id, external_id FROM core.locations WHERE is_mapped ORDER BY location_id"
        )

    @property
    def warehouse(self) -> Any:
        return self.line.warehouse

    @property
    def control(self) -> Any:
        return self.line.vendor.control

    def ask(self, path: str) -> list[Any]:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["x-api-key"] = KEY
            rows: list[Any] = session.get(self.line.vendor.smartmoving + path, timeout=5).json()["pageResults"]
        return rows

    def read_by_sync(self) -> None:
        """What a sync of the leads would leave in the warehouse."""
        for lead in self.ask(f"/api/leads?PageSize=200&From={datetime.now(UTC):%Y%m%d}"):
            self.warehouse.execute(
                "INSERT INTO smartmoving.leads (client_id, account, observed_at, row_hash, lead_id, customer_name, "
                "email_address, phone_number, service_date, status, created_at) VALUES ('lgm', 'smartmoving', now(), "
                "gen_random_uuid(), %(id)s, %(customerName)s, %(emailAddress)s, %(phoneNumber)s, "
                "core.as_day(%(serviceDate)s::text)::date, %(status)s, core.as_instant(%(createdAtUtc)s)::timestamptz)",
                {name: lead.get(name) for name in SEEN},
            )

    def submit(self, key: str, fields: dict[str, Any] | None = None, **how: Any) -> outbox.Submitted:
        location = how.pop("location_id", self.places[0].location_id)
        return self.submit_all([(location, key, fields or person(key))], **how)[0]

    def submit_all(
        self, asked: list[tuple[int, str, dict[str, Any]]], *, user: str | None = None, **how: Any
    ) -> list[outbox.Submitted]:
        """Leads by location, key and fields, as the loader or as a person through the api, over one connection."""

        async def queue() -> list[outbox.Submitted]:
            conninfo, client = (self.warehouse.as_role("api"), None) if user else (self.warehouse.loader, "lgm")
            async with await connect_async(conninfo, client=client) as connection:
                if user:
                    await connection.execute("SELECT set_config('branchline.user', %s, FALSE)", (user,))
                return [await submit_lead(connection, *lead, **how) for lead in asked]

        return asyncio.run(queue())

    def row(self, key: str) -> Any:
        return self.warehouse.one("SELECT * FROM crm.leads WHERE idempotency_key = %s", (key,), role="admin")

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.warehouse.rows("SELECT state FROM crm.leads", role="admin"))

    def work(self, pace: Pace = QUICK, limit: int = 1000) -> outbox.Delivery:
        """One pass of one worker."""
        return asyncio.run(self.worker(pace, limit))

    async def worker(self, pace: Pace = QUICK, limit: int = 1000) -> outbox.Delivery:
        vendor = self.line.vendor
        provider = Endpoint("smartmoving", "smartmoving_leads", self.provider_url or vendor.leads, {})
        open_api = replace(self.line.endpoint(), read_seconds=1.0)
        if self.open_api_url:
            open_api = replace(open_api, base_url=self.open_api_url)
        async with (
            await open_ledger(self.warehouse.loader, "lgm") as ledger,
            await open_ledger(self.warehouse.loader, "") as pacing,
            Transport(open_api) as transport,
            LeadDesk(
                provider, self.provider_key, transport, longest=pace.post,
                rate=SharedRate(pacing, provider.source, provider.account, PER_MINUTE),
            ) as desk,
        ):  # fmt: skip
            try:
                return await Outbox(ledger, ACCOUNT, desk, pace).work(limit)
            finally:
                self.posts += desk.posts
                self.lookups += transport.calls

    def settle(self, passes: int = 60, pace: Pace = QUICK) -> int:
        """Pass after pass until nothing waits; returns how many."""
        for number in range(1, passes + 1):
            self.work(pace)
            if not self.states() & Counter(pending=10**6, sending=10**6, unknown=10**6):
                return number
        raise AssertionError(f"still waiting after {passes} passes: {self.states()}")

    def stored(self) -> Counter[str]:
        """Leads that the vendor has, by the e-mail that names our key."""
        return Counter(lead["emailAddress"].partition("@")[0] for lead in self.control.leads())


def person(key: str, **more: Any) -> dict[str, Any]:
    """A synthetic lead that its e-mail tells apart."""
    place = sum(key.encode()) % 9000
    return {
        "fullName": f"Alex  Example {place}",
        "phoneNumber": f"+1 (403) 555-{place:04d}",
        "phoneType": "mobile",
        "email": f"{key}@Example.com",
        "moveDate": date(2027, 3, 1 + place % 28),
        "originAddressFull": "100 Sample St, Calgary",
        "notes": "Ring twice",
    } | more


def fault(action: Any, *, times: int | None = 1, match: str = PROVIDER, **more: Any) -> dict[str, Any]:
    return {"match": match, "action": action, "times": times, **more}


def status(code: int, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": code, **more}
