"""The DAG: what it expects is what the sources' DAGs do, and it judges last."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from branchline.findings import OutOfOrder
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import Warehouse
from tests.dags.conftest import DAGS
from tests.upkeep.book import HOURS, Book


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("warehouse_upkeep_dag", DAGS / "warehouse_upkeep.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def module(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The DAG's module, with the warehouse and one account as Airflow would give them."""
    parts = conninfo_to_dict(warehouse.loader)
    connection = {"conn_type": "postgres", "login": parts["user"], "password": parts["password"]}
    place = {"host": parts["host"], "port": int(str(parts["port"])), "schema": parts["dbname"]}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(connection | place))
    account = {"source": "tekmetric", "account": "tekmetric", "conn_id": "tekmetric", "client": "garage"}
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ACCOUNTS", json.dumps([account]))
    return load()


def stand_in(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *paused: str) -> None:
    """A task's context in an Airflow that knows the sources' DAGs but one, some of them paused."""

    def get_dag(dag_id: str) -> Any:
        if dag_id == "fms":
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR, detail={"reason": "not_found"}))
        return SimpleNamespace(is_paused=dag_id in paused)

    run = SimpleNamespace(dag_id="warehouse_upkeep", run_id="run")
    context = {"dag_run": run, "ti": SimpleNamespace(get_dag=get_dag)}
    monkeypatch.setattr(module, "get_current_context", lambda: context)
    monkeypatch.setattr("branchline.tasks.get_current_context", lambda: context)


def test_each_source_is_expected_when_its_own_dag_runs() -> None:
    from airflow.dag_processing.dagbag import DagBag

    dags = DagBag(DAGS, safe_mode=False).dags
    expected = load().EXPECTED
    assert {name for name, dag in dags.items() if "source" in dag.tags} == set(expected)
    for dag_id, (source, schedule) in expected.items():
        if dag_id == "fms_workbooks":
            assert schedule is None, "people bring them when they like"
        else:
            assert dags[dag_id].timetable.expression == schedule, dag_id
        streams = dags[dag_id].params.get_param("streams") if "streams" in dags[dag_id].params else None
        if streams is not None:
            assert set(streams.schema["items"]["enum"]) == {stream.name for stream in source.streams}


def test_a_source_that_is_switched_off_is_not_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__BRANCHLINE__FMS_ENABLED", "false")
    assert load().EXPECTED["fms"][1] is None
    monkeypatch.setenv("AIRFLOW__BRANCHLINE__FMS_ENABLED", "true")
    monkeypatch.setenv("AIRFLOW__BRANCHLINE__FMS_HOUR", "5")
    monkeypatch.setenv("AIRFLOW__BRANCHLINE__TEKMETRIC_SCHEDULE", "*/30 * * * *")
    expected = load().EXPECTED
    assert expected["fms"][1] == "0 5 * * *"
    assert expected["tekmetric"][1] == "*/30 * * * *"


def test_it_looks_whatever_failed_and_judges_last(module: ModuleType) -> None:
    tasks = module.dag.task_dict
    assert sorted(tasks) == ["keep", "look", "tell", "verify"]
    assert tasks["look"].upstream_task_ids == {"keep"}
    assert tasks["look"].trigger_rule == "all_done"
    assert (tasks["tell"].upstream_task_ids, tasks["tell"].trigger_rule) == ({"look"}, "all_done")
    # the run's colour is its last task's: a failed `keep` must reach it
    assert tasks["verify"].upstream_task_ids == {"keep", "look", "tell"}
    assert (tasks["verify"].retries, tasks["verify"].trigger_rule) == (0, "all_success")


def test_a_fresh_installation_is_green_and_old_data_is_red(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, written: Callable[..., Book]
) -> None:
    stand_in(module, monkeypatch)
    tasks = module.dag.task_dict
    assert tasks["look"].python_callable() == []
    tasks["verify"].python_callable([])
    book = written()
    assert {row.period for row in book.rows("SELECT period FROM ops.expectations")} == {0.25 * HOURS, None}
    book.rows("UPDATE ops.expectations SET since = since - interval '1 day' RETURNING 1")
    errors = tasks["look"].python_callable()
    assert tasks["tell"].python_callable() == 1, "by the log alone, all streams in one message"
    assert tasks["tell"].python_callable() == 0
    assert book.one("SELECT cause FROM ops.alerts") == "freshness/tekmetric/tekmetric"
    assert any(line.startswith("tekmetric shops: not read yet, expected every 00:15:00") for line in errors)
    with pytest.raises(OutOfOrder, match="tekmetric"):
        tasks["verify"].python_callable(errors)
    assert book.one("SELECT count(*) FROM ops.check_results WHERE check_name = 'freshness' AND severity = 'error'") == 1


def test_a_paused_dag_is_known(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, written: Callable[..., Book]
) -> None:
    stand_in(module, monkeypatch, "tekmetric")
    book = written()
    assert module.dag.task_dict["look"].python_callable() == []
    book.rows("UPDATE ops.expectations SET since = since - interval '1 day' RETURNING 1")
    assert module.dag.task_dict["look"].python_callable() == []
    assert book.fresh("shops").severity == "warning"
    assert "paused" in book.fresh("shops").remedy
