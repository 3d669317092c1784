"""The planning of a wave: which streams it reads, in which slices, in which chunks, within the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from branchline import calendars, ledger, plan
from branchline.errors import BranchlineError, Reconfigure
from branchline.ledger import SliceSpec
from branchline.limits import Budget, read_budget
from branchline.plan import Place
from branchline.stream import Stream
from branchline.sync.changes import spans_of, spans_of_keys
from branchline.sync.coverage import home_zone, places_of, rolling_days, service_days
from branchline.sync.probing import Probe, honours_location
from branchline.sync.run import Connection, Sync
from branchline.sync.starting import cursor_of, moves_cursor
from branchline.tables import select_text
from branchline.transport import Endpoint
from branchline.warehouse import one

#: A daily stream is due again after this many hours, so that a drifting schedule does not skip a day.
DAILY_HOURS = 20
#: A history row still `running` after this long was left by a killed run: the DAGs' dagrun_timeout. A younger one may
#: be a backfill's, which runs beside the schedule.
ORPHAN_AGE = timedelta(hours=2)
#: Minutes of a credential's rate that one run may spend on ids; what does not fit is due again in the next run.
RUN_MINUTES = 40


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
    unknown = {*sync.request.streams, *sync.request.ids} - names
    if unknown:
        raise Reconfigure(
            "Reading the run's params",
            f"no stream {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}",
        )
    streams = []
    for stream in sync.source.in_wave(wave):
        if sync.request.ids:
            if stream.name in sync.request.ids:
                streams.append(stream)
        elif sync.request.streams:
            if stream.name in sync.request.streams:
                streams.append(stream)
        elif not stream.is_optional and (
            sync.request.full or sync.request.replay or stream.every == "sync" or _is_due(connection, sync, stream)
        ):
            streams.append(stream)
    return streams


def _is_due(connection: Connection, sync: Sync, stream: Stream) -> bool:
    """Whether a daily stream was not read yet today, or is this run's own (a retry).

    A sync of the future was written by a wrong clock; counted, it would hold the stream back until that day (T64). A
    row that was moved from a legacy history is no sync of ours.
    """
    row = one(
        connection,
        "SELECT NOT EXISTS (SELECT FROM ops.sync_history WHERE crm_source = %s AND account = %s AND sync_type = %s "
        "AND status = 'success' AND NOT configuration ?| ARRAY['dry_run', 'migrated_from'] "
        "AND start_time BETWEEN now() - make_interval(hours => %s) AND now() AND run_id <> %s) AS due",
        (sync.source.slug, sync.account.account, stream.name, DAILY_HOURS, sync.run.run_id),
    )
    return bool(row.due)


def refuse(sync: Sync, wave: str, error: BranchlineError) -> None:
    """Write into the history that an account's wave could not be planned, so that the run closes as failed."""
    with sync.connect(f"{wave}.plan") as connection, connection.transaction():
        ledger.register_accounts(connection, [sync.account])
        for stream in sync.source.in_wave(wave):
            named = sync.request.ids or sync.request.streams
            if not named or stream.name in named:
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
            ledger.close_orphans(connection, ORPHAN_AGE, beside=(sync.account, sync.run))
        streams = selected_streams(connection, sync, wave)
        budget = read_budget(
            connection, sync.source.slug, endpoint.account, endpoint.monthly_calls, sync.instant.date()
        )
        planned.notes.append(budget.describe())
        expected = expected_calls(connection, sync)
        for stream in streams:
            specs = (
                []
                if sync.request.replay
                else _specs(connection, sync, stream, endpoint, probe, budget, expected, planned)
            )
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
    planned.notes += _projected(runnable, expected, endpoint)
    names = {row.slice_id: row.stream for row in runnable}
    for chunk in planned.chunks:
        words = ", ".join(dict.fromkeys(names[slice_id] for slice_id in chunk))
        planned.labels.append(f"{sync.account.account} · {words} · {len(chunk)} slices")
    return planned


def _projected(slices: Sequence[Any], expected: Mapping[str, int], endpoint: Endpoint) -> list[str]:
    """How long the calls take at the credential's rate, said before they begin; nothing where there is no rate."""
    if not endpoint.requests_per_minute or not slices:
        return []
    calls = sum(max(row.size, expected.get(row.stream, 1)) for row in slices)
    minutes = calls / endpoint.requests_per_minute
    return [
        f"{calls:,} calls or more at {endpoint.requests_per_minute:g} a minute: {minutes:,.1f} minutes at least; the "
        "connection's extra requests_per_minute says the rate"
    ]


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


def _specs(
    connection: Connection,
    sync: Sync,
    stream: Stream,
    endpoint: Endpoint,
    probe: Probe | None,
    budget: Budget,
    expected: Mapping[str, int],
    planned: Plan,
) -> list[SliceSpec]:
    """The slices of one stream in this run."""
    if sync.request.ids:
        return _named_specs(sync, stream, endpoint, budget, planned)
    if stream.window is None and stream.rolling is None and stream.due is None and stream.changed is None:
        return [plan.whole(stream, "leads" if stream.name == "leads" else "reference")]
    places = places_of(connection, sync)
    if stream.rolling is not None:
        return _rolling_specs(connection, sync, stream, places, planned)
    if stream.changed is not None:
        board = sync.request.board
        if board is not None and board not in stream.boards:
            return []
        spans, notes = spans_of(connection, sync, stream, places)
        planned.notes += notes
        priority = "backfill" if sync.request.is_backfill else "today"
        return plan.changes(stream, places, spans, priority, board=board, moves_cursor=moves_cursor(sync))
    names: dict[str, Any] = {"account": sync.account.account, "stream": stream.name, "now": sync.instant}
    if stream.newer_than is not None:
        due = _due(connection, sync, stream, names)
        keyed, notes = spans_of_keys(connection, sync, stream, due)
        planned.notes += notes
        specs, left_out = plan.newer(
            stream,
            due,
            keyed,
            moves_cursor=moves_cursor(sync),
            calls_each=max(2, expected.get(stream.name, 0)),
            most_calls=_most_calls(sync, stream, endpoint),
        )
        planned.notes += _left(stream, left_out, endpoint)
        return specs
    if not sync.source.has_windows:
        return _due_specs(connection, sync, stream, endpoint, budget, planned, names)
    home = home_zone(places)
    if home is None:
        raise Reconfigure(
            f"Planning {stream.name}",
            "no location has a time zone yet; read the source's locations first, or set core.locations.timezone",
        )
    zones = sorted({place.zone for place in places if place.zone})
    swept = cursor_of(connection, sync, stream, plan.WINDOW) if stream.window is not None else None
    days = service_days(sync, zones, home, swept)
    if not days:
        planned.notes.append(f"{stream.name}: no service day begins in this interval, nothing to read")
        return []
    today = calendars.local_day(sync.instant, home)
    if stream.due is not None:
        names |= {"zone": home, "first_day": days[0], "last_day": days[-1], "only_days": sync.request.is_backfill}
        return _due_specs(connection, sync, stream, endpoint, budget, planned, names)
    by_place = stream.by_location is not None and probe is not None
    by_place = by_place and honours_location(connection, sync, stream, endpoint, probe, days)
    planned.notes.append(
        f"{stream.name}: {'one location at a time' if by_place else 'the whole company at once'}, "
        f"{days[0]} to {days[-1]}"
    )
    mark = plan.cursor_mark(plan.WINDOW, sync.instant, moves_cursor=moves_cursor(sync))
    return plan.sweep(
        stream, days, today, places if by_place else None, mark=mark, is_backfill=sync.request.is_backfill
    )


def _rolling_specs(
    connection: Connection, sync: Sync, stream: Stream, places: Sequence[Place], planned: Plan
) -> list[SliceSpec]:
    """The slices of a rolling window: days of the zone most of the places lie in, of UTC where none has one."""
    assert stream.rolling is not None
    home = home_zone(places) or "UTC"
    cursor = cursor_of(connection, sync, stream, plan.WINDOW)
    days, is_open = rolling_days(sync, stream.rolling, home, cursor)
    if not days:
        planned.notes.append(f"{stream.name}: no day begins in this interval, nothing to read")
        return []
    beyond = ", and all before and after" if is_open else ""
    planned.notes.append(f"{stream.name}: {days[0]} to {days[-1]} ({home}){beyond}")
    mark = plan.cursor_mark(plan.WINDOW, sync.instant, moves_cursor=moves_cursor(sync))
    today = calendars.local_day(sync.instant, home)
    return plan.rolling(stream, days, today, home, mark=mark, is_open=is_open, is_backfill=sync.request.is_backfill)


def _due(connection: Connection, sync: Sync, stream: Stream, names: Mapping[str, Any]) -> list[Any]:
    return connection.execute(select_text(sync.source.slug, str(stream.due)).encode(), names).fetchall()


def _due_specs(
    connection: Connection,
    sync: Sync,
    stream: Stream,
    endpoint: Endpoint,
    budget: Budget,
    planned: Plan,
    names: Mapping[str, Any],
) -> list[SliceSpec]:
    """The slices of a by-id stream: what its due list wants, within the budget and what the rate allows a run."""
    due = _due(connection, sync, stream, names)
    # A list of an id that has pages is read to its empty page.
    calls_each = 2 if stream.paging else 1
    specs, left_out = plan.by_key(stream, due, budget, calls_each, _most_calls(sync, stream, endpoint))
    planned.notes += _left(stream, left_out, endpoint)
    return specs


@dataclass(frozen=True)
class _Named:
    """A record that the run was asked for by name."""

    record_key: str
    reason: str = "named"


def _named_specs(sync: Sync, stream: Stream, endpoint: Endpoint, budget: Budget, planned: Plan) -> list[SliceSpec]:
    """The slices of the records that the run names, whether they are due or not.

    Raises:
        Reconfigure: the stream cannot be asked for by id alone.
    """
    if not stream.is_by_id or "{place}" in stream.path:
        able = [other.name for other in sync.source.streams if other.is_by_id and "{place}" not in other.path]
        raise Reconfigure(
            "Reading the run's params",
            f"{stream.name} is not asked for by an id alone; {', '.join(able) or 'no stream of this source'} can be",
        )
    named = [_Named(key) for key in sync.request.ids[stream.name]]
    calls_each = 2 if stream.paging else 1
    specs, left_out = plan.by_key(stream, named, budget, calls_each, _most_calls(sync, stream, endpoint))
    planned.notes += _left(stream, left_out, endpoint)
    return specs


def _most_calls(sync: Sync, stream: Stream, endpoint: Endpoint) -> int | None:
    """Calls that the credential's rate allows a stream of ids in a run; its wave's other such streams get as many."""
    if not endpoint.requests_per_minute:
        return None
    streams = sum(other.due is not None for other in sync.source.in_wave(stream.wave))
    return int(endpoint.requests_per_minute * RUN_MINUTES / streams)


def _left(stream: Stream, left_out: int, endpoint: Endpoint) -> list[str]:
    if not left_out:
        return []
    rate = endpoint.requests_per_minute
    limit = f"the budget and the rate of {rate:g} calls a minute" if rate else "the budget"
    return [f"{stream.name}: {left_out} due records wait for {limit}"]
