"""One account in one run: what every step of a sync is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from branchline.ledger import Account, Run
from branchline.request import Request
from branchline.stream import Source
from branchline.warehouse import connect

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Sync:
    """One account in one run.

    Attributes:
        conninfo: the warehouse, as the loader.
        source: the vendor.
        account: whose data.
        run: the DAG run.
        request: what was asked for.
        instant: the instant the run stands for: its interval's end, or when it was triggered.
        interval: the run's data interval, where it has one.
    """

    conninfo: str = field(repr=False)
    source: Source
    account: Account
    run: Run
    request: Request
    instant: datetime
    interval: tuple[datetime, datetime] | None = None

    def connect(self, step: str) -> Connection:
        """A connection of the loader that sees this client's rows."""
        return connect(self.conninfo, client=self.account.client, name=f"{self.source.slug}.{step}")
