"""The steps of one sync, without Airflow: plan a wave, fetch a chunk, merge a wave, close. Tasks call these.

Each step reads what it needs from the ledger, so that any of them can be killed and run again.
"""

from __future__ import annotations

from branchline.sync.closing import close, verify
from branchline.sync.coverage import has_work
from branchline.sync.fetching import fetch
from branchline.sync.merging import merge_wave
from branchline.sync.placing import place
from branchline.sync.planning import Plan, plan_wave, refuse
from branchline.sync.probing import Probe
from branchline.sync.run import Sync
from branchline.sync.uploading import Upload, find_uploads, load_uploads

__all__ = [
    "Plan",
    "Probe",
    "Sync",
    "Upload",
    "close",
    "fetch",
    "find_uploads",
    "has_work",
    "load_uploads",
    "merge_wave",
    "place",
    "plan_wave",
    "refuse",
    "verify",
]
