"""Arrivy history: what the legacy commands noted of their syncs, moved into `ops.sync_history`.

**Kind:** by hand. It has no schedule; a person triggers it, a step at a time: `check`, `copy`, and when all is well
`retire`. Every step may be run again and then changes nothing. `docs/legacy-arrivy.md` leads through it.

| step | what it does |
|---|---|
| `check` | a dry run: all that `copy` does, with real counts, and nothing of it stays |
| `copy` | each legacy row that can be copied becomes a row of the history, status `success` |
| `roll_back` | takes out what was copied, and gives a retired table its name back |
| `retire` | renames the legacy table, once every row that can be copied is proved to be in the history |

**Healthy when** `move` is green. Its log, and its return value, tell the legacy rows by their word and the stream it
means, those that were left out with the reason, and the history by stream and status before and after.

**If it fails:** nothing was changed, each step is one transaction. The message says what to mend: a missing right
comes with the GRANT to type. `docs/runbook.md#historyatrisk` is for a step that would have left rows nowhere else.

**If left red:** nothing happens. The legacy rows stay where they are, and no sync reads them or what became of them:
a cursor never comes from the history (`docs/decisions/change-cursor.md`).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, DeadlineAlert, DeadlineReference, Param, SyncCallback, Variable, get_current_context, task
from branchline.alerts import deadline_missed, in_order
from branchline.tasks import ACCOUNTS, DEFAULT_ARGS, warehouse_conninfo


@task(on_success_callback=in_order)
def move() -> dict[str, Any]:
    """Do the step that was asked for; tells what it found and did."""
    from branchline.legacy_history import account_of, run_step

    context: Any = get_current_context()
    params = context["params"]
    account = account_of(Variable.get(ACCOUNTS, deserialize_json=True), params["account"])
    return run_step(warehouse_conninfo(), account, params["step"], params["table"])


with DAG(
    "arrivy_history",
    description="The legacy sync history of Arrivy, moved into ops.sync_history, step by step",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args=DEFAULT_ARGS | {"execution_timeout": timedelta(minutes=20)},
    params={
        "step": Param(
            "check",
            type="string",
            enum=["check", "copy", "roll_back", "retire"],
            title="Step",
            description="check is a dry run. copy and roll_back undo each other. retire renames the legacy table.",
        ),
        "table": Param(
            "public.ingestion_arrivy_sync_history",
            type="string",
            pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}\.[A-Za-z_][A-Za-z0-9_]{0,54}$",
            title="Legacy table",
            description="schema.name, in the warehouse's database, by the name it had before it was retired.",
        ),
        "account": Param(
            "arrivy",
            type="string",
            minLength=1,
            title="Account",
            description="Whose history it becomes: an account of Arrivy in the Variable branchline_accounts.",
        ),
    },
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=20),
        callback=SyncCallback(deadline_missed),
        name="twenty minutes",
    ),
    tags=["arrivy", "by-hand", "tier-3"],
) as dag:
    move()
