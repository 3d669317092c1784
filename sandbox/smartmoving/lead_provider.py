"""The Lead Provider API: another host, another key, and nothing to read (contract, section 9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from sandbox.smartmoving.model import Customer
from sandbox.smartmoving.world import World
from sandbox.vendor import Answer, Call, json_answer

_PHONE_TYPES = {"mobile": 0, "home": 1, "office": 2, "other": 3}
_NO_DIGIT = re.compile(r"\D")
Form = dict[str, Any]


class LeadProvider:
    """Takes leads in and refuses the same one twice."""

    def __init__(self, world: World, provider_key: str) -> None:
        self._world = world
        self._key = provider_key
        self._seen: set[tuple[str, str, str, str]] = set()

    def reset(self) -> None:
        """Forget which leads were submitted."""
        self._seen.clear()

    def post(self, call: Call) -> Answer:
        """Take a lead in.

        What a success says is undocumented and the API has no read side, so the body is
        empty: a client can only look the lead up in the Open API.

        Args:
            call: The POST.

        Returns:
            200, or 400 with a message.
        """
        if call.query.get("providerkey") != self._key:
            return json_answer({"message": "Provider not found."}, 400)
        try:
            received = msgspec.json.decode(call.body)
        except msgspec.DecodeError:
            return json_answer({"message": "The request body is not valid JSON."}, 400)
        if not isinstance(received, dict):
            return json_answer({"message": "The request body is not an object."}, 400)
        # Names are case-insensitive.
        form: Form = {str(key).lower(): value for key, value in received.items() if value is not None}
        errors = _errors(form)
        if errors:
            return json_answer({"message": "The request is invalid.", "errors": errors}, 400)
        identity = (
            _name(form).casefold(),
            _digits(form.get("phonenumber")),
            str(form.get("email", "")).casefold(),
            str(form.get("movedate", "")),
        )
        if identity in self._seen:
            return json_answer({"message": "This lead has already been submitted."}, 400)
        self._seen.add(identity)
        # Texts that no row has create one; that is how the lists fill with junk.
        if "movesize" in form:
            self._world.catalogue.learn("move-sizes", str(form["movesize"]))
        if "referralsource" in form:
            self._world.catalogue.learn("referral-sources", str(form["referralsource"]))
        branch = str(form.get("branchid") or call.query.get("branchid", "")).lower()
        self._world.post_lead(form, lambda lead: self._fill(lead, form, branch))
        return Answer(200, b"")

    def posted(self) -> list[dict[str, Any]]:
        """Tell the leads that were stored, oldest first."""
        return [
            {
                "id": lead.opportunities[0].id if lead.opportunities else None,
                "customerName": lead.name,
                "phoneNumber": lead.phone,
                "emailAddress": lead.email,
                "serviceDate": lead.opportunities[0].service_date if lead.opportunities else None,
                "form": lead.form,
            }
            for lead in self._world.posted
        ]

    def _fill(self, lead: Customer, form: Form, branch: str) -> None:
        lead.name = _name(form)
        lead.phone = _digits(form.get("phonenumber")) or None
        lead.phone_type = _PHONE_TYPES.get(str(form.get("phonetype", "")).lower())
        lead.email = form.get("email")
        opportunity = lead.opportunities[0]
        opportunity.service_date = _date(form.get("movedate"))
        opportunity.type = 1
        branches = self._world.catalogue.branches
        primary = next(place for place, row in enumerate(branches) if row.primary)
        opportunity.branch = next((p for p, row in enumerate(branches) if row.id == branch), primary)
        opportunity.branch_name = branches[opportunity.branch].name


def _name(form: Mapping[str, Any]) -> str:
    full = form.get("fullname")
    return str(full) if full else f"{form.get('firstname', '')} {form.get('lastname', '')}".strip()


def _digits(text: object) -> str:
    return _NO_DIGIT.sub("", str(text)) if text else ""


def _date(text: object) -> date | None:
    written = str(text or "")
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:])) if len(written) == 8 else None
    except ValueError:
        return None


def _errors(form: Form) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    parts = "firstname" in form or "lastname" in form
    if "fullname" in form and parts:
        errors["FullName"] = ["Specify either FullName or FirstName and LastName, not both."]
    elif not _name(form):
        errors["FullName"] = ["A name is required."]
    for side in ("origin", "destination"):
        pieces = any(f"{side}{part}" in form for part in ("street", "city", "state", "zip"))
        if pieces and f"{side}addressfull" in form:
            errors[f"{side.title()}AddressFull"] = ["Specify either the full address or its parts."]
    if "movedate" in form and _date(form["movedate"]) is None:
        errors["MoveDate"] = ["The date must be written YYYYMMDD."]
    if "phonetype" in form and str(form["phonetype"]).lower() not in _PHONE_TYPES:
        errors["PhoneType"] = ["The type must be Mobile, Home, Office or Other."]
    return errors
