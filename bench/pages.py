"""The pages on 90 days of history of 66 branches: how long each takes, as Airflow serves it."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from branchline.web import PAGES, PREFIX
from psycopg import ClientCursor

from bench import warehouse
from stack.testing import fresh_database, login
from tests.web.front import airflow_with_plugin

CLIENT, PERSON, DAYS = "meadow", "pages_admin", 90
ROUNDS = 40
#: What the slowest but two of forty may take.
GOAL = 0.3
HISTORY = (Path(__file__).with_name("history.sql"), Path(__file__).with_name("business.sql"))


def fill(conninfo: str, days: int) -> dict[str, Any]:
    """Make the history; returns the newest SmartMoving run's dag_id and run_id."""
    with psycopg.connect(conninfo, cursor_factory=ClientCursor) as connection:
        for file in HISTORY:
            connection.execute(file.read_bytes(), {"client": CLIENT, "days": days})
        run = connection.execute(
            "SELECT dag_id, run_id FROM ops.sync_history WHERE client_id = %s AND sync_type = 'jobs' "
            "ORDER BY sync_id DESC LIMIT 1",
            (CLIENT,),
        ).fetchall()[0]
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return {"dag_id": run[0], "run_id": run[1]}


def measure() -> None:
    """Print each page's median and 95th percentile.

    Raises:
        SystemExit: a page is slower than the goal.
    """
    late = []
    os.environ["AIRFLOW__LOGGING__NAMESPACE_LEVELS"] = "http.access=WARNING"
    with warehouse.cluster() as cluster, warehouse.database(cluster) as conninfo, fresh_database(cluster) as metadata:
        run = fill(conninfo, DAYS)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE branchline_api PASSWORD '{warehouse.PASSWORD}'".encode())
            counted = connection.execute(
                "SELECT (SELECT count(*) FROM ops.sync_history), (SELECT count(*) FROM ops.sync_slices)"
            ).fetchall()[0]
        print(f"{DAYS} days: {counted[0]:,} syncs, {counted[1]:,} slices")
        with tempfile.TemporaryDirectory() as folder:
            api = login(conninfo, "branchline_api", warehouse.PASSWORD)
            with airflow_with_plugin(Path(folder), {PERSON: "viewer"}, api, metadata) as front:
                for page in PAGES:
                    query = {name: run[name] for name in run if f"{{{name.upper()}}}" in page.query}
                    if page.name == "business":
                        query["since"] = str(datetime.now(UTC).date() - timedelta(days=DAYS))
                        query["until"] = str(datetime.now(UTC).date())
                    path = f"{PREFIX}{page.path}" + (f"?{urlencode(query)}" if query else "")
                    times = []
                    for _ in range(ROUNDS):
                        began = time.perf_counter()
                        answer = front.get(PERSON, path)
                        times.append(time.perf_counter() - began)
                        if answer.status_code != 200:
                            raise SystemExit(f"{path}: HTTP {answer.status_code} {answer.text[:500]}")
                    times.sort()
                    p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
                    size = len(answer.content) / 1024
                    print(f"{page.name:12} p50 {p50 * 1000:4.0f} ms  p95 {p95 * 1000:4.0f} ms  {size:4.0f} KB")
                    if p95 > GOAL:
                        late.append(page.name)
    if late:
        raise SystemExit(f"slower than {GOAL * 1000:.0f} ms: {', '.join(late)}")
