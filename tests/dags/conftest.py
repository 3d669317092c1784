"""The DAGs as Airflow's own DagBag reads them, and the project's settings beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
DAGS = PROJECT / "dags"
FILES = sorted(DAGS.glob("*.py"))
DAG_IDS = [path.stem for path in FILES]


@pytest.fixture(scope="session")
def bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    # safe mode would skip, without a word, a file that does not hold the words it looks for
    return DagBag(DAGS, safe_mode=False)


@pytest.fixture(params=DAG_IDS)
def dag(request: pytest.FixtureRequest, bag: Any) -> Any:
    return bag.dags[request.param]


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    """airflow_settings.yaml: connections, pools, variables."""
    content: dict[str, Any] = yaml.safe_load((PROJECT / "airflow_settings.yaml").read_text(encoding="utf-8"))["airflow"]
    return content


@pytest.fixture(scope="session")
def run_python(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run a script in a fresh interpreter with an Airflow of its own; returns what it printed."""
    home = tmp_path_factory.mktemp("airflow")

    def run(script: str, *arguments: str, **environment: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        answer = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=home,
            env=clean
            | {
                "AIRFLOW_HOME": str(home),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "PYTHONPATH": str(PROJECT / "plugins"),
            }
            | environment,
        )
        assert answer.returncode == 0, answer.stderr[-4000:]
        return answer.stdout

    return run
