"""A lead is asked for: one key is one lead (T71), dry runs (T73), who may ask, and reference texts."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from branchline.hooks.smartmoving_leads import send_leads
from branchline.outbox import KeyTaken, LeadRefused, NotYourBranch, preview
from branchline.warehouse import connect

from tests.smartmoving.leads import ACCOUNT, Leads, person

# ------------------------------------------------------------------------------------------------------------- T71


def test_t71_the_same_key_is_the_same_lead(leads: Leads) -> None:
    first = leads.submit("web-1")
    again = leads.submit("web-1", person("web-1", email="  web-1@Example.com ", utmSource=""))
    assert (again.lead_id, again.is_new) == (first.lead_id, False)
    leads.work()
    assert leads.submit("web-1").state == "sent"
    assert leads.states() == {"sent": 1}
    assert leads.posts == 1


@pytest.mark.parametrize("change", [{"notes": "Ring once"}, {"location_id": 2}, {"dry_run": True}])
def test_t71_the_same_key_with_another_payload_is_refused(leads: Leads, change: dict[str, Any]) -> None:
    leads.submit("web-1")
    how = dict(change)
    fields = person("web-1") | ({"notes": how.pop("notes")} if "notes" in how else {})
    if "location_id" in how:
        how["location_id"] = leads.places[2].location_id
    with pytest.raises(KeyTaken, match="this key was used before for another lead"):
        leads.submit("web-1", fields, **how)
    row = leads.row("web-1")
    assert (row.payload["notes"], row.state) == ("Ring twice", "pending")


# ------------------------------------------------------------------------------------------------------------- T73


def test_t73_a_dry_run_lead_is_never_sent(leads: Leads) -> None:
    leads.submit("dry", dry_run=True)
    assert leads.work().outcomes == {}
    leads.warehouse.execute("UPDATE crm.leads SET next_attempt_at = now() - interval '1 day'")
    leads.work()
    assert (leads.posts, leads.lookups, leads.row("dry").state) == (0, 0, "pending")
    with pytest.raises(Exception, match="a_dry_run_is_never_sent"):
        leads.warehouse.execute("UPDATE crm.leads SET attempts = 1")


def test_t73_a_dry_run_of_the_dag_shows_what_would_be_sent(
    leads: Leads, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads.submit("web-1")
    leads.submit("dry", dry_run=True)
    before = leads.warehouse.rows("SELECT * FROM crm.leads ORDER BY 1", role="admin")
    with connect(leads.warehouse.loader, client="lgm") as connection:
        shown = dict(preview(connection, ACCOUNT, 10))
    text = shown[leads.row("web-1").lead_id]
    assert f"moveDate={person('web-1')['moveDate']:%Y%m%d}" in text
    assert f"branchId={leads.places[0].external_id}" in text
    assert "phoneNumber" in text
    assert "555" not in text
    assert shown[leads.row("dry").lead_id].startswith("dry run: ")
    entries = [{"source": "smartmoving", "account": "smartmoving", "conn_id": "smartmoving", "client": "lgm"}]
    with caplog.at_level(logging.INFO):
        send_leads(leads.warehouse.loader, entries, limit=10, dry_run=True, since=datetime.now(UTC))
    assert caplog.text.count("would send lead") == 2
    assert leads.warehouse.rows("SELECT * FROM crm.leads ORDER BY 1", role="admin") == before
    assert leads.control.leads() == []


# ----------------------------------------------------------------------------------------------- people and their rows


def as_person(leads: Leads, user: str) -> Any:
    connection = connect(leads.warehouse.as_role("api"))
    connection.execute("SELECT set_config('branchline.user', %s, FALSE)", (user,))
    return connection


def test_who_may_ask_and_whose_leads_they_see(leads: Leads) -> None:
    here, there = leads.places[0].location_id, leads.places[1].location_id
    leads.warehouse.execute("SELECT access.grant_role('mia', 'MANAGER', 'lgm', %s)", (here,))
    leads.warehouse.execute("SELECT access.grant_role('ada', 'ADMIN', 'lgm')")
    leads.warehouse.execute("SELECT access.grant_role('sue', 'SUPER_ADMIN')")
    leads.warehouse.execute("SELECT access.grant_role('oda', 'AUDITOR', 'lgm')")
    leads.warehouse.execute("SELECT access.grant_role('dan', 'DISPATCHER', 'lgm', %s)", (here,))

    def submit(user: str, location: int, key: str, **fields: Any) -> Any:
        (submitted,) = leads.submit_all([(location, key, person(key, **fields))], user=user)
        return submitted

    assert submit("mia", here, "m-1").is_new
    with pytest.raises(NotYourBranch, match="no SmartMoving branch that you may see"):
        submit("mia", there, "m-2")
    with pytest.raises(LeadRefused, match="names another branch"):
        submit("mia", here, "m-3", branchId=leads.places[1].external_id)
    assert submit("ada", there, "a-1").is_new
    assert submit("sue", there, "s-1").is_new
    with pytest.raises(NotYourBranch, match="may not write"):
        submit("oda", here, "o-1")
    for user in ("dan", "nobody"):
        with pytest.raises(NotYourBranch, match="that you may see"):
            submit(user, here, "d-1")
    asked = {row.idempotency_key: row.requested_by for row in leads.warehouse.rows("SELECT * FROM crm.leads")}
    assert asked == {"m-1": "mia", "a-1": "ada", "s-1": "sue"}
    # a key used at a branch that she does not see is refused without telling what it holds
    with pytest.raises(KeyTaken, match="this key was used before"):
        submit("mia", here, "a-1")
    with as_person(leads, "mia") as connection:
        assert [row.idempotency_key for row in connection.execute("SELECT * FROM crm.leads")] == ["m-1"]
        for forged in ("requested_by", "state", "vendor_lead_id"):
            with pytest.raises(Exception, match="permission denied"):
                connection.execute(
                    f"INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload, {forged}) "
                    "VALUES ('lgm', 'smartmoving', %s, 'f', '{}', 'x')",
                    (here,),
                )
        with pytest.raises(Exception, match="permission denied"):
            connection.execute("UPDATE crm.leads SET payload = '{}'")
    assert leads.settle() >= 1
    assert leads.stored() == {"m-1": 1, "a-1": 1, "s-1": 1}


def test_another_tenants_outbox_is_not_touched(leads: Leads) -> None:
    leads.warehouse.execute("INSERT INTO core.clients VALUES ('other')")
    leads.warehouse.execute(
        "INSERT INTO core.locations (client_id, source, account, external_id, name) "
        "VALUES ('other', 'smartmoving', 'smartmoving', 'b', 'Elsewhere')"
    )
    where = leads.warehouse.one("SELECT location_id FROM core.locations WHERE client_id = 'other'", role="admin")
    insert = (
        "INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload) "
        'VALUES (%s, \'smartmoving\', %s, \'k\', \'{"fullName": "A", "email": "a@b"}\')'
    )
    leads.warehouse.execute(insert, ("other", where))
    assert leads.work().outcomes == {}
    with pytest.raises(Exception, match="violates foreign key"):
        leads.warehouse.execute(insert, ("lgm", where))


# ---------------------------------------------------------------------------------------------------- reference texts


def test_unknown_reference_texts_are_refused_unless_meant(leads: Leads) -> None:
    known = leads.warehouse.one(
        "SELECT move_size_id, name FROM smartmoving.move_sizes ORDER BY move_size_id LIMIT 1", role="admin"
    )
    leads.submit("known", person("known", moveSize=known.name.strip()))
    assert leads.row("known").payload["moveSize"] == known.name.strip()
    leads.submit("by-id", person("by-id", movesizeid=known.move_size_id.upper()))
    for field_name, value in (
        ("moveSize", "Half a House"),
        ("referralSource", "A Friend's Dog"),
        ("moveSizeId", "00000000-0000-0000-0000-000000000001"),
    ):
        with pytest.raises(LeadRefused, match=re.escape(field_name.removesuffix("Id"))):
            leads.submit("unknown", person("unknown", **{field_name: value}))
    leads.submit("meant", person("meant", referralSource="A Friend's Dog"), allow_new_texts=True)
    leads.settle()
    forms = {lead["emailAddress"].partition("@")[0]: lead["form"] for lead in leads.control.leads()}
    assert "movesize" not in forms["known"]
    assert forms["known"]["movesizeid"] == forms["by-id"]["movesizeid"] == known.move_size_id
    assert forms["meant"]["referralsource"] == "A Friend's Dog"
    # The vendor has the text now, and so do the lists: the same request is the same lead still.
    leads.warehouse.execute(
        "INSERT INTO smartmoving.referral_sources (client_id, account, observed_at, row_hash, referral_source_id, "
        "name) VALUES ('lgm', 'smartmoving', now(), gen_random_uuid(), %s, %s)",
        ("00000000-0000-0000-0000-000000000002", "A Friend's Dog"),
    )
    again = leads.submit("meant", person("meant", referralSource="A Friend's Dog"), allow_new_texts=True)
    assert not again.is_new


def test_a_row_that_came_another_way_is_checked_before_it_is_sent(leads: Leads) -> None:
    for key, payload in {
        "no-name": {"email": "a@b"},
        "other-branch": person_json("x") | {"branchId": leads.places[1].external_id},
        "new-text": person_json("y") | {"moveSize": "Half a House"},
        "key": person_json("z") | {"providerKey": "x"},
    }.items():
        leads.warehouse.execute(
            "INSERT INTO crm.leads (client_id, account, location_id, idempotency_key, payload) "
            "VALUES ('lgm', 'smartmoving', %s, %s, %s)",
            (leads.places[0].location_id, key, json.dumps(payload)),
        )
    assert leads.work().outcomes == {"rejected": 4}
    assert leads.posts == 0


def person_json(key: str) -> dict[str, Any]:
    return person(key) | {"moveDate": "20270301"}
