"""Tekmetric at 10 shops x 500 repair orders: fetch under the vendor's rate, merge, totals and metrics."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from bench.world import NOW

SHOP_TOKEN = "sandbox-tekmetric-shop-token"


def load(base: str, conninfo: str, per_minute: float, waves: str = "shops,changes") -> dict[str, Any]:
    """Sync the waves and rebuild the metrics twice: all days, then the days of what changed (nothing)."""
    from branchline import sync
    from branchline.hooks.tekmetric import token_renewal
    from branchline.ledger import Account, Run
    from branchline.metrics import rebuild
    from branchline.request import Request
    from branchline.sources.tekmetric import TEKMETRIC
    from branchline.transport import Endpoint

    account = Account("tekmetric", "tekmetric", "tekmetric", "garage")
    run = sync.Sync(
        conninfo,
        TEKMETRIC,
        account,
        Run("bench", f"bench {time.time_ns()}"),
        Request(),
        datetime.fromisoformat(NOW) + timedelta(minutes=1),
    )
    public = f"{base}/tekmetric/public"
    endpoint = Endpoint(
        "tekmetric",
        "tekmetric",
        public,
        {},
        concurrency=16,
        requests_per_minute=per_minute,
        renew=token_renewal(public, "sandbox-tekmetric-id", "sandbox-tekmetric-secret"),
    )
    shop = Endpoint(
        "tekmetric",
        "tekmetric shop",
        f"{base}/tekmetric/shop",
        {"x-auth-token": SHOP_TOKEN},
        concurrency=16,
        requests_per_minute=per_minute,
    )
    steps: dict[str, float] = {}
    calls = 0
    for wave in waves.split(","):
        through = shop if TEKMETRIC.api_of(wave) == "shop" else endpoint
        planned = sync.plan_wave(run, wave, through, None, 1)
        mark = time.perf_counter()
        for chunk in planned.chunks:
            calls += sync.fetch(run, through, chunk).calls
        steps[f"{wave}.fetch"] = time.perf_counter() - mark
        mark = time.perf_counter()
        sync.merge_wave(run, wave)
        steps[f"{wave}.merge"] = time.perf_counter() - mark
    statuses = sync.close(run)
    assert set(statuses.values()) == {"success"}, statuses
    for name in ("metrics.all", "metrics.nothing"):
        mark = time.perf_counter()
        rebuild(conninfo, account)
        steps[name] = time.perf_counter() - mark
    return {"steps": {name: round(seconds, 3) for name, seconds in steps.items()}, "calls": calls}


if __name__ == "__main__":
    base, conninfo, per_minute, *rest = sys.argv[1:]
    print(json.dumps(load(base, conninfo, float(per_minute), *rest)))
