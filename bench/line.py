"""The line: Branchline's own steps (plan, fetch, land, type, merge, journeys) in one process, without Airflow."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from datetime import datetime
from typing import Any

from bench.world import KEY, NOW


def load(base: str, conninfo: str, concurrency: int, per_minute: float = 0, streams: str = "branches,customers") -> Any:
    """Run the two waves of W1 and return wall seconds a step, counts and the peak PSS in MB."""
    from branchline import sync
    from branchline.hooks.smartmoving import SmartMovingHook
    from branchline.ledger import Account, Run
    from branchline.request import Request
    from branchline.sources.smartmoving import SMARTMOVING
    from branchline.transport import Endpoint

    run = sync.Sync(
        conninfo,
        SMARTMOVING,
        Account("smartmoving", "smartmoving", "smartmoving", "lgm"),
        Run("bench", f"bench {time.time_ns()}"),
        Request(streams=tuple(streams.split(","))),
        datetime.fromisoformat(NOW),
    )
    endpoint = Endpoint(
        "smartmoving",
        "smartmoving",
        base,
        {"x-api-key": KEY},
        concurrency=concurrency,
        requests_per_minute=per_minute,
        refusals=SmartMovingHook.refusals,
    )
    steps: dict[str, float] = {}
    began = time.perf_counter()
    for wave in ("reference", "sweep"):
        mark = time.perf_counter()
        planned = sync.plan_wave(run, wave, endpoint, SmartMovingHook("smartmoving"), 1)
        steps[f"{wave}.plan"] = time.perf_counter() - mark
        mark = time.perf_counter()
        for chunk in planned.chunks:
            sync.fetch(run, endpoint, chunk)
        steps[f"{wave}.fetch"] = time.perf_counter() - mark
        mark = time.perf_counter()
        counts = sync.merge_wave(run, wave)
        steps[f"{wave}.merge"] = time.perf_counter() - mark
    wall = time.perf_counter() - began
    statuses = sync.close(run)
    assert set(statuses.values()) == {"success"}, statuses
    root = counts["customers"]
    return {
        "wall": wall,
        "steps": {"sweep.fetch": 0.0} | {name: round(seconds, 3) for name, seconds in steps.items()},
        "customers": root.created + root.updated + root.unchanged,
        "created": root.created,
        "updated": root.updated,
        "unchanged": root.unchanged,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    """Peak resident memory of this process in MB (an upper bound of its proportional share)."""
    with pathlib.Path(f"/proc/{os.getpid()}/status").open(encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    base, conninfo, concurrency, *rest = sys.argv[1:]
    per_minute = float(rest[0]) if rest else 0.0
    streams = rest[1] if len(rest) > 1 else "branches,customers"
    print(json.dumps(load(base, conninfo, int(concurrency), per_minute, streams)))
