"""An inbox in front of a source's sync: events put in as the api does, worked off as the DAG's tasks do it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
from branchline import inbox, ledger, sync
from branchline.ledger import Run
from branchline.request import Request
from branchline.warehouse import connect, render


@dataclass
class Mailbox:
    """The inbox of a line's account."""

    line: Any
    waves: tuple[str, ...]
    numbers: list[int] = field(default_factory=list)

    def receive(self, *bodies: dict[str, Any]) -> None:
        """Put events in, and let their buckets end."""
        line = self.line
        with line.begin().connect("test") as connection:
            ledger.register_accounts(connection, [line.account])
        names = {"source": line.source.slug, "account": line.account.account, "client": line.account.client}
        with psycopg.connect(line.warehouse.as_role("api"), autocommit=True) as api:
            for body in bodies:
                api.execute(render("inbox/receive.sql", source=line.source.slug), names | {"payload": json.dumps(body)})
        # what comes later about the same object is an event of its own
        self.line.warehouse.execute("UPDATE ops.inbox_events SET event_key = md5(event_id::text)")
        self.wait()

    def wait(self) -> None:
        """Let whatever waits be due."""
        self.line.warehouse.execute("UPDATE ops.inbox_events SET due_at = now() WHERE state IN ('pending', 'taken')")

    def take(self, run_id: str) -> inbox.Ids:
        run = self.run(run_id)
        with run.connect("take") as connection:
            return inbox.take(connection, run.account, run.run)

    def settle(self, run_id: str) -> dict[str, int]:
        run = self.run(run_id)
        with run.connect("settle") as connection:
            return inbox.settle(connection, run.account, run.run)

    def run(self, run_id: str) -> sync.Sync:
        run: sync.Sync = self.line.begin(run_id=run_id)
        return replace(run, run=Run(f"{self.line.source.slug}_inbox", run_id))

    def work_off(self, run_id: str | None = None) -> dict[str, int]:
        """One run of the inbox's DAG; returns events by what came of them."""
        self.numbers.append(1)
        run_id = run_id or f"inbox {len(self.numbers)}"
        taken = self.take(run_id)
        for wave in self.waves:
            names = {stream.name for stream in self.line.source.in_wave(wave)}
            ids = {stream: tuple(keys) for stream, keys in taken.items() if stream in names}
            if not ids:
                continue
            try:
                self.line.wave(replace(self.run(run_id), request=Request(ids=ids)), wave)
            except Exception as error:  # noqa: BLE001 - as in the DAG, the next task follows
                self.line.errors.append(error)
        sync.close(self.run(run_id))
        return self.settle(run_id)

    @property
    def events(self) -> list[Any]:
        """Every event, in the order of arrival."""
        return list(self.line.warehouse.rows("SELECT * FROM ops.inbox_events ORDER BY event_id", role="admin"))

    def waiting(self) -> int | None:
        """What the watcher finds."""
        with connect(self.line.warehouse.loader) as connection:
            return inbox.waiting(connection, self.line.source.slug)


@pytest.fixture
def mailbox() -> type[Mailbox]:
    return Mailbox
