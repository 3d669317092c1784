"""Settings of the operator, from Airflow's own configuration: section [branchline], or AIRFLOW__BRANCHLINE__NAME.

Read when a DAG file is parsed, without a database call.
"""

from __future__ import annotations

from airflow.sdk.configuration import conf

SECTION = "branchline"


def schedule_of(source: str, default: str) -> str:
    """The cron expression of a source's sync (setting `<source>_schedule`), in UTC."""
    return str(conf.get(SECTION, f"{source}_schedule", fallback=default))


def days_kept(what: str, default: int) -> int:
    """Days that `history` or `landing` is kept (settings `history_days`, `landing_days`)."""
    return int(conf.getint(SECTION, f"{what}_days", fallback=default))
