"""FMS as the contract's tests see it: five reports, each one file, of which the loan history is the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from branchline import plan
from branchline.addresses import PublicAddresses
from branchline.hooks.fms import FmsHook
from branchline.ledger import Account, SliceSpec
from branchline.request import Request
from branchline.sources.fms import FMS
from branchline.transport import Endpoint

from tests.contract.facts import Case, Listing
from tests.contract.fms_records import RECORDS
from tests.contract.line import NOW
from tests.contract.subject import Subject

FOLDER = "sandbox-fms-folder"
QUERY = f"report=file:/{FOLDER}/{{path}}.rpt&init=csv"
EVER = ("0001-01-01", "9999-12-31")
#: A Sunday on which few loans begin, as the vendor writes it.
SUNDAY = "07-05-26"


class Fms(Subject):
    """FMS's sync: its reports, without the placing of addresses."""

    SOURCE = FMS
    ACCOUNT = Account("fms", "fms", "fms", "press")
    SANDBOX: ClassVar = {"fms_dirt": False, "geocoder_rate_per_second": 0}
    LACKS: ClassVar = {
        "slices": "a report is one file for all offices",
        "pages": "a report is one file, read whole",
        "totals": "a report does not say how many rows it has",
        "open_ended": "a report is one file, and ends where it ends",
        "sizes": "a report has no pages, so they have no size",
        "json": "a report is a CSV file",
        "bare": "a report is a CSV file, never an array",
        "by_id": "nothing is asked for by an id",
        "places": "a report holds the rows of all offices",
        "money": "no report that is read carries an amount",
        "booleans": "no report carries a boolean",
        "instants": "its times are dates, without an hour",
        "local_days": "its dates are local already, without a time",
        "windows": "each report holds everything, whatever its date",
        "cursor": "each report holds everything, whenever it changed",
        "stamps": "no row carries the time of its last change",
        "children": "a row is one record and nothing more",
        "references": "what a row names is in another report or nowhere",
        "keys": "there is no credential, whoever knows the URL may read",
        "credentials": "there is no credential that could run out",
    }
    LIST = Listing(
        stream="loan_history",
        route="GET /fms/",
        calls=r"loan_history\.rpt",
        sized=r"loan_history\.rpt",
        shape=None,
        text="name",
        spare="region",
        others=4,  # the other reports
        key="activity_id",
        foreign="HTML",
    )
    ROOT = "fms.loan_history"
    TABLES = ("fms.vehicles", "fms.media_partners", "fms.current_activity", "fms.approved_makes", "core.locations")
    SCHEMAS = ("fms",)
    PLACES = "vehicles"
    MANY = 5
    LITTLE: ClassVar = {"fms_size": 0.04}
    PLACED: ClassVar = {}
    POINTS: ClassVar = {
        "mid-COPY of the list": (
            "BEFORE INSERT ON landing.records FOR EACH ROW WHEN (NEW.ordinal = 3)",
            "loan_history",
        ),
        "after staging": ("BEFORE INSERT ON ops.quarantine FOR EACH STATEMENT", "loan_history"),
        "inside the merge": ("BEFORE INSERT ON fms.loan_history FOR EACH STATEMENT", "loan_history"),
        "after the merge, before the ledger": (
            "BEFORE UPDATE ON ops.sync_history FOR EACH ROW WHEN (NEW.records_fetched > 0)",
            "loan_history",
        ),
        "inside the derivation": (
            "BEFORE UPDATE ON fms.media_partners FOR EACH ROW WHEN (NEW.preferred_day_of_week IS NOT NULL)",
            None,
        ),
    }
    RECORDS = RECORDS

    def endpoint(self, query: str = QUERY) -> Endpoint:
        return Endpoint(
            "fms",
            self.account.account,
            self.vendor.fms.rstrip("/"),
            {"User-Agent": "curl/8.7.1"},
            query=query,
            addresses=PublicAddresses((), is_loopback_allowed=True),
            refusals=FmsHook.refusals,
            **({"concurrency": self.concurrency} | self.settings),
        )

    @classmethod
    def world(cls, records: int = 60, slices: int = 3) -> dict[str, Any]:
        return dict(cls.LITTLE)

    def slices(self, count: int) -> list[SliceSpec]:
        assert count == 1, "a report is one slice"
        return [plan.whole(self.source.stream(self.LIST.stream))]

    def calls_of(self, place: int) -> str:
        assert place == 0
        return self.LIST.calls

    def expected(self, place: int) -> int:
        assert place == 0
        return int(self._truth()["counts"]["loan_history"])

    @property
    def one_slice(self) -> Request:
        return Request(streams=(self.LIST.stream,))

    def grow_old(self, minutes: int) -> datetime:
        instant = NOW + timedelta(minutes=minutes)
        self.vendor.control.clock(instant.isoformat())
        return instant

    def change(self) -> Case:
        """All loans of a partner begin on one Sunday now: that is the preferred day then."""
        partner = self.warehouse.rows(
            "SELECT person_id, location_id, min(partners.office) AS office, array_agg(activity_id) AS loans "
            "FROM fms.loan_history INNER JOIN fms.media_partners AS partners "
            "USING (client_id, account, person_id, location_id) WHERE preferred_day_of_week IS NOT NULL "
            "GROUP BY person_id, location_id ORDER BY count(*), person_id LIMIT 1"
        )[0]
        sent = {"values": {"Start_Date": SUNDAY, "End_Date": SUNDAY}}
        commands = [{"set": "loan_history", "key": loan, **sent} for loan in partner.loans]
        changed = self.vendor.control.change(*commands, source="fms")
        assert {done["set"] for done in changed} == {1}
        ask = (
            f"SELECT preferred_day_of_week FROM fms.media_partners WHERE person_id = '{partner.person_id}' "
            f"AND office = '{partner.office}' AND account = '{self.account.account}'"
        )
        return Case("loan_history", (), ask, "Sunday")

    def prepare(self) -> list[tuple[str, tuple[Any, ...]]]:
        return []  # its one wave has something to do

    def overlapping(self) -> dict[str, Any]:
        return {"request": Request(is_backfill=True), "interval": (NOW - timedelta(days=2), NOW - timedelta(days=1))}

    def held(self) -> Endpoint:
        return self.endpoint()

    def expired(self) -> Endpoint:
        raise NotImplementedError

    def secret_of(self, endpoint: Endpoint) -> str:
        assert FOLDER in endpoint.query
        return FOLDER

    def _truth(self) -> Mapping[str, Any]:
        told: Mapping[str, Any] = self.vendor.control.truth(*EVER, source="fms")
        return told
