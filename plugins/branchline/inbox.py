"""The inbox of webhooks as its runs work it off: what is due is taken, asked for by id, and settled.

An event is a hint. What it names is asked for through the ordinary spine, so its answer is landed, typed, merged and
counted as any other, and a deletion is believed when the vendor does not find the record. A run that dies leaves its
events taken: they are due again when the lease is over.

    pending -> taken -> done       everything that it asks for was fetched and merged
                     -> pending    something was not: later, longer each time
                     -> dead       that happened too often
            -> ignored             nothing of it can be asked for by id; the next sync reads it
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import psycopg

from branchline.errors import BranchlineError
from branchline.ledger import Account, Run
from branchline.warehouse import one, render

#: Events that one run takes.
MOST = 2000
#: Runs that take an event before it is given up.
ATTEMPTS = 5
#: For so long a run may keep what it took: longer than it may last.
LEASE = timedelta(minutes=35)
#: What a failed event waits, times the runs that took it.
WAIT = timedelta(minutes=2)

Connection = psycopg.Connection[Any]
#: Ids by stream.
Ids = dict[str, list[str]]


class EventsLeft(BranchlineError):
    """Webhooks were given up: what they told of could not be asked for."""

    verdict = "Clearing the task cannot help: read ops.inbox_events.why of these; the next sync reads what they told of"


def take(connection: Connection, account: Account, run: Run) -> Ids:
    """Take what is due of an account, and say what has to be asked for; a retry of the run finds what it took.

    Args:
        connection: the loader's, seeing the account's client.
        account: whose events.
        run: who takes them.

    Returns:
        The vendor's ids by stream, each once; nothing where nothing was due, or nothing can be asked for.
    """
    names = _names(account, run)
    with connection.transaction():
        connection.execute(render("inbox/claim.sql"), names | {"most": MOST, "attempts": ATTEMPTS, "lease": LEASE})
        connection.execute(render("inbox/read.sql", source=account.source), names)
        wanted: Ids = defaultdict(list)
        for row in connection.execute(render("inbox/wanted.sql"), names):
            wanted[row.stream].append(row.record_key)
    return dict(wanted)


def settle(connection: Connection, account: Account, run: Run) -> dict[str, int]:
    """Say what came of the events that a run took, by what its slices came to.

    Returns:
        Events by the state that they went to: done, pending (they wait), dead.
    """
    names = _names(account, run) | {"dag_id": run.dag_id, "attempts": ATTEMPTS, "wait": WAIT}
    return dict(Counter(row.state for row in connection.execute(render("inbox/settle.sql"), names)))


def waiting(connection: Connection, source: str) -> int | None:
    """The oldest event of a source that a run would take now; None where there is none."""
    row = one(connection, render("inbox/waiting.sql"), {"source": source})
    return None if row.event_id is None else int(row.event_id)


def verify(settled: dict[str, int]) -> None:
    """Make the run red where events were given up.

    Raises:
        EventsLeft: saying how many.
    """
    if dead := settled.get("dead", 0):
        raise EventsLeft("Working off the inbox", f"{dead} events were given up after {ATTEMPTS} runs")


def _names(account: Account, run: Run) -> dict[str, Any]:
    return {"source": account.source, "account": account.account, "run_id": run.run_id}
