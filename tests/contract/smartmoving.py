"""SmartMoving as the contract's tests see it: a company's customers, swept by service date, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from branchline import plan
from branchline.hooks.smartmoving import SmartMovingHook
from branchline.ledger import Account, SliceSpec
from branchline.plan import Place
from branchline.request import Request
from branchline.sources.smartmoving import SMARTMOVING
from branchline.transport import Endpoint

from sandbox.smartmoving.paging import SHAPE
from tests.contract.facts import ById, Case, Listing
from tests.contract.line import NOW
from tests.contract.smartmoving_records import RECORDS
from tests.contract.subject import Subject

KEY, OTHER_KEY = "sandbox-smartmoving-key", "sandbox-smartmoving-basic-key"
FIRST = date(2026, 7, 15)


class SmartMoving(Subject):
    """SmartMoving's sync."""

    SOURCE = SMARTMOVING
    ACCOUNT = Account("smartmoving", "smartmoving", "smartmoving", "lgm")
    LACKS: ClassVar = {
        "open_ended": "each page tells how many there are (contract, section 2)",
        "local_days": "its dates are local already, without a time (contract, section 7)",
        "cursor": "the sweep has no filter by time of change: it is read again for today and tomorrow",
        "stamps": "no record carries the time of its last change",
        "references": "a customer comes with the opportunities and jobs that name it",
    }
    LIST = Listing(
        stream="customers",
        route="GET /smartmoving/v1/api/customers",
        calls="/api/customers",
        sized="/api/customers.*PageSize=200",
        shape=SHAPE,
        text="name",
        spare="address",
        others=2,  # one customer each of two branches, to see whether the filter by branch is honoured
    )
    ROOT = "smartmoving.customers"
    TABLES = ("smartmoving.opportunity_jobs", "crm.truck_journeys", "core.locations")
    SCHEMAS = ("smartmoving", "crm")
    PLACES = "branches"
    BARE = ("lead_statuses", "/leads/statuses")
    BY_ID = ById(
        "opportunities",
        "/opportunities/",
        (("opportunities", "[]"), ("opportunities", "{}"), ("jobs", "{}"), ("jobs", "null")),
    )
    MANY = 40
    LITTLE: ClassVar = {"customers_per_day": 6}
    PLACED: ClassVar = {"branch_filter": "honoured", "customers_per_day": 7, "page_cap": 5}
    POINTS: ClassVar = {
        "mid-COPY of the list": ("BEFORE INSERT ON landing.records FOR EACH ROW WHEN (NEW.ordinal = 3)", "customers"),
        "mid-COPY of the details": (
            "BEFORE INSERT ON landing.records FOR EACH ROW WHEN (NEW.page = 7)",
            "opportunities",
        ),
        "after staging": ("BEFORE INSERT ON ops.quarantine FOR EACH STATEMENT", "customers"),
        "inside the merge": ("BEFORE INSERT ON smartmoving.swept_jobs FOR EACH STATEMENT", "customers"),
        "inside a merge of details": ("BEFORE INSERT ON smartmoving.payments FOR EACH STATEMENT", "opportunities"),
        "after the merge, before the ledger": (
            "BEFORE UPDATE ON ops.sync_history FOR EACH ROW WHEN (NEW.records_fetched > 0)",
            "customers",
        ),
        "inside the derivation": ("BEFORE INSERT ON crm.truck_journeys FOR EACH STATEMENT", None),
    }
    RECORDS = RECORDS

    @property
    def probe(self) -> Any:
        return SmartMovingHook("smartmoving")

    def endpoint(self, key: str = KEY) -> Endpoint:
        return Endpoint(
            "smartmoving",
            self.account.account,
            self.vendor.smartmoving,
            {"x-api-key": key},
            refusals=SmartMovingHook.refusals,
            **({"concurrency": self.concurrency} | self.settings),
        )

    @classmethod
    def world(cls, records: int = 60, slices: int = 3) -> dict[str, Any]:
        return {"customers_per_day": records, "page_cap": 5}

    def slices(self, count: int) -> list[SliceSpec]:
        return plan.sweep(self._list, [FIRST + timedelta(days=day) for day in range(count)], FIRST, None)

    def calls_of(self, place: int) -> str:
        return f"FromServiceDate={FIRST + timedelta(days=place):%Y%m%d}"

    def expected(self, place: int) -> int:
        day = FIRST + timedelta(days=place)
        return len(self.vendor.world.matching(day, day))

    @property
    def one_slice(self) -> Request:
        return Request(since=FIRST, until=FIRST, streams=("customers",))

    def places(self, count: int) -> list[str]:
        return [branch.id for branch in self.vendor.world.catalogue.branches[:count]]

    def by_place(self, count: int) -> list[SliceSpec]:
        branches = self.vendor.world.catalogue.branches[:count]
        places = [Place(number, branch.id, branch.name, None) for number, branch in enumerate(branches)]
        return plan.sweep(self._list, [FIRST], FIRST, places)

    def calls_at(self, place: int) -> str:
        return f"/api/customers.*BranchId={self.vendor.world.catalogue.branches[place].id}"

    def keys(self) -> list[str]:
        found = self.vendor.world.matching(FIRST, FIRST)
        return [opportunity.id for customer in found for opportunity in customer.opportunities]

    def insert(self, count: int) -> None:
        self.vendor.control.change({"insert": count, "date": f"{FIRST}", "name_prefix": "~~ZZ"})

    def give_pages_of(self, size: int) -> None:
        self.vendor.control.change({"page_cap": size})

    def grow_old(self, minutes: int) -> datetime:
        return NOW  # what it shows does not hang on the hour

    def change(self) -> Case:
        told = self.vendor.control.truth("2026-07-15", "2026-07-16")["opportunities"]
        which = next(one["id"] for one in told if one["status"] == 4)
        self.vendor.control.change({"cancel": which})
        query = (
            "SELECT array_agg(DISTINCT status) FROM crm.truck_journeys "
            f"WHERE opportunity_id = '{which}' AND account = '{self.account.account}'"
        )
        return Case("opportunities", (), query, ["CANCELLED"])

    def remove_child(self) -> list[tuple[str, tuple[Any, ...]]]:
        victim = self.warehouse.rows(
            "SELECT opportunity_id, max(job_id) AS job_id FROM smartmoving.opportunity_jobs GROUP BY 1 "
            "HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
        )[0]
        customer, opportunity = self.vendor.world.find_opportunity(victim.opportunity_id)
        opportunity.jobs = [one for one in opportunity.jobs if one.id != victim.job_id]
        self.vendor.world.edit(customer)
        tables = ("swept_jobs", "opportunity_jobs", "job_charges", "job_addresses", "job_crew")
        return [(f"SELECT FROM smartmoving.{table} WHERE job_id = %s", (victim.job_id,)) for table in tables]

    def prepare(self) -> list[tuple[str, tuple[Any, ...]]]:
        return []  # every wave has something to do

    def overlapping(self) -> dict[str, Any]:
        return {"request": Request(since=NOW.date(), until=NOW.date() + timedelta(days=1))}

    def held(self) -> Endpoint:
        return self.endpoint()

    def other_headers(self) -> Mapping[str, str]:
        return {"x-api-key": OTHER_KEY}

    def expired(self) -> Endpoint:
        return self.endpoint("sandbox-smartmoving-key-of-last-year")

    def keys_seen(self) -> set[str]:
        return set(self.vendor.control.served()["month_by_key"])

    @property
    def _list(self) -> Any:
        return self.source.stream("customers")
