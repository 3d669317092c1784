"""SmartMoving: customers, opportunities, jobs and truck journeys of every branch, every two hours.

**Kind:** "now" DAG. It reads today's and tomorrow's service dates of every branch's own calendar, so a missed run is
made good by the next one; to read other dates, trigger it with `since` and `until`, or backfill it.

**Healthy when** every stream of the run is `success` in `ops.sync_history`, and the second of two runs with nothing
changed at the vendor reports only `unchanged`.

**If it fails:** the red `verify` names the streams; `ops.sync_history.error_message` and the fetch task's log say
why, and the last sentence of the message says whether retrying can help. Clear the failed tasks to resume: slices
that are done are not fetched again.

**If left red:** the warehouse keeps its last good rows; journeys of today and tomorrow grow older by two hours a run.

The waves: `reference` (lists, once a day), `sweep` (customers by service date), `details` (opportunities by id: new,
changed, ended, missing).
"""

from airflow.sdk import DAG, CronDataIntervalTimetable, chain
from branchline.params import sync_params
from branchline.settings import schedule_of
from branchline.sources.smartmoving import SMARTMOVING
from branchline.tasks import SYNC_DAG, begin, reconcile, sync_wave, verify

with DAG(
    "smartmoving",
    description="Customers, opportunities, jobs and truck journeys of every branch",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(schedule_of("smartmoving", "0 */2 * * *"), timezone="UTC"),
    params=sync_params(SMARTMOVING),
    tags=["source", "smartmoving", "tier-1"],
    **SYNC_DAG,
) as dag:
    closed = reconcile(SMARTMOVING)
    chain(
        begin(SMARTMOVING),
        sync_wave(SMARTMOVING, "reference"),
        sync_wave(SMARTMOVING, "sweep"),
        sync_wave(SMARTMOVING, "details"),
        closed,
        verify(closed),
    )
