"""A complete list that lost records (T69): a few are missed, many are a fault of the vendor's, all come back."""

from __future__ import annotations

from typing import Any

import pytest
from branchline.errors import GuardTripped

from tests.blocks.landed import Bench, after
from tests.contract.lines import over


@over("absence")
def test_T69_a_list_that_lost_a_quarter_is_refused_until_somebody_accepts_it(kind: Any, bench: Bench) -> None:
    records = kind.RECORDS
    assert bench.merge(records.listed(bench, range(60), after(0))).created == 60
    loss = records.listed(bench, range(45), after(60))
    with pytest.raises(GuardTripped, match=r"15 of 60 records.*accept_shrink"):
        bench.merge(loss)
    assert (bench.rows(records.missed), bench.rows(records.gone)) == ([], [])
    assert bench.merge(loss, accept_shrink=True).unchanged == 45
    assert len(bench.rows(records.missed)) == 15


@over("absence")
def test_T69_a_list_that_lost_a_twentieth_makes_tombstones_and_what_comes_again_is_none(
    kind: Any, bench: Bench
) -> None:
    records = kind.RECORDS
    bench.merge(records.listed(bench, range(60), after(0)))
    bench.merge(records.listed(bench, range(57), after(60)))
    assert len(bench.rows(records.missed)) == 3
    records.lost(bench, range(57, 60), after(61))
    assert len(bench.rows(records.gone)) == 3
    bench.merge(records.listed(bench, range(57), after(120)))
    assert len(bench.rows(records.gone)) == 3
    bench.merge(records.listed(bench, range(60), after(180)))
    assert (bench.rows(records.missed), bench.rows(records.gone)) == ([], [])


@over("absence")
def test_T69_a_list_that_was_not_read_to_its_end_says_nothing_of_what_it_lacks(kind: Any, bench: Bench) -> None:
    records = kind.RECORDS
    bench.merge(records.listed(bench, range(60), after(0)))
    bench.merge(records.listed(bench, range(3), after(60)), is_complete=False)
    assert (bench.rows(records.missed), bench.rows(records.gone)) == ([], [])
