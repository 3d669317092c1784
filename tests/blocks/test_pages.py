"""Cutting an answer into records: byte for byte what was sent, and what jsonb cannot hold set apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from branchline.errors import VendorChanged
from branchline.pages import Page, Record, cut_page
from branchline.stream import Paging
from hypothesis import given, settings
from hypothesis import strategies as st

PAGING = Paging("Page", "PageSize", 200, records="rows", total="total", given_size="size", last="last")

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
SCALARS = (
    st.none() | st.booleans() | st.integers() | TEXT | st.sampled_from(["NaN", "-Infinity", '\\"NaN\\\\', "\\u0000"])
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))
#: Numbers as some vendor may write them, with digits that a float would lose.
NUMBERS = st.sampled_from(
    ["1.10", "-0", "1E5", "12345678901234567890.123456789", "0.1000000000000000055511151231257827"]
)


@st.composite
def texts(draw: Any) -> str:
    """A record's text as one of many writers would put it."""
    value = draw(st.dictionaries(TEXT, VALUES, max_size=4))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:  ")]))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), separators=separators)
    return text[:-1] + ("," if value else "") + f'"amount":{draw(NUMBERS)}}}'


def has_nul(text: str) -> bool:
    return "\0" in str(json.loads(text)) or any("\0" in part for part in _strings(json.loads(text)))


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in _strings(item))]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []


@settings(deadline=None)  # the machine is shared
@given(st.lists(texts(), max_size=5), st.sampled_from([",", " , ", ",\n"]), st.booleans(), st.booleans())
def test_records_are_byte_for_byte_what_was_sent(rows: list[str], comma: str, is_bare: bool, has_bom: bool) -> None:
    array = "[" + comma.join(rows) + "]"
    text = array if is_bare else f' {{"total": {len(rows)}, "rows" : {array} , "size":5,"last":true}}\n'
    page = cut_page((b"\xef\xbb\xbf" if has_bom else b"") + text.encode(), PAGING, doing="x")
    assert len(page.records) == len(rows)
    for row, record in zip(rows, page.records, strict=True):
        if has_nul(row):
            assert (record.flaw, record.raw) == ("sanitised", row.encode())
        else:
            assert record == Record(row)
    assert (page.total, page.size, page.is_last) == ((None, None, None) if is_bare else (len(rows), 5, True))


@settings(deadline=None)  # the machine is shared
@given(st.lists(st.tuples(texts(), st.sampled_from(["NaN", "Infinity", "-Infinity", "1"])), min_size=1, max_size=5))
def test_a_word_for_a_number_spoils_its_record_and_no_other(rows: list[tuple[str, str]]) -> None:
    sent = [f'{text[:-1]},"odd":{word}}}' for text, word in rows]
    page = cut_page(f'{{"rows":[{",".join(sent)}]}}'.encode(), PAGING, doing="x")
    for (text, word), row, record in zip(rows, sent, page.records, strict=True):
        if word != "1":
            assert record == Record(None, row.encode(), "not_finite")
        else:
            assert record.flaw == ("sanitised" if has_nul(text) else None)
            assert (record.raw or str(record.text).encode()) == row.encode()


#: Pieces of a JSON string, and what sanitising makes of them.
PIECES = st.lists(
    st.sampled_from(
        [
            (r"\\u0000", r"\\u0000"),
            (r"\\\\", r"\\\\"),
            (r"\"", r"\""),
            (r"\\ud800", r"\\ud800"),
            (r"\u0000", ""),
            (r"\ud800", r"\ufffd"),
            (r"\uDFFF", r"\ufffd"),
            (r"\ud83d\ude00", r"\ud83d\ude00"),
            (r"\u00e9", r"\u00e9"),
            ("NaN", "NaN"),
            ("é😀", "é😀"),
            (r"\n", r"\n"),
        ]
    ),
    max_size=8,
)


@settings(deadline=None)  # the machine is shared
@given(PIECES, PIECES)
def test_sanitising_takes_out_what_jsonb_refuses_and_nothing_else(key: Any, value: Any) -> None:
    sent, wanted = (
        # A letter between the pieces: two lone surrogates side by side would be a pair.
        '{"k' + "x".join(piece[side] for piece in key) + '":"' + "x".join(piece[side] for piece in value) + '"}'
        for side in (0, 1)
    )
    (record, last) = cut_page(f'{{"rows":[{sent},{{"a":1}}]}}'.encode(), PAGING, doing="x").records
    assert record.text == wanted
    assert (record.flaw, record.raw) == ((None, None) if sent == wanted else ("sanitised", sent.encode()))
    assert last == Record('{"a":1}')


def test_bytes_that_are_no_text_are_replaced_flagged_and_kept() -> None:
    (bad, good) = cut_page(b'[{"a":"\xe9\xff"},{"a":"\xef\xbf\xbd"}]', None, doing="x").records
    assert bad == Record('{"a":"��"}', b'{"a":"\xe9\xff"}', "sanitised")
    assert good == Record('{"a":"�"}')


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"<html>", b"null", b"1", b'"x"', b"{", b"[1,", b"[" * 100_000, b'{"rows":[}']
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(VendorChanged, match="NotJSON"):
        cut_page(body, PAGING, doing="Reading x")


@pytest.mark.parametrize("body", [b"{}", b'{"row":[]}', b'{"rows":{}}', b'{"rows":1}', b'{"rows":"[]"}'])
def test_an_envelope_without_its_list_is_refused(body: bytes) -> None:
    with pytest.raises(VendorChanged, match="rows"):
        cut_page(body, PAGING, doing="Reading x")


def test_an_answer_without_paging_is_one_record_or_a_list() -> None:
    assert cut_page(b' {"a": NaN }\n', None, doing="x") == Page([Record(None, b'{"a": NaN }', "not_finite")])
    assert cut_page(b'{"a": "NaN" }', None, doing="x") == Page([Record('{"a": "NaN" }')])
    assert cut_page(b"[]", None, doing="x") == Page([], is_bare=True)
    with pytest.raises(VendorChanged, match="empty object"):
        cut_page(b"{}", None, doing="x")


@pytest.mark.parametrize("total", ["null", '"7"', "7.5", "NaN", "{}"])
def test_a_total_that_is_no_whole_number_is_no_total(total: str) -> None:
    page = cut_page(f'{{"rows":null,"total":{total},"last":"yes"}}'.encode(), PAGING, doing="x")
    assert page == Page([])


def test_the_cap_is_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("branchline.pages.RECORD_BYTES", 20)
    rows = ['{"a":"' + "é" * 6 + '"}', '{"a":"' + "é" * 7 + '"}']
    first, second = cut_page(f"[{rows[0]},{rows[1]}]".encode(), None, doing="x").records
    assert first == Record(rows[0])
    assert second == Record(None, rows[1].encode(), "too_large")
