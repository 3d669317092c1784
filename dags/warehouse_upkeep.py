"""Warehouse upkeep: landing partitions ahead, retention of landing and history, rows that a killed run left open.

**Kind:** "now" DAG. Each run does whatever is due; a missed run is made good by the next one.

**Healthy when** `landing` has a partition of today and of the two days after it, and none older than the retention.

**If it fails:** the task's log names the statement. Nothing is lost: without a partition of its own a day's records
land in `landing.records_overflow`, and what is past its retention merely stays longer. Clear the task.

**If left red** for weeks, the disk fills with raw payloads (about 1 KB a record).

Retention: settings `landing_days` (14) and `history_days` (400) of Airflow's section `branchline`, e.g.
`AIRFLOW__BRANCHLINE__LANDING_DAYS=30`. Replay and the recognition of stale observations reach as far back as landing.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, DeadlineAlert, DeadlineReference, SyncCallback
from branchline.alerts import deadline_missed
from branchline.settings import schedule_of
from branchline.tasks import DEFAULT_ARGS, upkeep

with DAG(
    "warehouse_upkeep",
    description="Landing partitions, retention, rows that a killed run left open",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(schedule_of("warehouse_upkeep", "30 0 * * *"), timezone="UTC"),
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
    upkeep()
