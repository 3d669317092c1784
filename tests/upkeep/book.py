"""A ledger written by hand, in one transaction, so that ages are exact: now() stands still in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg

HOURS = timedelta(hours=1)


@dataclass
class Book:
    """What was expected, run and read of one account, in a transaction of the cluster's admin."""

    connection: psycopg.Connection[Any]
    source: str = "tekmetric"
    account: str = "tekmetric"
    client: str = "garage"
    runs: int = 0
    places: dict[str, int] = field(default_factory=dict)

    def rows(self, query: str, params: Any = None) -> list[Any]:
        return self.connection.execute(query.encode(), params).fetchall()

    def one(self, query: str, params: Any = None) -> Any:
        (row,) = self.rows(query, params)
        return row[0] if len(row) == 1 else row

    def open_account(self, *shops: str) -> None:
        """The account, its client and its mapped locations, in this order."""
        self.rows("INSERT INTO core.clients (client_id) VALUES (%s) ON CONFLICT DO NOTHING RETURNING 1", (self.client,))
        self.rows(
            "INSERT INTO core.accounts (source, account, conn_id, client_id) VALUES (%s, %s, %s, %s) RETURNING 1",
            (self.source, self.account, self.account, self.client),
        )
        for shop in shops:
            self.places[shop] = self.one(
                "INSERT INTO core.locations (client_id, source, account, external_id, name) "
                "VALUES (%s, %s, %s, %s, %s) RETURNING location_id",
                (self.client, self.source, self.account, shop, shop),
            )

    def expect(
        self,
        stream: str,
        period: timedelta | None = 2 * HOURS,
        *,
        for_hours: float = 1000,
        is_paused: bool = False,
    ) -> None:
        """The stream is expected every `period`, since so many hours."""
        self.rows(
            "INSERT INTO ops.expectations (source, account, stream, client_id, dag_id, period, is_paused, since) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, now() - %s) RETURNING 1",
            (self.source, self.account, stream, self.client, self.source, period, is_paused, for_hours * HOURS),
        )

    def sync(
        self,
        stream: str,
        hours: float,
        slices: Sequence[dict[str, Any]] = ({},),
        *,
        status: str = "success",
        configuration: dict[str, Any] | None = None,
        run: str | None = None,
        **counts: int,
    ) -> int:
        """A sync that began and read its slices so many hours ago; returns its sync_id.

        Each slice may say `place` (a shop), `priority`, `state`, `verdict`, `total`, `records`, `hours`, `scope`.
        """
        self.runs += 1
        run_id = run or f"run {self.runs}"
        names = ", ".join(counts)
        sync_id: int = self.one(
            f"INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, start_time, end_time, "
            f"configuration, dag_id, run_id, attempt{', ' + names if names else ''}) "
            f"VALUES (%s, %s, %s, %s, %s, now() - %s, now() - %s, %s, %s, %s, %s{', %s' * len(counts)}) "
            "RETURNING sync_id",
            (
                self.source, self.account, self.client, stream, status, hours * HOURS, hours * HOURS,
                json.dumps(configuration or {}), self.source, run_id, self.runs, *counts.values(),
            ),
        )  # fmt: skip
        for number, told in enumerate(slices):
            read = told.get("hours", hours) * HOURS
            place = told.get("place")
            self.rows(
                "INSERT INTO ops.sync_slices (sync_id, source, account, client_id, stream, dag_id, run_id, scope, "
                "location_id, priority, state, verdict, vendor_total, records, fetched_from, fetched_to) VALUES "
                "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() - %s, now() - %s) RETURNING 1",
                (
                    sync_id, self.source, self.account, self.client, stream, self.source, run_id,
                    told.get("scope", f"{place or 'all'} {self.runs} {number}"), self.places.get(place or ""),
                    told.get("priority", "today"),
                    told.get("state", "merged"), told.get("verdict"), told.get("total"), told.get("records", 0),
                    read, read,
                ),
            )  # fmt: skip
        return sync_id

    def reject(self, stream: str, key: str, sync_id: int, *, scope: str = "record", reason: str = "missing") -> None:
        """A record, or a field of it, that could not be read."""
        self.rows(
            "INSERT INTO ops.quarantine (source, account, client_id, stream, table_name, record_key, severity, reason, "
            "field, payload, sync_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'total', %s, %s) RETURNING 1",
            (
                self.source, self.account, self.client, stream, f"{self.source}.{stream}", key, scope, reason,
                json.dumps({"name": "Jane Example"}), sync_id,
            ),
        )  # fmt: skip

    def fresh(self, stream: str, shop: str | None = None) -> Any:
        """The row of ops.freshness of a stream, or of one of its shops."""
        (row,) = self.rows(
            "SELECT * FROM ops.freshness WHERE source = %s AND stream = %s AND location_name IS NOT DISTINCT FROM %s",
            (self.source, stream, shop),
        )
        return row

    def verdict(self, stream: str, shop: str | None = None) -> tuple[str, str]:
        row = self.fresh(stream, shop)
        return row.verdict, row.severity
