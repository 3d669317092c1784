"""The form of a lead: the vendor's fields, checked before anything is queued and again before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from branchline.errors import BranchlineError

Row = Any
Body = dict[str, Any]


class LeadRefused(BranchlineError):
    """A lead that cannot be queued or sent as it is: a wrong field, a key used for another lead."""

    verdict = "Nothing was sent: correct the lead and submit it again; a different lead needs a key of its own"


class KeyTaken(LeadRefused):
    """A lead whose idempotency key was used before for another one (T71)."""


class NotYourBranch(LeadRefused):
    """A lead for a branch that the person does not see, or where he may not write."""

    verdict = "Nothing was sent: choose a branch of yours, or ask whoever grants roles"


#: The vendor's fields (section 9) and the longest text of each. The provider key is not one of them.
TEXTS: dict[str, int] = {
    **dict.fromkeys(("firstName", "lastName", "fullName", "serviceType", "opportunityType", "bedrooms"), 200),
    **dict.fromkeys(("phoneNumber", "extension", "phoneType", "moveDate"), 40),
    **dict.fromkeys((f"{side}{part}" for side in ("origin", "destination") for part in ("City", "State", "Zip")), 200),
    **dict.fromkeys((f"{side}{part}" for side in ("origin", "destination") for part in ("Street", "AddressFull")), 500),
    **dict.fromkeys(("referralSource", "moveSize", "trackingParameters"), 500),
    **dict.fromkeys((f"utm{part}" for part in ("AdGroup", "Campaign", "Content", "CustomTracking")), 500),
    **dict.fromkeys((f"utm{part}" for part in ("Keyword", "Medium", "Source")), 500),
    **dict.fromkeys(("referralSourceId", "moveSizeId", "branchId"), 36),
    "email": 100,
    "notes": 4000,
}
_SPELT = {name.lower(): name for name in (*TEXTS, "leadCost", "userOptIn")}
_PHONE_TYPES = {name.lower(): name for name in ("Mobile", "Home", "Office", "Other")}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")
#: Fields whose values a log may show; of all others it shows the name alone.
_PLAIN = {"moveDate", "moveSizeId", "referralSourceId", "branchId", "serviceType", "opportunityType", "phoneType"}


def read_form(fields: Mapping[str, Any]) -> Body:
    """A lead's fields in the vendor's spelling, checked against section 9.

    Args:
        fields: names in any case; empty values are left out.

    Returns:
        The fields that are sent.

    Raises:
        LeadRefused: an unknown field, a name or an address given twice, no name, neither phone nor e-mail (the lead
            could not be recognised at the vendor), a date or an id that is none.
    """
    form: Body = {}
    for given, value in fields.items():
        name = _SPELT.get(str(given).lower())
        if name is None:
            raise wrong(f"{str(given)[:40]!r} is not a field of a lead")
        if name in form:
            raise wrong(f"{name} is given twice")
        checked = _value(name, value)
        if checked is not None:
            form[name] = checked
    _one_way(form)
    _recognisable(form)
    if "phoneType" in form:
        form["phoneType"] = _phone_type(form["phoneType"])
    if "moveDate" in form:
        form["moveDate"] = _compact_day(form["moveDate"])
    for name in ("referralSourceId", "moveSizeId", "branchId"):
        if name in form:
            form[name] = form[name].lower()
            if not _GUID.fullmatch(form[name]):
                raise wrong(f"{name} is not an id of the vendor's")
    return form


def _value(name: str, value: Any) -> str | float | bool | None:
    if value is None:
        return None
    if name == "userOptIn":
        if not isinstance(value, bool):
            raise wrong("userOptIn is not a boolean")
        return value
    if name == "leadCost":
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1_000_000:
            raise wrong("leadCost is not a number from 0 to 1,000,000")
        return value
    if isinstance(value, date):
        value = value.strftime("%Y%m%d")
    if not isinstance(value, str):
        raise wrong(f"{name} is not a text")
    text = value.strip()
    if len(text) > TEXTS[name]:
        raise wrong(f"{name} is longer than {TEXTS[name]} characters")
    if CONTROL.search(text):
        raise wrong(f"{name} holds control characters")
    return text or None


def _one_way(form: Body) -> None:
    """Refuse what section 9 allows only one way: a name, an address, a reference row."""
    if "fullName" in form and ("firstName" in form or "lastName" in form):
        raise wrong("it has fullName and firstName or lastName: give one or the other")
    for side in ("origin", "destination"):
        parts = [name for part in ("Street", "City", "State", "Zip") if (name := side + part) in form]
        if parts and f"{side}AddressFull" in form:
            raise wrong(f"it has {side}AddressFull and {parts[0]}: give the whole address or its parts")
    for name in ("referralSource", "moveSize"):
        if name in form and f"{name}Id" in form:
            raise wrong(f"it has {name} and {name}Id: give one or the other")


def _recognisable(form: Body) -> None:
    """Refuse a lead that a look-up could not find again."""
    if not {"fullName", "firstName", "lastName"} & set(form):
        raise wrong("it has no name")
    if not {"phoneNumber", "email"} & set(form):
        raise wrong("it has neither phoneNumber nor email")
    if "phoneNumber" in form and len(re.sub(r"\D", "", form["phoneNumber"])) < 7:
        raise wrong("phoneNumber has fewer than seven digits")
    if "email" in form and not re.fullmatch(r"[^@\s]+@[^@\s]+", form["email"]):
        raise wrong("email is no e-mail address")


def _compact_day(text: str) -> str:
    digits = text.replace("-", "") if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise wrong("moveDate is not a date such as 20260815 or 2026-08-15") from error
    return day.strftime("%Y%m%d")


def wrong(fact: str) -> LeadRefused:
    """The refusal of a form, saying what is wrong with it."""
    return LeadRefused("Reading a lead", fact)


def _phone_type(text: str) -> str:
    if text.lower() not in _PHONE_TYPES:
        raise wrong("phoneType is none of Mobile, Home, Office, Other")
    return _PHONE_TYPES[text.lower()]


def mask(body: Mapping[str, Any]) -> str:
    """A body as a log may show it: personal values are left out."""
    return ", ".join(f"{name}={value}" if name in _PLAIN else name for name, value in sorted(body.items()))


def text_params(form: Mapping[str, Any], client: str, account: str) -> dict[str, Any]:
    """What crm/leads.texts.sql needs to look a form's reference texts up in the lists last read."""
    names = ("moveSize", "moveSizeId", "referralSource", "referralSourceId")
    return {"client": client, "account": account} | {name: form.get(name) for name in names}


def resolve_texts(form: Body, known: Row, allow_new_texts: bool) -> None:
    """Put the vendor's id in place of a text it knows; an unknown text makes a junk row there (section 9).

    Args:
        form: changed in place.
        known: the ids that crm/leads.texts.sql found.
        allow_new_texts: let the vendor create what it does not have.

    Raises:
        LeadRefused: the vendor has no such id, or no such text and may not create it.
    """
    for name, of_vendor in (("moveSize", known.moveSizeId), ("referralSource", known.referralSourceId)):
        if of_vendor is not None:
            form.pop(name, None)
            form[f"{name}Id"] = of_vendor
        elif f"{name}Id" in form:
            raise wrong(f"the vendor has no {name} of this id in the lists last read")
        elif name in form and not allow_new_texts:
            raise wrong(
                f"the vendor has no {name} of this text and would create one: choose one of smartmoving."
                f"{'move_sizes' if name == 'moveSize' else 'referral_sources'}, or allow_new_texts if that is meant"
            )
