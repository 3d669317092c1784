"""Write the public API's repair orders and jobs (Tekmetric contract, sections 1.8 to 1.10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from sandbox import dress
from sandbox.tekmetric import money
from sandbox.tekmetric.model import STATUSES, Job, Labor, Order, Part, Status, Sublet
from sandbox.tekmetric.stamps import naive, whole
from sandbox.tekmetric.timeline import State

Row = dict[str, Any]
_PART_TYPES = {
    1: {"id": 1, "code": "PART", "name": "Part"},
    2: {"id": 2, "code": "TIRE", "name": "Tire"},
    5: {"id": 5, "code": "BATTERY", "name": "Battery"},
}
_LABELS = {
    Status.ESTIMATE: (12, "WORKNOTSTRTD", "Work Not Started"),
    Status.WORKING: (15, "INPROGRESS", "In Progress "),
}
_encode = msgspec.json.Encoder().encode


class Orders:
    """Writes orders, and keeps what was written until the order moves."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[int, int, bytes]] = {}

    def reset(self) -> None:
        """Forget what was written."""
        self._kept.clear()

    def written(self, order: Order, state: State) -> bytes:
        """Write an order as JSON text; a page of a hundred is asked for ten times a second."""
        kept = self._kept.get(order.id)
        if kept is not None and kept[:2] == (order.version, state.stage):
            return kept[2]
        text = _encode(row(order, state))
        self._kept[order.id] = (order.version, state.stage, text)
        return text


def status_row(status: int) -> Row:
    """Write a status; it comes nested only (section 1.6, trap 6)."""
    code, name = STATUSES[status]
    return {"id": status, "code": code, "name": name}


def row(order: Order, state: State) -> Row:
    """Write a repair order with its jobs."""
    answered = state.answered is not None
    total = money.totals(order, answered=answered)
    counted = answered and any(job.answer for job in order.jobs)
    label = _LABELS.get(state.status) if order.seed % 4 else None
    written: Row = {
        "id": order.id,
        "repairOrderNumber": order.number,
        "shopId": order.shop.id,
        "repairOrderStatus": status_row(state.status),
        "repairOrderLabel": {
            "id": label[0],
            "code": label[1],
            "name": label[2],
            "status": status_row(state.status),
        }
        if label
        else None,
        "repairOrderCustomLabel": {"name": "Waiting on parts"}
        if order.shop.place % 2 == 0 and order.seed % 6 == 0
        else None,
        "color": "#ff5252" if order.seed % 9 == 0 else None,
        "appointmentStartTime": whole(order.created) if order.seed % 3 and not order.shop.fixed else None,
        "customerId": order.customer,
        "technicianId": order.technician,
        "serviceWriterId": order.writer,
        "vehicleId": order.vehicle,
        "milesIn": order.miles,
        "milesOut": order.miles + 3 if order.miles and state.completed else None,
        "keytag": order.keytag,
        "completedDate": whole(state.completed),
        "postedDate": whole(state.posted),
        "laborSales": total.labor,
        "partsSales": total.parts,
        "subletSales": total.sublets,
        "discountTotal": total.discounts,
        "feeTotal": total.fees,
        "taxes": total.taxes,
        "amountPaid": total.sales if state.paid else 0,
        "totalSales": total.sales,
        "jobs": [job_row(order, state, job) for job in order.jobs],
        "sublets": [_sublet(order, state, sublet) for sublet in order.sublets],
        "fees": [{"id": fee.id, "name": fee.name, "total": fee.total} for fee in order.fees if counted],
        "discounts": [{"id": one.id, "name": one.name, "total": one.total} for one in order.discounts if counted],
        "customerConcerns": [
            {"id": order.id * 4 + place, "concern": concern, "techComment": comment}
            for place, (concern, comment) in enumerate(order.concerns)
        ],
        "createdDate": whole(order.created),
        "updatedDate": whole(state.updated),
        "deletedDate": whole(state.deleted),
    }
    if order.shop.newer:
        written |= {
            "estimateShareDate": whole(state.shared),
            "inspectionShareDate": None,
            "invoiceShareDate": whole(state.posted) if order.seed % 2 else None,
        }
    for path, value in order.overrides.get("public", {}).items():
        dress.put(written, path, value)
    return written


def job_updated(order: Order, state: State, job: Job) -> datetime:
    """Tell when the job itself last changed: posting the order does not touch it (section 1.6, trap 3)."""
    return max(filter(None, (order.created, state.answered, state.completed, job.touched)))


def job_row(order: Order, state: State, job: Job, *, alone: bool = False) -> Row:
    """Write a job.

    Args:
        order: Its order.
        state: The order's state.
        job: The job.
        alone: Whether it stands in /jobs, where it has four fields more (section 1.9).

    Returns:
        The job. `authorized` is null before the answer and where there was none.
    """
    answered = state.answered is not None
    total = money.job_totals(job)
    answer = job.answer if answered else None
    done = answer is True and state.completed is not None
    written: Row = {
        "id": job.id,
        "repairOrderId": order.id,
        "vehicleId": order.vehicle,
        "customerId": order.customer,
        "name": job.name,
        "authorized": answer,
        # Without a zone, and set on a decline too (sections 1.7 and 1.9).
        "authorizedDate": naive(state.answered) if answer is not None else None,
        "selected": state.shared is not None or answered,
        "technicianId": job.technician,
        "note": job.note,
        "partsTotal": total.parts,
        "laborTotal": total.labor,
        "discountTotal": total.discounts,
        "feeTotal": total.fees,
        "subtotal": total.subtotal,
        "createdDate": whole(order.created),
        "updatedDate": whole(job_updated(order, state, job)),
        "labor": [_labor(order, labor, done=done) for labor in job.labor],
        "parts": [_part(order, part) for part in job.parts],
        "fees": [{"id": fee.id, "name": fee.name, "total": fee.total} for fee in job.fees],
        "discounts": [{"id": one.id, "name": one.name, "total": one.total} for one in job.discounts],
        "laborHours": job.shown_hours,
        "loggedHours": job.logged_hours if done else 0.0,
    }
    if alone:
        written |= {
            "jobCategoryName": job.category,
            "archived": answer is False and job.note is None,
            "completedDate": whole(state.completed) if done else None,
            "sort": order.jobs.index(job),
        }
    return written


def _labor(order: Order, labor: Labor, *, done: bool) -> Row:
    written: Row = {
        "id": labor.id,
        "name": labor.name,
        "rate": labor.rate,
        "hours": labor.hours,
        "complete": done,
    }
    if order.shop.newer:
        written["technicianId"] = labor.technician
    return written


def _part(order: Order, part: Part) -> Row:
    model, width, ratio, diameter = part.tyre or (None, None, None, None)
    written: Row = {
        "id": part.id,
        "quantity": part.quantity,
        "brand": part.brand,
        "name": part.name,
        "partNumber": part.number,
        "description": None if part.tyre else part.name,
        "cost": part.cost,
        "retail": part.retail,
        "model": model,
        "width": width,
        "ratio": ratio,
        "diameter": diameter,
        "constructionType": "R" if part.tyre else None,
        "loadIndex": "97" if part.tyre else None,
        "speedRating": "V" if part.tyre else None,
        "partType": _PART_TYPES[part.type],
    }
    if part.tyre:
        written["dotNumbers"] = [] if order.seed % 2 else ["TEST 0126"]
    if order.shop.newer:
        written["partStatus"] = None
    return written


def _sublet(order: Order, state: State, sublet: Sublet) -> Row:
    number, name = sublet.vendor
    answer = sublet.answer if state.answered else None
    done = answer is True and state.completed is not None
    return {
        "id": sublet.id,
        "name": sublet.name,
        "vendor": {
            "id": order.shop.id * 10 + number,
            "name": name,
            "nickname": name.split()[0],
            "website": None,
            "phone": None if number % 2 else f"{order.shop.area}5550199",
        },
        "authorized": answer,
        "authorizedDate": naive(state.answered) if answer is not None else None,
        "selected": state.answered is not None,
        "note": None,
        "items": [
            {"id": item.id, "name": item.name, "cost": item.cost, "price": item.price, "complete": done}
            for item in sublet.items
        ],
        "price": money.sublet_price(sublet),
        "cost": money.sublet_cost(sublet),
    }
