"""The opportunity in full: OpportunityDetailsViewModel and the premium job."""

from __future__ import annotations

import random
from collections.abc import Container
from typing import Any

from sandbox import dress, people
from sandbox.seeds import mix
from sandbox.smartmoving import money
from sandbox.smartmoving.model import Customer, Job, Opportunity, Status, compact
from sandbox.smartmoving.rows import Row, Rows
from sandbox.smartmoving.work import stamp, times
from sandbox.smartmoving.world import World

# The pipeline label is the company's own and tells nothing of the outcome (section 6):
# a closed opportunity may still say "Booked ".
_LABELS = {
    Status.NEW_LEAD: (0,),
    Status.LEAD_IN_PROGRESS: (1, 2, 7),
    Status.OPPORTUNITY: (3, 2, 5, 6),
    Status.BOOKED: (4, 4, 5),
    Status.COMPLETED: (4,),
    Status.CLOSED: (4, 4, 2),
    Status.CANCELLED: (4, 6),
    Status.LOST: (9, 2),
    Status.BAD_LEAD: (8,),
}


class Detail:
    """Writes one opportunity with the collections that were asked for."""

    def __init__(self, world: World, rows: Rows) -> None:
        self._world = world
        self._rows = rows

    def opportunity(self, customer: Customer, opportunity: Opportunity, asked: Container[str]) -> Row:
        """Write the detail.

        Args:
            customer: Whose it is.
            opportunity: Which one.
            asked: The Include flags that were true, in lower case.

        Returns:
            The detail. A collection that was not asked for is empty or null, which does not
            say that there is none (section 5.2).
        """
        seed = opportunity.seed
        status = self._world.status(opportunity)
        lists = self._world.catalogue.lists
        size = lists["move-sizes"][seed % 38]
        labels = _LABELS.get(status, (0,))
        branch = self._world.catalogue.branches[opportunity.branch] if opportunity.branch >= 0 else None
        sales = None if seed % 9 == 0 else self._world.catalogue.users[seed % 50]
        cancelled = lists["cancellation-reasons"][seed % 5]["name"]
        row: Row = {
            "id": opportunity.id,
            "quoteNumber": opportunity.quote,
            "customer": self._customer(customer),
            # Name and telephone only, no id (section 5.2).
            "branch": {
                "name": opportunity.branch_name,
                "phoneNumber": branch.phone if branch else "(555) 555-0199",
            },
            "contacts": self._contacts(seed),
            "opportunityType": opportunity.opportunity_type,
            "type": opportunity.type,
            "serviceDate": compact(opportunity.service_date) if opportunity.service_date else None,
            "status": status,
            "leadStatus": self._world.catalogue.lead_statuses[labels[seed % len(labels)]]["name"],
            "moveSize": {key: size[key] for key in ("name", "description", "volume")},
            "volume": float(size["volume"] or 0),
            "weight": size["weight"],
            "volumeWeightCalculationMode": seed % 3,
            "estimatedTotal": money.totals(opportunity) if opportunity.jobs else None,
            "estimator": None,
            "salesAssignee": {"id": sales["id"], "name": sales["name"]} if sales else None,
            "hasTripInfo": seed % 12 == 0,
            "referralSource": lists["referral-sources"][seed % 14]["name"],
            "allowInventoryUpdates": seed % 2 == 0,
            "jobs": [self._job(job, status, asked) for job in opportunity.jobs],
            "payments": self._rows.embedded_payments(opportunity) if "includepayments" in asked else [],
            "tripInfo": self._trip(opportunity)
            if "includetripinfo" in asked and seed % 12 == 0
            else None,
            "opportunityFiles": ["estimate.pdf"] if "includefiles" in asked and seed % 3 == 0 else [],
            "photos": ["photo-1.jpg"] if "includephotos" in asked and seed % 5 == 0 else None,
            "opportunityDocuments": [
                {"title": "Estimate", "type": 7, "isComplete": status != Status.OPPORTUNITY}
            ]
            if "includedocuments" in asked
            else [],
            "surveys": self._surveys(opportunity) if "includesurveys" in asked else None,
            "tasks": self._tasks(customer, seed) if "includetasks" in asked else [],
            "tariff": {key: self._world.catalogue.tariffs[0][key] for key in ("id", "name")},
            "affiliateId": None,
            "affiliateName": None,
            "customField01": None,
            "customField02": "" if seed % 2 else None,
            "customField03": None,
            "cancellationReason": cancelled if status == Status.CANCELLED else None,
            "createdAtUtc": stamp(opportunity.created, seed),
        }  # fmt: skip
        for path, value in opportunity.overrides.get("detail", {}).items():
            dress.put(row, path, value)
        return row

    def premium_job(self, opportunity: Opportunity, job: Job, asked: Container[str]) -> Row:
        """Write JobViewModel, the premium tier's job."""
        basic = next(row for row in self._rows.jobs(opportunity) if row["id"] == job.id)
        estimated = "includeestimatedcharges" in asked
        return basic | {
            "opportunityId": opportunity.id,
            "arrivalWindow": self._window(job)["description"],
            "dropOffDate": None,
            "stops": self._stops(opportunity, job) if "includestops" in asked else [],
            "estimatedCharges": self._premium_charges(job) if estimated else [],
            "actualCharges": [],
            "estimatedMaterials": [],
            "actualMaterials": [],
        }

    def _job(self, job: Job, status: int, asked: Container[str]) -> Row:
        worked = status in {Status.COMPLETED, Status.CLOSED}
        charged = "includecharges" in asked
        dispatch = "includedispatchinfo" in asked
        hours = 2 + job.seed % 7
        crew = self._world.catalogue.crew
        return {
            "id": job.id,
            "jobNumber": job.number,
            "jobDate": compact(job.day),
            "type": job.type,
            "confirmed": times(job, status, self._world.clock.now())["confirmedAtUtc"] is not None,
            "jobAddresses": self._addresses(job) if "includejobaddresses" in asked else [],
            "jobDocuments": [{"title": "Work Order", "type": 9, "isComplete": worked}]
            if "includedocuments" in asked
            else [],
            "estimatedCharges": money.charges(job) if charged else [],
            "actualCharges": money.charges(job, actual=True) if charged and worked else [],
            "arrivalWindow": self._window(job) if dispatch else None,
            "totalTips": 12.5 * (job.seed % 3) if worked else 0.0,
            "crewMembers": [crew[(job.seed + place) % 40]["name"] for place in range(job.seed % 4)]
            if dispatch
            else None,
            "jobTime": {
                "laborTime": {"estimated": float(hours), "actual": hours + 0.25 if worked else None},
                "billableHours": hours + 0.5 if worked else None,
                "travelTime": {"estimated": 0.5, "actual": 0.75 if worked else None},
            }
            if dispatch
            else None,
        }

    def _addresses(self, job: Job) -> list[str]:
        """One to four, now and then none: not a pair (section 5.2)."""
        rng = random.Random(mix(job.seed, 61))
        count = (2, 2, 2, 2, 2, 1, 3, 4, 2, 0)[job.seed % 10]
        branches = self._world.catalogue.branches
        here = branches[job.seed % len(branches)]
        return [here.address(people.street(rng)) for _ in range(count)]

    def _window(self, job: Job) -> Row:
        windows = self._world.catalogue.arrival_windows
        return windows[job.seed % len(windows)]

    def _trip(self, opportunity: Opportunity) -> Row:
        day = opportunity.service_date
        when = compact(day) if day else None
        return {
            "isTripInfoApplied": True,
            "pickupSpreadFirstAvailableDate": when,
            "pickupSpreadLastAvailableDate": when,
            "confirmedPickupDate": when,
            "preferredPickupTime": 8.5,
            "preferredPickupTimeDurationMinutes": 120,
            "deliverySpreadFirstAvailableDate": None,
            "deliverySpreadLastAvailableDate": None,
            "confirmedDeliveryDate": None,
            "preferredDeliveryTime": None,
            "preferredDeliveryTimeDurationMinutes": None,
        }

    def _surveys(self, opportunity: Opportunity) -> list[Row]:
        if opportunity.seed % 3:
            return []
        user = self._world.catalogue.users[opportunity.seed % 50]
        return [
            {
                "assignedTo": {
                    "name": user["name"],
                    "mobileNumber": None,
                    "branchId": None,
                    "regionId": None,
                    "title": user["title"],
                },
                "type": 2,
                "title": "Virtual Survey",
                "startAtUtc": stamp(opportunity.created, opportunity.seed >> 7),
                "durationMinutes": 30,
                "notes": None,
                "isConfirmed": True,
            }
        ]

    def _tasks(self, customer: Customer, seed: int) -> list[Row]:
        if seed % 4:
            return []
        return [
            {
                "title": "Call about parking",
                "customer": self._customer(customer),
                "assignedTo": None,
                "taskItemType": 1,
                "taskItemStatus": 1 + seed % 3,
                "notes": "",
            }
        ]

    @staticmethod
    def _customer(customer: Customer) -> Row:
        return {
            "id": customer.id,
            "name": customer.name,
            "emailAddress": customer.email,
            "phoneNumber": customer.phone,
            "phoneType": customer.phone_type,
        }

    @staticmethod
    def _contacts(seed: int) -> list[Row]:
        if seed % 6:
            return []
        rng = random.Random(mix(seed, 62))
        return [
            {
                "name": people.name(rng),
                "emailAddress": None,
                "phoneNumber": people.phone(rng, "416"),
                "phoneType": None,
            }
        ]

    def _stops(self, opportunity: Opportunity, job: Job) -> list[Row]:
        branch = self._world.catalogue.branches[opportunity.branch]
        addresses = self._addresses(job)
        return [
            {
                "id": self._world.guids.loose("stop", job.id, place),
                "isOrigin": place == 0,
                "isDestination": place == len(addresses) - 1 and place > 0,
                "order": place + 1,
                "addressFullAddress": address,
                "addressLat": branch.lat,
                "addressLng": branch.lng,
                "addressUnit": None,
                "propertyName": "",
                "propertyType": 1 + job.seed % 2,
                "stairs": job.seed % 3,
                "parkingDescription": None,
                "hasElevator": False,
                "notes": None,
            }
            for place, address in enumerate(addresses)
        ]

    def _premium_charges(self, job: Job) -> list[dict[str, Any]]:
        return [
            {
                "id": self._world.guids.loose("charge", job.id, place),
                "name": row["name"],
                "chargeCategory": row["chargeCategory"],
                "chargeType": 100 if place == 0 else 1,
                "subtotal": row["subtotal"],
                "discountAmount": row["discountAmount"] or None,
                "discountPercent": None,
                "quantity": 1,
                "totalCost": row["totalCost"],
            }
            for place, row in enumerate(money.charges(job))
        ]
