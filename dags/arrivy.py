"""Arrivy: crews, groups, tasks with their status histories and where the crews were, once an hour.

**Kind:** "now" DAG. Scheduled tasks are read from a week before today to thirty days after it, from the week before the
last complete read where that is longer ago, and all of them where nothing was read yet; unscheduled tasks and tasks
without date and time are read whole. To read other days, trigger it with `since` and `until`, or backfill it.

**Healthy when** every stream of the run is `success` in `ops.sync_history`, and the second of two runs with nothing
changed at the vendor reports only `unchanged`.

**If it fails:** the red `verify` names the streams; `ops.sync_history.error_message` and the fetch task's log say
why, and the last sentence of the message says whether retrying can help. What was landed is not fetched again.

**If left red:** the warehouse keeps its last good rows. The next complete read begins where the last one ended;
readings go on from each crew member's own last one.

The waves: `groups` (groups and status definitions), `lists` (entities, tasks and, once a day, customers, crews and
bookings), `missing` (what a complete list no longer shows, asked for by id: only a 404 is a deletion), `tracks` (status
histories of tasks that changed or are near, readings of active crew members). Arrivy documents no rate: 30 calls a
minute unless the connection's extra `requests_per_minute` says otherwise; each wave's plan says how long that takes.

As the original implementation's command:
`airflow dags trigger arrivy --conf '{"streams": ["tasks"], "since": "2025-01-01", "dry_run": true, "batch_size": 50}'`
"""

from airflow.sdk import DAG, CronDataIntervalTimetable, chain
from branchline.params import sync_params
from branchline.settings import schedule_of
from branchline.sources.arrivy import ARRIVY
from branchline.tasks import SYNC_DAG, begin, reconcile, sync_wave, verify

with DAG(
    "arrivy",
    description="Crews, tasks, their statuses and where the crews were",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(schedule_of("arrivy", "20 * * * *"), timezone="UTC"),
    params=sync_params(ARRIVY),
    tags=["source", "arrivy", "tier-1"],
    **SYNC_DAG,
) as dag:
    closed = reconcile(ARRIVY)
    chain(
        begin(ARRIVY),
        sync_wave(ARRIVY, "groups"),
        sync_wave(ARRIVY, "lists"),
        sync_wave(ARRIVY, "missing"),
        sync_wave(ARRIVY, "tracks"),
        closed,
        verify(closed),
    )
