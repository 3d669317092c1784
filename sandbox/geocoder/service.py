"""The geocoder as one vendor of the sandbox: it has no world, it counts what it was asked."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from sandbox.clock import Clock
from sandbox.geocoder.google import Google
from sandbox.geocoder.nominatim import Nominatim
from sandbox.options import Options
from sandbox.vendor import TEXT, Answer, Call, Mount, PageShape, Route


class Geocoder:
    """Google's API and Nominatim's under one host, as geopy calls them."""

    name = "geocoder"
    # There are no pages; no query has a name like this.
    shape = PageShape(parameter="", first=0, number="", rows="results", total="", pages="", last="")

    def __init__(self, options: Options, clock: Clock) -> None:
        self._statuses: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._google = Google(options, clock, self._tell)
        self._nominatim = Nominatim(options, self._tell)
        self.mounts = (
            Mount(
                prefix="/geocoder",
                routes=[
                    Route("GET", "/maps/api/geocode/json", self._google.answer),
                    Route("GET", "/search", self._nominatim.answer),
                ],
                guard=lambda _call: None,
                unknown=lambda _call: Answer(404, b"", TEXT),
                # The limits of a second and of a day are told in the body: each service keeps its own.
                caller=lambda _call: None,
                quota=lambda _caller: 0,
                latency=options.geocoder_latency_ms / 1000,
            ),
        )

    def truth(self, first: date, last: date) -> dict[str, Any]:
        """Tell what was asked; the days make no difference."""
        del first, last
        return {
            "source": self.name,
            "calls": sum(self._statuses.values()),
            "byStatus": dict(sorted(self._statuses.items())),
            "asked": dict(self._asked),
        }

    def change(self, command: dict[str, Any]) -> dict[str, Any]:
        """Refuse: there is nothing to change."""
        raise ValueError(f"the geocoder knows no command, not {sorted(command)}")

    def leads(self) -> list[dict[str, Any]]:
        """Tell no leads: this vendor takes none."""
        return []

    def insert_first(self, call: Call) -> None:
        """Insert nothing: there are no lists."""

    def drop(self, call: Call, answer: Answer) -> None:
        """Remove nothing: there are no lists."""

    def reset(self) -> None:
        """Forget all calls."""
        self._statuses.clear()
        self._asked.clear()
        self._google.reset()
        self._nominatim.reset()

    def _tell(self, address: str, status: str) -> None:
        self._statuses[status] += 1
        self._asked[address] += 1
