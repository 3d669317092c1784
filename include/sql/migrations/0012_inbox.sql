-- The inbox: what vendors tell by webhook. An event says that something may have changed and is never believed beyond
-- that: it becomes a call by id, and polling remains the truth.

-- An event's tenant is its account's.
ALTER TABLE core.accounts ADD UNIQUE (source, account, client_id);

CREATE TABLE ops.inbox_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    account text NOT NULL,
    client_id text NOT NULL,
    event_key text NOT NULL CHECK (length(event_key) <= 64),
    event_type text,
    object_type text,
    object_id text,
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    received_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'taken', 'done', 'ignored', 'dead')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    taken_by text,
    asks jsonb,
    why text,
    ended_at timestamptz,
    UNIQUE (source, account, event_key),
    FOREIGN KEY (source, account, client_id) REFERENCES core.accounts (source, account, client_id),
    CONSTRAINT an_end_is_dated CHECK ((state IN ('done', 'ignored', 'dead')) = (ended_at IS NOT NULL))
);
CREATE INDEX inbox_events_waiting ON ops.inbox_events (source, account, event_id) WHERE state IN ('pending', 'taken');
CREATE INDEX inbox_events_taken ON ops.inbox_events (taken_by) WHERE state = 'taken';
CALL core.describe('ops.inbox_events', '{
    "": "What vendors told by webhook, a row an event; the DAGs *_inbox make calls by id of it",
    "event_id": "Our number of it, in the order of arrival",
    "source": "Vendor slug",
    "account": "Account whose inbox it came to",
    "client_id": "Tenant",
    "event_key": "What makes it the same event when it is delivered again: a digest of EVENT_ID (Arrivy), of type, id and time bucket (SmartMoving), or of the payload",
    "event_type": "The vendor''s word for what happened",
    "object_type": "What it happened to",
    "object_id": "The vendor''s id of that",
    "payload": "The body as sent; served to nobody",
    "received_at": "When it came first",
    "due_at": "Not taken before: the end of its time bucket, of a wait after a failure, or of the lease of who took it",
    "state": "pending, taken (by a run), done (asked for and merged), ignored (nothing to ask for by id: why), dead (given up: why)",
    "attempts": "Runs that took it",
    "taken_by": "The run that took it last",
    "asks": "What is asked for: by stream the id",
    "why": "Why it is ignored, dead, or waits again",
    "ended_at": "When it was done, ignored or given up"
}');

ALTER TABLE ops.inbox_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.inbox_events FORCE ROW LEVEL SECURITY;
CREATE POLICY workers ON ops.inbox_events TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON ops.inbox_events FOR SELECT TO branchline_operator USING (TRUE);
-- The inbox writes without a person; a person's request cannot invent events.
CREATE POLICY receive ON ops.inbox_events FOR INSERT TO branchline_api WITH CHECK (
    coalesce(current_setting('branchline.user', TRUE), '') = '' AND state = 'pending' AND attempts = 0
);
-- an event tells no location
CREATE POLICY people_read ON ops.inbox_events FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
);
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.inbox_events TO branchline_loader;
GRANT INSERT (source, account, client_id, event_key, event_type, object_type, object_id, payload, due_at)
ON ops.inbox_events TO branchline_api;
-- everything but what was sent
GRANT SELECT (
    event_id, source, account, client_id, event_type, object_type, object_id, received_at, due_at, state, attempts,
    taken_by, asks, why, ended_at
) ON ops.inbox_events TO branchline_reader, branchline_api, branchline_operator;

-- A run that asked for records by name proves nothing about the others.
CREATE OR REPLACE FUNCTION core.is_routine(configuration jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT configuration ?| ARRAY[
    'since', 'days_back', 'board', 'max_records', 'is_backfill', 'replay', 'dry_run', 'migrated_from', 'ids'
];
