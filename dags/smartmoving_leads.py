"""SmartMoving leads: what the outbox `crm.leads` holds is handed to the vendor, each lead exactly once.

**Kind:** "now" DAG. It works off whatever is due, so a missed run is made good by the next one. Two runs, or two
machines, at the same time share the rows and never send one twice. An empty outbox costs one query.

**Healthy when** `send` is green and `verify` skipped: nothing was refused, and nothing waits longer than an hour.

**If it fails:** a red `send` means a key, a host or a right is wrong; the last sentence of its message says what to
mend, and every lead waits unharmed. A red `verify` counts what a person has to look at: `rejected` are dead letters
of this run, whose `last_error` holds the vendor's words (correct the lead and submit it under a new key); `late` are
leads that are not at the vendor after an hour, of which `unknown` ones wait for a look-up in the Open API.

**If left red:** customers who asked for a quote are not called back. Nothing is lost: rows stay until they are sent.

With `dry_run` the run only says what it would send, with names of fields in place of personal values.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    CronDataIntervalTimetable,
    DeadlineAlert,
    DeadlineReference,
    Param,
    SyncCallback,
    Variable,
    get_current_context,
    task,
)
from branchline.alerts import deadline_missed, in_order
from branchline.settings import schedule_of
from branchline.tasks import ACCOUNTS, DEFAULT_ARGS, warehouse_conninfo


@task.short_circuit
def send() -> dict[str, int]:
    """Send what is due and prove what is in doubt; tells what somebody has to look at, nothing when all is well."""
    from branchline.hooks.smartmoving_leads import send_leads

    context: Any = get_current_context()
    params = context["params"]
    problems = send_leads(
        warehouse_conninfo(),
        Variable.get(ACCOUNTS, deserialize_json=True),
        limit=params["limit"],
        dry_run=params["dry_run"],
        since=context["dag_run"].start_date,
    )
    if not problems:  # `verify` is skipped then
        in_order(context)
    return problems


@task(retries=0)
def verify(problems: dict[str, int]) -> None:
    """Make the run red: leads were refused by the vendor, or are not there after an hour."""
    from branchline.outbox import LeadsLeft

    raise LeadsLeft("Sending leads", ", ".join(f"{count} {kind}" for kind, count in sorted(problems.items())))


with DAG(
    "smartmoving_leads",
    description="Leads of the outbox, handed to SmartMoving exactly once",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(schedule_of("smartmoving_leads", "*/5 * * * *"), timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args=DEFAULT_ARGS | {"execution_timeout": timedelta(minutes=20)},
    params={
        "dry_run": Param(False, type="boolean", title="Dry run", description="Say what would be sent, send nothing."),
        "limit": Param(500, type="integer", minimum=1, maximum=10000, title="Limit", description="Most leads a run."),
    },
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=20),
        callback=SyncCallback(deadline_missed),
        name="twenty minutes",
    ),
    tags=["smartmoving", "write-back", "tier-2"],
) as dag:
    verify(send())
