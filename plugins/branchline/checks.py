"""The rules that the figures are held against, and the verdict: an error makes the run red, a warning does not.

An error means that a figure is wrong or missing until somebody mends it; a warning asks to look at records whose
figures are still what the vendor's data says. Both are kept in ops.check_results by the transaction that publishes the
figures, so the verdict comes after: what is published stays, and whoever is on call knows what not to trust.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg

from branchline.errors import ChecksFailed
from branchline.ledger import Account
from branchline.tables import select_text
from branchline.warehouse import connect

log = logging.getLogger(__name__)

FOLDER = "metrics"

#: What to do about each check of severity `error`.
REMEDIES = {
    "sales_by_lines": "the order's lines do not make up the vendor's total: compare both at the vendor, then read the "
    "order again with since and until, or mend the SELECT of the line that is wrong",
    "authorized_total": "two of our own sums differ, which no data explains: make the days anew with since, and if it "
    "stays, mend repair_orders.totals.sql or ro_snapshots.sql",
    "shop_unmapped": "set core.locations.timezone of the shop, or is_mapped = false if it is gone; until then its "
    "orders count on no day",
    "no_time_zone": "these orders count on no day: set core.locations.timezone of their shop",
    "no_local_day": "these orders count on no day, for they have no date of posting or completion: mend the order at "
    "the vendor, or the zone's name",
}


def hold(connection: psycopg.Connection[Any], names: dict[str, Any]) -> dict[str, int]:
    """Hold the changed orders against the rules and keep what was found.

    Args:
        connection: the loader's, in the transaction that makes the figures.
        names: parameters of include/sql/metrics/checks.sql.

    Returns:
        Records that break a rule, a check; checks that all records keep are not named.
    """
    broken: Counter[str] = Counter()
    checked: Counter[str] = Counter()
    severity: dict[str, str] = {}
    for row in connection.execute(select_text(FOLDER, "checks").encode(), names):
        broken[row.check_name] += row.failed
        checked[row.check_name] += row.checked
        severity[row.check_name] = row.severity
    for name, count in sorted(broken.items()):
        if count:
            level = logging.INFO if severity[name] == "info" else logging.WARNING
            log.log(level, "%s %s: %d of %d records", severity[name], name, count, checked[name])
    return dict(+broken)


def verify(conninfo: str, accounts: Sequence[Account]) -> None:
    """Fail where an error stands, after the figures are published.

    Args:
        conninfo: the warehouse, as the loader.
        accounts: whose figures.

    Raises:
        ChecksFailed: which checks, how many records break them, one of them, and what to do.
    """
    found = [line for account in accounts for line in _errors(conninfo, account)]
    if found:
        raise ChecksFailed("Checking the figures", "; ".join(found))
    log.info("no check of severity error is broken")


def _errors(conninfo: str, account: Account) -> list[str]:
    names = {
        "client": account.client,
        "account": account.account,
        "source": account.source,
        "checks": list(REMEDIES),
    }
    with connect(conninfo, client=account.client, name=f"{account.source}.verify") as connection:
        rows = connection.execute(select_text(FOLDER, "errors").encode(), names).fetchall()
    return [
        f"{account.account} {row.check_name}: {row.failed} of {row.checked} records, such as {row.example['key']} "
        f"({row.place.strip()}{_difference(row.example)}): {REMEDIES[row.check_name]}"
        for row in rows
    ]


def _difference(example: dict[str, Any]) -> str:
    """What was found in place of what, of a rule that compares amounts; a rule that asks for a thing expects 1."""
    expected, actual = example["expected"], example["actual"]
    return "" if (expected, actual) == (1, 0) else f"; {actual} in place of {expected}"
