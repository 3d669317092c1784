"""dlt doing the same load: its rest_api source, customers by branch and date, upsert into PostgreSQL.

Runs in an environment of its own (requirements-bench.lock). dlt's defaults are kept but for what makes it faster here:
the branches are extracted in parallel by threads, files are CSV (COPY), normalise and load use both cores.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

KEY = "sandbox-smartmoving-key"
FIRST = "2026-07-15"


def load(base: str, url: str, workers: int) -> dict[str, Any]:
    os.environ["EXTRACT__WORKERS"] = str(workers)
    os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = str(workers)
    os.environ["NORMALIZE__WORKERS"] = "2"
    os.environ["LOAD__WORKERS"] = "8"
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DESTINATION__POSTGRES__CREDENTIALS"] = url
    import dlt
    from dlt.sources.rest_api import rest_api_source

    began = time.perf_counter()
    days = [date.fromisoformat(FIRST) + timedelta(days=n) for n in range(2)]
    source = rest_api_source(
        {
            "client": {
                "base_url": base,
                "auth": {"type": "api_key", "name": "x-api-key", "api_key": KEY, "location": "header"},
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "page_param": "Page",
                    "total_path": "totalPages",
                },
            },
            "resources": [
                {
                    "name": "branches",
                    "primary_key": "id",
                    "write_disposition": {"disposition": "merge", "strategy": "upsert"},
                    "endpoint": {
                        "path": "/api/branches",
                        "data_selector": "pageResults",
                        "params": {"PageSize": 200},
                    },
                },
                *(
                    {
                        "name": f"customers_{day:%Y%m%d}",
                        "table_name": "customers",
                        "primary_key": "id",
                        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
                        "parallelized": True,
                        "endpoint": {
                            "path": "/api/customers",
                            "data_selector": "pageResults",
                            "params": {
                                "IncludeOpportunityInfo": "true",
                                "BranchId": "{resources.branches.id}",
                                "PageSize": 200,
                                "FromServiceDate": f"{day:%Y%m%d}",
                                "ToServiceDate": f"{day:%Y%m%d}",
                            },
                        },
                    }
                    for day in days
                ),
            ],
        }
    )
    pipeline = dlt.pipeline(
        "bench", destination="postgres", dataset_name="dlt_bench", pipelines_dir=str(Path(mkdtemp(prefix="dlt-")))
    )
    steps: dict[str, float] = {}
    for step, do in (
        ("extract", lambda: pipeline.extract(source, loader_file_format="csv")),
        ("normalize", pipeline.normalize),
        ("load", pipeline.load),
    ):
        mark = time.perf_counter()
        do()
        steps[step] = round(time.perf_counter() - mark, 2)
    wall = time.perf_counter() - began
    with pipeline.sql_client() as client:
        rows = {
            name: client.execute_sql(f"SELECT count(*) FROM {table}")[0][0]
            for name, table in (("customers", "customers"), ("jobs", "customers__opportunities__jobs"))
        }
    return {"wall": wall, "steps": steps, **rows}


if __name__ == "__main__":
    print(json.dumps(load(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
