"""A table as the merge needs it: from its SELECT and the catalog, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from branchline import tables
from branchline.errors import VendorChanged
from branchline.sources.smartmoving import SMARTMOVING
from branchline.warehouse import connect


@pytest.fixture
def loader(warehouse: Any) -> Iterator[psycopg.Connection[Any]]:
    with connect(warehouse.loader, client="lgm") as connection:
        # what a SELECT of include/sql reads from
        connection.execute(
            "CREATE TEMP TABLE landed (record_id bigint, body jsonb, body_raw bytea, flaw text, asked text, "
            "page integer, ordinal integer, fetched_at timestamptz, is_own boolean, source text, client_id text, "
            "account text, stream text, location_id integer, window_start date, window_end date)"
        )
        connection.execute("CREATE TEMP TABLE staged_opportunities (record_id bigint, location_id integer)")
        yield connection


@pytest.mark.parametrize("name", sorted({table for stream in SMARTMOVING.streams for table in stream.into}))
def test_every_select_fits_its_table(loader: psycopg.Connection[Any], name: str) -> None:
    table = tables.read_table(loader, "smartmoving", name, None)
    sent = {column.name for column in table.columns}
    assert set(table.key) <= sent, "every part of the key is sent"
    catalog = loader.execute(
        "SELECT attname AS name FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull "
        "AND NOT atthasdef",
        (f"smartmoving.{name}",),
    )
    required = {row.name for row in catalog} - {"client_id", "account", "observed_at", "row_hash"}
    assert required <= sent, "every required column is sent"
    assert required <= set(table.fatal)
    assert all(column.name in table.fatal for column in table.columns if column.name.endswith("_cents"))


def test_a_select_that_names_an_unknown_column_is_refused(
    loader: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "smartmoving").mkdir()
    (tmp_path / "smartmoving" / "users.sql").write_text("SELECT 1 AS record_id, 'x' AS shoe_size")
    monkeypatch.setattr(tables, "SQL_ROOT", tmp_path)
    with pytest.raises(VendorChanged, match="has no column shoe_size"):
        tables.read_table(loader, "smartmoving", "users", None)


def test_watched_columns_exist_and_name_a_vocabulary(loader: psycopg.Connection[Any]) -> None:
    every = [
        tables.read_table(loader, "smartmoving", name, None)
        for name in sorted({table for stream in SMARTMOVING.streams for table in stream.into})
    ]
    watched = tables.watched_columns(loader, "smartmoving", every)
    columns = {(table.staged, column.name) for table in every for column in table.columns}
    assert {(one["staged"], one["column_name"]) for one in watched} <= columns
    known = {row.vocabulary for row in loader.execute("SELECT DISTINCT vocabulary FROM core.codes")}
    assert {one["vocabulary"] for one in watched} <= known | {"location"}
    assert tables.watched_columns(loader, "nowhere", every) == []


@pytest.mark.parametrize(
    ("type_name", "good", "bad"),
    [
        ("integer", ["5", "-5", "5.0", str(2**31 - 1)], ["5.5", str(2**31), "today", "", "1e3", "٣", "0x10"]),
        ("bigint", ["9223372036854775807"], ["9223372036854775808", "NaN"]),
        ("numeric", ["1.50", "-0.1", "1e3"], ["NaN", "Infinity", "one", ""]),
        ("double precision", ["43.65", "-79"], ["NaN", "inf", "1e999"]),
        ("date", ["2028-02-29", "9999-12-31"], ["2027-02-29", "today", "infinity", "2026-7-1", "07/15/2026"]),
        ("timestamp with time zone", ["2026-07-15T12:00:00Z", "2026-07-15 12:00"], ["now", "2026-07-15", "epoch"]),
        ("boolean", ["true", "false", "Y", "no", "1", "T"], ["maybe", "", "2", "on"]),
        ("uuid", ["00000000-0000-0000-0000-000000000001"], ["x"]),
    ],
)
def test_text_is_cast_strictly(
    loader: psycopg.Connection[Any], type_name: str, good: list[str], bad: list[str]
) -> None:
    column = tables._column("value", type_name, False, "text")
    query = f"SELECT CASE WHEN {column.check} THEN {column.cast} END FROM (SELECT %s::text AS value OFFSET 0) AS wire"
    for sent in good:
        row = loader.execute(query.encode(), (sent,)).fetchone()
        assert row is not None
        assert row[0] is not None, sent
    for sent in bad:
        row = loader.execute(query.encode(), (sent,)).fetchone()
        assert row is not None
        assert row[0] is None, sent
