"""The rows of the lists: the customers sweep, the jobs of an opportunity, leads, payments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox import dress
from sandbox.seeds import text_number
from sandbox.smartmoving import money
from sandbox.smartmoving.model import Customer, Opportunity, Status, compact
from sandbox.smartmoving.work import stamp, times
from sandbox.smartmoving.world import World

Row = dict[str, Any]


class Rows:
    """Writes the world's records as the vendor's list rows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._compact = world.options.service_date_format == "compact"
        self._shuffle = world.options.shuffle_optional

    def finish(self, row: Any, guid: str) -> Any:
        """Add the accidents that the options ask for."""
        return dress.shuffled(row, text_number(guid)) if self._shuffle else row

    def customer(self, customer: Customer, *, opportunities: bool | None) -> Row:
        """Write a customer: CustomerViewModel, or the sweep's row.

        Args:
            customer: The customer.
            opportunities: True with them, False with null there, None without the field.

        Returns:
            The row. In the sweep it has no branch, no total, no address of a job (section 5.1).
        """
        row: Row = {
            "id": customer.id,
            "name": customer.name,
            "phoneNumber": customer.phone,
            "phoneType": customer.phone_type,
            "emailAddress": customer.email,
            "address": customer.address,
            "secondaryPhoneNumbers": customer.secondary,
        }
        if opportunities is not None:
            row["opportunities"] = (
                [self._sweep_opportunity(found) for found in customer.opportunities] if opportunities else None
            )
        for path, value in customer.overrides.items():
            dress.put(row, path, value)
        return row

    def opportunity_of_customer(self, opportunity: Opportunity) -> Row:
        """Write CustomerOpportunityViewModel: the quote is text, the service date a number."""
        day = opportunity.service_date
        return {
            "id": opportunity.id,
            "quoteNumber": str(opportunity.quote),
            "serviceDate": compact(day) if day else None,
            "status": self._world.status(opportunity),
            "createdAtUtc": stamp(opportunity.created, opportunity.seed),
        }

    def jobs(self, opportunity: Opportunity) -> list[Row]:
        """Write an opportunity's jobs: BasicJobViewModel."""
        status, now = self._world.status(opportunity), self._world.clock.now()
        rows: list[Row] = [
            {
                "id": job.id,
                "type": job.type,
                "jobNumber": job.number,
                "jobDate": compact(job.day),
                **times(job, status, now),
            }
            for job in opportunity.jobs
        ]
        for path, value in opportunity.overrides.get("jobs", {}).items():
            dress.put(rows, path, value)
        return rows

    def lead(self, customer: Customer, opportunity: Opportunity) -> Row:
        """Write LeadViewModel; its id is the opportunity's (section 5.4)."""
        form, seed = customer.form or {}, opportunity.seed
        branch = self._world.catalogue.branches[opportunity.branch] if opportunity.branch >= 0 else None
        status = self._world.status(opportunity)
        user = None if seed % 4 == 0 else self._world.catalogue.users[seed % 50]
        size = None if seed % 5 == 0 else self._world.catalogue.lists["move-sizes"][seed % 38]
        if "movesize" in form:
            size = next(r for r in self._world.catalogue.lists["move-sizes"] if r["name"] == form["movesize"])
        source = form.get("referralsource") or self._source(seed)
        row: Row = {
            "id": opportunity.id,
            "customerName": customer.name,
            "emailAddress": customer.email,
            "referralSource": source,
            "referralSourceName": source,
            "affiliateName": None,
            "affiliateId": None,
            "phoneNumber": customer.phone,
            "phoneType": customer.phone_type,
            # An undated lead says 0 (section 5.4).
            "serviceDate": compact(opportunity.service_date) if opportunity.service_date else 0,
            "salesPersonId": user["id"] if user else None,
            "salesPerson": user["name"] if user else None,
            "type": opportunity.type,
            "branchId": branch.id if branch else None,
            "branchName": branch.name if branch else None,
            "originAddressFull": form.get("originaddressfull"),
            "originStreet": form.get("originstreet"),
            "originCity": form.get("origincity", branch.city if branch and not form else None),
            "originState": form.get("originstate", branch.state if branch and not form else None),
            "originZip": form.get("originzip", branch.zip if branch and not form else None),
            "destinationAddressFull": form.get("destinationaddressfull"),
            "destinationStreet": form.get("destinationstreet"),
            "destinationCity": form.get("destinationcity"),
            "destinationState": form.get("destinationstate"),
            "destinationZip": form.get("destinationzip"),
            "moveSizeId": size["id"] if size else None,
            "moveSizeName": size["name"] if size else None,
            "status": status,
            "lostReason": self._world.catalogue.lists["lost-reasons"][seed % 6]["description"]
            if status == Status.LOST
            else None,
            "createdAtUtc": stamp(opportunity.created, seed),
        }
        for path, value in opportunity.overrides.get("lead", {}).items():
            dress.put(row, path, value)
        return row

    def payments(self, opportunity: Opportunity) -> list[Row]:
        """Write an opportunity's payments: JobPaymentViewModel."""
        user = self._world.catalogue.users[opportunity.seed % 50]
        rows: list[Row] = []
        for row in money.payments(opportunity, self._world.status(opportunity), self._payment_guid(opportunity)):
            paid = row.pop("paid")
            row.pop("isOutstanding")
            row |= {
                "takenByUserId": user["id"],
                "createdAtUtc": stamp(paid, opportunity.seed >> 2),
                "customPaymentDescription": "Gift card " if row["paymentType"] > 100 else None,
                "gatewayPaymentId": None,
            }
            rows.append(row)
        for path, value in opportunity.overrides.get("payments", {}).items():
            dress.put(rows, path, value)
        return rows

    def embedded_payments(self, opportunity: Opportunity) -> list[Row]:
        """Write the payments inside a detail: OpportunityPaymentViewModel, without ids."""
        user = self._world.catalogue.users[opportunity.seed % 50]
        wanted = ("source", "paymentType", "amount", "isOutstanding", "refundsJobPaymentId", "amountRefunded",
                  "paymentCategory")  # fmt: skip
        rows = money.payments(opportunity, self._world.status(opportunity), self._payment_guid(opportunity))
        return [
            {key: row[key] for key in wanted}
            | {"takenByUser": user["name"], "paidAtUtc": stamp(row["paid"], opportunity.seed >> 2)}
            for row in rows
        ]

    def audit(self, opportunity: Opportunity) -> list[Row]:
        """Write an opportunity's audit activity."""
        users = self._world.catalogue.users
        rows: list[Row] = []
        for place in range(1 + opportunity.seed % 4):
            moment = opportunity.created + timedelta(hours=place * 5)
            if moment > self._world.clock.now():
                break
            rows.append(
                {
                    "id": self._world.guids.loose("audit", opportunity.id, place),
                    "activityType": 1 if place else 0,
                    "description": "Opportunity edited" if place else "Opportunity created",
                    "changeMadeByUserId": users[(opportunity.seed + place) % 50]["id"],
                    "createdAtUtc": stamp(moment, opportunity.seed >> 1),
                }
            )
        return rows

    def _sweep_opportunity(self, opportunity: Opportunity) -> Row:
        row: Row = {
            "id": opportunity.id,
            "quoteNumber": str(opportunity.quote),
            "status": self._world.status(opportunity),
            "jobs": [
                {
                    "id": job.id,
                    "jobNumber": job.number,
                    # Text here, a number everywhere else (section 7).
                    "serviceDate": str(compact(job.day)) if self._compact else job.day.isoformat(),
                    "type": job.type,
                }
                for job in opportunity.jobs
            ],
        }
        for path, value in opportunity.overrides.get("sweep", {}).items():
            dress.put(row, path, value)
        return row

    def _payment_guid(self, opportunity: Opportunity) -> str:
        return self._world.guids.loose("payment", opportunity.id)

    def _source(self, seed: int) -> str | None:
        rows = self._world.catalogue.lists["referral-sources"]
        return None if seed % 6 == 0 else str(rows[seed % 14]["name"])
