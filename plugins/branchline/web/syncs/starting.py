"""The starting of a sync: what was asked, as params of the DAG, and the run that Airflow makes of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from fastapi import Request
from pydantic import BaseModel, ConfigDict, create_model

from branchline.errors import Reconfigure
from branchline.params import read_request, sync_params
from branchline.web.as_caller import Airflow, segment
from branchline.web.bodies import document_of
from branchline.web.problems import Problem
from branchline.web.syncs.triggers import Trigger

#: Fields of a form that the original implementation took as query; whether a value is right, the DAG says.
_WORDS: dict[str, Any] = {"board": str, "days_back": int, "limit": int, "shop_id": int, "store_raw": bool}
#: What a route stands for and what contradicts it: who says the one does not mean the other.
_INSTEAD = {"full": ("days_back", "since")}


class Words(BaseModel):
    """The query of a route that starts something. A parameter that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


def words_of(trigger: Trigger) -> type[Words]:
    """The query's parameters: the original implementation's, where the source's form has them."""
    fields: dict[str, Any] = {name: (_WORDS[name] | None, None) for name in trigger.source.form if name in _WORDS}
    return cast("type[Words]", create_model(f"Words{trigger.path.title().replace('/', '')}", __base__=Words, **fields))


def form_of(trigger: Trigger) -> dict[str, Any]:
    """The JSON schema of what may be sent: the DAG's own form, without what the route already says."""
    properties = {
        name: {"description": param.description, "default": param.value, **param.schema}
        for name, param in sync_params(trigger.source).items()
        if not (trigger.streams and name == "streams")
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


async def conf_of(trigger: Trigger, request: Request, words: Words) -> dict[str, Any]:
    """What was asked, as the conf of a run.

    Raises:
        Problem: 413 or 422, a body that is no form; a name that the form does not have; a value twice; values that
            contradict each other.
    """
    asked = words.model_dump(exclude_none=True)
    sent = await document_of(request)
    known = form_of(trigger)["properties"]
    unknown = sorted(set(sent) - set(known))
    if unknown:
        raise Problem(422, f"There is no {', '.join(unknown)} here. There are {', '.join(sorted(known))}.")
    twice = sorted(set(sent) & set(asked))
    if twice:
        raise Problem(422, f"{', '.join(twice)} is in the query and in the body. Say it once.")
    asked |= sent
    stands_for = {
        name: value
        for name, value in trigger.asks.items()
        if not any(asked.get(other) is not None for other in _INSTEAD.get(name, ()))
    }
    conf = stands_for | ({"streams": list(trigger.streams)} if trigger.streams else {}) | asked
    # what is no value of its field at all, Airflow refuses by the form's own schema
    with suppress(ValueError, TypeError, AttributeError):
        try:
            read_request(conf)
        except Reconfigure as refused:
            raise Problem(422, f"{refused.fact[:1].upper()}{refused.fact[1:]}.") from None
    return conf


async def start(airflow: Airflow, trigger: Trigger, conf: dict[str, Any], root: str) -> dict[str, Any]:
    """Start a run of the DAG as the caller.

    Args:
        airflow: its API, as the caller.
        trigger: what is started.
        conf: params of the run.
        root: where this application is mounted, for the addresses in the answer.

    Returns:
        The run's id and state, where its status is told, and what was asked of it by whom.

    Raises:
        Problem: 403, Airflow does not let the caller trigger it; 422, a value that the DAG's form refuses; 404, there
            is no such DAG.
    """
    dag = await airflow.get(f"/dags/{trigger.dag_id}")
    run = await airflow.post(f"/dags/{trigger.dag_id}/dagRuns", {"logical_date": None, "conf": conf})
    run_id = run["dag_run_id"]
    said = "The run is queued; it begins when no other run of the DAG is under way."
    if dag["is_paused"]:
        said = f"The DAG {trigger.dag_id} is paused: the run waits until somebody unpauses it."
    return {
        "dag_id": trigger.dag_id,
        "run_id": run_id,
        "state": run["state"],
        "is_paused": dag["is_paused"],
        "detail": said,
        "status": f"{root}{trigger.status_path}?run_id={segment(run_id)}",
        "asked": conf,
        "asked_by": run["triggering_user_name"],
    }
