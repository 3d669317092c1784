"""Snapshots of repair orders and the metrics of their days, made anew for exactly what changed.

What a figure means is said by the SELECTs of include/sql/metrics and by the columns' comments. Here is the order of the
steps: which orders changed, what their labor costs, which snapshots stand and which do not any more, which days that
touches, the days, the checks. All of it is one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg

from branchline.checks import FOLDER, hold
from branchline.derive import LOOKBACK, merge_derived
from branchline.errors import BranchlineError, Reconfigure
from branchline.ledger import Account, Run, read_fact, write_fact
from branchline.merge import MANY_ROWS, refresh_statistics, sample_little
from branchline.tables import select_text
from branchline.warehouse import connect, identifier, one

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]

SNAPSHOTS, DAYS, TECHNICIANS = "ro_snapshots", "daily_shop_metrics", "tech_daily_metrics"

_BEGINNING = "-infinity"
_NEVER = "infinity"
_WATERMARK = "derived"
_SHAPES = {
    "changed_orders": "tm_shop_id bigint, tm_repair_order_id bigint, is_manual boolean",
    "changed_days": "tm_shop_id bigint, metric_date date",
}


@dataclass(frozen=True)
class Scope:
    """What to make anew.

    Attributes:
        first: first day, in the shops' own calendar; None makes what changed since the last run.
        last: last day, included; None with `first` is every day from there on.
        manual: vendor's ids of orders to take a manual snapshot of, whatever their status.
        default_rate: pay of a technician, in cents an hour, where neither his own nor a mean is known; None is unknown.
        new_rates: take today's pay for the orders looked at, not the one they were counted with.
    """

    first: date | None = None
    last: date | None = None
    manual: tuple[int, ...] = ()
    default_rate: int | None = None
    new_rates: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself: a bad value never becomes another day's rebuild."""
        doing = "Reading what metrics to make"
        if self.last and not self.first:
            raise Reconfigure(doing, "until needs since")
        if self.first and self.last and self.last < self.first:
            raise Reconfigure(doing, f"until {self.last} lies before since {self.first}")
        if self.new_rates and self.is_due:
            raise Reconfigure(doing, "new_rates needs since: without it, it would concern whatever changed by chance")

    @property
    def is_due(self) -> bool:
        """Whether it makes what changed since the last run, and nothing that somebody names."""
        return self.first is None and not self.manual


@dataclass
class Rebuilt:
    """What a rebuild did.

    Attributes:
        orders: repair orders looked at.
        days: days of shops made anew.
        written: rows created, updated and removed, a table.
        broken: records that break a rule, a check; checks that all records keep are not named.
    """

    orders: int = 0
    days: int = 0
    written: dict[str, dict[str, int]] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)

    def describe(self) -> str:
        """Say in one line what was done."""
        tables = (
            f"{name} {counts['created']} created, {counts['updated']} updated, {counts['removed']} removed"
            for name, counts in self.written.items()
        )
        return "; ".join((f"{self.orders} orders, {self.days} days", *tables))


def rebuild(conninfo: str, account: Account, scope: Scope | None = None, run: Run | None = None) -> Rebuilt:
    """Make snapshots and metrics anew for what changed, or for the days that somebody asks for.

    Args:
        conninfo: the warehouse, as the loader.
        account: whose rows.
        scope: days or orders that somebody asks for; by default what changed since the last run.
        run: the DAG run that the results of the checks are kept under.

    Returns:
        Counts. A second run with nothing changed writes no row but its checks.
    """
    with connect(conninfo, client=account.client, name=f"{account.source}.metrics") as connection:
        with connection.transaction():
            rebuilt = _rebuild(connection, account, scope or Scope(), run)
        log.info("%s: %s", account.account, rebuilt.describe())
        return rebuilt


def rebuild_all(
    conninfo: str, accounts: Sequence[Account], scope: Scope | None = None, run: Run | None = None
) -> dict[str, str]:
    """Rebuild account by account; one that fails leaves the others made.

    Args:
        conninfo: the warehouse, as the loader.
        accounts: whose rows.
        scope: as for `rebuild`.
        run: as for `rebuild`.

    Returns:
        What was done, an account.

    Raises:
        Exception: the first account's error, after the others are done.
    """
    done: dict[str, str] = {}
    failures: list[Exception] = []
    for account in accounts:
        try:
            done[account.account] = rebuild(conninfo, account, scope, run).describe()
        except (BranchlineError, psycopg.Error) as error:
            log.exception("metrics of %s stay as they were; the other accounts go on", account.account)
            failures.append(error)
    if failures:
        raise failures[0]
    return done


def _rebuild(connection: Connection, account: Account, scope: Scope, run: Run | None) -> Rebuilt:
    # no order is merged meanwhile: its lines, their costs and its snapshot are of one moment
    for lock in (f"{FOLDER} {account.source} {account.account}", f"merge {account.source}.repair_orders"):
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
    sample_little(connection)
    began = one(connection, "SELECT now() AS began").began
    names: dict[str, Any] = {
        "client": account.client,
        "account": account.account,
        "since": _since(connection, account, scope, began),
        "first": scope.first or _NEVER,
        "last": scope.last or _NEVER,
        "manual": list(scope.manual),
        "default_rate": scope.default_rate,
        "new_rates": scope.new_rates,
        "sync_id": None,
        "dag_id": run and run.dag_id,
        "run_id": run and run.run_id,
    }
    rebuilt = Rebuilt()
    rebuilt.orders = _gather(connection, "changed_orders", names)
    if rebuilt.orders > MANY_ROWS:
        # Keys of four columns look rarer to the planner than they are; of many orders every line is read once, by hash.
        connection.execute("SET LOCAL enable_nestloop = off")
        refresh_statistics(connection, "tekmetric.job_labor", rebuilt.orders)
    connection.execute(_text("job_labor.costs"), names)
    superseded = connection.execute(_text("ro_snapshots.superseded"), names).rowcount
    rebuilt.written[SNAPSHOTS] = _merge(connection, SNAPSHOTS, names) | {"removed": superseded}
    rebuilt.days = _gather(connection, "changed_days", names)
    for name in (DAYS, TECHNICIANS):
        removed = connection.execute(_text(f"{name}.emptied"), names).rowcount
        rebuilt.written[name] = _merge(connection, name, names) | {"removed": removed}
    rebuilt.broken = hold(connection, names)
    if scope.is_due:
        fact = {"at": began.isoformat(), "default_rate": scope.default_rate}
        write_fact(connection, account.source, account.account, FOLDER, _WATERMARK, fact)
    return rebuilt


def _since(connection: Connection, account: Account, scope: Scope, began: datetime) -> datetime | str:
    """From when on changes are looked at; a setting that changed concerns every day there is."""
    if not scope.is_due:
        return _NEVER
    fact = read_fact(connection, account.source, account.account, FOLDER, _WATERMARK)
    if fact is None or fact.cursor_value["default_rate"] != scope.default_rate:
        return _BEGINNING
    last = datetime.fromisoformat(fact.cursor_value["at"])
    if last > began:
        log.warning("metrics were last made at %s, which is still to come: making all of them", last)
        return _BEGINNING
    return last - LOOKBACK


def _gather(connection: Connection, name: str, names: dict[str, Any]) -> int:
    """Put what a SELECT gives into a temporary table of its name; returns how many rows."""
    table = identifier(name)
    connection.execute(f"CREATE TEMP TABLE {table} ({_SHAPES[name]}) ON COMMIT DROP".encode())
    count = connection.execute(f"INSERT INTO {table} ".encode() + _text(name), names).rowcount
    connection.execute(f"ANALYZE {table}".encode())
    return count


def _merge(connection: Connection, name: str, names: dict[str, Any]) -> dict[str, int]:
    """Merge what a SELECT of this folder gives into its table."""
    return merge_derived(connection, f"tekmetric.{name}", select_text(FOLDER, name), names)


def _text(name: str) -> bytes:
    return select_text(FOLDER, name).encode()
