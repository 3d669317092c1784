"""What the columns of a report without a header are: layouts by width, as include/layouts has them. Data, not code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache

from branchline.warehouse import SQL_ROOT

#: include/layouts: beside include/sql.
LAYOUT_ROOT = SQL_ROOT.parent / "layouts"


@dataclass(frozen=True)
class Layout:
    """The columns of a report, left to right, and the day since which the vendor sends them."""

    since: date
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """A report without a header row.

    Attributes:
        name: the stream that reads it.
        layouts: by their number of columns; of two of one width the newer.
        like: what the values of a column look like, by column.
    """

    name: str
    layouts: dict[int, Layout]
    like: dict[str, re.Pattern[str]]


@cache
def report_of(source: str, name: str) -> Report:
    """The layouts of a report, from include/layouts/<source>.toml.

    Raises:
        KeyError: the file has no such report.
    """
    with (LAYOUT_ROOT / f"{source}.toml").open("rb") as file:
        told = tomllib.load(file)[name]
    layouts: dict[int, Layout] = {}
    for one in sorted(told["layouts"], key=lambda one: one["since"]):
        layouts[len(one["columns"])] = Layout(one["since"], tuple(one["columns"]))
    return Report(name, layouts, {column: re.compile(like) for column, like in told.get("like", {}).items()})
