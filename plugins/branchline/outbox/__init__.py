"""The outbox of leads: asked for once by key, sent exactly once, whatever breaks in between.

The vendor takes a lead without an id of ours and gives none back (Lead Provider API, section 9), so a POST whose
answer was not heard is a question, not an error: the row is `unknown` until a look-up proves the lead there, or proves
it absent after the settling time. Every step is one committed statement before the call it belongs to, so a worker may
be killed anywhere.

    pending -> sending -> sent                   accepted, or proved there by a look-up
                       -> pending                refused for now (429, no connection, 5xx): later
                       -> unknown -> sent        no answer, found by a look-up
                                  -> pending     no answer, not there after the settling time
                       -> duplicate, rejected    the vendor had it already; the vendor refuses it (dead letter)
"""

from __future__ import annotations

from branchline.outbox.form import KeyTaken, LeadRefused, NotYourBranch, mask, read_form
from branchline.outbox.queue import LeadsLeft, Submitted, is_idle, open_ledger, preview, problems, submit_lead
from branchline.outbox.sending import Delivery, Desk, Outbox, Pace, Reply

__all__ = [
    "Delivery",
    "Desk",
    "KeyTaken",
    "LeadRefused",
    "LeadsLeft",
    "NotYourBranch",
    "Outbox",
    "Pace",
    "Reply",
    "Submitted",
    "is_idle",
    "mask",
    "open_ledger",
    "preview",
    "problems",
    "read_form",
    "submit_lead",
]
