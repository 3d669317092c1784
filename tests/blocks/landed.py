"""Landed records without a vendor: what a merge finds when a slice is done."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from branchline import ledger
from branchline.ledger import Account, Run
from branchline.merge import Counts, merge_stream
from branchline.sources.smartmoving import SMARTMOVING
from branchline.stream import Source
from branchline.warehouse import connect

LGM = Account("smartmoving", "smartmoving", "smartmoving", "lgm")
#: When the first page of a test is answered.
BEGAN = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Landed:
    """A slice whose pages are landed: its sync, its number and its stream."""

    sync_id: int
    slice_id: int
    stream: str


@dataclass
class Bench:
    """A loader's connection of one account, with slices landed by hand."""

    connection: psycopg.Connection[Any]
    account: Account = LGM
    source: Source = SMARTMOVING

    def land(
        self,
        stream: str,
        records: Sequence[Any],
        *,
        at: datetime = BEGAN,
        times: Sequence[datetime] | None = None,
        keys: Sequence[str] | None = None,
        asked: Sequence[str] | None = None,
        reasons: Sequence[str] | None = None,
        window: tuple[date, date] | None = None,
    ) -> Landed:
        """Land records as one done slice.

        Args:
            stream: the stream's name.
            records: a dict or list (its JSON), a str (JSON text as it is), None for not found.
            at: when all of them were answered.
            times: when each was answered, instead.
            keys: the ids a by-id slice asked for.
            asked: the id each record answers; by default the key at its place.
            reasons: why each key was asked for.
            window: first and past-the-end day.
        """
        run = Run("smartmoving", f"by hand {next(_numbers)}")
        declared = self.source.stream(stream)
        sync_id = ledger.open_sync(self.connection, run, self.account, declared, {})
        request = {"keys": list(keys), "reasons": list(reasons or ["new"] * len(keys))} if keys is not None else {}
        when = list(times) if times is not None else [at] * len(records)
        row = self.connection.execute(
            "INSERT INTO ops.sync_slices (sync_id, source, account, client_id, stream, dag_id, run_id, scope, request, "
            "priority, state, records, fetched_from, fetched_to, window_start, window_end) VALUES "
            "(%s, %s, %s, %s, %s, %s, %s, 'all', %s, 'today', 'done', %s, %s, %s, %s, %s) RETURNING slice_id",
            (
                sync_id, self.account.source, self.account.account, self.account.client, stream, run.dag_id,
                run.run_id, json.dumps(request), len(records), min(when, default=at), max(when, default=at),
                *(window or (None, None)),
            ),
        ).fetchone()  # fmt: skip
        assert row is not None
        answers = list(asked) if asked is not None else list(keys) if keys is not None else [None] * len(records)
        with (
            self.connection.cursor() as cursor,
            cursor.copy(
                "COPY landing.records (landed_on, slice_id, page, ordinal, asked, fetched_at, body, flaw) FROM STDIN"
            ) as copy,
        ):
            for place, (record, moment, key) in enumerate(zip(records, when, answers, strict=True)):
                text = record if isinstance(record, str) or record is None else json.dumps(record)
                copy.write_row(
                    (moment.date(), row.slice_id, 1, place, key, moment, text, "not_found" if record is None else None)
                )
        return Landed(sync_id, row.slice_id, stream)

    def merge(self, *landed: Landed, **how: Any) -> Counts:
        """Merge slices of one stream as merge_wave does, in one transaction."""
        slices = [one.slice_id for one in landed]
        with self.connection.transaction():
            counts = merge_stream(
                self.connection, self.source, self.source.stream(landed[0].stream), sync_id=landed[0].sync_id,
                slices=slices, **how,
            )  # fmt: skip
            ledger.mark_merged(self.connection, slices)
            ledger.add_counts(self.connection, landed[0].sync_id, counts)
        assert counts.is_balanced(), counts
        return counts

    def take(self, stream: str, records: Sequence[Any], *, how: dict[str, Any] | None = None, **what: Any) -> Counts:
        """Land and merge at once."""
        return self.merge(self.land(stream, records, **what), **(how or {}))

    def rows(self, query: str, params: Any = None) -> list[Any]:
        """Ask as the loader."""
        return self.connection.execute(query.encode(), params).fetchall()

    def one(self, query: str, params: Any = None) -> Any:
        """The single row of a query; a single column comes as the bare value."""
        (row,) = self.rows(query, params)
        return row[0] if len(row) == 1 else row


@contextmanager
def bench(conninfo: str, account: Account = LGM) -> Iterator[Bench]:
    """A bench on a warehouse; the account is registered."""
    with connect(conninfo, client=account.client) as connection:
        ledger.register_accounts(connection, [account])
        yield Bench(connection, account)


def after(minutes: float) -> datetime:
    """That many minutes after the first page."""
    return BEGAN + timedelta(minutes=minutes)


def job(number: int, day: str = "2026-07-15", kind: int = 1, **more: Any) -> dict[str, Any]:
    """A job as the sweep sends it."""
    return {"id": f"job {number}", "jobNumber": f"{number}-1", "serviceDate": day, "type": kind} | more


def customer(number: int, *jobs: dict[str, Any], name: str = "Alex Example", status: int = 4, **more: Any) -> Any:
    """A customer of the sweep with one opportunity of its number."""
    return {
        "id": f"customer {number}",
        "name": name,
        "phoneNumber": "4165550100",
        "phoneType": 0,
        "emailAddress": None,
        "address": "100 Sample St",
        "secondaryPhoneNumbers": [],
        "opportunities": [
            {"id": f"opportunity {number}", "quoteNumber": str(number), "status": status, "jobs": list(jobs)}
        ],
    } | more


def detail(number: int, *jobs: dict[str, Any], status: int = 4, total: Any = 100.0, **more: Any) -> Any:
    """An opportunity's detail, its jobs as `embedded` makes them."""
    return {
        "id": f"opportunity {number}",
        "quoteNumber": number,
        "customer": {"id": f"customer {number}", "name": "Alex Example"},
        "branch": {"name": "TORONTO", "phoneNumber": None},
        "opportunityType": 0,
        "type": 1,
        "serviceDate": 20260715,
        "status": status,
        "estimatedTotal": {"subtotal": total, "taxableAmount": total, "tax": 0.0, "finalTotal": total},
        "jobs": list(jobs),
        "payments": [],
        "createdAtUtc": "2026-07-01T00:00:00Z",
    } | more


def embedded(number: int, day: int = 20260715, **more: Any) -> dict[str, Any]:
    """A job inside a detail."""
    return {
        "id": f"job {number}",
        "jobNumber": f"{number}-1",
        "jobDate": day,
        "type": 1,
        "confirmed": True,
        "jobAddresses": ["1 First St", "2 Second St"],
        "estimatedCharges": [charge(100.0)],
        "actualCharges": [],
        "crewMembers": ["Sam Sample"],
    } | more


def charge(total: Any, **more: Any) -> dict[str, Any]:
    """A charge of a job."""
    return {
        "name": "Moving Labor",
        "chargeCategory": 1,
        "description": None,
        "subtotal": total,
        "discountAmount": 0.0,
        "totalCost": total,
    } | more


#: Columns that say when and by which sync a row was written, and our own numbers: two runs never agree on them.
CIRCUMSTANCE = frozenset(
    (
        "synced_at",
        "first_seen_at",
        "observed_at",
        "last_sync_at",
        "sync_id",
        "deleted_at",
        "row_hash",
        "location_id",
        "location_ids",
    )
)


def contents(warehouse: Any, *, schemas: Sequence[str] = ("smartmoving", "crm")) -> dict[str, list[tuple[Any, ...]]]:
    """Every warehouse table's rows but for their circumstances, locations by the vendor's id, ready to compare."""
    places = {
        row.location_id: (row.account, row.external_id)
        for row in warehouse.rows("SELECT location_id, account, external_id FROM core.locations", role="admin")
    }
    tables = warehouse.rows(
        "SELECT format('%%I.%%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1",
        (list(schemas),),
        role="admin",
    )
    found = {}
    for table in tables:
        rows = []
        for row in warehouse.rows(f"SELECT * FROM {table.name}", role="admin"):
            values = row._asdict()
            kept: list[Any] = [(name, str(value)) for name, value in values.items() if name not in CIRCUMSTANCE]
            if values.get("location_id") is not None:
                kept.append(("location", places[values["location_id"]]))
            if values.get("location_ids") is not None:
                kept.append(("locations", sorted(places[place] for place in values["location_ids"])))
            rows.append(tuple(kept))
        found[table.name] = sorted(rows, key=repr)
    return found
