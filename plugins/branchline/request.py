"""What a run was asked to do: the form's values, typed and checked against each other. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from branchline.errors import Reconfigure


@dataclass(frozen=True)
class Request:
    """What a run was asked to do: the form's params, typed.

    Attributes:
        full: read everything, daily streams too, whatever was read before.
        since: first service date, included.
        until: last service date, included.
        streams: names to read; empty is the source's usual ones.
        locations: names or vendor ids; empty is all.
        dry_run: everything but the warehouse's rows.
        force_overwrite: rewrite unchanged rows too.
        batch_size: records a landing batch.
        max_records: stop a slice after about so many records; its window then counts as incomplete.
        replay: merge again from landing, no call.
        accept_shrink: streams whose guards are off for this run.
        days_back: read changes of so many days before now, whatever the cursor says.
        board: read only records of that board of the vendor's.
        store_raw: keep what was landed until its retention; False drops it when the run has merged it.
        ids: the vendor's ids to ask for by stream: these streams alone are read, and of them these records alone;
            each is a by-id stream. Empty: whatever is due.
        path: file of the watched folder to load, whatever was loaded before; None for what is new there.
        is_backfill: the run belongs to an Airflow backfill: its days are those whose midnight it holds.
        asked_by: who triggered the run, kept in the history; None for a scheduled one.
    """

    full: bool = False
    since: date | None = None
    until: date | None = None
    streams: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    dry_run: bool = False
    force_overwrite: bool = False
    batch_size: int = 1000
    max_records: int | None = None
    replay: bool = False
    accept_shrink: tuple[str, ...] = ()
    days_back: int | None = None
    board: str | None = None
    store_raw: bool = True
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: str | None = None
    is_backfill: bool = False
    asked_by: str | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself: a bad value never becomes a silent full sync."""
        doing = "Reading the run's params"
        if self.full and self.since is not None:
            raise Reconfigure(doing, "full and since contradict each other; give one of them")
        if self.since and self.until and self.until < self.since:
            raise Reconfigure(doing, f"until {self.until} lies before since {self.since}")
        if self.until and not self.since:
            raise Reconfigure(doing, "until needs since")
        if self.days_back is not None and (self.full or self.since is not None):
            raise Reconfigure(doing, "days_back contradicts full and since; give one of them")
        if self.ids and (self.full or self.since or self.days_back or self.replay or self.streams or self.board):
            raise Reconfigure(
                doing,
                "ids names the records to read: full, since, days_back, board, replay and streams "
                "mean nothing beside it",
            )
        if self.replay and (self.full or self.max_records):
            raise Reconfigure(doing, "replay reads landing, not the vendor: full and max_records mean nothing to it")

    def as_configuration(self) -> dict[str, Any]:
        """The params as sync_history keeps them: those that differ from the defaults."""
        return {
            name: str(value) if isinstance(value, date) else value
            for name, value in asdict(self).items()
            if value != asdict(Request())[name]
        }
