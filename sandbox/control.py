"""The control endpoint: the truth, the clock, changes and faults; never counted, never delayed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from inspect import isawaitable
from typing import Any

import msgspec
from aiohttp import web

from sandbox.clock import Clock, parse_moment
from sandbox.gate import Gate
from sandbox.vendor import JSON, Vendor
from sandbox.webhooks import deliver, events_of

_encode = msgspec.json.Encoder().encode
# A world without end is told for a range of days; the others can be told whole.
_ENDLESS = frozenset({"smartmoving"})


class Control:
    """What a test can ask of the sandbox and do to it."""

    def __init__(self, vendors: dict[str, Vendor], gate: Gate, clock: Clock) -> None:
        self._vendors = vendors
        self._gate = gate
        self._clock = clock

    def truth(self, first: str, last: str, source: str = "smartmoving") -> dict[str, Any]:
        """Tell what a perfect client would know of a range of days.

        Args:
            first: The first day, ISO.
            last: The last day, ISO.
            source: Which vendor.

        Returns:
            The truth, as JSON values.
        """
        told = self._vendor(source).truth(date.fromisoformat(first), date.fromisoformat(last))
        decoded: dict[str, Any] = msgspec.json.decode(_encode(told))
        return decoded

    def served(self) -> dict[str, Any]:
        """Tell what was served since the start or the last reset."""
        served = self._gate.served
        statuses = [(status, count) for calls in served.calls.values() for status, count in calls.items()]
        return {
            "total": sum(count for _, count in statuses),
            "by_path": {
                path: {str(status): count for status, count in sorted(calls.items())}
                for path, calls in sorted(served.calls.items())
            },
            "by_status": {
                str(wanted): sum(count for status, count in statuses if status == wanted)
                for wanted in sorted({status for status, _ in statuses})
            },
            "too_many": sum(count for status, count in statuses if status == 429),
            "month": sum(self._gate.month.calls().values()),
            "month_by_key": self._gate.month.calls(),
            "max_concurrent": served.most,
            "faults": dict(served.faults),
        }

    def reset(self) -> dict[str, Any]:
        """Go back to the start: world, clock, counts, limits, rules."""
        for vendor in self._vendors.values():
            vendor.reset()
        self._gate.reset()
        self._clock.reset()
        return {"reset": True}

    def clock(self, now: str | None) -> dict[str, Any]:
        """Stop the clock at a moment, or let it run with None."""
        self._clock.set(parse_moment(now) if now else None)
        return {"now": self._clock.now().isoformat()}

    def change(self, *commands: dict[str, Any], source: str = "smartmoving") -> list[dict[str, Any]]:
        """Change a vendor's world, command by command."""
        vendor = self._vendor(source)
        return [vendor.change(command) for command in commands]

    async def tell(
        self, *commands: dict[str, Any], source: str, url: str, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Change a vendor's world, and post what the vendor tells of it by webhook.

        Args:
            commands: As for `change`.
            source: Which vendor.
            url: Where it posts, on this machine.
            headers: What it sends besides.

        Returns:
            What was changed, what was posted, and the statuses of the answers.
        """
        changed = self.change(*commands, source=source)
        events = [
            event for command, told in zip(commands, changed, strict=True) for event in events_of(source, command, told)
        ]
        return {"changed": changed, "events": events, "statuses": await deliver(url, headers or {}, events)}

    def faults(self, *rules: dict[str, Any]) -> list[dict[str, Any]]:
        """Add rules, and tell all rules with what they did so far."""
        for rule in rules:
            self._gate.rules.add(rule)
        return [
            {"match": rule.match.pattern, "action": rule.action.kind, "seen": rule.seen, "hits": rule.hits}
            for rule in self._gate.rules.rules
        ]

    def clear_faults(self) -> dict[str, Any]:
        """Drop all rules."""
        self._gate.rules.clear()
        return {"cleared": True}

    def leads(self, source: str = "smartmoving") -> list[dict[str, Any]]:
        """Tell the leads that were posted and stored."""
        told: list[dict[str, Any]] = msgspec.json.decode(_encode(self._vendor(source).leads()))
        return told

    def _vendor(self, source: str) -> Vendor:
        vendor = self._vendors.get(source)
        if vendor is None:
            raise ValueError(f"no source {source!r}; there are {sorted(self._vendors)}")
        return vendor


def add_routes(app: web.Application, control: Control) -> None:
    """Put the control endpoint into the server.

    Args:
        app: The server.
        control: What it controls.
    """

    def route(method: str, path: str, act: Callable[[dict[str, str], Any], Any]) -> None:
        app.router.add_route(method, f"/_control/{path}", _handler(act))

    def truth(query: dict[str, str], _body: Any) -> Any:
        source = query.get("source", "smartmoving")
        missing = {"from", "to"} - set(query)
        if missing and source in _ENDLESS:
            raise ValueError(f"{sorted(missing)} missing in the query")
        return control.truth(query.get("from", "0001-01-01"), query.get("to", "9999-12-31"), source)

    def change(query: dict[str, str], body: Any) -> Any:
        commands = body if isinstance(body, list) else [body]
        return control.change(*commands, source=query.get("source", "smartmoving"))

    def tell(query: dict[str, str], body: Any) -> Any:
        source = query.get("source", "smartmoving")
        return control.tell(*body["change"], source=source, url=body["url"], headers=body.get("headers"))

    def faults(_query: dict[str, str], body: Any) -> Any:
        return control.faults(*(body if isinstance(body, list) else [body]))

    route("GET", "truth", truth)
    route("GET", "served", lambda _query, _body: control.served())
    route("GET", "leads", lambda query, _body: control.leads(query.get("source", "smartmoving")))
    route("GET", "faults", lambda _query, _body: control.faults())
    route("POST", "faults", faults)
    route("DELETE", "faults", lambda _query, _body: control.clear_faults())
    route("POST", "reset", lambda _query, _body: control.reset())
    route("POST", "clock", lambda _query, body: control.clock(body.get("now")))
    route("POST", "change", change)
    route("POST", "tell", tell)


def _handler(
    act: Callable[[dict[str, str], Any], Any],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            value = act(dict(request.query), msgspec.json.decode(body) if body else {})
            if isawaitable(value):
                value = await value
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = {"error": f"{type(error).__name__}: {error}"}
            return web.Response(status=400, body=_encode(problem), headers={"Content-Type": JSON})
        return web.Response(body=_encode(value), headers={"Content-Type": JSON})

    return handle
