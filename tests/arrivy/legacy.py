"""The legacy application's table beside a warehouse, as its commands leave it behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from branchline.ledger import Account
from branchline.legacy_history import run_step

TABLE = "public.ingestion_arrivy_sync_history"
ACCOUNT = Account("arrivy", "arrivy", "arrivy", "home")
NOON = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
#: As the legacy application made it.
COLUMNS = "id serial PRIMARY KEY, sync_type varchar(50) NOT NULL, last_synced_at {}, created_at timestamptz"
#: What the legacy commands leave behind: a row a command, of which one was never run to its end.
ROWS: tuple[tuple[str | None, object], ...] = (
    ("entities", NOON),
    ("tasks", NOON + timedelta(minutes=5, microseconds=123456)),
    ("groups", NOON + timedelta(minutes=7)),
    ("location_reports", None),
    ("task_status", NOON + timedelta(minutes=9)),
)


@dataclass
class Legacy:
    """A warehouse beside which the legacy application has its table."""

    warehouse: Any

    def make(
        self, rows: Sequence[tuple[str | None, object]] = ROWS, *, moment: str = "timestamptz", columns: str = COLUMNS
    ) -> Legacy:
        self.warehouse.execute(f"CREATE TABLE {TABLE} ({columns.format(moment)})")
        self.grant()
        return self.add(*rows)

    def add(self, *rows: tuple[str | None, object]) -> Legacy:
        for row in rows:
            self.warehouse.execute(f"INSERT INTO {TABLE} (sync_type, last_synced_at) VALUES (%s, %s)", row)
        return self

    def grant(self) -> None:
        self.warehouse.execute("GRANT USAGE, CREATE ON SCHEMA public TO branchline_loader")
        self.warehouse.execute(f"ALTER TABLE {TABLE} OWNER TO branchline_loader")

    def step(self, step: str, *, table: str = TABLE, account: Account = ACCOUNT) -> dict[str, Any]:
        return run_step(self.warehouse.loader, account, step, table)

    def history(self) -> list[Any]:
        """Every row of the history, with the mark that PostgreSQL gives a row when it is written."""
        found: list[Any] = self.warehouse.rows("SELECT history.*, xmin FROM ops.sync_history AS history ORDER BY 1")
        return found

    def streams(self) -> dict[str, datetime]:
        return {row.sync_type: row.end_time for row in self.history()}

    def tables(self) -> list[str]:
        rows = self.warehouse.rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
        )
        return [row.relname for row in rows]

    def content(self, table: str = TABLE) -> list[Any]:
        found: list[Any] = self.warehouse.rows(f"SELECT * FROM {table} ORDER BY 1, 2", role="admin")
        return found


def own_sync(legacy: Legacy, run: str = "run 1") -> None:
    """A sync of ours, which no step may touch."""
    legacy.warehouse.execute(
        "INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, end_time, dag_id, run_id) "
        "VALUES ('arrivy', 'arrivy', 'home', 'tasks', 'success', now(), 'arrivy', %s)",
        (run,),
    )
