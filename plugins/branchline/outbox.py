"""The outbox of leads: asked for once by key, sent exactly once, whatever breaks in between.

The vendor takes a lead without an id of ours and gives none back (Lead Provider API, section 9), so a POST whose
answer was not heard is a question, not an error: the row is `unknown` until a look-up proves the lead there, or proves
it absent after the settling time. Every step is one committed statement before the call it belongs to, so a worker may
be killed anywhere.

    pending -> sending -> sent                   accepted, or proved there by a look-up
                       -> pending                refused for now (429, no connection, 5xx): later
                       -> unknown -> sent        no answer, found by a look-up
                                  -> pending     no answer, not there after the settling time
                       -> duplicate, rejected    the vendor had it already; the vendor refuses it (dead letter)
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Protocol

import psycopg
from psycopg.rows import namedtuple_row

from branchline.errors import BranchlineError, Deferred
from branchline.ledger import Account
from branchline.warehouse import refuse_plain_text, render

log = logging.getLogger(__name__)

Row = Any
Body = dict[str, Any]


class LeadRefused(BranchlineError):
    """A lead that cannot be queued or sent as it is: a wrong field, a key used for another lead."""

    verdict = "Nothing was sent: correct the lead and submit it again; a different lead needs a key of its own"


class LeadsLeft(BranchlineError):
    """Leads are not at the vendor and will not get there by themselves: dead letters, or rows that wait too long."""

    verdict = "Clearing the task cannot help: read state and last_error of these rows in crm.leads"


# ------------------------------------------------------------------------------------------------------- the form

#: The vendor's fields (section 9) and the longest text of each. The provider key is not one of them.
TEXTS: dict[str, int] = {
    **dict.fromkeys(("firstName", "lastName", "fullName", "serviceType", "opportunityType", "bedrooms"), 200),
    **dict.fromkeys(("phoneNumber", "extension", "phoneType", "moveDate"), 40),
    **dict.fromkeys((f"{side}{part}" for side in ("origin", "destination") for part in ("City", "State", "Zip")), 200),
    **dict.fromkeys((f"{side}{part}" for side in ("origin", "destination") for part in ("Street", "AddressFull")), 500),
    **dict.fromkeys(("referralSource", "moveSize", "trackingParameters"), 500),
    **dict.fromkeys((f"utm{part}" for part in ("AdGroup", "Campaign", "Content", "CustomTracking")), 500),
    **dict.fromkeys((f"utm{part}" for part in ("Keyword", "Medium", "Source")), 500),
    **dict.fromkeys(("referralSourceId", "moveSizeId", "branchId"), 36),
    "email": 100,
    "notes": 4000,
}
_SPELT = {name.lower(): name for name in (*TEXTS, "leadCost", "userOptIn")}
_PHONE_TYPES = {name.lower(): name for name in ("Mobile", "Home", "Office", "Other")}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")
#: Fields whose values a log may show; of all others it shows the name alone.
_PLAIN = {"moveDate", "moveSizeId", "referralSourceId", "branchId", "serviceType", "opportunityType", "phoneType"}


def read_form(fields: Mapping[str, Any]) -> Body:
    """A lead's fields in the vendor's spelling, checked against section 9.

    Args:
        fields: names in any case; empty values are left out.

    Returns:
        The fields that are sent.

    Raises:
        LeadRefused: an unknown field, a name or an address given twice, no name, neither phone nor e-mail (the lead
            could not be recognised at the vendor), a date or an id that is none.
    """
    form: Body = {}
    for given, value in fields.items():
        name = _SPELT.get(str(given).lower())
        if name is None:
            raise _wrong(f"{str(given)[:40]!r} is not a field of a lead")
        if name in form:
            raise _wrong(f"{name} is given twice")
        checked = _value(name, value)
        if checked is not None:
            form[name] = checked
    _one_way(form)
    _recognisable(form)
    if "phoneType" in form:
        form["phoneType"] = _phone_type(form["phoneType"])
    if "moveDate" in form:
        form["moveDate"] = _compact_day(form["moveDate"])
    for name in ("referralSourceId", "moveSizeId", "branchId"):
        if name in form:
            form[name] = form[name].lower()
            if not _GUID.fullmatch(form[name]):
                raise _wrong(f"{name} is not an id of the vendor's")
    return form


def _value(name: str, value: Any) -> str | float | bool | None:
    if value is None:
        return None
    if name == "userOptIn":
        if not isinstance(value, bool):
            raise _wrong("userOptIn is not a boolean")
        return value
    if name == "leadCost":
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1_000_000:
            raise _wrong("leadCost is not a number from 0 to 1,000,000")
        return value
    if isinstance(value, date):
        value = value.strftime("%Y%m%d")
    if not isinstance(value, str):
        raise _wrong(f"{name} is not a text")
    text = value.strip()
    if len(text) > TEXTS[name]:
        raise _wrong(f"{name} is longer than {TEXTS[name]} characters")
    if _CONTROL.search(text):
        raise _wrong(f"{name} holds control characters")
    return text or None


def _one_way(form: Body) -> None:
    """Refuse what section 9 allows only one way: a name, an address, a reference row."""
    if "fullName" in form and ("firstName" in form or "lastName" in form):
        raise _wrong("it has fullName and firstName or lastName: give one or the other")
    for side in ("origin", "destination"):
        parts = [name for part in ("Street", "City", "State", "Zip") if (name := side + part) in form]
        if parts and f"{side}AddressFull" in form:
            raise _wrong(f"it has {side}AddressFull and {parts[0]}: give the whole address or its parts")
    for name in ("referralSource", "moveSize"):
        if name in form and f"{name}Id" in form:
            raise _wrong(f"it has {name} and {name}Id: give one or the other")


def _recognisable(form: Body) -> None:
    """Refuse a lead that a look-up could not find again."""
    if not {"fullName", "firstName", "lastName"} & set(form):
        raise _wrong("it has no name")
    if not {"phoneNumber", "email"} & set(form):
        raise _wrong("it has neither phoneNumber nor email")
    if "phoneNumber" in form and len(re.sub(r"\D", "", form["phoneNumber"])) < 7:
        raise _wrong("phoneNumber has fewer than seven digits")
    if "email" in form and not re.fullmatch(r"[^@\s]+@[^@\s]+", form["email"]):
        raise _wrong("email is no e-mail address")


def _compact_day(text: str) -> str:
    digits = text.replace("-", "") if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise _wrong("moveDate is not a date such as 20260815 or 2026-08-15") from error
    return day.strftime("%Y%m%d")


def _wrong(fact: str) -> LeadRefused:
    return LeadRefused("Reading a lead", fact)


def _phone_type(text: str) -> str:
    if text.lower() not in _PHONE_TYPES:
        raise _wrong("phoneType is none of Mobile, Home, Office, Other")
    return _PHONE_TYPES[text.lower()]


def mask(body: Mapping[str, Any]) -> str:
    """A body as a log may show it: personal values are left out."""
    return ", ".join(f"{name}={value}" if name in _PLAIN else name for name, value in sorted(body.items()))


# ------------------------------------------------------------------------------------------------------ submitting


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of a submission.

    Attributes:
        lead_id: crm.leads.
        state: the lead's state now.
        is_new: False where the key had queued this lead before.
    """

    lead_id: int
    state: str
    is_new: bool


def submit_lead(
    connection: psycopg.Connection[Row],
    location_id: int,
    idempotency_key: str,
    fields: Mapping[str, Any],
    *,
    allow_new_texts: bool = False,
    dry_run: bool = False,
) -> Submitted:
    """Queue a lead for a branch; the same key again is the same lead and no second row.

    Args:
        connection: as branchline_api with the person set (row-level security admits SUPER_ADMIN, ADMIN and MANAGER
            within their locations), or the loader's; rows as named tuples.
        location_id: the branch in core.locations; it alone says whose lead it is and where it goes.
        idempotency_key: the caller's name of this request, 1 to 200 characters, unique per client.
        fields: the vendor's fields (section 9), checked by read_form.
        allow_new_texts: let the vendor create a referral source or move size that it does not have.
        dry_run: check and keep it, never send it.

    Raises:
        LeadRefused: the form is wrong, the location is none of the person's, a text is not in the reference lists, or
            the key was used for another lead (T71).
    """
    doing = f"Submitting lead {idempotency_key[:60]!r}"
    if not 1 <= len(idempotency_key) <= 200 or _CONTROL.search(idempotency_key):
        raise LeadRefused(doing, "the idempotency key must have 1 to 200 printable characters")
    form = read_form(fields)
    place = connection.execute(
        "SELECT client_id, account, external_id FROM core.locations "
        "WHERE location_id = %s AND source = 'smartmoving' AND is_mapped",
        (location_id,),
    ).fetchone()
    if place is None:
        raise LeadRefused(doing, f"location {location_id} is no SmartMoving branch that you may see")
    if form.pop("branchId", place.external_id) != place.external_id:
        raise LeadRefused(doing, f"branchId names another branch than location {location_id}")
    with connection.transaction():
        known = connection.execute(
            render("crm/leads.texts.sql"), _text_params(form, place.client_id, place.account)
        ).fetchone()
        # Only checked here and put in at the sending: the same request must stay the same when the lists have grown.
        _resolve(dict(form), known, allow_new_texts)
        try:
            with connection.transaction():
                row = connection.execute(
                    "INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload, "
                    "allow_new_texts, dry_run) VALUES (%s, %s, %s, %s, %s, %s, %s) "
                    "ON CONFLICT (client_id, idempotency_key) DO NOTHING RETURNING lead_id, state",
                    (
                        place.client_id,
                        place.account,
                        location_id,
                        idempotency_key,
                        json.dumps(form),
                        allow_new_texts,
                        dry_run,
                    ),
                ).fetchone()
        except psycopg.errors.InsufficientPrivilege as error:
            raise LeadRefused(doing, f"you may not write at location {location_id}") from error
    if row is not None:
        return Submitted(row.lead_id, row.state, True)
    earlier = connection.execute(
        "SELECT lead_id, state, payload = %s::jsonb AND location_id = %s AND dry_run = %s AS is_same FROM crm.leads "
        "WHERE client_id = %s AND idempotency_key = %s",
        (json.dumps(form), location_id, dry_run, place.client_id, idempotency_key),
    ).fetchone()
    if earlier is None or not earlier.is_same:
        raise LeadRefused(doing, "this key was used before for another lead (its payload, branch or dry_run differ)")
    return Submitted(earlier.lead_id, earlier.state, False)


def _text_params(form: Mapping[str, Any], client: str, account: str) -> dict[str, Any]:
    names = ("moveSize", "moveSizeId", "referralSource", "referralSourceId")
    return {"client": client, "account": account} | {name: form.get(name) for name in names}


def _resolve(form: Body, known: Row, allow_new_texts: bool) -> None:
    """Put the vendor's id in place of a text it knows; an unknown text makes a junk row there (section 9)."""
    for name, of_vendor in (("moveSize", known.moveSizeId), ("referralSource", known.referralSourceId)):
        if of_vendor is not None:
            form.pop(name, None)
            form[f"{name}Id"] = of_vendor
        elif f"{name}Id" in form:
            raise _wrong(f"the vendor has no {name} of this id in the lists last read")
        elif name in form and not allow_new_texts:
            raise _wrong(
                f"the vendor has no {name} of this text and would create one: choose one of smartmoving."
                f"{'move_sizes' if name == 'moveSize' else 'referral_sources'}, or allow_new_texts if that is meant"
            )


# --------------------------------------------------------------------------------------------------------- sending


@dataclass(frozen=True, slots=True)
class Reply:
    """What a POST came to.

    Attributes:
        verdict: `accepted`; `duplicate`: the vendor says it has it; `rejected`: it never will; `later`: certainly not
            taken, try again; `failed`: a server error, taken or not; `unheard`: no answer, taken or not.
        fact: what happened, without secrets.
        after: seconds the vendor asks to wait.
    """

    verdict: Literal["accepted", "duplicate", "rejected", "later", "failed", "unheard"]
    fact: str = ""
    after: float | None = None


class Desk(Protocol):
    """The vendor's side: where leads are handed in, and where they can be looked up."""

    async def turn(self) -> None:
        """Wait until the shared rate lets the next lead through: before the row is marked, not after."""

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Hand a lead in, once. Raises Reconfigure, the lead certainly not taken, for a refused key."""

    async def created_between(self, first: date, last: date) -> Sequence[str]:
        """Every lead created on these days, as the vendor writes it; raises unless the list is whole."""


@dataclass(frozen=True)
class Pace:
    """How patient the outbox is, in seconds.

    Attributes:
        settle: after a POST whose effect is unknown, how long before absence at the vendor is believed.
        lease: how long a claim holds; a killed worker's rows wait that long.
        post: longest time of one POST; must be well below `lease`.
        backoff: first wait after a failure; it doubles.
        longest: longest wait between attempts.
        concurrency: POSTs at the same time.
        batch: rows claimed at once; one look-up serves them all.
    """

    settle: float = 600.0
    lease: float = 900.0
    post: float = 90.0
    backoff: float = 60.0
    longest: float = 3600.0
    concurrency: int = 4
    batch: int = 20


@dataclass
class Delivery:
    """What a pass did.

    Attributes:
        outcomes: rows by the state they were left in.
        error: what the operator has to mend, met on the way; rows it does not concern were sent all the same.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    error: BranchlineError | None = None

    def describe(self) -> str:
        """One line for the log."""
        return ", ".join(f"{count} {state}" for state, count in sorted(self.outcomes.items())) or "nothing was due"


class Outbox:
    """One worker on the outbox of one account. Any number of them, on any machines, may work at the same time."""

    def __init__(
        self, connection: psycopg.AsyncConnection[Row], account: Account, desk: Desk, pace: Pace | None = None
    ) -> None:
        """Take an autocommit connection as the loader (see `open_ledger`) and the vendor's side."""
        self._connection = connection
        self._account = account
        self._desk = desk
        self._pace = pace or Pace()
        self._claim = secrets.token_hex(8)
        self._delivery = Delivery()
        self._seen: list[int] = []
        self._stopped = False

    async def work(self, limit: int) -> Delivery:
        """Send what is due, at most `limit` rows, and prove what is in doubt."""
        await self._link()
        while limit > 0 and not self._stopped:
            rows = await self._take(min(limit, self._pace.batch))
            if not rows:
                break
            limit -= len(rows)
            ready = await self._settle([row for row in rows if row.doubtful_since is not None])
            ready += await self._unknown_to_warehouse([row for row in rows if row.doubtful_since is None])
            await self._send(ready)
        return self._delivery

    async def _take(self, most: int) -> list[Row]:
        cursor = await self._connection.execute(
            render("crm/leads.claim.sql"),
            {
                "client": self._account.client,
                "account": self._account.account,
                "most": most,
                "seen": self._seen,
                "claim": self._claim,
                "lease": self._pace.lease,
            },
        )
        rows = await cursor.fetchall()
        self._seen += [row.lead_id for row in rows]
        return rows

    # ---- looking up

    async def _settle(self, rows: list[Row]) -> list[Row]:
        """Look up what may be at the vendor already; returns what is proved absent and may be sent now.

        A row nobody answered for goes back to pending first and is looked up once more before its next POST.
        """
        if not rows:
            return []
        try:
            found = await self._listed(rows, min(row.posted_at for row in rows))
        except BranchlineError as error:
            log.warning("%d leads in doubt wait: %s", len(rows), error)
            self._note(error)
            for row in rows:
                state = "unknown" if row.is_unheard else "pending"
                await self._mark(row, state, f"the look-up failed: {error.fact}", is_doubtful=True)
            return []
        ready, used = [], set()
        for row in rows:
            mine = [match for match in found if match.lead_id == row.lead_id]
            free = [match.vendor_lead_id for match in mine if not match.is_taken and match.vendor_lead_id not in used]
            free = free[mine[0].held :] if mine else []
            age = (datetime.now(UTC) - row.doubtful_since).total_seconds()
            if free:
                used.add(free[0])
                await self._prove(row, free[0])
            elif age < self._pace.settle:
                state = "unknown" if row.is_unheard else "pending"
                wait = min(self._pace.settle - age, self._wait(row))
                await self._mark(row, state, "not listed at the vendor yet", wait=wait, is_doubtful=True)
            elif row.is_unheard:
                await self._mark(row, "pending", "not listed at the vendor: to be sent again", is_doubtful=True)
            else:
                ready.append(row)
        return ready

    async def _prove(self, row: Row, vendor_lead_id: str) -> None:
        try:
            await self._mark(row, "sent", vendor_lead_id=vendor_lead_id)
        except psycopg.errors.UniqueViolation:
            # Another worker proved its own row of the same person by this lead a moment ago.
            await self._mark(row, "unknown", "its lead at the vendor is another row's", is_doubtful=True)

    async def _listed(self, rows: Sequence[Row], since: datetime) -> list[Row]:
        """What the vendor lists of these rows; a day of slack at both ends, since its days are in no known zone."""
        today = datetime.now(UTC).date()
        records = await self._desk.created_between(since.date() - timedelta(days=1), today + timedelta(days=1))
        return await self._match(rows, f"[{','.join(records)}]")

    async def _match(self, rows: Sequence[Row], records: str | None) -> list[Row]:
        cursor = await self._connection.execute(
            render("crm/leads.match.sql", listed=records is not None),
            {
                "records": records,
                "leads": [row.lead_id for row in rows],
                "client": self._account.client,
                "account": self._account.account,
            },
        )
        return await cursor.fetchall()

    async def _unknown_to_warehouse(self, rows: list[Row]) -> list[Row]:
        """Take out what the last sync saw as an open lead: the look-up before a first POST, which costs no call."""
        if not rows:
            return []
        known = {match.lead_id: match.vendor_lead_id for match in await self._match(rows, None)}
        for row in rows:
            if row.lead_id in known:
                note = "the vendor had this lead before it was sent"
                await self._mark(row, "duplicate", note, vendor_lead_id=known[row.lead_id])
        return [row for row in rows if row.lead_id not in known]

    async def _link(self) -> None:
        """Give leads that were accepted their vendor id once a sync has read them; costs no call."""
        cursor = await self._connection.execute(
            "SELECT lead_id FROM crm.leads WHERE client_id = %(client)s AND account = %(account)s AND state = 'sent' "
            "AND vendor_lead_id IS NULL AND sent_at > now() - interval '3 days' AND EXISTS (SELECT "
            "FROM smartmoving.leads AS read WHERE read.client_id = %(client)s AND read.account = %(account)s "
            "AND read.observed_at > crm.leads.sent_at)",
            {"client": self._account.client, "account": self._account.account},
        )
        rows = await cursor.fetchall()
        free = [match for match in await self._match(rows, None) if not match.is_taken] if rows else []
        of_lead, of_vendor = Counter(m.lead_id for m in free), Counter(m.vendor_lead_id for m in free)
        for match in free:
            if of_lead[match.lead_id] == 1 and of_vendor[match.vendor_lead_id] == 1:
                await self._connection.execute(
                    "UPDATE crm.leads SET vendor_lead_id = %s, updated_at = now() "
                    "WHERE lead_id = %s AND vendor_lead_id IS NULL",
                    (match.vendor_lead_id, match.lead_id),
                )

    # ---- posting

    async def _send(self, rows: list[Row]) -> None:
        gate = asyncio.Semaphore(self._pace.concurrency)

        async def one(row: Row) -> Reply | None:
            async with gate:
                return await self._post(row)

        outcomes = await asyncio.gather(*(one(row) for row in rows))
        replies = [reply for reply in outcomes if reply is not None]
        if replies and all(reply.verdict in {"later", "failed", "unheard"} for reply in replies):
            log.warning("the vendor took none of %d leads (%s): the rest waits", len(replies), replies[-1].fact)
            self._stopped = True
        twice = [row for row, reply in zip(rows, outcomes, strict=True) if reply and reply.verdict == "duplicate"]
        if twice:
            await self._explain_duplicates(twice)

    async def _post(self, row: Row) -> Reply | None:
        """One POST of one row; the row says that it may have been taken from before the call until its answer."""
        if self._stopped:
            await self._mark(row, "pending", is_doubtful=row.doubtful_since is not None)
            return None
        try:
            body = await self._body(row)
        except LeadRefused as error:
            await self._mark(row, "rejected", str(error))
            return None
        await self._desk.turn()
        started = await self._connection.execute(
            render("crm/leads.begin_post.sql"),
            {"lead_id": row.lead_id, "claim": self._claim, "longest": self._pace.post},
        )
        if await started.fetchone() is None:
            log.warning("lead %d: its claim ended before it was sent; it is left to the next pass", row.lead_id)
            return None
        try:
            reply = await self._desk.post(body)
        except BranchlineError as error:
            self._note(error)
            self._stopped = True
            await self._mark(row, "pending", error.fact)
            return None
        await self._record(row, reply)
        return reply

    async def _record(self, row: Row, reply: Reply) -> None:
        verdict, fact = reply.verdict, reply.fact
        if verdict == "accepted":
            await self._mark(row, "sent")
        elif verdict == "rejected":
            await self._mark(row, "rejected", fact)
        elif verdict == "later":
            await self._mark(row, "pending", fact, wait=max(self._wait(row), reply.after or 0.0))
        elif verdict == "failed":
            # A server error after the vendor stored the lead looks the same as one before: look up, then send again.
            await self._mark(row, "pending", fact, wait=max(self._wait(row), reply.after or 0.0), is_doubtful=True)
        elif verdict == "unheard":
            await self._mark(row, "unknown", fact, wait=min(self._wait(row), self._pace.settle), is_doubtful=True)
        # A duplicate stays claimed until `_explain_duplicates` has looked it up.

    async def _explain_duplicates(self, rows: list[Row]) -> None:
        """Say of what the vendor calls submitted already whether it was our own earlier POST."""
        try:
            found = await self._listed(rows, min(row.created_at for row in rows))
        except BranchlineError as error:
            log.warning("%d duplicates were not looked up: %s", len(rows), error)
            self._note(error)
            found = []
        for row in rows:
            mine = [match for match in found if match.lead_id == row.lead_id]
            if row.doubtful_since is not None:
                free = [match.vendor_lead_id for match in mine if not match.is_taken]
                try:
                    await self._mark(row, "sent", vendor_lead_id=free[0] if free else None)
                except psycopg.errors.UniqueViolation:
                    await self._mark(row, "duplicate", "the vendor had this lead", vendor_lead_id=free[0])
            else:
                vendor_lead_id = mine[-1].vendor_lead_id if mine else None
                await self._mark(row, "duplicate", "the vendor had this lead already", vendor_lead_id=vendor_lead_id)

    async def _body(self, row: Row) -> Body:
        """What is sent; checked again, since a row may have come another way than through submit_lead."""
        form = read_form(row.payload)
        if row.branch_id is None:
            raise _wrong("its location is no branch of the vendor's any more")
        if form.get("branchId", row.branch_id) != row.branch_id:
            raise _wrong("its payload names another branch than its location")
        cursor = await self._connection.execute(
            render("crm/leads.texts.sql"), _text_params(form, self._account.client, self._account.account)
        )
        _resolve(form, await cursor.fetchone(), row.allow_new_texts)
        return form | {"branchId": row.branch_id}

    # ---- writing down

    async def _mark(
        self,
        row: Row,
        state: str,
        error: str | None = None,
        *,
        wait: float | None = None,
        is_doubtful: bool = False,
        vendor_lead_id: str | None = None,
    ) -> None:
        """Write a row's outcome and give it back, unless its claim has gone to another worker."""
        cursor = await self._connection.execute(
            render("crm/leads.mark.sql"),
            {
                "lead_id": row.lead_id,
                "claim": self._claim,
                "state": state,
                "error": error,
                "wait": self._wait(row) if wait is None else wait,
                "is_doubtful": is_doubtful,
                "vendor_lead_id": vendor_lead_id,
            },
        )
        if await cursor.fetchone() is None:
            log.warning("lead %d: its claim ended; what came of it (%s) is left to the next pass", row.lead_id, state)
            return
        self._delivery.outcomes[state] += 1
        # No vendor text here: a message may quote the person's data, which stays in the row.
        log.info("lead %d: %s", row.lead_id, state)

    def _wait(self, row: Row) -> float:
        ceiling: float = min(self._pace.longest, self._pace.backoff * 2.0 ** min(int(row.attempts), 20))
        return ceiling * random.uniform(0.75, 1.0)  # noqa: S311 - spreading load, not a secret

    def _note(self, error: BranchlineError) -> None:
        """Keep the first error that somebody has to mend; one that passes or waits is the row's own business."""
        if not error.is_transient and not isinstance(error, Deferred) and self._delivery.error is None:
            self._delivery.error = error


async def open_ledger(conninfo: str, client: str) -> psycopg.AsyncConnection[Row]:
    """Open the connection that an Outbox works with: autocommit, UTC, seeing one client's rows."""
    refuse_plain_text(conninfo)
    connection = await psycopg.AsyncConnection.connect(
        conninfo,
        autocommit=True,
        row_factory=namedtuple_row,
        application_name="branchline leads",
        options="-c TimeZone=UTC",
    )
    await connection.execute("SELECT set_config('branchline.client', %s, FALSE)", (client,))
    return connection


async def count_calls(connection: psycopg.AsyncConnection[Row], source: str, account: str, calls: int) -> None:
    """Add calls to the month's ledger of a credential, failed ones included: the vendor counts them too."""
    if calls:
        await connection.execute(
            "INSERT INTO ops.api_calls AS day (source, account, called_on, priority, calls) "
            "VALUES (%s, %s, (now() AT TIME ZONE 'UTC')::date, 'leads', %s) "
            "ON CONFLICT (source, account, called_on, priority) DO UPDATE SET calls = day.calls + excluded.calls",
            (source, account, calls),
        )


# -------------------------------------------------------------------------------------------------------- watching


def is_idle(connection: psycopg.Connection[Row], account: Account) -> bool:
    """Whether nothing of the account is due, in doubt, or without its vendor id: one index look-up."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM crm.leads WHERE client_id = %(client)s AND account = %(account)s AND NOT dry_run "
        "AND ((state IN ('pending', 'unknown') AND next_attempt_at <= now()) "
        "OR (state = 'sending' AND claimed_until <= now()))) OR EXISTS (SELECT FROM crm.leads "
        "WHERE client_id = %(client)s AND account = %(account)s AND state = 'sent' AND vendor_lead_id IS NULL "
        "AND sent_at > now() - interval '3 days') AS is_busy",
        {"client": account.client, "account": account.account},
    ).fetchone()
    return row is None or not row.is_busy


def preview(connection: psycopg.Connection[Row], account: Account, limit: int) -> list[tuple[int, str]]:
    """What a pass would send now, and the dry runs: lead_id and the body without personal values. Changes nothing."""
    rows = connection.execute(
        "SELECT lead_id, payload, dry_run, external_id FROM crm.leads INNER JOIN core.locations USING (location_id) "
        "WHERE leads.client_id = %s AND leads.account = %s AND (dry_run OR (state = 'pending' "
        "AND doubtful_since IS NULL AND next_attempt_at <= now())) ORDER BY dry_run, next_attempt_at LIMIT %s",
        (account.client, account.account, limit),
    ).fetchall()
    shown = []
    for row in rows:
        try:
            text = mask(read_form(row.payload) | {"branchId": row.external_id})
        except LeadRefused as error:
            text = f"nothing: {error.fact}"
        shown.append((row.lead_id, f"dry run: {text}" if row.dry_run else text))
    return shown


def problems(
    connection: psycopg.Connection[Row], account: Account, since: datetime, patience: timedelta
) -> dict[str, int]:
    """What somebody has to look at: dead letters since `since`, and leads not at the vendor after `patience`."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE state = 'rejected' AND updated_at >= %(since)s) AS rejected, "
        "count(*) FILTER (WHERE state IN ('pending', 'sending', 'unknown') AND NOT dry_run "
        "AND created_at < now() - %(patience)s) AS late "
        "FROM crm.leads WHERE client_id = %(client)s AND account = %(account)s "
        "AND state IN ('rejected', 'pending', 'sending', 'unknown')",
        {"since": since, "patience": patience, "client": account.client, "account": account.account},
    ).fetchone()
    assert row is not None, "an aggregate gives a row"
    return {name: count for name, count in row._asdict().items() if count}
