"""What can be read as a list, declared: a path, the SELECT that fills it, its order and what it may be filtered by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Collection:
    """A list of rows.

    Attributes:
        path: below the application's prefix, in the original implementation's words.
        title: one line for the reader of the OpenAPI document.
        key: columns that are never null, together unique and still while somebody turns pages; they are the order, and
            where a next page begins.
        descending: the order goes down.
        location: column of the row's place: `location_id`, or `location_ids` of a row of several.
        day: column that `since` and `until` compare with, both days included; an instant is taken in UTC.
        status: column that `status` compares with.
        search: columns of words that `search` looks into.
        equals: further filters by equality: parameter to column.
    """

    path: str
    title: str
    key: tuple[str, ...]
    descending: bool = False
    location: str | None = None
    day: str | None = None
    status: str | None = None
    search: tuple[str, ...] = ()
    equals: tuple[str, ...] = ("client",)

    @property
    def select(self) -> str:
        """Its SELECT, a file of include/sql: the path's own words; what belongs to no source is the ledger's."""
        *folders, name = self.path.strip("/").replace("-", "_").split("/")
        source, *rest = folders or ("ledger",)
        return f"api/{source}/{'_'.join([*rest, name])}.sql"


ACCOUNT = ("client", "account")
STREAM = ("client", "source", "account", "stream")
_JOURNEYS = ("date", "client_id", "external_id")
_PLACE = ("client_id", "account", "location_id")
_SHOP = ("client_id", "account", "tm_shop_id")


def _journeys(which: str, title: str) -> Collection:
    return Collection(
        f"/smartmoving/journeys/{which}", title, _JOURNEYS,
        location="location_id", day="date", status="status", search=("notes", "location_name"),
    )  # fmt: skip


def _arrivy(
    name: str,
    title: str,
    *key: str,
    location: str | None = None,
    day: str | None = None,
    status: str | None = None,
    search: tuple[str, ...] = (),
) -> Collection:
    return Collection(
        f"/arrivy/{name}", title, ("client_id", "account", *key),
        location=location, day=day, status=status, search=search, equals=ACCOUNT,
    )  # fmt: skip


COLLECTIONS = (
    _journeys("active", "Journeys not finished and not withdrawn"),
    _journeys("today", "Active journeys of the branch's own today"),
    _journeys("tomorrow", "Active journeys of the branch's own tomorrow"),
    Collection(
        "/smartmoving/branches", "Branches with their time zone and currency", ("client_id", "account", "branch_id"),
        location="location_id", search=("name", "city"), equals=ACCOUNT,
    ),
    Collection(
        "/smartmoving/jobs", "Jobs by service date", ("client_id", "account", "job_id"),
        location="location_id", day="service_date", search=("job_number",), equals=ACCOUNT,
    ),
    Collection(
        "/smartmoving-integration/leads", "Leads of the outbox, the newest first", ("lead_id",), descending=True,
        location="location_id", day="created_at", status="state", search=("name", "email", "phone_number"),
        equals=(*ACCOUNT, "lead_id"),
    ),
    Collection(
        "/smartmoving/branch-performance", "What each branch came to, a row a day", (*_PLACE, "metric_date"),
        location="location_id", day="metric_date", search=("location_name",), equals=(*ACCOUNT, "currency"),
    ),
    Collection(
        "/tekmetric/repair-orders", "Repair orders; since and until compare with the posted date", (*_SHOP, "tm_id"),
        location="location_id", day="posted_date", status="status", equals=(*ACCOUNT, "shop"),
        search=("ro_number", "customer_concern", "label", "custom_label"),
    ),
    Collection(
        "/tekmetric/daily-shop-metrics", "What each shop posted, a row a day", (*_SHOP, "metric_date"),
        location="location_id", day="metric_date", equals=(*ACCOUNT, "shop"),
    ),
    Collection(
        "/tekmetric/tech-daily-metrics", "What each technician did, a row a day",
        (*_SHOP, "tm_technician_id", "metric_date"),
        location="location_id", day="metric_date", equals=(*ACCOUNT, "shop"),
    ),
    Collection(
        "/tekmetric/shop-performance", "What each shop came to, a row a day", (*_SHOP, "metric_date"),
        location="location_id", day="metric_date", search=("location_name",), equals=(*ACCOUNT, "shop", "currency"),
    ),
    Collection(
        "/tekmetric/technician-performance", "What each technician came to, by name, a row a day",
        (*_SHOP, "tm_technician_id", "metric_date"),
        location="location_id", day="metric_date", search=("technician_name",),
        equals=(*ACCOUNT, "shop", "currency"),
    ),
    Collection(
        "/fms/vehicles", "Vehicles of the fleet", ("client_id", "account", "vin"),
        location="location_id", search=("vin", "make", "model"), equals=ACCOUNT,
    ),
    Collection(
        "/fms/partners", "Media partners and their preferred days", ("client_id", "account", "person_id", "office"),
        location="location_id", search=("name", "affiliation"), equals=ACCOUNT,
    ),
    Collection(
        "/fms/loans", "Loans, past and present, by their start", ("client_id", "account", "activity_id"),
        location="location_id", day="start_date", search=("name", "make", "model", "vin"), equals=ACCOUNT,
    ),
    Collection(
        "/fms/activity", "What the vehicles are doing, by its start", ("client_id", "account", "activity_id"),
        location="location_ids", day="start_date", status="activity_type", search=("vehicle_vin", "to_field"),
        equals=ACCOUNT,
    ),
    Collection(
        "/fms/fleet", "Each office's vehicles and partners today", _PLACE,
        location="location_id", search=("location_name",), equals=ACCOUNT,
    ),
    Collection(
        "/fms/loans-by-partner", "Loans by office, partner and make, by the start of the newest",
        ("client_id", "account", "place", "person_id", "make"),
        location="location_id", day="last_start_date", status="tier", search=("partner_name", "make"), equals=ACCOUNT,
    ),
    _arrivy(
        "performance", "What each group's crews did, a row a day", "location_id", "metric_date",
        location="location_id", day="metric_date", search=("location_name",),
    ),
    _arrivy(
        "entities", "Crew members and other resources", "entity_id",
        location="location_id", status="type", search=("name", "email"),
    ),
    _arrivy(
        "groups", "Groups, the company's branches", "group_id",
        search=("name", "city"),
    ),
    _arrivy(
        "tasks", "Tasks by the day of their place", "task_id",
        location="location_id", day="business_date", status="status", search=("title", "customer_name"),
    ),
    _arrivy(
        "task_statuses", "What happened to each task", "task_id", "entry_id",
        location="location_id", day="reported_at", status="type", search=("title", "reporter_name"),
    ),
    _arrivy(
        "location_reports", "Where crew members were", "entity_id", "reported_at",
        location="location_id", day="reported_at",
    ),
    _arrivy(
        "customers", "Customers", "customer_id",
        location="location_ids", search=("first_name", "last_name", "company_name", "email"),
    ),
    _arrivy(
        "crews", "Crews (divisions)", "crew_id",
        search=("name",),
    ),
    _arrivy(
        "bookings", "Bookings by the day of their place", "booking_id",
        location="location_id", day="business_date", status="status", search=("title", "customer_name"),
    ),
    _arrivy(
        "status_definitions", "Statuses that a task can take", "status_id",
        search=("title", "name"),
    ),
    Collection(
        "/locations", "Branches, shops, offices and groups of all sources", ("location_id",),
        location="location_id", search=("name", "city"), equals=("client", "source", "account"),
    ),
    Collection(
        "/sync/history", "Every sync of every stream, the newest first", ("sync_id",), descending=True,
        day="start_time", status="status", search=("run_id", "error_message"), equals=STREAM,
    ),
    Collection(
        "/freshness", "How old what was read last is, worst first",
        ("urgency", "client_id", "source", "account", "stream", "place"),
        location="location_id", status="verdict", equals=STREAM,
    ),
    Collection(
        "/findings", "Freshness, reconciliation and quarantine, worst first",
        ("urgency", "client_id", "source", "account", "check_name", "stream", "place", "subject"),
        location="location_id", status="severity", search=("subject", "fact"), equals=STREAM,
    ),
    Collection(
        "/alerts", "What people were told of, a row a cause, the newest first", ("alert_id",), descending=True,
        location="location_id", day="last_seen_at", status="state", search=("subject", "fact"), equals=STREAM,
    ),
    Collection(
        "/quarantine", "What was rejected and why",
        ("client_id", "source", "account", "stream", "table_name", "scope", "reason", "field"),
        status="severity", search=("reason", "field"), equals=STREAM,
    ),
    Collection(
        "/access/people", "People whose rights you may see, your own among them", ("person",),
        search=("person", "user_name"), equals=(),
    ),
    Collection(
        "/access/grants", "Who has which role where", ("grant_id",),
        location="location_id", search=("person", "user_name"), equals=("client", "person", "role"),
    ),
    Collection(
        "/access/audit", "Who gave, took or wrote what, the newest first; since and until are UTC days", ("audit_id",),
        descending=True, location="location_id", day="at", status="action", search=("done_by", "user_name", "login"),
        equals=("client", "person", "table"),
    ),
)  # fmt: skip
