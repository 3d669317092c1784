"""One answer of a vendor cut into records, each as the bytes the vendor sent: never decoded and dumped again.

Python looks no deeper than the envelope: the list of records, the total, the page size and the end. Numbers keep
their digits, keys their order, and SQL alone knows what a record means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from branchline.errors import VendorChanged
from branchline.stream import Paging

#: A single record above this many bytes is quarantined, not loaded (T13).
RECORD_BYTES = 5_000_000

_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_NOT_FINITE = re.compile(rb'"(?:\\.|[^"\\])*"|(-?Infinity|NaN)', re.DOTALL)
_STAND_IN = b'"\\u0001not finite\\u0001"'

_Shape = TypeVar("_Shape")

_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_integer = msgspec.json.Decoder(int)
_boolean = msgspec.json.Decoder(bool)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a page.

    Attributes:
        text: JSON that jsonb can hold, None where there is none.
        raw: the vendor's bytes, only where they differ from `text`.
        flaw: sanitised, not_finite or too_large; None for a record as it should be.
    """

    text: bytes | None
    raw: bytes | None = None
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The records of one answer and what its envelope says of the others.

    Attributes:
        records: in the vendor's order.
        total: records in the whole window, None where the vendor does not say.
        size: page size that the vendor really applied, None where it does not say.
        is_last: whether the vendor says that this is the last page, None where it does not say.
    """

    records: list[Record]
    total: int | None = None
    size: int | None = None
    is_last: bool | None = None


def cut_page(body: bytes, paging: Paging | None, *, doing: str) -> Page:
    """Cut an answer into records.

    Args:
        body: the whole body.
        paging: the stream's paging; None for an answer that is one record or a bare array.
        doing: what was being done, for the message.

    Returns:
        The page; a null list is an empty one.

    Raises:
        VendorChanged: not JSON (an empty body, a login page), or JSON without the list that the stream promises.
    """
    stripped = body.lstrip()
    first = stripped[:1]
    if first not in {b"{", b"["}:
        raise VendorChanged(doing, f"NotJSON: the body is {_describe(stripped)}")
    if first == b"[":
        return Page([_record(bytes(raw)) for raw in _decode(_array, body, doing)])
    if paging is None:
        if not _decode(_envelope, body, doing):
            raise VendorChanged(doing, "the record is an empty object")
        return Page([_record(_finite(body) if _is_odd(body) else body)])
    envelope = _decode(_envelope, body, doing)
    if paging.records not in envelope:
        raise VendorChanged(doing, f"the answer has no {paging.records!r}; it has {sorted(envelope)[:8]}")
    rows = bytes(envelope[paging.records])
    try:
        records = [] if rows == b"null" else [_record(bytes(raw)) for raw in _array.decode(rows)]
    except msgspec.DecodeError as error:
        raise VendorChanged(doing, f"{paging.records!r} is not a list") from error
    return Page(
        records,
        total=_number(envelope, paging.total),
        size=_number(envelope, paging.given_size),
        is_last=_truth(envelope, paging.last),
    )


def _decode(decoder: msgspec.json.Decoder[_Shape], body: bytes, doing: str) -> _Shape:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise VendorChanged(doing, f"unexpected JSON: {error}") from error
    except msgspec.DecodeError as error:
        if _is_odd(body):
            try:
                return decoder.decode(_finite(body))
            except msgspec.DecodeError:
                pass
        raise VendorChanged(doing, f"NotJSON: {error}") from error


def _is_odd(body: bytes) -> bool:
    """Whether the body may hold NaN or Infinity, which are not JSON but which some servers write (T31)."""
    return b"NaN" in body or b"Infinity" in body


def _finite(body: bytes) -> bytes:
    return _NOT_FINITE.sub(lambda found: _STAND_IN if found[1] else found[0], body)


def _record(raw: bytes) -> Record:
    if len(raw) > RECORD_BYTES:
        return Record(None, raw, "too_large")
    if _STAND_IN in raw:
        return Record(None, raw.replace(_STAND_IN, b"NaN"), "not_finite")
    if _SUSPECT.search(raw):
        clean = _ESCAPE.sub(_sane, raw)
        if clean != raw:
            return Record(clean, raw, "sanitised")
    return Record(raw)


def _sane(found: re.Match[bytes]) -> bytes:
    """Drop a NUL escape, replace a lone surrogate: jsonb refuses both (T30); everything else stays."""
    escape = found[0]
    if escape == b"\\u0000":
        return b""
    if len(escape) == 6 and escape[2:3] in b"dD" and escape[3:4] in b"89abcdefABCDEF":
        return b"\\ufffd"
    return escape


def _number(envelope: dict[str, msgspec.Raw], key: str | None) -> int | None:
    if key is None or key not in envelope:
        return None
    try:
        return _integer.decode(bytes(envelope[key]))
    except msgspec.DecodeError:
        return None


def _truth(envelope: dict[str, msgspec.Raw], key: str | None) -> bool | None:
    if key is None or key not in envelope:
        return None
    try:
        return _boolean.decode(bytes(envelope[key]))
    except msgspec.DecodeError:
        return None


def _describe(body: bytes) -> str:
    if not body:
        return "empty"
    if body[:1] == b"<":
        return "HTML or XML"
    return f"{len(body)} bytes of text that begin with {body[:1]!r}"
