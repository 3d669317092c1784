"""The DAG of the write-back, its connections, and the key that is nowhere (T83)."""

from __future__ import annotations

import importlib.util
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from branchline.hooks import smartmoving_leads
from branchline.hooks.smartmoving_leads import leads_conn_id, send_leads

from tests.smartmoving.leads import PROVIDER_KEY, Leads, fault, person, status

# ------------------------------------------------------------------------------------- the key and the person's data


def test_t83_the_provider_key_is_nowhere(
    leads: Leads, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "canary/5f3a+9 &z"
    leads.provider_key = canary
    quoted = "canary%2F5f3a%2B9%20%26z"
    echo = f"No route https://api.example/x?providerKey={quoted}&a=1 for {canary}, canary%2F5f3a%2B9+%26z"
    seen: list[str] = []
    plans: list[tuple[Any, str | None]] = [
        (status(code, body=body), None)
        for code in (200, 302, 400, 401, 404, 409, 429, 500)
        for body in (echo, f"<html>{echo}</html>", json.dumps({"message": echo, "providerKey": canary}))
    ]
    plans += [("reset", None), ("cut", None), ("accept_then_timeout", None), ("gzip_cut", None), ("truncate", None)]
    plans += [({"kind": "redirect", "location": f"http://127.0.0.1:9/?providerKey={quoted}"}, None)]
    plans += [("reset", "http://127.0.0.1:9")]
    with caplog.at_level(logging.DEBUG):
        for number, (action, url) in enumerate(plans):
            leads.control.clear_faults()
            leads.control.faults(fault(action))
            leads.provider_url = url
            leads.submit(f"web-{number}")
            delivery = leads.work()
            seen += [repr(delivery), str(delivery.error), repr(getattr(delivery.error, "__cause__", None))]
    seen += [str(row) for row in leads.warehouse.rows("SELECT to_jsonb(leads) FROM crm.leads", role="admin")]
    seen += [caplog.text, *capsys.readouterr()]
    assert leads.posts >= len(plans)
    for text in seen:
        assert "canary" not in text, text[:3000]
    # Nor does a log hold the person's data.
    assert "555" not in caplog.text.replace(f":{leads.line.vendor.url}", "")
    assert not re.search(r"web-\d+@", caplog.text)


def test_t83_the_key_is_read_from_the_connection(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    def set_connection(name: str, host: str, key: str) -> None:
        value = {"conn_type": "http", "host": host, "password": key, "extra": {"allow_http": False}}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))

    set_connection("SMARTMOVING", leads.line.vendor.smartmoving, "sandbox-smartmoving-key")
    set_connection("SMARTMOVING_LEADS", leads.line.vendor.leads, PROVIDER_KEY)
    entries = [
        {"source": "tekmetric", "account": "tekmetric", "conn_id": "tekmetric", "client": "lgm"},
        {"source": "smartmoving", "account": "smartmoving", "conn_id": "smartmoving", "client": "lgm"},
    ]

    def send() -> dict[str, int]:
        return send_leads(
            leads.warehouse.loader, entries, limit=100, dry_run=False, since=datetime.now(UTC) - timedelta(minutes=1)
        )

    monkeypatch.setattr(smartmoving_leads, "PROVIDER_PER_MINUTE", 6000)
    leads.submit("web-1")
    leads.submit("web-2", person("web-1"))
    assert send() == {}
    assert leads.states() == {"sent": 1, "duplicate": 1}
    calls = dict(
        leads.warehouse.rows("SELECT account, sum(calls)::int FROM ops.api_calls WHERE priority = 'leads' GROUP BY 1")
    )
    assert calls == {"smartmoving_leads": 2, "smartmoving": 1}
    rates = leads.warehouse.rows("SELECT account FROM ops.rate_buckets")
    assert "smartmoving_leads" in {row.account for row in rates}
    # An idle run reads no connection at all.
    monkeypatch.delenv("AIRFLOW_CONN_SMARTMOVING_LEADS")
    leads.warehouse.execute("UPDATE crm.leads SET vendor_lead_id = 'x' WHERE state = 'sent'")
    assert send() == {}
    leads.submit("late")
    leads.warehouse.execute(
        "UPDATE crm.leads SET created_at = now() - interval '2 hours', next_attempt_at = 'infinity' "
        "WHERE idempotency_key = 'late'"
    )
    assert send() == {"late": 1}


# -------------------------------------------------------------------------------------------------------------- the DAG


def test_the_dag_is_small_and_is_no_source() -> None:
    path = Path(__file__).parents[2] / "dags" / "smartmoving_leads.py"
    spec = importlib.util.spec_from_file_location("smartmoving_leads_dag", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    dag = module.dag
    assert dag.dag_id == path.stem
    assert dag.tags == {"smartmoving", "write-back", "tier-2"}
    assert sorted(dag.params) == ["dry_run", "limit"]
    assert sorted(dag.task_dict) == ["send", "verify"]
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    for word in ("Kind", "Healthy when", "If it fails", "If left red"):
        assert f"**{word}" in dag.doc_md


@pytest.mark.parametrize(
    ("entry", "conn_id"),
    [
        ({"account": "smartmoving"}, "smartmoving_leads"),
        ({"account": "smartmoving_eco"}, "smartmoving_leads_eco"),
        ({"account": "eco"}, "smartmoving_leads_eco"),
        ({"account": "smartmoving", "leads_conn_id": "mine"}, "mine"),
    ],
)
def test_which_connection_an_account_sends_by(entry: dict[str, str], conn_id: str) -> None:
    assert leads_conn_id(entry) == conn_id
