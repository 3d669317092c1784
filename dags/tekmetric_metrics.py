"""Tekmetric metrics: snapshots of repair orders, and the daily figures of shops and technicians made from them.

**Kind:** "now" DAG. It starts when a sync of `tekmetric` has ended and makes anew exactly the days of which an order
changed since its own last run; a missed run is made good by the next one. To make past days anew, trigger it with
`since` and `until`.

**Healthy when** `verify` is green and a second run with nothing changed reports no row created, updated or removed.

**If it fails:** a red `rebuild` has changed nothing: everything of an account is one transaction, so the figures are
those of the last good run. Its log names the statement; clear the task. A red `verify` comes after the figures are
published and says which of them are wrong or missing: the check, how many records break it, one of them, and what to
do; `docs/runbook.md#checksfailed` says more. It stays red until that is mended. What only has to be looked at
(`warning`, `info`) is in the log of `rebuild` and in `ops.check_results`, with up to ten records each, and fails
nothing.

**If left red:** with a red `rebuild`, `tekmetric.daily_shop_metrics` and `tekmetric.tech_daily_metrics` grow older by a
sync's interval a run, and say so in `updated_at`. With a red `verify` people read figures that are not right.

What a figure means, its comment says: `posted` is status 5 or 6 on the day of the shop's own calendar. Pay of a
technician that nobody knows: setting `tekmetric_default_rate` of Airflow's section `branchline`, in cents an hour; not
set, the cost of such labor is not known, and neither is the profit by lines. Changing it makes all days anew.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, DeadlineAlert, DeadlineReference, Param, SyncCallback, Variable, get_current_context, task
from airflow.sdk.configuration import conf
from branchline.alerts import deadline_missed, in_order
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tasks import ACCOUNTS, DEFAULT_ARGS, asset_of, warehouse_conninfo

if TYPE_CHECKING:
    from branchline.ledger import Account


def accounts(entries: list[dict[str, str]]) -> list[Account]:
    """The source's accounts among those that the Variable names."""
    from branchline.ledger import Account

    return [
        Account(entry["source"], entry["account"], entry["conn_id"], entry["client"])
        for entry in entries
        if entry["source"] == TEKMETRIC.slug
    ]


@task
def rebuild() -> dict[str, str]:
    """Make anew what changed, or the days that were asked for; tells what was done, an account."""
    from branchline.ledger import Run
    from branchline.metrics import Scope, rebuild_all

    context: Any = get_current_context()
    params, run = context["params"], context["dag_run"]
    rate = conf.get("branchline", "tekmetric_default_rate", fallback="")
    return rebuild_all(
        warehouse_conninfo(),
        accounts(Variable.get(ACCOUNTS, deserialize_json=True)),
        Scope(
            first=date.fromisoformat(params["since"]) if params["since"] else None,
            last=date.fromisoformat(params["until"]) if params["until"] else None,
            manual=tuple(params["orders"]),
            default_rate=int(rate) if rate else None,
            new_rates=params["new_rates"],
        ),
        Run(run.dag_id, run.run_id),
    )


@task(retries=0, on_success_callback=in_order)
def verify(_rebuilt: dict[str, str]) -> None:
    """Make the run red where an error stands, when the figures are published and what was found is kept."""
    from branchline import checks

    checks.verify(warehouse_conninfo(), accounts(Variable.get(ACCOUNTS, deserialize_json=True)))


def day(title: str, description: str) -> Param:
    """A day of the form, empty by default."""
    return Param(None, type=["null", "string"], format="date", title=title, description=description)


with DAG(
    "tekmetric_metrics",
    description="Snapshots of repair orders, daily figures of shops and technicians",
    doc_md=__doc__,
    schedule=[asset_of(TEKMETRIC)],
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    default_args=DEFAULT_ARGS | {"execution_timeout": timedelta(minutes=45)},
    params={
        "since": day("Since", "First day to make anew, by the shops' own calendars. Empty: what changed."),
        "until": day("Until", "Last such day, included. Empty with since: up to the last one there is."),
        "orders": Param(
            [],
            type="array",
            items={"type": "integer"},
            title="Orders",
            description="The vendor's ids of orders to take a manual snapshot of, whatever their status.",
        ),
        "new_rates": Param(
            False,
            type="boolean",
            title="New rates",
            description="With since: take today's pay of technicians, not the one that an order was counted with.",
        ),
    },
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=30),
        callback=SyncCallback(deadline_missed),
        name="half an hour",
    ),
    tags=["tekmetric", "metrics", "tier-2"],
) as dag:
    verify(rebuild())
