-- What whoever is on call asks first: is it fresh, do the counts agree, what was rejected. Views, so that the answer is
-- of this moment; the DAG warehouse_upkeep reads them and keeps what it found in ops.check_results.

-- ------------------------------------------------------------------------------------------------- what is expected

CREATE TABLE ops.expectations (
    source text NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    client_id text NOT NULL,
    dag_id text NOT NULL,
    period interval CHECK (period > interval '0'),
    is_paused boolean NOT NULL DEFAULT FALSE,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, account, stream)
);
CALL core.describe('ops.expectations', '{
    "": "How often each stream of a configured account should be read; warehouse_upkeep keeps it true to the schedules",
    "source": "Vendor slug",
    "account": "Account; one that is configured no more has no row",
    "stream": "Stream",
    "client_id": "Tenant",
    "dag_id": "DAG that reads it",
    "period": "The longest its schedule lets pass between two reads; null: it is read when something is due or asked for",
    "is_paused": "Whether somebody has paused the DAG",
    "since": "Since when it is expected so: it was set up, its period changed, or its DAG was unpaused"
}');

CREATE TABLE ops.tallies (
    source text NOT NULL,
    account text NOT NULL,
    table_name text NOT NULL,
    client_id text NOT NULL,
    streams text NOT NULL,
    is_snapshot boolean NOT NULL,
    listed bigint NOT NULL CHECK (listed >= 0),
    rejected bigint NOT NULL CHECK (rejected >= 0),
    live bigint NOT NULL CHECK (live >= 0),
    counted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, account, table_name)
);
CALL core.describe('ops.tallies', '{
    "": "Rows of a table against the newest complete read of the lists that fill it, as warehouse_upkeep counted them",
    "source": "Vendor slug",
    "account": "Account",
    "table_name": "Table, with its schema",
    "client_id": "Tenant",
    "streams": "The lists that fill it, each read whole",
    "is_snapshot": "Whether a row that the list no longer has becomes a tombstone",
    "listed": "Records that the vendor listed, each key once, rejected ones left out",
    "rejected": "Records of that read in quarantine; the last good version of such a one stays in the table",
    "live": "Rows without tombstone",
    "counted_at": "When it was counted"
}');

-- As for ops.sync_history: workers see all of the ledger, people their own client.
ALTER TABLE ops.expectations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.expectations FORCE ROW LEVEL SECURITY;
ALTER TABLE ops.tallies ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.tallies FORCE ROW LEVEL SECURITY;
CREATE POLICY workers ON ops.expectations TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY workers ON ops.tallies TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON ops.expectations FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY operator ON ops.tallies FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY people_read ON ops.expectations FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin())
    OR client_id = ANY((SELECT access.clients('{ADMIN,MANAGER,AUDITOR}', FALSE))::text[])
);
-- a table's rows are those of all locations
CREATE POLICY people_read ON ops.tallies FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
);
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.expectations, ops.tallies TO branchline_loader;
GRANT SELECT ON ops.expectations, ops.tallies TO branchline_reader, branchline_api, branchline_operator;

-- --------------------------------------------------------------------------------- what people may see of the ledger

-- The views ask as whoever asks them, so people need these columns: when what was read, and how many of which reason.
-- What was asked for, errors in full and payloads stay the operator's.
ALTER TABLE ops.sync_slices ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.sync_slices FORCE ROW LEVEL SECURITY;
ALTER TABLE ops.quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.quarantine FORCE ROW LEVEL SECURITY;
CREATE POLICY workers ON ops.sync_slices TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY workers ON ops.quarantine TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON ops.sync_slices FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY operator ON ops.quarantine FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY people_read ON ops.sync_slices FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin())
    OR client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
    OR (
        client_id = ANY((SELECT access.clients('{ADMIN,MANAGER,AUDITOR}', FALSE))::text[])
        AND (location_id IS NULL OR location_id = ANY((SELECT access.locations('{ADMIN,MANAGER,AUDITOR}'))::integer[]))
    )
);
-- a rejected record has no location that could be believed
CREATE POLICY people_read ON ops.quarantine FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin()) OR client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
);
GRANT SELECT (
    slice_id, sync_id, source, account, client_id, stream, dag_id, run_id, location_id, priority, state, vendor_total,
    records, fetched_from, fetched_to, verdict
) ON ops.sync_slices TO branchline_reader, branchline_api;
GRANT SELECT (
    quarantine_id, source, account, client_id, stream, table_name, record_key, severity, reason, field, sync_id,
    first_seen_at, last_seen_at, resolved_at
) ON ops.quarantine TO branchline_reader, branchline_api;

-- The newest slice of a location and stream, however long it has not been read.
CREATE INDEX sync_slices_location ON ops.sync_slices (location_id, stream, slice_id) WHERE location_id IS NOT NULL;

-- -------------------------------------------------------------------------------------------------------- freshness

CREATE FUNCTION core.is_routine(configuration jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT configuration ?| ARRAY[
    'since', 'days_back', 'board', 'max_records', 'is_backfill', 'replay', 'dry_run', 'migrated_from'
];
COMMENT ON FUNCTION core.is_routine(jsonb) IS
'Whether a sync read what its schedule reads: one of chosen days or records proves nothing about the others';

CREATE VIEW ops.freshness WITH (security_invoker = TRUE) AS
WITH places AS (
    -- What is read location by location has a row a location. Its newest run says whether it is: some vendors honour
    -- their own filter by location only at times.
    SELECT expected.*, locations.location_id, locations.name AS location_name
    FROM ops.expectations AS expected
    LEFT JOIN LATERAL (
        SELECT slices.location_id IS NOT NULL AS is_located
        FROM ops.sync_history AS history
        INNER JOIN ops.sync_slices AS slices USING (sync_id)
        WHERE history.crm_source = expected.source AND history.account = expected.account
            AND history.sync_type = expected.stream
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS newest ON expected.period IS NOT NULL
    LEFT JOIN core.locations
        ON newest.is_located AND expected.client_id = locations.client_id AND expected.source = locations.source
        AND expected.account = locations.account AND locations.is_mapped
),

reads AS (
    SELECT
        places.*,
        coalesce(of_location.read_at, of_all.read_at) AS read_at,
        newest.status AS last_status,
        newest.start_time AS last_started_at,
        -- a location that came later is expected from the first run on that asked for it
        CASE
            WHEN places.location_id IS NULL OR of_location.read_at IS NOT NULL THEN places.since
            ELSE greatest(places.since, coalesce(first.start_time, now()))
        END AS begun_at
    FROM places
    LEFT JOIN LATERAL (
        SELECT of_run.fetched_from AS read_at
        FROM ops.sync_slices AS slices
        INNER JOIN ops.sync_history AS history USING (sync_id)
        -- A run is complete for the location when all of its slices there are; a retry's are beside the first ones.
        -- Past days that a run makes good may wait for the budget: what is read of the present is fresh without them.
        CROSS JOIN LATERAL (
            SELECT
                bool_and(beside.state = 'merged' AND beside.verdict IS DISTINCT FROM 'short')
                    FILTER (WHERE beside.priority <> 'backfill') AS is_complete,
                min(beside.fetched_from) FILTER (WHERE beside.priority <> 'backfill') AS fetched_from
            FROM ops.sync_slices AS beside
            WHERE beside.dag_id = slices.dag_id AND beside.run_id = slices.run_id
                AND beside.account = slices.account AND beside.stream = slices.stream
                AND beside.location_id = slices.location_id
        ) AS of_run
        WHERE slices.location_id = places.location_id AND slices.stream = places.stream
            AND slices.state = 'merged' AND core.is_routine(history.configuration)
            -- what a wrong clock dates later than now is not believed (T64)
            AND of_run.is_complete AND of_run.fetched_from <= now()
        ORDER BY slices.slice_id DESC
        LIMIT 1
    ) AS of_location ON places.location_id IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT coalesce(of_run.fetched_from, history.start_time) AS read_at
        FROM ops.sync_history AS history
        CROSS JOIN LATERAL (
            SELECT
                count(*) AS slices,
                bool_and(slices.state = 'merged' AND slices.verdict IS DISTINCT FROM 'short')
                    FILTER (WHERE slices.priority <> 'backfill') AS is_complete,
                min(slices.fetched_from) FILTER (WHERE slices.priority <> 'backfill') AS fetched_from
            FROM ops.sync_slices AS slices
            WHERE slices.dag_id = history.dag_id AND slices.run_id = history.run_id
                AND slices.account = history.account AND slices.stream = history.sync_type
        ) AS of_run
        WHERE history.crm_source = places.source AND history.account = places.account
            AND history.sync_type = places.stream AND core.is_routine(history.configuration)
            AND CASE
                -- nothing was due; where something is due at every run, nothing planned is nothing read
                WHEN of_run.slices = 0 THEN history.status = 'success' AND places.period IS NULL
                ELSE of_run.is_complete
            END
            AND coalesce(of_run.fetched_from, history.start_time) <= now()
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS of_all ON places.location_id IS NULL
    LEFT JOIN LATERAL (
        SELECT history.status, history.start_time
        FROM ops.sync_history AS history
        WHERE history.crm_source = places.source AND history.account = places.account
            AND history.sync_type = places.stream
            AND NOT history.configuration ?| ARRAY['dry_run', 'migrated_from']
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS newest ON TRUE
    LEFT JOIN LATERAL (
        SELECT history.start_time
        FROM ops.sync_slices AS slices
        INNER JOIN ops.sync_history AS history USING (sync_id)
        WHERE slices.location_id = places.location_id AND slices.stream = places.stream
        ORDER BY slices.slice_id
        LIMIT 1
    ) AS first ON places.location_id IS NOT NULL
),

judged AS (
    SELECT
        *,
        CASE
            WHEN period IS NULL THEN 'unscheduled'
            WHEN read_at IS NULL THEN 'never'
            WHEN now() - read_at <= period THEN 'fresh'
            WHEN now() - read_at <= 2 * period THEN 'late'
            ELSE 'error'
        END AS verdict
    FROM reads
),

weighed AS (
    SELECT
        *,
        CASE
            WHEN verdict IN ('unscheduled', 'fresh') THEN 'info'
            -- set up or put back to work just now: its first run is not due yet
            WHEN verdict = 'never' AND now() - begun_at <= period THEN 'info'
            WHEN verdict = 'late' OR is_paused OR now() - begun_at <= 2 * period THEN 'warning'
            ELSE 'error'
        END AS severity
    FROM judged
)

SELECT
    client_id,
    source,
    account,
    stream,
    location_id,
    location_name,
    period,
    read_at,
    date_trunc('second', now() - read_at) AS age,
    verdict,
    severity,
    dag_id,
    is_paused,
    last_status,
    last_started_at,
    since,
    CASE
        WHEN severity = 'info' AND verdict = 'never' THEN 'wait: its first run is not due yet'
        WHEN severity = 'info' THEN 'nothing to do'
        WHEN is_paused THEN format('the DAG %s is paused: unpause it when the reason is gone', dag_id)
        WHEN last_started_at > now() THEN format(
            'its newest sync lies in the future: mend the clock, then trigger %s; '
            'docs/runbook.md#a-cursor-lies-in-the-future', dag_id
        )
        WHEN last_status = 'running' AND now() - last_started_at <= interval '2 hours' THEN format(
            'a run of %s reads it now: wait for its end, then look again; docs/runbook.md#data-is-late', dag_id
        )
        WHEN last_started_at IS NULL OR now() - last_started_at > period THEN format(
            'no run of %s has begun for longer than its period: look at the scheduler and at what fails in the DAG '
            'before this stream; docs/runbook.md#data-is-late', dag_id
        )
        WHEN last_status IN ('failed', 'partial') THEN format(
            'mend what ops.sync_history.error_message of its newest sync says (%s), then clear the failed tasks of %s; '
            'docs/runbook.md#data-is-late', last_status, dag_id
        )
        ELSE format(
            'runs of %s succeed without it: its plan task''s log says what was left out and why; '
            'docs/runbook.md#data-is-late', dag_id
        )
    END AS remedy
FROM weighed;
COMMENT ON VIEW ops.freshness IS
'How old what was read last is, a row a stream and location: late beyond its period, error beyond twice its period';

-- --------------------------------------------------------------------------------------------------- reconciliation

CREATE VIEW ops.reconciliation WITH (security_invoker = TRUE) AS
WITH compared AS (
    -- The newest read whose vendor says how many records there are; fetching has held each slice against it.
    SELECT
        expected.client_id,
        expected.source,
        expected.account,
        expected.stream,
        'vendor_total' AS rule,
        newest.vendor,
        newest.ours,
        newest.read_at AS compared_at,
        CASE
            WHEN newest.short > 0 THEN 'short'
            WHEN newest.surplus > 0 THEN 'over'
            ELSE 'balanced'
        END AS verdict,
        CASE WHEN newest.short > 0 THEN 'warning' ELSE 'info' END AS severity,
        CASE
            WHEN newest.short > 0 THEN format(
                '%s slices of its newest read are short: the next run of %s reads them again; if they stay short, '
                'docs/runbook.md#a-slice-is-short', newest.short, expected.dag_id
            )
            ELSE 'nothing to do'
        END AS remedy
    FROM ops.expectations AS expected
    CROSS JOIN LATERAL (
        SELECT
            sum(slices.vendor_total)::bigint AS vendor,
            sum(slices.records)::bigint AS ours,
            count(*) FILTER (WHERE slices.verdict = 'short') AS short,
            count(*) FILTER (WHERE slices.verdict = 'over') AS surplus,
            max(slices.fetched_to) AS read_at
        FROM ops.sync_history AS history
        INNER JOIN ops.sync_slices AS slices USING (sync_id)
        WHERE history.crm_source = expected.source AND history.account = expected.account
            AND history.sync_type = expected.stream AND core.is_routine(history.configuration)
            AND history.start_time BETWEEN now() - 2 * expected.period - interval '1 day' AND now()
            AND slices.vendor_total IS NOT NULL
        GROUP BY history.sync_id
        ORDER BY history.sync_id DESC
        LIMIT 1
    ) AS newest
    UNION ALL
    -- Our own sum, which no data explains: what was fetched is each accounted for once.
    SELECT
        history.client_id,
        history.crm_source,
        history.account,
        history.sync_type,
        'accounted',
        sum(history.records_fetched)::bigint,
        sum(parts.total)::bigint,
        max(history.start_time),
        CASE WHEN bool_or(history.records_fetched <> parts.total) THEN 'unbalanced' ELSE 'balanced' END,
        CASE WHEN bool_or(history.records_fetched <> parts.total) THEN 'error' ELSE 'info' END,
        CASE
            WHEN bool_or(history.records_fetched <> parts.total) THEN format(
                'the counts of sync %s do not add up, which no data explains: a defect of the merge, report it; '
                'docs/runbook.md#counts-differ',
                max(history.sync_id) FILTER (WHERE history.records_fetched <> parts.total)
            )
            ELSE 'nothing to do'
        END
    FROM ops.sync_history AS history
    CROSS JOIN LATERAL (
        SELECT
            history.duplicates + history.created + history.updated + history.unchanged + history.stale
            + history.quarantined AS total
    ) AS parts
    WHERE history.start_time > now() - interval '1 day'
    GROUP BY history.client_id, history.crm_source, history.account, history.sync_type
    UNION ALL
    -- Lists that are read whole against the rows of their table. A rejected record may stand there in its last good
    -- version, so that many rows more are no surplus.
    SELECT
        tallies.client_id,
        tallies.source,
        tallies.account,
        tallies.streams,
        'live_rows',
        tallies.listed,
        tallies.live,
        tallies.counted_at,
        tallied.verdict,
        CASE tallied.verdict WHEN 'missing' THEN 'error' WHEN 'surplus' THEN 'warning' ELSE 'info' END,
        CASE tallied.verdict
            WHEN 'missing' THEN format(
                '%s lacks rows that the vendor listed: trigger %s with streams %s; if it stays, '
                'docs/runbook.md#counts-differ', tallies.table_name, tallies.source, tallies.streams
            )
            WHEN 'surplus' THEN format(
                '%s has rows that the vendor no longer lists: the next complete read retires them; if it stays, '
                'docs/runbook.md#counts-differ', tallies.table_name
            )
            ELSE 'nothing to do'
        END
    FROM ops.tallies
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN tallies.live < tallies.listed THEN 'missing'
            WHEN tallies.live <= tallies.listed + tallies.rejected THEN 'balanced'
            WHEN tallies.is_snapshot THEN 'surplus'
            ELSE 'kept'
        END AS verdict
    ) AS tallied
)

SELECT
    client_id,
    source,
    account,
    stream,
    rule,
    vendor,
    ours,
    ours - vendor AS difference,
    compared_at,
    verdict,
    severity,
    remedy
FROM compared;
COMMENT ON VIEW ops.reconciliation IS
'Our counts against the vendor''s, a row a stream and rule: vendor_total, accounted (of the last day), live_rows';

-- ------------------------------------------------------------------------------------------------------- quarantine

CREATE VIEW ops.quarantine_summary WITH (security_invoker = TRUE) AS
WITH grouped AS (
    SELECT
        open.client_id,
        open.source,
        open.account,
        open.stream,
        open.table_name,
        open.severity AS scope,
        open.reason,
        open.field,
        count(*) AS open_rows,
        min(open.first_seen_at) AS oldest,
        max(open.last_seen_at) AS newest,
        max(open.sync_id) AS sync_id,
        (array_agg(open.record_key ORDER BY open.last_seen_at DESC, open.quarantine_id DESC))[1] AS example_key
    FROM ops.quarantine AS open
    WHERE open.resolved_at IS NULL
    GROUP BY
        open.client_id, open.source, open.account, open.stream, open.table_name, open.severity, open.reason, open.field
),

weighed AS (
    SELECT
        grouped.*,
        CASE
            WHEN grouped.scope = 'field' THEN 'info'
            -- the share above which a loss is no accident, as for what vanishes at once
            WHEN grouped.sync_id = last.sync_id AND last.quarantined > 10 AND 5 * last.quarantined > last.records
                THEN 'error'
            ELSE 'warning'
        END AS severity
    FROM grouped
    LEFT JOIN LATERAL (
        SELECT history.sync_id, history.quarantined, history.records_fetched - history.duplicates AS records
        FROM ops.sync_history AS history
        WHERE history.crm_source = grouped.source AND history.account = grouped.account
            AND history.sync_type = grouped.stream AND history.records_fetched > 0
            AND NOT history.configuration ? 'dry_run'
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS last ON grouped.scope = 'record'
)

SELECT
    client_id,
    source,
    account,
    stream,
    table_name,
    scope,
    reason,
    field,
    open_rows,
    oldest,
    newest,
    example_key,
    severity,
    CASE severity
        WHEN 'info' THEN 'the records are loaded without this field: mend them at their source where it matters'
        WHEN 'error' THEN format(
            'more than a fifth of the newest sync was rejected: the vendor has changed, compare a payload with '
            'docs/vendors.md, mend include/sql/%s, then replay; docs/runbook.md#quarantine-grows', source
        )
        ELSE format(
            'mend the records at their source, their next version resolves them; if they are right, mend '
            'include/sql/%s, then replay; docs/runbook.md#baddata', source
        )
    END AS remedy
FROM weighed;
COMMENT ON VIEW ops.quarantine_summary IS
'Open rows of quarantine, a row a stream, table, reason and field; scope record: rejected, field: loaded without it';

-- ----------------------------------------------------------------------------------------------------- all of it

CREATE VIEW ops.findings WITH (security_invoker = TRUE) AS
SELECT
    client_id,
    source,
    account,
    stream,
    location_id,
    'freshness' AS check_name,
    severity,
    concat_ws(' ', stream, 'of ' || location_name) AS subject,
    CASE
        WHEN period IS NULL THEN coalesce(format('read %s ago, when something was due', age), 'not read yet')
        WHEN read_at IS NULL THEN format('not read yet, expected every %s', period)
        ELSE format('read %s ago, expected every %s', age, period)
    END AS fact,
    -- in periods
    round((extract(EPOCH FROM now() - coalesce(read_at, since)) / extract(EPOCH FROM period))::numeric, 2) AS worst,
    remedy
FROM ops.freshness
UNION ALL
SELECT
    client_id,
    source,
    account,
    stream,
    NULL,
    'reconciliation',
    severity,
    concat_ws(' ', stream, rule),
    format('%s: %s by the vendor, %s here', verdict, vendor, ours),
    abs(difference),
    remedy
FROM ops.reconciliation
UNION ALL
SELECT
    client_id,
    source,
    account,
    stream,
    NULL,
    'quarantine',
    severity,
    concat_ws(' ', table_name, nullif(field, ''), reason),
    format(
        '%s open since %s, such as %s',
        open_rows, to_char(oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), example_key
    ),
    open_rows,
    remedy
FROM ops.quarantine_summary;
COMMENT ON VIEW ops.findings IS
'Freshness, reconciliation and quarantine in one list: what, how bad, the fact, and one line that says what to do';

GRANT SELECT ON ops.freshness, ops.reconciliation, ops.quarantine_summary, ops.findings
TO branchline_loader, branchline_reader, branchline_api, branchline_operator;

CALL core.describe('ops.check_results', '{
    "check_name": "The rule: of include/sql/metrics/checks.sql, of a source''s derivation, or of ops.findings",
    "checked": "Records that the run looked at: those that changed, and where an error stands all of that location; of a check of ops.findings its lines",
    "worst": "The largest difference, in the rule''s own unit: cents, points of GP %, periods, records"
}');
