"""The placing of a run: addresses that came new are geocoded, and what hangs on their places is derived."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from branchline.derive import derive
from branchline.sync.run import Sync
from branchline.tables import select_text
from branchline.warehouse import one

if TYPE_CHECKING:
    from branchline.geocoding import Outcome, Service

log = logging.getLogger(__name__)

#: Fewer partners with a place than this share of those with an address is worth looking at (the original's target).
LEAST_PLACED = 0.9


def place(sync: Sync, service: Service | None) -> Outcome:
    """Ask for what has no place yet, write the places, and keep how many there are.

    Args:
        sync: the account and run.
        service: the geocoder; None where there is none, so that nothing is asked and what expired is dropped.

    Returns:
        What was asked. A geocoder that fails is no failure of the run.
    """
    from branchline.geocoding import Outcome, geocode  # geopy: no other step has to load it

    slug, names = sync.source.slug, {"client": sync.account.client, "account": sync.account.account}
    outcome = Outcome()
    if sync.request.dry_run:
        return outcome
    with sync.connect("geocode") as connection:
        wanted = connection.execute(select_text(slug, "geocodes.wanted").encode(), names).fetchall()
        if service is None:
            outcome.wanted = len(wanted)
            outcome.stopped = f"there is no connection {sync.account.conn_id}_geocoder"
        else:
            outcome = asyncio.run(geocode(sync.conninfo, slug, sync.account.client, service, wanted))
        (log.warning if outcome.stopped else log.info)("%s", outcome.describe())
        # The terms allow coordinates no longer (section 8); an address that was answered anew has not expired.
        connection.execute(select_text(slug, "geocodes.expire").encode(), names)
        for target in sync.source.derived["places"]:
            written = derive(connection, sync.account, target, None, sync.instant.date())
            log.info("%s: %d updated", target, written["updated"])
        told = one(
            connection,
            select_text(slug, "geocodes.placed"),
            names | {"run_id": sync.run.run_id, "dag_id": sync.run.dag_id},
        )
    if told.checked and told.checked - told.failed < LEAST_PLACED * told.checked:
        log.warning(
            "only %d of %d partners with an address have a place: look at fms.geocodes for what was not found",
            told.checked - told.failed,
            told.checked,
        )
    return outcome
