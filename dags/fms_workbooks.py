"""FMS's two workbooks, which people fill in: capacity, holidays and rules of lending, and the budgets.

**Kind:** upload. Every hour what is new or changed in the watched folder is loaded (AIRFLOW__BRANCHLINE__ settings:
FMS_WORKBOOKS_FOLDER says where, FMS_WORKBOOKS_SCHEDULE when). To load a file again, trigger it with `path`, its name in
that folder.

**The workbooks** (.xlsx or .xls, without macros, at most 10 MB): the operations workbook has the sheets `ops_capacity`,
`holiday_blackout_dates` and `rules`; the budgets are the first sheet of theirs. Rows are merged by their key, and a row
that is not there changes nothing.

**Healthy when** every sheet of the run is `success` in `ops.sync_history`, or nothing was new and the run ended at its
first task.

**If it fails:** a workbook of another shape is refused whole, the task's log says what is wrong with it, and it is not
tried again until it changes. A bad row is in `ops.quarantine`, with file, sheet and row in its payload and the column
as `field`; the others are loaded.

**If left red:** what was loaded before stays.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, DeadlineAlert, DeadlineReference, SyncCallback, chain
from branchline.alerts import deadline_missed
from branchline.params import upload_params
from branchline.settings import schedule_of
from branchline.sources.fms import FMS_WORKBOOKS
from branchline.tasks import DEFAULT_ARGS, reconcile, upload, verify

with DAG(
    "fms_workbooks",
    description="Capacity, holidays, rules and budgets from the workbooks of a watched folder",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(schedule_of("fms_workbooks", "15 * * * *"), timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    default_args=DEFAULT_ARGS,
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=30),
        callback=SyncCallback(deadline_missed),
        name="half an hour",
    ),
    params=upload_params(FMS_WORKBOOKS),
    tags=["source", "fms", "tier-2"],
) as dag:
    closed = reconcile(FMS_WORKBOOKS)
    chain(upload(FMS_WORKBOOKS), closed, verify(closed))
