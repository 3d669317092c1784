"""An error of the checks makes the run red after the figures are published, and tells on-call; a warning does not."""

from __future__ import annotations

import importlib.util
import json
import logging
import re
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from branchline.alerts import describe_failure, task_failed
from branchline.checks import REMEDIES, verify
from branchline.errors import ChecksFailed
from branchline.metrics import rebuild
from branchline.tables import select_text

from stack.state import PROJECT
from tests.metrics.garage import Garage, edited, order_id
from tests.tekmetric.landed import ACCOUNT, EASTERN, GOLDEN, ZONELESS, golden_order, order

DAG_FILE = PROJECT / "dags" / "tekmetric_metrics.py"


@pytest.fixture
def mapped(garage: Garage) -> Garage:
    """The shops, each with a zone: nothing is wrong yet."""
    garage.bench.set_zone(ZONELESS, "America/Chicago")
    return garage


def verdict(garage: Garage) -> str | None:
    """What verify says after a rebuild; None where it is green."""
    garage.rebuild()
    try:
        verify(garage.loader, [ACCOUNT])
    except ChecksFailed as error:
        return str(error)
    return None


def wrong_by(cents: int, number: int = 107, at: str = "2026-03-20T00:00:00Z") -> dict[str, Any]:
    """A golden order whose vendor's total is off its lines."""
    told = edited(golden_order(number), at)
    told["totalSales"] += cents
    return told


def test_an_error_says_what_is_wrong_how_often_where_and_what_to_do(mapped: Garage) -> None:
    mapped.take(golden_order(102), wrong_by(200))
    said = verdict(mapped)
    assert said is not None
    # 19,425 - 125 of taxes against 19,100 by lines
    assert said.startswith(
        "Checking the figures: tekmetric sales_by_lines: 1 of 2 records, such as order 107 "
        f"(Garage {GOLDEN}; 19100 in place of 19300): the order's lines do not make up the vendor's total: "
    )
    assert said.endswith("Do not trust the figures it names until that is mended; the next run looks again")
    # published and kept all the same
    assert mapped.snapshot(107).authorized_revenue == 19_100
    assert mapped.bench.one("SELECT failed FROM ops.check_results WHERE check_name = 'sales_by_lines'") == 1


def test_a_warning_stays_green(mapped: Garage) -> None:
    told = edited(golden_order(107), "2026-03-20T00:00:00Z")
    told["feeTotal"] += 50
    mapped.take(told)
    mapped.report(order_id(107), 99_000, 10)
    assert verdict(mapped) is None
    assert {"fee_total", "vendor_revenue", "gp_variance"} <= {
        row.check_name for row in mapped.bench.rows("SELECT check_name FROM ops.check_results WHERE failed > 0")
    }


def test_an_error_stands_until_it_is_mended(mapped: Garage) -> None:
    mapped.take(golden_order(102), wrong_by(200))
    assert verdict(mapped) is not None
    # nothing changes for longer than the metrics look back; another shop's order does
    for table in ("repair_orders", "jobs", "job_parts", "job_labor", "job_fees", "job_discounts", "job_sublets"):
        mapped.bench.rows(f"UPDATE tekmetric.{table} SET synced_at = now() - interval '2 hours' RETURNING 1")
    mapped.take(order(900, shopId=EASTERN), shop=EASTERN)
    for _ in range(2):
        said = verdict(mapped)
        assert said is not None
        assert "sales_by_lines: 1 of 3 records, such as order 107" in said
    mapped.take(wrong_by(0, at="2026-03-21T00:00:00Z"))
    assert verdict(mapped) is None


def test_an_order_in_progress_is_no_error(mapped: Garage) -> None:
    """Only a posted order's totals are known to be those of authorized work."""
    told = wrong_by(200)
    told["repairOrderStatus"] = {"id": 3, "code": "COMPLETE", "name": "Complete"}
    mapped.take(told)
    assert verdict(mapped) is None
    (row,) = mapped.bench.rows("SELECT * FROM ops.check_results WHERE check_name = 'completed_by_lines'")
    assert (row.severity, row.failed) == ("warning", 1)


def test_our_own_sums_that_differ_are_an_error(mapped: Garage) -> None:
    mapped.take(golden_order(102))
    mapped.bench.rows("UPDATE tekmetric.repair_orders SET authorized_total = authorized_total + 1 RETURNING 1")
    said = verdict(mapped)
    assert said is not None
    assert "authorized_total: 1 of 1 records, such as order 102" in said


def test_a_posted_order_without_a_day_is_an_error(mapped: Garage) -> None:
    mapped.take(edited(golden_order(101), "2026-03-20T00:00:00Z", postedDate=None))
    said = verdict(mapped)
    assert said is not None
    assert "no_local_day: 1 of 1 records, such as order 101" in said


# -------------------------------------------------------------------------------------------- a shop without a zone


@pytest.mark.parametrize("zone", [None, "America/Pueblo", "Mountain"])
def test_an_unmapped_shop_is_alerted_before_it_has_an_order(
    garage: Garage, caplog: pytest.LogCaptureFixture, zone: str | None
) -> None:
    garage.bench.set_zone(ZONELESS, zone)
    garage.rebuild()
    with pytest.raises(ChecksFailed) as caught:
        verify(garage.loader, [ACCOUNT])
    task = SimpleNamespace(
        dag_id="tekmetric_metrics", task_id="verify", try_number=1, log_url="https://airflow.example"
    )
    with caplog.at_level(logging.ERROR, logger="branchline.alerts"):
        task_failed({"ti": task, "exception": caught.value})
    (alert,) = [record.getMessage() for record in caplog.records if record.name == "branchline.alerts"]
    assert f"shop_unmapped: 1 of 3 records, such as shop {ZONELESS} (Garage {ZONELESS}): set" in alert
    assert alert.endswith("docs/runbook.md#checksfailed")


def test_its_orders_are_named_until_it_has_a_zone(garage: Garage) -> None:
    garage.take(order(1, shopId=ZONELESS), shop=ZONELESS)
    said = verdict(garage)
    assert said is not None
    assert "no_time_zone: 1 of 1 records, such as order 1 " in said
    assert "shop_unmapped: 1 of 3 records" in said
    garage.bench.set_zone(ZONELESS, "America/Chicago")
    garage.bench.totals()
    assert verdict(garage) is None
    assert garage.day("2026-03-03", ZONELESS) is not None


def test_a_shop_that_is_gone_alerts_nobody(garage: Garage) -> None:
    garage.take(order(1, shopId=ZONELESS), shop=ZONELESS)
    assert verdict(garage) is not None
    garage.bench.rows(
        "UPDATE core.locations SET is_mapped = FALSE WHERE external_id = %s RETURNING 1", (str(ZONELESS),)
    )
    assert verdict(garage) is None


# --------------------------------------------------------------------------------------------------- the DAG's verdict


@pytest.fixture
def dag_file(garage: Garage, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The DAG's module, with the warehouse and the accounts as Airflow would give them."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(garage.loader)
    connection = {"conn_type": "postgres", "login": parts["user"], "password": parts["password"]}
    place = {"host": parts["host"], "port": int(str(parts["port"])), "schema": parts["dbname"]}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(connection | place))
    others = {"source": "smartmoving", "account": "smartmoving", "conn_id": "smartmoving", "client": "auto"}
    ours = {"source": "tekmetric", "account": ACCOUNT.account, "conn_id": "tekmetric", "client": ACCOUNT.client}
    monkeypatch.setenv("AIRFLOW_VAR_BRANCHLINE_ACCOUNTS", json.dumps([others, ours]))
    spec = importlib.util.spec_from_file_location("tekmetric_metrics_dag", DAG_FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dag_publishes_then_judges(dag_file: ModuleType, garage: Garage) -> None:
    dag = dag_file.dag
    assert sorted(dag.task_dict) == ["rebuild", "verify"]
    judge = dag.task_dict["verify"]
    assert judge.upstream_task_ids == {"rebuild"}
    assert (judge.retries, judge.trigger_rule) == (0, "all_success")
    assert judge.on_failure_callback
    garage.rebuild()
    with pytest.raises(ChecksFailed, match="shop_unmapped"):
        judge.python_callable({})
    garage.bench.set_zone(ZONELESS, "America/Chicago")
    garage.rebuild()
    judge.python_callable({})


def test_the_sandboxs_normal_world_is_green(tekmetric: Any) -> None:
    line = tekmetric()
    line.sync()
    broken = rebuild(line.warehouse.loader, line.account).broken
    assert not set(broken) & set(REMEDIES)
    verify(line.warehouse.loader, [line.account])


def test_every_error_has_a_remedy_and_a_line_in_the_runbook() -> None:
    errors = set(re.findall(r"'(\w+)', 'error'", select_text("metrics", "checks")))
    assert errors == set(REMEDIES)
    runbook = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")
    section = runbook.split("\n## ChecksFailed\n")[1].split("\n## ")[0]
    assert {name for name in errors if f"`{name}`" not in section} == set()
    # those that a run looks at again until they are mended
    standing = re.search(r"check_name IN \(([^)]*)\)", select_text("metrics", "checks"))
    assert standing is not None
    assert set(re.findall(r"\w+", standing[1])) == errors - {"shop_unmapped"}
    assert "checksfailed" in describe_failure(
        {"ti": SimpleNamespace(dag_id="d", task_id="t", try_number=1), "exception": ChecksFailed("a", "b")}
    )
