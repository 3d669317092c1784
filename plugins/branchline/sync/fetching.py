"""The fetching of one chunk: the step around branchline.fetch."""

from __future__ import annotations

import asyncio
import logging

from branchline.fetch import Progress, fetch_chunk
from branchline.sync.run import Sync
from branchline.transport import Endpoint

log = logging.getLogger(__name__)


def fetch(sync: Sync, endpoint: Endpoint, slice_ids: list[int]) -> Progress:
    """Fetch one chunk and land it.

    Raises:
        BranchlineError: the most hopeful of the slices' errors: one that retrying may clear before one it cannot,
            so that Airflow tries again as long as that can help.
    """
    progress = asyncio.run(
        fetch_chunk(
            sync.conninfo,
            sync.source,
            endpoint,
            slice_ids,
            batch_size=sync.request.batch_size,
            max_records=sync.request.max_records,
        )
    )
    log.info("done: %s", progress.describe())
    if progress.failures:
        raise max(progress.failures.values(), key=lambda error: error.is_transient)
    return progress
