"""`make run` on a real scheduler: the table, the form, a dry run, a window, a backfill, what listens, what leaks."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import psutil
import pytest
import requests

from stack.credentials import load_secrets

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

JOURNEYS = (
    "SELECT external_id, location_id, date, status, start_time, end_time, estimated_cost_cents, notes, tags, job_id, "
    "opportunity_id, customer_id FROM crm.truck_journeys WHERE date = %s ORDER BY external_id"
)


def test_the_first_run_syncs_every_source_once_and_prints_the_table(stack: Any) -> None:
    said = stack.said()
    assert "What landed" in said
    # the first run of each source: Tekmetric's next interval may have begun meanwhile
    history = stack.rows(
        "SELECT crm_source, sync_type, status FROM ops.sync_history WHERE (dag_id, run_id) IN ("
        "SELECT DISTINCT ON (dag_id) dag_id, run_id FROM ops.sync_history ORDER BY dag_id, start_time)"
    )
    assert {row.status for row in history} == {"success"}
    assert Counter(row.crm_source for row in history) == {"smartmoving": 14, "tekmetric": 13, "fms": 9, "arrivy": 15}
    for row in history:
        assert f"{row.sync_type}" in said
    assert stack.rows("SELECT count(*) AS n FROM crm.truck_journeys")[0].n > 20
    assert stack.rows("SELECT count(*) AS n FROM smartmoving.branches")[0].n == 66
    assert stack.rows("SELECT count(*) AS n FROM tekmetric.repair_orders")[0].n > 100
    assert stack.rows("SELECT count(*) AS n FROM fms.media_partners WHERE latitude IS NOT NULL")[0].n > 40
    assert stack.rows("SELECT count(*) AS n FROM fms.media_partners WHERE preferred_day_of_week IS NOT NULL")[0].n > 20
    assert stack.rows("SELECT count(*) AS n FROM fms.budgets")[0].n > 50
    assert stack.rows("SELECT count(*) AS n FROM tekmetric.repair_orders WHERE authorized_revenue > 0")[0].n > 50


def test_the_metrics_followed_the_sync(stack: Any) -> None:
    (run,) = stack.api.get("/dags/tekmetric_metrics/dagRuns", limit=1, order_by="id")["dag_runs"]
    assert (run["run_type"], run["state"]) == ("asset_triggered", "success")
    # the golden shop's third of March: one order, 134.65 of revenue, 92.95 of profit
    (day,) = stack.rows(
        "SELECT * FROM tekmetric.daily_shop_metrics WHERE tm_shop_id = 4100 AND metric_date = '2026-03-03'"
    )
    assert (day.authorized_revenue, day.authorized_profit, day.ro_count) == (13_465, 9_295, 1)


def test_a_run_has_few_task_instances(stack: Any) -> None:
    (run,) = stack.api.get("/dags/smartmoving/dagRuns")["dag_runs"][:1]
    states = stack.task_states("smartmoving", run["dag_run_id"])
    assert set(states.values()) <= {"success", "skipped"}
    assert 10 <= len(states) <= 40, states


def test_nothing_listens_beyond_loopback(stack: Any) -> None:
    family = psutil.Process(stack.process.pid).children(recursive=True)
    pids = {stack.process.pid, *(child.pid for child in family)}
    listening = [c for c in psutil.net_connections("inet") if c.status == "LISTEN" and c.pid in pids]
    assert len(listening) >= 2, "the API and the sandbox at least"
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "conf",
    [{"batch_size": 0}, {"since": "15/07/2026"}, {"streams": ["customer"]}, {"full": "yes"}, {"max_records": -1}],
    ids=lambda conf: next(iter(conf)),
)
def test_the_form_refuses_a_bad_value_at_the_trigger(stack: Any, conf: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="400"):
        stack.api.post("/dags/smartmoving/dagRuns", {"logical_date": None, "conf": conf})


def test_a_second_run_changes_no_row(stack: Any) -> None:
    # The vendor's world moves with its clock: stop it, let one run take in what moved so far, then nothing may change.
    now = datetime.now(UTC).isoformat()
    control = requests.Session()
    url = f"http://127.0.0.1:{stack.ports['SANDBOX_PORT']}/_control/clock"
    assert control.post(url, json={"now": now}, timeout=10).ok
    assert stack.trigger("smartmoving", {})["state"] == "success"
    before = stack.rows("SELECT max(synced_at) AS at, count(*) AS n FROM crm.truck_journeys")
    run = stack.trigger("smartmoving", {})
    assert run["state"] == "success"
    rows = stack.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (run["dag_run_id"],))
    assert {row.sync_type for row in rows} == {"customers", "opportunities", "jobs"}, "daily lists are not read again"
    assert sum(row.created + row.updated + row.deleted for row in rows) == 0
    assert stack.rows("SELECT max(synced_at) AS at, count(*) AS n FROM crm.truck_journeys") == before


def test_a_dry_run_counts_and_writes_nothing(stack: Any) -> None:
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    before = stack.rows("SELECT count(*) AS n FROM smartmoving.customers")[0].n
    run = stack.trigger("smartmoving", {"since": day, "until": day, "streams": ["customers"], "dry_run": True})
    assert run["state"] == "success"
    (row,) = stack.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (run["dag_run_id"],))
    assert row.created > 5
    assert row.configuration["dry_run"] is True
    assert row.configuration["asked_by"] == "admin"
    assert stack.rows("SELECT count(*) AS n FROM smartmoving.customers")[0].n == before


def test_arrivys_unified_command_tries_a_stream_from_a_day_on(stack: Any) -> None:
    before = stack.rows("SELECT count(*) AS n, max(synced_at) AS at FROM arrivy.tasks")
    run = stack.trigger("arrivy", {"streams": ["tasks"], "since": "2025-01-01", "dry_run": True, "batch_size": 50})
    assert run["state"] == "success"
    (row,) = stack.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (run["dag_run_id"],))
    assert (row.crm_source, row.sync_type, row.status) == ("arrivy", "tasks", "success")
    assert row.records_fetched >= 90
    assert row.records_fetched == row.created + row.updated + row.unchanged + row.stale + row.duplicates
    assert stack.rows("SELECT count(*) AS n, max(synced_at) AS at FROM arrivy.tasks") == before


def test_upkeep_finds_every_source_fresh(stack: Any) -> None:
    run = stack.trigger("warehouse_upkeep", {})
    assert run["state"] == "success", stack.rows("SELECT * FROM ops.findings WHERE severity = 'error'")
    fresh = stack.rows("SELECT DISTINCT source FROM ops.freshness WHERE verdict = 'fresh'")
    assert {row.source for row in fresh} == {"smartmoving", "tekmetric", "fms", "arrivy"}
    kept = stack.rows("SELECT DISTINCT check_name FROM ops.check_results WHERE run_id = %s", (run["dag_run_id"],))
    assert {row.check_name for row in kept} == {"freshness", "reconciliation", "quarantine", "volume"}


def test_the_api_answers_who_is_signed_in_and_nobody_else(stack: Any) -> None:
    url = f"http://127.0.0.1:{stack.ports['AIRFLOW_PORT']}/branchline"
    anonymous = requests.Session().get(f"{url}/account", timeout=30)
    assert (anonymous.status_code, anonymous.headers["Content-Type"]) == (401, "application/problem+json")
    account = stack.api.session.get(f"{url}/account", timeout=30)
    assert account.status_code == 200, account.text
    places = stack.api.session.get(f"{url}/locations", params={"source": "smartmoving", "limit": 1000}, timeout=30)
    known = stack.rows("SELECT location_id FROM core.locations WHERE source = 'smartmoving'")
    assert {row["location_id"] for row in places.json()["items"]} <= {row.location_id for row in known}
    assert len(places.json()["items"]) >= 66
    listed = stack.api.session.get(f"{url}/arrivy/tasks", params={"format": "csv"}, timeout=30)
    assert len(listed.text.splitlines()) > 90


def test_the_pages_in_airflows_navigation_show_every_source(stack: Any) -> None:
    """As Airflow is told of them, and as its frame asks for them."""
    views = [view for plugin in stack.api.get("/plugins")["plugins"] for view in plugin["external_views"]]
    ours = {view["name"]: view for view in views if view["href"].startswith("/branchline/pages/")}
    assert {name for name, view in ours.items() if view["destination"] == "nav"} >= {
        "Sync health",
        "Business",
        "Access",
    }
    host, shown = f"http://127.0.0.1:{stack.ports['AIRFLOW_PORT']}", {}
    (run,) = stack.api.get("/dags/arrivy/dagRuns", limit=1)["dag_runs"]
    for name, view in ours.items():
        href = view["href"].replace("{DAG_ID}", "arrivy").replace("{RUN_ID}", run["dag_run_id"])
        answer = stack.api.session.get(host + href, headers={"Accept": "text/html"}, timeout=60)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        shown[name] = answer.text
    for source in ("smartmoving", "tekmetric", "fms", "arrivy"):
        assert source in shown["Sync health"]
        assert source in shown["Call budget"]
    assert shown["Branches by day"].count('<th scope="row">') == 66
    anonymous = requests.Session().get(host + ours["Business"]["href"], headers={"Accept": "text/html"}, timeout=60)
    assert "/auth/login" in anonymous.history[0].headers["Location"]


def test_fms_is_started_over_http_and_awaited_there(stack: Any) -> None:
    """What the original's curl did, with the caller's token: the run is his, in Airflow and in the history."""
    url = f"http://127.0.0.1:{stack.ports['AIRFLOW_PORT']}"
    asked = {"streams": ["vehicles"]}
    answer = stack.api.session.post(f"{url}/branchline/fms/trigger-sync", json=asked, timeout=30)
    assert answer.status_code == 202, answer.text
    started = answer.json()
    status = _await_status(stack, url + answer.headers["Location"])
    (run,) = status["runs"]
    assert (run["run_id"], run["state"], run["asked_by"]) == (started["run_id"], "success", "admin")
    (stream,) = status["streams"]
    assert (stream["stream"], stream["last_sync"]["status"]) == ("vehicles", "success")
    assert stream["last_sync"]["records_fetched"] > 20
    (row,) = stack.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (started["run_id"],))
    assert (row.sync_type, row.configuration) == ("vehicles", asked | {"asked_by": "admin"})
    logged = stack.api.get("/eventLogs", dag_id="fms", event="trigger_dag_run", limit=10)["event_logs"]
    assert {entry["owner"] for entry in logged} == {"admin"}
    schedule = stack.api.session.get(f"{url}/branchline/fms/sync-status", timeout=30).json()["schedule"]
    assert (schedule["enabled"], schedule["hour"], schedule["minute"]) == (True, 2, 0)
    pinged = stack.api.session.get(f"{url}/branchline/smartmoving/test", timeout=30).json()
    assert [account["ok"] for account in pinged["accounts"]] == [True]


def _await_status(stack: Any, url: str) -> dict[str, Any]:
    end = time.monotonic() + 240
    while time.monotonic() < end:
        status: dict[str, Any] = stack.api.session.get(url, timeout=30).json()
        if not status["is_running"]:
            return status
        time.sleep(1)
    raise TimeoutError(f"{url} did not end")


def test_a_viewer_starts_nothing_over_http(stack: Any) -> None:
    """T80: a token as Airflow gives it to somebody who may look and no more."""
    mine = stack.api.session.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(mine, options={"verify_signature": False}) | {"sub": "eve", "role": "viewer", "jti": "eve's"}
    secret = load_secrets(stack.state.secrets)["AIRFLOW_JWT_SECRET"]
    headers = {"Authorization": "Bearer " + jwt.encode(claims, secret, "HS512", jwt.get_unverified_header(mine))}
    url = f"http://127.0.0.1:{stack.ports['AIRFLOW_PORT']}/branchline"
    before = [run["dag_run_id"] for run in stack.api.get("/dags/fms/dagRuns", limit=100)["dag_runs"]]
    eve = requests.Session()
    eve.trust_env = False
    refused = eve.post(f"{url}/fms/trigger-sync", headers=headers, timeout=30)
    assert (refused.status_code, refused.headers["Content-Type"]) == (403, "application/problem+json"), refused.text
    assert "Airflow does not allow you POST /dags/fms/dagRuns" in refused.json()["detail"]
    status = eve.get(f"{url}/fms/sync-status", headers=headers, timeout=30)
    assert status.status_code == 200, "who may look sees the schedule"
    assert status.json()["streams"] == [], "and nothing of the warehouse, where nobody has mapped her"
    assert [run["dag_run_id"] for run in stack.api.get("/dags/fms/dagRuns", limit=100)["dag_runs"]] == before


def test_a_webhook_changes_a_row_without_waiting_for_the_schedule(stack: Any) -> None:
    """Set up over HTTP, told by the vendor, taken by a run that waiting events start: for two vendors."""
    api = f"http://127.0.0.1:{stack.ports['AIRFLOW_PORT']}/branchline"
    tell = f"http://127.0.0.1:{stack.ports['SANDBOX_PORT']}/_control/tell"
    opportunity = stack.rows("SELECT opportunity_id AS id FROM smartmoving.opportunities WHERE status <> 20 LIMIT 1")[0]
    task = stack.rows("SELECT task_id AS id FROM arrivy.tasks WHERE NOT is_deleted ORDER BY task_id LIMIT 1")[0]
    syncs = "SELECT count(*) AS n FROM ops.sync_history WHERE dag_id IN ('smartmoving', 'arrivy')"
    before = stack.rows(syncs)[0].n
    tokens, vendor = [], requests.Session()
    for source, path, change in (
        ("smartmoving", "/smartmoving-integration/webhooks", {"cancel": opportunity.id}),
        ("arrivy", "/arrivy/webhooks", {"delete": int(task.id)}),
    ):
        told = stack.api.session.post(f"{api}{path}/configure", json={}, timeout=30)
        assert told.status_code == 201, told.text
        url, header = told.json()["url"], told.json()["header"]
        tokens.append(url.rpartition("/")[2])
        assert vendor.post(url, json={}, timeout=30).status_code == 401
        body = {"url": url, "headers": {header["name"]: header["value"]}, "change": [change]}
        posted = vendor.post(tell, params={"source": source}, json=body, timeout=30)
        assert posted.json()["statuses"] == [202], posted.text
    events = "SELECT source, state, why FROM ops.inbox_events"
    end = time.monotonic() + 180
    while any(row.state in {"pending", "taken"} for row in stack.rows(events)) and time.monotonic() < end:
        time.sleep(1)
    assert {(row.source, row.state) for row in stack.rows(events)} == {("smartmoving", "done"), ("arrivy", "done")}
    of_opportunity = "SELECT status FROM smartmoving.opportunities WHERE opportunity_id = %s"
    assert stack.rows(of_opportunity, (opportunity.id,))[0].status == 20
    assert stack.rows("SELECT is_deleted FROM arrivy.tasks WHERE task_id = %s", (task.id,))[0].is_deleted
    assert stack.rows(syncs)[0].n == before, "no sync of the schedule had a part in it"
    (run,) = stack.api.get("/dags/arrivy_inbox/dagRuns")["dag_runs"]
    assert run["run_type"] == "asset_triggered"
    for token in tokens:
        for path in (path for path in stack.state.logs.rglob("*") if path.is_file()):
            assert token not in path.read_text(encoding="utf-8", errors="replace"), path.name


def test_a_backfill_reads_a_day_once_and_equals_an_explicit_window(stack: Any) -> None:
    day = (datetime.now(UTC) - timedelta(days=4)).date()
    begin = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    backfill = stack.api.post(
        "/backfills",
        {
            "dag_id": "smartmoving",
            "from_date": begin.isoformat(),
            "to_date": (begin + timedelta(hours=6)).isoformat(),
            "run_backwards": False,
            "max_active_runs": 1,
            "dag_run_conf": {},
            "reprocess_behavior": "none",
        },
    )
    runs = _await_backfill(stack, backfill["id"])
    assert {run["state"] for run in runs} == {"success"}
    assert len(runs) >= 3
    read = stack.rows(
        "SELECT DISTINCT run_id FROM ops.sync_slices WHERE window_start = %s AND stream = 'customers'", (day,)
    )
    assert len(read) == 1, "one interval holds the day's midnight"
    idle = [run["dag_run_id"] for run in runs if run["dag_run_id"] != read[0].run_id]
    for run_id in idle:
        states = stack.task_states("smartmoving", run_id)
        assert {name: state for name, state in states.items() if state == "success"} == {"begin[-1]": "success"}
    filled = stack.rows(JOURNEYS, (day,))
    assert len(filled) > 5
    run = stack.trigger("smartmoving", {"since": day.isoformat(), "until": day.isoformat()})
    assert run["state"] == "success"
    assert stack.rows(JOURNEYS, (day,)) == filled


def _await_backfill(stack: Any, backfill_id: int) -> list[dict[str, Any]]:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        runs = [
            run
            for run in stack.api.get("/dags/smartmoving/dagRuns", limit=100)["dag_runs"]
            if run["run_type"] == "backfill"
        ]
        if runs and all(run["state"] in {"success", "failed"} for run in runs):
            return runs
        time.sleep(2)
    raise TimeoutError(f"backfill {backfill_id} did not end")


def test_the_sandbox_going_away_makes_the_run_red_and_keeps_the_rows(stack: Any) -> None:
    before = stack.rows("SELECT count(*) AS n FROM smartmoving.customers")[0].n
    sandbox = f"http://127.0.0.1:{stack.ports['SANDBOX_PORT']}"
    rule = {"match": "/api/customers", "action": {"kind": "status", "status": 401}}
    control = requests.Session()
    assert control.post(f"{sandbox}/_control/faults", json=rule, timeout=10).ok
    try:
        run = stack.trigger("smartmoving", {"streams": ["customers"]})
    finally:
        assert control.delete(f"{sandbox}/_control/faults", timeout=10).ok
    assert run["state"] == "failed"
    (row,) = stack.rows("SELECT * FROM ops.sync_history WHERE run_id = %s", (run["dag_run_id"],))
    assert row.status == "failed"
    assert "Retrying cannot clear this" in row.error_message
    assert stack.rows("SELECT count(*) AS n FROM smartmoving.customers")[0].n == before


def test_T83_no_secret_in_logs_or_in_airflows_database(stack: Any) -> None:
    secrets = load_secrets(stack.state.secrets)
    words = {name: value for name, value in secrets.items() if name != "AIRFLOW_ADMIN_PASSWORD"}
    files = [path for path in stack.state.logs.rglob("*") if path.is_file()]
    assert len(files) > 20, "task logs were written"
    for path in [*files, stack.output]:
        text = path.read_text(encoding="utf-8", errors="replace")
        for name, value in words.items():
            assert value not in text, f"{name} stands in {path.name}"
    dump = "\n".join(
        str(row)
        for table in ("sync_history", "sync_slices", "sync_cursors", "quarantine", "api_calls")
        for row in stack.rows(f"SELECT * FROM ops.{table}")
    )
    assert len(dump) > 1000
    for name, value in words.items():
        assert value not in dump, f"{name} stands in ops"


def test_zz_an_interrupt_stops_everything_it_started(stack: Any) -> None:
    family = psutil.Process(stack.process.pid).children(recursive=True)
    assert len(family) > 5
    stack.process.send_signal(2)
    code = stack.process.wait(90)
    assert code == 0, stack.said()[-3000:]
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    answer = subprocess.run(["ss", "-ltn"], capture_output=True, text=True, check=False)
    assert stack.ports["AIRFLOW_PORT"] not in answer.stdout.split()
