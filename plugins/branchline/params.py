"""The form of every source's DAG: one JSON schema, its help, and how a run's values are read.

A value that the schema or its combination refuses stops the run at the trigger or at its first task; it never
becomes a silent full sync.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from airflow.sdk import Param

from branchline.errors import Reconfigure
from branchline.request import Request
from branchline.stream import Source

#: Names that some source's form has beyond everybody's: words of the original implementations and their choices.
EXTRA = frozenset({"board", "days_back", "limit", "path", "shop_id", "store_raw"})
#: Names that a run's conf may use: the fields of Request but those that Airflow tells.
FIELDS = frozenset(field.name for field in fields(Request)) - {"is_backfill", "asked_by"} | EXTRA


def sync_params(source: Source) -> dict[str, Param]:
    """The form of a source's sync DAG.

    Args:
        source: its streams are the choices of `streams` and `accept_shrink`.

    Returns:
        Params in the order of the form.
    """
    streams = sorted(stream.name for stream in source.streams)
    return _everybodys(streams) | {name: _extra(source)[name] for name in source.form}


def upload_params(source: Source) -> dict[str, Param]:
    """The form of a DAG that loads files which people filled in: which file, and whether to try it only."""
    everybodys = _everybodys([stream.name for stream in source.streams])
    return {name: _extra(source)[name] for name in source.form} | {
        name: everybodys[name] for name in ("dry_run", "force_overwrite")
    }


def _extra(source: Source) -> dict[str, Param]:
    """The fields of EXTRA."""
    boards = sorted({board for stream in source.streams for board in stream.boards})
    return {
        "board": Param(
            "ALL",
            type="string",
            enum=["ALL", *boards],
            title="Board",
            description="Read only repair orders of this board. ALL reads every one and moves the cursor.",
        ),
        "days_back": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=3650,
            title="Days back",
            description="Read the changes of so many days before now. Empty: since the cursor. Not with full or since.",
        ),
        "limit": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Limit",
            description="The original implementation's word for max_records.",
        ),
        "path": Param(
            None,
            type=["null", "string"],
            minLength=1,
            title="Workbook",
            description="A file of the watched folder, to be loaded whatever was loaded before. Empty: what is new.",
        ),
        "shop_id": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Shop",
            description="Read this shop alone: the vendor's id, as one of `locations`.",
        ),
        "store_raw": Param(
            True,
            type="boolean",
            title="Store raw",
            description="Keep what was landed until its retention, for a replay. Off: dropped as soon as it is merged.",
        ),
    }


def _everybodys(streams: list[str]) -> dict[str, Param]:
    return {
        "full": Param(
            False,
            type="boolean",
            title="Full",
            description="Read everything, the daily reference lists too, whatever was read before. Not with since.",
        ),
        "since": _day("Since", "First date to read, included. Empty: what is due, as the DAG's description says."),
        "until": _day(
            "Until", "Last date to read, included. Empty with since: up to now, or to tomorrow's service date."
        ),
        "streams": _choices(streams, "Streams", "Read only these, now. Empty: all that are due."),
        "locations": Param(
            [],
            type="array",
            items={"type": "string", "minLength": 1},
            title="Locations",
            description="Names, vendor ids or external keys. Empty: all. Where the vendor cannot filter by location, "
            "the company is read whole and this changes nothing.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Fetch, type and count as ever, then leave every warehouse row as it was.",
        ),
        "force_overwrite": Param(
            False,
            type="boolean",
            title="Force overwrite",
            description="Read from the beginning, and rewrite rows that did not change, too. Never deletes first.",
        ),
        "batch_size": Param(
            1000, type="integer", minimum=1, maximum=10000, title="Batch size", description="Records a COPY."
        ),
        "max_records": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Most records",
            description="Stop a window after about so many records. Absence from it then means nothing.",
        ),
        "replay": Param(
            False,
            type="boolean",
            title="Replay",
            description="Merge again what landing still holds, newest record a key. No call to the vendor.",
        ),
        "accept_shrink": _choices(
            streams,
            "Accept shrink",
            "Streams whose loss somebody has looked at: their guards are off for this run, which records who asked.",
        ),
    }


def _day(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], format="date", title=title, description=description)


def _choices(values: list[str], title: str, description: str) -> Param:
    return Param(
        [],
        type="array",
        items={"type": "string", "enum": values},
        examples=values,
        uniqueItems=True,
        title=title,
        description=description,
    )


def read_request(params: Mapping[str, Any], *, is_backfill: bool = False, asked_by: str | None = None) -> Request:
    """The form's values as a Request.

    Args:
        params: the run's, already checked against the schema by Airflow.
        is_backfill: whether the run belongs to an Airflow backfill.
        asked_by: who triggered the run.

    Raises:
        Reconfigure: a name that the form does not have (a typo must not become an ordinary sync), or values that
            contradict each other.
    """
    unknown = set(params) - FIELDS
    if unknown:
        raise Reconfigure(
            "Reading the run's params",
            f"there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(FIELDS))}",
        )
    shop, limit, board = params.get("shop_id"), params.get("limit"), params.get("board")
    if limit and params.get("max_records"):
        raise Reconfigure("Reading the run's params", "limit and max_records are the same; give one of them")
    return Request(
        full=bool(params.get("full")),
        since=_date(params.get("since")),
        until=_date(params.get("until")),
        streams=tuple(params.get("streams") or ()),
        locations=(*(params.get("locations") or ()), *([str(shop)] if shop else [])),
        dry_run=bool(params.get("dry_run")),
        force_overwrite=bool(params.get("force_overwrite")),
        batch_size=int(params.get("batch_size") or 1000),
        max_records=params.get("max_records") or limit,
        replay=bool(params.get("replay")),
        accept_shrink=tuple(params.get("accept_shrink") or ()),
        days_back=params.get("days_back"),
        board=None if board in {None, "ALL"} else str(board),
        ids=_ids(params.get("ids") or {}),
        path=params.get("path"),
        store_raw=params.get("store_raw") is not False,
        is_backfill=is_backfill,
        asked_by=asked_by,
    )


def _ids(value: Any) -> dict[str, tuple[str, ...]]:
    """Ids by stream; a stream without one would be read as usual, so it is refused."""
    if not isinstance(value, Mapping) or not all(isinstance(keys, list | tuple) and keys for keys in value.values()):
        raise Reconfigure("Reading the run's params", "ids is an object of streams, each with a list of ids")
    return {str(stream): tuple(dict.fromkeys(map(str, keys))) for stream, keys in value.items()}


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
