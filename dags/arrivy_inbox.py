"""Arrivy inbox: what its webhooks tell of is asked for by id, seconds after it happened.

**Kind:** "now" DAG. It starts when events wait in `ops.inbox_events`, one run for all that wait, and never by the
clock: the triggerer looks every two seconds. Polling by the DAG `arrivy` remains the truth, so an event that never
came is made good by the next sync.

**Healthy when** a run is green: each event that it took is `done` or `ignored`, or waits for a next try.

**If it fails:** a red `settle` says that events were given up after five runs: `ops.inbox_events.why` says why. A red
`verify` names the streams, as in the DAG `arrivy`; their calls are made again by the next run, which the waiting
events start. Events that a killed run had taken are due again after 35 minutes.

**If left red:** rows are as old as the last sync, one hour at most. Nothing is lost.

Each event is about a task: the task is asked for, and then its status history; a deletion is asked for too, and only
the vendor's "not found" makes a tombstone. Readings, crews and bookings send no events.
"""

from airflow.sdk import DAG, chain
from branchline.sources.arrivy import ARRIVY
from branchline.tasks import INBOX_DAG, reconcile, settle_events, take_events, told_wave, verify
from branchline.watching import inbox_of

with DAG(
    "arrivy_inbox",
    description="Tasks that webhooks tell of, asked for by id at once",
    doc_md=__doc__,
    schedule=[inbox_of(ARRIVY)],
    tags=["arrivy", "inbox", "tier-2"],
    **INBOX_DAG,
) as dag:
    taken = take_events(ARRIVY)
    closed = reconcile(ARRIVY)
    chain(
        taken,
        told_wave(ARRIVY, "missing", taken),
        told_wave(ARRIVY, "tracks", taken),
        closed,
        settle_events(ARRIVY),
        verify(closed),
    )
