"""What is not in order now: late streams, counts that differ, rejected records. Told worst first, kept, and judged.

What counts as late or wrong, and what to do about it, the views ops.freshness, ops.reconciliation and
ops.quarantine_summary say; ops.findings is all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from branchline.errors import BranchlineError
from branchline.expectations import FOLDER
from branchline.ledger import Account, Run
from branchline.tables import select_text
from branchline.warehouse import connect

log = logging.getLogger(__name__)

#: Findings that an alert holds in full; the log and ops.findings have the others.
MOST_TOLD = 5


class OutOfOrder(BranchlineError):
    """Data is too old, counts differ or a vendor's records are rejected in numbers; housekeeping itself is done."""

    verdict = "Do what each line says; the next run looks again"


def look(conninfo: str, accounts: Sequence[Account], run: Run) -> list[str]:
    """Log what is not in order, a line each, worst first, and keep it in ops.check_results.

    Args:
        conninfo: the warehouse, as the loader.
        accounts: the configured ones; nothing else is looked at.
        run: the DAG run that the results are kept under.

    Returns:
        The lines of severity `error`.
    """
    errors: list[str] = []
    for client in sorted({account.client for account in accounts}):
        names = {"client": client, "dag_id": run.dag_id, "run_id": run.run_id}
        with connect(conninfo, client=client, name="warehouse_upkeep") as connection:
            rows = connection.execute(select_text(FOLDER, "findings").encode(), names).fetchall()
        for row in rows:
            owner = row.account if row.account == row.source else f"{row.source} {row.account}"
            line = f"{owner} {row.subject}: {row.fact}; {row.remedy}"
            log.log(
                logging.ERROR if row.severity == "error" else logging.WARNING,
                "%s %s: %s",
                row.severity,
                row.check_name,
                line,
            )
            if row.severity == "error":
                errors.append(line)
        log.info("%s: %d findings, %d of them errors", client, len(rows), sum(row.severity == "error" for row in rows))
    return errors


def verify(errors: Sequence[str]) -> None:
    """Fail where an error stands, after everything else was done.

    Raises:
        OutOfOrder: the worst lines, each with what to do, and how many there are besides.
    """
    if not errors:
        return
    told = " | ".join(errors[:MOST_TOLD])
    more = len(errors) - MOST_TOLD
    rest = f" | and {more} more, see ops.findings" if more > 0 else ""
    raise OutOfOrder("Looking at the warehouse", told + rest)
