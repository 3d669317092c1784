"""What the loader may and what a table may be called: a missing right comes with what to type."""

from __future__ import annotations

import re

import pytest
from branchline.errors import Reconfigure

from tests.arrivy.legacy import COLUMNS, NOON, ROWS, TABLE, Legacy


def typed(error: BaseException) -> list[str]:
    """The statements that a message asks for."""
    return re.findall(r"(?:GRANT|ALTER)[^;]+;", str(error))


def test_a_missing_right_comes_with_what_to_type(legacy: Legacy) -> None:
    """What the loader has in a fresh warehouse: no way into the schema public."""
    legacy.warehouse.execute(f"CREATE TABLE {TABLE} ({COLUMNS.format('timestamptz')})")
    legacy.add(*ROWS)
    with pytest.raises(Reconfigure, match="branchline_loader lacks rights") as refused:
        legacy.step("check")
    assert typed(refused.value) == [
        'GRANT USAGE ON SCHEMA "public" TO "branchline_loader";',
        'GRANT SELECT ON "public"."ingestion_arrivy_sync_history" TO "branchline_loader";',
    ]
    for statement in typed(refused.value):
        legacy.warehouse.execute(statement)
    assert legacy.step("copy")["inserted"] == 4
    with pytest.raises(Reconfigure, match="branchline_loader lacks rights") as refused:
        legacy.step("retire")
    assert typed(refused.value) == [
        'GRANT CREATE ON SCHEMA "public" TO "branchline_loader";',
        'ALTER TABLE "public"."ingestion_arrivy_sync_history" OWNER TO "branchline_loader";',
    ]
    for statement in typed(refused.value):
        legacy.warehouse.execute(statement)
    assert legacy.step("retire")["table"] == f"{TABLE}_retired"


def test_reading_is_enough_to_roll_back(legacy: Legacy) -> None:
    legacy.make()
    legacy.step("copy")
    legacy.warehouse.execute(f"ALTER TABLE {TABLE} OWNER TO branchline_migrator")
    legacy.warehouse.execute(f"GRANT SELECT ON {TABLE} TO branchline_loader")
    assert legacy.step("roll_back")["removed"] == 4


def test_rows_that_a_policy_hides_are_not_taken_for_absent(legacy: Legacy) -> None:
    legacy.make()
    legacy.warehouse.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    legacy.warehouse.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    with pytest.raises(Reconfigure, match="row-level security"):
        legacy.step("check")


@pytest.mark.parametrize(
    "table",
    [
        "ingestion_arrivy_sync_history",
        "public.",
        "public.a.b",
        'public."x"',
        "public.x; DROP TABLE public.ingestion_arrivy_sync_history",
        "public.x --",
        "public.1x",
        f"{TABLE}\n",
        "public." + "x" * 56,
    ],
)
def test_what_is_no_name_is_refused(legacy: Legacy, table: str) -> None:
    legacy.make()
    with pytest.raises(Reconfigure, match="that is no table"):
        legacy.step("copy", table=table)
    assert legacy.tables() == ["ingestion_arrivy_sync_history"]


def test_a_name_is_taken_as_the_catalog_spells_it(legacy: Legacy) -> None:
    name = "Select_" + "x" * 48
    legacy.make([("tasks", NOON)])
    legacy.warehouse.execute(f'ALTER TABLE {TABLE} RENAME TO "{name}"')
    with pytest.raises(Reconfigure, match="no such table, and 0 rows of the history"):
        legacy.step("check", table=f"public.{name.lower()}")
    assert legacy.step("copy", table=f"public.{name}")["inserted"] == 1
    legacy.step("retire", table=f"public.{name}")
    assert legacy.tables() == [f"{name}_retired"]
    assert len(f"{name}_retired") == 63
    assert legacy.step("roll_back", table=f"public.{name}")["removed"] == 1
