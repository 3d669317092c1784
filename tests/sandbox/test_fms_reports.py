"""The FMS sandbox's reports against the vendor's contract: the address, the sizes, the forms of values."""

from __future__ import annotations

import csv
import http.client
import io
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import __main__ as command_line

from .conftest import Client, plain_get

FOLDER = "sandbox-fms-folder"
SMALL = {
    "active_vehicles": 98,
    "media_partners": 60,
    "loan_history": 1_080,
    "current_vehicle_activity": 112,
    "approved_makes": 470,
}
WIDTHS = dict(zip(SMALL, (15, 8, 14, 9, 4), strict=True))


class Reports:
    """A plain client of the report server."""

    def __init__(self, client: Client) -> None:
        self.sandbox = client.sandbox
        self.control = client.control

    def get(self, report: str, folder: str = FOLDER) -> requests.Response:
        return plain_get(f"{self.sandbox.fms}?report=file:/{folder}/{report}.rpt&init=csv")

    def rows(self, report: str) -> list[list[str]]:
        answer = self.get(report)
        assert answer.status_code == 200
        return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))

    def column(self, report: str, place: int) -> list[str]:
        return [row[place] for row in self.rows(report)]

    def change(self, **command: object) -> dict[str, object]:
        (done,) = self.control.change(command, source="fms")
        return done


@pytest.fixture
def reports(client: Client) -> Reports:
    return Reports(client)


def target(reports: Reports, target: str) -> tuple[int, str]:
    """GET exactly this target: no client has escaped or unescaped it."""
    connection = http.client.HTTPConnection(urlsplit(reports.sandbox.url).netloc, timeout=60)
    try:
        connection.putrequest("GET", target)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_section_1_the_address_is_the_secret(reports: Reports) -> None:
    good = f"report=file:/{FOLDER}/active_vehicles.rpt&init=csv"
    assert target(reports, f"/fms/?{good}")[0] == 200
    for query in (
        "",
        "report=active_vehicles",
        good.replace(FOLDER, "other-folder"),
        good.replace(f"/{FOLDER}", ""),
        good.replace("active_vehicles", "current_activity"),
        good.replace(".rpt", ""),
        good.replace("&init=csv", ""),
        good + "&more=1",
        good.replace(":/", "%3A%2F"),
        good.replace("/", "%2F"),
        good.replace("active_", "%61ctive_"),
    ):
        assert target(reports, f"/fms/?{query}") == (404, "Report not found"), query
    assert target(reports, f"/fms/other?{good}") == (404, "Report not found")


def test_section_1_another_folder(start: Callable[..., Client]) -> None:
    reports = Reports(start(fms_folder="home/deployer/reports/aB3_-x"))
    assert reports.get("approved_makes", "home/deployer/reports/aB3_-x").status_code == 200
    assert reports.get("approved_makes").status_code == 404


def test_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_FMS_FOLDER", "-from_env")
    monkeypatch.delenv("SANDBOX_GEOCODER_KEY", raising=False)
    said = command_line._parser().parse_args(["--fms-clean", "--fms-layout", "2025-11-12", "--fms-size", "10"])
    assert (said.fms_folder, said.geocoder_key) == ("-from_env", "sandbox-geocoder-key")
    assert (said.fms_dirt, str(said.fms_layout), said.fms_size) == (False, "2025-11-12", 10.0)


def test_section_1_csv_without_a_header(reports: Reports) -> None:
    answer = reports.get("media_partners")
    assert answer.headers["Content-Type"] == "text/csv"
    assert b"Person_ID" not in answer.content
    assert b"\r" not in answer.content
    for report, count in SMALL.items():
        rows = reports.rows(report)
        assert len(rows) == count
        assert {len(row) for row in rows} == {WIDTHS[report]}


def test_section_1_the_original_size(start: Callable[..., Client]) -> None:
    reports = Reports(start(scale="original"))
    counts = {report: len(reports.rows(report)) for report in SMALL}
    assert counts == dict(zip(SMALL, (979, 592, 10_806, 1_122, 4_715), strict=True))


def test_any_multiple_of_the_original_size(start: Callable[..., Client]) -> None:
    reports = Reports(start(fms_size=0.5, fms_dirt=False))
    assert [len(reports.rows(report)) for report in SMALL] == [490, 296, 5_403, 561, 2_358]


def test_two_downloads_are_the_same(reports: Reports, start: Callable[..., Client]) -> None:
    other, another = Reports(start()), Reports(start(seed=8))
    for report in SMALL:
        once = reports.get(report).content
        assert reports.get(report).content == once
        assert other.get(report).content == once
        assert another.get(report).content != once


def test_section_2_vehicles(start: Callable[..., Client]) -> None:
    rows = Reports(start(scale="original")).rows("active_vehicles")
    columns = list(zip(*rows, strict=True))
    assert all(re.fullmatch(r"\d{5}", text) for text in columns[0])
    assert {"NA", "1E5", "0500"} <= set(columns[4])
    assert len(set(columns[5])) == 14
    assert sum(text.startswith("00000000") for text in columns[6]) > 5
    assert {len(text.strip()) for text in columns[6]} == {17, 0}
    assert any(text.strip() != text.strip().upper() for text in columns[6])
    assert Counter(map(len, columns[8])).keys() == {8, 10}
    assert all(re.fullmatch(r"\d\d/\d\d/\d\d|\d\d/\d\d/\d{4}", text) for text in columns[8])
    assert "" in columns[9]
    assert sum("," in text for text in columns[10]) > 500
    assert all(re.fullmatch(r"\d{1,2}/\d{4}", text) for text in columns[11])
    assert {re.sub(r"\d", "9", text) for text in columns[12]} == {"99-99-99", "99/99/99"}
    assert {"NA", "None", "1E5", "0042", ""} <= set(columns[13])


def test_section_2_partners(start: Callable[..., Client]) -> None:
    rows = Reports(start(scale="original")).rows("media_partners")
    ids, names, addresses, offices, _, notes, _, subcategories = zip(*rows, strict=True)
    assert sum(text.startswith("00") for text in ids) > 10
    rows_of = Counter(person for person, office in set(zip(ids, offices, strict=True)) if office)
    assert 15 < sum(count == 2 for count in rows_of.values()) < 30
    assert any("é" in name for name in names)
    assert 10 < addresses.count("N/A") < 50
    assert "" in addresses
    assert sum(bool(re.fullmatch(r"\d+ [^,]+, [A-Z][^,]+, [A-Z]{2}", text)) for text in addresses) > 540
    assert any("\n" in text for text in notes)
    assert any('"' in text for text in notes)
    assert {"", "n/a", "12"} <= set(subcategories)


def test_section_2_loans(start: Callable[..., Client]) -> None:
    rows = Reports(start(scale="original")).rows("loan_history")
    columns = list(zip(*rows, strict=True))
    assert sum(text.endswith(".0") for text in columns[0]) > 100
    assert any(text.startswith("00") for text in columns[0])
    assert any(re.fullmatch(r"\d+E5", text) for text in columns[0])
    assert any(text != text.upper() for text in columns[1])
    assert sum(text.endswith(".0") for text in columns[2]) > 300
    assert not any(text.startswith("00") and text.endswith(".0") for text in columns[2])
    assert {"", "2025", "2,025"} <= set(columns[5])
    assert "NA" in columns[6]
    assert {re.sub(r"\d", "9", text) for text in columns[7]} == {"99-99-99", "99/99/99"}
    assert {"0.0", "1.0", "4.0", ""} <= set(columns[9])
    years = Counter(text[-2:] for text in columns[7])
    assert years.keys() == {"23", "24", "25", "26"}
    assert years["24"] > 3_000


def test_section_2_activity_and_makes(start: Callable[..., Client]) -> None:
    client = Reports(start(scale="original"))
    activity = client.rows("current_vehicle_activity")
    kinds: dict[str, set[bool]] = {}
    for row in activity:
        kinds.setdefault(row[3], set()).add(bool(row[1]))
    nobody = {"Hold", "Hold for Turn In", "Special", "Event"}
    assert nobody | {"Loan"} < set(kinds)
    assert all(kinds[kind] == {kind not in nobody} for kind in kinds)
    assert any(row[1].endswith(".0") for row in activity)
    # One list says First Last, the other Last, First.
    names = {row[0]: row[1] for row in client.rows("media_partners")}
    makes = client.rows("approved_makes")
    assert all(" ".join(reversed(row[1].split(", ", 1))) == names[row[0]] for row in makes)
    assert {row[3] for row in makes} == {"A+", "A", "B", "C", "Pending"}


def test_section_2_budget_spending(reports: Reports) -> None:
    rows = reports.rows("budget_spending")
    bare = plain_get(f"{reports.sandbox.fms}?report=file:/{FOLDER}/budget_spending&init=csv")
    assert bare.status_code == 200
    assert {row[2] for row in rows} == {"2,025", "2,026"}
    assert {row[3] for row in rows} == {"Q1", "Q2", "Q3", "Q4"}
    assert sum("," in row[4] for row in rows) > 20
    assert "" in {row[4] for row in rows}


def test_calls_are_counted(reports: Reports) -> None:
    before = reports.control.served()["by_path"].get("GET /fms/", {})
    reports.get("approved_makes")
    reports.get("nothing")
    after = reports.control.served()["by_path"]["GET /fms/"]
    assert after["200"] == before.get("200", 0) + 1
    assert after["404"] == before.get("404", 0) + 1
