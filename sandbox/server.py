"""The server: all vendors and the control endpoint in one process, on this machine only."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

from aiohttp import web

from sandbox.arrivy.account import Arrivy
from sandbox.clock import Clock
from sandbox.control import Control, add_routes
from sandbox.fms.driveshop import DriveShop
from sandbox.gate import Gate
from sandbox.geocoder.service import Geocoder
from sandbox.options import Options
from sandbox.smartmoving.company import SmartMoving
from sandbox.smartmoving.world import World
from sandbox.tekmetric.chain import Tekmetric
from sandbox.vendor import Vendor

HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 0.2
_MOST_BODY_BYTES = 64 * 1024 * 1024
CONTROL = web.AppKey("control", Control)
SMARTMOVING = web.AppKey("smartmoving", SmartMoving)


def build(options: Options) -> web.Application:
    """Build the server.

    Args:
        options: The choices.

    Returns:
        The application; its `CONTROL` key holds what the control endpoint calls.
    """
    clock = Clock(options.now)
    gate = Gate(options, clock)
    smartmoving = SmartMoving(options, clock)
    others: list[Vendor] = [
        Tekmetric(options, clock),
        DriveShop(options, clock),
        Geocoder(options, clock),
        Arrivy(options, clock),
    ]
    vendors: dict[str, Vendor] = {vendor.name: vendor for vendor in (smartmoving, *others)}
    control = Control(vendors, gate, clock)
    app = web.Application(client_max_size=_MOST_BODY_BYTES)
    app[CONTROL] = control
    app[SMARTMOVING] = smartmoving
    add_routes(app, control)
    for vendor in vendors.values():
        for mount in vendor.mounts:
            for route in mount.routes:
                path = mount.prefix + route.template
                app.router.add_route(route.method, path, gate.handler(vendor, mount, path, route.answer, guarded=True))
            rest = f"{mount.prefix}/{{rest:.*}}"
            app.router.add_route("*", rest, gate.handler(vendor, mount, rest, mount.unknown, guarded=False))
    return app


async def start(options: Options, app: web.Application) -> tuple[web.AppRunner, int]:
    """Start serving.

    Args:
        options: The choices; the port among them.
        app: What `build` built.

    Returns:
        The runner, to be cleaned up in the end, and the port.

    Raises:
        OSError: The port is taken.
    """
    runner = web.AppRunner(
        app,
        access_log=logging.getLogger("sandbox.access") if options.access_log else None,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        handler_cancellation=True,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, options.port, backlog=1024).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])


class _OnLoop:
    """Calls an object's methods on the server's loop, from any thread."""

    def __init__(self, target: object, loop: asyncio.AbstractEventLoop) -> None:
        self._target = target
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            async def on_loop() -> Any:
                value = method(*args, **kwargs)
                return await value if isawaitable(value) else value

            return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result()

        return call


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that runs in a thread.

    Attributes:
        url: Its root, for example `http://127.0.0.1:40123`.
        world: SmartMoving's world, to look at; change it through `control`.
        control: What the control endpoint does, callable from any thread.
    """

    url: str
    world: World
    control: Control

    @property
    def smartmoving(self) -> str:
        """The Open API's base URL."""
        return f"{self.url}/smartmoving/v1"

    @property
    def tekmetric(self) -> str:
        """The public Tekmetric API's base URL."""
        return f"{self.url}/tekmetric/public"

    @property
    def tekmetric_shop(self) -> str:
        """The Tekmetric shop API's base URL."""
        return f"{self.url}/tekmetric/shop"

    @property
    def fms(self) -> str:
        """The FMS report server's address; a report's query follows, `?report=file:/...`."""
        return f"{self.url}/fms/"

    @property
    def geocoder(self) -> str:
        """The geocoder's base URL; geopy's `domain` is this without the scheme."""
        return f"{self.url}/geocoder"

    @property
    def arrivy(self) -> str:
        """The Arrivy API's base URL."""
        return f"{self.url}/arrivy/api"

    @property
    def leads(self) -> str:
        """The Lead Provider API's base URL."""
        return f"{self.url}/smartmoving-leads"


@contextmanager
def running(options: Options) -> Iterator[Running]:
    """Run a sandbox in a thread for as long as the block lasts.

    Args:
        options: The choices.

    Yields:
        The running sandbox.
    """
    app = build(options)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()

    def on_loop(work: Callable[[], Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work(), loop).result()

    runner: web.AppRunner | None = None
    try:
        runner, port = on_loop(lambda: start(options, app))
        control = cast("Control", _OnLoop(app[CONTROL], loop))
        yield Running(f"http://{HOST}:{port}", app[SMARTMOVING].world, control)
    finally:
        if runner is not None:
            on_loop(runner.cleanup)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
