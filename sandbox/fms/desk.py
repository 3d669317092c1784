"""The reports' lines: drawn, made dirty, changed by hand; what is served and what is true come from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sandbox.fms.dirt import GOOD, soiled
from sandbox.fms.layouts import COLUMNS, REPORTS, columns
from sandbox.fms.rows import Record, records, written
from sandbox.fms.world import Day, World
from sandbox.seeds import mix, text_number
from sandbox.sheet import Sheet, Style


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report.

    Attributes:
        record: The record that it tells, or of which it is a dirty copy.
        fate: What a careful reader does with it.
        fields: All columns of today, as they are written.
        said: The columns that were changed by hand.
    """

    record: Record
    fate: str
    fields: list[str]
    said: dict[str, str] = field(default_factory=dict)


class Desk:
    """Writes the reports.

    Attributes:
        world: The records.
        styles: How each report is written.
        layouts: Whose day's columns each report has; None for today's.
    """

    def __init__(self, world: World, layout: date | None) -> None:
        self.world = world
        self._layout = layout
        for report in REPORTS:
            columns(report, layout)
        self.reset()

    def reset(self) -> None:
        """Forget every change."""
        self.styles = dict.fromkeys(REPORTS, Style())
        self.layouts: dict[str, date | None] = dict.fromkeys(REPORTS, self._layout)
        self._gone: dict[str, set[str]] = {report: set() for report in REPORTS}
        self._said: dict[str, dict[str, dict[str, str]]] = {report: {} for report in REPORTS}
        self._kept: dict[str, tuple[Day, list[Line]]] = {}
        self._served: dict[str, tuple[list[Line], tuple[str, ...], Style, Sheet, bytes]] = {}

    def lines(self, report: str) -> list[Line]:
        """List a report's lines of the present day."""
        day = self.world.day()
        kept = self._kept.get(report)
        if kept is None or kept[0] is not day:
            kept = self._kept[report] = (day, self._write(report, day))
        return kept[1]

    def serve(self, report: str) -> tuple[Sheet, bytes] | None:
        """Write a report; while nothing changes, it is written once.

        Args:
            report: Which report.

        Returns:
            The table and its text; None while the report did not exist.
        """
        names = columns(report, self.layouts[report])
        if not names:
            return None
        lines, style = self.lines(report), self.styles[report]
        kept = self._served.get(report)
        if kept is None or kept[0] is not lines or kept[1:3] != (names, style):
            places = [COLUMNS[report].index(name) for name in names]
            sheet = Sheet(names, [[line.fields[place] for place in places] for line in lines], style)
            kept = self._served[report] = (lines, names, style, sheet, sheet.body())
        return kept[3:]

    def vanish(self, report: str, share: float) -> int:
        """Leave a share of the good lines out from now on, copies and all.

        Args:
            report: Which report.
            share: From 0 to 1; 0 brings all back.

        Returns:
            How many are gone.
        """
        self._gone[report].clear()
        self._kept.pop(report, None)
        keys = [line.record.key for line in self.lines(report) if line.fate == GOOD]
        # At least one row goes with any share but 0.
        count = max(1, round(share * len(keys))) if share > 0 else 0
        self._gone[report].update(sorted(keys, key=lambda key: mix(text_number(key)))[:count])
        self._kept.pop(report, None)
        return count

    def say(self, report: str, key: str, values: dict[str, str]) -> int:
        """Write other texts into the lines whose first column says `key`.

        Args:
            report: Which report.
            key: What the first column says.
            values: Texts by column.

        Returns:
            How many lines that are.

        Raises:
            ValueError: There is no such column or line.
        """
        missing = set(values) - set(COLUMNS[report])
        count = sum(line.fields[0] == key for line in self.lines(report))
        if missing or not count:
            raise ValueError(f"{report} has no columns {sorted(missing)}, or no line of {key!r}")
        self._said[report].setdefault(key, {}).update(values)
        self._kept.pop(report, None)
        return count

    def _write(self, report: str, day: Day) -> list[Line]:
        found = records(report, day)
        rows = [written(record, report, day) for record in found]
        places = soiled(report, rows) if self.world.dirty else [(place, GOOD, row) for place, row in enumerate(rows)]
        lines = [Line(found[place], fate, row) for place, fate, row in places]
        if said := self._said[report]:
            lines = [self._changed(report, line, said.get(line.fields[0], {})) for line in lines]
        if gone := self._gone[report]:
            lines = [line for line in lines if line.record.key not in gone]
        return lines

    def _changed(self, report: str, line: Line, said: dict[str, str]) -> Line:
        fields = [said.get(name, value) for name, value in zip(COLUMNS[report], line.fields, strict=True)]
        return Line(line.record, line.fate, fields, said) if said else line
