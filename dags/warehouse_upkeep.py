"""Warehouse upkeep: partitions and retention, whether data is fresh, counts agree and records are readable, and alerts.

**Kind:** "now" DAG. Each run does whatever is due; a missed run is made good by the next one.

**Healthy when** `verify` is green: no stream is older than twice its period, no count is wrong, no vendor has its
records rejected in numbers. Warnings fail nothing: they are in the log of `look`, worst first, each with what to do.
`tell` hands to the channels of the Variable `branchline_alerts` what is new, worse, a day old or over; each cause once.
`landing` has a partition of today and of the two days after it, and none older than the retention.

**If it fails:** a red `verify` comes after everything else is done, and each of its lines names source, stream and
place, the fact and what to do; `docs/runbook.md#outoforder` says more. Now, not as of the last run:
`select * from ops.findings where severity <> 'info'`; also `ops.freshness`, `ops.reconciliation`,
`ops.quarantine_summary` and `ops.volumes`; earlier rounds are in `ops.check_results`. A red `keep` or `look` names the
statement: clear it. A red `tell` names the entry of `branchline_alerts` that is wrong; a channel that fails makes
nothing red. Without a partition of its own a day's records land in `landing.records_overflow`, so nothing is lost.

**If left red:** people read data that is too old, or counts that are wrong. With a red `keep` the disk fills with raw
payloads, about 1 KB a record.

What is expected when, the schedules below say: they are those of the sources' own DAGs. An account that is not
configured, a DAG that is switched off (`FMS_ENABLED=false`) and what people bring in workbooks is never late; a paused
DAG makes a warning. Retention: settings `landing_days` (14) and `history_days` (400) of Airflow's section `branchline`.
Replay and the recognition of stale observations reach as far back as landing.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    CronDataIntervalTimetable,
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
    TriggerRule,
    Variable,
    get_current_context,
    task,
)
from branchline.alerts import deadline_missed, in_order
from branchline.settings import nightly, schedule_of
from branchline.sources.arrivy import ARRIVY
from branchline.sources.fms import FMS, FMS_WORKBOOKS
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tasks import ACCOUNTS, DEFAULT_ARGS, is_paused, tell, upkeep, warehouse_conninfo

NIGHT = nightly("fms", hour=2, minute=0, zone="America/Los_Angeles")
#: When each DAG that reads a source does so; None where it waits for somebody, and nothing is expected.
EXPECTED = {
    "smartmoving": (SMARTMOVING, schedule_of("smartmoving", "0 */2 * * *")),
    "tekmetric": (TEKMETRIC, schedule_of("tekmetric", "*/15 * * * *")),
    "fms": (FMS, NIGHT and NIGHT.expression),
    "fms_workbooks": (FMS_WORKBOOKS, None),
    "arrivy": (ARRIVY, schedule_of("arrivy", "20 * * * *")),
}


@task(trigger_rule=TriggerRule.ALL_DONE)
def look() -> list[str]:
    """Write down what is expected when, count, and tell what is not in order; returns the errors."""
    from branchline import findings
    from branchline.expectations import Declared, expect
    from branchline.ledger import Account, Run
    from branchline.tallies import tally

    context: Any = get_current_context()
    run, warehouse = context["dag_run"], warehouse_conninfo()
    accounts = [
        Account(entry["source"], entry["account"], entry["conn_id"], entry["client"])
        for entry in Variable.get(ACCOUNTS, deserialize_json=True)
    ]
    declared = [Declared(dag_id, source, when, is_paused(dag_id)) for dag_id, (source, when) in EXPECTED.items()]
    expect(warehouse, accounts, declared)
    tally(warehouse, accounts, declared)
    return findings.look(warehouse, accounts, Run(run.dag_id, run.run_id))


@task(retries=0, on_success_callback=in_order)
def verify(errors: list[str]) -> None:
    """Make the run red where an error stands, when housekeeping is done and what was found is kept."""
    from branchline import findings

    findings.verify(errors)


with DAG(
    "warehouse_upkeep",
    description="Partitions and retention; freshness, counts and quarantine, told with what to do",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(schedule_of("warehouse_upkeep", "25 * * * *"), timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args=DEFAULT_ARGS | {"execution_timeout": timedelta(minutes=25)},
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=20),
        callback=SyncCallback(deadline_missed),
        name="twenty minutes",
    ),
    tags=["upkeep", "tier-2"],
) as dag:
    kept, errors, told = upkeep(), look(), tell()
    kept >> errors >> told
    [kept, told] >> verify(errors)
