"""SmartMoving inbox: what its webhooks tell of is asked for by id, seconds after it happened.

**Kind:** "now" DAG. It starts when events wait in `ops.inbox_events`, one run for all that wait, and never by the
clock: the triggerer looks every two seconds. Polling by the DAG `smartmoving` remains the truth, so an event that
never came is made good by the next sync.

**Healthy when** a run is green: each event that it took is `done` or `ignored`, or waits for a next try.

**If it fails:** a red `settle` says that events were given up after five runs: `ops.inbox_events.why` says why. A red
`verify` names the streams, as in the DAG `smartmoving`; their calls are made again by the next run, which the waiting
events start. Events that a killed run had taken are due again after 35 minutes.

**If left red:** rows are as old as the last sync, two hours at most. Nothing is lost.

An opportunity's events ask for the opportunity, a job's for its opportunity and the jobs of that; a deletion is asked
for too, and only the vendor's "not found" makes a tombstone. A job whose opportunity is not known yet, a customer and
a follow-up are `ignored`: the next sweep reads the first two, nothing reads the third.
"""

from airflow.sdk import DAG, chain
from branchline.sources.smartmoving import SMARTMOVING
from branchline.tasks import INBOX_DAG, reconcile, settle_events, take_events, told_wave, verify
from branchline.watching import inbox_of

with DAG(
    "smartmoving_inbox",
    description="Opportunities and jobs that webhooks tell of, asked for by id at once",
    doc_md=__doc__,
    schedule=[inbox_of(SMARTMOVING)],
    tags=["smartmoving", "inbox", "tier-2"],
    **INBOX_DAG,
) as dag:
    taken = take_events(SMARTMOVING)
    closed = reconcile(SMARTMOVING)
    chain(
        taken,
        told_wave(SMARTMOVING, "details", taken),
        closed,
        settle_events(SMARTMOVING),
        verify(closed),
    )
