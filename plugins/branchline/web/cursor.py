"""Where a next page begins: the key of the last row, opaque to whoever carries it, good for the same question alone."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from typing import Any

from branchline.warehouse import identifier
from branchline.web.catalogue import Collection
from branchline.web.problems import Problem


def cursor_after(collection: Collection, filters: dict[str, Any], key: list[str]) -> str:
    """The cursor that stands after the row of that key."""
    return urlsafe_b64encode(json.dumps([_question(collection, filters), *key]).encode()).decode().rstrip("=")


def key_of(collection: Collection, filters: dict[str, Any], cursor: str) -> list[str]:
    """The key that a cursor stands after.

    Raises:
        Problem: 400, it is no cursor, or one of another list or of other filters.
    """
    question: object = None
    key: list[str] = []
    # what is no cursor of ours at all is answered like one of another question
    with suppress(ValueError, TypeError, RecursionError):
        question, *key = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if (
        question != _question(collection, filters)
        or len(key) != len(collection.key)
        or not all(isinstance(value, str) and "\0" not in value for value in key)
    ):
        raise Problem(400, "The cursor is not one of this list with these filters. Begin at the first page.")
    return key


def rows_after(collection: Collection, key: list[str]) -> tuple[str, dict[str, str]]:
    """What is true of the rows after that key, and the values of its parameters."""
    columns = ", ".join(f"found.{identifier(column)}" for column in collection.key)
    values = {f"key_{place}": value for place, value in enumerate(key)}
    marks = ", ".join(f"%({name})s" for name in values)
    return f"({columns}) {'<' if collection.descending else '>'} ({marks})", values


def _question(collection: Collection, filters: dict[str, Any]) -> str:
    return sha256(json.dumps([collection.path, filters], default=str, sort_keys=True).encode()).hexdigest()[:12]
