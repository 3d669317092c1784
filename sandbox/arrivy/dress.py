"""The accidents of the account's JSON: absent keys, one field in several forms (Arrivy contract, section 9)."""

from __future__ import annotations

import copy
import json
from typing import Any

from sandbox import dress

Row = dict[str, Any]


def extra_fields(told: Row, seed: int) -> Row:
    """Write `extra_fields` as an object, as null, as a text of JSON, or not at all (quirk 6).

    Args:
        told: What the record's own fields say.
        seed: The record's: it decides the form.

    Returns:
        The key with its value, or nothing.
    """
    forms: tuple[Row, ...] = (
        {"extra_fields": told},
        {"extra_fields": None},
        {"extra_fields": json.dumps(told)},
        {},
    )
    return forms[seed // 7 % len(forms)]


def finished(row: Row, overrides: Row, seed: int) -> Row:
    """Leave the null keys of every third record out, and put in what was said by hand.

    Args:
        row: The record as drawn.
        overrides: Values by path.
        seed: The record's.

    Returns:
        The record as it is served.
    """
    if seed % 3 == 0:
        row = {key: value for key, value in row.items() if value is not None}
    if overrides:
        # What was drawn is shared by many rows: only a copy may be written into.
        row = copy.deepcopy(row)
        for path, value in overrides.items():
            dress.put(row, path, value)
    return row
