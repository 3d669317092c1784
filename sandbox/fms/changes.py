"""Commands that change how the reports are written, or what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

from sandbox.commands import Command, carry_out
from sandbox.fms.desk import Desk
from sandbox.fms.layouts import REPORTS, columns
from sandbox.sheet import Style

_STYLE = frozenset(field.name for field in fields(Style))


class Changes:
    """Carries the commands out; resetting the desk undoes them all."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._verbs: dict[str, Callable[[Command], dict[str, Any]]] = {
            "report": self._dress,
            "vanish": self._vanish,
            "set": self._set,
        }

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Carry one command out; raises ValueError where it is none, or names nothing that exists."""
        return carry_out(self._verbs, command)

    def _dress(self, command: Command) -> dict[str, Any]:
        """Give a report, or `all` of them, another style or the layout of another day."""
        unknown = set(command) - _STYLE - {"report", "layout"}
        if unknown:
            raise ValueError(f"a report has {sorted(_STYLE)} and layout, not {sorted(unknown)}")
        wanted = REPORTS if command["report"] == "all" else (_report(command["report"]),)
        style = {name: value for name, value in command.items() if name in _STYLE}
        for report in wanted:
            if "layout" in command:
                day = date.fromisoformat(command["layout"]) if command["layout"] else None
                columns(report, day)
                self._desk.layouts[report] = day
            self._desk.styles[report] = replace(self._desk.styles[report], **style)
        return {report: list(columns(report, self._desk.layouts[report])) for report in wanted}

    def _vanish(self, command: Command) -> dict[str, Any]:
        """Leave a share of a report's rows out; 0 brings them back."""
        report = _report(command["vanish"])
        return {"vanished": self._desk.vanish(report, float(command.get("share", 0.25)))}

    def _set(self, command: Command) -> dict[str, Any]:
        """Write other texts into the rows of one key, the first column's text."""
        report = _report(command["set"])
        values = {str(name): str(value) for name, value in command["values"].items()}
        return {"set": self._desk.say(report, str(command["key"]), values)}


def _report(name: str) -> str:
    if name not in REPORTS:
        raise ValueError(f"no report {name!r}; there are {list(REPORTS)}")
    return name
