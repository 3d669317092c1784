"""Faults that rewrite a good table: fewer rows, other columns, rows that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sandbox.faults import Action
from sandbox.sheet import Sheet
from sandbox.vendor import Answer

With = dict[str, Any]
_STRANGER = "unforeseen"
_BIG_FIELD_BYTES = 10_000_000


def rewritten(action: Action, answer: Answer) -> Answer:
    """Answer with the table as the fault wants it.

    Args:
        action: The fault.
        answer: The good answer.

    Returns:
        The rewritten answer; the good one when it holds no table or the fault is none of a table's.
    """
    rewrite = _REWRITES.get(action.kind)
    if rewrite is None or answer.sheet is None:
        return answer
    told = rewrite(answer.sheet, action.with_)
    return replace(answer, body=told if isinstance(told, bytes) else told.body())


def _few_rows(sheet: Sheet, with_: With) -> Sheet:
    return replace(sheet, rows=sheet.rows[: round(len(sheet.rows) * float(with_.get("share", 0.6)))])


def _header_only(sheet: Sheet, _with: With) -> Sheet:
    return replace(sheet, rows=[], style=replace(sheet.style, header=True))


def _short_line(sheet: Sheet, with_: With) -> bytes:
    """End in the middle of a row: half of its fields, no line end, and a Content-Length that fits."""
    rows = list(_few_rows(sheet, {"share": with_.get("share", 1.0)}).rows)
    if rows:
        rows[-1] = rows[-1][: max(1, len(rows[-1]) // 2)]
    return sheet.encode(replace(sheet, rows=rows).text().removesuffix(sheet.style.newline))


def _shift_columns(sheet: Sheet, with_: With) -> Sheet:
    """Insert a column and drop another (the last one): the width fits, what stands in it does not."""
    at, value = int(with_.get("at", 1)), str(with_.get("value", _STRANGER))
    drop = int(with_.get("drop", -1))

    def shifted(row: Sequence[str]) -> list[str]:
        fields = list(row)
        del fields[drop]
        return [*fields[:at], value, *fields[at:]]

    return replace(sheet, names=shifted(sheet.names), rows=[shifted(row) for row in sheet.rows])


def _extra_column(sheet: Sheet, with_: With) -> Sheet:
    value = str(with_.get("value", _STRANGER))
    return replace(sheet, names=[*sheet.names, value], rows=[[*row, value] for row in sheet.rows])


def _wide_row(sheet: Sheet, with_: With) -> Sheet:
    """Give some rows more fields than the others have."""
    more = [_STRANGER] * int(with_.get("fields", 1))
    return _some(sheet, with_, lambda row: [[*row, *more]])


def _repeat_row(sheet: Sheet, with_: With) -> Sheet:
    return _some(sheet, with_, lambda row: [row, row])


def _mutate_record(sheet: Sheet, with_: With) -> Sheet:
    wanted = with_.get("set", {})
    missing = set(wanted) - set(sheet.names)
    if missing:
        raise ValueError(f"no columns {sorted(missing)}; there are {list(sheet.names)}")

    def mutated(row: Sequence[str]) -> list[Sequence[str]]:
        return [[str(wanted.get(name, value)) for name, value in zip(sheet.names, row, strict=True)]]

    return _some(sheet, with_, mutated)


def _big_field(sheet: Sheet, with_: With) -> Sheet:
    return _last_field(sheet, with_, "x" * int(with_.get("bytes", _BIG_FIELD_BYTES)))


def _nul(sheet: Sheet, with_: With) -> Sheet:
    return _last_field(sheet, with_, "Alex\0 Example")


def _last_field(sheet: Sheet, with_: With, value: str) -> Sheet:
    name = str(with_.get("field") or sheet.names[-1])
    return _mutate_record(sheet, {"record": with_.get("record", 0), "set": {name: value}})


def _some(sheet: Sheet, with_: With, rewrite: Callable[[Sequence[str]], list[Sequence[str]]]) -> Sheet:
    """Rewrite `count` rows, from the one at `record` on."""
    rows = list(sheet.rows)
    first = min(int(with_.get("record", 0)), max(0, len(rows) - 1))
    last = first + int(with_.get("count", 1))
    rows[first:last] = [new for row in rows[first:last] for new in rewrite(row)]
    return replace(sheet, rows=rows)


_REWRITES: dict[str, Callable[[Sheet, With], Sheet | bytes]] = {
    "few_rows": _few_rows,
    "header_only": _header_only,
    "short_line": _short_line,
    "shift_columns": _shift_columns,
    "extra_column": _extra_column,
    "wide_row": _wide_row,
    "repeat_row": _repeat_row,
    # Kinds that a page of JSON knows too.
    "mutate_record": _mutate_record,
    "big_field": _big_field,
    "nul": _nul,
}
REWRITES = frozenset(_REWRITES)
