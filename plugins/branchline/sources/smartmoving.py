"""What is read from SmartMoving's Open API. Sections are those of docs/vendors.md.

There is no list of opportunities or jobs and no modified-since filter (section 3): the customers of today's and
tomorrow's service dates are swept, and an opportunity is asked for by id when the sweep shows it new or changed,
when its service day has ended, or when the sweep no longer shows it.
"""

from __future__ import annotations

from typing import Any

from branchline.stream import Paging, Source, Stream

#: 200 is the server's silent cap (section 2): the answer's pageSize says what was given.
PAGES = Paging(
    page_param="Page",
    size_param="PageSize",
    size=200,
    records="pageResults",
    total="totalResults",
    given_size="pageSize",
    last="lastPage",
)

#: Collections that come back empty unless they are asked for (section 5.2); they cost no further call (section 1).
DETAIL = tuple(
    (flag, "true")
    for flag in (
        "IncludePayments",
        "IncludeJobAddresses",
        "IncludeCharges",
        "IncludeDispatchInfo",
        "IncludeTripInfo",
    )
)


def _list(name: str, into: str | None = None, path: str | None = None, **more: Any) -> Stream:
    """A reference list: read whole, once a day."""
    path = path or "/api/" + name.replace("_", "-")
    paging = more.pop("paging", PAGES)
    return Stream(name, path, (into or name,), wave="reference", paging=paging, every="day", **more)


SMARTMOVING = Source(
    "smartmoving",
    hook="branchline.hooks.smartmoving.SmartMovingHook",
    streams=(
        _list("branches"),
        _list("users"),
        _list("service_types"),
        _list("move_sizes"),
        _list("referral_sources", params=(("includePrivate", "true"), ("includeLeadProviders", "true"))),
        _list("tariffs", params=(("IncludeDisabled", "true"),)),
        _list("bad_lead_reasons", "reasons"),
        _list("cancellation_reasons", "reasons"),
        _list("lost_reasons", "reasons"),
        _list("lead_statuses", path="/api/leads/statuses", paging=None),  # a bare array (section 2)
        Stream(
            "customers",
            "/api/customers",
            ("customers", "customer_phones", "swept_opportunities", "swept_jobs"),
            wave="sweep",
            paging=PAGES,
            params=(("IncludeOpportunityInfo", "true"),),
            window=("FromServiceDate", "ToServiceDate"),
            by_location="BranchId",
            absence="recheck",
        ),
        Stream(
            "leads",
            "/api/leads",
            ("leads",),
            wave="sweep",
            paging=PAGES,
            params=(("IncludeBad", "true"), ("IncludeLost", "true")),
            every="day",
        ),
        Stream(
            "opportunities",
            "/api/opportunities/{key}",
            (
                "opportunities",
                "opportunity_jobs",
                "job_addresses",
                "job_charges",
                "job_crew",
                "payments",
            ),
            wave="details",
            params=DETAIL,
            due="opportunities.due",
        ),
        Stream(
            "jobs",
            "/api/opportunities/{key}/jobs",
            ("jobs",),
            wave="details",
            due="jobs.due",
            asked_as="opportunity_id",
            is_list=True,
            absence="deleted",
        ),
    ),
    derived={
        "reference": ("core.locations",),
        "sweep": ("smartmoving.customers.locations", "crm.truck_journeys"),
        "details": ("smartmoving.customers.locations", "crm.truck_journeys", "crm.journey_crew"),
    },
)
