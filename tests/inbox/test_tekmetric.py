"""Tekmetric's webhooks: one repair order, asked for by id; a payment is its order's."""

from __future__ import annotations

from typing import Any

import pytest
from branchline.errors import Reconfigure
from branchline.request import Request

from tests.inbox.conftest import Mailbox

LITTLE = {"tekmetric_shops": 1, "tekmetric_days": 3, "tekmetric_orders_per_day": 3, "tekmetric_golden": False}


@pytest.fixture
def garage(tekmetric: Any) -> Mailbox:
    """A shop whose orders are in the warehouse."""
    line = tekmetric(**LITTLE)
    line.sync()
    return Mailbox(line, ("changes",))


def orders(garage: Mailbox) -> dict[int, Any]:
    return {row.tm_id: row for row in garage.line.warehouse.rows("SELECT * FROM tekmetric.repair_orders")}


def test_an_order_and_a_payments_order_are_read_by_id_with_their_totals(garage: Mailbox) -> None:
    changed = garage.line.vendor.control.change({"fraction": 1.0}, source="tekmetric")[0]["changed"]
    before = orders(garage)
    first, second = changed[:2]
    garage.receive(
        {"event": "Repair Order #1 status updated by Ada", "data": {"id": first, "repairOrderNumber": 1}},
        {"event": "Payment made by Ada", "data": {"id": 5, "repairOrderId": second, "amount": 100}},
        {"event": "Purchase Order received", "data": {"id": 9}},
    )
    assert garage.work_off() == {"done": 2}
    after = orders(garage)
    assert {key for key in after if after[key].keytag != before[key].keytag} == {first, second}
    assert after[first].synced_at > before[first].synced_at
    ignored = garage.events[2]
    assert ignored.why == "no repair order is named: the next sync reads what has changed"
    # the next sync has nothing to say about these two, and reads the others
    garage.line.sync()
    assert {row.keytag for row in orders(garage).values()} >= {after[first].keytag}


def test_what_is_not_asked_for_by_id_is_refused(garage: Mailbox) -> None:
    run = garage.line.begin(Request(ids={"repair_orders": ("1",)}))
    with pytest.raises(Reconfigure, match="named_orders, missing_customers"):
        garage.line.plan(run, "changes")
    with pytest.raises(Reconfigure, match="no stream nonsense"):
        garage.line.plan(garage.line.begin(Request(ids={"nonsense": ("1",)})), "changes")


def test_ids_beside_what_would_widen_them_are_refused() -> None:
    with pytest.raises(Reconfigure, match="ids names the records to read"):
        Request(ids={"named_orders": ("1",)}, full=True)
