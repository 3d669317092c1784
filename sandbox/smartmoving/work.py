"""When a job was confirmed, started, finished and closed, as far as the clock has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.smartmoving.model import Job, Status

_WORKED = (Status.COMPLETED, Status.CLOSED)


def stamp(moment: datetime, seed: int) -> str:
    """Write a UTC moment the vendor's ways: with or without Z, with up to seven decimals.

    Section 7 of the contract: the Z may be missing, a naive moment is UTC.

    Args:
        moment: The moment.
        seed: What the form depends on.

    Returns:
        The ISO text.
    """
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if seed % 3 == 0:
        text += f".{seed // 7 % 10_000_000:07d}"
    return text if seed % 4 == 0 else text + "Z"


def times(job: Job, status: int, now: datetime) -> dict[str, str | None]:
    """Tell a job's five moments; all are null for an unworked, unconfirmed job (section 5.3).

    Args:
        job: The job.
        status: Its opportunity's status.
        now: The present moment: nothing lies after it.

    Returns:
        The five fields of BasicJobViewModel.
    """
    empty: dict[str, str | None] = dict.fromkeys(
        ("startTimeUtc", "endTimeUtc", "completedAtUtc", "confirmedAtUtc", "closedAtUtc")
    )
    midnight = datetime(job.day.year, job.day.month, job.day.day, tzinfo=UTC)
    confirmed = midnight - timedelta(days=2) + timedelta(seconds=job.seed % 40_000)
    if status in {Status.BOOKED, *_WORKED} and job.seed % 4 and confirmed <= now:
        empty["confirmedAtUtc"] = stamp(confirmed, job.seed)
    start = midnight + timedelta(hours=12, minutes=job.seed % 240)
    end = start + timedelta(hours=2 + job.seed % 7)
    if status not in _WORKED or end > now:
        return empty
    empty["startTimeUtc"] = stamp(start, job.seed >> 3)
    empty["endTimeUtc"] = stamp(end, job.seed >> 4)
    empty["completedAtUtc"] = stamp(end + timedelta(minutes=20), job.seed >> 5)
    closed = midnight + timedelta(days=2, hours=15)
    if status == Status.CLOSED and closed <= now:
        empty["closedAtUtc"] = stamp(closed, job.seed >> 6)
    return empty
