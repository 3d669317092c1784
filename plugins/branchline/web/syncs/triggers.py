"""What can be started over HTTP, declared: routes in the original's words, and what each asks of a DAG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from branchline.sources.arrivy import ARRIVY
from branchline.sources.fms import FMS
from branchline.sources.smartmoving import SMARTMOVING
from branchline.sources.tekmetric import TEKMETRIC
from branchline.stream import Source


@dataclass(frozen=True)
class Trigger:
    """A route that starts a sync, and the one that tells what came of it.

    Attributes:
        path: of the POST, below the application's prefix.
        title: one line for the reader of the OpenAPI document.
        source: whose DAG it starts; the DAG is called like it.
        streams: what it reads; empty is the source's usual ones, and then the caller may choose.
        asks: params that the route stands for; what the caller says himself goes before them.
        status: path of the GET; the same path unless told.
    """

    path: str
    title: str
    source: Source
    streams: tuple[str, ...] = ()
    asks: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""

    @property
    def dag_id(self) -> str:
        """The DAG that it starts."""
        return self.source.slug

    @property
    def status_path(self) -> str:
        """Path of the GET."""
        return self.status or self.path

    @property
    def watched(self) -> tuple[str, ...]:
        """The streams that its status tells of."""
        return self.streams or tuple(stream.name for stream in self.source.streams)


def _tekmetric(what: str, title: str, *streams: str, **asks: Any) -> Trigger:
    return Trigger(f"/tekmetric/sync/{what}", title, TEKMETRIC, streams, asks)


def _arrivy(entity_type: str, title: str, *streams: str) -> Trigger:
    return Trigger(f"/arrivy/sync/{entity_type}", title, ARRIVY, streams)


TRIGGERS = (
    Trigger(
        "/smartmoving/sync/automated/trigger", "Sync every branch now, as the schedule does", SMARTMOVING,
        status="/smartmoving/sync/automated/status",
    ),
    Trigger(
        "/smartmoving/sync/jobs", "Sync customers, their opportunities and jobs", SMARTMOVING,
        ("customers", "opportunities", "jobs"),
    ),
    _tekmetric("employees", "Sync employees and, with the shop API, their pay", "employees", "pay"),
    _tekmetric("customers", "Sync customers, the deleted ones too", "customers", "deleted_customers"),
    _tekmetric("vehicles", "Sync vehicles, the deleted ones too", "vehicles", "deleted_vehicles"),
    _tekmetric(
        "repair-orders", "Sync repair orders with jobs and lines, and whom they name",
        "repair_orders", "deleted_repair_orders", "missing_customers", "missing_vehicles", "profits", "estimates",
    ),
    _tekmetric("full-backfill", "Read everything from the beginning, or of the last days_back days", full=True),
    Trigger("/fms/trigger-sync", "Sync the reports now", FMS, status="/fms/sync-status"),
    Trigger("/arrivy/sync", "Sync everything, as the schedule does", ARRIVY),
    _arrivy("all", "The same as /arrivy/sync"),
    _arrivy("entities", "Sync crew members and other resources", "entities", "missing_entities"),
    _arrivy("groups", "Sync groups", "groups", "missing_groups"),
    _arrivy(
        "tasks", "Sync tasks and their statuses",
        "tasks", "unscheduled_tasks", "undated_tasks", "missing_tasks", "task_statuses",
    ),
    _arrivy("task_status", "Sync the statuses of tasks", "task_statuses"),
    _arrivy("location_reports", "Sync where crew members were", "location_reports"),
    _arrivy("customers", "Sync customers", "customers", "missing_customers"),
    _arrivy("crews", "Sync crews", "crews"),
    _arrivy("bookings", "Sync bookings", "bookings"),
    _arrivy("status_definitions", "Sync the statuses that a task can take", "status_definitions"),
)  # fmt: skip
