"""What a geocoder does to us and we to ourselves: no failure of it is fatal, and what was answered is kept."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any

import pytest
from branchline import geocoding
from branchline.request import Request
from branchline.warehouse import SQL_ROOT

from tests.fms.town import KEY, NOWHERE

UNKNOWN_ERROR = '{"results":[],"status":"UNKNOWN_ERROR"}'
OVER_QUERY_LIMIT = '{"results":[],"status":"OVER_QUERY_LIMIT"}'


# ------------------------------------------------------------------------------------------- when the provider fails


def test_a_wrong_key_stops_at_once_and_the_run_stays_green(fms: Any, caplog: pytest.LogCaptureFixture) -> None:
    line = fms(geocoder_key="another")
    assert line.sync(Request(streams=("media_partners",))) == {"media_partners": "success"}
    assert line.errors == []
    assert 1 <= line.placed.calls <= line.geocoder.concurrency
    assert line.placed.stopped == "google refuses the account (GeocoderAuthenticationFailure)"
    assert line.vendor.control.truth("2026-01-01", "2026-01-02", source="geocoder")["calls"] == line.placed.calls
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any("stopped: google refuses the account" in text for text in warned)
    assert any("have a place: look at fms.geocodes" in text for text in warned)
    row = line.warehouse.one("SELECT * FROM ops.check_results")
    assert (row.check_name, row.severity, row.run_id) == ("partners_without_a_place", "warning", "run 1")
    assert row.checked == row.failed > 40
    assert row.worst == 100
    assert len(row.examples) == 10
    # nothing of a refusal is remembered: with the right key all of them are asked
    assert line.warehouse.one("SELECT count(*) FROM fms.geocodes") == 0


@pytest.mark.parametrize("how", ["UNKNOWN_ERROR", "500", "502", "503"])
def test_an_error_of_the_provider_is_tried_again(town: Any, how: str) -> None:
    here = town()
    here.partners(*here.streets(4))
    here.fail(int(how), times=3) if how.isdigit() else here.fault(UNKNOWN_ERROR, times=3)
    outcome = here.night()
    assert (outcome.calls, dict(outcome.statuses), outcome.stopped) == (7, {"found": 4}, None)


@pytest.mark.parametrize("how", ["UNKNOWN_ERROR", "500"])
def test_a_provider_that_is_down_is_left_alone_soon(town: Any, how: str) -> None:
    here = town()
    here.partners(*here.streets(200))
    here.fail(int(how)) if how.isdigit() else here.fault(UNKNOWN_ERROR)
    outcome = here.night()
    assert outcome.stopped == "google gave 10 addresses in a row no answer"
    assert geocoding.LOST * geocoding.ATTEMPTS <= outcome.calls == here.served
    assert outcome.calls <= (geocoding.LOST + here.service.concurrency) * geocoding.ATTEMPTS
    assert here.known() == []
    here.vendor.control.clear_faults()
    assert dict(here.night().statuses) == {"found": 200}


@pytest.mark.parametrize(
    "body",
    [
        "<html>", "", "[]", "null", "1", '{"results":[{}],"status":"OK"}', '{"results":{"x":1},"status":"OK"}',
        '{"results":[{"formatted_address":"x","geometry":{"location":{"lat":"north","lng":1}}}],"status":"OK"}',
        '{"results":[],"status":"SOMETHING_NEW"}',
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_costs_the_address_its_place_for_one_night(town: Any, body: str) -> None:
    here = town()
    here.partners(*here.streets(1))
    here.fault(body)
    outcome = here.night()
    assert (dict(outcome.statuses), here.known()) == ({}, [])
    assert 1 <= outcome.calls <= geocoding.ATTEMPTS
    here.vendor.control.clear_faults()
    assert dict(here.night().statuses) == {"found": 1}


def test_a_country_that_is_no_code_is_left_out(town: Any) -> None:
    here = town()
    here.partners(*here.streets(1))
    part = '{"short_name":"U.S.","types":["country"]},{"short_name":"x"}'
    here.fault(
        '{"results":[{"formatted_address":"x","address_components":[' + part + '],"geometry":{"location":'
        '{"lat":1.5,"lng":2.5}}}],"status":"OK"}'
    )
    assert dict(here.night().statuses) == {"found": 1}
    assert [(row.latitude, row.country, row.precision) for row in here.known()] == [(Decimal("1.5"), None, None)]


def test_section_8_the_rate_of_the_connection_is_kept(town: Any) -> None:
    """50 a second, where the provider refuses the 66th of any second: what is not paced runs into that."""
    here = town(geocoder_rate_per_second=65)
    here.partners(*here.streets(130))
    outcome = here.night(per_second=50)
    assert here.statuses == {"OK": 130}
    assert outcome.calls == 130


def test_section_8_a_burst_over_the_limit_is_waited_out(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "BACKOFF_SECONDS", 0.4)
    here = town(geocoder_rate_per_second=20)
    here.partners(*here.streets(30))
    outcome = here.night(concurrency=30)
    assert dict(outcome.statuses) == {"found": 30}
    assert here.statuses["OVER_QUERY_LIMIT"] == outcome.calls - 30 > 0


def test_section_8_a_quota_that_is_used_up_stops_after_a_few_tries(town: Any) -> None:
    here = town()
    here.partners(*here.streets(100))
    here.fault(OVER_QUERY_LIMIT)
    outcome = here.night()
    assert outcome.stopped == "google's quota is used up"
    assert outcome.calls <= here.service.concurrency * geocoding.ATTEMPTS


def test_section_8_over_the_daily_limit_stops_and_the_next_day_goes_on(town: Any) -> None:
    here = town(geocoder_per_day=12)
    here.partners(*here.streets(100))
    outcome = here.night()
    assert outcome.stopped
    assert dict(outcome.statuses) == {"found": 12}
    assert here.statuses["OVER_DAILY_LIMIT"] <= here.service.concurrency
    assert len(here.known()) == 12
    here.vendor.control.clock("2026-07-16T12:00:00Z")
    here.night()
    assert len(here.known()) == 24


def test_fewer_than_nine_in_ten_with_a_place_are_a_warning(town: Any, caplog: pytest.LogCaptureFixture) -> None:
    here = town()
    here.partners(NOWHERE, *here.streets(9))
    here.night()
    assert "have a place" not in caplog.text
    assert (here.check().checked, here.check().failed, here.check().worst) == (10, 1, Decimal("10.0"))
    here.partners(NOWHERE, "2 Demo Rd, Nowhere Springs, ZZ")
    here.night()
    assert "only 8 of 10 partners with an address have a place" in caplog.text
    assert [example["key"] for example in here.check().examples] == ["0", "1"]


def test_without_partners_there_is_nothing_to_do(town: Any, caplog: pytest.LogCaptureFixture) -> None:
    here = town()
    assert here.night().wanted == 0
    assert (here.check().checked, here.check().worst) == (0, None)
    assert "have a place" not in caplog.text


@pytest.mark.parametrize("how", ["good", "wrong key", "no such host", "misshapen"])
def test_t83_the_key_is_in_no_log_and_no_table(town: Any, caplog: pytest.LogCaptureFixture, how: str) -> None:
    caplog.set_level(logging.DEBUG)
    here = town(geocoder_key="canary-of-the-geocoder")
    here.partners(NOWHERE, *here.streets(2))
    domain = "127.0.0.1:1/geocoder" if how == "no such host" else here.service.domain
    if how == "misshapen":
        here.fault('{"results":[{}],"status":"OK"}')
    key = "canary-that-is-wrong" if how == "wrong key" else "canary-of-the-geocoder"
    outcome = here.night(key=key, domain=domain)
    assert outcome.calls > 0
    seen = [caplog.text, repr(outcome), repr(here.service), *map(repr, caplog.records)]
    for table in ("fms.geocodes", "ops.check_results", "ops.api_calls", "ops.sync_cursors", "ops.rate_buckets"):
        seen += [str(row) for row in here.warehouse.rows(f"SELECT * FROM {table}", role="admin")]
    assert all("canary" not in text for text in seen)
    assert KEY not in caplog.text


# ------------------------------------------------------------------------------------------------- -- our own end


def test_t60_killed_in_the_middle_what_was_answered_is_kept(town: Any) -> None:
    here = town(geocoder_latency_ms=30)
    here.partners(*here.streets(120))
    script = (
        "import sys; from branchline import geocoding, sync; from branchline.ledger import Account, Run\n"
        "from branchline.request import Request; from branchline.sources.fms import FMS\n"
        "from datetime import UTC, datetime\n"
        "geocoding.BATCH = 10\n"
        "service = geocoding.Service('google', 'fms geocoder', 'http', sys.argv[1], sys.argv[2], concurrency=2)\n"
        "account = Account('fms', 'fms', 'fms', 'press')\n"
        "run = sync.Sync(sys.stdin.read(), FMS, account, Run('fms', 'killed'), Request(), datetime.now(UTC))\n"
        "sync.place(run, service)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, here.service.domain, KEY], stdin=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(SQL_ROOT.parents[1] / "plugins")},
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(here.warehouse.loader)
    process.stdin.close()
    while len(here.known()) < 10:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(here.known())
    assert 10 <= kept < 120
    outcome = here.night()
    assert outcome.calls == 120 - kept
    assert all(row.latitude is not None for row in here.placed())
    assert max(here.asked.values()) <= 2


def test_an_error_of_ours_keeps_what_was_answered(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = town()
    here.partners(*here.streets(20))
    found = geocoding._Pass._found

    def fail(self: Any, key: str, place: Any) -> Any:
        if self._outcome.calls > 12:
            raise MemoryError
        return found(self, key, place)

    monkeypatch.setattr(geocoding._Pass, "_found", fail)
    with pytest.raises(MemoryError):
        here.night(concurrency=1)
    assert len(here.known()) == 12
