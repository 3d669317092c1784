"""A report cut into records: a CSV file without a header, its columns known by position alone.

The whole file is read before a byte is written, and refused as a whole where it cannot be the report: empty, HTML,
another number of columns, values that belong into other columns, a header row, a cut end. A single row that cannot be
read is a record with a flaw: it goes to quarantine, the others load. Why not pandas: docs/decisions/reports-by-csv.md.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from branchline.errors import ReportRefused
from branchline.layouts import Layout, Report
from branchline.pages import Page, Record

#: The width of a report is that of most of its first rows.
_HEAD_ROWS = 200
#: Fewer values than this share look as the layout says: they belong into another column.
_LEAST_SHARE = 0.5
#: Delimiters a report may suddenly have; named in the message, never guessed into rows.
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: A line with its end, whichever; io.StringIO would hold the whole text once more, four bytes a character.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NO_LETTERS = re.compile(r"[^a-z0-9]")

csv.field_size_limit(5_000_000)


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of the file: its fields, and its text; no fields where it is no CSV."""

    fields: list[str] | None
    text: str


def cut_report(body: bytes, report: Report, *, doing: str) -> Page:
    """Cut a report into records, each a JSON object of its columns' texts by their names.

    Args:
        body: the whole file.
        report: its layouts.
        doing: what was being done, for the message.

    Returns:
        Its rows in order; a row of another width, or that is no CSV, is a record with a flaw and its own text.

    Raises:
        ReportRefused: the file is not this report: the message says what was seen.
    """
    text = decode(body, doing)
    # Read twice, kept once: a file of a hundred thousand rows is a list of a million texts.
    layout = _layout(list(islice(_rows(text, doing), _HEAD_ROWS)), report, doing)
    _check_content(_rows(text, doing), layout, report, doing)
    encode = msgspec.json.Encoder().encode
    return Page([_record(row, layout, encode) for row in _rows(text, doing)])


def decode(body: bytes, doing: str) -> str:
    """The file's text: UTF-8 with or without a byte order mark, UTF-16 with one, else Latin-1 as Windows writes it.

    Raises:
        ReportRefused: it is HTML, or no text.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            try:
                text = body.decode(encoding)
            except UnicodeDecodeError:
                raise ReportRefused(doing, f"the report is no {encoding} text, though it begins as one") from None
            break
    else:
        text = _unmarked(body)
    if text.lstrip()[:1] == "<":
        raise ReportRefused(doing, "the report is HTML or XML, a page instead of the file")
    if text.count("\0") > len(text) // 10:
        raise ReportRefused(doing, "the report is no text: it is full of NUL characters")
    return text


def _unmarked(body: bytes) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")


def _rows(text: str, doing: str) -> Iterator[Row]:
    """The rows, blank lines left out.

    Raises:
        ReportRefused: a quoted field is not closed at the end of the file: the rest is missing.
    """
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for found in _LINE.finditer(text):
            taken.append(found[0])
            yield found[0]

    reader = csv.reader(lines(), strict=True)
    while True:
        taken.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise ReportRefused(doing, "the report is cut: its last row ends within a quoted text") from None
            yield Row(None, "".join(taken))
            continue
        if fields:
            yield Row(fields, "".join(taken))


def _layout(head: list[Row], report: Report, doing: str) -> Layout:
    """The layout of the width that most of the first rows have.

    Raises:
        ReportRefused: there is no row, or no layout of that width.
    """
    if not head:
        raise ReportRefused(doing, "the report is empty")
    widths = Counter(len(row.fields) for row in head if row.fields is not None)
    if not widths:
        raise ReportRefused(doing, "the report is no CSV: not one of its first rows can be read")
    width = widths.most_common(1)[0][0]
    if width in report.layouts:
        return report.layouts[width]
    known = ", ".join(f"{known} (since {layout.since})" for known, layout in sorted(report.layouts.items()))
    delimiter = next((word for mark, word in _OTHER_DELIMITERS.items() if head[0].text.count(mark) >= 3), None)
    hint = f"; they are parted by {delimiter}" if delimiter else ""
    raise ReportRefused(doing, f"the report has {width} columns{hint}; the known layouts have {known}")


def _check_content(rows: Iterator[Row], layout: Layout, report: Report, doing: str) -> None:
    """Refuse values that belong into other columns, a header row and a last row that is cut.

    Raises:
        ReportRefused: naming the column, what it should be and what it holds.
    """
    width = len(layout.columns)
    likes = [(place, report.like[column]) for place, column in enumerate(layout.columns) if column in report.like]
    sent: Counter[int] = Counter()
    wrong: Counter[int] = Counter()
    example: dict[int, str] = {}
    # A heading is a word: where each column that is none of words has one in the first row, it is no row of data.
    wordless = {place for place, like in likes if not like.fullmatch("Word")}
    wrong_at_first: set[int] = set()
    number = 0
    fields: list[str] | None = None
    for number, row in enumerate(rows, 1):
        fields = row.fields
        if number == 1:
            _refuse_header(fields or [], layout, doing)
        if fields is None or len(fields) != width:
            continue
        for place, like in likes:
            value = fields[place].strip()
            if value:
                sent[place] += 1
                if not like.fullmatch(value):
                    wrong[place] += 1
                    example.setdefault(place, value)
        if number == 1:
            wrong_at_first = set(wrong)
    if fields is None or len(fields) < width:
        raise ReportRefused(
            doing, f"the report is cut: its last row, number {number:,}, has {len(fields or ())} of {width} columns"
        )
    for place, _ in likes:
        if wrong[place] > (1 - _LEAST_SHARE) * sent[place]:
            raise ReportRefused(
                doing,
                f"column {place + 1} should be {layout.columns[place]}, and {wrong[place]:,} of its {sent[place]:,} "
                f"values do not look like it, such as {_form(example[place])!r} in form: the columns have moved",
            )
    if number > 1 and len(wordless) > 1 and wordless <= wrong_at_first:
        raise ReportRefused(doing, "the first row looks like none of the others: the report suddenly has a header row")


def _refuse_header(first: list[str], layout: Layout, doing: str) -> None:
    named = {_NO_LETTERS.sub("", column) for column in layout.columns}
    if sum(_NO_LETTERS.sub("", field.lower()) in named for field in first) >= min(3, len(named)):
        raise ReportRefused(doing, "the report suddenly has a header row: its columns may have been rearranged")


def _form(value: str) -> str:
    """What a value looks like, without what it says: it may be somebody's name, and messages are logged."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value[:40]))


def _record(row: Row, layout: Layout, encode: Callable[[object], bytes]) -> Record:
    """A row as a record."""
    if row.fields is None:
        return Record(None, row.text.encode(), "not_csv")
    if len(row.fields) != len(layout.columns):
        flaw = "too_many_columns" if len(row.fields) > len(layout.columns) else "too_few_columns"
        return Record(None, row.text.encode(), flaw)
    is_sane = "\0" not in row.text
    fields = row.fields if is_sane else [field.replace("\0", "") for field in row.fields]
    text = encode(dict(zip(layout.columns, fields, strict=True))).decode()
    return Record(text) if is_sane else Record(text, row.text.encode(), "sanitised")
