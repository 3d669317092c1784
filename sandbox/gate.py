"""What happens to every vendor call on its way: counting, waiting, faults, budgets, the answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox import fault_pages, fault_rows, fault_wire
from sandbox.clock import Clock
from sandbox.faults import Action, RuleBook
from sandbox.limits import Month, Window
from sandbox.options import Options
from sandbox.seeds import mix
from sandbox.vendor import TEXT, Answer, Call, Mount, Vendor

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Served:
    """Counts of what was served."""

    def __init__(self) -> None:
        self.calls: dict[str, Counter[int]] = {}
        self.faults: Counter[str] = Counter()
        self.present = 0
        self.most = 0

    def reset(self) -> None:
        """Begin to count again."""
        self.calls.clear()
        self.faults.clear()
        self.most = self.present

    def count(self, route: str, status: int) -> None:
        """Count an answer; status 0 is a connection that was broken off before any."""
        self.calls.setdefault(route, Counter())[status] += 1


class Gate:
    """Leads each call through latency, faults and limits to its vendor."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._minute = Window(options.rate_per_minute, options.rate_window)
        self._second = Window(options.rate_per_second, 1.0)
        self._latency = options.latency_ms / 1000
        self._jitter = options.jitter_ms / 1000
        self._calls = 0
        self._refused = 0
        self.month = Month(clock)
        self.rules = RuleBook(options.seed, options.fault_rate, options.fault_kinds)
        self.served = Served()

    def reset(self) -> None:
        """Forget all calls and all rules."""
        self._minute.reset()
        self._second.reset()
        self.month.reset()
        self.rules.clear()
        self.served.reset()

    def handler(
        self, vendor: Vendor, mount: Mount, template: str, answer: Callable[[Call], Answer], *, guarded: bool
    ) -> Handler:
        """Make the server's handler for one route.

        Args:
            vendor: Whose route.
            mount: On which host.
            template: What the route is called in the counts.
            answer: Answers the call.
            guarded: Whether the mount's guard is asked first.

        Returns:
            The handler.
        """
        served = self.served

        async def handle(request: web.Request) -> web.StreamResponse:
            served.present += 1
            served.most = max(served.most, served.present)
            label = f"{request.method} {template}"
            try:
                if self._latency or self._jitter or mount.latency:
                    await asyncio.sleep(self._wait() + mount.latency)
                call = await _read(request)
                action = self._fault(call, request, vendor)

                def ask(asked: Call) -> Answer:
                    return self._answer(asked, mount, answer, guarded=guarded)

                self._count(call, mount)
                if action is None:
                    given = ask(call)
                else:
                    served.faults[action.kind] += 1
                    outcome = await self._wrong(action, request, call, ask, vendor)
                    if isinstance(outcome, web.StreamResponse):
                        served.count(label, 0)
                        return outcome
                    given = outcome
                served.count(label, given.status)
            except asyncio.CancelledError:
                # The client went away while the call was held.
                served.count(label, 0)
                raise
            else:
                response = web.Response(status=given.status, body=given.body, headers=given.headers or None)
                response.headers["Content-Type"] = given.content_type
                return response
            finally:
                served.present -= 1

        return handle

    def _fault(self, call: Call, request: web.Request, vendor: Vendor) -> Action | None:
        page = call.query.get(vendor.shape.parameter.lower(), "")
        target = request.rel_url.raw_path_qs
        return self.rules.pick(call.method, target, int(page) if page.isdigit() else None)

    def _count(self, call: Call, mount: Mount) -> None:
        """Count the call for the month: refused ones and 429 count too (contract, section 1)."""
        caller = mount.caller(call)
        if caller is not None:
            self.month.count(caller)

    def _answer(self, call: Call, mount: Mount, answer: Callable[[Call], Answer], *, guarded: bool) -> Answer:
        refused = mount.guard(call) if guarded else None
        if refused is not None:
            return refused
        caller = mount.caller(call)
        if caller is not None:
            quota = mount.quota(caller)
            if quota and self.month.of(caller) > quota:
                return Answer(403, b"Out of call volume quota", TEXT)
            seconds = self._second.wait(caller) or self._minute.wait(caller)
            if seconds:
                return self._too_many(seconds)
        return answer(call)

    def _too_many(self, seconds: int) -> Answer:
        """Refuse a burst with the exact text; Retry-After may be there or not (section 1)."""
        self._refused += 1
        how = self._options.retry_after
        told = how == "always" or (how == "mixed" and self._refused % 2 == 0)
        return Answer(
            429,
            f"Rate limit is exceeded. Try again in {seconds} seconds.".encode(),
            TEXT,
            {"Retry-After": str(seconds)} if told else {},
        )

    async def _wrong(
        self, action: Action, request: web.Request, call: Call, ask: Callable[[Call], Answer], vendor: Vendor
    ) -> Answer | web.StreamResponse:
        kind, settings = action.kind, action.with_
        if kind == "reset":
            return fault_wire.reset(request)
        instead = fault_wire.instead(kind, settings)
        if instead is not None:
            return instead
        if kind == "stall":
            await fault_wire.stall(settings)
        answer = ask(call)
        if answer.sheet is not None and kind in fault_rows.REWRITES:
            return fault_rows.rewritten(action, answer)
        if kind in fault_pages.REWRITES:
            return fault_pages.rewritten(action, answer, call, ask, vendor.shape)
        if kind == "accept_then_timeout":
            await fault_wire.stall(settings)
            return fault_wire.reset(request)
        if kind == "cut":
            return await fault_wire.cut(request, answer)
        if kind == "shift":
            vendor.insert_first(call)
        elif kind == "drop":
            vendor.drop(call, answer)
        elif kind == "truncate":
            return fault_wire.truncated(answer)
        elif kind == "gzip_cut":
            return fault_wire.gzip_cut(answer)
        return answer

    def _wait(self) -> float:
        self._calls += 1
        return self._latency + self._jitter * (mix(self._options.seed, 91, self._calls) / 2**64)


async def _read(request: web.Request) -> Call:
    query = request.rel_url.query
    return Call(
        method=request.method,
        path=request.path,
        args=request.match_info,
        query={name.lower(): value for name, value in query.items()} if query else {},
        headers=request.headers,
        body=await request.read() if request.body_exists else b"",
        sent={name: query.getall(name) for name in query} if query else {},
        target=request.raw_path,
    )
