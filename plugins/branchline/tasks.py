"""The Airflow tasks of a sync: thin, each one step of branchline.sync for every account of the source.

A DAG file puts them together; a task's log begins with what it does and ends with what came of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import (  # type: ignore[attr-defined] # its stub has none
    Asset,
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
    TaskGroup,
    TriggerRule,
    Variable,
    get_current_context,
    task,
)

from branchline.alerts import deadline_missed, in_order, task_failed
from branchline.connections import ACCOUNTS, warehouse_conninfo
from branchline.retries import ByRemedy

if TYPE_CHECKING:
    from airflow.sdk import XComArg

    from branchline.hooks.vendor import VendorHook
    from branchline.stream import Source
    from branchline.sync import Sync

log = logging.getLogger(__name__)

#: What every task of a source's DAG has.
DEFAULT_ARGS: dict[str, Any] = {
    "owner": "branchline",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": ByRemedy(),
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": task_failed,
}

#: What every source's sync DAG has, besides when it runs and what it asks for.
SYNC_DAG: dict[str, Any] = {
    "start_date": datetime(2025, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "max_active_tasks": 8,
    "dagrun_timeout": timedelta(hours=2),
    "default_args": DEFAULT_ARGS,
    "deadline": DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=1),
        callback=SyncCallback(deadline_missed),
        name="one hour",
    ),
}

#: What every inbox DAG has, besides what starts it: the same, within a shorter time.
INBOX_DAG: dict[str, Any] = SYNC_DAG | {
    "dagrun_timeout": timedelta(minutes=30),
    "default_args": DEFAULT_ARGS | {"execution_timeout": timedelta(minutes=20)},
    "deadline": DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=15),
        callback=SyncCallback(deadline_missed),
        name="a quarter of an hour",
    ),
}

#: A step goes on with whatever its predecessors finished: a failed slice must not hold back the others' rows. What
#: failed makes the run red in `verify`.
GO_ON = TriggerRule.ALL_DONE


def sync_wave(source: Source, wave: str) -> TaskGroup:
    """The three tasks of a wave: plan, fetch (mapped over chunks), merge. They work in the source's pool.

    Args:
        source: the vendor.
        wave: phase of the source.
    """
    hook, pool = source.hook, source.slug
    with TaskGroup(wave) as group:
        chunks = _plan.override(task_id="plan", pool=pool, trigger_rule=GO_ON)(hook, wave)
        fetched = _fetch.override(task_id="fetch", pool=pool).partial(hook=hook, wave=wave).expand(chunk=chunks)
        merged = _merge.override(task_id="merge", trigger_rule=GO_ON)(hook, wave)
        chunks >> fetched >> merged
    return group


def told_wave(source: Source, wave: str, taken: XComArg) -> TaskGroup:
    """The three tasks of a wave that asks for the ids that `take_events` found, and for nothing else.

    Args:
        source: the vendor.
        wave: phase of the source; its streams are asked for by id.
        taken: what `take_events` returns.
    """
    hook, pool = source.hook, source.slug
    with TaskGroup(wave) as group:
        chunks = _plan_told.override(task_id="plan", pool=pool, trigger_rule=GO_ON)(hook, wave, taken)  # type: ignore[arg-type]
        fetched = _fetch.override(task_id="fetch", pool=pool).partial(hook=hook, wave=wave).expand(chunk=chunks)
        merged = _merge.override(task_id="merge", trigger_rule=GO_ON)(hook, wave)
        chunks >> fetched >> merged
    return group


def take_events(source: Source) -> XComArg:
    """The task that takes what waits in the source's inbox; the run ends where nothing can be asked for."""
    taken: XComArg = _take_events.override(task_id="take")(source.hook)
    return taken


def settle_events(source: Source) -> XComArg:
    """The task that says what came of the events that the run took."""
    settled: XComArg = _settle_events.override(task_id="settle", trigger_rule=GO_ON)(source.hook)
    return settled


def geocode(source: Source) -> XComArg:
    """The task that finds the places of addresses that came new."""
    placed: XComArg = _geocode.override(task_id="geocode", pool=source.slug, trigger_rule=GO_ON)(source.hook)
    return placed


def upload(source: Source) -> XComArg:
    """The tasks that load what is new in the folder of the source's workbooks; the run ends where nothing is."""
    found: Any = _find_uploads.override(task_id="find")(source.hook)
    loaded: XComArg = _load_uploads.override(task_id="load", pool=source.slug)(source.hook, found)
    return loaded


def asset_of(source: Source) -> Asset:
    """The asset that a source's sync emits and the metrics wait for."""
    return Asset(name=source.slug, uri=f"branchline://warehouse/{source.slug}")


def reconcile(source: Source) -> XComArg:
    """The task that closes the history of the run, whatever failed, and emits the source's asset."""
    closed: XComArg = _reconcile.override(task_id="reconcile", trigger_rule=GO_ON, outlets=[asset_of(source)])(
        source.hook
    )
    return closed


def verify(closed: XComArg) -> XComArg:
    """The task that makes the run red if a stream is not success or a task failed."""
    verified: XComArg = _verify.override(task_id="verify", trigger_rule=GO_ON, retries=0, on_success_callback=in_order)(
        closed
    )
    return verified


def begin(source: Source) -> XComArg:
    """The first task: a backfill run in whose interval no service day begins ends here, the others go on."""
    begun: XComArg = _begin.override(task_id="begin")(source.hook)
    return begun


@task.short_circuit
def _begin(hook: str) -> bool:
    """Whether any account has something to read in this run."""
    from branchline import sync as steps

    work = [steps.has_work(sync) for _, sync in _accounts(hook)]
    if not any(work):
        log.info("no service day begins in this backfill interval: nothing to read")
    return any(work)


@task
def _plan(hook: str, wave: str) -> list[dict[str, Any]]:
    """Open the wave's syncs, plan slices within the budget, pack them into chunks."""
    return _planned(wave, list(_accounts(hook)))


@task
def _plan_told(hook: str, wave: str, taken: dict[str, dict[str, list[str]]] | None) -> list[dict[str, Any]]:
    """Plan the ids that events name; an account of which nothing was told is left out."""
    from branchline.request import Request

    told = []
    for vendor, sync in _accounts(hook):
        names = {stream.name for stream in sync.source.in_wave(wave)}
        ids = {
            stream: tuple(keys)
            for stream, keys in (taken or {}).get(sync.account.account, {}).items()
            if stream in names
        }
        # without ids it would be an ordinary sync
        if ids:
            told.append((vendor, replace(sync, request=Request(ids=ids))))
    return _planned(wave, told)


@task.short_circuit
def _take_events(hook: str) -> dict[str, dict[str, list[str]]]:
    """The ids to ask for, by account and stream; empty where nothing of what waits can be asked for."""
    from branchline import inbox

    taken = {}
    for _, sync in _accounts(hook):
        with sync.connect("inbox.take") as connection:
            wanted = inbox.take(connection, sync.account, sync.run)
        if wanted:
            taken[sync.account.account] = wanted
        told = ", ".join(f"{len(keys)} {stream}" for stream, keys in wanted.items()) or "nothing"
        log.info("%s: to ask for: %s", sync.account.account, told)
    return taken


@task
def _settle_events(hook: str) -> dict[str, int]:
    """Events by what came of them, for `verify`."""
    from collections import Counter

    from branchline import inbox

    settled: Counter[str] = Counter()
    for _, sync in _accounts(hook):
        with sync.connect("inbox.settle") as connection:
            settled.update(inbox.settle(connection, sync.account, sync.run))
    log.info("events: %s", ", ".join(f"{count} {state}" for state, count in settled.items()) or "none")
    inbox.verify(settled)
    return dict(settled)


def _planned(wave: str, accounts: list[tuple[VendorHook, Sync]]) -> list[dict[str, Any]]:
    """The chunks of some accounts' part of a wave."""
    from branchline import sync as steps
    from branchline.errors import BranchlineError

    chunks: list[dict[str, Any]] = []
    failures: list[BranchlineError] = []
    for vendor, sync in accounts:
        speaker = vendor.through(vendor.source.api_of(wave))
        if speaker is None:
            names = ", ".join(stream.name for stream in vendor.source.in_wave(wave))
            log.warning(
                "%s has no connection for this API: %s are not read, and what only they know stays null",
                sync.account.account,
                names,
            )
            continue
        try:
            planned = steps.plan_wave(sync, wave, speaker.endpoint(), _probe(vendor), speaker.chunks())
        except BranchlineError as error:
            log.exception("%s was not planned; the other accounts go on", sync.account.account)
            steps.refuse(sync, wave, error)
            failures.append(error)
            continue
        for note in planned.notes:
            log.info("%s: %s", sync.account.account, note)
        for slices, label in zip(planned.chunks, planned.labels, strict=True):
            chunks.append({"account": sync.account.account, "slices": slices, "label": label})
    log.info("planned: %d chunks, %d slices", len(chunks), sum(len(chunk["slices"]) for chunk in chunks))
    if failures and not chunks:
        raise failures[0]
    return chunks


@task(map_index_template="{{ chunk_label }}")
def _fetch(hook: str, wave: str, chunk: dict[str, Any]) -> str:
    """Fetch and land one chunk; a retry fetches only what is missing."""
    from branchline import sync as steps

    context: Any = get_current_context()
    context["chunk_label"] = chunk["label"]
    log.info("source=%s wave=%s %s", hook.rsplit(".", 1)[-1], wave, chunk["label"])
    for vendor, sync in _accounts(hook):
        if sync.account.account == chunk["account"]:
            speaker = vendor.through(vendor.source.api_of(wave))
            if speaker is not None:
                return steps.fetch(sync, speaker.endpoint(), chunk["slices"]).describe()
    raise LookupError(f"{ACCOUNTS} no longer has the account {chunk['account']}: it was there when the run was planned")


@task
def _merge(hook: str, wave: str) -> dict[str, Any]:
    """Merge what the wave has landed, a transaction a stream, then derive what depends on it."""
    from dataclasses import asdict

    from branchline import sync as steps

    counts: dict[str, Any] = {}
    failures: list[Exception] = []
    for _, sync in _accounts(hook):
        try:
            merged = steps.merge_wave(sync, wave)
        except Exception as error:  # noqa: BLE001 - the next account must not wait for this one's error
            failures.append(error)
            continue
        counts |= {f"{sync.account.account}.{name}": asdict(count) for name, count in merged.items()}
    if failures:
        raise failures[0]
    return counts


@task
def _geocode(hook: str) -> dict[str, int]:
    """Ask the geocoder for what it was not asked yet, and write the places."""
    from branchline import sync as steps
    from branchline.errors import BranchlineError

    found: dict[str, int] = {}
    for vendor, sync in _accounts(hook):
        try:
            service = vendor.geocoder()
        except BranchlineError as error:
            log.warning("%s: %s. Nothing is asked, and the run goes on", sync.account.account, error)
            service = None
        outcome = steps.place(sync, service)
        found |= {f"{sync.account.account}.{status}": count for status, count in outcome.statuses.items()}
    return found


@task.short_circuit
def _find_uploads(hook: str) -> list[dict[str, str]]:
    """The files to load, an entry an account and file; where there is none, what follows is skipped."""
    from branchline import sync as steps
    from branchline.settings import workbook_folder

    found = [
        {"account": sync.account.account, "name": upload.name, "digest": upload.digest}
        for _, sync in _accounts(hook)
        for upload in steps.find_uploads(sync, workbook_folder(sync.source.slug))
    ]
    log.info("to load: %s", ", ".join(entry["name"] for entry in found) or "nothing new")
    return found


@task
def _load_uploads(hook: str, found: list[dict[str, str]]) -> None:
    """Land and merge the files' sheets."""
    from branchline import sync as steps
    from branchline.settings import workbook_folder

    for _, sync in _accounts(hook):
        folder = workbook_folder(sync.source.slug)
        mine = [steps.Upload(one["name"], one["digest"]) for one in found if one["account"] == sync.account.account]
        if mine and folder is not None:
            steps.load_uploads(sync, folder, mine)


@task
def _reconcile(hook: str) -> dict[str, str]:
    """Balance what was fetched against the vendor's totals, close the history, tell the metrics what changed."""
    from branchline import sync as steps

    statuses: dict[str, str] = {}
    for _, sync in _accounts(hook):
        closed = steps.close(sync)
        statuses |= {f"{sync.account.account}.{name}": status for name, status in closed.items()}
    for name, status in sorted(statuses.items()):
        log.info("%s: %s", name, status)
    context: Any = get_current_context()
    for asset in context["task"].outlets:
        context["outlet_events"][asset].extra = {"statuses": statuses}
    return statuses


@task
def _verify(statuses: Any) -> None:
    """Make the run red when a stream is not success or a task failed."""
    from branchline import sync as steps
    from branchline.errors import Incomplete

    context: Any = get_current_context()
    run = context["dag_run"]
    states = context["ti"].get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])
    failed = sorted(
        name for name, state in states.get(run.run_id, {}).items() if str(state) in {"failed", "upstream_failed"}
    )
    steps.verify(statuses or {})
    if failed:
        raise Incomplete("Closing the run", f"failed: {', '.join(failed)}")


def tell() -> XComArg:
    """The task that makes alerts of what was found, and tells what is new, worse, a day old or over."""
    told: XComArg = _tell.override(task_id="tell", trigger_rule=GO_ON)()
    return told


@task
def _tell() -> int:
    """Tell, each cause once to each channel; a channel that fails is tried again in the next round."""
    from branchline.alerts import round_of_telling

    return round_of_telling()


def upkeep() -> XComArg:
    """The task of one round of upkeep, with the retention that the settings say."""
    kept: XComArg = _upkeep.override(task_id="keep")()
    return kept


@task
def _upkeep() -> dict[str, int]:
    """Make partitions ahead, drop what is past its retention, close what a killed run left open."""
    from branchline.settings import days_kept
    from branchline.upkeep import keep

    done = keep(warehouse_conninfo(), landing_days=days_kept("landing", 14), history_days=days_kept("history", 400))
    log.info("upkeep: %s", ", ".join(f"{name} {count}" for name, count in done.items()))
    return done


def _accounts(hook: str) -> Iterator[tuple[VendorHook, Sync]]:
    """Every account of the source with its hook and its part of this run."""
    from branchline.ledger import Account, Run
    from branchline.params import read_request
    from branchline.sync import Sync

    context: Any = get_current_context()
    run = context["dag_run"]
    module, _, name = hook.rpartition(".")
    cls: type[VendorHook] = getattr(import_module(module), name)
    kind = getattr(run.run_type, "value", run.run_type)
    request = read_request(context["params"], is_backfill=kind == "backfill", asked_by=run.triggering_user_name)
    start, end = run.data_interval_start, run.data_interval_end
    has_interval = start is not None and end is not None and start < end
    # A scheduled run stands for the end of its interval, a triggered one for the moment it was triggered; a backfill
    # reads past days, but as the vendor has them when it runs.
    instant: datetime = run.run_after
    if kind == "scheduled" and has_interval:
        instant = end
    elif kind == "backfill" and run.start_date is not None:
        instant = run.start_date
    found = False
    for entry in Variable.get(ACCOUNTS, deserialize_json=True):
        if entry["source"] != cls.source.slug:
            continue
        found = True
        account = Account(entry["source"], entry["account"], entry["conn_id"], entry["client"])
        vendor = cls(account.conn_id, account.account)
        yield (
            vendor,
            Sync(
                conninfo=warehouse_conninfo(),
                source=cls.source,
                account=account,
                run=Run(run.dag_id, run.run_id),
                request=request,
                instant=instant,
                interval=(start, end) if has_interval else None,
            ),
        )
    if not found:
        raise LookupError(f"the Variable {ACCOUNTS} names no account of {cls.source.slug}: add one, see README")


def _probe(vendor: VendorHook) -> Any:
    return vendor if hasattr(vendor, "honours_location") else None


def is_paused(dag_id: str) -> bool:
    """Whether somebody has paused that DAG; where Airflow cannot tell, its data is late like any other."""
    context: Any = get_current_context()
    try:
        return bool(context["ti"].get_dag(dag_id).is_paused)
    except Exception:  # noqa: BLE001 - a DAG that is gone, the API: how old the data is must be told nevertheless
        log.warning("Airflow does not tell whether %s is paused: it is taken for running", dag_id)
        return False
