"""A workbook cut into records: which workbook it is, which column is which, every row as the texts of its cells.

A workbook that is not what it should be is refused whole, before anything is read into the warehouse: its type, its
size (also unpacked: a small file may hold a huge one, and one cell far out makes a huge sheet), macros, its sheets and
headings (T58).
"""

from __future__ import annotations

import io
import math
import re
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import msgspec

from branchline.errors import WorkbookRefused
from branchline.layouts import LAYOUT_ROOT
from branchline.pages import Record

FILE_BYTES = 10_000_000
UNPACKED_BYTES = 100_000_000
#: Cells of a sheet, the blank ones between them included: the parser makes room for all up to the furthest.
CELLS = 1_000_000
#: How files of these types begin: a zip archive, and an OLE2 container.
_SIGNATURES = {".xlsx": b"PK\x03\x04", ".xls": bytes.fromhex("d0cf11e0a1b11ae1")}
TYPES = frozenset(_SIGNATURES)
_MACROS = ("_VBA_PROJECT".encode("utf-16-le"), b"vbaProject.bin", b"xl/macrosheets/")
#: Where a row or cell that is not empty stands, as a sheet's XML says it: column letters and row number.
_PLACE = re.compile(rb"<(?:\w+:)?(?:row|c)\s[^>]*?\br\s*=\s*[\"']([A-Za-z]{0,3})(\d{1,7})[\"'][^>]*(?<!/)>")
#: The word that stands for a workbook's first sheet, whatever it is called.
_FIRST = "first"


@dataclass
class Sheet:
    """One sheet of a workbook that was recognised.

    Attributes:
        stream: the stream that its rows belong to.
        title: what the sheet is called.
        records: its rows as JSON objects: workbook, sheet, row (as the program that made it counts them) and the
            columns.
        unknown: headings that nobody declared.
    """

    stream: str
    title: str
    records: list[Record] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_workbook(name: str, body: bytes, source: str) -> list[Sheet]:
    """Read a workbook.

    Args:
        name: file name, for its type and the messages.
        body: the file.
        source: vendor slug; include/layouts/<source>_workbooks.toml says which workbooks there are.

    Returns:
        Its sheets, in the order of their declaration.

    Raises:
        WorkbookRefused: the message says what is wrong with it.
    """
    doing = f"Reading the workbook {name}"
    _check_file(name, body, doing)
    frames = _frames(body, doing)
    with (LAYOUT_ROOT / f"{source}_workbooks.toml").open("rb") as file:
        declared: dict[str, dict[str, dict[str, list[str]]]] = tomllib.load(file)
    if not frames:
        raise WorkbookRefused(doing, "it has no sheet")
    titles = {_spelt(title): title for title in frames}
    if len(titles) < len(frames):
        raise WorkbookRefused(doing, f"two of its sheets are called alike: {', '.join(frames)}")
    misfits = []
    for workbook, sheets in declared.items():
        if set(sheets) == {_FIRST}:
            title = next(iter(frames))
            found = {workbook: title}
            columns = {workbook: sheets[_FIRST]}
        else:
            missing = sorted(sheet for sheet in sheets if _spelt(sheet) not in titles)
            if missing:
                misfits.append(f"it has no sheet {', '.join(missing)} as {workbook} would")
                continue
            found = {sheet: titles[_spelt(sheet)] for sheet in sheets}
            columns = dict(sheets)
        try:
            return [
                _sheet(Sheet(stream, title), name, frames[title], columns[stream], doing)
                for stream, title in found.items()
            ]
        except WorkbookRefused as error:
            misfits.append(error.fact)
            if set(sheets) != {_FIRST}:
                break  # it has that workbook's sheets, so it is no other one
    raise WorkbookRefused(doing, "; ".join(misfits))


def _check_file(name: str, body: bytes, doing: str) -> None:
    """Refuse by type and size, before a parser sees it."""
    suffix = "." + name.rpartition(".")[2].lower()
    if suffix not in _SIGNATURES:
        raise WorkbookRefused(doing, f"files of type {suffix} are not read; save it as .xlsx")
    if len(body) > FILE_BYTES:
        raise WorkbookRefused(doing, f"it has more than {FILE_BYTES:,} bytes")
    if not body.startswith(_SIGNATURES[suffix]):
        raise WorkbookRefused(doing, f"it is called {suffix} and is none")
    if any(mark in body for mark in _MACROS):
        raise WorkbookRefused(doing, "it carries macros; save it without them")
    if suffix == ".xlsx":
        try:
            _check_parts(body, doing)
        # RuntimeError: a part is encrypted, or packed in a way that nobody packs workbooks
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
            raise WorkbookRefused(doing, "it is damaged, or locked with a password") from None


def _check_parts(body: bytes, doing: str) -> None:
    """Refuse by what really comes out of the archive: the sizes in its directory are its maker's word."""
    left = UNPACKED_BYTES
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for entry in archive.infolist():
            entry.file_size = 2 * UNPACKED_BYTES  # so that reading ends where we end it
            with archive.open(entry) as part:
                text = part.read(left + 1)
            left -= len(text)
            if left < 0:
                raise WorkbookRefused(doing, f"unpacked it would have more than {UNPACKED_BYTES:,} bytes")
            columns = rows = 0
            for place in _PLACE.finditer(text):
                columns = max(columns, _number(place[1].upper()))
                rows = max(rows, int(place[2]))
            if max(columns * rows, text.count(b"<c")) > CELLS:
                raise WorkbookRefused(
                    doing,
                    f"a sheet has {rows:,} rows and {columns:,} columns, more than {CELLS:,} cells; something stands "
                    "far away from the table",
                )


def _number(letters: bytes) -> int:
    """Column letters as a number: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _frames(body: bytes, doing: str) -> dict[str, list[list[Any]]]:
    """Every sheet's cells as they are, by title."""
    import pandas  # two CPU-seconds: nobody else has to load it

    try:
        frames = pandas.read_excel(
            io.BytesIO(body), sheet_name=None, header=None, dtype=object, na_filter=False, engine="calamine"
        )
    except Exception as error:  # noqa: BLE001 - calamine's own, whatever is wrong with the file
        raise WorkbookRefused(doing, f"it cannot be read: {type(error).__name__}") from None
    return {str(title): frame.to_numpy().tolist() for title, frame in frames.items()}


def _sheet(sheet: Sheet, workbook: str, cells: list[list[Any]], columns: dict[str, list[str]], doing: str) -> Sheet:
    """The sheet with its rows.

    Raises:
        WorkbookRefused: a heading is missing or stands there twice.
    """
    title = sheet.title
    if not cells:
        raise WorkbookRefused(doing, f"the sheet {title} is empty")
    headings = [_spelt(_text(cell) or "") for cell in cells[0]]
    places: dict[int, str] = {}
    lacking = []
    for column, spellings in columns.items():
        wanted = {_spelt(spelling.removeprefix("?")) for spelling in spellings}
        found = [place for place, heading in enumerate(headings) if heading in wanted]
        if len(found) > 1:
            raise WorkbookRefused(doing, f"the sheet {title} has the heading {cells[0][found[0]]!s} twice")
        if found:
            places[found[0]] = column
        elif not spellings[0].startswith("?"):
            lacking.append(spellings[0])
    if lacking:
        raise WorkbookRefused(doing, f"the sheet {title} has no heading {', '.join(lacking)}")
    sheet.unknown = [
        _text(cell) or "" for place, cell in enumerate(cells[0]) if headings[place] and place not in places
    ]
    sheet.records = list(_records({"workbook": workbook, "sheet": title}, cells, places))
    return sheet


def _records(where: dict[str, str], cells: list[list[Any]], places: dict[int, str]) -> Iterator[Record]:
    encode = msgspec.json.Encoder().encode
    for number, row in enumerate(cells[1:], 2):
        values = {column: _text(row[place]) for place, column in places.items()}
        if any(value is not None for value in values.values()):
            yield Record(encode(where | {"row": number} | values).decode())


def _text(cell: Any) -> str | None:
    """A cell as text: a date as ISO, a whole number without a fraction, a blank as nothing."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    # jsonb holds no NUL; an old .xls may
    return str(cell).replace("\0", "").strip() or None


def _spelt(heading: str) -> str:
    """A heading or title for comparing."""
    return " ".join(heading.replace("_", " ").lower().split())
