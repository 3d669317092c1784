"""Tables that are answered as CSV text: how they are written, and what faults may rewrite."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

NEWLINES = ("\n", "\r\n", "\r")
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Style:
    """How a table is written.

    Attributes:
        encoding: A codec; `utf-8-sig` and `utf-16` write a byte order mark.
        newline: What ends a line.
        delimiter: What stands between two fields.
        header: Whether the first line names the columns.
        blank_lines: How many empty lines follow the last one.
    """

    encoding: str = "utf-8"
    newline: str = "\n"
    delimiter: str = ","
    header: bool = False
    blank_lines: int = 0

    def __post_init__(self) -> None:
        """Refuse what no reader could make sense of."""
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise ValueError(f"no encoding {self.encoding!r}") from None
        if self.newline not in NEWLINES:
            raise ValueError(f"newline is one of {NEWLINES}, not {self.newline!r}")
        if self.delimiter not in DELIMITERS:
            raise ValueError(f"delimiter is one of {DELIMITERS}, not {self.delimiter!r}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table and its style.

    Attributes:
        names: What the columns are called, whether the text says so or not.
        rows: The rows; a fault may give one more or fewer fields than there are names.
        style: How it is written.
    """

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    style: Style

    def text(self) -> str:
        """Write the table: a field is quoted only where it has to be."""
        style = self.style
        # Python's csv leaves a lone \r or \n bare when it is not in its line terminator.
        special = re.compile(f'["\r\n{re.escape(style.delimiter)}]').search

        def field(value: str) -> str:
            return '"' + value.replace('"', '""') + '"' if special(value) else value

        rows = [self.names, *self.rows] if style.header else self.rows
        lines = [style.delimiter.join([field(value) for value in row]) for row in rows]
        lines += [""] * style.blank_lines
        return "".join(f"{line}{style.newline}" for line in lines)

    def encode(self, text: str) -> bytes:
        """Encode a text as the style says; what the encoding has no letter for becomes a question mark."""
        return text.encode(self.style.encoding, "replace")

    def body(self) -> bytes:
        """Write and encode the table."""
        return self.encode(self.text())
