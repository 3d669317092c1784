-- The outbox of leads: what people want SmartMoving to have, sent exactly once by the DAG smartmoving_leads.

-- How a lead is recognised at the vendor, who gives no id back: name, wanted day, and phone or e-mail, normalised the
-- same way for what we sent and for what is listed there.
CREATE FUNCTION crm.lead_name(payload jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN core.normalised_name(coalesce(
    nullif(payload ->> 'fullName', ''), concat_ws(' ', payload ->> 'firstName', payload ->> 'lastName')
));
COMMENT ON FUNCTION crm.lead_name(jsonb) IS 'The name of a lead as it is matched';

CREATE FUNCTION crm.phone_key(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(regexp_replace(regexp_replace(sent, '\D', '', 'g'), '^1(\d{10})$', '\1'), '');
COMMENT ON FUNCTION crm.phone_key(text) IS
'A telephone number as it is matched: its digits, without North America''s 1';

CREATE FUNCTION crm.email_key(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(lower(trim(BOTH FROM sent)), '');
COMMENT ON FUNCTION crm.email_key(text) IS 'An e-mail address as it is matched: trimmed, lower case';

-- What a row's defaults and generated columns call, its writer calls.
GRANT EXECUTE ON FUNCTION crm.lead_name(jsonb), crm.phone_key(text), crm.email_key(text)
TO branchline_loader, branchline_api;
GRANT EXECUTE ON FUNCTION access.me() TO branchline_loader;

-- Client, source and account of a lead are its location's: a person who may write at one location cannot name another
-- tenant beside it.
ALTER TABLE core.locations ADD UNIQUE (location_id, client_id, source, account);

CREATE TABLE crm.leads (
    lead_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id text NOT NULL REFERENCES core.clients,
    source text NOT NULL DEFAULT 'smartmoving' CHECK (source = 'smartmoving'),
    account text NOT NULL,
    location_id integer NOT NULL,
    idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object' AND length(payload::text) <= 20000),
    payload_hash text NOT NULL GENERATED ALWAYS AS (md5(payload::text)) STORED,
    allow_new_texts boolean NOT NULL DEFAULT FALSE,
    dry_run boolean NOT NULL DEFAULT FALSE,
    state text NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'sending', 'sent', 'unknown', 'rejected', 'duplicate')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claimed_by text,
    claimed_until timestamptz,
    posted_at timestamptz,
    doubtful_since timestamptz,
    vendor_lead_id text,
    last_error text,
    requested_by text NOT NULL DEFAULT coalesce(access.me(), session_user),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    name_key text GENERATED ALWAYS AS (crm.lead_name(payload)) STORED,
    phone_key text GENERATED ALWAYS AS (crm.phone_key(payload ->> 'phoneNumber')) STORED,
    email_key text GENERATED ALWAYS AS (crm.email_key(payload ->> 'email')) STORED,
    move_day text GENERATED ALWAYS AS (coalesce(core.as_day(payload ->> 'moveDate'), '')) STORED,
    UNIQUE (client_id, idempotency_key),
    FOREIGN KEY (location_id, client_id, source, account)
    REFERENCES core.locations (location_id, client_id, source, account),
    CONSTRAINT a_dry_run_is_never_sent CHECK (NOT dry_run OR (state = 'pending' AND attempts = 0)),
    CONSTRAINT a_claim_has_an_end CHECK ((state = 'sending') = (claimed_until IS NOT NULL))
);
CREATE INDEX leads_waiting ON crm.leads (client_id, account, next_attempt_at)
WHERE state IN ('pending', 'sending', 'unknown') AND NOT dry_run;
CREATE INDEX leads_without_vendor_id ON crm.leads (client_id, account, sent_at)
WHERE state = 'sent' AND vendor_lead_id IS NULL;
-- Two of our leads are never proved by the same one of the vendor's.
CREATE UNIQUE INDEX leads_proved_once ON crm.leads (client_id, account, vendor_lead_id) WHERE state = 'sent';
CALL core.describe('crm.leads', '{
    "": "Outbox: leads that people want the vendor to have; sent exactly once by the DAG smartmoving_leads",
    "lead_id": "Our number of it",
    "client_id": "Tenant",
    "source": "Vendor slug",
    "account": "Account it is sent for",
    "location_id": "Branch that gets the lead; its vendor id goes into what is sent",
    "idempotency_key": "The caller''s name of the request: the same key is the same lead",
    "payload": "The lead in the vendor''s field names (section 9), without branch and key",
    "payload_hash": "md5 of the payload as jsonb writes it",
    "allow_new_texts": "The caller wants a referral source or move size that the vendor does not have yet",
    "dry_run": "Checked and shown, never sent",
    "state": "pending, sending (claimed), sent, unknown (no answer: looked up before anything else), rejected (dead letter), duplicate (the vendor had this lead already)",
    "attempts": "POSTs begun",
    "next_attempt_at": "Not touched before",
    "claimed_by": "The claim''s token; only its holder may write the outcome",
    "claimed_until": "End of the claim: after it another worker may take the row",
    "posted_at": "When its first POST began",
    "doubtful_since": "A POST began then whose effect is not known: no further one without a look-up",
    "vendor_lead_id": "The vendor''s id, learnt by a look-up",
    "last_error": "What stopped it last, without secrets",
    "requested_by": "Who asked: the person, else the database role; no caller can set it",
    "created_at": "When it was asked for",
    "updated_at": "When the row was last written",
    "sent_at": "When it was known to be at the vendor",
    "name_key": "Name as it is matched",
    "phone_key": "Phone as it is matched",
    "email_key": "E-mail as it is matched",
    "move_day": "Wanted day as it is matched; empty for none"
}');
SELECT access.protect('crm.leads');
-- People ask through the api, within the locations where they may write; who asked, states and outcomes are not theirs.
GRANT INSERT (client_id, account, location_id, idempotency_key, payload, allow_new_texts, dry_run)
ON crm.leads TO branchline_api;
