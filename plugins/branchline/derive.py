"""Tables computed from merged ones: locations with their zones, journeys, crews. In SQL, writing only what differs."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from branchline.calendars import zone_of, zone_of_zip
from branchline.ledger import Account, read_fact, write_fact
from branchline.merge import refresh_statistics, sample_little
from branchline.tables import over, select_text
from branchline.warehouse import one, render

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]

#: A derivation looks this far behind the last one: another run's transaction may have begun before it and ended after.
LOOKBACK = timedelta(hours=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_HASHED = frozenset({"observed_at", "is_deleted"})


def derive(
    connection: Connection, account: Account, target: str, sync_id: int | None, today: date | None = None
) -> dict[str, int]:
    """Derive one table for one account, in one transaction with its watermark.

    Args:
        connection: the loader's, of the account's client.
        account: whose rows.
        target: `schema.table`, whose SELECT is include/sql/<source>/<table>.sql, or `schema.table.what`, whose
            UPDATE of some of the table's columns is include/sql/<source>/<table>.<what>.sql.
        sync_id: written into the rows.
        today: the day that the run stands for, which `today` means in the SQL.

    Returns:
        Rows created and updated.
    """
    with connection.transaction():
        lock = f"derive {target} {account.account}"
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
        sample_little(connection)
        if target == "core.locations":
            return derive_locations(connection, account)
        name = target.split(".", 1)[1]
        fact = read_fact(connection, account.source, account.account, name, "derived")
        began = one(connection, "SELECT now() AS began").began
        since = _since(fact, began, target)
        names = {"client": account.client, "account": account.account, "since": since, "sync_id": sync_id}
        names["today"] = today or began.date()
        if "." in name:
            updated = connection.execute(select_text(account.source, name).encode(), names).rowcount
            written = {"created": 0, "updated": updated}
        else:
            written = merge_derived(connection, target, select_text(account.source, name), names)
        write_fact(connection, account.source, account.account, name, "derived", began.isoformat())
        return written


def _since(fact: Any | None, began: datetime, target: str) -> datetime:
    """From when on changes are looked at: the last derivation less the lookback; everything where that is no past."""
    if fact is None:
        return _BEGINNING
    last = datetime.fromisoformat(fact.cursor_value)
    if last > began:
        log.warning("%s was last derived at %s, which is still to come: deriving all of it", target, last)
        return _BEGINNING
    return last - LOOKBACK


def merge_derived(connection: Connection, target: str, select: str, names: dict[str, Any]) -> dict[str, int]:
    """Merge what a SELECT over merged rows gives into its table, writing only rows that differ.

    Args:
        connection: the loader's, inside a transaction.
        target: `schema.table`.
        select: gives the table's columns, observed_at and is_deleted among them.
        names: parameters of the SELECT, sync_id among them.

    Returns:
        Rows created and updated.
    """
    shape = connection.execute(over(select, "*", "LIMIT 0"), names)
    columns = [column.name for column in shape.description or () if column.name not in _NOT_HASHED]
    key = [row.name for row in connection.execute(render("columns.sql"), {"target": target}) if row.is_key]
    rows = render("derived_rows.sql", select=select, columns=columns).decode()
    statement = render(
        "merge.sql", target=target, rows=rows, key=key, columns=columns, first=[], parent=[], force=False
    )
    row = one(connection, statement, names)
    refresh_statistics(connection, target, row.created + row.updated)
    return {"created": row.created, "updated": row.updated}


def derive_locations(connection: Connection, account: Account) -> dict[str, int]:
    """Derive an account's locations and give those without a zone the one their coordinates or US zip code lie in.

    A zone that somebody set or the vendor sent stays. A place that cannot be found stays without one: it has no
    business day, its dates are not swept and its shop-local days are null until somebody sets one.
    """
    names = {"client": account.client, "source": account.source, "account": account.account}
    written = connection.execute(
        render("locations.sql", select=select_text(account.source, "locations")), names
    ).rowcount
    rows = connection.execute(
        "SELECT location_id, name, latitude, longitude, country, postal_code FROM core.locations "
        "WHERE client_id = %(client)s AND source = %(source)s AND account = %(account)s "
        "AND timezone IS NULL AND is_mapped",
        names,
    ).fetchall()
    for row in rows:
        zone = None
        if row.latitude is not None and row.longitude is not None:
            zone = zone_of(row.latitude, row.longitude)
        elif row.country == "US" and row.postal_code is not None:
            zone = zone_of_zip(row.postal_code)
        if zone is None:
            log.warning("location %s has no time zone: set core.locations.timezone by hand", row.name)
            continue
        connection.execute("UPDATE core.locations SET timezone = %s WHERE location_id = %s", (zone, row.location_id))
    return {"created": 0, "updated": written}
