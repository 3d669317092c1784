"""Tekmetric: shops, employees, customers, vehicles and repair orders with their lines, every 15 minutes.

**Kind:** "now" DAG. Each stream is read from its own cursor on, less two hours, a shop at a time; a missed run is made
good by the next one. To read other changes, trigger it with `since` and `until`, or backfill it.

**Healthy when** every stream of the run is `success` in `ops.sync_history`, and the second of two runs with nothing
changed at the vendor reports only `unchanged`.

**If it fails:** the red `verify` names the streams; `ops.sync_history.error_message` and the fetch task's log say
why, and the last sentence of the message says whether retrying can help. A shop that is refused leaves the others
green and its stream `partial`: its cursor stays, so that the next run reads what was missed.

**If left red:** the warehouse keeps its last good rows, and the metrics of the days that did load are rebuilt.

The waves: `shops`, `changes` (lists by time of change, and the deleted), `missing` (customers and vehicles that a
repair order names and no list has shown), `shop` (pay, profits and estimates from the shop API, where `tekmetric_shop`
is a connection; without it their columns stay null).
"""

from airflow.sdk import DAG, CronDataIntervalTimetable, chain
from branchline.params import sync_params
from branchline.settings import schedule_of
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tasks import SYNC_DAG, begin, reconcile, sync_wave, verify

with DAG(
    "tekmetric",
    description="Repair orders, customers and vehicles of every shop",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(schedule_of("tekmetric", "*/15 * * * *"), timezone="UTC"),
    params=sync_params(TEKMETRIC),
    tags=["source", "tekmetric", "tier-1"],
    **SYNC_DAG,
) as dag:
    closed = reconcile(TEKMETRIC)
    chain(
        begin(TEKMETRIC),
        sync_wave(TEKMETRIC, "shops"),
        sync_wave(TEKMETRIC, "changes"),
        sync_wave(TEKMETRIC, "missing"),
        sync_wave(TEKMETRIC, "shop"),
        closed,
        verify(closed),
    )
