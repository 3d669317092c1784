"""Settings of the operator, from Airflow's own configuration: section [branchline], or AIRFLOW__BRANCHLINE__NAME.

Read when a DAG file is parsed, without a database call.
"""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import CronDataIntervalTimetable
from airflow.sdk.configuration import conf

SECTION = "branchline"


def schedule_of(source: str, default: str) -> str:
    """The cron expression of a source's sync (setting `<source>_schedule`), in UTC."""
    return str(conf.get(SECTION, f"{source}_schedule", fallback=default))


def nightly(source: str, *, hour: int, minute: int, zone: str) -> CronDataIntervalTimetable | None:
    """When a nightly source's sync runs: settings `<source>_hour`, `<source>_minute`, `<source>_timezone`.

    Returns:
        Its timetable; None where the setting `<source>_enabled` is false: it then runs when somebody triggers it.
    """
    if not conf.getboolean(SECTION, f"{source}_enabled", fallback=True):
        return None
    hour = conf.getint(SECTION, f"{source}_hour", fallback=hour)
    minute = conf.getint(SECTION, f"{source}_minute", fallback=minute)
    timezone = conf.get(SECTION, f"{source}_timezone", fallback=zone)
    return CronDataIntervalTimetable(f"{minute} {hour} * * *", timezone=timezone)


def workbook_folder(source: str) -> Path | None:
    """The folder that people drop a source's workbooks into (setting `<source>_workbooks_folder`); None where unset."""
    folder = conf.get(SECTION, f"{source}_workbooks_folder", fallback="")
    return Path(folder) if folder else None


def days_kept(what: str, default: int) -> int:
    """Days that `history` or `landing` is kept (settings `history_days`, `landing_days`)."""
    return int(conf.getint(SECTION, f"{what}_days", fallback=default))
