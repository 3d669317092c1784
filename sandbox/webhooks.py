"""What a vendor tells by webhook of a change of its world, in its own words, and the delivery of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout

from sandbox.commands import Command

Event = dict[str, Any]
_HOSTS = frozenset({"127.0.0.1", "localhost"})
_LONGEST = ClientTimeout(total=30)
_numbers = itertools.count(1)


def events_of(source: str, command: Command, told: Mapping[str, Any]) -> list[Event]:
    """What the vendor sends when a command has been carried out.

    Args:
        source: Which vendor.
        command: What was done.
        told: What the control endpoint said of it: the ids.

    Returns:
        The bodies, none for what the vendor tells nothing of.

    Raises:
        ValueError: The vendor sends no webhooks.
    """
    if source not in _SAYS:
        raise ValueError(f"{source!r} sends no webhooks; {sorted(_SAYS)} do")
    return list(_SAYS[source](command, told))


async def deliver(url: str, headers: Mapping[str, str], events: Sequence[Event]) -> list[int]:
    """Post events one after another, as the vendors do.

    Returns:
        The statuses of the answers.

    Raises:
        ValueError: The address is another machine's.
    """
    if urlsplit(url).hostname not in _HOSTS:
        raise ValueError(f"{url!r} is not on this machine")
    statuses = []
    async with ClientSession(timeout=_LONGEST, headers=dict(headers)) as session:
        for event in events:
            async with session.post(url, json=event) as answer:
                await answer.read()
                statuses.append(answer.status)
            await asyncio.sleep(0)
    return statuses


def _smartmoving(command: Command, told: Mapping[str, Any]) -> Iterator[Event]:
    """Ids alone, keys with hyphens, no id of the event (contract, section 10)."""
    kinds = {
        "cancelled": "opportunity-status-changed",
        "rescheduled": "opportunity-changed",
        "deleted": "opportunity-deleted",
    }
    for word, kind in kinds.items():
        if word in told:
            yield {"event-type": kind, "opportunity-id": told[word]}
    if "opportunity" in command.get("set", {}):
        yield {"event-type": "opportunity-changed", "opportunity-id": told["set"]}
    for key in told.get("opportunities", ()):
        yield {"event-type": "opportunity-created", "opportunity-id": key}


def _arrivy(command: Command, told: Mapping[str, Any]) -> Iterator[Event]:
    """UPPERCASE keys, each event with an id of its own (contract, section 8)."""
    kinds = {
        "delete": "TASK_DELETED",
        "status": "TASK_STATUS",
        "reschedule": "TASK_RESCHEDULED",
        "reassigned": "CREW_ASSIGNED",
        "changed": "TASK_UPDATED",
        "inserted": "TASK_CREATED",
        "set": "TASK_UPDATED",
    }
    for word, kind in kinds.items():
        keys = told.get(word, [])
        for key in keys if isinstance(keys, list) else [keys]:
            event = {"EVENT_ID": next(_numbers), "EVENT_TYPE": kind, "OBJECT_ID": key, "OBJECT_TYPE": "TASK"}
            yield event | ({"EVENT_SUB_TYPE": command["type"]} if word == "status" else {})


def _tekmetric(_command: Command, told: Mapping[str, Any]) -> Iterator[Event]:
    """A sentence, and the order flat on `data` (contract, section 1.11)."""
    for word, keys in told.items():
        for key in keys if isinstance(keys, list) else [keys]:
            if word not in {"of", "removed"} and isinstance(key, int):
                what = "posted" if word == "post" else "status updated"
                yield {
                    "event": f"Repair Order #{key} {what} by Example Writer",
                    "data": {"id": key, "repairOrderNumber": key},
                }


_SAYS: dict[str, Callable[[Command, Mapping[str, Any]], Iterator[Event]]] = {
    "smartmoving": _smartmoving,
    "arrivy": _arrivy,
    "tekmetric": _tekmetric,
}
