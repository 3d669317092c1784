"""Rows of FMS written by hand, a client a test, so that many tests share one warehouse."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from branchline.derive import derive
from branchline.ledger import Account
from branchline.warehouse import connect

from tests.conftest import Warehouse

#: The day that tests ask about unless they say otherwise: a Wednesday.
TODAY = date(2026, 7, 15)
#: Monday of a week long enough ago that its loans are not recent, and of one that is.
OLD, RECENT = date(2024, 1, 1), date(2026, 6, 1)


class Books:
    """One client's rows."""

    _clients = itertools.count(1)

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.client = f"client{next(self._clients)}"
        self.offices: dict[str, int] = {}
        self._ids = itertools.count(1)
        warehouse.execute("INSERT INTO core.clients (client_id) VALUES (%s)", (self.client,))

    def office(self, name: str, latitude: float | None = None, longitude: float | None = None) -> int:
        """An office that the reports name."""
        self.offices[name] = int(
            self.warehouse.one(
                "INSERT INTO core.locations (client_id, source, account, external_id, name, latitude, longitude) "
                "VALUES (%s, 'fms', 'fms', %s, %s, %s, %s) RETURNING location_id",
                (self.client, name, name, latitude, longitude),
                role="admin",
            )
        )
        return self.offices[name]

    def add(self, table: str, **values: Any) -> None:
        """A row; `office` is written with its location where the table has one."""
        values = {"client_id": self.client, "account": "fms"} | values
        if values.get("office") in self.offices and table not in {"ops_capacity_calendar"}:
            values = {"location_id": self.offices[values["office"]]} | values
        if table not in {"ops_capacity_calendar", "settings", "offices"}:
            values = {"observed_at": TODAY, "row_hash": "0" * 32} | values
        if table == "settings":
            del values["account"]
        places = ", ".join(["%s"] * len(values))
        self.warehouse.execute(f"INSERT INTO fms.{table} ({', '.join(values)}) VALUES ({places})", [*values.values()])

    def loan(self, person: str, start: date, end: date | None = None, **values: Any) -> None:
        number = {"activity_id": str(next(self._ids)), "vin": "V", "office": "Dallas", "make": "KIA"}
        self.add("loan_history", **number | {"person_id": person, "start_date": start, "end_date": end} | values)

    def loans(self, person: str, monday: date, *counts: int, **values: Any) -> None:
        """So many loans that start on Monday, Tuesday and so on of that week."""
        for day, count in enumerate(counts):
            for _ in range(count):
                self.loan(person, monday + timedelta(days=day), **values)

    def ask(self, what: str, *columns: str, **where: Any) -> list[tuple[Any, ...]]:
        """Columns of this client's rows of a view or function, in order."""
        conditions = "".join(f" AND {name} = %({name})s" for name in where)
        rows = self.warehouse.rows(
            f"SELECT {', '.join(columns)} FROM fms.{what} WHERE client_id = %(client)s{conditions} ORDER BY 1, 2",
            {"client": self.client} | where,
        )
        return [tuple(row) for row in rows]

    def derive(self, target: str, today: date = TODAY) -> None:
        """Let the loader derive it, as a run does."""
        account = Account("fms", "fms", "fms", self.client)
        with connect(self.warehouse.loader, client=self.client) as connection:
            derive(connection, account, target, None, today)
