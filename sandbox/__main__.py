"""Run the sandbox: `python -m sandbox --port 0 --seed 7 --scale small`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import date

from sandbox.clock import parse_moment
from sandbox.options import BASIC, DEFAULT_KEYS, PREMIUM, SCALES, Options
from sandbox.server import SMARTMOVING, build, start

_TAKEN = 2


def _keys(text: str) -> tuple[tuple[str, str], ...]:
    """Read `key`, `key:premium` or `key:basic`, several of them with commas."""
    pairs: list[tuple[str, str]] = []
    for item in filter(None, text.split(",")):
        key, _, tier = item.partition(":")
        if tier not in {"", PREMIUM, BASIC}:
            raise argparse.ArgumentTypeError(f"a tier is {PREMIUM} or {BASIC}, not {tier!r}")
        pairs.append((key, tier or PREMIUM))
    return tuple(pairs)


def _days(text: str) -> tuple[date, date]:
    """Read `FROM:TO` or one day."""
    first, _, last = text.partition(":")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def _parser() -> argparse.ArgumentParser:
    environment = os.environ
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 for any free port")
    add("--seed", type=int, default=7)
    add("--scale", choices=SCALES, default="small")
    add("--customers-per-day", type=int, metavar="N", help="for the company, or for each branch when honoured")
    add("--branch-filter", choices=("ignored", "honoured"), default="ignored")
    add("--page-cap", type=int, default=200, metavar="N")
    add("--service-date-format", choices=("iso", "compact"), default="iso")
    add(
        "--smartmoving-keys",
        type=_keys,
        metavar="KEY[:TIER],...",
        default=_keys(environment.get("SANDBOX_SMARTMOVING_KEYS", "")) or DEFAULT_KEYS,
        help="also SANDBOX_SMARTMOVING_KEYS",
    )
    add(
        "--provider-key",
        default=environment.get("SANDBOX_PROVIDER_KEY", "sandbox-provider-key"),
        help="also SANDBOX_PROVIDER_KEY",
    )
    for name, what in (("id", "client id"), ("secret", "client secret"), ("shop-token", "x-auth-token")):
        variable = f"SANDBOX_TEKMETRIC_{name.upper().replace('-', '_')}"
        default = environment.get(variable) or f"sandbox-tekmetric-{name}"
        add(f"--tekmetric-{name}", default=default, help=f"the {what}; also {variable}")
    for name in ("shops", "days", "orders-per-day"):
        add(f"--tekmetric-{name}", type=int, metavar="N", help="instead of what the scale says")
    add("--tekmetric-rate-per-minute", type=int, default=600, metavar="N", help="0 for no limit")
    add("--tekmetric-token-seconds", type=int, default=0, metavar="N", help="0 for a token that lives until revoked")
    for option, what in (
        ("fms-folder", "the secret folder of the FMS reports"),
        ("geocoder-key", "the geocoder's key"),
        ("arrivy-key", "the Arrivy API's X-Auth-Key"),
        ("arrivy-token", "its X-Auth-Token"),
    ):
        variable = f"SANDBOX_{option.upper().replace('-', '_')}"
        default = environment.get(variable) or getattr(Options(), option.replace("-", "_"))
        add(f"--{option}", default=default, help=f"{what}; also {variable}")
    add("--fms-size", type=float, metavar="N", help="times the original's size, instead of what the scale says")
    add("--fms-layout", type=date.fromisoformat, metavar="DAY", help="with the columns of that day")
    add("--fms-clean", dest="fms_dirt", action="store_false", help="without rows that cannot be loaded")
    add("--geocoder-rate-per-second", type=int, default=50, metavar="N", help="0 for no limit")
    add("--geocoder-per-day", type=int, default=0, metavar="N", help="0 for no limit")
    add("--geocoder-latency-ms", type=float, default=0.0)
    add("--nominatim-rate-per-second", type=int, default=1, metavar="N", help="0 for no limit")
    for name in ("crew", "days", "tasks-per-day", "reading-seconds"):
        add(f"--arrivy-{name}", type=int, metavar="N", help="instead of what the scale says")
    add("--arrivy-rate-per-minute", type=int, default=0, metavar="N", help="0 for no limit")
    add("--arrivy-page-cap", type=int, default=500, metavar="N")
    add("--arrivy-full-pages", dest="arrivy_short_pages", action="store_false", help="only the last page is short")
    add("--arrivy-window-cap", type=int, default=0, metavar="N", help="0 for no cap")
    add("--rate-per-minute", type=int, default=120, metavar="N", help="0 for no limit")
    add("--rate-per-second", type=int, default=0, metavar="N", help="0 for no limit")
    add("--rate-window", type=float, default=60.0, metavar="SECONDS", help="how long the minute lasts")
    add("--retry-after", choices=("never", "always", "mixed"), default="mixed")
    add("--monthly-quota", type=int, metavar="N", help="0 for no limit; by default the tier's own")
    add("--latency-ms", type=float, default=0.0)
    add("--jitter-ms", type=float, default=0.0)
    add("--now", type=parse_moment, metavar="ISO", help="a fixed clock")
    add("--rename-branches", action="store_true")
    add("--shuffle-optional", action="store_true")
    add("--fault-rate", type=float, default=0.0, metavar="SHARE")
    add("--fault-kinds", default="500,429,reset", metavar="KIND,...")
    add("--warm", type=_days, metavar="FROM:TO", help="write these days' rows before the start")
    add("--access-log", action="store_true")
    return parser


async def _serve(options: Options, warm: tuple[date, date] | None) -> None:
    app = build(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if warm is not None:
        app[SMARTMOVING].sweep.warm(*warm)
    runner, port = await start(options, app)
    sys.stdout.write(json.dumps({"port": port, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox until it is told to stop.

    Args:
        arguments: The command line; None for the process's own.

    Returns:
        0, or 2 when the port is taken or the options make no sense.
    """
    said = vars(_parser().parse_args(arguments))
    warm = said.pop("warm")
    said["fault_kinds"] = tuple(filter(None, said["fault_kinds"].split(","))) if said["fault_rate"] else ()
    try:
        asyncio.run(_serve(Options(**said), warm))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return _TAKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
