"""Tekmetric metrics: snapshots of repair orders, and the daily figures of shops and technicians made from them.

**Kind:** "now" DAG. It starts when a sync of `tekmetric` has ended and makes anew exactly the days of which an order
changed since its own last run; a missed run is made good by the next one. To make past days anew, trigger it with
`since` and `until`.

**Healthy when** a second run with nothing changed reports no row created, updated or removed, and the newest rows of
`ops.check_results` with severity `error` have `failed` = 0.

**If it fails:** everything of an account is one transaction, so the figures are those of the last good run. The task's
log names the statement; clear the task. What the checks found does not fail the run: it is in the log and in
`ops.check_results`, with up to ten records each. `no_time_zone` means that a shop's `core.locations.timezone` is not
set: its orders are counted on no day until somebody sets it.

**If left red:** `tekmetric.daily_shop_metrics` and `tekmetric.tech_daily_metrics` grow older by a sync's interval a
run, and say so in `updated_at`.

What a figure means, its comment says: `posted` is status 5 or 6 on the day of the shop's own calendar. Pay of a
technician that nobody knows: setting `tekmetric_default_rate` of Airflow's section `branchline`, in cents an hour; not
set, the cost of such labor is not known, and neither is the profit by lines. Changing it makes all days anew.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, DeadlineAlert, DeadlineReference, Param, SyncCallback, Variable, get_current_context, task
from airflow.sdk.configuration import conf
from branchline.alerts import deadline_missed
from branchline.sources.tekmetric import TEKMETRIC
from branchline.tasks import ACCOUNTS, DEFAULT_ARGS, asset_of, warehouse_conninfo


@task
def rebuild() -> dict[str, str]:
    """Make anew what changed, or the days that were asked for; tells what was done, an account."""
    from branchline.ledger import Account, Run
    from branchline.metrics import Scope, rebuild_all

    context: Any = get_current_context()
    params, run = context["params"], context["dag_run"]
    rate = conf.get("branchline", "tekmetric_default_rate", fallback="")
    return rebuild_all(
        warehouse_conninfo(),
        [
            Account(entry["source"], entry["account"], entry["conn_id"], entry["client"])
            for entry in Variable.get(ACCOUNTS, deserialize_json=True)
            if entry["source"] == TEKMETRIC.slug
        ],
        Scope(
            first=date.fromisoformat(params["since"]) if params["since"] else None,
            last=date.fromisoformat(params["until"]) if params["until"] else None,
            manual=tuple(params["orders"]),
            default_rate=int(rate) if rate else None,
            new_rates=params["new_rates"],
        ),
        Run(run.dag_id, run.run_id),
    )


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
    rebuild()
