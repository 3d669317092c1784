"""`make bench`: the measurements, side by side in one run; every side's rows are checked before its time counts.

make bench                     all of them
make bench CASES="w1 rate"     some of them
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench import dag, inbox, warehouse
from bench import pages as sync_pages
from bench.world import PLAN, World, running

PROJECT = Path(__file__).resolve().parents[1]
DLT_PYTHON = PROJECT / ".venv-bench" / "bin" / "python"
RUNS = 3
SWEEP = (64, 128, 256, 384)
LATENCY = ("--latency-ms", "100")


def side(*command: str, python: Path = Path(sys.executable)) -> dict[str, Any]:
    """Run one side in a process of its own and read the JSON line it ends with."""
    paths = {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'plugins'}"}
    done = subprocess.run(
        [str(python), *command], cwd=PROJECT, env=os.environ | paths, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise SystemExit(f"{' '.join(command[:2])} failed:\n{done.stderr[-3000:]}")
    return dict(json.loads(lines[-1]))


def floor(cluster: Any, world: World, truth: dict[str, int], concurrency: int) -> dict[str, Any]:
    with warehouse.database(cluster) as conninfo:
        result = side("-m", "bench.floor", world.base, conninfo, str(concurrency))
        check("floor", conninfo, truth)
    return result


def line(cluster: Any, world: World, truth: dict[str, int], concurrency: int, *more: str) -> dict[str, Any]:
    with warehouse.database(cluster) as conninfo:
        result = side("-m", "bench.line", world.base, warehouse.loader(conninfo), str(concurrency), *more)
        check("line", conninfo, truth)
    return result


def check(name: str, conninfo: str, truth: dict[str, int]) -> None:
    """Compare what a side loaded with the sandbox's truth."""
    found = warehouse.counts(conninfo)
    expected = {
        "smartmoving.customers": truth["customers"],
        "smartmoving.swept_jobs": truth["jobs"],
        "crm.truck_journeys": truth["journeys"],
    }
    wrong = {table: (found[table], rows) for table, rows in expected.items() if found[table] != rows}
    if wrong:
        raise SystemExit(f"{name} did not load the truth: {wrong} (found, expected)")


def w1() -> None:
    """W1: the original plan's 5,016 calls at 100 ms: floor, line and dlt."""
    with running(*PLAN, *LATENCY) as world, warehouse.cluster() as cluster:
        truth = world.truth()
        print(f"W1 truth: {truth}")
        swept = {c: floor(cluster, world, truth, c)["wall"] for c in SWEEP}
        best = min(swept, key=lambda c: swept[c])
        print("floor by concurrency: " + ", ".join(f"{c}: {wall:.2f} s" for c, wall in swept.items()))
        rounds: dict[str, list[dict[str, Any]]] = {"floor": [], "line": []}
        for _ in range(RUNS):
            rounds["floor"].append(floor(cluster, world, truth, best))
            rounds["line"].append(line(cluster, world, truth, best))
        walls = {name: median(run["wall"] for run in runs) for name, runs in rounds.items()}
        print(f"concurrency {best}; steps of the line: {rounds['line'][-1]['steps']}")
        print(f"line peak {max(run['peak_mb'] for run in rounds['line']):.0f} MB")
        if DLT_PYTHON.exists():
            runs = []
            for _ in range(RUNS):
                with warehouse.database(cluster, None) as conninfo:
                    runs.append(side("bench/dlt_load.py", world.base, warehouse.url(conninfo), "64", python=DLT_PYTHON))
                assert (runs[-1]["customers"], runs[-1]["jobs"]) == (truth["customers"], truth["jobs"]), runs[-1]
            walls["dlt"] = median(run["wall"] for run in runs)
        with dag.local_stack() as stack:
            runs = [dag.run(stack, world, truth, best) for _ in range(RUNS)]
        walls["dag"] = median(run["wall"] for run in runs)
        print(
            f"whole DAG run: {runs[-1]['tasks']} task instances ran, the largest task process "
            f"{max(run['peak_mb'] for run in runs):.0f} MB (PSS)"
        )
        for name, wall in walls.items():
            print(f"{name:6} {wall:7.2f} s   {wall / walls['floor']:5.2f} x floor")


def unchanged() -> None:
    """A second run with nothing changed writes no tuple; with 5 % changed it writes in proportion."""
    with running(*PLAN) as world, warehouse.cluster() as cluster, warehouse.database(cluster) as conninfo:
        loader = warehouse.loader(conninfo)
        side("-m", "bench.line", world.base, loader, "64")
        first = warehouse.written(conninfo)
        again = side("-m", "bench.line", world.base, loader, "64", "0", "customers")
        second = warehouse.written(conninfo)
        world.ask("change", {"fraction": 0.05, "from": "2026-07-15", "to": "2026-07-16"})
        changed = side("-m", "bench.line", world.base, loader, "64", "0", "customers")
        third = warehouse.written(conninfo)
    print(f"first run: {first:,} tuples written")
    print(f"second, nothing changed: {second - first:,} tuples written, merge {again['steps']['sweep.merge']:.2f} s")
    print(
        f"third, 5 % changed: {third - second:,} tuples written ({(third - second) / first:.1%} of the first), "
        f"merge {changed['steps']['sweep.merge']:.2f} s"
    )


def rate() -> None:
    """W1 under 50 requests a second: the limit's own time, and no 429."""
    limits = ("--rate-per-second", "50", "--rate-per-minute", "0")
    with running(*PLAN, *LATENCY, *limits) as world, warehouse.cluster() as cluster:
        truth = world.truth()
        result = line(cluster, world, truth, 64, "3000")
        served = world.ask("served")
    ideal = 5016 / 50
    print(
        f"fetch {result['steps']['sweep.fetch']:.1f} s, the limit's own time {ideal:.1f} s "
        f"({result['steps']['sweep.fetch'] / ideal:.3f} x); 429s: {served['too_many']}"
    )


def memory() -> None:
    """W1 at four times the volume: 98,208 customers by the same 5,016 calls, 20 to a page."""
    four_times = ("--customers-per-day", "744", "--page-cap", "20")
    with running(*PLAN, *four_times) as world, warehouse.cluster() as cluster:
        truth = world.truth()
        result = line(cluster, world, truth, 64)
        print(f"line: {truth['customers']:,} customers, peak {result['peak_mb']:.0f} MB, {result['wall']:.1f} s")
        with dag.local_stack() as stack:
            whole = dag.run(stack, world, truth, 64)
        print(f"whole DAG run: the largest task process {whole['peak_mb']:.0f} MB (PSS), {whole['wall']:.1f} s")


def tekmetric() -> None:
    """10 shops x 500 repair orders: fetch under 600 calls a minute at 250 ms, merge, totals, metrics."""
    limits = ("--tekmetric-rate-per-minute", "600", "--latency-ms", "250")
    with running("--scale", "plan", *limits) as world, warehouse.cluster() as cluster:
        with warehouse.database(cluster) as conninfo:
            result = side("-m", "bench.tekmetric", world.url, warehouse.loader(conninfo), "600")
            orders = warehouse.rows(conninfo, "tekmetric.repair_orders")
        served = world.ask("served")
        seconds, calls = result["steps"]["changes.fetch"], result["calls"]
        print(f"{orders:,} repair orders, steps {result['steps']}")
        print(
            f"changes: {calls} calls in {seconds:.1f} s = {calls / seconds * 60:.0f} a minute "
            f"({calls / seconds / 10:.1%} of the limit); 429s: {served['too_many']}"
        )


def fms() -> None:
    """FMS at the original's size, geocoder at 100 ms; dlt loading the same files; ten times the size."""
    # Clean, since dlt's upsert fails on a key that comes twice.
    with (
        running("--scale", "original", "--fms-clean", "--geocoder-latency-ms", "100") as world,
        warehouse.cluster() as cluster,
    ):
        truth = world.ask("truth?source=fms&from=0001-01-01&to=9999-12-31")
        reports = sum(truth["keys"][name] for name in truth["keys"] if name != "budget_spending")
        with warehouse.database(cluster) as conninfo:  # the sandbox writes its files when they are asked for first
            side("-m", "bench.fms", world.url, warehouse.loader(conninfo), "1", "none")
        rounds: dict[str, list[dict[str, Any]]] = {"first night": [], "second night": [], "files alone": [], "dlt": []}
        for _ in range(RUNS):
            with warehouse.database(cluster) as conninfo:
                loader = warehouse.loader(conninfo)
                first = side("-m", "bench.fms", world.url, loader, "1", "geocoder")["nights"][0]
                written = warehouse.written(conninfo)
                second = side("-m", "bench.fms", world.url, loader, "2", "geocoder")["nights"][1]
                assert warehouse.written(conninfo) == written, "an unchanged night wrote tuples"
            with warehouse.database(cluster) as conninfo:
                alone = side("-m", "bench.fms", world.url, warehouse.loader(conninfo), "1", "none")["nights"][0]
            for name, run in (("first night", first), ("second night", second), ("files alone", alone)):
                assert run["rows"] == reports, (name, run["rows"], reports)
                rounds[name].append(run)
            if DLT_PYTHON.exists():
                with warehouse.database(cluster, None) as conninfo:
                    url = warehouse.url(conninfo)
                    rounds["dlt"].append(side("bench/dlt_fms.py", world.url, url, python=DLT_PYTHON))
        print(f"{reports:,} rows; {first['calls']} geocoder calls on the first night, {second['calls']} on the second")
        print(f"steps of the first night {first['steps']}, of the second {second['steps']}")
        for name, runs in rounds.items():
            if runs:
                print(f"{name:13} {median(run['wall'] for run in runs):7.2f} s")
    with running("--fms-size", "10") as world, warehouse.cluster() as cluster, warehouse.database(cluster) as conninfo:
        world.ask("truth?source=fms&from=0001-01-01&to=9999-12-31")
        large = side("-m", "bench.fms", world.url, warehouse.loader(conninfo), "2", "none")["nights"]
        print(f"ten times: {large[0]['rows']:,} rows, {[night['steps'] for night in large]}")
        print("first {:.2f} s, again {:.2f} s".format(*(night["wall"] for night in large)))
        print(f"peak {large[-1]['peak_mb']:.0f} MB resident")


def arrivy() -> None:
    """Arrivy whole at 100 ms: 60 crew members, 20,000 tasks over 90 days, readings every minute; floor and line."""
    with running("--scale", "plan", *LATENCY) as world, warehouse.cluster() as cluster:
        counts = world.ask("truth?source=arrivy&from=0001-01-01&to=9999-12-31")["counts"]
        truth = {"tasks": counts["tasks"], "task_statuses": counts["taskStatuses"]}
        truth["location_reports"] = counts["readings"]
        print(f"truth: {truth}")
        with warehouse.database(cluster) as conninfo:
            least = side("-m", "bench.arrivy_floor", world.url, conninfo, "64")
            found = {table: least[table] for table in truth}
            assert found == truth, (found, truth)
        with warehouse.database(cluster) as conninfo:
            loader = warehouse.loader(conninfo)
            first = side("-m", "bench.arrivy", world.url, loader, "64", "1")["runs"][0]
            found = {table: warehouse.rows(conninfo, f"arrivy.{table}") for table in truth}
            assert found == truth, (found, truth)
            before = warehouse.written(conninfo)
            second = side("-m", "bench.arrivy", world.url, loader, "64", "1")["runs"][0]
            written = warehouse.written(conninfo) - before
        for name, run in (("floor", least), ("first", first), ("second", second)):
            print(f"{name:6} {run['wall']:7.1f} s   {run['wall'] / least['wall']:5.2f} x floor")
        print(f"floor: fetch {least['fetch']:.1f} s; line: {first['calls']:,} calls, {first['rows']:,} records")
        print(f"steps of the first sync {first['steps']}; peak {first['peak_mb']:.0f} MB")
        print(f"steps of the second {second['steps']}; {written} tuples written by it")


def webhooks() -> None:
    """200 webhooks a second for a minute (BENCH_SECONDS), Airflow up: none lost; beside it a bare insert endpoint."""
    seconds = int(os.environ.get("BENCH_SECONDS", "60"))
    with dag.local_stack() as stack:
        result = inbox.run(stack, stack.cluster.admin_conninfo("warehouse"), seconds)
    for name in ("inbox", "bare"):
        told = result[name]
        print(
            f"{name:6} {told['sent']:,} sent, {told['accepted']:,} accepted, {told['kept']:,} kept; "
            f"p50 {told['p50']} ms, p99 {told['p99']} ms, longest {told['longest']} ms"
        )
        assert told["sent"] == told["accepted"] == told["kept"], f"{name} lost some"
    print(f"median {result['ratio']} x bare; p99 wanted below 250 ms: {result['inbox']['p99'] < 250}")


def pages() -> None:
    """The pages on 90 days of history of 66 branches: each below 300 ms at the 95th percentile."""
    sync_pages.measure()


CASES = {
    "fms": fms,
    "w1": w1,
    "unchanged": unchanged,
    "rate": rate,
    "memory": memory,
    "tekmetric": tekmetric,
    "arrivy": arrivy,
    "inbox": webhooks,
    "pages": pages,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        print(f"== {name}: {CASES[name].__doc__}", flush=True)
        CASES[name]()
