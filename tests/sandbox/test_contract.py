"""The SmartMoving sandbox against the vendor's contract; each test names the section."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable

import pytest

from .conftest import BASIC_KEY, KEY, Client, plain_get

ALL_FLAGS = {
    f"Include{name}": "true"
    for name in (
        [
            "TripInfo",
            "Payments",
            "Surveys",
            "JobAddresses",
            "Tasks",
            "Files",
            "Photos",
            "Documents",
            "Charges",
            "DispatchInfo",
        ]
    )
}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_section_1_key(client: Client) -> None:
    base = client.sandbox.smartmoving
    assert plain_get(f"{base}/api/ping").status_code == 401
    assert plain_get(f"{base}/api/ping", headers={"x-api-key": "wrong"}).status_code == 401
    by_query = plain_get(f"{base}/api/ping", params={"api-key": KEY})
    assert by_query.status_code == 200
    assert by_query.text.startswith("Build Number: ")
    assert by_query.headers["Content-Type"].startswith("text/plain")
    header_wins = plain_get(f"{base}/api/ping", params={"api-key": KEY}, headers={"x-api-key": "wrong"})
    assert header_wins.status_code == 401


def test_section_1_basic_key_on_premium_path(client: Client) -> None:
    basic = {"x-api-key": BASIC_KEY}
    url = client.sandbox.smartmoving
    assert plain_get(f"{url}/api/premium/room-types", headers=basic).status_code == 403
    assert plain_get(f"{url}/api/branches", headers=basic).status_code == 200
    assert client.get("/api/premium/room-types").json()["totalResults"] == 10


def test_section_1_wrong_host_is_404_with_empty_body(client: Client) -> None:
    for path in ("/api/branches", "/v1/api/branches", "/api/customers"):
        answer = client.session.get(client.sandbox.leads + path, timeout=60)
        assert (answer.status_code, answer.content) == (404, b"")


def test_section_1_limit_of_a_minute(start: Callable[..., Client]) -> None:
    client = start(rate_per_minute=3, rate_window=1.0)
    answers = [client.get("/api/ping") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert re.fullmatch(r"Rate limit is exceeded\. Try again in \d+ seconds\.", answers[3].text)
    assert [("Retry-After" in answer.headers) for answer in answers[3:]] == [False, True]
    time.sleep(1.1)
    assert client.get("/api/ping").status_code == 200
    served = client.control.served()
    assert served["too_many"] == 2
    assert served["month"] == 6


def test_section_1_default_limit_is_120(start: Callable[..., Client]) -> None:
    client = start(rate_per_minute=120)
    assert Counter(client.get("/api/ping").status_code for _ in range(122)) == {200: 120, 429: 2}


def test_section_1_monthly_quota(start: Callable[..., Client]) -> None:
    client = start(monthly_quota=2)
    assert client.get("/api/opportunities/" + UNKNOWN).status_code == 400  # counts too
    assert client.get("/api/ping").status_code == 200
    refused = client.get("/api/ping")
    assert (refused.status_code, refused.text) == (403, "Out of call volume quota")
    client.control.clock("2026-08-01T00:00:00Z")
    assert client.get("/api/ping").status_code == 200


def test_section_2_envelope_and_silent_cap(start: Callable[..., Client]) -> None:
    client = start(customers_per_day=430)
    page = client.sweep(PageSize=500).json()
    assert list(page) == [
        "pageNumber",
        "pageSize",
        "lastPage",
        "totalPages",
        "totalResults",
        "totalThisPage",
        "pageResults",
    ]
    assert (page["pageSize"], page["totalPages"], page["totalResults"]) == (200, 3, 430)
    assert (page["pageNumber"], page["lastPage"], page["totalThisPage"]) == (1, False, 200)
    last = client.sweep(PageSize=500, Page=3).json()
    assert (last["lastPage"], last["totalThisPage"], len(last["pageResults"])) == (True, 30, 30)
    beyond = client.sweep(PageSize=500, Page=4).json()
    assert (beyond["lastPage"], beyond["pageResults"]) == (True, [])


def test_section_2_empty_set(client: Client) -> None:
    empty = client.sweep(20260722, 20260720).json()
    assert (empty["totalResults"], empty["pageResults"], empty["lastPage"]) == (0, [], True)


def test_section_2_names_bind_in_any_case(client: Client) -> None:
    query = {"fromservicedate": 20260720, "TOSERVICEDATE": 20260720, "pagesize": 2}
    assert client.get("/api/customers", **query).json()["pageSize"] == 2


@pytest.mark.parametrize(
    "path",
    ["opportunities/{}/jobs", "opportunities/{}/audit-activity", "payments/opportunities/{}"],
)
def test_section_2_bare_arrays(client: Client, path: str) -> None:
    opportunity = client.opportunities()[0]["id"]
    assert isinstance(client.get("/api/" + path.format(opportunity)).json(), list)


def test_section_3_what_does_not_exist(client: Client) -> None:
    for path in ("/api/jobs", "/api/opportunities", "/api/estimates", "/api/locations"):
        assert client.get(path).status_code == 404


def test_section_4_premium(client: Client) -> None:
    assert client.get("/api/premium/customers/search", searchQuery="ab").status_code == 400
    name = client.all_customers()[0]["name"].strip()
    assert client.get("/api/premium/customers/search", searchQuery=name).json()
    opportunity = client.opportunities()[0]
    job = opportunity["jobs"][0]["id"]
    path = f"/api/premium/opportunities/{opportunity['id']}/jobs/{job}"
    assert client.get(path, IncludeStops="true").json()["opportunityId"] == opportunity["id"]


def test_section_5_1_sweep_rows(client: Client) -> None:
    row = client.all_customers()[0]
    assert set(row) == {
        "id",
        "name",
        "phoneNumber",
        "phoneType",
        "emailAddress",
        "address",
        "secondaryPhoneNumbers",
        "opportunities",
    }
    opportunity = row["opportunities"][0]
    assert set(opportunity) == {"id", "quoteNumber", "status", "jobs"}
    assert isinstance(opportunity["quoteNumber"], str)
    job = opportunity["jobs"][0]
    assert set(job) == {"id", "jobNumber", "serviceDate", "type"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", job["serviceDate"])
    assert re.fullmatch(opportunity["quoteNumber"] + r"-\d", job["jobNumber"])


def test_section_5_1_opportunities_without_dates_only_when_asked(client: Client) -> None:
    bare = client.get("/api/customers", PageSize=1).json()["pageResults"][0]
    assert bare["opportunities"] is None
    asked = client.get("/api/customers", PageSize=1, IncludeOpportunityInfo="true").json()
    assert asked["pageResults"][0]["opportunities"]
    dated = client.get("/api/customers", PageSize=1, FromServiceDate=20260720, ToServiceDate=20260720)
    assert dated.json()["pageResults"][0]["opportunities"]


def test_section_5_1_customers_lack_fields(client: Client) -> None:
    rows = client.all_customers(20260701, 20260731, 200)
    for field in ("phoneNumber", "emailAddress"):
        assert {None, ""} <= {row[field] for row in rows}
    assert None in {row["address"] for row in rows}
    assert {None, 0, 1, 2, 3} == {row["phoneType"] for row in rows}
    assert any(row["secondaryPhoneNumbers"] for row in rows)


def test_section_5_2_detail(client: Client) -> None:
    row = client.opportunities()[0]
    detail = client.get(f"/api/opportunities/{row['id']}", **ALL_FLAGS).json()
    assert detail["quoteNumber"] == int(row["quoteNumber"])
    assert detail["status"] == row["status"]
    assert set(detail["branch"]) == {"name", "phoneNumber"}
    assert isinstance(detail["serviceDate"], int)
    assert isinstance(detail["estimatedTotal"]["finalTotal"], float)
    assert {job["id"] for job in detail["jobs"]} == {job["id"] for job in row["jobs"]}
    by_quote = client.get(f"/api/opportunities/quote/{row['quoteNumber']}", **ALL_FLAGS).json()
    assert by_quote == detail


def test_section_5_2_collections_not_asked_for_are_empty(client: Client) -> None:
    for row in client.opportunities():
        detail = client.get(f"/api/opportunities/{row['id']}").json()
        for name in ("payments", "opportunityFiles", "photos", "opportunityDocuments", "surveys", "tasks"):
            assert not detail[name]
        for job in detail["jobs"]:
            assert not job["estimatedCharges"]
            assert not job["actualCharges"]
            assert not job["jobAddresses"]
            assert job["crewMembers"] is None


def test_section_5_2_dispatch_info(client: Client) -> None:
    row = client.opportunities()[0]
    job = client.get(f"/api/opportunities/{row['id']}", IncludeDispatchInfo="true").json()["jobs"][0]
    assert isinstance(job["crewMembers"], list)
    assert set(job["jobTime"]) == {"laborTime", "billableHours", "travelTime"}
    assert set(job["arrivalWindow"]) == {"id", "description", "startTime", "endTime", "isDefault"}


def test_section_5_2_addresses_are_no_pair(client: Client) -> None:
    counts = {
        len(job["jobAddresses"])
        for row in client.opportunities(20260718, 20260722)
        for job in client.get(f"/api/opportunities/{row['id']}", IncludeJobAddresses="true").json()["jobs"]
    }
    assert {1, 2, 3} <= counts


def test_section_5_3_times_fit_status_and_clock(client: Client) -> None:
    moments = ("startTimeUtc", "endTimeUtc", "completedAtUtc", "confirmedAtUtc", "closedAtUtc")
    worked = 0
    for row in client.opportunities(20260714, 20260724):
        for job in client.get(f"/api/opportunities/{row['id']}/jobs").json():
            present = [job[name] for name in moments if job[name]]
            assert all(text[:10] <= "2026-07-20" for text in present)
            if row["status"] not in {10, 11}:
                assert job["startTimeUtc"] is job["completedAtUtc"] is job["closedAtUtc"] is None
            if row["status"] == 11 and all(part["serviceDate"] < "2026-07-17" for part in row["jobs"]):
                worked += 1
                assert job["startTimeUtc"]
                assert job["closedAtUtc"]
    assert worked


def test_section_5_4_leads(client: Client) -> None:
    window = {"From": 20260601, "To": 20260720, "PageSize": 200}
    usual = client.get("/api/leads", **window).json()["pageResults"]
    assert {row["status"] for row in usual} == {0, 1}
    bad = client.get("/api/leads", IncludeBad="true", **window).json()
    lost = client.get("/api/leads", IncludeLost="true", **window).json()
    assert {row["status"] for row in bad["pageResults"]} == {0, 1, 50}
    assert 30 in {row["status"] for row in lost["pageResults"]}
    assert None in {row["type"] for row in usual}
    assert 0 in {row["serviceDate"] for row in usual}
    lead = usual[0]
    assert client.get(f"/api/leads/{lead['id']}").json() == lead
    # The lead's id is the opportunity's.
    assert client.get(f"/api/opportunities/{lead['id']}").json()["id"] == lead["id"]


def test_section_5_4_some_lost_leads_are_moves_of_the_sweep(client: Client) -> None:
    lost = {row["id"] for row in client.opportunities(20260715, 20260720) if row["status"] == 30}
    page = client.get("/api/leads", From=20260625, To=20260720, IncludeLost="true", PageSize=200).json()
    assert lost & {row["id"] for row in page["pageResults"]}


def test_section_6_statuses_fit_the_day(client: Client) -> None:
    past = {row["status"] for row in client.opportunities(20260601, 20260630)}
    future = Counter(
        row["status"]
        for row in client.opportunities(20260810, 20260830)
        if all(job["serviceDate"] > "2026-07-20" for job in row["jobs"])
    )
    assert past >= {11, 20, 30}
    assert set(future) == {3, 4, 20, 30}
    assert future[4] > future[3]
    client.control.clock("2027-01-01T12:00:00Z")
    assert 11 in {row["status"] for row in client.opportunities(20260810, 20260830)}


def test_section_7_service_date_can_be_compact_text(start: Callable[..., Client]) -> None:
    job = start(service_date_format="compact").opportunities()[0]["jobs"][0]
    assert re.fullmatch(r"\d{8}", job["serviceDate"])


def test_section_8_unknown_ids(client: Client) -> None:
    gone = client.get(f"/api/opportunities/{UNKNOWN}")
    assert gone.status_code == 400
    assert gone.json() == {"message": "The specified opportunity was not found"}
    for path in (
        f"/api/opportunities/{UNKNOWN}/jobs",
        f"/api/payments/opportunities/{UNKNOWN}",
        "/api/opportunities/quote/1",
        f"/api/customers/{UNKNOWN}",
        "/api/leads/nonsense",
    ):
        assert client.get(path).status_code == 400


def test_section_8_validation(client: Client) -> None:
    for query in ({"FromServiceDate": "tomorrow"}, {"FromServiceDate": 20261345}, {"Page": "x"}):
        answer = client.get("/api/customers", **query)
        assert answer.status_code == 400
        assert set(answer.json()) == {"message", "errors"}


def test_section_11_1_branch_id_is_ignored(client: Client) -> None:
    plain = client.sweep().content
    assert client.sweep(BranchId=UNKNOWN).content == plain


def test_section_11_1_branch_id_honoured_for_the_plan(start: Callable[..., Client]) -> None:
    client = start(scale="plan", branch_filter="honoured", page_cap=5)
    branches = client.get("/api/branches", PageSize=200).json()
    assert (branches["pageSize"], branches["totalResults"]) == (5, 66)
    ids = [row["id"] for row in branches["pageResults"]]
    seen: list[str] = []
    jobs = 0
    for branch in ids[:2]:
        for day in ("2026-07-20", "2026-07-21"):
            compact = int(day.replace("-", ""))
            pages = client.sweep(compact, BranchId=branch, PageSize=200).json()
            assert (pages["totalResults"], pages["totalPages"]) == (186, 38)
            for page in range(1, 39):
                rows = client.sweep(compact, BranchId=branch, Page=page).json()["pageResults"]
                seen += [row["id"] for row in rows]
                jobs += sum(job["serviceDate"] == day for r in rows for o in r["opportunities"] for job in o["jobs"])
    assert len(seen) == len(set(seen)) == 4 * 186
    assert 1.12 < jobs / len(seen) < 1.28
    assert client.sweep(BranchId=UNKNOWN).json()["totalResults"] == 0


def test_section_11_2_dates_choose_customers_not_jobs(client: Client) -> None:
    rows = client.all_customers()
    outside = [
        job["serviceDate"]
        for row in rows
        for opportunity in row["opportunities"]
        for job in opportunity["jobs"]
        if job["serviceDate"] != "2026-07-20"
    ]
    assert outside
    for row in rows:
        days = {job["serviceDate"] for o in row["opportunities"] for job in o["jobs"]}
        assert "2026-07-20" in days
        for day in days:
            ids = {other["id"] for other in client.all_customers(int(day.replace("-", "")))}
            assert row["id"] in ids


def test_section_11_8_order_of_name(client: Client) -> None:
    names = [row["name"].strip().casefold() for row in client.all_customers()]
    assert names == sorted(names)
