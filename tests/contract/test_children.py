"""What leaves a record takes its rows along (T41), and what a record names is looked for (T42)."""

from __future__ import annotations

from typing import Any

from tests.contract.lines import over


@over("children")
def test_T41_a_child_that_left_its_record_takes_its_rows_along(kind: Any, make: Any) -> None:
    line = make(**kind.LITTLE)
    assert set(line.sync().values()) == {"success"}, line.errors
    count = f"SELECT count(*) FROM {kind.ROOT} WHERE NOT is_deleted"
    roots = line.warehouse.one(count)
    instant = line.grow_old(15)
    gone = line.remove_child()
    assert all(len(line.warehouse.rows(*query)) >= 1 for query in gone[:1])
    assert set(line.sync(instant=instant).values()) == {"success"}, line.errors
    assert {query: len(line.warehouse.rows(query, values)) for query, values in gone} == {query: 0 for query, _ in gone}
    assert line.warehouse.one(count) >= roots > 0


@over("references")
def test_T42_what_a_record_names_and_no_list_shows_is_asked_for_by_its_id(kind: Any, make: Any) -> None:
    line = make(**kind.LITTLE)
    names = line.prepare()
    assert names
    assert set(line.sync().values()) == {"success"}, line.errors
    for query, values in names:
        assert len(line.warehouse.rows(query, values)) == 1, query
    history = line.warehouse.rows("SELECT * FROM ops.sync_history WHERE sync_type = %s", (kind.BY_ID.stream,))
    assert [(row.records_fetched, row.created) for row in history] == [(1, 1)]
    line.sync()
    again = line.warehouse.rows(
        "SELECT * FROM ops.sync_history WHERE sync_type = %s AND run_id = 'run 2'", (kind.BY_ID.stream,)
    )
    assert [row.api_calls for row in again] == [0]


@over("references")
def test_T42_what_the_vendor_does_not_have_either_stops_nothing(kind: Any, make: Any) -> None:
    line = make(**kind.LITTLE)
    names = line.prepare()
    line.vendor.control.faults({"match": kind.BY_ID.calls, "action": {"kind": "status", "status": 404}})
    assert set(line.sync().values()) == {"success"}, line.errors
    assert line.vendor.control.served()["by_status"]["404"] == len(names)
    assert line.warehouse.one(f"SELECT count(*) FROM {kind.ROOT}") > 0
    for query, values in names:
        assert line.warehouse.rows(query, values) == []
    line.sync()
    assert line.vendor.control.served()["by_status"]["404"] == len(names), "it is not asked for again at once"
