"""Exactly what changed is made anew, and nothing is written that did not change."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from branchline.errors import Reconfigure
from branchline.metrics import Scope, rebuild, rebuild_all
from branchline.warehouse import connect

from tests.conftest import Warehouse
from tests.metrics.garage import Garage, edited
from tests.tekmetric.landed import ACCOUNT, GOLDEN, golden_order

NOTHING = {"created": 0, "updated": 0, "removed": 0}


def test_a_second_run_writes_nothing(golden: Garage) -> None:
    before = golden.versions()
    done = golden.rebuild()
    assert done.days == 0
    assert set(map(str, done.written.values())) == {str(NOTHING)}
    assert golden.versions() == before
    done = golden.rebuild(first=date(2026, 3, 1))
    assert (done.days, done.orders) == (7, 9)
    assert set(map(str, done.written.values())) == {str(NOTHING)}
    assert golden.versions() == before


def test_a_changed_day_touches_one_day(golden: Garage) -> None:
    before = golden.versions()
    told = edited(golden_order(104), "2026-03-20T00:00:00Z")
    told["jobs"][0]["parts"][0]["quantity"] = 3
    golden.take(told)
    done = golden.rebuild()
    assert done.days == 1
    assert done.written["ro_snapshots"] == NOTHING | {"updated": 1}
    assert done.written["daily_shop_metrics"] == NOTHING | {"updated": 1}
    assert done.written["tech_daily_metrics"] == NOTHING, "a part more is nothing of a technician's"
    after = golden.versions()
    touched = {name: len(set(after[name]) - set(before[name])) for name in after}
    assert touched == {
        "ro_snapshots": 1, "daily_shop_metrics": 1, "tech_daily_metrics": 0, "job_labor": 0, "repair_orders": 1,
    }  # fmt: skip
    row = golden.day("2026-03-09")
    assert row is not None
    # one battery more: 51,500 + 19,000 and 23,200 + 10,250
    assert (row.authorized_revenue, row.authorized_cost) == (70_500, 33_450)


def test_what_lies_behind_the_lookback_is_not_looked_at(golden: Garage) -> None:
    for table in ("repair_orders", "jobs", "job_parts", "job_labor", "job_fees", "job_discounts", "job_sublets"):
        golden.bench.rows(f"UPDATE tekmetric.{table} SET synced_at = now() - interval '2 hours' RETURNING 1")
    golden.bench.rows("UPDATE tekmetric.employees SET synced_at = now() - interval '2 hours' RETURNING 1")
    golden.bench.rows("UPDATE tekmetric.customers SET synced_at = now() - interval '2 hours' RETURNING 1")
    assert golden.rebuild().orders == 0


def test_days_that_somebody_asks_for(golden: Garage) -> None:
    """A row that somebody spoilt is set right; one of a day that has no order goes."""
    golden.bench.rows("UPDATE tekmetric.daily_shop_metrics SET row_hash = gen_random_uuid() RETURNING 1")
    golden.bench.rows(
        "UPDATE tekmetric.daily_shop_metrics SET metric_date = '2026-03-04' WHERE metric_date = '2026-03-03' "
        "RETURNING 1"
    )
    done = golden.rebuild(first=date(2026, 3, 3), last=date(2026, 3, 6))
    assert done.written["daily_shop_metrics"] == {"created": 1, "updated": 2, "removed": 1}
    assert golden.days()[:3] == ["2026-03-03", "2026-03-05", "2026-03-06"]


def test_a_rebuild_of_days_does_not_move_the_watermark(golden: Garage) -> None:
    before = golden.bench.one("SELECT cursor_value FROM ops.sync_cursors WHERE stream = 'metrics'")
    golden.rebuild(first=date(2026, 3, 3))
    assert golden.bench.one("SELECT cursor_value FROM ops.sync_cursors WHERE stream = 'metrics'") == before
    golden.rebuild()
    assert golden.bench.one("SELECT cursor_value FROM ops.sync_cursors WHERE stream = 'metrics'") != before


@pytest.mark.parametrize(
    "scope",
    [{"last": date(2026, 3, 1)}, {"first": date(2026, 3, 2), "last": date(2026, 3, 1)}, {"new_rates": True}],
)
def test_what_contradicts_itself_is_refused(scope: dict[str, Any]) -> None:
    with pytest.raises(Reconfigure):
        Scope(**scope)


def test_all_or_nothing(garage: Garage, warehouse: Warehouse) -> None:
    """A statement that fails at the end takes the snapshots back with it, and the watermark stays."""
    garage.take(golden_order(101))
    warehouse.execute("REVOKE INSERT ON ops.check_results FROM branchline_loader")
    with pytest.raises(Exception, match="permission denied"):
        rebuild_all(garage.loader, [ACCOUNT])
    assert garage.snapshots(all_of_them=True) == []
    assert garage.bench.rows("SELECT FROM ops.sync_cursors WHERE stream = 'metrics'") == []
    warehouse.execute("GRANT INSERT ON ops.check_results TO branchline_loader")
    assert set(rebuild_all(garage.loader, [ACCOUNT])) == {"tekmetric"}
    assert len(garage.snapshots()) == 1


def test_two_at_once_make_it_once(garage: Garage) -> None:
    garage.take(golden_order(101), golden_order(102))
    made: list[Any] = []
    threads = [threading.Thread(target=lambda: made.append(rebuild(garage.loader, ACCOUNT))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done.written["ro_snapshots"]["created"] for done in made) == [0, 0, 2]
    assert len(garage.snapshots(all_of_them=True)) == 2


def test_an_order_cannot_be_counted_twice_whoever_writes(golden: Garage) -> None:
    with pytest.raises(Exception, match="ro_snapshots_counted_once"):
        golden.bench.rows(
            "UPDATE tekmetric.ro_snapshots SET tm_repair_order_id = "
            "(SELECT tm_id FROM tekmetric.repair_orders WHERE ro_number = 102) WHERE ro_number = 101 RETURNING 1"
        )


def test_another_account_is_left_alone(golden: Garage) -> None:
    other = ACCOUNT.__class__("tekmetric", "second", "tekmetric_second", "auto")
    before = golden.versions()
    assert rebuild(golden.loader, other).orders == 0
    assert golden.versions() == before


def test_people_see_their_own_shops_metrics(golden: Garage, warehouse: Warehouse) -> None:
    place = golden.bench.one("SELECT location_id FROM core.locations WHERE external_id = %s", (str(GOLDEN),))
    other = golden.bench.one("SELECT location_id FROM core.locations WHERE external_id = '4101'")
    for name, where in (("here", place), ("there", other)):
        warehouse.execute("SELECT access.grant_role(%s, 'MANAGER', 'auto', %s)", (name, where))
    for name, seen in (("here", (9, 7)), ("there", (0, 0)), ("nobody", (0, 0))):
        with connect(warehouse.as_role("api")) as connection:
            connection.execute("SELECT set_config('branchline.user', %s, FALSE)", (name,))
            found = connection.execute(
                "SELECT (SELECT count(*) FROM tekmetric.ro_snapshots) AS snapshots, "
                "(SELECT count(*) FROM tekmetric.daily_shop_metrics) AS days, "
                "(SELECT count(*) FROM tekmetric.tech_daily_metrics) AS technicians, "
                "(SELECT array_agg(DISTINCT check_name) FROM ops.check_results) AS checks"
            ).fetchone()
            assert found is not None
            assert (found.snapshots, found.days) == seen, name
            assert bool(found.technicians) is (name == "here"), name
            # the other shop has no order, and the verdict on its time zone
            checks = found.checks or []
            assert len(checks) > 10 if name == "here" else checks == {"there": ["shop_unmapped"], "nobody": []}[name]


def test_many_orders_come_to_the_same(golden: Garage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many orders the statements are planned otherwise: nothing of it may differ."""
    before = golden.versions()
    monkeypatch.setattr("branchline.metrics.MANY_ROWS", 0)
    done = golden.rebuild(first=date(2026, 3, 1))
    assert done.orders == 9
    assert golden.versions() == before
