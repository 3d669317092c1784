"""A legacy table that another application made in the warehouse's database: found, its rights and shape proved, read.

Nothing is known of it but what the catalog says. It is retired by a new name, under which its rows stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from branchline.errors import Reconfigure
from branchline.warehouse import identifier, render

#: What a retired table's name ends in; the name before it leaves room within PostgreSQL's 63 bytes.
RETIRED = "_retired"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\.[A-Za-z_][A-Za-z0-9_]{0,54}")
#: Types of a moment, and whether they lack a zone.
_MOMENTS = {"timestamp with time zone": False, "timestamp without time zone": True}

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class LegacyTable:
    """A table as the catalog has it.

    Attributes:
        schema: its schema.
        name: its name, the retired one where it is retired.
        former: its name before it was retired.
        keys: columns that tell a row from another; none where no column does.
        is_naive: its moments have no zone.
        is_lockable: it may be locked against those who write it.
    """

    schema: str
    name: str
    former: str
    keys: tuple[str, ...]
    is_naive: bool
    is_lockable: bool

    @property
    def full_name(self) -> str:
        """schema.name."""
        return f"{self.schema}.{self.name}"

    @property
    def is_retired(self) -> bool:
        """Whether it stands under its retired name."""
        return self.name != self.former

    def lock(self, connection: Connection) -> None:
        """Wait for whoever writes it just now and keep others out until the transaction ends, where that is allowed."""
        if self.is_lockable:
            connection.execute(f"LOCK TABLE {identifier(self.full_name)} IN ACCESS EXCLUSIVE MODE".encode())

    def read(self, connection: Connection, names: dict[str, Any]) -> None:
        """Make the temporary table legacy_rows of its rows: include/sql/legacy/rows.sql, with these parameters."""
        statement = render("legacy/rows.sql", table=self.full_name, keys=self.keys, is_naive=self.is_naive)
        connection.execute(statement, names)

    def renamed(self, connection: Connection) -> LegacyTable:
        """Give it its retired name, or its former one back; returns it as it is then."""
        name = self.former if self.is_retired else self.former + RETIRED
        statement = f"ALTER TABLE {identifier(self.full_name)} RENAME TO {identifier(name)}"
        connection.execute(statement.encode())
        return replace(self, name=name)


def find(connection: Connection, doing: str, table: str, *, retired: bool | None = None) -> LegacyTable | None:
    """Find a legacy table by its own name, else by the one that it is retired to.

    Args:
        connection: the loader's.
        doing: what is being done, for the message of an error.
        table: `schema.name`, spelt as the catalog has it, by the name it had before it was retired.
        retired: whether it is to be retired, or to be in use, at the end; None where that stays as it is.

    Returns:
        The table; None where there is none of either name.

    Raises:
        Reconfigure: the name is none, or the table lacks a right or a column that is needed; the message says which.
    """
    if not _NAME.fullmatch(table):
        raise Reconfigure(
            doing, "that is no table: write schema.name in letters, digits and underscores, the name 55 long at most"
        )
    schema, _, name = table.partition(".")
    where = {"schema": schema, "name": name, "retired": name + RETIRED}
    rows = connection.execute(render("legacy/find.sql"), where).fetchall()
    if not rows:
        return None
    found = rows[0]
    renames = retired is not None and found.is_retired != retired
    _refuse_rights(doing, schema, found, renames=renames)
    _refuse_shape(doing, found)
    if retired and len(rows) > 1:
        raise Reconfigure(doing, f"{schema}.{rows[1].name} is there already: have its owner rename or drop that one")
    return LegacyTable(
        schema=schema,
        name=found.name,
        former=name,
        keys=tuple(found.keys) or (("id",) if "id" in found.columns else ()),
        is_naive=_MOMENTS[found.columns["last_synced_at"]],
        is_lockable=found.is_table and found.is_owner,
    )


def _refuse_rights(doing: str, schema: str, found: Any, *, renames: bool) -> None:
    """Refuse a table that the role may not read, or not rename where it has to; nothing was tried yet."""
    place, table, role = identifier(schema), identifier(f"{schema}.{found.name}"), identifier(found.role)
    if renames and not found.is_table:
        raise Reconfigure(doing, f"{table} is a view or a foreign table: retire the table behind it where that stands")
    rights = (
        (found.may_enter, f"GRANT USAGE ON SCHEMA {place} TO {role};"),
        (found.may_read, f"GRANT SELECT ON {table} TO {role};"),
        (found.may_create or not renames, f"GRANT CREATE ON SCHEMA {place} TO {role};"),
        (found.is_owner or not renames, f"ALTER TABLE {table} OWNER TO {role};"),
    )
    needed = [statement for is_there, statement in rights if not is_there]
    if needed:
        raise Reconfigure(doing, f"{found.role} lacks rights; as the cluster's admin, type: {' '.join(needed)}")
    if found.hides_rows:
        raise Reconfigure(
            doing, f"row-level security of {table} may hide rows from {found.role}: lift it for this role"
        )


def _refuse_shape(doing: str, found: Any) -> None:
    lacking = [name for name in ("sync_type", "last_synced_at") if name not in found.columns]
    if lacking:
        raise Reconfigure(
            doing,
            f"it has no column {', '.join(lacking)}, it has {', '.join(sorted(found.columns))}: name in `table` a view "
            "that calls them so",
        )
    kind = found.columns["last_synced_at"]
    if kind not in _MOMENTS:
        raise Reconfigure(
            doing, f"last_synced_at is of type {kind}: name in `table` a view that makes a timestamp of it"
        )
