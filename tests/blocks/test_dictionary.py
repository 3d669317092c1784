"""The data dictionary says of each metric what it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from branchline.dictionary import write_dictionary
from branchline.warehouse import connect

#: Columns of the metric tables that are no metric of theirs.
NO_METRIC = (
    r"\| `(id|technician_id|tm_technician_id|metric_date|basis|revenue_source|calculation_method|source_snapshot_count|"
    r"tm_shop_id|location_id|shop_id|tm_extra|last_synced_at|created_at|updated_at|client_id|account|source_updated_at|"
    r"observed_at|row_hash|first_seen_at|synced_at|sync_id|is_deleted|deleted_at|extra)`"
)


@pytest.fixture
def pages(warehouse: Any) -> dict[str, str]:
    with connect(warehouse.as_role("operator")) as connection:
        return write_dictionary(connection)


def test_every_schema_has_a_page_and_every_table_a_place(pages: dict[str, str], warehouse: Any) -> None:
    assert list(pages)[:4] == ["core", "smartmoving", "crm", "tekmetric"]
    for row in warehouse.rows(
        "SELECT schemaname AS schema, tablename AS name FROM pg_tables WHERE schemaname = ANY(%s) "
        "AND tablename !~ '^records_'",
        (list(pages),),
    ):
        assert f"\n## {row.schema}.{row.name}\n" in pages[row.schema]


@pytest.mark.parametrize("table", ["daily_shop_metrics", "tech_daily_metrics"])
def test_a_metrics_definition_names_its_basis(pages: dict[str, str], table: str) -> None:
    section = pages["tekmetric"].split(f"## tekmetric.{table}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `") and not re.match(NO_METRIC, line)]
    assert len(rows) >= 12
    assert [line for line in rows if not re.search(r"Basis: (posted|completed)", line)] == []


def test_the_same_catalog_gives_the_same_text(pages: dict[str, str], warehouse: Any) -> None:
    with connect(warehouse.as_role("loader")) as connection:
        assert write_dictionary(connection) == pages
