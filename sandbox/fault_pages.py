"""Faults that rewrite a good answer: other rows, other totals, text that breaks a loader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from sandbox.dress import put
from sandbox.faults import Action
from sandbox.vendor import Answer, Call, PageShape

Ask = Callable[[Call], Answer]
_MARK = "@@fault@@"
_BIG_FIELD_BYTES = 10_000_000
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def rewritten(action: Action, answer: Answer, call: Call, ask: Ask, shape: PageShape) -> Answer:
    """Answer a call as the fault wants it.

    Args:
        action: The fault.
        answer: The good answer.
        call: The call.
        ask: Answers a call as if all were well.
        shape: How the vendor's envelope is called.

    Returns:
        The rewritten answer; the good one when it is no success or the fault does not apply.
    """
    rewrite = _REWRITES.get(action.kind)
    if rewrite is None or answer.status != 200:
        return answer
    try:
        value = _decode(answer.body)
    except msgspec.DecodeError:
        return answer
    return replace(answer, body=rewrite(value, action.with_, call, ask, shape))


def _page_number(call: Call, shape: PageShape) -> int:
    text = call.query.get(shape.parameter.lower(), "")
    return int(text) if text.isdigit() else shape.first


def _page(number: int, call: Call, ask: Ask, shape: PageShape) -> Any:
    return _decode(ask(call.asking(**{shape.parameter.lower(): str(number)})).body)


def _repeat_page(value: Any, _with: dict[str, Any], call: Call, ask: Ask, shape: PageShape) -> bytes:
    first = _page(shape.first, call, ask, shape)
    if isinstance(value, list):
        return _encode(first)
    value[shape.rows] = first[shape.rows]
    value[shape.number] = _page_number(call, shape)
    value[shape.last] = False
    return _encode(value)


def _beyond_end(value: Any, _with: dict[str, Any], call: Call, ask: Ask, shape: PageShape) -> bytes:
    if isinstance(value, list):
        # A bare array does not say how many pages there are: go back to one that holds something.
        asked = _page_number(call, shape)
        while not value and asked > shape.first:
            asked -= 1
            value = _page(asked, call, ask, shape)
        return _encode(value)
    pages = value[shape.pages]
    asked = _page_number(call, shape) - shape.first + 1
    if asked >= pages:
        value[shape.rows] = _page(pages - 1 + shape.first, call, ask, shape)[shape.rows]
        value[shape.last] = False
    return _encode(value)


def _total(value: Any, with_: dict[str, Any], _call: Call, _ask: Ask, shape: PageShape) -> bytes:
    if isinstance(value, list):
        return _encode(value)  # there is no total that could be wrong
    if "delta" in with_:
        value[shape.total] += int(with_["delta"])
    value |= with_.get("set", {})
    for name in with_.get("omit", []):
        value.pop(name, None)
    return _encode(value)


def _null_results(value: Any, _with: dict[str, Any], _call: Call, _ask: Ask, shape: PageShape) -> bytes:
    if isinstance(value, list):
        return b"null"
    value[shape.rows] = None
    return _encode(value)


def _big_field(value: Any, with_: dict[str, Any], _call: Call, _ask: Ask, shape: PageShape) -> bytes:
    size = int(with_.get("bytes", _BIG_FIELD_BYTES))
    return _marked(value, with_, shape, '"' + "x" * size + '"', text=True)


def _nul(value: Any, with_: dict[str, Any], _call: Call, _ask: Ask, shape: PageShape) -> bytes:
    # The escapes stand in the JSON text: no encoder would write a lone surrogate.
    return _marked(value, with_, shape, r'"Alex\u0000 \ud800 Example"', text=True)


def _nan(value: Any, with_: dict[str, Any], _call: Call, _ask: Ask, shape: PageShape) -> bytes:
    return _marked(value, with_, shape, with_.get("literal", "NaN"), text=False)


def _mutate_record(value: Any, with_: dict[str, Any], _call: Call, _ask: Ask, shape: PageShape) -> bytes:
    record = _record(value, with_, shape)
    for path, new in with_.get("set", {}).items():
        put(record, path, new)
    for name in with_.get("omit", []):
        if isinstance(record, dict):
            record.pop(name, None)
    return _encode(value)


def _record(value: Any, with_: dict[str, Any], shape: PageShape) -> Any:
    """Find the record: a row of a page or of a bare array, or the whole object."""
    rows = value.get(shape.rows) if isinstance(value, dict) and shape.rows in value else value
    if isinstance(rows, list):
        return rows[min(int(with_.get("record", 0)), len(rows) - 1)] if rows else None
    return rows


def _marked(value: Any, with_: dict[str, Any], shape: PageShape, literal: str, *, text: bool) -> bytes:
    record = _record(value, with_, shape)
    path = with_.get("field") or _first(record, str if text else float, "")
    if path:
        put(record, path, _MARK)
    return _encode(value).replace(f'"{_MARK}"'.encode(), literal.encode())


def _first(value: Any, kind: type, path: str) -> str | None:
    """Find the first field of a kind that is no identifier; whole numbers count as numbers."""
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    wanted = (int, float) if kind is float else (kind,)
    nested: list[tuple[Any, str]] = []
    for key, item in pairs:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(item, wanted) and not isinstance(item, bool) and key not in {"id", "quoteNumber"}:
            return here
        nested.append((item, here))
    return next((found for item, here in nested if (found := _first(item, kind, here))), None)


_REWRITES: dict[str, Callable[[Any, dict[str, Any], Call, Ask, PageShape], bytes]] = {
    "repeat_page": _repeat_page,
    "beyond_end": _beyond_end,
    "total": _total,
    "null_results": _null_results,
    "big_field": _big_field,
    "nul": _nul,
    "nan": _nan,
    "mutate_record": _mutate_record,
}
REWRITES = frozenset(_REWRITES)
