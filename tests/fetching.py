"""One chunk of SmartMoving slices, planned and fetched without the other steps of a sync."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from branchline import ledger, plan, transport
from branchline.fetch import Progress, fetch_chunk
from branchline.ledger import Run, SliceSpec
from branchline.request import Request
from branchline.sources.smartmoving import SMARTMOVING
from branchline.transport import Endpoint
from branchline.warehouse import connect

FIRST = date(2026, 7, 15)
CUSTOMERS = "GET /smartmoving/v1/api/customers"


@dataclass
class Chunk:
    """Slices in the ledger of a line's warehouse, and the fetching of them."""

    line: Any
    run: Run = field(default_factory=lambda: Run("smartmoving", "chunk"))
    ids: list[int] = field(default_factory=list)
    batch_size: int = 1000
    max_records: int | None = None

    @property
    def faults(self) -> Any:
        """Add rules to the sandbox."""
        return self.line.vendor.control.faults

    def sweep(self, days: int = 1, places: Sequence[plan.Place] | None = None) -> Chunk:
        """Plan customers slices of so many days from FIRST on."""
        stream = SMARTMOVING.stream("customers")
        return self.add(plan.sweep(stream, [FIRST + timedelta(days=day) for day in range(days)], FIRST, places))

    def by_key(self, stream: str, keys: Sequence[str]) -> Chunk:
        """Plan one slice of a by-id stream."""
        return self.add([SliceSpec(stream, "details 1", "details", {"keys": list(keys)})])

    def whole(self, stream: str) -> Chunk:
        """Plan the one slice of a stream without a window."""
        return self.add([plan.whole(SMARTMOVING.stream(stream))])

    def add(self, specs: Sequence[SliceSpec]) -> Chunk:
        account = self.line.account
        with connect(self.line.warehouse.loader, client=account.client) as connection:
            ledger.register_accounts(connection, [account])
            stream = SMARTMOVING.stream(specs[0].stream)
            sync_id = ledger.open_sync(connection, self.run, account, stream, {})
            ledger.add_slices(connection, self.run, account, sync_id, specs)
            rows = ledger.open_slices(connection, self.run, account.account, [stream.name])
        self.ids += [row.slice_id for row in rows if row.slice_id not in self.ids]
        return self

    def endpoint(self, **changes: Any) -> Endpoint:
        endpoint: Endpoint = self.line.endpoint()
        return replace(endpoint, **changes)

    def fetch(self, endpoint: Endpoint | None = None) -> Progress:
        """Fetch the chunk, as the task does."""
        return asyncio.run(
            fetch_chunk(
                self.line.warehouse.loader,
                SMARTMOVING,
                endpoint or self.endpoint(),
                self.ids,
                batch_size=self.batch_size,
                max_records=self.max_records,
            )
        )

    def slices(self) -> list[Any]:
        """The slices' rows, in order."""
        return list(self.line.warehouse.rows("SELECT * FROM ops.sync_slices ORDER BY slice_id", role="admin"))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.slices()]

    def landed(self, more: str = "") -> list[Any]:
        """Landed records, in order."""
        return list(
            self.line.warehouse.rows(
                f"SELECT *, body ->> 'id' AS id FROM landing.records {more} ORDER BY slice_id, page, ordinal",
                role="admin",
            )
        )

    def served(self, path: str = CUSTOMERS) -> dict[str, int]:
        """Status to calls that the sandbox counted on a path."""
        by_path: dict[str, dict[str, int]] = self.line.vendor.control.served()["by_path"]
        return by_path.get(path, {})

    def expected(self, days: int = 1) -> int:
        """Customers that the vendor has on the planned days, once a day."""
        return sum(
            len(self.line.vendor.world.matching(FIRST + timedelta(days=day), FIRST + timedelta(days=day)))
            for day in range(days)
        )

    def check_ledgers(self, cut_short: int = 0) -> int:
        """Both ledgers say what the sandbox served; returns how many calls.

        Args:
            cut_short: calls that may be counted and not served: they were cancelled before they had left.
        """
        served = int(self.line.vendor.control.served()["total"])
        counted = self.line.warehouse.one("SELECT sum(calls) FROM ops.api_calls", role="admin")
        assert counted == self.line.warehouse.one("SELECT sum(api_calls) FROM ops.sync_slices", role="admin")
        assert served <= counted <= served + cut_short
        return served

    def check_whole(self, days: int = 1) -> None:
        """Every slice is done and holds each of the vendor's customers once, each page once."""
        assert set(self.states) == {"done"}, [row.error_message for row in self.slices()]
        landed = self.landed()
        assert len({(row.slice_id, row.page, row.ordinal) for row in landed}) == len(landed)
        assert len({(row.slice_id, row.id) for row in landed}) == len(landed) == self.expected(days)
        assert sum(row.records for row in self.slices()) == len(landed)


def rule(chunk: Chunk, action: Any, **more: Any) -> None:
    chunk.faults({"match": "/api/customers", "action": action} | more)


def only(progress: Any) -> Exception:
    """The error of the one slice that failed."""
    (error,) = progress.failures.values()
    assert isinstance(error, Exception)
    return error


def reference(line: Any) -> None:
    """Read the branches: without their time zones no day can be planned."""
    assert line.sync(Request(streams=("branches",))) == {"branches": "success"}


_MEASURED = """
import asyncio, resource, sys
from branchline.fetch import fetch_chunk
from branchline.sources.smartmoving import SMARTMOVING
from branchline.transport import Endpoint
endpoint = Endpoint("smartmoving", "smartmoving", sys.argv[2], {"x-api-key": "sandbox-smartmoving-key"})
print(asyncio.run(fetch_chunk(sys.argv[1], SMARTMOVING, endpoint, [int(n) for n in sys.argv[3].split(",")])).describe())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measured(chunk: Chunk) -> subprocess.Popen[str]:
    """Fetch the chunk in a process of its own, which prints its largest memory in KB."""
    arguments = [chunk.line.warehouse.loader, chunk.line.vendor.smartmoving, ",".join(map(str, chunk.ids))]
    return subprocess.Popen(
        [sys.executable, "-c", _MEASURED, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(transport.__file__).parents[1])},
    )
