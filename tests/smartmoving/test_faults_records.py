"""What odd records do to us (T13, T31): the real transport and warehouse against the sandbox's faults."""

from __future__ import annotations

from typing import Any

import pytest
from branchline import transport
from branchline.request import Request

from tests.fetching import FIRST, Chunk, measured, only, reference, rule


def test_T13_a_record_over_the_cap_is_put_aside_and_memory_stays_small(chunk: Chunk) -> None:
    chunk.sweep(days=2)
    # Every page of the first day carries ten megabytes, one of the second day four.
    chunk.faults(
        {"match": "FromServiceDate=20260715", "action": {"kind": "big_field", "record": 2, "field": "address"}},
        {
            "match": "FromServiceDate=20260716.*Page=1&",
            "action": {"kind": "big_field", "field": "address", "bytes": 4_000_000},
        },
    )
    with measured(chunk) as process:
        output, _ = process.communicate(timeout=100)
    told, memory = output.splitlines()
    assert told.startswith("2 slices, 24 pages, 120 records")
    assert int(memory) < 512 * 1024
    assert chunk.states == ["done", "done"]
    big = chunk.landed("WHERE flaw = 'too_large'")
    assert len(big) == 12
    assert all(row.body is None and len(row.body_raw) > 10_000_000 and row.ordinal == 2 for row in big)
    (loaded,) = chunk.landed("WHERE length(body ->> 'address') = 4000000")
    assert (loaded.flaw, loaded.body_raw) == (None, None)


def test_T13_an_endless_answer_is_cut_off(chunk: Chunk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "BODY_BYTES", 1_000_000)
    rule(chunk, {"kind": "big_field", "bytes": 3_000_000}, page=2)
    assert "longer than 1,000,000 bytes" in str(only(chunk.sweep().fetch()))


def customers(line: Any) -> dict[str, str]:
    statuses: dict[str, str] = line.sync(Request(since=FIRST, until=FIRST, streams=("customers",)))
    return statuses


def test_T13_T31_quarantine_names_the_flaw(smartmoving: Any) -> None:
    line = smartmoving(page_cap=5)
    reference(line)
    line.vendor.control.faults(
        {
            "match": "PageSize=200",
            "page": 1,
            "action": {"kind": "big_field", "record": 1, "field": "address", "bytes": 5_000_001},
        },
        {
            "match": "PageSize=200",
            "page": 2,
            "action": {"kind": "nan", "record": 3, "field": "address", "literal": "-Infinity"},
        },
        {
            "match": "PageSize=200",
            "page": 3,
            "action": {"kind": "nan", "record": 0, "field": "address", "literal": "1e400000"},
        },
    )
    assert customers(line) == {"customers": "success"}, line.errors
    rows = line.warehouse.rows("SELECT * FROM ops.quarantine ORDER BY reason", role="admin")
    assert [(row.reason, row.severity) for row in rows] == [
        ("not_finite", "record"),
        ("not_json", "record"),
        ("too_large", "record"),
    ]
    assert b":-Infinity" in rows[0].payload_raw
    assert b":1e400000" in rows[1].payload_raw
    history = line.warehouse.one("SELECT * FROM ops.sync_history WHERE sync_type = 'customers'", role="admin")
    assert (history.quarantined, history.created) == (3, history.records_fetched - 3)
