"""The Tekmetric sandbox's public API against the vendor's contract; each test names the section."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from .conftest import Client

CREDENTIALS = ("sandbox-tekmetric-id", "sandbox-tekmetric-secret")
GRANT = {"grant_type": "client_credentials"}
EMPLOYEES_ERROR = {"type": "ERROR", "message": "Access Denied", "data": None, "details": {}}


class Chain:
    """A plain client of both Tekmetric APIs."""

    def __init__(self, client: Client) -> None:
        self.sandbox = client.sandbox
        self.control = client.control
        self.session = requests.Session()
        self.session.trust_env = False
        self.take_token()

    def ask_token(self, auth: tuple[str, str] = CREDENTIALS, **form: str) -> requests.Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        url = self.sandbox.tekmetric + "/api/v1/oauth/token"
        return self.session.post(url, data=form or GRANT, auth=auth, headers=headers, timeout=60)

    def take_token(self) -> None:
        self.token = self.ask_token().json()["access_token"]

    def get(self, path: str, token: str | None = None, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        url = f"{self.sandbox.tekmetric}/api/v1/{path}"
        return self.session.get(url, params=query, headers=headers, timeout=60)

    def all(self, path: str, **query: Any) -> list[Any]:
        found: list[Any] = []
        for page in range(1000):
            body = self.get(path, page=page, **{"size": 100, **query}).json()
            found += body["content"]
            if body["last"]:
                return found
        raise AssertionError("no last page")

    def web(self, path: str, token: str = "sandbox-tekmetric-shop-token", **query: Any) -> requests.Response:
        headers = {"x-auth-token": token} if token else {}
        url = f"{self.sandbox.tekmetric_shop}/api/{path}"
        return self.session.get(url, params=query, headers=headers, timeout=60)

    def change(self, **command: Any) -> dict[str, Any]:
        (done,) = self.control.change(command, source="tekmetric")
        told: dict[str, Any] = done
        return told


@pytest.fixture
def chain(client: Client) -> Chain:
    return Chain(client)


def test_section_1_1_token(chain: Chain) -> None:
    first, again = chain.ask_token(), chain.ask_token()
    body = first.json()
    assert set(body) == {"access_token", "token_type", "scope"}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", body["access_token"])
    assert (body["token_type"], body["scope"]) == ("bearer", "4100 4101 4102 4103")
    assert again.json() == body


def test_section_1_3_token_errors(chain: Chain) -> None:
    wrong = chain.ask_token(auth=("sandbox-tekmetric-id", "wrong"))
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    grant = chain.ask_token(grant_type="password")
    assert (grant.status_code, grant.json()) == (
        400,
        {"error": "unsupported_grant_type", "error_description": "OAuth 2.0 Parameter: grant_type"},
    )


def test_section_1_3_bad_bearer_is_401_with_empty_body(chain: Chain) -> None:
    answer = chain.get("shops", token="wrong")
    assert (answer.status_code, answer.content) == (401, b"")


def test_section_1_1_revoked_token(chain: Chain) -> None:
    chain.change(revoke_token=True)
    assert (chain.get("shops").status_code, chain.get("shops").content) == (401, b"")
    before = chain.token
    chain.take_token()
    assert chain.token != before
    assert chain.get("shops").status_code == 200
    assert chain.get("shops", token=before).status_code == 401


def test_section_1_1_token_with_an_end(start: Callable[..., Client]) -> None:
    chain = Chain(start(tekmetric_token_seconds=60))
    assert chain.ask_token().json()["expires_in"] == 60
    chain.control.clock("2026-07-20T15:01:01Z")
    assert chain.get("shops").status_code == 401
    chain.take_token()
    assert chain.get("shops").status_code == 200


def test_section_1_2_burst_is_429_with_empty_body(start: Callable[..., Client]) -> None:
    chain = Chain(start(tekmetric_rate_per_minute=2))
    answers = [chain.get("shops", shop=4100 + place) for place in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].content == b""
    assert "Retry-After" not in answers[2].headers
    assert chain.web("shop/4101/employees-lite").status_code == 200  # another credential


def test_section_1_2_default_limit_is_600(chain: Chain) -> None:
    assert Counter(chain.get("shops/4100").status_code for _ in range(602)) == {200: 600, 429: 2}


def test_section_1_3_shop_out_of_scope(chain: Chain) -> None:
    for path in ("repair-orders", "customers", "employees"):
        answer = chain.get(path, shop=9999)
        assert (answer.status_code, answer.json()) == (403, EMPLOYEES_ERROR)
    order = chain.get("repair-orders", shop=4101, size=1).json()["content"][0]
    chain.change(forbid_shop=4101)
    assert chain.get("repair-orders", shop=4101).json() == EMPLOYEES_ERROR
    assert chain.get(f"repair-orders/{order['id']}").status_code == 403
    assert chain.get("repair-orders", shop=4102).status_code == 200
    chain.change(forbid_shop=4101, shape="oauth")
    told = chain.get("shops/4101")
    assert (told.status_code, told.json()["error"], told.json()["scope"]) == (403, "insufficient_scope", "4101")
    chain.change(allow_shop=4101)
    assert chain.get("shops/4101").status_code == 200
    chain.change(scope=[4102])
    assert chain.ask_token().json()["scope"] == "4102"
    assert [shop["id"] for shop in chain.get("shops").json()] == [4102]


def test_section_1_4_envelope(chain: Chain) -> None:
    body = chain.get("repair-orders", shop=4101).json()
    assert set(body) == {
        "content", "pageable", "totalPages", "totalElements", "last", "first", "sort", "size", "number",
        "numberOfElements", "empty",
    }  # fmt: skip
    assert (body["size"], body["number"], body["first"], body["last"]) == (10, 0, True, False)
    assert body["sort"] == {"sorted": False, "unsorted": True, "empty": True}
    assert body["pageable"]["pageNumber"] == 0
    assert body["totalPages"] == -(-body["totalElements"] // 10)


def test_section_1_4_size_is_capped_silently(start: Callable[..., Client]) -> None:
    chain = Chain(start(tekmetric_shops=1, tekmetric_days=60))
    body = chain.get("repair-orders", shop=4101, size=500).json()
    assert (body["size"], body["numberOfElements"], len(body["content"])) == (100, 100, 100)
    last = chain.get("repair-orders", shop=4101, size=500, page=1).json()
    assert (last["last"], last["number"], last["totalPages"]) == (True, 1, 2)


def test_section_1_4_empty_result(chain: Chain) -> None:
    body = chain.get("repair-orders", updatedDateStart="2030-01-01T00:00:00Z").json()
    assert (body["content"], body["totalPages"], body["totalElements"], body["last"]) == ([], 0, 0, True)


def test_section_1_4_customers_have_the_other_envelope(chain: Chain) -> None:
    body = chain.get("customers", sort="lastName,firstName", sortDirection="DESC").json()
    assert {"pageable", "empty"}.isdisjoint(body)
    assert [row["property"] for row in body["sort"]] == ["lastName", "firstName"]
    assert set(body["sort"][0]) == {
        "direction", "property", "ignoreCase", "nullHandling", "ascending", "descending",
    }  # fmt: skip
    names = [row["lastName"] or "" for row in body["content"]]
    assert names == sorted(names, reverse=True)


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("repair-orders", "createdDate", "updatedDate"),
        ("customers", "email", "createdDate"),
        ("jobs", "authorizedDate", "name"),
        ("canned-jobs", "jobCategory", "name"),
    ],
)
def test_section_1_5_sorts_are_listed(chain: Chain, path: str, good: str, bad: str) -> None:
    assert chain.get(path, sort=good).status_code == 200
    refused = chain.get(path, sort=bad)
    assert (refused.status_code, refused.json()["type"]) == (400, "ERROR")


def test_section_1_4_shops_are_a_bare_array(chain: Chain) -> None:
    shops = chain.get("shops").json()
    assert isinstance(shops, list)
    assert set(shops[0]) == {"id", "name", "nickname", "phone", "email", "website", "address", "roCustomLabelEnabled"}
    assert {shop["address"]["state"] for shop in shops} == {"CO", "NY", "AZ", "California"}
    assert "" in {shop["nickname"] for shop in shops}


def test_section_1_4_repeated_keys(chain: Chain) -> None:
    found = chain.all("repair-orders", repairOrderStatusId=[5, 6])
    assert {row["repairOrderStatus"]["id"] for row in found} == {5, 6}
    assert len(found) == sum(len(chain.all("repair-orders", repairOrderStatusId=status)) for status in (5, 6))


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("start", "end", "createdDate"),
        ("updatedDateStart", "updatedDateEnd", "updatedDate"),
        ("postedDateStart", "postedDateEnd", "postedDate"),
    ],
)
def test_section_1_5_order_filters(chain: Chain, first: str, last: str, field: str) -> None:
    everything = chain.all("repair-orders")
    moments = sorted(row[field] for row in everything if row[field])
    since, until = moments[len(moments) // 3], moments[2 * len(moments) // 3]
    found = chain.all("repair-orders", **{first: since, last: until})
    assert {row["id"] for row in found} == {row["id"] for row in everything if since <= (row[field] or "") <= until}


def test_section_1_5_more_order_filters(chain: Chain) -> None:
    row = chain.get("repair-orders", shop=4102, size=1).json()["content"][0]
    number = chain.all("repair-orders", shop=4102, repairOrderNumber=row["repairOrderNumber"])
    assert [found["id"] for found in number] == [row["id"]]
    assert row["id"] in {found["id"] for found in chain.all("repair-orders", customerId=row["customerId"])}
    assert {found["vehicleId"] for found in chain.all("jobs", vehicleId=row["vehicleId"])} == {row["vehicleId"]}
    assert chain.get(f"repair-orders/{row['id']}").json() == row
    assert [found["id"] for found in chain.all("repair-orders", shop=4102, start="2026-07-01", search="xyzzy")] == []


def test_section_1_5_unknown_parameters_are_ignored(chain: Chain) -> None:
    plain = chain.get("repair-orders", shop=4101).json()
    assert (
        chain.get("repair-orders", shop=4101, createdDateStart="2030-01-01", UPDATEDDATESTART="2030-01-01").json()
        == plain
    )


def test_section_1_3_values_that_cannot_be_read(chain: Chain) -> None:
    for query in ({"updatedDateStart": "yesterday"}, {"shop": "all"}, {"repairOrderStatusId": "x"}):
        answer = chain.get("repair-orders", **query)
        assert (answer.status_code, answer.json()["type"]) == (400, "ERROR")
    assert chain.get("repair-orders/1").status_code == 404
    assert chain.get("inventory").status_code == 404


def test_section_1_6_trap_1_deleted_filter_is_exclusive(chain: Chain) -> None:
    since = {"updatedDateStart": "2026-01-01T00:00:00Z"}
    active = chain.all("repair-orders", **since)
    assert {row["deletedDate"] for row in active} == {None}
    assert 7 not in {row["repairOrderStatus"]["id"] for row in active}
    gone = chain.all("repair-orders", deletedDateStart="2026-01-01T00:00:00Z", **since)
    assert gone
    assert all(row["deletedDate"] and row["repairOrderStatus"]["code"] == "DELETED" for row in gone)
    assert {row["id"] for row in gone}.isdisjoint(row["id"] for row in active)
    assert chain.get(f"repair-orders/{gone[0]['id']}").json()["deletedDate"]
    for path in ("customers", "vehicles"):
        assert all(row["deletedDate"] for row in chain.all(path, deletedDateStart="2020-01-01T00:00:00Z"))
        assert not any(row["deletedDate"] for row in chain.all(path))


def test_section_1_6_trap_3_jobs_do_not_move_with_their_order(chain: Chain) -> None:
    order = next(row for row in chain.all("repair-orders", shop=4101) if row["repairOrderStatus"]["id"] == 5)
    assert all(job["updatedDate"] < order["updatedDate"] for job in order["jobs"])
    jobs = chain.all("jobs", repairOrderId=order["id"])
    assert [job["id"] for job in jobs] == [job["id"] for job in order["jobs"]]
    assert set(jobs[0]) - set(order["jobs"][0]) == {"jobCategoryName", "archived", "completedDate", "sort"}
    assert chain.all("jobs", repairOrderId=order["id"], updatedDateStart=order["updatedDate"]) == []


def test_section_1_6_trap_4_no_shop_on_employees_and_vehicles(chain: Chain) -> None:
    employees = [chain.all("employees", shop=shop) for shop in (4101, 4102)]
    shared = {row["id"] for row in employees[0]} & {row["id"] for row in employees[1]}
    assert len(shared) == 1  # the owner
    assert {"shopId", "deletedDate", "hourlyRate"}.isdisjoint(employees[0][0])
    assert {row["employeeRole"]["code"] for row in employees[0]} <= {"1", "2", "3", "4"}
    assert {"shopId", "mileage"}.isdisjoint(chain.get("vehicles").json()["content"][0])
    assert len(chain.all("employees", shop=4101, search=employees[0][1]["lastName"])) >= 1


def test_section_1_6_trap_5_deleted_appointments_arrive_unless_turned_off(chain: Chain) -> None:
    everything = chain.all("appointments")
    active = chain.all("appointments", includeDeleted="false")
    assert any(row["deletedDate"] for row in everything)
    assert {row["id"] for row in active} == {row["id"] for row in everything if not row["deletedDate"]}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", row["startTime"]) for row in everything)


def test_section_1_7_variants_of_moments(chain: Chain) -> None:
    orders = chain.all("repair-orders")
    usual = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    assert all(usual.fullmatch(row["updatedDate"]) for row in orders)
    answered = [job["authorizedDate"] for row in orders for job in row["jobs"] if job["authorizedDate"]]
    assert all(usual.fullmatch(moment + "Z") for moment in answered)
    assert any(re.search(r"\.\d{3}Z$", row["updatedDate"]) for row in chain.all("customers"))
    assert "2018-02-15:00:00" in {row["productionDate"] for row in chain.all("vehicles")}


def test_section_1_8_codes(chain: Chain) -> None:
    orders = chain.all("repair-orders") + chain.all("repair-orders", deletedDateStart="2020-01-01")
    codes = {row["repairOrderStatus"]["id"]: row["repairOrderStatus"]["code"] for row in orders}
    assert {1: "ESTIMATE", 2: "WORKINPROGRESS", 3: "COMPLETE", 5: "POSTED", 6: "ACCRECV", 7: "DELETED"}.items() <= (
        codes.items()
    )
    assert all("repairOrderStatusId" not in row for row in orders)
    rides = {row["rideOption"]["code"] for row in chain.all("appointments") if row["rideOption"]}
    assert rides == {"RIDE ", "LOANDER ", "NONE"}
    parts = [part for row in orders for job in row["jobs"] for part in job["parts"]]
    assert {part["partType"]["code"] for part in parts} == {"PART", "TIRE", "BATTERY"}
    for part in parts:
        tyre = part["partType"]["id"] == 2
        assert ("dotNumbers" in part) == tyre
        if tyre:
            assert (part["name"], part["partNumber"], part["description"]) == (None, None, None)
            assert part["model"]
            assert isinstance(part["width"], str)


def test_section_1_9_people_and_vehicles_have_gaps(chain: Chain) -> None:
    customers, vehicles = chain.all("customers"), chain.all("vehicles")
    business = [row for row in customers if row["customerType"]["id"] == 2]
    assert business
    assert {row["lastName"] for row in business} == {""}
    assert any(row["firstName"] is row["lastName"] is None for row in customers)
    assert {None, ""} <= {row["vin"] for row in vehicles}
    assert any(row["unitNumber"] for row in vehicles)
    newer = {row["shopId"]: "creditLimit" in row for row in customers}
    assert newer == {4100: True, 4101: False, 4102: True, 4103: False}
    for row in customers:
        assert all(re.fullmatch(r"\d{3}55501\d\d", phone["number"]) for phone in row["phone"])


def test_section_1_9_canned_jobs(chain: Chain) -> None:
    everything = chain.all("canned-jobs", shop=4101)
    unassigned = chain.all("canned-jobs", shop=4101, categories=["Unassigned"])
    assert unassigned == [row for row in everything if row["jobCategoryCode"] is None]
    assert len(chain.all("canned-jobs", shop=4101, categories=["BRK", "TIR"])) == 4
    assert chain.all("canned-jobs", shop=4101, rates=[1]) == []
