"""How often each stream should be read: the schedules, written into the warehouse, where freshness is judged.

The schedules are settings that DAG files read; a view cannot. So ops.expectations holds what they come to, and each
round of upkeep sets it right.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import croniter  # type: ignore[import-untyped]

from branchline.ledger import Account
from branchline.stream import Source, Stream
from branchline.tables import select_text
from branchline.warehouse import connect

FOLDER = "upkeep"

#: A Monday. A week and a day after it every pattern of hours and weekdays has come round.
_BEGIN = datetime(2026, 1, 5)  # noqa: DTZ001 - wall clock: a night is a day long, whatever the season
_WEEK = timedelta(days=8)


@dataclass(frozen=True)
class Declared:
    """A source's DAG.

    Attributes:
        dag_id: the DAG.
        source: what it reads.
        schedule: its cron expression; None where it runs only when somebody triggers it, or reads what people bring.
        is_paused: whether somebody has paused it.
    """

    dag_id: str
    source: Source
    schedule: str | None
    is_paused: bool = False


def longest_gap(schedule: str) -> timedelta:
    """The longest time that a cron expression lets pass between two runs, by the wall clock.

    Returns:
        The longest of a week's gaps; of the first two where it runs more rarely.

    Raises:
        ValueError: it is no cron expression.
    """
    runs = croniter(schedule, _BEGIN)
    last = runs.get_next(datetime)
    gaps: list[timedelta] = []
    while len(gaps) < 2 or last < _BEGIN + _WEEK:
        following = runs.get_next(datetime)
        gaps.append(following - last)
        last = following
    return max(gaps)


def period_of(stream: Stream, schedule: str | None) -> timedelta | None:
    """How long may pass between two reads of a stream.

    Returns:
        The DAG's longest gap, and a day at least for a daily stream; None for what is read when something is due or
        somebody asks for it: nothing to read is no lateness there.
    """
    if schedule is None or stream.due is not None or stream.is_optional:
        return None
    gap = longest_gap(schedule)
    return max(gap, timedelta(days=1)) if stream.every == "day" else gap


def expect(conninfo: str, accounts: Sequence[Account], declared: Sequence[Declared]) -> None:
    """Make ops.expectations say what the accounts and DAGs of this moment come to; nothing else is expected.

    Args:
        conninfo: the warehouse, as the loader.
        accounts: the configured ones.
        declared: every source's DAGs.
    """
    rows = []
    for dag in declared:
        for stream in dag.source.streams:
            period = period_of(stream, dag.schedule)
            rows += [
                {
                    "source": account.source,
                    "account": account.account,
                    "client_id": account.client,
                    "stream": stream.name,
                    "dag_id": dag.dag_id,
                    "seconds": period and period.total_seconds(),
                    "is_paused": dag.is_paused,
                }
                for account in accounts
                if account.source == dag.source.slug
            ]
    with connect(conninfo, name="warehouse_upkeep") as connection, connection.transaction():
        connection.execute(select_text(FOLDER, "expect").encode(), {"declared": json.dumps(rows)})
        connection.execute(
            "DELETE FROM ops.tallies WHERE (source, account) NOT IN (SELECT source, account FROM ops.expectations)"
        )
