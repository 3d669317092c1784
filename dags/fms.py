"""DriveShop FMS: five reports every night, partners placed on the map, their preferred days.

**Kind:** "now" DAG. Each report is the complete data set, so a missed night is made good by the next one and there is
nothing to backfill. To load earlier than tonight, trigger it; to leave a report out, name the others in `streams`.

**Healthy when** every stream of the run is `success` in `ops.sync_history`, and the second of two runs on one night
reports only `unchanged` and asks the geocoder nothing.

**If it fails:** the red `verify` names the reports. A report that is empty, cut, HTML or laid out anew is refused
whole: `ops.sync_history.error_message` says what was seen, and the rows of the last good night stay. Single rows that
cannot be read are in `ops.quarantine`. `GuardTripped` means that too many rows would vanish at once: look at the
vendor's system, then trigger with `accept_shrink`.

**If left red:** the warehouse keeps the last good night of each report; the others are tonight's.

The steps: `reports` (the files, merged in this order: vehicles, partners, loans, activities, makes; then preferred days
from tonight's loans), `geocode` (new addresses only; where `fms_geocoder` is no connection, none; never red). When it
runs is set by AIRFLOW__BRANCHLINE__FMS_HOUR, _FMS_MINUTE and _FMS_TIMEZONE; _FMS_ENABLED=false switches it off.
"""

from airflow.sdk import DAG, chain
from branchline.params import sync_params
from branchline.settings import nightly
from branchline.sources.fms import FMS
from branchline.tasks import SYNC_DAG, begin, geocode, reconcile, sync_wave, verify

with DAG(
    "fms",
    description="Vehicles, media partners, loans, activities and approved makes of the press fleet",
    doc_md=__doc__,
    schedule=nightly("fms", hour=2, minute=0, zone="America/Los_Angeles"),
    params=sync_params(FMS),
    tags=["source", "fms", "tier-1"],
    **SYNC_DAG,
) as dag:
    closed = reconcile(FMS)
    chain(
        begin(FMS),
        sync_wave(FMS, "reports"),
        geocode(FMS),
        closed,
        verify(closed),
    )
