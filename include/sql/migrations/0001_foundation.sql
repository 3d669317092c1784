-- Schemas, tenants and locations, the ledger, landing, and who may see what.

CREATE SCHEMA core;
CREATE SCHEMA access;
CREATE SCHEMA landing;
COMMENT ON SCHEMA core IS 'Tenants, accounts, locations and the vendors'' vocabularies';
COMMENT ON SCHEMA access IS 'People, their roles and what each may see';
COMMENT ON SCHEMA landing IS 'Untouched payloads, dropped after the retention; only the loader has any grant';
COMMENT ON SCHEMA ops IS 'The ledger: history, slices, cursors, budget, quarantine';

GRANT USAGE ON SCHEMA core, ops TO branchline_loader, branchline_reader, branchline_api, branchline_operator;
GRANT USAGE ON SCHEMA core TO branchline_crew;
GRANT USAGE ON SCHEMA access
TO branchline_loader, branchline_reader, branchline_api, branchline_operator, branchline_crew;
GRANT USAGE ON SCHEMA landing TO branchline_loader;

-- A function is nobody's until it is granted, in this and every later migration; those of core only spell and look up
-- by name with the rights of whoever calls them.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM public;

-- Comments of a table and its columns in one call: {"": "the table", "column": "the column", ...}.
CREATE PROCEDURE core.describe(which regclass, words jsonb)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    word record;
BEGIN
    FOR word IN SELECT key, value FROM jsonb_each_text(words) LOOP
        IF word.key = '' THEN
            EXECUTE format('COMMENT ON TABLE %s IS %L', which, word.value);
        ELSE
            EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', which, word.key, word.value);
        END IF;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE core.describe (regclass, jsonb) IS 'COMMENT ON a table and its columns';
ALTER DEFAULT PRIVILEGES IN SCHEMA core GRANT EXECUTE ON FUNCTIONS
TO branchline_loader, branchline_reader, branchline_api, branchline_operator, branchline_crew;
COMMENT ON TABLE ops.schema_version IS 'Revision of the schema: the number of the newest migration applied';
COMMENT ON COLUMN ops.schema_version.version_num IS 'Four digits of the migration''s file name';

-- ---------------------------------------------------------------------------------------------- tenants and places

CREATE TABLE core.clients (
    -- '' is what a setting reads as once its SET LOCAL has ended: it must name nobody
    client_id text PRIMARY KEY CHECK (client_id <> ''),
    name text
);
COMMENT ON TABLE core.clients IS 'Tenants: who owns the data';
COMMENT ON COLUMN core.clients.client_id IS 'Short slug, chosen by the operator';
COMMENT ON COLUMN core.clients.name IS 'Name as people say it';

CREATE TABLE core.accounts (
    source text NOT NULL,
    account text NOT NULL,
    conn_id text NOT NULL,
    client_id text NOT NULL REFERENCES core.clients,
    PRIMARY KEY (source, account)
);
COMMENT ON TABLE core.accounts IS 'One set of credentials of a source; from the Airflow Variable branchline_accounts';
COMMENT ON COLUMN core.accounts.source IS 'Vendor slug';
COMMENT ON COLUMN core.accounts.account IS 'Account slug, the source''s own where it has one';
COMMENT ON COLUMN core.accounts.conn_id IS 'Airflow Connection that holds its credentials';
COMMENT ON COLUMN core.accounts.client_id IS 'Tenant whose data the account reads';

CREATE FUNCTION core.normalised_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN upper(regexp_replace(trim(BOTH FROM normalize(name, nfc)), '\s+', ' ', 'g'));
COMMENT ON FUNCTION core.normalised_name(text) IS 'A location name for matching: NFC, one space, trimmed, upper case';

CREATE TABLE core.locations (
    location_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id text NOT NULL REFERENCES core.clients,
    source text NOT NULL,
    account text NOT NULL,
    external_id text NOT NULL,
    external_key text,
    name text,
    city text,
    region text,
    postal_code text,
    country text CHECK (country ~ '^[A-Z]{2}$'),
    latitude double precision,
    longitude double precision,
    timezone text,
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    is_mapped boolean NOT NULL DEFAULT TRUE,
    spelt text GENERATED ALWAYS AS (core.normalised_name(name)) STORED,
    UNIQUE (client_id, source, account, external_id),
    UNIQUE (location_id, client_id)
);
CREATE INDEX locations_spelt ON core.locations (client_id, source, account, spelt);
COMMENT ON TABLE core.locations IS 'A client''s places: SmartMoving branch, Tekmetric shop, FMS office, Arrivy group';
COMMENT ON COLUMN core.locations.location_id IS 'Our number of it, referred to by every warehouse row';
COMMENT ON COLUMN core.locations.client_id IS 'Tenant';
COMMENT ON COLUMN core.locations.source IS 'Vendor slug';
COMMENT ON COLUMN core.locations.account IS 'Account it was seen through';
COMMENT ON COLUMN core.locations.external_id IS 'The vendor''s id; the word unmapped for the row of what matches none';
COMMENT ON COLUMN core.locations.external_key IS 'Key of the original implementation (loc_lgm_...), kept for its users';
COMMENT ON COLUMN core.locations.name IS 'Name as sent';
COMMENT ON COLUMN core.locations.city IS 'City as sent';
COMMENT ON COLUMN core.locations.region IS 'State or province as sent';
COMMENT ON COLUMN core.locations.postal_code IS 'Postal code as sent, leading zeros kept';
COMMENT ON COLUMN core.locations.country IS 'ISO 3166 alpha-2, from the form of the postal code; null is unknown';
COMMENT ON COLUMN core.locations.latitude IS 'Degrees north';
COMMENT ON COLUMN core.locations.longitude IS 'Degrees east';
COMMENT ON COLUMN core.locations.timezone IS 'IANA zone, from the coordinates or set by hand; null is unmapped, never a default';
COMMENT ON COLUMN core.locations.currency IS 'ISO 4217, from the country or set by hand';
COMMENT ON COLUMN core.locations.is_mapped IS 'False for the row that holds what matches no location';
COMMENT ON COLUMN core.locations.spelt IS 'The name as it is matched: core.normalised_name';

-- What a vendor writes, in the one form that typing accepts. What they cannot read they return unchanged, so that
-- typing rejects it with the vendor's own text; they never raise and never guess.
CREATE FUNCTION core.as_text(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(sent, '');
COMMENT ON FUNCTION core.as_text(text) IS 'Text as sent; an empty string is nothing';

CREATE FUNCTION core.as_day(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN sent IN ('', '0') OR sent ~ '^0001-?01-?01' THEN NULL
    WHEN sent ~ '^\d{8}$' THEN overlay(overlay(sent placing '-' FROM 7 FOR 0) placing '-' FROM 5 FOR 0)
    WHEN sent ~ '^\d{4}-\d\d-\d\d[T ]' THEN left(sent, 10)
    ELSE sent
END;
COMMENT ON FUNCTION core.as_day(text) IS
'yyyyMMdd, yyyy-MM-dd or an ISO date-time as yyyy-MM-dd, its date part never converted; 0 and year 1 are nothing';

CREATE FUNCTION core.as_instant(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN sent = '' OR sent ~ '^0001-01-01' THEN NULL
    WHEN sent ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$' THEN sent || 'Z'
    ELSE sent
END;
COMMENT ON FUNCTION core.as_instant(text) IS 'An ISO date-time; without a zone it is UTC; year 1 is nothing';

CREATE FUNCTION core.as_cents(sent text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN sent = '' THEN NULL
    WHEN sent ~ '^-?\$?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?([eE][-+]?\d{1,2})?$' THEN (
        SELECT CASE
            WHEN abs(cents - trunc(cents)) = 0.5 THEN 2 * round(cents / 2)
            ELSE round(cents)
        END::text
        FROM (SELECT 100 * translate(sent, '$,', '')::numeric AS cents) AS amount
    )
    ELSE sent
END;
COMMENT ON FUNCTION core.as_cents(text) IS 'A decimal amount as integer cents, rounded half to even';

CREATE FUNCTION core.elements(sent jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN jsonb_typeof(sent) = 'array' THEN sent
    WHEN sent IS NULL OR jsonb_typeof(sent) = 'null' THEN '[]'::jsonb
    ELSE '[null]'::jsonb
END;
COMMENT ON FUNCTION core.elements(jsonb) IS
'A list as sent, null as empty; anything else as one empty element, whose missing key rejects the record';

CREATE TABLE core.location_aliases (
    client_id text NOT NULL REFERENCES core.clients,
    source text NOT NULL,
    account text NOT NULL,
    alias text NOT NULL,
    location_id integer NOT NULL REFERENCES core.locations,
    PRIMARY KEY (client_id, source, account, alias)
);
COMMENT ON TABLE core.location_aliases IS 'Other spellings of a location''s name, set by people';
COMMENT ON COLUMN core.location_aliases.client_id IS 'Tenant';
COMMENT ON COLUMN core.location_aliases.source IS 'Vendor slug';
COMMENT ON COLUMN core.location_aliases.account IS 'Account';
COMMENT ON COLUMN core.location_aliases.alias IS 'The spelling, as core.normalised_name writes it';
COMMENT ON COLUMN core.location_aliases.location_id IS 'The location it means';

CREATE FUNCTION core.location_named(which_client text, which_source text, which_account text, name text)
RETURNS integer
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT location_id FROM (
        -- one exact, trimmed name; else one normalised name or alias; what is ambiguous or unknown is unmapped
        (
            SELECT 1 AS place, min(location_id) AS location_id FROM core.locations
            WHERE client_id = which_client AND source = which_source AND account = which_account AND is_mapped
            AND spelt = core.normalised_name(location_named.name)
            AND trim(BOTH FROM locations.name) = trim(BOTH FROM location_named.name)
            HAVING count(*) = 1
        )
        UNION ALL
        (
            SELECT 2 AS place, min(location_id) FROM (
                SELECT location_id FROM core.locations
                WHERE client_id = which_client AND source = which_source AND account = which_account AND is_mapped
                AND spelt = core.normalised_name(location_named.name)
                UNION
                SELECT location_id FROM core.location_aliases
                WHERE client_id = which_client AND source = which_source AND account = which_account
                AND alias = core.normalised_name(location_named.name)
            ) AS found
            HAVING count(*) = 1
        )
        UNION ALL
        (
            SELECT 3 AS place, location_id FROM core.locations
            WHERE client_id = which_client AND source = which_source AND account = which_account AND NOT is_mapped
        )
    ) AS found
    ORDER BY place LIMIT 1;
END;
COMMENT ON FUNCTION core.location_named(text, text, text, text) IS
'The location of that name: exact when trimmed, else by normalised name or alias, else the unmapped row';

CREATE TABLE core.codes (
    source text NOT NULL,
    vocabulary text NOT NULL,
    code text NOT NULL,
    label text,
    is_known boolean NOT NULL DEFAULT TRUE,
    PRIMARY KEY (source, vocabulary, code)
);
COMMENT ON TABLE core.codes IS 'The vendors'' vocabularies; a code nobody documented is kept with is_known = false';
COMMENT ON COLUMN core.codes.source IS 'Vendor slug';
COMMENT ON COLUMN core.codes.vocabulary IS 'The vendor''s name of the enumeration';
COMMENT ON COLUMN core.codes.code IS 'Code as sent';
COMMENT ON COLUMN core.codes.label IS 'The vendor''s word for it';
COMMENT ON COLUMN core.codes.is_known IS 'False: seen in data, in no document; never counts as booked or posted';

-- The columns that every warehouse table has at its end (LIKE core.audit INCLUDING ALL).
CREATE TABLE core.audit (
    client_id text NOT NULL,
    account text NOT NULL,
    source_updated_at timestamptz,
    observed_at timestamptz NOT NULL,
    row_hash uuid NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    synced_at timestamptz NOT NULL DEFAULT now(),
    sync_id bigint,
    is_deleted boolean NOT NULL DEFAULT FALSE,
    deleted_at timestamptz,
    extra jsonb
);
COMMENT ON TABLE core.audit IS 'The audit columns, copied into every warehouse table; holds no rows';
COMMENT ON COLUMN core.audit.client_id IS 'Tenant that owns the row';
COMMENT ON COLUMN core.audit.account IS 'Account it was read through: vendor ids are unique only per account';
COMMENT ON COLUMN core.audit.source_updated_at IS 'When the vendor says the record changed; null where it does not say';
COMMENT ON COLUMN core.audit.observed_at IS 'When the version in this row was fetched';
COMMENT ON COLUMN core.audit.row_hash IS 'md5 of the row''s own columns: equal means unchanged';
COMMENT ON COLUMN core.audit.first_seen_at IS 'When the row was first written';
COMMENT ON COLUMN core.audit.synced_at IS 'When the row was last written; last seen is in ops.sync_slices';
COMMENT ON COLUMN core.audit.sync_id IS 'ops.sync_history row that last wrote it';
COMMENT ON COLUMN core.audit.is_deleted IS 'Tombstone: the vendor no longer has the record';
COMMENT ON COLUMN core.audit.deleted_at IS 'When the tombstone was set';
COMMENT ON COLUMN core.audit.extra IS 'What the vendor sends beyond its contract and somebody reads';

-- ------------------------------------------------------------------------------------------------------- the ledger

CREATE TABLE ops.sync_history (
    sync_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    crm_source text NOT NULL,
    account text NOT NULL,
    client_id text NOT NULL,
    sync_type text NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'success', 'failed', 'partial')),
    start_time timestamptz NOT NULL DEFAULT now(),
    end_time timestamptz,
    window_start timestamptz,
    window_end timestamptz,
    records_fetched bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    stale bigint NOT NULL DEFAULT 0,
    deleted bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    api_calls bigint NOT NULL DEFAULT 0,
    error_message text,
    configuration jsonb NOT NULL DEFAULT '{}',
    performance_metrics jsonb NOT NULL DEFAULT '{}',
    dag_id text NOT NULL,
    run_id text NOT NULL,
    attempt integer NOT NULL DEFAULT 1,
    UNIQUE (dag_id, run_id, account, sync_type, attempt)
);
CREATE INDEX sync_history_newest ON ops.sync_history (crm_source, sync_type, start_time DESC);
COMMENT ON TABLE ops.sync_history IS 'The one record of every sync of every source: a row a run, account and stream';
COMMENT ON COLUMN ops.sync_history.sync_id IS 'Our number of it';
COMMENT ON COLUMN ops.sync_history.crm_source IS 'Vendor slug';
COMMENT ON COLUMN ops.sync_history.account IS 'Account';
COMMENT ON COLUMN ops.sync_history.client_id IS 'Tenant';
COMMENT ON COLUMN ops.sync_history.sync_type IS 'Stream';
COMMENT ON COLUMN ops.sync_history.status IS 'running, success, failed or partial';
COMMENT ON COLUMN ops.sync_history.start_time IS 'When its first slice was planned';
COMMENT ON COLUMN ops.sync_history.end_time IS 'When it was closed; never a cursor';
COMMENT ON COLUMN ops.sync_history.window_start IS 'Begin of what was read, included';
COMMENT ON COLUMN ops.sync_history.window_end IS 'End of what was read, excluded';
COMMENT ON COLUMN ops.sync_history.records_fetched IS 'Root records landed = distinct + duplicates';
COMMENT ON COLUMN ops.sync_history.duplicates IS 'Records of a key landed more than once';
COMMENT ON COLUMN ops.sync_history.created IS 'Root rows inserted';
COMMENT ON COLUMN ops.sync_history.updated IS 'Root rows rewritten';
COMMENT ON COLUMN ops.sync_history.unchanged IS 'Root rows seen and not written';
COMMENT ON COLUMN ops.sync_history.stale IS 'Records older than what the warehouse had merged already';
COMMENT ON COLUMN ops.sync_history.deleted IS 'Tombstones set';
COMMENT ON COLUMN ops.sync_history.quarantined IS 'Records rejected, in ops.quarantine with their reasons';
COMMENT ON COLUMN ops.sync_history.api_calls IS 'HTTP calls made, retries included';
COMMENT ON COLUMN ops.sync_history.error_message IS 'What stopped it, and the verdict';
COMMENT ON COLUMN ops.sync_history.configuration IS 'The run''s params';
COMMENT ON COLUMN ops.sync_history.performance_metrics IS 'duration_seconds, records_per_second, rows per child table';
COMMENT ON COLUMN ops.sync_history.dag_id IS 'Airflow DAG';
COMMENT ON COLUMN ops.sync_history.run_id IS 'Airflow DAG run';
COMMENT ON COLUMN ops.sync_history.attempt IS 'Counts up when a run is cleared';

CREATE TABLE ops.sync_slices (
    slice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync_id bigint NOT NULL REFERENCES ops.sync_history,
    source text NOT NULL,
    account text NOT NULL,
    client_id text NOT NULL,
    stream text NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    scope text NOT NULL,
    location_id integer,
    window_start date,
    window_end date,
    request jsonb NOT NULL DEFAULT '{}',
    priority text NOT NULL,
    state text NOT NULL DEFAULT 'planned'
    CHECK (state IN ('planned', 'running', 'done', 'deferred', 'failed', 'merged')),
    pages_done int4multirange NOT NULL DEFAULT '{}',
    pages_total integer,
    vendor_total bigint,
    records bigint NOT NULL DEFAULT 0,
    api_calls bigint NOT NULL DEFAULT 0,
    waited_seconds double precision NOT NULL DEFAULT 0,
    fetched_from timestamptz,
    fetched_to timestamptz,
    reread integer NOT NULL DEFAULT 0,
    verdict text,
    error_message text,
    merged_at timestamptz,
    UNIQUE (dag_id, run_id, account, stream, scope)
);
CREATE INDEX sync_slices_sync ON ops.sync_slices (sync_id);
CREATE INDEX sync_slices_merged ON ops.sync_slices (account, stream, fetched_to) WHERE state = 'merged';
COMMENT ON TABLE ops.sync_slices IS 'The unit of fetching and resuming: stream x location x window, with the pages it has';
COMMENT ON COLUMN ops.sync_slices.slice_id IS 'Our number of it; landing.records refer to it';
COMMENT ON COLUMN ops.sync_slices.sync_id IS 'The sync it belongs to';
COMMENT ON COLUMN ops.sync_slices.source IS 'Vendor slug';
COMMENT ON COLUMN ops.sync_slices.account IS 'Account';
COMMENT ON COLUMN ops.sync_slices.client_id IS 'Tenant';
COMMENT ON COLUMN ops.sync_slices.stream IS 'Stream';
COMMENT ON COLUMN ops.sync_slices.dag_id IS 'Airflow DAG';
COMMENT ON COLUMN ops.sync_slices.run_id IS 'Airflow DAG run: a retry of it finds its slices again';
COMMENT ON COLUMN ops.sync_slices.scope IS 'What tells it from the run''s other slices of the stream, readable';
COMMENT ON COLUMN ops.sync_slices.location_id IS 'Location, where the slice is one location''s';
COMMENT ON COLUMN ops.sync_slices.window_start IS 'First local service date, included';
COMMENT ON COLUMN ops.sync_slices.window_end IS 'Last local service date, excluded';
COMMENT ON COLUMN ops.sync_slices.request IS 'Query parameters, or the ids to ask for';
COMMENT ON COLUMN ops.sync_slices.priority IS 'Its class in the call budget';
COMMENT ON COLUMN ops.sync_slices.state IS 'planned, running, done (landed whole), deferred, failed, merged';
COMMENT ON COLUMN ops.sync_slices.pages_done IS 'Pages landed, committed with their records';
COMMENT ON COLUMN ops.sync_slices.pages_total IS 'Pages the vendor says there are';
COMMENT ON COLUMN ops.sync_slices.vendor_total IS 'Records the vendor says there are; null where it does not say';
COMMENT ON COLUMN ops.sync_slices.records IS 'Records landed';
COMMENT ON COLUMN ops.sync_slices.api_calls IS 'HTTP calls made, retries included';
COMMENT ON COLUMN ops.sync_slices.waited_seconds IS 'Seconds spent waiting for the rate or a Retry-After';
COMMENT ON COLUMN ops.sync_slices.fetched_from IS 'When its first page was answered';
COMMENT ON COLUMN ops.sync_slices.fetched_to IS 'When its last page was answered';
COMMENT ON COLUMN ops.sync_slices.reread IS 'Times it was read again because the vendor''s total moved';
COMMENT ON COLUMN ops.sync_slices.verdict IS 'balanced, short or over against vendor_total';
COMMENT ON COLUMN ops.sync_slices.error_message IS 'What stopped it';
COMMENT ON COLUMN ops.sync_slices.merged_at IS 'When its records were merged';

CREATE TABLE ops.sync_cursors (
    source text NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    scope text NOT NULL DEFAULT '',
    cursor_value jsonb NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, account, stream, scope)
);
COMMENT ON TABLE ops.sync_cursors IS 'Where the next sync begins; moved only in the merge''s own transaction';
COMMENT ON COLUMN ops.sync_cursors.source IS 'Vendor slug';
COMMENT ON COLUMN ops.sync_cursors.account IS 'Account';
COMMENT ON COLUMN ops.sync_cursors.stream IS 'Stream';
COMMENT ON COLUMN ops.sync_cursors.scope IS 'Location or purpose within the stream';
COMMENT ON COLUMN ops.sync_cursors.cursor_value IS 'Largest vendor timestamp of a complete slice, or a fact learnt by probing';
COMMENT ON COLUMN ops.sync_cursors.moved_at IS 'When it moved';

CREATE TABLE ops.lookups (
    source text NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    record_key text NOT NULL,
    asked_at timestamptz NOT NULL,
    reason text NOT NULL,
    was_found boolean NOT NULL,
    wanted text,
    PRIMARY KEY (source, account, stream, record_key)
);
COMMENT ON TABLE ops.lookups IS 'Records asked for by id: when last, why, and whether the vendor had them';
COMMENT ON COLUMN ops.lookups.source IS 'Vendor slug';
COMMENT ON COLUMN ops.lookups.account IS 'Account';
COMMENT ON COLUMN ops.lookups.stream IS 'By-id stream';
COMMENT ON COLUMN ops.lookups.record_key IS 'The vendor''s id';
COMMENT ON COLUMN ops.lookups.asked_at IS 'When the answer was fetched';
COMMENT ON COLUMN ops.lookups.reason IS 'new, changed, ended, missing, aged';
COMMENT ON COLUMN ops.lookups.was_found IS 'False: the vendor said not found';
COMMENT ON COLUMN ops.lookups.wanted IS 'Why it must be asked for again, whatever its dates say; null once asked';

CREATE TABLE ops.quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    account text NOT NULL,
    client_id text NOT NULL,
    stream text NOT NULL,
    table_name text NOT NULL,
    record_key text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('record', 'field')),
    reason text NOT NULL,
    field text NOT NULL DEFAULT '',
    payload jsonb,
    payload_raw bytea,
    sync_id bigint NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    resolution text
);
CREATE UNIQUE INDEX quarantine_open ON ops.quarantine (source, account, stream, table_name, record_key, reason, field)
WHERE resolved_at IS NULL;
COMMENT ON TABLE ops.quarantine IS 'What could not be typed, with its reason; a record''s last good version stays in its table';
COMMENT ON COLUMN ops.quarantine.quarantine_id IS 'Our number of it';
COMMENT ON COLUMN ops.quarantine.source IS 'Vendor slug';
COMMENT ON COLUMN ops.quarantine.account IS 'Account';
COMMENT ON COLUMN ops.quarantine.client_id IS 'Tenant';
COMMENT ON COLUMN ops.quarantine.stream IS 'Stream';
COMMENT ON COLUMN ops.quarantine.table_name IS 'Table whose row failed';
COMMENT ON COLUMN ops.quarantine.record_key IS 'Key of the root record, or its place on the page where the key itself is bad';
COMMENT ON COLUMN ops.quarantine.severity IS 'record: the payload was rejected; field: the field was nulled and the rest loaded';
COMMENT ON COLUMN ops.quarantine.reason IS 'missing, not_a_date, not_money, too_large, not_finite, sanitised, ...';
COMMENT ON COLUMN ops.quarantine.field IS 'Column that failed';
COMMENT ON COLUMN ops.quarantine.payload IS 'The whole record as landed';
COMMENT ON COLUMN ops.quarantine.payload_raw IS 'Its bytes, where jsonb cannot hold them';
COMMENT ON COLUMN ops.quarantine.sync_id IS 'The sync that saw it last';
COMMENT ON COLUMN ops.quarantine.first_seen_at IS 'When it was first seen';
COMMENT ON COLUMN ops.quarantine.last_seen_at IS 'When it was last seen';
COMMENT ON COLUMN ops.quarantine.resolved_at IS 'When a good version was merged, or somebody settled it';
COMMENT ON COLUMN ops.quarantine.resolution IS 'merged, or the person''s words';

CREATE TABLE ops.schema_drift (
    source text NOT NULL,
    stream text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('unknown_code', 'unmapped_location', 'new_field')),
    subject text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    sync_id bigint,
    acknowledged_at timestamptz,
    PRIMARY KEY (source, stream, kind, subject)
);
COMMENT ON TABLE ops.schema_drift IS 'What a vendor sends that nobody declared: it loads, and somebody is told once';
COMMENT ON COLUMN ops.schema_drift.source IS 'Vendor slug';
COMMENT ON COLUMN ops.schema_drift.stream IS 'Stream';
COMMENT ON COLUMN ops.schema_drift.kind IS 'unknown_code, unmapped_location or new_field';
COMMENT ON COLUMN ops.schema_drift.subject IS 'The code, name or field';
COMMENT ON COLUMN ops.schema_drift.first_seen_at IS 'When it was first seen';
COMMENT ON COLUMN ops.schema_drift.sync_id IS 'The sync that saw it first';
COMMENT ON COLUMN ops.schema_drift.acknowledged_at IS 'When somebody took note';

CREATE TABLE ops.api_calls (
    source text NOT NULL,
    account text NOT NULL,
    called_on date NOT NULL,
    priority text NOT NULL,
    calls bigint NOT NULL,
    PRIMARY KEY (source, account, called_on, priority)
);
COMMENT ON TABLE ops.api_calls IS 'The call ledger: HTTP calls a UTC day, account and class of priority';
COMMENT ON COLUMN ops.api_calls.source IS 'Vendor slug';
COMMENT ON COLUMN ops.api_calls.account IS 'Account, which is a credential';
COMMENT ON COLUMN ops.api_calls.called_on IS 'UTC day';
COMMENT ON COLUMN ops.api_calls.priority IS 'today, tomorrow, backfill, details, reference';
COMMENT ON COLUMN ops.api_calls.calls IS 'Calls made, retries and errors included: the vendor counts them too';

-- Losing it in a crash costs one burst, so it is not written to the log.
CREATE UNLOGGED TABLE ops.rate_buckets (
    source text NOT NULL,
    account text NOT NULL,
    next_at timestamptz NOT NULL,
    PRIMARY KEY (source, account)
);
COMMENT ON TABLE ops.rate_buckets IS 'When the next call of a credential may start, over all workers';
COMMENT ON COLUMN ops.rate_buckets.source IS 'Vendor slug';
COMMENT ON COLUMN ops.rate_buckets.account IS 'Account, which is a credential';
COMMENT ON COLUMN ops.rate_buckets.next_at IS 'First instant nobody has reserved yet';

CREATE FUNCTION ops.reserve_calls(which_source text, which_account text, wanted integer, spacing interval)
RETURNS double precision
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO ops.rate_buckets AS bucket (source, account, next_at)
    VALUES (which_source, which_account, clock_timestamp() + wanted * spacing)
    ON CONFLICT (source, account) DO UPDATE
    SET next_at = greatest(bucket.next_at, clock_timestamp()) + wanted * spacing
    RETURNING greatest(0, extract(EPOCH FROM bucket.next_at - wanted * spacing - clock_timestamp()));
END;
COMMENT ON FUNCTION ops.reserve_calls(text, text, integer, interval) IS
'Reserve that many evenly spaced call starts of a credential; returns the seconds until the first of them';

CREATE FUNCTION ops.pause_calls(which_source text, which_account text, pause interval) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO ops.rate_buckets AS bucket (source, account, next_at)
    VALUES (which_source, which_account, clock_timestamp() + pause)
    ON CONFLICT (source, account) DO UPDATE
    SET next_at = greatest(bucket.next_at, clock_timestamp() + pause);
END;
COMMENT ON FUNCTION ops.pause_calls(text, text, interval) IS 'Nobody calls with this credential for that long';

-- ---------------------------------------------------------------------------------------------------------- landing

CREATE TABLE landing.records (
    record_id bigint GENERATED ALWAYS AS IDENTITY,
    landed_on date NOT NULL,
    slice_id bigint NOT NULL,
    page integer NOT NULL,
    ordinal integer NOT NULL,
    asked text,
    fetched_at timestamptz NOT NULL,
    body jsonb,
    body_raw bytea,
    flaw text
) PARTITION BY RANGE (landed_on);
CREATE INDEX records_slice ON landing.records (slice_id);
CREATE TABLE landing.records_overflow PARTITION OF landing.records DEFAULT;
COMMENT ON TABLE landing.records IS 'Every record as the vendor sent it, the raw archive; daily partitions';
COMMENT ON COLUMN landing.records.record_id IS 'Order of landing';
COMMENT ON COLUMN landing.records.landed_on IS 'UTC day of landing; names the partition';
COMMENT ON COLUMN landing.records.slice_id IS 'ops.sync_slices: source, stream, account, window';
COMMENT ON COLUMN landing.records.page IS 'Page it came on, or the place of its id in the slice''s list';
COMMENT ON COLUMN landing.records.ordinal IS 'Its place on the page, from 0';
COMMENT ON COLUMN landing.records.asked IS 'The id that was asked for, in a by-id stream';
COMMENT ON COLUMN landing.records.fetched_at IS 'When the page was answered';
COMMENT ON COLUMN landing.records.body IS 'The record; null where jsonb cannot hold it or the vendor said not found';
COMMENT ON COLUMN landing.records.body_raw IS 'Its bytes, only where they differ from body (T30, T31, T13)';
COMMENT ON COLUMN landing.records.flaw IS 'sanitised, not_finite, too_large, not_json, not_found';
COMMENT ON TABLE landing.records_overflow IS 'Records of a day whose partition nobody made';

CREATE FUNCTION landing.ensure_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition_name text := 'records_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass('landing.' || partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('landing partitions', 0));
    BEGIN
        EXECUTE format(
            'CREATE TABLE landing.%I PARTITION OF landing.records FOR VALUES FROM (%L) TO (%L)',
            partition_name, day, day + 1
        );
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON landing.%I TO branchline_loader', partition_name);
    EXCEPTION WHEN duplicate_table THEN
        -- whoever held the lock made it: what this session knew of the catalog was older than the lock
        NULL;
    END;
END
$$;
COMMENT ON FUNCTION landing.ensure_partition(date) IS 'Make the partition of a UTC day; the loader may not do DDL itself';

CREATE FUNCTION landing.drop_partitions(before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition_name text;
    dropped integer := 0;
BEGIN
    FOR partition_name IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'landing'::regnamespace AND relkind = 'r' AND relname ~ '^records_\d{8}$'
            AND to_date(right(relname, 8), 'YYYYMMDD') < before
    LOOP
        EXECUTE format('DROP TABLE landing.%I', partition_name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION landing.drop_partitions(date) IS 'Drop the partitions of days before that day; returns how many';

-- ---------------------------------------------------------------------------------------------------------- access

CREATE TABLE access.roles (
    role text PRIMARY KEY,
    description text NOT NULL,
    reads_all boolean NOT NULL,
    can_write boolean NOT NULL
);
COMMENT ON TABLE access.roles IS 'The seven roles';
COMMENT ON COLUMN access.roles.role IS 'Name, as in the original implementation';
COMMENT ON COLUMN access.roles.description IS 'What it may see';
COMMENT ON COLUMN access.roles.reads_all IS 'Reads every table of its scope, not journeys alone';
COMMENT ON COLUMN access.roles.can_write IS 'May write within its scope';
INSERT INTO access.roles (role, description, reads_all, can_write) VALUES
('SUPER_ADMIN', 'Every row of every client', TRUE, TRUE),
('ADMIN', 'The granted locations, or the whole client where none is named', TRUE, TRUE),
('MANAGER', 'The granted locations', TRUE, TRUE),
('DISPATCHER', 'Journeys of the granted locations, without money', FALSE, FALSE),
('DRIVER', 'Journeys assigned to the person, without money', FALSE, FALSE),
('MOVER', 'Journeys assigned to the person, without money', FALSE, FALSE),
('AUDITOR', 'Every row of the client, read only', TRUE, FALSE);

CREATE TABLE access.people (
    person text PRIMARY KEY,
    user_name text UNIQUE CHECK (user_name <> ''),
    db_role text UNIQUE CHECK (db_role !~ '^(branchline_|pg_)')
);
COMMENT ON TABLE access.people IS 'Who may see rows: an Airflow user, or a person with SQL access of his own';
COMMENT ON COLUMN access.people.person IS 'Our word for the person';
COMMENT ON COLUMN access.people.user_name IS 'Airflow user name';
COMMENT ON COLUMN access.people.db_role IS 'PostgreSQL login role of the person, never a role that several share';

CREATE TABLE access.grants (
    grant_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL REFERENCES access.people,
    role text NOT NULL REFERENCES access.roles,
    client_id text REFERENCES core.clients,
    location_id integer,
    granted_at timestamptz NOT NULL DEFAULT now(),
    granted_by text NOT NULL DEFAULT session_user,
    UNIQUE NULLS NOT DISTINCT (person, role, client_id, location_id),
    CHECK ((role = 'SUPER_ADMIN') = (client_id IS NULL)),
    CHECK (location_id IS NULL OR client_id IS NOT NULL),
    FOREIGN KEY (location_id, client_id) REFERENCES core.locations (location_id, client_id),
    CHECK (role <> 'AUDITOR' OR location_id IS NULL)
);
COMMENT ON TABLE access.grants IS 'A role of a person in a client, at one location or at all of them';
COMMENT ON COLUMN access.grants.grant_id IS 'Our number of it';
COMMENT ON COLUMN access.grants.person IS 'Who';
COMMENT ON COLUMN access.grants.role IS 'As what';
COMMENT ON COLUMN access.grants.client_id IS 'In which client; null for SUPER_ADMIN alone';
COMMENT ON COLUMN access.grants.location_id IS
'At which location; null is every location of the client, which is all that an AUDITOR can have';
COMMENT ON COLUMN access.grants.granted_at IS 'When';
COMMENT ON COLUMN access.grants.granted_by IS 'By whom';

-- Who asks. A setting is believed only from the api and the loader, by the login itself (session_user): a reader who
-- sets it by hand is still himself.
CREATE FUNCTION access.me() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT people.person FROM access.people
    WHERE CASE
        WHEN session_user IN ('branchline_api', 'branchline_loader')
            THEN people.user_name = current_setting('branchline.user', TRUE)
        ELSE people.db_role = session_user
    END;
END;
COMMENT ON FUNCTION access.me() IS 'The person who asks, null where nobody is mapped';

CREATE FUNCTION access.is_super_admin() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS(SELECT FROM access.grants WHERE person = access.me() AND role = 'SUPER_ADMIN');
END;
COMMENT ON FUNCTION access.is_super_admin() IS 'Whether the person who asks sees every row';

CREATE FUNCTION access.locations(roles text[]) RETURNS integer[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT locations.location_id), '{}')
    FROM access.grants
    INNER JOIN core.locations ON locations.client_id = grants.client_id
    AND (grants.location_id IS NULL OR grants.location_id = locations.location_id)
    WHERE grants.person = access.me() AND grants.role = ANY(roles);
END;
COMMENT ON FUNCTION access.locations(text[]) IS 'Locations where the person who asks has one of these roles';

CREATE FUNCTION access.clients(roles text[], whole boolean) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT grants.client_id), '{}')
    FROM access.grants
    WHERE grants.person = access.me() AND grants.role = ANY(roles) AND grants.client_id IS NOT NULL
    AND (NOT whole OR grants.location_id IS NULL);
END;
COMMENT ON FUNCTION access.clients(text[], boolean) IS
'Clients where the person who asks has one of these roles; whole: without a location named';

CREATE FUNCTION access.places(roles text[]) RETURNS TABLE (client_id text, location_id integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT locations.client_id, locations.location_id FROM core.locations
    WHERE locations.location_id = ANY(access.locations(roles));
END;
COMMENT ON FUNCTION access.places(text[]) IS 'As access.locations, each with the client it belongs to';

GRANT EXECUTE ON FUNCTION
access.me(), access.is_super_admin(), access.locations(text[]), access.clients(text[], boolean), access.places(text[])
TO branchline_reader, branchline_api, branchline_crew;
GRANT EXECUTE ON FUNCTION access.me() TO branchline_loader;

-- Row-level security of one table, by the columns it has. Called at the end of every migration for every new table.
-- Reading asks for the client and the location, each by a list that is made once a statement; writing asks for the
-- pair, so that nobody with rights in two clients mixes them.
CREATE FUNCTION access.protect(which regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $protect$
DECLARE
    columns text[] := (
        SELECT array_agg(attname::text) FROM pg_attribute
        WHERE attrelid = which AND attnum > 0 AND NOT attisdropped
    );
    reads_whole constant text := 'client_id = ANY ((SELECT access.clients(''{ADMIN,AUDITOR}'', TRUE))::text[])';
    reads_some constant text := 'client_id = ANY ((SELECT access.clients(''{ADMIN,MANAGER,AUDITOR}'', FALSE))::text[])';
    reads_at constant text := '(SELECT access.locations(''{ADMIN,MANAGER,AUDITOR}''))::integer[]';
    writes_whole constant text := 'client_id = ANY ((SELECT access.clients(''{ADMIN}'', TRUE))::text[])';
    writes_some constant text := 'client_id = ANY ((SELECT access.clients(''{ADMIN,MANAGER}'', FALSE))::text[])';
    writes_at constant text := '(SELECT access.locations(''{ADMIN,MANAGER}''))::integer[]';
    can_read text;
    can_change text;
    can_leave text;
BEGIN
    IF NOT 'client_id' = ANY (columns) THEN
        RAISE EXCEPTION '% has no client_id: every row of the warehouse has an owner', which;
    ELSIF 'location_ids' = ANY (columns) THEN
        can_read := format('%s OR (%s AND location_ids && (%s))', reads_whole, reads_some, reads_at);
        can_change := format('%s OR (%s AND location_ids && (%s))', writes_whole, writes_some, writes_at);
        -- what is written may not reach beyond the writer's own places
        can_leave := format(
            '%s AND location_ids <@ (%s) AND (location_ids <> ''{}'' OR %s)', writes_some, writes_at, writes_whole
        );
    ELSIF 'location_id' = ANY (columns) THEN
        can_read := format('%s OR (%s AND location_id = ANY (%s))', reads_whole, reads_some, reads_at);
        can_change := format(
            '(location_id IS NULL AND %s) OR (client_id, location_id) IN '
            '(SELECT mine.client_id, mine.location_id FROM access.places(''{ADMIN,MANAGER}'') AS mine)', writes_whole
        );
        can_leave := can_change;
    ELSE
        can_read := reads_some;
        can_change := 'client_id = ANY ((SELECT access.clients(''{ADMIN,MANAGER}'', TRUE))::text[])';
        can_leave := can_change;
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', which);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', which);
    EXECUTE format('CREATE POLICY migrator ON %s TO branchline_migrator USING (TRUE) WITH CHECK (TRUE)', which);
    EXECUTE format('CREATE POLICY operator ON %s FOR SELECT TO branchline_operator USING (TRUE)', which);
    EXECUTE format(
        'CREATE POLICY loader ON %s TO branchline_loader '
        'USING (client_id = (SELECT current_setting(''branchline.client'', TRUE))) '
        'WITH CHECK (client_id = (SELECT current_setting(''branchline.client'', TRUE)))', which
    );
    EXECUTE format(
        'CREATE POLICY people_read ON %s FOR SELECT TO branchline_reader, branchline_api '
        'USING ((SELECT access.is_super_admin()) OR %s)', which, can_read
    );
    EXECUTE format(
        'CREATE POLICY people_insert ON %s FOR INSERT TO branchline_api '
        'WITH CHECK ((SELECT access.is_super_admin()) OR %s)', which, can_leave
    );
    EXECUTE format(
        'CREATE POLICY people_update ON %s FOR UPDATE TO branchline_api '
        'USING ((SELECT access.is_super_admin()) OR %s) WITH CHECK ((SELECT access.is_super_admin()) OR %s)',
        which, can_change, can_leave
    );
    EXECUTE format(
        'CREATE POLICY people_delete ON %s FOR DELETE TO branchline_api '
        'USING ((SELECT access.is_super_admin()) OR %s)', which, can_change
    );
    -- The policies say which rows; what the api may write at all, a migration grants table by table: what mirrors a
    -- vendor is nobody's to change, since an unchanged record would never set it right again.
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO branchline_loader', which);
    EXECUTE format('GRANT SELECT ON %s TO branchline_reader, branchline_api, branchline_operator', which);
END
$protect$;
COMMENT ON FUNCTION access.protect(regclass) IS 'Enable and force row-level security by the columns a table has';

CREATE FUNCTION access.grant_role(
    which_user text, which_role text, which_client text DEFAULT NULL, which_location integer DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who text := (SELECT person FROM access.people WHERE user_name = which_user);
BEGIN
    IF who IS NULL THEN
        -- fails where the word means somebody else already, whose rights they would otherwise become
        INSERT INTO access.people (person, user_name) VALUES (which_user, which_user) RETURNING person INTO who;
    END IF;
    INSERT INTO access.grants (person, role, client_id, location_id)
    VALUES (who, which_role, which_client, which_location)
    ON CONFLICT (person, role, client_id, location_id) DO NOTHING;
END
$$;
COMMENT ON FUNCTION access.grant_role(text, text, text, integer) IS 'Grant an Airflow user a role; again changes nothing';

SELECT access.protect(table_name::regclass)
FROM unnest(ARRAY[
    'core.clients', 'core.accounts', 'core.locations', 'core.location_aliases', 'core.audit'
]) AS table_name;
REVOKE ALL ON core.audit FROM branchline_loader, branchline_reader, branchline_api, branchline_operator;

-- What people set and no vendor sends: the zone and currency of a place, and the other spellings of its name. An alias
-- draws unmapped rows to its location, so a branch's manager may not write one for himself.
GRANT UPDATE (timezone, currency) ON core.locations TO branchline_api;
GRANT INSERT, UPDATE, DELETE ON core.location_aliases TO branchline_api;
REVOKE INSERT, UPDATE, DELETE ON core.location_aliases FROM branchline_loader;
CREATE POLICY whole_client_insert ON core.location_aliases AS RESTRICTIVE FOR INSERT TO branchline_api
WITH CHECK (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN,MANAGER}', TRUE))::text[])
);
CREATE POLICY whole_client_update ON core.location_aliases AS RESTRICTIVE FOR UPDATE TO branchline_api
USING (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN,MANAGER}', TRUE))::text[])
);
CREATE POLICY whole_client_delete ON core.location_aliases AS RESTRICTIVE FOR DELETE TO branchline_api
USING (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN,MANAGER}', TRUE))::text[])
);

ALTER TABLE access.people ENABLE ROW LEVEL SECURITY;
ALTER TABLE access.people FORCE ROW LEVEL SECURITY;
ALTER TABLE access.grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE access.grants FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON access.people TO branchline_migrator USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON access.people FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY myself ON access.people FOR SELECT TO branchline_reader, branchline_api
USING ((SELECT access.is_super_admin()) OR person = (SELECT access.me()));
CREATE POLICY migrator ON access.grants TO branchline_migrator USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON access.grants FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY myself ON access.grants FOR SELECT TO branchline_reader, branchline_api
USING ((SELECT access.is_super_admin()) OR person = (SELECT access.me()));
GRANT SELECT ON access.people, access.grants, access.roles TO branchline_reader, branchline_api, branchline_operator;

GRANT SELECT, INSERT, UPDATE ON core.codes TO branchline_loader;
GRANT SELECT ON core.codes TO branchline_reader, branchline_api, branchline_operator, branchline_crew;
GRANT SELECT, INSERT, UPDATE, DELETE ON
ops.sync_history, ops.sync_slices, ops.sync_cursors, ops.lookups, ops.quarantine, ops.schema_drift, ops.api_calls,
ops.rate_buckets TO branchline_loader;
GRANT SELECT ON
ops.sync_history, ops.sync_slices, ops.sync_cursors, ops.lookups, ops.quarantine, ops.schema_drift, ops.api_calls,
ops.rate_buckets, ops.schema_version TO branchline_operator;
GRANT SELECT, INSERT, DELETE ON landing.records, landing.records_overflow TO branchline_loader;
GRANT EXECUTE ON FUNCTION
landing.ensure_partition(date), landing.drop_partitions(date), ops.pause_calls(text, text, interval),
ops.reserve_calls(text, text, integer, interval) TO branchline_loader;

-- People see how their own client's syncs went; the rest of the ledger, payloads included, is the operator's.
ALTER TABLE ops.sync_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.sync_history FORCE ROW LEVEL SECURITY;
ALTER TABLE ops.api_calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.api_calls FORCE ROW LEVEL SECURITY;
CREATE POLICY workers ON ops.sync_history TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY workers ON ops.api_calls TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON ops.sync_history FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY operator ON ops.api_calls FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY people_read ON ops.sync_history FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin())
    OR client_id = ANY((SELECT access.clients('{ADMIN,MANAGER,AUDITOR}', FALSE))::text[])
);
CREATE POLICY people_read ON ops.api_calls FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin()) OR (source, account) IN (SELECT source, account FROM core.accounts)
);
GRANT SELECT ON ops.sync_history, ops.api_calls TO branchline_reader, branchline_api;
