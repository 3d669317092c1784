"""ops.freshness: late beyond the period, error beyond twice the period; what counts as read, and what does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.upkeep.book import Book

SECOND = 1 / 3600


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [
        (0, ("fresh", "info")),
        (2, ("fresh", "info")),
        (2 + SECOND, ("late", "warning")),
        (4, ("late", "warning")),
        (4 + SECOND, ("error", "error")),
        (5000, ("error", "error")),
    ],
)
def test_a_stream_is_late_beyond_its_period_and_an_error_beyond_twice(
    book: Book, hours: float, verdict: tuple[str, str]
) -> None:
    book.open_account()
    book.expect("shops")
    book.sync("shops", hours)
    assert book.verdict("shops") == verdict
    row = book.fresh("shops")
    assert row.age == timedelta(hours=hours)
    assert (row.remedy == "nothing to do") is (verdict[1] == "info")
    assert "\n" not in row.remedy


def test_a_day_is_a_day_long(book: Book) -> None:
    book.open_account()
    book.expect("shops", timedelta(days=1))
    book.sync("shops", 24)
    assert book.verdict("shops") == ("fresh", "info")


@pytest.mark.parametrize(
    "configuration",
    [
        {"dry_run": True}, {"is_backfill": True}, {"since": "2026-01-01"}, {"days_back": 3}, {"replay": True},
        {"max_records": 10}, {"board": "POSTED"}, {"migrated_from": "a table"},
    ],
)  # fmt: skip
def test_what_somebody_chose_makes_nothing_fresh(book: Book, configuration: dict[str, Any]) -> None:
    book.open_account("north")
    book.expect("shops")
    book.expect("orders")
    book.sync("shops", 3)
    book.sync("orders", 3, [{"place": "north"}])
    for stream, place in (("shops", None), ("orders", "north")):
        book.sync(stream, 0.1, [{"place": place}], configuration=configuration)
        assert book.verdict(stream, place) == ("late", "warning")


@pytest.mark.parametrize("configuration", [{"full": True}, {"streams": ["shops"]}, {"asked_by": "somebody"}])
def test_a_run_by_hand_that_reads_all_there_is_counts(book: Book, configuration: dict[str, Any]) -> None:
    book.open_account()
    book.expect("shops")
    book.sync("shops", 0.1, configuration=configuration)
    assert book.verdict("shops") == ("fresh", "info")


@pytest.mark.parametrize(
    "piece",
    [{"state": "failed"}, {"state": "deferred"}, {"state": "done"}, {"state": "running"}, {"verdict": "short"}],
)
def test_a_slice_that_is_not_whole_makes_its_run_count_for_nothing(book: Book, piece: dict[str, Any]) -> None:
    book.open_account()
    book.expect("customers")
    book.sync("customers", 3)
    book.sync("customers", 0.1, [{}, piece], status="partial")
    assert book.verdict("customers") == ("late", "warning")


def test_what_a_retry_made_whole_counts_from_its_oldest_page(book: Book) -> None:
    book.open_account()
    book.expect("customers")
    book.sync("customers", 1.5, [{}], run="a", status="partial")
    book.sync("customers", 0.1, [{}], run="a")
    assert book.fresh("customers").age == timedelta(hours=1.5)
    book.sync("customers", 0.1, [{"state": "failed"}], run="a", status="failed")
    assert book.fresh("customers").verdict == "never"


@pytest.mark.parametrize("shop", [None, "north"])
def test_past_days_that_wait_for_the_budget_make_the_present_no_older(book: Book, shop: str | None) -> None:
    book.open_account("north")
    book.expect("customers")
    past: dict[str, Any] = {"place": shop, "priority": "backfill"}
    book.sync("customers", 1, [{"place": shop}, past | {"state": "deferred"}], status="partial")
    assert book.verdict("customers", shop) == ("fresh", "info")
    book.connection.execute("DELETE FROM ops.sync_slices")
    book.sync("customers", 1, [past])
    assert book.fresh("customers", shop).verdict == "never", "past days alone tell nothing of the present"


def test_a_run_that_planned_nothing_read_nothing(book: Book) -> None:
    book.open_account()
    book.expect("shops")
    book.sync("shops", 0.1, [])
    assert book.fresh("shops").verdict == "never"


# ------------------------------------------------------------------------------------------------ a shop for itself


def test_a_shop_that_is_refused_is_late_alone(book: Book) -> None:
    book.open_account("north", "south")
    book.expect("orders")
    book.sync("orders", 6, [{"place": "north"}, {"place": "south"}])
    for hours in (4.5, 2.5, 0.5):
        book.sync("orders", hours, [{"place": "north"}, {"place": "south", "state": "failed"}], status="partial")
    assert book.verdict("orders", "north") == ("fresh", "info")
    assert book.verdict("orders", "south") == ("error", "error")
    row = book.fresh("orders", "south")
    assert row.age == timedelta(hours=6)
    assert "error_message" in row.remedy
    assert "tekmetric" in row.remedy


def test_a_shop_is_read_when_all_its_slices_of_a_run_are(book: Book) -> None:
    book.open_account("north", "south")
    book.expect("sweep")
    book.sync("sweep", 3, [{"place": "north"}, {"place": "north"}, {"place": "south"}])
    book.sync(
        "sweep", 1, [{"place": "north"}, {"place": "north", "verdict": "short"}, {"place": "south"}], status="partial"
    )
    assert book.verdict("sweep", "north") == ("late", "warning")
    assert book.verdict("sweep", "south") == ("fresh", "info")


def test_a_shop_whose_cursor_holds_it_back_is_late_though_its_runs_succeed(book: Book) -> None:
    """T64: nothing is planned for it, and its history says success."""
    book.open_account("north", "south")
    book.expect("orders")
    book.sync("orders", 5, [{"place": "north"}, {"place": "south"}])
    book.sync("orders", 0.5, [{"place": "north"}])
    assert book.verdict("orders", "south") == ("error", "error")
    assert "plan task's log" in book.fresh("orders", "south").remedy


def test_a_shop_that_came_later_is_expected_from_the_run_on_that_asked_for_it(book: Book) -> None:
    book.open_account("north", "new")
    book.expect("orders")
    book.sync("orders", 7, [{"place": "north"}])
    assert book.verdict("orders", "new") == ("never", "info")
    book.sync("orders", 1, [{"place": "north"}, {"place": "new", "state": "failed"}], status="partial")
    assert book.verdict("orders", "new") == ("never", "info")
    book.connection.execute("UPDATE ops.sync_history SET start_time = now() - interval '3 h' WHERE status = 'partial'")
    assert book.verdict("orders", "new") == ("never", "warning")
    book.connection.execute("UPDATE ops.sync_history SET start_time = now() - interval '5 h' WHERE status = 'partial'")
    assert book.verdict("orders", "new") == ("never", "error")


def test_a_shop_that_is_gone_is_not_late(book: Book) -> None:
    book.open_account("north", "gone")
    book.expect("orders")
    book.sync("orders", 1, [{"place": "north"}, {"place": "gone", "state": "failed"}], status="partial")
    book.connection.execute("UPDATE core.locations SET is_mapped = FALSE WHERE name = 'gone'")
    assert [row.location_name for row in book.rows("SELECT * FROM ops.freshness")] == ["north"]


# ------------------------------------------------------------------------------------------- clocks, beginnings, pauses


@pytest.mark.parametrize("shop", [None, "north"])
def test_t64_a_read_of_the_future_is_not_fresh(book: Book, shop: str | None) -> None:
    book.open_account("north")
    book.expect("orders")
    book.sync("orders", 5, [{"place": shop}])
    book.sync("orders", -1000, [{"place": shop}])
    row = book.fresh("orders", shop)
    assert (row.verdict, row.severity, row.age) == ("error", "error", timedelta(hours=5))
    assert "clock" in row.remedy
    book.sync("orders", 0.1, [{"place": shop}])
    assert book.verdict("orders", shop) == ("fresh", "info"), "a good read after it counts"


@pytest.mark.parametrize(
    ("hours", "severity"), [(0, "info"), (2, "info"), (2 + SECOND, "warning"), (4, "warning"), (4 + SECOND, "error")]
)
def test_what_was_never_read_counts_from_when_it_is_expected(book: Book, hours: float, severity: str) -> None:
    book.open_account()
    book.expect("shops", for_hours=hours)
    assert book.verdict("shops") == ("never", severity)


def test_what_was_put_back_to_work_just_now_is_no_error_yet(book: Book) -> None:
    book.open_account()
    book.expect("shops", for_hours=4)
    book.sync("shops", 400)
    assert book.verdict("shops") == ("error", "warning")
    book.connection.execute("UPDATE ops.expectations SET since = since - interval '1 s'")
    assert book.verdict("shops") == ("error", "error")


def test_a_paused_dag_warns_and_says_so(book: Book) -> None:
    book.open_account()
    book.expect("shops", is_paused=True)
    book.sync("shops", 400)
    assert book.verdict("shops") == ("error", "warning")
    assert "tekmetric is paused" in book.fresh("shops").remedy


def test_what_has_no_period_is_never_late(book: Book) -> None:
    book.open_account()
    book.expect("profits", None)
    book.expect("sheet", None)
    book.sync("profits", 30, [])
    rows = {row.stream: row for row in book.rows("SELECT * FROM ops.freshness")}
    assert {name: (row.verdict, row.severity) for name, row in rows.items()} == {
        "profits": ("unscheduled", "info"),
        "sheet": ("unscheduled", "info"),
    }
    assert rows["profits"].age == timedelta(hours=30), "nothing was due then"
    assert rows["sheet"].age is None


@pytest.mark.parametrize(
    ("hours", "status", "said"),
    [
        (0.5, "running", "a run of tekmetric reads it now"),
        (0.5, "failed", "error_message of its newest sync says (failed)"),
        (2.5, "failed", "no run of tekmetric has begun"),
        (2.5, "running", "no run of tekmetric has begun"),
    ],
)
def test_the_remedy_follows_what_the_newest_sync_came_to(book: Book, hours: float, status: str, said: str) -> None:
    book.open_account()
    book.expect("shops")
    book.sync("shops", 9)
    book.sync("shops", hours, [{"state": "failed"}], status=status)
    assert said in book.fresh("shops").remedy


def test_long_histories_are_looked_at_from_their_end(book: Book) -> None:
    """A shop that was refused for weeks costs no scan of all slices: a reader has five seconds."""
    shops = [f"shop {number}" for number in range(8)]
    book.open_account(*shops)
    book.expect("orders", timedelta(minutes=15))
    book.connection.execute(
        """
        WITH made AS (
            INSERT INTO ops.sync_history (crm_source, account, client_id, sync_type, status, start_time, dag_id, run_id)
            SELECT 'tekmetric', 'tekmetric', 'garage', 'orders', 'partial', now() - n * interval '15 min', 'tekmetric',
                'many ' || n
            FROM generate_series(1, 5000) AS n RETURNING sync_id, run_id, start_time
        )
        INSERT INTO ops.sync_slices (sync_id, source, account, client_id, stream, dag_id, run_id, scope, location_id,
            priority, state, fetched_from, fetched_to)
        SELECT made.sync_id, 'tekmetric', 'tekmetric', 'garage', 'orders', 'tekmetric', made.run_id, place.name,
            place.location_id, 'today', CASE place.name WHEN 'shop 0' THEN 'failed' ELSE 'merged' END, made.start_time,
            made.start_time
        FROM made CROSS JOIN core.locations AS place ORDER BY made.start_time
        """
    )
    book.connection.execute("ANALYZE ops.sync_slices, ops.sync_history")
    book.connection.execute("SET LOCAL statement_timeout = '1500ms'")
    verdicts = {row.location_name: row.verdict for row in book.rows("SELECT * FROM ops.freshness")}
    assert verdicts == {shop: "never" if shop == "shop 0" else "fresh" for shop in shops}
