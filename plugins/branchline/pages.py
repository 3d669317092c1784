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

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
#: A string, whole, or one of the words that some servers write for a number and that are not JSON.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|(-?Infinity|NaN)', re.DOTALL)

_Shape = TypeVar("_Shape")

_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_integer = msgspec.json.Decoder(int)
_boolean = msgspec.json.Decoder(bool)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of a page.

    Attributes:
        text: JSON that jsonb can hold, None where there is none.
        raw: the vendor's bytes, only where they differ from `text`.
        flaw: sanitised, not_finite, not_json, too_large or not_found; None for a record as it should be.
    """

    text: str | None
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
        is_bare: whether the answer was an array without an envelope.
    """

    records: list[Record]
    total: int | None = None
    size: int | None = None
    is_last: bool | None = None
    is_bare: bool = False


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
    body = body.removeprefix(_BOM).strip()
    first = body[:1]
    if first == b"[":
        rows, clean = _decode(_array, body, doing)
        return Page(_records(body, clean, rows), is_bare=True)
    if first != b"{":
        raise VendorChanged(doing, f"NotJSON: the body is {_describe(body)}")
    envelope, clean = _decode(_envelope, body, doing)
    if paging is None:
        if not envelope:
            raise VendorChanged(doing, "the record is an empty object")
        return Page(_records(body, clean, [clean]))
    if paging.records not in envelope:
        keys = ", ".join(sorted(envelope)[:8])
        raise VendorChanged(doing, f"the answer has no {paging.records!r}; it has {keys[:200] or 'nothing'}")
    listed = envelope[paging.records]
    try:
        rows = [] if bytes(listed) == b"null" else _array.decode(listed)
    except msgspec.DecodeError:
        raise VendorChanged(doing, f"{paging.records!r} is not a list") from None
    return Page(
        _records(body, clean, rows, within=listed),
        total=_number(envelope, paging.total),
        size=_number(envelope, paging.given_size),
        is_last=_truth(envelope, paging.last),
    )


def _decode(decoder: msgspec.json.Decoder[_Shape], body: bytes, doing: str) -> tuple[_Shape, bytes]:
    """The body's outermost parts, and the text they were cut from: the body, or its neutral form of the same length."""
    try:
        return decoder.decode(body), body
    except msgspec.DecodeError as error:
        fact = f"NotJSON: {error}"
    except RecursionError:
        fact = "NotJSON: it is nested too deeply"
    clean = _neutral(body)
    if clean != body:
        try:
            return decoder.decode(clean), clean
        except (msgspec.DecodeError, RecursionError):
            pass
    raise VendorChanged(doing, fact)


def _neutral(body: bytes) -> bytes:
    """The body, byte for byte as long, with JSON in place of what some servers write and no decoder takes.

    NaN and Infinity become a number (T31), a lone surrogate the replacement character (T30). What a record really
    was is read from the body at the same place.
    """

    def calm(found: re.Match[bytes]) -> bytes:
        word = found[1]
        if word is None:
            return _ESCAPE.sub(_paired, found[0]) if _SUSPECT.search(found[0]) else found[0]
        sign = word[:1] if word[:1] == b"-" else b""
        # No integer, so that a total of NaN is no total.
        return sign + b"0.5".ljust(len(word) - len(sign), b"0")

    return _TOKEN.sub(calm, body)


def _records(
    body: bytes, clean: bytes, rows: list[msgspec.Raw] | list[bytes], within: msgspec.Raw | None = None
) -> list[Record]:
    """The rows as records, the flawed ones with the vendor's own bytes."""
    if clean is body and not _SUSPECT.search(body):
        try:
            texts = [str(row, "utf-8") for row in rows]
        except UnicodeDecodeError:
            pass
        else:
            return [
                Record(text) if len(text) * 4 <= RECORD_BYTES else _record(text.encode(), text.encode())
                for text in texts
            ]
    records = []
    # Between two rows stand only commas and blanks, so a row begins where its text is found next.
    end = 0 if within is None else max(0, clean.find(bytes(within)))
    for row in rows:
        text = bytes(row)
        start = clean.find(text, end)
        end = start + len(text)
        records.append(_record(body[start:end], text))
    return records


def _record(raw: bytes, clean: bytes) -> Record:
    """One record from its bytes and their neutral form."""
    if len(raw) > RECORD_BYTES:
        return Record(None, raw, "too_large")
    if raw != clean and any(found[1] for found in _TOKEN.finditer(raw)):
        return Record(None, raw, "not_finite")
    sane = _ESCAPE.sub(_sane, clean) if _SUSPECT.search(clean) else clean
    text = sane.decode("utf-8", "replace")
    return Record(text) if text.encode() == raw else Record(text, raw, "sanitised")


def _paired(found: re.Match[bytes]) -> bytes:
    """Replace a lone surrogate by an escape of the same length."""
    escape = found[0]
    is_lone = len(escape) == 6 and escape[2:3] in b"dD" and escape[3:4] in b"89abcdefABCDEF"
    return b"\\ufffd" if is_lone else escape


def _sane(found: re.Match[bytes]) -> bytes:
    """Drop a NUL escape, replace a lone surrogate: jsonb refuses both (T30); everything else stays."""
    return b"" if found[0] == b"\\u0000" else _paired(found)


def _number(envelope: dict[str, msgspec.Raw], key: str | None) -> int | None:
    if key is None or key not in envelope:
        return None
    try:
        return _integer.decode(envelope[key])
    except msgspec.DecodeError:
        return None


def _truth(envelope: dict[str, msgspec.Raw], key: str | None) -> bool | None:
    if key is None or key not in envelope:
        return None
    try:
        return _boolean.decode(envelope[key])
    except msgspec.DecodeError:
        return None


def _describe(body: bytes) -> str:
    if not body:
        return "empty"
    if body[:1] == b"<":
        return "HTML or XML"
    return f"{len(body)} bytes of text that begin with {body[:1]!r}"
