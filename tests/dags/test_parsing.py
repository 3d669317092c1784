"""What parsing a DAG file costs and loads: each task does it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dags.conftest import FILES

#: Each costs tens of megabytes or a connection, and belongs to the tasks that need it.
HEAVY = ("pandas", "numpy", "psycopg", "psycopg2", "aiohttp", "requests", "openpyxl", "tzfpy", "sqlalchemy.dialects")

SCRIPT = """
import importlib.util, json, sys, time

import airflow.sdk
from airflow.sdk import (DAG, Asset, BaseHook, CronDataIntervalTimetable, DeadlineAlert, DeadlineReference, Param,
                         RetryPolicy, SyncCallback, TaskGroup, TriggerRule, Variable, chain, task)
from airflow.sdk.configuration import conf

def parse(path):
    spec = importlib.util.spec_from_file_location("a_dag_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

# Airflow's own lazy parts (decorators, providers, serialisation) are loaded by an empty DAG, once a process
@task
def nothing():
    pass

with DAG("warm", schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC")):
    nothing.override(pool="x").expand_kwargs([{}])

before, began = set(sys.modules), time.process_time()
module = parse(sys.argv[1])
spent = time.process_time() - began
print(json.dumps({"spent": spent, "new": sorted(set(sys.modules) - before), "dag": module.dag.dag_id,
                  "before": sorted(before)}))
"""


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_file_is_parsed_in_a_second_and_loads_nothing_heavy(file: Path, run_python: Callable[..., str]) -> None:
    parsed = json.loads(run_python(SCRIPT, str(file)).splitlines()[-1])
    assert parsed["dag"] == file.stem
    assert parsed["spent"] < 1.0, f"{parsed['spent']:.2f} CPU seconds"
    loaded = [name for name in HEAVY if name in parsed["new"]]
    assert loaded == [], f"{file.name} loads {loaded} while it is parsed: import them inside the task"
    assert "branchline.alerts" in parsed["new"]


def test_a_heavy_import_would_be_seen(tmp_path: Path, run_python: Callable[..., str]) -> None:
    file = tmp_path / "heavy.py"
    file.write_text("import psycopg\nfrom airflow.sdk import DAG\nwith DAG('heavy') as dag:\n    pass\n")
    parsed = json.loads(run_python(SCRIPT, str(file)).splitlines()[-1])
    assert "psycopg" in parsed["new"]
