"""A source's sync against a sandbox."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from branchline import sync
from branchline.ledger import Account, Run
from branchline.request import Request
from branchline.stream import Source
from branchline.transport import Endpoint

from sandbox.server import Running

if TYPE_CHECKING:
    from tests.conftest import Warehouse

#: The instant that tests stand at unless they say otherwise: a Wednesday noon in Toronto.
NOW = datetime(2026, 7, 15, 16, 0, tzinfo=UTC)


@dataclass
class Line(ABC):
    """A source's sync against a sandbox, step by step as the DAG's tasks do it."""

    warehouse: Warehouse
    vendor: Running
    source: Source
    account: Account
    concurrency: int = 8
    settings: dict[str, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    errors: list[Exception] = field(default_factory=list)

    @property
    def probe(self) -> Any:
        """The hook, where planning asks the vendor something."""
        return None

    @abstractmethod
    def endpoint(self) -> Endpoint:
        """Where the sandbox serves the source, with the credential that it accepts."""

    def endpoint_of(self, _api: str) -> Endpoint | None:
        """The same of one of its APIs; None where the account has no connection for it."""
        return self.endpoint()

    def begin(
        self,
        request: Request | None = None,
        *,
        run_id: str | None = None,
        instant: datetime = NOW,
        interval: tuple[datetime, datetime] | None = None,
    ) -> sync.Sync:
        """A run that has not done anything yet."""
        return sync.Sync(
            self.warehouse.loader,
            self.source,
            self.account,
            Run(self.source.slug, run_id or f"run {next(self.numbers)}"),
            request or Request(),
            instant,
            interval,
        )

    def plan(self, run: sync.Sync, wave: str) -> list[list[int]]:
        """Plan a wave: its chunks; none where the account has no connection for it."""
        endpoint = self.endpoint_of(self.source.api_of(wave))
        return [] if endpoint is None else sync.plan_wave(run, wave, endpoint, self.probe).chunks

    def fetch(self, run: sync.Sync, wave: str, chunks: Sequence[list[int]]) -> None:
        """Fetch a wave's chunks; the first error is raised after the last of them, as other tasks go on in the DAG."""
        failure: Exception | None = None
        for chunk in chunks:
            endpoint = self.endpoint_of(self.source.api_of(wave))
            assert endpoint is not None
            try:
                sync.fetch(run, endpoint, chunk)
            except Exception as error:  # noqa: BLE001 - as in the DAG, the merge follows whatever failed
                failure = failure or error
        if failure is not None:
            raise failure

    def wave(self, run: sync.Sync, wave: str) -> None:
        """Plan, fetch and merge one wave; the first error of a fetch is raised after the merge, as in the DAG."""
        if self.endpoint_of(self.source.api_of(wave)) is None:
            return
        chunks = self.plan(run, wave)
        failure: Exception | None = None
        try:
            self.fetch(run, wave, chunks)
        except Exception as error:  # noqa: BLE001 - likewise
            failure = error
        sync.merge_wave(run, wave)
        if failure is not None:
            raise failure

    def sync(self, request: Request | None = None, **how: Any) -> dict[str, str]:
        """A whole run; errors of a step do not stop the next one, as in the DAG. Returns status a stream."""
        run = self.begin(request, **how)
        for wave in self.source.waves:
            try:
                self.wave(run, wave)
            except Exception as error:  # noqa: BLE001 - as in the DAG, the next wave follows
                self.errors.append(error)
        return sync.close(run)
