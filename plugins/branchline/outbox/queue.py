"""The queue of leads: rows of crm.leads and every statement on them, from the submission to the last look.

A row is claimed for a time, so that any number of workers share the queue, and each step is one committed statement.
What a step means is sending.py's to decide; here stands how it is written down.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from branchline.errors import BranchlineError
from branchline.ledger import Account
from branchline.outbox.form import (
    CONTROL,
    Body,
    KeyTaken,
    LeadRefused,
    NotYourBranch,
    mask,
    read_form,
    resolve_texts,
    text_params,
)
from branchline.warehouse import connect_async, render

Row = Any


class LeadsLeft(BranchlineError):
    """Leads are not at the vendor and will not get there by themselves: dead letters, or rows that wait too long."""

    verdict = "Clearing the task cannot help: read state and last_error of these rows in crm.leads"


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


async def submit_lead(
    connection: psycopg.AsyncConnection[Row],
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
        LeadRefused: the form is wrong, or a text is not in the reference lists.
        NotYourBranch: the location is none that the person may see, or none where he may write.
        KeyTaken: the key was used for another lead (T71).
    """
    doing = f"Submitting lead {idempotency_key[:60]!r}"
    if not 1 <= len(idempotency_key) <= 200 or CONTROL.search(idempotency_key):
        raise LeadRefused(doing, "the idempotency key must have 1 to 200 printable characters")
    form = read_form(fields)
    found = await connection.execute(
        "SELECT client_id, account, external_id FROM core.locations "
        "WHERE location_id = %s AND source = 'smartmoving' AND is_mapped",
        (location_id,),
    )
    place = await found.fetchone()
    if place is None:
        raise NotYourBranch(doing, f"location {location_id} is no SmartMoving branch that you may see")
    if form.pop("branchId", place.external_id) != place.external_id:
        raise LeadRefused(doing, f"branchId names another branch than location {location_id}")
    async with connection.transaction():
        known = await connection.execute(
            render("crm/leads.texts.sql"), text_params(form, place.client_id, place.account)
        )
        # Only checked here and put in at the sending: the same request must stay the same when the lists have grown.
        resolve_texts(dict(form), await known.fetchone(), allow_new_texts)
        try:
            async with connection.transaction():
                queued = await connection.execute(
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
                )
                row = await queued.fetchone()
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotYourBranch(doing, f"you may not write at location {location_id}") from error
    if row is not None:
        return Submitted(row.lead_id, row.state, True)
    looked = await connection.execute(
        "SELECT lead_id, state, payload = %s::jsonb AND location_id = %s AND dry_run = %s AS is_same FROM crm.leads "
        "WHERE client_id = %s AND idempotency_key = %s",
        (json.dumps(form), location_id, dry_run, place.client_id, idempotency_key),
    )
    earlier = await looked.fetchone()
    if earlier is None or not earlier.is_same:
        raise KeyTaken(doing, "this key was used before for another lead (its payload, branch or dry_run differ)")
    return Submitted(earlier.lead_id, earlier.state, False)


# -------------------------------------------------------------------------------------------------------- claiming


class Claims:
    """What one worker holds of one account's queue, and every statement that it makes on it."""

    def __init__(self, connection: psycopg.AsyncConnection[Row], account: Account) -> None:
        """Take an autocommit connection as the loader (see `open_ledger`)."""
        self._connection = connection
        self._account = account
        self._claim = secrets.token_hex(8)
        self._seen: list[int] = []

    async def take(self, most: int, lease: float) -> list[Row]:
        """Claim what is due, at most so many rows and none twice, for so many seconds."""
        cursor = await self._connection.execute(
            render("crm/leads.claim.sql"),
            {
                "client": self._account.client,
                "account": self._account.account,
                "most": most,
                "seen": self._seen,
                "claim": self._claim,
                "lease": lease,
            },
        )
        rows = await cursor.fetchall()
        self._seen += [row.lead_id for row in rows]
        return rows

    async def match(self, rows: Sequence[Row], records: str | None) -> list[Row]:
        """Which of the vendor's leads is which of ours.

        Args:
            rows: ours.
            records: a JSON array as the vendor listed it; None looks into what the last sync read.

        Returns:
            Rows lead_id, vendor_lead_id, is_taken, held.
        """
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

    async def link(self) -> None:
        """Give leads that were accepted their vendor id once a sync has read them; costs no call."""
        cursor = await self._connection.execute(
            "SELECT lead_id FROM crm.leads WHERE client_id = %(client)s AND account = %(account)s AND state = 'sent' "
            "AND vendor_lead_id IS NULL AND sent_at > now() - interval '3 days' AND EXISTS (SELECT "
            "FROM smartmoving.leads AS read WHERE read.client_id = %(client)s AND read.account = %(account)s "
            "AND read.observed_at > crm.leads.sent_at)",
            {"client": self._account.client, "account": self._account.account},
        )
        rows = await cursor.fetchall()
        free = [match for match in await self.match(rows, None) if not match.is_taken] if rows else []
        of_lead, of_vendor = Counter(m.lead_id for m in free), Counter(m.vendor_lead_id for m in free)
        for match in free:
            if of_lead[match.lead_id] == 1 and of_vendor[match.vendor_lead_id] == 1:
                await self._connection.execute(
                    "UPDATE crm.leads SET vendor_lead_id = %s, updated_at = now() "
                    "WHERE lead_id = %s AND vendor_lead_id IS NULL",
                    (match.vendor_lead_id, match.lead_id),
                )

    async def put_texts_in(self, row: Row, form: Body) -> None:
        """Put the vendor's ids in place of the reference texts it knows, as resolve_texts does."""
        cursor = await self._connection.execute(
            render("crm/leads.texts.sql"), text_params(form, self._account.client, self._account.account)
        )
        resolve_texts(form, await cursor.fetchone(), row.allow_new_texts)

    async def begin_post(self, row: Row, longest: float) -> bool:
        """Write that the row may have been taken from now on; False where the claim does not outlive the POST."""
        started = await self._connection.execute(
            render("crm/leads.begin_post.sql"),
            {"lead_id": row.lead_id, "claim": self._claim, "longest": longest},
        )
        return await started.fetchone() is not None

    async def give_back(
        self, row: Row, state: str, error: str | None, *, wait: float, is_doubtful: bool, vendor_lead_id: str | None
    ) -> bool:
        """Write a row's outcome and give it back; False where its claim has gone to another worker.

        Raises:
            psycopg.errors.UniqueViolation: another row is that lead of the vendor's.
        """
        cursor = await self._connection.execute(
            render("crm/leads.mark.sql"),
            {
                "lead_id": row.lead_id,
                "claim": self._claim,
                "state": state,
                "error": error,
                "wait": wait,
                "is_doubtful": is_doubtful,
                "vendor_lead_id": vendor_lead_id,
            },
        )
        return await cursor.fetchone() is not None


async def open_ledger(conninfo: str, client: str) -> psycopg.AsyncConnection[Row]:
    """Open the connection that an Outbox works with: autocommit, UTC, seeing one client's rows."""
    return await connect_async(conninfo, client=client, name="branchline leads")


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
