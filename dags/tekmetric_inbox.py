"""Tekmetric inbox: what its webhooks tell of is asked for by id, seconds after it happened.

**Kind:** "now" DAG. It starts when events wait in `ops.inbox_events`, one run for all that wait, and never by the
clock: the triggerer looks every two seconds. Polling by the DAG `tekmetric` remains the truth, so an event that never
came is made good by the next sync.

**Healthy when** a run is green: each event that it took is `done` or `ignored`, or waits for a next try.

**If it fails:** a red `settle` says that events were given up after five runs: `ops.inbox_events.why` says why. A red
`verify` names the streams, as in the DAG `tekmetric`; their calls are made again by the next run, which the waiting
events start. Events that a killed run had taken are due again after 35 minutes.

**If left red:** rows are as old as the last sync, a quarter of an hour at most. Nothing is lost.

An order's events ask for the order, a payment's for the order that it pays; what names neither is `ignored`. The
figures follow, as after each sync. What only the shop API knows of the order, the next sync brings.
"""

from airflow.sdk import DAG, chain
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tasks import INBOX_DAG, reconcile, settle_events, take_events, told_wave, verify
from branchline.watching import inbox_of

with DAG(
    "tekmetric_inbox",
    description="Repair orders that webhooks tell of, asked for by id at once",
    doc_md=__doc__,
    schedule=[inbox_of(TEKMETRIC)],
    tags=["tekmetric", "inbox", "tier-2"],
    **INBOX_DAG,
) as dag:
    taken = take_events(TEKMETRIC)
    closed = reconcile(TEKMETRIC)
    chain(
        taken,
        told_wave(TEKMETRIC, "changes", taken),
        closed,
        settle_events(TEKMETRIC),
        verify(closed),
    )
