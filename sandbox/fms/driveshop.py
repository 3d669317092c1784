"""DriveShop FMS as one vendor of the sandbox: the report server, and what the control endpoint can do."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sandbox.clock import Clock
from sandbox.fms import truth
from sandbox.fms.changes import Changes
from sandbox.fms.desk import Desk
from sandbox.fms.layouts import BUDGET, REPORTS
from sandbox.fms.world import World
from sandbox.options import Options
from sandbox.vendor import CSV, TEXT, Answer, Call, Mount, PageShape, Route

_FILES = {f"{report}.rpt": report for report in REPORTS}
# What the budget's file is called is not known (FMS contract, section 2): both ways are served.
_FILES[BUDGET] = BUDGET
_QUERY = re.compile(r"report=file:/(?P<folder>[^&%]+)/(?P<file>[^/&%]+)&init=csv")
_NOT_FOUND = Answer(404, b"Report not found", TEXT)


class DriveShop:
    """The report server of one account."""

    name = "fms"
    # There are no pages; no query has a name like this.
    shape = PageShape(parameter="", first=0, number="", rows="", total="", pages="", last="")

    def __init__(self, options: Options, clock: Clock) -> None:
        self._folder = options.fms_folder.strip("/")
        self._desk = Desk(World(options, clock), options.fms_layout)
        self._changes = Changes(self._desk)
        self.mounts = (
            Mount(
                prefix="/fms",
                routes=[Route("GET", "/", self._report)],
                # Nobody says who he is: whoever knows the address may read (section 1).
                guard=lambda _call: None,
                unknown=lambda _call: _NOT_FOUND,
                caller=lambda _call: None,
                quota=lambda _caller: 0,
            ),
        )

    def truth(self, first: date, last: date) -> dict[str, Any]:
        """Tell what a perfect client would know; the days choose the loans that are told, by their start."""
        return truth.tell(self._desk, first, last)

    def change(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change how a report is written, or what it says, by one command."""
        return self._changes.carry_out(command)

    def leads(self) -> list[dict[str, Any]]:
        """Tell no leads: this vendor takes none."""
        return []

    def insert_first(self, call: Call) -> None:
        """Insert nothing: a report is one file, there are no pages to shift."""

    def drop(self, call: Call, answer: Answer) -> None:
        """Remove nothing: likewise."""

    def reset(self) -> None:
        """Go back to the reports as they were drawn."""
        self._desk.reset()

    def _report(self, call: Call) -> Answer:
        """Answer a report: the query counts as it was sent, an escaped one finds nothing (section 1)."""
        asked = _QUERY.fullmatch(call.target.partition("?")[2])
        report = _FILES.get(asked["file"]) if asked and asked["folder"] == self._folder else None
        served = self._desk.serve(report) if report else None
        if served is None:
            return _NOT_FOUND
        sheet, body = served
        return Answer(200, body, CSV, sheet=sheet)
