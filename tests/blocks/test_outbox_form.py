"""The form of a lead and the masks of its values, without a database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from branchline.outbox import LeadRefused, mask, read_form

LEAD = {"fullName": "Alex Example", "phoneNumber": "403-555-0142"}
GUID = "5abc2202-CA9E-4077-a054-dc2ccb94a09a"


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        (LEAD, LEAD),
        ({"FULLNAME": " Alex Example ", "phonenumber": "403-555-0142", "notes": "  "}, LEAD),
        (LEAD | {"moveDate": date(2026, 8, 5)}, LEAD | {"moveDate": "20260805"}),
        (LEAD | {"moveDate": "2026-08-05"}, LEAD | {"moveDate": "20260805"}),
        (LEAD | {"moveDate": "20280229"}, LEAD | {"moveDate": "20280229"}),
        (LEAD | {"phoneType": "MOBILE"}, LEAD | {"phoneType": "Mobile"}),
        (LEAD | {"moveSizeId": GUID}, LEAD | {"moveSizeId": GUID.lower()}),
        (LEAD | {"leadCost": 12.5, "userOptIn": False}, LEAD | {"leadCost": 12.5, "userOptIn": False}),
        ({"firstName": "Zoë", "email": "z@é.example"}, {"firstName": "Zoë", "email": "z@é.example"}),
    ],
)
def test_a_form_in_the_vendors_spelling(fields: dict[str, Any], form: dict[str, Any]) -> None:
    assert read_form(fields) == form


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"firstName": "Alex"}, "fullName and firstName"),
        ({"fullName": ""}, "no name"),
        ({"phoneNumber": None}, "neither phoneNumber nor email"),
        ({"phoneNumber": "ask"}, "seven digits"),
        ({"email": "alex"}, "no e-mail address"),
        ({"email": "a b@example.com"}, "no e-mail address"),
        ({"email": "a" * 100 + "@example.com"}, "longer than 100"),
        ({"moveDate": "2026-02-30"}, "not a date"),
        ({"moveDate": "08/05/2026"}, "not a date"),
        ({"moveDate": "202608"}, "not a date"),
        ({"moveDate": 20260805}, "not a text"),
        ({"phoneType": "0"}, "phoneType"),
        ({"originCity": "Calgary", "originAddressFull": "100 Sample St"}, "originAddressFull and originCity"),
        ({"destinationZip": "07643", "destinationAddressFull": "1 A St"}, "destinationAddressFull and destinationZip"),
        ({"moveSize": "House", "moveSizeId": GUID}, "moveSize and moveSizeId"),
        ({"referralSourceId": "Google"}, "not an id"),
        ({"leadCost": True}, "leadCost"),
        ({"leadCost": float("nan")}, "leadCost"),
        ({"leadCost": float("inf")}, "leadCost"),
        ({"userOptIn": "yes"}, "userOptIn"),
        ({"notes": "a\x00b"}, "control characters"),
        ({"notes": "\ud800"}, "control characters"),
        ({"notes": "x" * 4001}, "longer than 4000"),
        ({"providerKey": "x"}, "not a field"),
        ({"FullName": "Sam Example"}, "fullName is given twice"),
    ],
)
def test_a_form_that_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(LeadRefused, match=why):
        read_form(LEAD | change)


def test_a_mask_shows_no_personal_value() -> None:
    body = LEAD | {"moveDate": "20260805", "originStreet": "100 Sample St", "email": "alex@example.com"}
    assert mask(body) == "email, fullName, moveDate=20260805, originStreet, phoneNumber"
