"""The sync history that Arrivy's legacy commands kept, moved into ops.sync_history, where people look for it.

Four steps, each one transaction, one at a time: `check` does all that `copy` does and keeps nothing of it; `copy` adds
what is missing; `roll_back` removes what was copied; `retire` takes the legacy table out of use, once every row that
can be copied is proved to be there. The data stays in the table under its retired name, so each step can be undone.

A moved row is history for people and no more: no cursor comes from it, and its mark `migrated_from` in `configuration`
tells it from a sync of ours (docs/decisions/legacy-history.md).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from branchline.errors import BranchlineError, Reconfigure
from branchline.ledger import Account
from branchline.legacy_table import LegacyTable, find
from branchline.warehouse import connect, one, render

log = logging.getLogger(__name__)

SOURCE = "arrivy"
#: What stands as the DAG of a moved row; its run is the legacy table's name and the row's key, the same at every copy.
DAG_ID = "arrivy_history"
STEPS = ("check", "copy", "roll_back", "retire")

#: The streams, by the words that the legacy table may have for them once blanks, case and `_sync` are taken off.
#: What is not here is not guessed.
WORDS = {
    "entities": "entities",
    "groups": "groups",
    "tasks": "tasks",
    "unscheduled_tasks": "unscheduled_tasks",
    "undated_tasks": "undated_tasks",
    "task_statuses": "task_statuses",
    "task_status": "task_statuses",
    "location_reports": "location_reports",
    "location_report": "location_reports",
    "status_definitions": "status_definitions",
    "customers": "customers",
    "crews": "crews",
    "bookings": "bookings",
}
#: The one reason that loses nothing: a row without a date tells of no sync.
HARMLESS = "never synced"

_DOING = {
    "check": "Checking the legacy history",
    "copy": "Copying the legacy history",
    "roll_back": "Rolling back the copied history",
    "retire": "Retiring the legacy history",
}

Connection = psycopg.Connection[Any]


class HistoryAtRisk(BranchlineError):
    """A step of moving a legacy history would leave rows that stand nowhere else."""

    verdict = "Nothing was changed: settle what it names as docs/legacy-arrivy.md says, then run the step again"


@dataclass
class Report:
    """What a step found and did.

    Attributes:
        step: which.
        table: where the legacy rows stand when the step has ended.
        legacy: legacy rows that can be copied, by their own word and the stream it means.
        left_out: legacy rows that are not copied, by their own word and the reason.
        before: the account's history by stream and status: all rows, and those that were moved.
        after: the same when the step has ended; of `check`, as `copy` would leave it.
        inserted: rows added to the history.
        rewritten: moved rows that follow a legacy row written again since.
        removed: rows taken out of the history.
        alone: moved rows that the legacy table does not have any more.
    """

    step: str
    table: str
    legacy: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    before: dict[str, dict[str, int]] = field(default_factory=dict)
    after: dict[str, dict[str, int]] = field(default_factory=dict)
    inserted: int = 0
    rewritten: int = 0
    removed: int = 0
    alone: int = 0


def account_of(entries: Sequence[Mapping[str, str]], name: str) -> Account:
    """The account of Arrivy with that name, among the entries of the Variable branchline_accounts.

    Raises:
        Reconfigure: there is none.
    """
    mine = [entry for entry in entries if entry["source"] == SOURCE]
    for entry in mine:
        if entry["account"] == name:
            return Account(SOURCE, name, entry["conn_id"], entry["client"])
    known = ", ".join(sorted(entry["account"] for entry in mine)) or "none"
    raise Reconfigure(
        "Reading the run's params", f"branchline_accounts names no account {name} of {SOURCE}; there is: {known}"
    )


def run_step(conninfo: str, account: Account, step: str, table: str) -> dict[str, Any]:
    """Do one step, whole or not at all; doing it again changes nothing.

    Args:
        conninfo: the warehouse, as the loader.
        account: whose history it becomes.
        step: one of STEPS.
        table: the legacy table, `schema.name`, spelt as the catalog has it; once retired, still by its former name.

    Returns:
        The fields of a Report.

    Raises:
        Reconfigure: no such step or table, it lacks a column or a right, or was moved into another account.
        HistoryAtRisk: the step would leave rows that stand nowhere else.
        psycopg.Error: the database failed; nothing was changed.
    """
    if step not in STEPS:
        raise Reconfigure("Reading the run's params", f"no step {step}; there are {', '.join(STEPS)}")
    with (
        connect(conninfo, client=account.client, name=f"{DAG_ID}.{step}") as connection,
        connection.transaction(force_rollback=step == "check"),
    ):
        # before anything is read: whoever comes second sees what the first one did
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (DAG_ID,))
        report = _Move(connection, account, step, table).run()
    _tell(report)
    return asdict(report)


class _Move:
    """One step within its transaction."""

    def __init__(self, connection: Connection, account: Account, step: str, table: str) -> None:
        self._connection = connection
        self._step = step
        self._doing = f"{_DOING[step]} of {table}"
        self._names = {
            "dag_id": DAG_ID,
            "source": account.source,
            "account": account.account,
            "client": account.client,
            "table": table,
            "words": json.dumps(WORDS),
        }

    def run(self) -> Report:
        """Find and read the legacy rows, then do what the step is."""
        self._refuse_another_account()
        legacy = self._find()
        if self._step in {"retire", "roll_back"}:
            legacy.lock(self._connection)
        legacy.read(self._connection, self._names)
        report = Report(self._step, legacy.full_name, before=self._counts())
        self._read(report)
        if self._step in {"check", "copy"}:
            self._copy(report)
        elif self._step == "roll_back":
            self._roll_back(report, legacy)
        else:
            self._retire(report, legacy)
        report.after = self._counts()
        return report

    def _copy(self, report: Report) -> None:
        report.rewritten = self._change("rewrite")
        report.inserted = self._change("insert")
        self._prove(report)

    def _roll_back(self, report: Report, legacy: LegacyTable) -> None:
        report.alone = self._compare().alone
        if report.alone:
            raise HistoryAtRisk(
                self._doing,
                f"{_rows(report.alone)} of the history, once copied from it, are not in it any more: removed here, "
                "they would be nowhere",
            )
        report.removed = self._change("remove")
        if legacy.is_retired:
            report.table = legacy.renamed(self._connection).full_name

    def _retire(self, report: Report, legacy: LegacyTable) -> None:
        self._prove(report)
        undecided = {told: number for told, number in report.left_out.items() if not told.endswith(HARMLESS)}
        if undecided:
            raise HistoryAtRisk(self._doing, f"these rows cannot be copied as they are: {_listed(undecided)}")
        if not legacy.is_retired:
            report.table = legacy.renamed(self._connection).full_name

    def _prove(self, report: Report) -> None:
        """Refuse to go on unless each row that can be copied stands in the history with equal values."""
        stand = self._compare()
        report.alone = stand.alone
        wanted = sum(report.legacy.values())
        if stand.missing or stand.changed or stand.equal != wanted:
            raise HistoryAtRisk(
                self._doing,
                f"of {_rows(wanted)} that can be copied, {stand.missing} are missing in ops.sync_history and "
                f"{stand.changed} are there with other values: run the step copy first",
            )

    def _find(self) -> LegacyTable:
        """The legacy table, by its own or its retired name, once it is proved that the step may do what it does."""
        wanted = {"retire": True, "roll_back": False}.get(self._step)
        legacy = find(self._connection, self._doing, self._names["table"], retired=wanted)
        if legacy is not None:
            return legacy
        moved = sum(count["moved"] for count in self._counts().values())
        if moved and self._step == "roll_back":
            raise HistoryAtRisk(
                self._doing, f"the table is gone, and the {_rows(moved)} in the history are all that is left of it"
            )
        raise Reconfigure(
            self._doing,
            f"this database has no such table, and {_rows(moved)} of the history came from it: name it in `table`, or "
            "bring it into the warehouse's database (docs/legacy-arrivy.md)",
        )

    def _read(self, report: Report) -> None:
        """Say of each word of the legacy rows what becomes of its rows."""
        for row in self._connection.execute(render("legacy/told.sql")):
            word = "(null)" if row.legacy_type is None else row.legacy_type
            if row.reason:
                report.left_out[f"{word}: {row.reason}"] = row.number
            else:
                report.legacy[f"{word} as {row.sync_type}"] = row.number

    def _refuse_another_account(self) -> None:
        others = self._connection.execute(
            "SELECT DISTINCT account FROM ops.sync_history WHERE dag_id = %(dag_id)s AND crm_source = %(source)s "
            "AND configuration ->> 'migrated_from' = %(table)s AND account <> %(account)s ORDER BY account",
            self._names,
        ).fetchall()
        if others:
            raise Reconfigure(
                self._doing,
                f"it was copied into the account {others[0].account}: name that one in `account`, or roll that back",
            )

    def _counts(self) -> dict[str, dict[str, int]]:
        return {
            f"{row.sync_type} {row.status}": {"rows": row.number, "moved": row.moved}
            for row in self._connection.execute(render("legacy/counts.sql"), self._names)
        }

    def _compare(self) -> Any:
        return one(self._connection, render("legacy/compare.sql"), self._names)

    def _change(self, what: str) -> int:
        """Run one of the statements that change the history; how many rows it wrote."""
        return self._connection.execute(render(f"legacy/{what}.sql"), self._names).rowcount


def _tell(report: Report) -> None:
    """Write what was found and done into the log, what somebody has to look at as a warning."""
    log.info("%s: legacy rows stand in %s", report.step, report.table)
    log.info("can be copied: %s", _listed(report.legacy))
    for told, number in report.left_out.items():
        log.log(logging.INFO if told.endswith(HARMLESS) else logging.WARNING, "left out: %s (%d)", told, number)
    if report.alone:
        log.warning(
            "%s of the history came from rows that the legacy table does not have any more", _rows(report.alone)
        )
    for moment, counts in (("before", report.before), ("after", report.after)):
        for name, count in counts.items():
            log.info("%s: %s: %s, %d moved", moment, name, _rows(count["rows"]), count["moved"])
    log.info(
        "%s: %d inserted, %d rewritten, %d removed",
        "a copy would be" if report.step == "check" else "done",
        report.inserted,
        report.rewritten,
        report.removed,
    )


def _rows(number: int) -> str:
    return f"{number} row" if number == 1 else f"{number} rows"


def _listed(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{name} ({number})" for name, number in counts.items()) or "none"
