"""The steps of one sync, without Airflow: plan a wave, fetch a chunk, merge a wave, close. Tasks call these.

Each step reads what it needs from the ledger, so that any of them can be killed and run again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

import psycopg

from branchline import calendars, ledger, plan
from branchline.derive import derive
from branchline.errors import BranchlineError, Incomplete, Reconfigure, TryLater
from branchline.fetch import Progress, fetch_chunk
from branchline.ledger import Account, Run, SliceSpec
from branchline.limits import Budget, read_budget
from branchline.merge import Counts, merge_stream
from branchline.request import Request
from branchline.stream import Source, Stream
from branchline.tables import select_text
from branchline.transport import Endpoint, Transport
from branchline.warehouse import connect, one

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]

#: A probed fact about the vendor is believed for this many seconds.
FACT_SECONDS = 24 * 3600
#: A daily stream is due again after this many hours, so that a drifting schedule does not skip a day.
DAILY_HOURS = 20


class Probe(Protocol):
    """Asks a vendor whether it honours the location parameter of a stream."""

    async def honours_location(self, transport: Transport, stream: Stream, params: Mapping[str, str]) -> bool:
        """True only if it certainly does."""


@dataclass(frozen=True)
class Sync:
    """One account in one run.

    Attributes:
        conninfo: the warehouse, as the loader.
        source: the vendor.
        account: whose data.
        run: the DAG run.
        request: what was asked for.
        instant: the instant the run stands for: its interval's end, or when it was triggered.
        interval: the run's data interval, where it has one.
    """

    conninfo: str = field(repr=False)
    source: Source
    account: Account
    run: Run
    request: Request
    instant: datetime
    interval: tuple[datetime, datetime] | None = None

    def connect(self, step: str) -> Connection:
        """A connection of the loader that sees this client's rows."""
        return connect(self.conninfo, client=self.account.client, name=f"{self.source.slug}.{step}")


@dataclass
class Plan:
    """What a wave has to fetch.

    Attributes:
        chunks: slice ids a mapped task.
        labels: what each chunk is, for people.
        notes: lines for the log: budget, what waits.
    """

    chunks: list[list[int]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def selected_streams(connection: Connection, sync: Sync, wave: str) -> list[Stream]:
    """The streams of a wave that this run reads.

    Raises:
        Reconfigure: the form names a stream that the source does not have.
    """
    names = {stream.name for stream in sync.source.streams}
    unknown = set(sync.request.streams) - names
    if unknown:
        raise Reconfigure(
            "Reading the run's params",
            f"no stream {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}",
        )
    streams = []
    for stream in sync.source.in_wave(wave):
        if sync.request.streams:
            if stream.name in sync.request.streams:
                streams.append(stream)
        elif not stream.is_optional and (
            sync.request.full or sync.request.replay or stream.every == "sync" or _is_due(connection, sync, stream)
        ):
            streams.append(stream)
    return streams


def _is_due(connection: Connection, sync: Sync, stream: Stream) -> bool:
    """Whether a daily stream was not read yet today, or is this run's own (a retry)."""
    row = one(
        connection,
        "SELECT NOT EXISTS (SELECT FROM ops.sync_history WHERE crm_source = %s AND account = %s AND sync_type = %s "
        "AND status = 'success' AND NOT configuration ? 'dry_run' "
        "AND start_time > now() - make_interval(hours => %s) AND run_id <> %s) AS due",
        (sync.source.slug, sync.account.account, stream.name, DAILY_HOURS, sync.run.run_id),
    )
    return bool(row.due)


def has_work(sync: Sync) -> bool:
    """Whether the run has anything to read: only a backfill run may have nothing, when no service day begins in it."""
    if not sync.request.is_backfill or sync.request.since is not None:
        return True
    with sync.connect("begin") as connection:
        places = places_of(connection, sync)
    home = home_zone(places)
    return home is None or bool(service_days(sync, [home], home))


def refuse(sync: Sync, wave: str, error: BranchlineError) -> None:
    """Write into the history that an account's wave could not be planned, so that the run closes as failed."""
    with sync.connect(f"{wave}.plan") as connection, connection.transaction():
        ledger.register_accounts(connection, [sync.account])
        for stream in sync.source.in_wave(wave):
            if not sync.request.streams or stream.name in sync.request.streams:
                sync_id = ledger.open_sync(connection, sync.run, sync.account, stream, sync.request.as_configuration())
                connection.execute(
                    "UPDATE ops.sync_history SET error_message = %s WHERE sync_id = %s", (str(error), sync_id)
                )


def plan_wave(sync: Sync, wave: str, endpoint: Endpoint, probe: Probe | None = None, most_chunks: int = 4) -> Plan:
    """Open the wave's syncs and plan what they have to fetch; planning again finds what is there already.

    Args:
        sync: the account and run.
        wave: phase of the source.
        endpoint: the account's, for its budget and for probing.
        probe: the vendor's hook, where streams may be read by location.
        most_chunks: mapped tasks at most.

    Returns:
        The chunks; none where nothing has to be fetched.

    Raises:
        Reconfigure: a param names what does not exist, or no location has a time zone where days are needed.
    """
    planned = Plan()
    with sync.connect(f"{wave}.plan") as connection:
        with connection.transaction():
            ledger.register_accounts(connection, [sync.account])
            ledger.close_orphans(connection, sync.source.slug, sync.account.account, sync.run)
        streams = selected_streams(connection, sync, wave)
        budget = read_budget(
            connection, sync.source.slug, sync.account.account, endpoint.monthly_calls, sync.instant.date()
        )
        planned.notes.append(budget.describe())
        expected = expected_calls(connection, sync)
        for stream in streams:
            specs = [] if sync.request.replay else _specs(connection, sync, stream, endpoint, probe, budget, planned)
            _, waiting = plan.within_budget(specs, budget, expected)
            if waiting:
                planned.notes.append(f"{stream.name}: {len(waiting)} slices wait for the budget")
            with connection.transaction():
                sync_id = ledger.open_sync(connection, sync.run, sync.account, stream, sync.request.as_configuration())
                ledger.add_slices(connection, sync.run, sync.account, sync_id, specs)
                _defer(connection, sync_id, waiting)
        rows = ledger.open_slices(connection, sync.run, sync.account.account, [stream.name for stream in streams])
    runnable = [row for row in rows if row.state != "deferred" or budget.left(row.priority) != 0]
    planned.chunks = plan.chunks(runnable, expected, most_chunks)
    names = {row.slice_id: row.stream for row in runnable}
    for chunk in planned.chunks:
        words = ", ".join(dict.fromkeys(names[slice_id] for slice_id in chunk))
        planned.labels.append(f"{sync.account.account} · {words} · {len(chunk)} slices")
    return planned


def _defer(connection: Connection, sync_id: int, waiting: Sequence[SliceSpec]) -> None:
    if waiting:
        connection.execute(
            "UPDATE ops.sync_slices SET state = 'deferred', error_message = 'The monthly call budget has no room left "
            "for this class of calls; it waits for the next run' WHERE sync_id = %s AND scope = ANY(%s)",
            (sync_id, [spec.scope for spec in waiting]),
        )


def expected_calls(connection: Connection, sync: Sync) -> dict[str, int]:
    """Calls that a slice of each stream took on average in the last week: what packing and the budget go by."""
    rows = connection.execute(
        "SELECT stream, ceil(avg(api_calls))::integer AS calls FROM ops.sync_slices "
        "WHERE source = %s AND account = %s AND state = 'merged' AND merged_at > now() - interval '7 days' "
        "GROUP BY stream",
        (sync.source.slug, sync.account.account),
    )
    return {row.stream: max(1, row.calls) for row in rows}


def places_of(connection: Connection, sync: Sync) -> list[plan.Place]:
    """The account's mapped locations, those the form names where it names some.

    Raises:
        Reconfigure: the form names a location that does not exist.
    """
    rows = connection.execute(
        "SELECT location_id, external_id, name, timezone, core.normalised_name(name) AS spelt, external_key "
        "FROM core.locations WHERE source = %s AND account = %s AND is_mapped ORDER BY location_id",
        (sync.source.slug, sync.account.account),
    ).fetchall()
    wanted = {word.strip().upper() for word in sync.request.locations}
    if wanted:
        found = [row for row in rows if wanted & {row.spelt, row.external_id.upper(), str(row.external_key).upper()}]
        if not found:
            raise Reconfigure("Reading the run's params", f"no location is called {', '.join(sorted(wanted))}")
        rows = found
    return [plan.Place(row.location_id, row.external_id, row.name or row.external_id, row.timezone) for row in rows]


def home_zone(places: Sequence[plan.Place]) -> str | None:
    """The zone most of the places lie in: the calendar of a call that reads all of them at once."""
    zones = [place.zone for place in places if place.zone]
    return max(sorted(set(zones)), key=zones.count) if zones else None


def service_days(sync: Sync, zones: Sequence[str], home: str) -> list[date]:
    """The service dates that a run covers.

    An explicit since/until covers exactly those; a backfill run the days whose midnight at home lies in its interval
    (so that a day comes once, whatever the schedule); any other run today and tomorrow of every zone.
    """
    request = sync.request
    if request.since is not None:
        until = request.until or max(calendars.visible_days(sync.instant, zones))
        return calendars.days_between(request.since, until)
    if request.is_backfill:
        if sync.interval is None:
            raise Reconfigure("Planning a backfill run", "it has no data interval")
        return calendars.days_beginning_in(*sync.interval, home)
    return calendars.visible_days(sync.instant, zones)


def _specs(
    connection: Connection,
    sync: Sync,
    stream: Stream,
    endpoint: Endpoint,
    probe: Probe | None,
    budget: Budget,
    planned: Plan,
) -> list[SliceSpec]:
    """The slices of one stream in this run."""
    if stream.window is None and stream.due is None:
        return [plan.whole(stream, "leads" if stream.name == "leads" else "reference")]
    places = places_of(connection, sync)
    home = home_zone(places)
    if home is None:
        raise Reconfigure(
            f"Planning {stream.name}",
            "no location has a time zone yet; read the source's locations first, or set core.locations.timezone",
        )
    zones = sorted({place.zone for place in places if place.zone})
    days = service_days(sync, zones, home)
    if not days:
        planned.notes.append(f"{stream.name}: no service day begins in this interval, nothing to read")
        return []
    today = calendars.local_day(sync.instant, home)
    if stream.due is not None:
        due = connection.execute(
            select_text(sync.source.slug, stream.due).encode(),
            {
                "account": sync.account.account,
                "now": sync.instant,
                "zone": home,
                "first_day": days[0],
                "last_day": days[-1],
            },
        ).fetchall()
        specs, left_out = plan.by_key(stream, due, budget)
        if left_out:
            planned.notes.append(f"{stream.name}: {left_out} due records wait for the budget")
        return specs
    by_place = stream.by_location is not None and probe is not None
    by_place = by_place and _honours_location(connection, sync, stream, endpoint, probe, days)
    planned.notes.append(
        f"{stream.name}: {'one location at a time' if by_place else 'the whole company at once'}, "
        f"{days[0]} to {days[-1]}"
    )
    return plan.sweep(stream, days, today, places if by_place else None, is_backfill=sync.request.is_backfill)


def _honours_location(
    connection: Connection,
    sync: Sync,
    stream: Stream,
    endpoint: Endpoint,
    probe: Probe | None,
    days: Sequence[date],
) -> bool:
    """Whether the vendor filters by location: asked once a day, remembered in ops.sync_cursors."""
    assert probe is not None
    assert stream.window is not None
    where = (sync.source.slug, sync.account.account, stream.name, "honours_location")
    fact = ledger.read_fact(connection, *where)
    if fact is not None and fact.age.total_seconds() < FACT_SECONDS:
        return bool(fact.cursor_value)
    params = dict(zip(stream.window, (f"{days[0]:%Y%m%d}", f"{days[-1]:%Y%m%d}"), strict=True))

    async def ask() -> tuple[bool, int]:
        async with Transport(endpoint) as transport:
            return await probe.honours_location(transport, stream, params), transport.calls

    try:
        honoured, calls = asyncio.run(ask())
    except TryLater as error:
        # Sweeping the company whole is right either way; the sweep's own calls will tell how the vendor is.
        log.warning("whether %s filters by location could not be asked now: %s", stream.name, error)
        return bool(fact is not None and fact.cursor_value)
    with connection.transaction():
        ledger.write_fact(connection, *where, honoured)
        connection.execute(
            "INSERT INTO ops.api_calls AS day (source, account, called_on, priority, calls) "
            "VALUES (%s, %s, (now() AT TIME ZONE 'UTC')::date, 'reference', %s) "
            "ON CONFLICT (source, account, called_on, priority) DO UPDATE SET calls = day.calls + excluded.calls",
            (sync.source.slug, sync.account.account, calls),
        )
    return honoured


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


def merge_wave(sync: Sync, wave: str) -> dict[str, Counts]:
    """Merge what a wave has landed, a transaction a stream, then derive what depends on it.

    A stream that fails leaves the others merged.

    Returns:
        Counts a stream.

    Raises:
        BranchlineError: the first stream's error, after the others are done.
    """
    merged: dict[str, Counts] = {}
    failures: list[Exception] = []
    streams = sync.source.in_wave(wave)
    with sync.connect(f"{wave}.merge") as connection:
        running = ledger.running_syncs(connection, sync.run, sync.account.account, [stream.name for stream in streams])
        for stream in streams:
            if stream.name not in running:
                continue
            try:
                merged[stream.name] = _merge_one(connection, sync, stream, running[stream.name])
                log.info("%s: %s", stream.name, _tell(merged[stream.name]))
            except (BranchlineError, psycopg.Error) as error:
                log.exception("%s was not merged, nothing of it was changed", stream.name)
                failures.append(error)
                connection.execute(
                    "UPDATE ops.sync_history SET error_message = %s WHERE sync_id = %s",
                    (str(error)[:4000], running[stream.name]),
                )
        if merged and not sync.request.dry_run:
            for target in sync.source.derived.get(wave, ()):
                written = derive(connection, sync.account, target, next(iter(running.values())))
                log.info("%s: %d created, %d updated", target, written["created"], written["updated"])
    if failures:
        raise failures[0]
    return merged


def _merge_one(connection: Connection, sync: Sync, stream: Stream, sync_id: int) -> Counts:
    request = sync.request
    with connection.transaction() as transaction:
        if request.replay:
            slices = _replayable(connection, sync, stream)
        else:
            slices = ledger.slices_to_merge(connection, sync_id)
        counts = merge_stream(
            connection,
            sync.source,
            stream,
            sync_id=sync_id,
            slices=slices,
            force=request.force_overwrite,
            is_replay=request.replay,
            is_complete=request.max_records is None,
            accept_shrink=stream.name in request.accept_shrink,
        )
        if request.dry_run:
            raise psycopg.Rollback(transaction)
        if not request.replay:
            ledger.mark_merged(connection, slices)
        ledger.add_counts(connection, sync_id, counts)
    if request.dry_run:
        ledger.add_counts(connection, sync_id, counts)
    return counts


def _replayable(connection: Connection, sync: Sync, stream: Stream) -> list[int]:
    """Merged slices of the stream that are still in landing, of the asked windows."""
    rows = connection.execute(
        "SELECT slice_id FROM ops.sync_slices WHERE source = %s AND account = %s AND stream = %s AND state = 'merged' "
        "AND (%s::date IS NULL OR window_start IS NULL OR window_start >= %s) "
        "AND (%s::date IS NULL OR window_start IS NULL OR window_start <= %s) ORDER BY slice_id",
        (
            sync.source.slug,
            sync.account.account,
            stream.name,
            sync.request.since,
            sync.request.since,
            sync.request.until,
            sync.request.until,
        ),
    )
    return [row.slice_id for row in rows]


def _tell(counts: Counts) -> str:
    return (
        f"{counts.fetched:,} fetched = {counts.created:,} created + {counts.updated:,} updated + "
        f"{counts.unchanged:,} unchanged + {counts.stale:,} stale + {counts.quarantined:,} quarantined + "
        f"{counts.duplicates:,} duplicates; {counts.deleted:,} tombstones"
    )


def close(sync: Sync) -> dict[str, str]:
    """Reconcile and close every sync that the run left open.

    Returns:
        Status a stream: success, partial or failed.
    """
    with sync.connect("reconcile") as connection, connection.transaction():
        rows = connection.execute(
            "SELECT sync_id, sync_type, error_message FROM ops.sync_history WHERE dag_id = %s AND run_id = %s "
            "AND account = %s AND status = 'running' ORDER BY sync_id",
            (sync.run.dag_id, sync.run.run_id, sync.account.account),
        ).fetchall()
        connection.execute(
            "UPDATE ops.sync_slices SET verdict = CASE WHEN found.distinct_records = vendor_total THEN 'balanced' "
            "WHEN found.distinct_records < vendor_total THEN 'short' ELSE 'over' END "
            "FROM (SELECT slice_id AS which, count(DISTINCT md5(coalesce(body::text, encode(body_raw, 'hex')))) "
            "AS distinct_records FROM landing.records WHERE slice_id IN ("
            "SELECT slice_id FROM ops.sync_slices WHERE sync_id = ANY(%s) AND vendor_total IS NOT NULL "
            "AND verdict IS NULL) GROUP BY slice_id) AS found WHERE slice_id = found.which",
            ([row.sync_id for row in rows],),
        )
        done = "done" if sync.request.dry_run else "merged"
        return {
            row.sync_type: ledger.close_sync(connection, row.sync_id, row.error_message, done_state=done)
            for row in rows
        }


def verify(statuses: Mapping[str, str]) -> None:
    """Make the DAG run red when a stream is not success.

    Raises:
        Incomplete: naming the streams and their status.
    """
    bad = {name: status for name, status in statuses.items() if status != "success"}
    if bad:
        words = ", ".join(f"{name} {status}" for name, status in sorted(bad.items()))
        raise Incomplete("Closing the run", f"{words}; ops.sync_history.error_message says why")
