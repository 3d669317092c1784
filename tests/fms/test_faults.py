"""What goes wrong with a report: yesterday's rows stay, the other reports load, and the message says what was seen."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from branchline.request import Request

from tests.conftest import NOW
from tests.fms.test_line import REPORTS, change, check_whole, history, live

TOMORROW = NOW + timedelta(days=1)
LOANS = "loan_history"


def strike(line: Any, kind: str, report: str = LOANS, **settings: Any) -> None:
    line.vendor.control.faults({"match": f"{report}.rpt", "action": {"kind": kind, **settings}})


def rows_of(line: Any, table: str) -> list[Any]:
    rows: list[Any] = line.warehouse.rows(f"SELECT * FROM fms.{table} ORDER BY 1, 2, 3")
    return rows


@pytest.mark.parametrize(
    ("kind", "settings", "fact"),
    [
        ("html200", {}, "HTML"),
        ("empty200", {}, "is empty"),
        ("header_only", {}, "header row"),
        ("short_line", {}, "is cut"),
        ("truncate", {}, "is cut|connection failed"),
        ("cut", {}, "connection failed"),
        ("few_rows", {"share": 0.6}, "snapshot has"),
        ("shift_columns", {"at": 1}, "should be"),
        ("extra_column", {}, "columns"),
    ],
)
def test_t50_to_t55_a_bad_report_leaves_yesterdays_rows(
    fms: Any, monkeypatch: pytest.MonkeyPatch, kind: str, settings: dict[str, Any], fact: str
) -> None:
    monkeypatch.setattr("branchline.transport.BACKOFF_SECONDS", 0.01)
    line = fms()
    line.sync()
    before = rows_of(line, LOANS)
    line.vendor.control.clock(TOMORROW.isoformat())
    strike(line, kind, **settings)
    status = line.sync(instant=TOMORROW)
    assert status.pop(LOANS) == "failed"
    assert set(status.values()) == {"success"}
    assert rows_of(line, LOANS) == before
    second = history(line, "run 2")
    message = second[LOANS].error_message
    assert re.search(fact, message or ""), message
    assert "sandbox-fms-folder" not in message
    assert sum(row.created + row.updated + row.deleted for row in second.values()) > 0
    line.vendor.control.clear_faults()
    assert set(line.sync(instant=TOMORROW).values()) == {"success"}
    check_whole(line)


def test_t52_the_first_night_without_a_report_has_no_rows_and_says_so(fms: Any) -> None:
    line = fms()
    strike(line, "empty200", "active_vehicles")
    status = line.sync()
    assert status["vehicles"] == "failed"
    assert live(line, "vehicles") == {}
    assert len(live(line, "loan_history")) > 1000


def test_t55_a_row_with_too_many_fields_is_quarantined_and_the_rest_load(fms: Any) -> None:
    line = fms()
    line.sync()
    count = len(live(line, LOANS))
    strike(line, "wide_row")
    assert set(line.sync(instant=NOW + timedelta(hours=1)).values()) == {"success"}, line.errors
    wide = line.warehouse.rows("SELECT * FROM ops.quarantine WHERE reason = 'too_many_columns' AND resolved_at IS NULL")
    assert len(wide) >= 1
    assert all(row.payload is None and row.payload_raw and row.severity == "record" for row in wide)
    # the row that cannot be read may be one that seems to be missing: it stays
    assert len(live(line, LOANS)) == count
    line.vendor.control.clear_faults()
    line.sync(instant=NOW + timedelta(hours=2))
    settled = line.warehouse.rows("SELECT resolution FROM ops.quarantine WHERE reason = 'too_many_columns'")
    assert {row.resolution for row in settled} == {"no longer sent"}


def test_a_row_that_stays_unreadable_hides_a_loss_for_one_night_only(fms: Any) -> None:
    line = fms(fms_dirt=False)
    line.sync()
    change(line, {"set": LOANS, "key": next(iter(live(line, LOANS)))[0], "values": {"Activity_ID": ""}})
    lost = len(live(line, LOANS)) - 1
    line.sync(instant=NOW + timedelta(hours=1))
    assert len(live(line, LOANS)) == lost + 1
    line.sync(instant=NOW + timedelta(days=1))
    assert len(live(line, LOANS)) == lost


@pytest.mark.parametrize(("share", "status"), [(0.25, "failed"), (0.05, "success")])
def test_t69_a_quarter_that_vanishes_is_refused_and_a_twentieth_becomes_tombstones(
    fms: Any, share: float, status: str
) -> None:
    line = fms()
    line.sync()
    before = len(live(line, LOANS))
    change(line, {"vanish": LOANS, "share": share})
    later = NOW + timedelta(hours=1)
    assert line.sync(instant=later)[LOANS] == status
    gone = before - len(live(line, LOANS))
    assert gone == (0 if status == "failed" else history(line, "run 2")[LOANS].deleted)
    assert (gone > 0) == (status == "success")
    if status == "failed":
        assert "accept_shrink" in history(line, "run 2")[LOANS].error_message
        assert line.sync(Request(accept_shrink=(LOANS,)), instant=later)[LOANS] == "success"
        assert len(live(line, LOANS)) < before * 0.8
    change(line, {"vanish": LOANS, "share": 0})
    line.sync(instant=later)
    check_whole(line)


def test_a_report_that_is_not_there_is_named(fms: Any) -> None:
    line = fms()
    query = line.endpoint().query.replace("sandbox-fms-folder", "another-folder")
    line.endpoint = lambda: type(line).endpoint(line, query)
    assert set(line.sync().values()) == {"failed"}
    for row in history(line, "run 1").values():
        assert "404" in row.error_message
        assert "another-folder" not in row.error_message


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest", "http://10.0.0.1/", "https://reports.example.net/"])
def test_t86_no_redirect_is_followed(fms: Any, to: str) -> None:
    line = fms()
    strike(line, "redirect", "active_vehicles", location=to)
    assert line.sync()["vehicles"] == "failed"
    assert "is not followed" in history(line, "run 1")["vehicles"].error_message


@pytest.mark.parametrize(
    "style",
    [
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16"},
        {"encoding": "latin-1"},
        {"newline": "\r\n"},
        {"newline": "\r"},
    ],
)
def test_t50_another_encoding_or_line_end_changes_nothing(fms: Any, style: dict[str, str]) -> None:
    line = fms()
    line.sync()
    change(line, {"report": "all", **style})
    assert set(line.sync(instant=NOW + timedelta(hours=1)).values()) == {"success"}, line.errors
    second = history(line, "run 2")
    assert sum(row.unchanged for row in second.values()) > 1800
    assert all(row.created == row.updated == row.deleted == 0 for row in second.values())


@pytest.mark.parametrize(("style", "fact"), [({"delimiter": ";"}, "semicolons"), ({"header": True}, "header row")])
def test_t50_another_delimiter_or_a_header_fails_every_report(fms: Any, style: dict[str, Any], fact: str) -> None:
    line = fms()
    line.sync()
    before = {table: len(live(line, table)) for table in REPORTS}
    change(line, {"report": "all", **style})
    assert set(line.sync(instant=NOW + timedelta(hours=1)).values()) == {"failed"}
    assert all(fact in row.error_message for row in history(line, "run 2").values())
    assert {table: len(live(line, table)) for table in REPORTS} == before
