"""Arrivy as the contract's tests see it: a company's tasks, read day by day of the schedule, to each empty page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from branchline import plan
from branchline.hooks.arrivy import ArrivyHook
from branchline.ledger import Account, SliceSpec
from branchline.request import Request
from branchline.sources.arrivy import ARRIVY
from branchline.transport import Endpoint

from sandbox.arrivy.paging import SHAPE
from tests.contract.arrivy_records import RECORDS
from tests.contract.facts import ById, Case, Listing
from tests.contract.line import NOW
from tests.contract.subject import Subject

KEY, TOKEN = "sandbox-arrivy-key", "sandbox-arrivy-token"
#: The zone that days are counted in: each branch of the small company has another one, and this one is chosen.
ZONE = ZoneInfo("America/Los_Angeles")
#: The first slice; the others are the days before it, whose tasks are all written down.
LAST = date(2026, 7, 14)
EVER = ("0001-01-01", "9999-12-31")
#: Some tasks of a day are not on the schedule: without a date, or deleted.
SPARE = 1.3


class Arrivy(Subject):
    """Arrivy's sync."""

    SOURCE = ARRIVY
    ACCOUNT = Account("arrivy", "arrivy", "arrivy", "home")
    LACKS: ClassVar = {
        "totals": "a page is a bare array, without a total (contract, section 2)",
        "sizes": "it gives smaller pages than it is asked for, and says nothing (contract, section 2)",
        "places": "tasks of all branches come in one list",
        "money": "no record that is read carries an amount",
        "required_day": "a task may be without any date and time (contract, section 3.1)",
        "names": "records carry the id of their branch",
        "references": "what a task names by id is in the lists that are read whole, or is gone",
        "keys": "it has one key and one token at a time",
    }
    LIST = Listing(
        stream="tasks",
        route="GET /arrivy/api/tasks",
        calls=r"/api/tasks\?order_by=CREATED&(from|to)=",
        sized=r"/api/tasks\?order_by=CREATED&(from|to)=",
        shape=SHAPE,
        text="title",
        spare="mileage",
        others=4,  # the passes over unscheduled tasks and over those without date and time, each to its empty page
    )
    ROOT = "arrivy.tasks"
    TABLES = (
        "arrivy.groups",
        "arrivy.entities",
        "arrivy.customers",
        "arrivy.crews",
        "arrivy.task_statuses",
        "arrivy.location_reports",
        "core.locations",
    )
    SCHEMAS = ("arrivy",)
    PLACES = "groups"
    BARE = ("groups", "/api/groups")
    BY_ID = ById(
        "missing_tasks",
        r"/api/tasks/\d+$",
        (("missing_tasks", "[]"), ("missing_tasks", "{}"), ("task_statuses", "{}"), ("missing_entities", "null")),
    )
    CURSOR = "location_reports"
    MANY = 12
    LITTLE: ClassVar = {
        "arrivy_days": 3,
        "arrivy_tasks_per_day": 4,
        "arrivy_crew": 3,
        "arrivy_reading_seconds": 7_200,
    }
    POINTS: ClassVar = {
        "mid-COPY of the list": ("BEFORE INSERT ON landing.records FOR EACH ROW WHEN (NEW.ordinal = 1)", "tasks"),
        "after staging": ("BEFORE INSERT ON ops.quarantine FOR EACH STATEMENT", "tasks"),
        "inside the merge": ("BEFORE INSERT ON arrivy.task_entities FOR EACH STATEMENT", "tasks"),
        "inside a merge of histories": ("BEFORE INSERT ON arrivy.task_statuses FOR EACH STATEMENT", "task_statuses"),
        "after the merge, before the ledger": (
            "BEFORE UPDATE ON ops.sync_history FOR EACH ROW WHEN (NEW.records_fetched > 0)",
            "tasks",
        ),
        "inside the derivation": (
            "BEFORE UPDATE ON arrivy.tasks FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status)",
            None,
        ),
    }
    RECORDS = RECORDS

    def endpoint(self, token: str = TOKEN) -> Endpoint:
        return Endpoint(
            "arrivy",
            self.account.account,
            self.vendor.arrivy,
            {"X-Auth-Key": KEY, "X-Auth-Token": token},
            refusals=ArrivyHook.refusals,
            **({"concurrency": self.concurrency} | self.settings),
        )

    @classmethod
    def world(cls, records: int = 60, slices: int = 3) -> dict[str, Any]:
        return {
            "arrivy_days": slices + 3,
            "arrivy_tasks_per_day": round(records * SPARE),
            "arrivy_crew": 3,
            "arrivy_reading_seconds": 7_200,
            "arrivy_page_cap": 5,
            # Tests that count calls know how many five a page are; short pages have tests of their own.
            "arrivy_short_pages": False,
        }

    def slices(self, count: int) -> list[SliceSpec]:
        stream = self.source.stream("tasks")
        return plan.rolling(stream, [_day(place) for place in range(count)], NOW.date(), ZONE.key)

    def calls_of(self, place: int) -> str:
        return rf"/api/tasks\?.*&from={_day(place)}T"

    def expected(self, place: int) -> int:
        return len(list(self._tasks_of(_day(place))))

    @property
    def one_slice(self) -> Request:
        return Request(since=LAST, until=LAST, streams=("tasks",))

    def keys(self) -> list[str]:
        return list(self._truth()["tasks"])

    def insert(self, count: int) -> None:
        self._change({"insert": count, "start": f"{LAST}T18:00:00Z"})

    def give_pages_of(self, size: int) -> None:
        self._change({"page_cap": size})

    @classmethod
    def uneven(cls, size: int) -> dict[str, Any]:
        return {"arrivy_page_cap": size, "arrivy_short_pages": True}

    def grow_old(self, minutes: int) -> datetime:
        instant = NOW + timedelta(minutes=minutes)
        self.vendor.control.clock(instant.isoformat())
        return instant

    def change(self) -> Case:
        task = self.warehouse.one("SELECT min(task_id) FROM arrivy.tasks WHERE start_datetime < %s", (NOW,))
        self._change({"status": task, "type": "READYFORPICKUP"})
        ask = f"SELECT status FROM arrivy.tasks WHERE task_id = '{task}' AND account = '{self.account.account}'"
        assert self.warehouse.one(ask) != "READYFORPICKUP"
        return Case("tasks", (), ask, "READYFORPICKUP")

    def remove_child(self) -> list[tuple[str, tuple[Any, ...]]]:
        shared = self.warehouse.rows(
            "SELECT task_id, array_agg(entity_id ORDER BY place) AS crew FROM arrivy.task_entities "
            "GROUP BY task_id HAVING count(*) > 1 ORDER BY task_id LIMIT 1"
        )[0]
        stays, *leave = shared.crew
        self._change({"reassign": shared.task_id, "to": [stays]})
        query = "SELECT FROM arrivy.task_entities WHERE task_id = %s AND entity_id = %s"
        return [(query, (shared.task_id, one)) for one in leave]

    def prepare(self) -> list[tuple[str, tuple[Any, ...]]]:
        return []  # what is missing can only be missed by a second sync

    def overlapping(self) -> dict[str, Any]:
        return {"request": Request(is_backfill=True), "interval": (NOW - timedelta(days=2), NOW - timedelta(days=1))}

    def held(self) -> Endpoint:
        return self.endpoint()

    def other_headers(self) -> Mapping[str, str]:
        return self.endpoint().headers

    def expired(self) -> Endpoint:
        return self.endpoint("the-token-of-last-year")

    def secret_of(self, endpoint: Endpoint) -> str:
        return endpoint.headers["X-Auth-Token"]

    def _tasks_of(self, day: date) -> Iterator[Any]:
        """What the vendor lists for a day; both ends of a window are in it."""
        first, last = (datetime.combine(day + timedelta(days=more), time(), ZONE) for more in (0, 1))
        for task in self._truth()["tasks"].values():
            if task["start"] and not task["isHidden"] and first <= datetime.fromisoformat(task["start"]) <= last:
                yield task

    def _truth(self) -> dict[str, Any]:
        told: dict[str, Any] = self.vendor.control.truth(*EVER, source="arrivy")
        return told

    def _change(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        return self.vendor.control.change(*commands, source="arrivy")


def _day(place: int) -> date:
    return LAST - timedelta(days=place)
