"""What refusals do to us (T09): a credential that runs out, a key that is refused, one place of many that is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from branchline import sync
from branchline.errors import Incomplete, Reconfigure
from branchline.ledger import Account
from branchline.transport import AccountRefused, Endpoint

from tests.contract.lines import over
from tests.fetching import Chunk, only, reference, rule


class Renewing:
    """An endpoint with a credential that is renewed by another; `times` tells how often."""

    def __init__(self, line: Any) -> None:
        self.line = line
        self.held = line.held()
        self.other = line.other_headers()
        self.times = 0

    async def renew(self) -> Mapping[str, str]:
        self.times += 1
        await asyncio.sleep(0.05)
        return dict(self.other)

    def endpoint(self, chunk: Chunk) -> Endpoint:
        return chunk.endpoint(headers=self.held.headers, renew=self.renew)


def renewed_once(kind: Any, make: Any) -> tuple[Chunk, Renewing]:
    """Three calls under way are refused, after three that were not."""
    # Where a page tells of no other than the next, only several slices have several calls under way.
    chunk = Chunk(make(**kind.world(), latency_ms=30)).plan(3)
    rule(chunk, {"kind": "status", "status": 401}, after=3, times=3)
    renewing = Renewing(chunk.line)
    chunk.fetch(renewing.endpoint(chunk))
    return chunk, renewing


@over("pages", "slices")
def test_T09_an_expired_token_is_renewed_once_and_the_same_page_goes_on(kind: Any, make: Any) -> None:
    chunk, renewing = renewed_once(kind, make)
    assert renewing.times == 1
    assert chunk.served() == {"200": chunk.pages(3), "401": 3}
    chunk.check_whole(3)
    chunk.check_ledgers()


@over("pages", "slices", "keys")
def test_T09_what_follows_a_renewal_carries_the_new_key(kind: Any, make: Any) -> None:
    chunk, renewing = renewed_once(kind, make)
    assert chunk.line.keys_seen() == {*renewing.held.headers.values(), *renewing.other.values()}


@over("pages", "slices")
@pytest.mark.parametrize("can_renew", [False, True])
def test_T09_a_401_stops_the_account_at_once(kind: Any, make: Any, can_renew: bool) -> None:
    many = kind.MANY
    chunk = Chunk(make(**kind.world(30, many))).plan(many)
    rule(chunk, {"kind": "status", "status": 401}, after=6)
    renewing = Renewing(chunk.line)
    with pytest.raises(AccountRefused, match="HTTP 401") as caught:
        chunk.fetch(renewing.endpoint(chunk) if can_renew else renewing.held)
    assert isinstance(caught.value, Reconfigure)
    assert not caught.value.is_transient
    assert chunk.served()["401"] <= (16 if can_renew else 8)
    assert renewing.times == int(can_renew)
    assert chunk.states == ["failed"] * many
    assert all("HTTP 401" in row.error_message for row in chunk.slices())
    assert len(chunk.landed()) == 6 * 5  # what was here before is kept
    chunk.check_ledgers()
    chunk.line.vendor.control.clear_faults()
    before = chunk.check_ledgers()
    chunk.fetch()
    chunk.check_whole(many)
    assert chunk.check_ledgers() - before == chunk.pages(many) - 6


@over("places")
def test_T09_a_403_on_one_branch_fails_that_branch_alone(kind: Any, make: Any) -> None:
    line = make(**kind.PLACED)
    chunk = Chunk(line).add(line.by_place(4))
    chunk.faults({"match": line.calls_at(2), "action": {"kind": "status", "status": 403}})
    error = only(chunk.fetch())
    assert isinstance(error, Reconfigure)
    assert not isinstance(error, AccountRefused)
    assert chunk.states == ["done", "done", "failed", "done"]
    assert [row.pages_total for row in chunk.slices()] == [2, 2, None, 2]
    assert chunk.served() == {"200": 6, "403": 1}
    chunk.check_ledgers()


@over("places")
def test_T09_one_places_403_leaves_the_others_green_and_the_run_partial(kind: Any, make: Any) -> None:
    line = make(**kind.PLACED)
    reference(line)
    stream = kind.LIST.stream
    asked = replace(line.one_slice, streams=(stream,), locations=tuple(line.places(4)))
    line.vendor.control.faults({"match": line.calls_at(2), "action": {"kind": "status", "status": 403}})
    assert line.sync(asked, run_id="first") == {stream: "partial"}
    assert [type(error) for error in line.errors] == [Reconfigure]
    slices = "SELECT scope, state, error_message FROM ops.sync_slices WHERE stream = %s AND run_id = %s ORDER BY 1"
    first = line.warehouse.rows(slices, (stream, "first"), role="admin")
    assert sorted(row.state for row in first) == ["failed", "merged", "merged", "merged"]
    (refused,) = [row for row in first if row.state == "failed"]
    assert line.places(4)[2] in refused.scope
    assert "HTTP 403" in refused.error_message
    before = line.warehouse.one(f"SELECT count(*) FROM {kind.ROOT}")
    assert before > 0
    line.vendor.control.clear_faults()
    assert line.sync(asked, run_id="second") == {stream: "success"}
    assert {row.state for row in line.warehouse.rows(slices, (stream, "second"), role="admin")} == {"merged"}
    assert line.warehouse.one(f"SELECT count(*) FROM {kind.ROOT}") > before


def rows_of(line: Any) -> dict[str, list[Any]]:
    """What the warehouse has of a line's account."""
    mine = ("account", line.account.account)
    return {table: kept for table, rows in line.contents().items() if (kept := [row for row in rows if mine in row])}


def cursors_of(line: Any) -> list[Any]:
    query = "SELECT stream, scope, cursor_value FROM ops.sync_cursors WHERE account = %s AND scope <> 'derived'"
    return list(line.warehouse.rows(f"{query} ORDER BY 1, 2", (line.account.account,), role="admin"))


@over("credentials")
def test_T09_one_shops_expired_token_leaves_the_others_green_and_the_run_partial(kind: Any, make: Any) -> None:
    """Each shop has a credential of its own here: they are accounts of one client, and one run reads them all."""
    north = make(**kind.LITTLE)
    slug = kind.SOURCE.slug
    south = kind(
        north.warehouse, north.vendor, kind.SOURCE, Account(slug, "south", f"{slug}_south", kind.ACCOUNT.client)
    )
    lines = (north, south)
    for line in lines:
        assert set(line.sync(run_id="before").values()) == {"success"}, line.errors
    kept, cursors = rows_of(south), cursors_of(south)
    assert len(kept[kind.ROOT]) == len(rows_of(north)[kind.ROOT]) > 0
    instant = north.grow_old(15)
    told = north.change()
    expired = south.expired()
    south.endpoint = lambda: expired

    statuses = {line.account.account: line.sync(run_id="both", instant=instant) for line in lines}
    assert set(statuses[north.account.account].values()) == {"success"}
    assert north.errors == []
    assert statuses["south"][kind.LIST.stream] == "failed"
    assert south.errors
    assert all(isinstance(error, AccountRefused) and "HTTP 401" in str(error) for error in south.errors)
    with pytest.raises(Incomplete) as partial:
        sync.verify({f"{name}.{stream}": how for name, found in statuses.items() for stream, how in found.items()})
    assert f"south.{kind.LIST.stream} failed" in str(partial.value)
    assert f"{north.account.account}." not in str(partial.value)
    assert north.warehouse.one(told.ask) == told.found
    assert (rows_of(south), cursors_of(south)) == (kept, cursors)

    del south.endpoint
    south.errors.clear()
    assert set(south.sync(run_id="mended", instant=instant).values()) == {"success"}, south.errors
    assert rows_of(south) != kept
