"""The DAG arrivy_history: its form, and a run of each step."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from branchline.legacy_history import SOURCE, STEPS
from psycopg.conninfo import conninfo_to_dict

from tests.arrivy.legacy import NOON, ROWS, TABLE, Legacy


@pytest.fixture
def dag_file() -> Any:
    path = Path(__file__).parents[2] / "dags" / "arrivy_history.py"
    spec = importlib.util.spec_from_file_location("arrivy_history_dag", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_form_begins_with_a_dry_run_and_refuses_what_is_no_name(dag_file: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    params = dag_file.dag.params
    assert params.validate() == {"step": "check", "table": TABLE, "account": SOURCE}
    assert tuple(params.get_param("step").schema["enum"]) == STEPS
    for name, value in (("step", "drop"), ("table", "x"), ("table", 'public."x"'), ("account", ""), ("account", None)):
        with pytest.raises(ParamValidationError):
            params.get_param(name).resolve(value)


def test_a_run_does_the_step_that_was_asked_for(
    legacy: Legacy, dag_file: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    legacy.make([*ROWS, ("team_members", NOON)])
    parts = conninfo_to_dict(legacy.warehouse.loader)
    connection = {
        "conn_type": "postgres",
        "host": parts["host"],
        "port": int(parts["port"] or 5432),
        "schema": parts["dbname"],
        "login": parts["user"],
        "password": parts["password"],
    }
    entries = [{"source": "arrivy", "account": "arrivy", "conn_id": "arrivy", "client": "home"}]
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ACCOUNTS", json.dumps(entries))
    params = {"step": "check", "table": TABLE, "account": "arrivy"}
    monkeypatch.setattr(dag_file, "get_current_context", lambda: {"params": params})
    move: Callable[[], dict[str, Any]] = dag_file.move.function
    with caplog.at_level("INFO", logger="branchline"):
        told = move()
    assert (told["inserted"], legacy.history()) == (4, [])
    assert json.loads(json.dumps(told)) == told, "it goes through Airflow's database"
    assert "can be copied: entities as entities (1); groups as groups (1)" in caplog.text
    assert "after: tasks success: 1 row, 1 moved" in caplog.text
    warned = [
        record.getMessage()
        for record in caplog.records
        if record.levelname == "WARNING" and record.name.startswith("branchline")
    ]
    assert warned == ["left out: team_members: unknown sync_type (1)"]
    params["step"] = "copy"
    assert move()["inserted"] == 4
    params["step"] = "roll_back"
    assert move()["removed"] == 4
