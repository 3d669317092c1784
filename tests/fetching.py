"""One chunk of slices, planned and fetched without the other steps of a sync."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from branchline import ledger, plan, transport
from branchline.fetch import Progress, fetch_chunk
from branchline.ledger import Run, SliceSpec
from branchline.request import Request
from branchline.transport import Endpoint
from branchline.warehouse import connect

from tests.contract.smartmoving import FIRST


@dataclass
class Chunk:
    """Slices in the ledger of a line's warehouse, and the fetching of them."""

    line: Any
    ids: list[int] = field(default_factory=list)
    batch_size: int = 1000
    max_records: int | None = None

    @property
    def run(self) -> Run:
        """The run that the slices belong to."""
        return Run(self.line.source.slug, "chunk")

    @property
    def faults(self) -> Any:
        """Add rules to the sandbox."""
        return self.line.vendor.control.faults

    def plan(self, count: int = 1) -> Chunk:
        """Plan so many slices of the line's list."""
        return self.add(self.line.slices(count))

    def sweep(self, days: int = 1, places: Sequence[plan.Place] | None = None) -> Chunk:
        """Plan SmartMoving's slices of so many days from FIRST on."""
        stream = self.line.source.stream("customers")
        return self.add(plan.sweep(stream, [FIRST + timedelta(days=day) for day in range(days)], FIRST, places))

    def by_key(self, stream: str, keys: Sequence[str]) -> Chunk:
        """Plan one slice of a by-id stream."""
        return self.add([SliceSpec(stream, "details 1", "details", {"keys": list(keys)})])

    def whole(self, stream: str) -> Chunk:
        """Plan the one slice of a stream without a window."""
        return self.add([plan.whole(self.line.source.stream(stream))])

    def add(self, specs: Sequence[SliceSpec]) -> Chunk:
        account = self.line.account
        with connect(self.line.warehouse.loader, client=account.client) as connection:
            ledger.register_accounts(connection, [account])
            stream = self.line.source.stream(specs[0].stream)
            sync_id = ledger.open_sync(connection, self.run, account, stream, {})
            ledger.add_slices(connection, self.run, account, sync_id, specs)
            rows = ledger.open_slices(connection, self.run, account.account, [stream.name])
        self.ids += [row.slice_id for row in rows if row.slice_id not in self.ids]
        return self

    def endpoint(self, **changes: Any) -> Endpoint:
        endpoint: Endpoint = self.line.endpoint()
        return replace(endpoint, **changes)

    def endpoint_of(self, stream: str) -> Endpoint:
        """The endpoint of the API that a stream is read from."""
        endpoint: Endpoint = self.line.endpoint_of(self.line.source.stream(stream).api)
        return endpoint

    def fetch(self, endpoint: Endpoint | None = None) -> Progress:
        """Fetch the chunk, as the task does."""
        return asyncio.run(
            fetch_chunk(
                self.line.warehouse.loader,
                self.line.source,
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
                f"SELECT *, body ->> '{self.line.LIST.key}' AS id FROM landing.records {more} "
                "ORDER BY slice_id, page, ordinal",
                role="admin",
            )
        )

    def served(self, path: str | None = None) -> dict[str, int]:
        """Status to calls that the sandbox counted on a path, by default the list's."""
        by_path: dict[str, dict[str, int]] = self.line.vendor.control.served()["by_path"]
        return by_path.get(path or self.line.LIST.route, {})

    def expected(self, slices: int = 1) -> int:
        """Records that the vendor has in so many slices of the list."""
        return sum(self.line.expected(place) for place in range(slices))

    def pages(self, slices: int = 1, size: int = 5) -> int:
        """Pages that are read of so many slices of the list; a slice without pages is one."""
        return sum(self.line.pages(place, size) for place in range(slices))

    def number(self, page: int) -> int:
        """The vendor's number of the so manieth page; a slice without pages has the first alone."""
        shape = self.line.LIST.shape
        return page - 1 + shape.first if shape else 1

    def check_ledgers(self, cut_short: int = 0) -> int:
        """Both ledgers say what the sandbox served; returns how many calls.

        Args:
            cut_short: calls that may be counted and not served: they were cancelled before they had left.
        """
        served = int(self.line.served())
        counted = self.line.warehouse.one("SELECT sum(calls) FROM ops.api_calls", role="admin")
        assert counted == self.line.warehouse.one("SELECT sum(api_calls) FROM ops.sync_slices", role="admin")
        assert served <= counted <= served + cut_short
        return served

    def check_whole(self, slices: int = 1) -> None:
        """Every slice is done and holds each of the vendor's customers once, each page once."""
        assert set(self.states) == {"done"}, [row.error_message for row in self.slices()]
        landed = self.landed()
        assert len({(row.slice_id, row.page, row.ordinal) for row in landed}) == len(landed)
        assert len({(row.slice_id, row.id) for row in landed}) == len(landed) == self.expected(slices)
        assert sum(row.records for row in self.slices()) == len(landed)


def rule(
    chunk: Chunk,
    action: Any,
    *,
    page: int | None = None,
    match: str | None = None,
    place: int | None = None,
    **more: Any,
) -> None:
    """Add a rule for the list's calls: all of them, those of one slice, those for the so manieth page.

    Where a slice is one answer, that answer is whatever page a rule is for.
    """
    calls = match or (chunk.line.LIST.calls if place is None else chunk.line.calls_of(place))
    spec = {"match": calls, "action": action} | more
    is_any = page is None or chunk.line.LIST.shape is None
    chunk.faults(spec if is_any else spec | {"page": chunk.number(page)})


def only(progress: Any) -> Exception:
    """The error of the one slice that failed."""
    (error,) = progress.failures.values()
    assert isinstance(error, Exception)
    return error


def reference(line: Any) -> None:
    """Read the places: without their time zones no day can be planned."""
    assert line.sync(Request(streams=(line.PLACES,))) == {line.PLACES: "success"}


_MEASURED = """
import asyncio, sys
from pathlib import Path
from branchline.fetch import fetch_chunk
from branchline.sources.smartmoving import SMARTMOVING
from branchline.transport import Endpoint
endpoint = Endpoint("smartmoving", "smartmoving", sys.argv[2], {"x-api-key": "sandbox-smartmoving-key"})
print(asyncio.run(fetch_chunk(sys.argv[1], SMARTMOVING, endpoint, [int(n) for n in sys.argv[3].split(",")])).describe())
# Not ru_maxrss: a process begins with its parent's, and the tests' own grows.
status = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
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
