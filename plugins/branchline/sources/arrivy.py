"""What is read from Arrivy. Sections are those of docs/vendors.md, Arrivy.

There is no modified-since filter and no total (section 2): lists are read to their empty page, and what changed is told
by the rows themselves. Scheduled tasks are read by a window that rolls with the day, unscheduled ones and those without
date and time by a pass each (section 9, quirk 2). What a complete list no longer shows is asked for by id, and only a
404 there is a deletion (quirk 5). A task's status is the newest entry of its history, which costs a call of its own
(quirk 4): it is asked for where the task changed or is near.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from branchline.stream import Paging, Rolling, Source, Stream

#: 500 is safe, more is undocumented (section 2); answers are bare arrays.
PAGES = Paging(page_param="page", size_param="items_per_page", size=500, records="results", is_bare=True)
#: A cap of a window is reported (section 2): a list of tasks that ends just there is not believed to be whole.
TASK_PAGES = replace(PAGES, cap=1000)
#: Every crew carries its members whole: 200 is recommended (section 2).
CREWS = Paging(page_param="page", size_param="items_per_page", size=200, records="results", is_bare=True)

#: What every sync reads again of the schedule; narrow days also stay below a suspected cap of 1000 (section 2).
SCHEDULE = Rolling("from", "to", before=7, after=30)
#: Rows keep their place while new ones come (section 2).
IN_ORDER = (("order_by", "CREATED"),)

#: The tables that one task fills.
TASK = ("tasks", "task_entities", "task_template_fields")


def _list(name: str, *children: str, **more: Any) -> Stream:
    """A list that is read whole; what it no longer shows is asked for by id."""
    given: dict[str, Any] = {"path": f"/{name}", "wave": "lists", "paging": PAGES, "absence": "recheck"}
    return Stream(name=name, into=(name, *children), **given | more)


def _snapshot(name: str, *children: str, **more: Any) -> Stream:
    """A list that is read whole once a day; nothing of it can be asked for by id, so its absence is the word."""
    return _list(name, *children, absence="deleted", every="day", **more)


def _tasks(name: str, *params: tuple[str, str], **more: Any) -> Stream:
    """One of the passes over the tasks: they are never mixed (section 3.1)."""
    return Stream(
        name, "/tasks", TASK, wave="lists", paging=TASK_PAGES, params=(*IN_ORDER, *params), absence="recheck", **more
    )


def _missing(name: str, *children: str) -> Stream:
    """Records that a complete list no longer shows."""
    return Stream(f"missing_{name}", f"/{name}/{{key}}", (name, *children), wave="missing", due="missing.due")


ARRIVY = Source(
    "arrivy",
    hook="branchline.hooks.arrivy.ArrivyHook",
    streams=(
        _list("groups", wave="groups"),
        # All of them in one answer (section 3.2).
        _snapshot("status_definitions", path="/statuses", paging=None, wave="groups"),
        _list("entities", "entity_readings"),
        _list("customers", every="day", may_lack=True),
        _snapshot("crews", "crew_members", paging=CREWS, may_lack=True),
        _snapshot("bookings", may_lack=True),
        _tasks("tasks", rolling=SCHEDULE),
        _tasks("unscheduled_tasks", ("unscheduled", "true")),
        _tasks("undated_tasks", ("tasks_with_no_datetime", "true")),
        _missing("groups"),
        _missing("entities", "entity_readings"),
        _missing("customers"),
        _missing("tasks", *TASK[1:]),
        Stream(
            "task_statuses",
            "/tasks/{key}/status",
            ("task_statuses",),
            wave="tracks",
            paging=PAGES,
            due="task_statuses.due",
            asked_as="task_id",
            is_list=True,
            absence="deleted",
        ),
        Stream(
            "location_reports",
            "/entities/{place}/readings",
            ("location_reports",),
            wave="tracks",
            paging=PAGES,
            due="location_reports.due",
            newer_than="time",
        ),
    ),
    derived={
        "groups": ("core.locations",),
        "lists": ("arrivy.tasks.status", "arrivy.customers.locations"),
        "missing": ("arrivy.tasks.status", "arrivy.customers.locations"),
        "tracks": ("arrivy.tasks.status",),
    },
)
