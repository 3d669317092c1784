"""What every DAG of the project keeps to. A message names the DAG, the task and what to do."""

from __future__ import annotations

import ast
import copy
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from branchline.params import EXTRA

from tests.dags.conftest import DAG_IDS, FILES, PROJECT

#: Sources that have a hook; a source's further DAGs begin with its slug.
SOURCES = sorted(
    path.stem for path in (PROJECT / "plugins" / "branchline" / "sources").glob("*.py") if path.stem != "__init__"
)
WORDS = (r"\*\*Kind:?\*\*", r"\*\*Healthy when:?\*\*", r"\*\*If it fails:?\*\*", r"\*\*If left red:?\*\*")
#: DAGs that a person alone starts.
BY_HAND = frozenset({"arrivy_history"})
#: Last part of the task ids that call a vendor, and of those that share the vendor's pool: a lead that a customer
#: waits for is one call, and does not stand in line behind a sync.
CALLING = frozenset({"plan", "fetch", "send"})
POOLED = frozenset({"plan", "fetch"})
FORM = (
    "full", "since", "until", "streams", "locations", "dry_run", "force_overwrite", "batch_size", "max_records",
    "replay", "accept_shrink",
)  # fmt: skip


def test_the_bag_holds_a_dag_a_file_and_no_other(bag: Any) -> None:
    assert {"smartmoving"} <= set(DAG_IDS)
    assert bag.import_errors == {}
    assert sorted(bag.dags) == DAG_IDS
    for dag_id, dag in bag.dags.items():
        assert Path(dag.fileloc).stem == dag_id
        assert dag.tasks, f"{dag_id} has no task"
    assert sum(len(dag.tasks) for dag in bag.dags.values()) >= 12


def test_the_docstring_tells_on_call_what_to_know(dag: Any) -> None:
    assert dag.doc_md, f"{dag.dag_id}: pass doc_md=__doc__"
    places = []
    for word in WORDS:
        found = re.search(word, dag.doc_md)
        assert found, f"{dag.dag_id}: its docstring lacks {word}"
        places.append(found.start())
    assert places == sorted(places), f"{dag.dag_id}: Kind, Healthy, If it fails, If left red, in this order"
    assert dag.description


def test_owner_and_tags(dag: Any) -> None:
    assert dag.owner == "branchline"
    tiers = [tag for tag in dag.tags if re.fullmatch(r"tier-[123]", tag)]
    assert len(tiers) == 1, f"{dag.dag_id}: one tag tier-1, tier-2 or tier-3 tells on-call how urgent it is"
    source = source_of(dag.dag_id)
    assert source is None or source in dag.tags, f"{dag.dag_id}: tag it {source}"


def source_of(dag_id: str) -> str | None:
    return next((slug for slug in SOURCES if dag_id == slug or dag_id.startswith(f"{slug}_")), None)


def test_one_run_at_a_time_and_an_end_to_each(dag: Any) -> None:
    assert dag.max_active_runs == 1, f"{dag.dag_id}: two runs would read the same twice"
    assert dag.catchup is False, f"{dag.dag_id}: the past is read by backfill, on purpose"
    assert isinstance(dag.dagrun_timeout, timedelta), f"{dag.dag_id}: set dagrun_timeout"
    deadlines = dag.deadline if isinstance(dag.deadline, list) else [dag.deadline]
    assert deadlines, f"{dag.dag_id}: set a DeadlineAlert"
    for deadline in deadlines:
        assert deadline.interval < dag.dagrun_timeout, f"{dag.dag_id}: its deadline comes after its end"
        assert deadline.callback.path.startswith("branchline.alerts."), dag.dag_id
    assert dag.start_date.tzinfo is not None


def test_timetables_are_explicit(dag: Any) -> None:
    """A plain cron string means another timetable in Airflow 3, without a data interval."""
    from airflow.sdk import CronDataIntervalTimetable

    if dag.timetable.__class__.__name__ == "AssetTriggeredTimetable":
        return
    if dag.timetable.__class__.__name__ == "NullTimetable":
        assert dag.dag_id in BY_HAND, f"{dag.dag_id} has no schedule: name it in BY_HAND if only a person starts it"
        return
    assert isinstance(dag.timetable, CronDataIntervalTimetable), f"{dag.dag_id}: {dag.timetable!r}"


def test_tasks_end_and_tell(dag: Any, settings: dict[str, Any]) -> None:
    pools = {pool["pool_name"]: pool["pool_slot"] for pool in settings["pools"]} | {"default_pool": 128}
    for task in dag.tasks:
        name = f"{dag.dag_id}.{task.task_id}"
        assert task.owner == "branchline", name
        assert isinstance(task.execution_timeout, timedelta), f"{name}: set execution_timeout"
        assert task.execution_timeout <= dag.dagrun_timeout, f"{name}: its timeout is longer than the run's"
        assert task.on_failure_callback, f"{name}: nobody is told when it fails"
        assert task.pool in pools, f"{name}: pool {task.pool} is not in airflow_settings.yaml"
        if task.task_id.rpartition(".")[2] in CALLING:
            assert task.retries >= 2, f"{name} calls the network: retries >= 2"
            assert task.retry_policy is not None, f"{name}: the error decides whether to retry"
        if task.task_id.rpartition(".")[2] in POOLED:
            assert task.pool == source_of(dag.dag_id), f"{name}: it works in the vendor's pool"
        if task.task_id.rpartition(".")[2] == "verify":
            assert task.retries == 0, f"{name}: a verdict is not tried again"
        if task.is_mapped:
            assert task.map_index_template, f"{name}: set map_index_template, numbers tell nobody what a task read"


def test_a_source_calls_its_vendor_in_mapped_tasks(bag: Any) -> None:
    assert SOURCES
    for source in SOURCES:
        mapped = [task.task_id for task in bag.dags[source].tasks if task.is_mapped]
        assert mapped, f"{source} fetches without mapping"
        assert all(task_id.endswith("fetch") for task_id in mapped)


# ------------------------------------------------------------------------------------------------------- the form


@pytest.fixture(params=SOURCES)
def form(request: pytest.FixtureRequest, bag: Any) -> Any:
    return bag.dags[request.param].params


def test_the_form_is_the_same_on_every_source(form: Any) -> None:
    assert tuple(form)[: len(FORM)] == FORM
    assert set(tuple(form)[len(FORM) :]) <= EXTRA
    form.validate()
    for name in FORM:
        param = form.get_param(name)
        assert param.schema["title"], name
        assert param.description, name
        assert "type" in param.schema, f"{name} takes anything"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0), ("batch_size", 10_001), ("batch_size", "many"), ("batch_size", None), ("batch_size", 1.5),
        ("max_records", 0), ("max_records", -1), ("max_records", "all"),
        ("since", "15.07.2026"), ("since", "2026-7-15"), ("since", "yesterday"), ("since", "2026-02-30"), ("since", ""),
        ("since", 20260715), ("since", "2026-07-15T00:00:00Z"), ("until", "07/15/2026"),
        ("streams", ["no such stream"]), ("streams", "customers"), ("streams", ["customers", "customers"]),
        ("streams", None), ("streams", [["customers"]]),
        ("locations", "Toronto"), ("locations", [""]), ("locations", [7]), ("locations", None),
        ("accept_shrink", ["no such stream"]), ("accept_shrink", True),
        ("full", "yes"), ("full", None), ("full", 1), ("dry_run", "false"), ("replay", 0), ("force_overwrite", "no"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused(form: Any, name: str, value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        _with(form, name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 1), ("batch_size", 10_000), ("since", "2026-07-15"), ("since", None), ("streams", []),
        ("max_records", 1), ("max_records", None), ("full", True), ("locations", ["TORONTO 🇨🇦"]),
    ],
)  # fmt: skip
def test_a_good_value_is_taken(form: Any, name: str, value: object) -> None:
    assert _with(form, name, value)[name] == value


def _with(form: Any, name: str, value: object) -> Any:
    filled = copy.deepcopy(form)
    filled.update({name: value})
    return filled.validate()


# ------------------------------------------------------------------------------------------------- the files' text


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_a_dag_file_is_a_page_long(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert 40 <= lines <= 140, f"{file.name} has {lines} lines: logic belongs to plugins/branchline"


def test_a_dag_file_imports_airflow_and_branchline_alone(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    roots = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert roots <= {"__future__", "airflow", "branchline", "datetime", "typing"}, f"{file.name} imports {roots}"


def test_a_dag_file_asks_nothing_while_it_is_parsed(file: Path) -> None:
    """Neither the environment nor Airflow's database: a DAG file is parsed every half minute, and by every task."""
    asked = []
    for node in _at_parse(ast.parse(file.read_text(encoding="utf-8"))):
        text = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Call) else ""
        if re.match(r"(Variable|Connection|BaseHook|os\.(environ|getenv)|open|datetime\.now|date\.today)\b", text):
            asked.append(text)
    assert asked == [], f"{file.name}: {asked} belongs into a task"


def _at_parse(tree: ast.AST) -> list[ast.AST]:
    """The nodes that run when the file is imported: not the bodies of its functions."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            if not isinstance(node, ast.Lambda):
                waiting += [*node.decorator_list, *node.args.defaults]
            continue
        waiting += ast.iter_child_nodes(node)
    return found


def test_the_search_for_questions_finds_them() -> None:
    tree = ast.parse("import os\nA = Variable.get('x')\nB = os.environ['y']\ndef f():\n    Variable.get('z')\n")
    found = [ast.unparse(node) for node in _at_parse(tree) if isinstance(node, ast.Call | ast.Attribute)]
    assert "Variable.get('x')" in found
    assert "os.environ" in found
    assert "Variable.get('z')" not in found


# ------------------------------------------------------------------------------------------------------- secrets


def test_no_secret_comes_into_what_airflow_stores_of_a_dag(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    """T83: the serialised DAG holds params, arguments and templates; the connections' passwords are not among them."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    canary = "canary" + "Vx55dagPm20"
    for connection in settings["connections"]:
        words = {"conn_type": connection["conn_type"], "host": "127.0.0.1", "password": canary}
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection['conn_id'].upper()}", json.dumps(words))
    dags = DagBag(FILES[0].parent, safe_mode=False).dags
    assert sorted(dags) == DAG_IDS
    stored = json.dumps([DagSerialization.to_dict(dag) for dag in dags.values()], default=str)
    assert "smartmoving" in stored
    assert canary not in stored
    assert "password" not in stored.lower().replace("passwords", "")
