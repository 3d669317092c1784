"""The data dictionary says of every table and metric what it is, and the committed documents are what it says now."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stack.dictionary import documents
from stack.state import PROJECT
from tests.conftest import Warehouse

#: Columns of the metric tables that are no metric of theirs.
NO_METRIC = (
    r"\| `(id|technician_id|tm_technician_id|metric_date|basis|revenue_source|calculation_method|source_snapshot_count|"
    r"tm_shop_id|location_id|shop_id|tm_extra|last_synced_at|created_at|updated_at|client_id|account|source_updated_at|"
    r"observed_at|row_hash|first_seen_at|synced_at|sync_id|is_deleted|deleted_at|extra)`"
)


@pytest.fixture(scope="module")
def catalog(cluster: Any, template: str) -> Warehouse:
    """The migrated template itself: nothing is written here."""
    return Warehouse(cluster.admin_conninfo(template))


@pytest.fixture(scope="module")
def written(catalog: Warehouse) -> dict[str, str]:
    return documents(catalog.admin)


@pytest.fixture(scope="module")
def dictionary(written: dict[str, str]) -> str:
    return written["dictionary.md"]


@pytest.fixture(scope="module")
def diagrams(written: dict[str, str]) -> dict[str, str]:
    """Each schema's diagram."""
    pages = written["erd.md"].split("\n## ")[1:]
    return {page.split("\n")[0]: page for page in pages}


def section(page: str, table: str) -> str:
    return page.split(f"\n### {table}\n")[1].split("\n##")[0]


@pytest.mark.parametrize("name", ["dictionary.md", "erd.md"])
def test_the_committed_document_says_what_the_migrations_make(written: dict[str, str], name: str) -> None:
    committed = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    assert committed == written[name], f"docs/{name} is stale: run `make dictionary` and commit what it writes"


def test_every_table_view_and_column_has_its_place(dictionary: str, catalog: Warehouse) -> None:
    tables = catalog.rows(
        "SELECT table_schema || '.' || table_name AS name, array_agg(column_name::text) AS columns "
        "FROM information_schema.columns WHERE table_schema !~ '^pg_' AND table_schema <> 'information_schema' "
        "AND table_name !~ '^records_' GROUP BY 1 ORDER BY 1",
        role="admin",
    )
    assert len(tables) >= 60
    for table in tables:
        rows = re.findall(r"^\| `(\w+)` \|", section(dictionary, table.name), re.MULTILINE)
        assert sorted(rows) == sorted(table.columns), table.name


def test_a_column_says_type_null_key_and_meaning(dictionary: str) -> None:
    rows = section(dictionary, "tekmetric.jobs")
    assert "\nKey: `client_id`, `account`, `tm_shop_id`, `tm_id`.\n" in rows
    assert "| `tm_repair_order_id` | bigint | no | → tekmetric.repair_orders | The vendor's id of the order |" in rows
    assert "| `tm_id` | bigint | no | primary | The vendor's id |" in rows
    assert "| `note` | text | yes |  | Note to the customer |" in rows


@pytest.mark.parametrize("table", ["daily_shop_metrics", "tech_daily_metrics"])
def test_a_metrics_definition_names_its_basis(dictionary: str, table: str) -> None:
    lines = section(dictionary, f"tekmetric.{table}").splitlines()
    rows = [line for line in lines if line.startswith("| `") and not re.match(NO_METRIC, line)]
    assert len(rows) >= 12
    assert [line for line in rows if not re.search(r"Basis: (posted|completed)", line)] == []
    listed = dictionary.split("## Metrics by name")[1].split("\n## ")[0]
    for line in rows:
        name = line.split("`")[1]
        assert re.search(
            rf"^\| `{name}` \| `tekmetric.{table}` \| [^|]+ \| (posted|completed) \|$", listed, re.MULTILINE
        )


def test_a_diagram_draws_foreign_keys_and_ids_without_one(diagrams: dict[str, str]) -> None:
    tekmetric = diagrams["tekmetric"]
    assert '    repair_orders ||--o{ jobs : "tm_shop_id, tm_repair_order_id"\n' in tekmetric
    assert '    core_codes |o--o{ repair_orders : "status_ref"\n' in tekmetric
    assert '    customers |o..o{ repair_orders : "customer_id"\n' in tekmetric
    # the order names its shop; its jobs need not say so again
    assert '    shops |o..o{ repair_orders : "shop_id"\n' in tekmetric
    assert not re.search(r"shops \S+ (jobs|job_\w+) ", tekmetric)
    assert '    opportunities ||..o{ payments : "opportunity_id"\n' in diagrams["smartmoving"]
    assert "customers_analytics" not in tekmetric, "a view refers to nothing of its own"


def test_every_entity_of_a_line_is_drawn(diagrams: dict[str, str]) -> None:
    assert list(diagrams)[:4] == ["core", "smartmoving", "crm", "tekmetric"]
    for schema, text in diagrams.items():
        drawn = set(re.findall(r"^    (\w+)(?: \{|\[)", text, re.MULTILINE))
        lines = re.findall(r"^    (\w+) [|o]{2}(?:--|\.\.)(?:o\{|o\|) (\w+) : ", text, re.MULTILINE)
        assert {name for line in lines for name in line} <= drawn, schema
