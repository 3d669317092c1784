"""FMS's night in one process, without Airflow: five reports, merge, preferred days, geocoding; then a second night."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from typing import Any

from bench.line import peak_mb
from bench.world import NOW

FOLDER = "sandbox-fms-folder"
GEOCODER_KEY = "sandbox-geocoder-key"


def load(base: str, conninfo: str, nights: int, has_geocoder: bool) -> list[dict[str, Any]]:
    """Run so many nights on a vendor that stands still; wall seconds a step of each."""
    from branchline import sync
    from branchline.addresses import PublicAddresses
    from branchline.geocoding import Service
    from branchline.ledger import Account, Run
    from branchline.request import Request
    from branchline.sources.fms import FMS
    from branchline.transport import Endpoint

    account = Account("fms", "fms", "fms", "press")
    endpoint = Endpoint(
        "fms",
        "fms",
        f"{base}/fms",
        {},
        query=f"report=file:/{FOLDER}/{{path}}.rpt&init=csv",
        addresses=PublicAddresses((), is_loopback_allowed=True),
    )
    domain = f"{base.partition('//')[2]}/geocoder"
    service = Service("google", "fms geocoder", "http", domain, GEOCODER_KEY) if has_geocoder else None
    told = []
    for night in range(nights):
        run = sync.Sync(conninfo, FMS, account, Run("bench", f"night {night}"), Request(), datetime.fromisoformat(NOW))
        steps: dict[str, float] = {}
        began = mark = time.perf_counter()
        planned = sync.plan_wave(run, "reports", endpoint, None, 1)
        for chunk in planned.chunks:
            sync.fetch(run, endpoint, chunk)
        steps["fetch"], mark = time.perf_counter() - mark, time.perf_counter()
        merged = sync.merge_wave(run, "reports")
        steps["merge"], mark = time.perf_counter() - mark, time.perf_counter()
        calls = sync.place(run, service).calls if has_geocoder else 0
        steps["geocode"], mark = time.perf_counter() - mark, time.perf_counter()
        statuses = sync.close(run)
        wall = time.perf_counter() - began
        assert set(statuses.values()) == {"success"}, statuses
        told.append(
            {
                "wall": wall,
                "steps": {name: round(seconds, 3) for name, seconds in steps.items()},
                "rows": sum(counts.created + counts.updated + counts.unchanged for counts in merged.values()),
                "calls": calls,
                "peak_mb": peak_mb(),
            }
        )
    return told


if __name__ == "__main__":
    base, conninfo, nights, geocoder = sys.argv[1:]
    print(json.dumps({"nights": load(base, conninfo, int(nights), geocoder == "geocoder")}))
