"""Arrivy's webhooks: a task and its status history, asked for by id."""

from __future__ import annotations

from typing import Any

import pytest
from branchline.request import Request

from tests.arrivy.company import LITTLE, TASKS, change, task, truth_of
from tests.inbox.conftest import Mailbox


@pytest.fixture
def booked(arrivy: Any) -> Mailbox:
    """A little account whose tasks are in the warehouse."""
    line = arrivy(**LITTLE)
    line.sync(Request(streams=TASKS))
    return Mailbox(line, ("missing", "tracks"))


def told(kind: str, key: str, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"EVENT_ID": number, "EVENT_TYPE": kind, "OBJECT_TYPE": "TASK", "OBJECT_ID": int(key), **more}


def some_task(booked: Mailbox) -> str:
    return min(key for key, found in truth_of(booked.line)["tasks"].items() if found["kind"] == "scheduled")


def test_a_status_is_in_the_warehouse_without_a_list(booked: Mailbox) -> None:
    key = some_task(booked)
    change(booked.line, {"status": int(key), "type": "ENROUTE"})
    booked.receive(told("TASK_STATUS", key, EVENT_SUB_TYPE="ENROUTE"))
    assert booked.work_off() == {"done": 1}
    assert task(booked.line, key).status == "ENROUTE"


def test_a_deletion_is_asked_for_and_its_404_is_the_tombstone(booked: Mailbox) -> None:
    key, other = some_task(booked), max(truth_of(booked.line)["tasks"])
    booked.receive(told("TASK_DELETED", other, 1))
    assert booked.work_off() == {"done": 1}
    assert not task(booked.line, other).is_deleted, "the webhook alone is not believed"
    change(booked.line, {"delete": int(key)})
    booked.receive(told("TASK_DELETED", key, 2))
    assert booked.work_off() == {"done": 1}
    assert task(booked.line, key).is_deleted


def test_what_is_not_about_a_task_or_of_no_known_kind_is_ignored_with_a_reason(booked: Mailbox) -> None:
    booked.receive(
        {"EVENT_ID": 1, "EVENT_TYPE": "TASK_UPDATED", "OBJECT_TYPE": "ROUTE", "OBJECT_ID": 5},
        told("TASK_TELEPORTED", "5", 2),
    )
    assert booked.take("look") == {}
    assert [event.why for event in booked.events] == [
        "an event that is not about a task", "an event of a kind that is not known",
    ]  # fmt: skip
