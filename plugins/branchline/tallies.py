"""Counting what the warehouse holds of the lists that are read whole, to be held against what the vendor listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from branchline.expectations import FOLDER, Declared
from branchline.ledger import Account
from branchline.stream import Stream
from branchline.warehouse import connect, render


def lists_of(declared: Declared) -> Iterator[tuple[str, tuple[Stream, ...]]]:
    """The tables that lists fill which may be read whole, with those lists; whether they were, the ledger says.

    What is asked for by id besides leaves the comparison as it is: it is what a list did not show. Workbooks are no
    lists: a row that is not there says nothing.
    """
    if declared.schedule is None:
        return
    filled: dict[str, list[Stream]] = defaultdict(list)
    for stream in declared.source.streams:
        if stream.due is None:
            filled[stream.root].append(stream)
    for root, streams in filled.items():
        if not any(stream.window or stream.rolling or stream.changed for stream in streams):
            yield f"{declared.source.slug}.{root}", tuple(streams)


def tally(conninfo: str, accounts: Sequence[Account], declared: Sequence[Declared]) -> int:
    """Count the rows of every such table; a list that was never read whole is left out.

    Args:
        conninfo: the warehouse, as the loader.
        accounts: the configured ones.
        declared: every source's DAGs.

    Returns:
        Tables counted, each once an account.
    """
    counted = 0
    for account in accounts:
        with connect(conninfo, client=account.client, name="warehouse_upkeep") as connection:
            for dag in declared:
                if dag.source.slug != account.source:
                    continue
                for table, streams in lists_of(dag):
                    names = {
                        "source": account.source,
                        "account": account.account,
                        "client": account.client,
                        "streams": [stream.name for stream in streams],
                        "is_snapshot": all(stream.absence == "deleted" for stream in streams),
                    }
                    counted += connection.execute(render(f"{FOLDER}/tally.sql", table=table), names).rowcount
    return counted
