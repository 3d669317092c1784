"""Arrivy's full read in one process, without Airflow: every list, history and reading; then a second read."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from typing import Any

from bench.line import peak_mb
from bench.world import NOW

KEY, TOKEN = "sandbox-arrivy-key", "sandbox-arrivy-token"


def load(base: str, conninfo: str, concurrency: int, runs: int) -> list[dict[str, Any]]:
    """Run so many syncs on a vendor that stands still; wall seconds a step of each."""
    from branchline import sync
    from branchline.ledger import Account, Run
    from branchline.request import Request
    from branchline.sources.arrivy import ARRIVY
    from branchline.transport import Endpoint

    account = Account("arrivy", "arrivy", "arrivy", "home")
    headers = {"X-Auth-Key": KEY, "X-Auth-Token": TOKEN}
    endpoint = Endpoint("arrivy", "arrivy", f"{base}/arrivy/api", headers, concurrency=concurrency)
    told = []
    for _ in range(runs):
        run = sync.Sync(
            conninfo, ARRIVY, account, Run("bench", f"run {time.time_ns()}"), Request(), datetime.fromisoformat(NOW)
        )
        steps: dict[str, float] = {}
        rows = calls = 0
        began = mark = time.perf_counter()
        for wave in ARRIVY.waves:
            for chunk in sync.plan_wave(run, wave, endpoint, None, 1).chunks:
                calls += sync.fetch(run, endpoint, chunk).calls
            steps[f"{wave}.fetch"], mark = time.perf_counter() - mark, time.perf_counter()
            merged = sync.merge_wave(run, wave)
            rows += sum(counts.fetched for counts in merged.values())
            steps[f"{wave}.merge"], mark = time.perf_counter() - mark, time.perf_counter()
        statuses = sync.close(run)
        wall = time.perf_counter() - began
        assert set(statuses.values()) == {"success"}, statuses
        told.append(
            {
                "wall": wall,
                "steps": {name: round(seconds, 3) for name, seconds in steps.items()},
                "rows": rows,
                "calls": calls,
                "peak_mb": peak_mb(),
            }
        )
    return told


if __name__ == "__main__":
    base, conninfo, concurrency, runs = sys.argv[1:]
    print(json.dumps({"runs": load(base, conninfo, int(concurrency), int(runs))}))
