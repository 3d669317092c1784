-- What people are told, a row a cause: from when it was first seen until it was over. And counts that are unusual for
-- their weekday, as one more kind of finding.

CREATE TABLE ops.alerts (
    alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause text NOT NULL,
    kind text NOT NULL
    CHECK (kind IN ('task', 'deadline', 'freshness', 'reconciliation', 'quarantine', 'volume')),
    client_id text,
    source text,
    account text,
    stream text,
    location_id integer,
    severity text NOT NULL CHECK (severity IN ('warning', 'error')),
    subject text NOT NULL,
    fact text NOT NULL,
    remedy text NOT NULL,
    times integer NOT NULL DEFAULT 1 CHECK (times > 0),
    dag_id text,
    run_id text,
    log_url text,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    told_at timestamptz,
    told jsonb NOT NULL DEFAULT '{}',
    recovered_at timestamptz,
    folded_into text CHECK (folded_into IS NULL OR recovered_at IS NOT NULL)
);
CREATE UNIQUE INDEX alerts_open ON ops.alerts (cause) WHERE recovered_at IS NULL;
CREATE INDEX alerts_recovered ON ops.alerts (recovered_at) WHERE recovered_at IS NOT NULL;
CALL core.describe('ops.alerts', '{
    "": "What people are told: a row a cause, from when it was first seen until it was over; open ones have no recovered_at",
    "alert_id": "Our number of it",
    "cause": "What makes it one cause: its kind and, by kind, account and location, stream or rule, DAG and error",
    "kind": "task, deadline, or the check_name of ops.findings",
    "client_id": "Tenant; null where several have part in the DAG, and for the house itself",
    "source": "Vendor slug; null for the house''s own DAGs",
    "account": "Account; null where a whole DAG is concerned",
    "stream": "Stream; null where several are concerned",
    "location_id": "Location; null where several are concerned, or all",
    "severity": "warning or error, as of when it was seen last",
    "subject": "What is concerned, in one line",
    "fact": "What was seen last; of several findings the five worst",
    "remedy": "What to do, with the heading of docs/runbook.md",
    "times": "Findings, or failed tasks of its newest run, that are this cause",
    "dag_id": "Airflow DAG",
    "run_id": "Airflow DAG run of the newest failure",
    "log_url": "Address of the log, or of the DAG, in the UI",
    "first_seen_at": "When it was first seen",
    "last_seen_at": "When it was seen last",
    "told_at": "When somebody, or the log, was told last; null: nobody yet",
    "told": "What each channel took last: severity, at, recovered; a channel that failed is not in it and is tried again",
    "recovered_at": "When it was over; the same cause later is a new row",
    "folded_into": "The wider cause that it became part of, which is told in its place"
}');

-- As for ops.sync_slices: workers see all, people their client or their own locations. What concerns several locations
-- names them, so it is for those who see the whole client.
ALTER TABLE ops.alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.alerts FORCE ROW LEVEL SECURITY;
CREATE POLICY workers ON ops.alerts TO branchline_migrator, branchline_loader USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY operator ON ops.alerts FOR SELECT TO branchline_operator USING (TRUE);
CREATE POLICY people_read ON ops.alerts FOR SELECT TO branchline_reader, branchline_api USING (
    (SELECT access.is_super_admin())
    OR client_id = ANY((SELECT access.clients('{ADMIN,AUDITOR}', TRUE))::text[])
    OR (
        client_id = ANY((SELECT access.clients('{ADMIN,MANAGER,AUDITOR}', FALSE))::text[])
        AND location_id = ANY((SELECT access.locations('{ADMIN,MANAGER,AUDITOR}'))::integer[])
    )
);
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.alerts TO branchline_loader;
GRANT SELECT ON ops.alerts TO branchline_reader, branchline_api, branchline_operator;
GRANT MAINTAIN ON ops.alerts TO branchline_loader; -- noqa: PRS

-- --------------------------------------------------------------------------------------------------- unusual counts

CREATE VIEW ops.volumes WITH (security_invoker = TRUE) AS
WITH runs AS (
    -- The newest run of each stream, and of each of the eight weeks before it the one nearest to the same hour of the
    -- same weekday. Another hour of the day is another count, so it is not looked for far away.
    SELECT expected.client_id, expected.source, expected.account, expected.stream, weeks.back, run.*
    FROM ops.expectations AS expected
    CROSS JOIN LATERAL (
        SELECT history.start_time
        FROM ops.sync_history AS history
        WHERE history.crm_source = expected.source AND history.account = expected.account
            AND history.sync_type = expected.stream AND history.status IN ('success', 'partial')
            AND core.is_routine(history.configuration) AND NOT history.configuration ?| ARRAY['full', 'locations']
            AND history.start_time <= now()
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS newest
    CROSS JOIN generate_series(0, 8) AS weeks (back)
    CROSS JOIN LATERAL (
        SELECT
            newest.start_time - make_interval(weeks => weeks.back) AS hour,
            greatest(expected.period / 2, interval '1 hour') AS tolerance
    ) AS wanted
    CROSS JOIN LATERAL (
        SELECT history.dag_id, history.run_id, history.start_time
        FROM ops.sync_history AS history
        WHERE history.crm_source = expected.source AND history.account = expected.account
            AND history.sync_type = expected.stream AND history.status IN ('success', 'partial')
            AND core.is_routine(history.configuration) AND NOT history.configuration ?| ARRAY['full', 'locations']
            AND history.start_time BETWEEN wanted.hour - wanted.tolerance AND wanted.hour + wanted.tolerance
            AND history.start_time <= now()
        ORDER BY abs(extract(EPOCH FROM history.start_time - wanted.hour)), history.start_time DESC
        LIMIT 1
    ) AS run
    WHERE expected.period IS NOT NULL
),

-- What was read of each place in such a run, where it was read whole.
counted AS (
    SELECT
        runs.client_id,
        runs.source,
        runs.account,
        runs.stream,
        slices.location_id,
        runs.back,
        runs.start_time,
        sum(slices.records) FILTER (WHERE slices.priority <> 'backfill')::bigint AS records
    FROM runs
    INNER JOIN ops.sync_slices AS slices USING (dag_id, run_id, account, stream)
    GROUP BY
        runs.client_id, runs.source, runs.account, runs.stream, slices.location_id, runs.back, runs.start_time
    HAVING bool_and(slices.state = 'merged' AND slices.verdict IS DISTINCT FROM 'short')
        FILTER (WHERE slices.priority <> 'backfill')
),

usual AS (
    SELECT
        newest.client_id,
        newest.source,
        newest.account,
        newest.stream,
        newest.location_id,
        newest.start_time,
        newest.records,
        count(*) AS weeks,
        min(past.records) AS fewest,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY past.records) AS median,
        array_agg(past.records) AS counts
    FROM counted AS newest
    INNER JOIN counted AS past
        ON past.back > 0 AND newest.client_id = past.client_id AND newest.source = past.source
        AND newest.account = past.account AND newest.stream = past.stream
        AND newest.location_id IS NOT DISTINCT FROM past.location_id
    WHERE newest.back = 0
    GROUP BY
        newest.client_id, newest.source, newest.account, newest.stream, newest.location_id, newest.start_time,
        newest.records
    -- of fewer nobody can say what is usual
    HAVING count(*) >= 4
),

measured AS (
    SELECT
        usual.*,
        spread.deviation,
        -- Four deviations, as wide as a normal distribution's (1.4826); three tenths of what is usual, however still
        -- the weeks were; ten records, since below that one customer more or less is a large share.
        greatest(4 * 1.4826 * spread.deviation, 0.3 * usual.median, 10) AS tolerated
    FROM usual
    CROSS JOIN LATERAL (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(past.records - usual.median)) AS deviation
        FROM unnest(usual.counts) AS past (records)
    ) AS spread
),

judged AS (
    SELECT
        measured.*,
        CASE
            WHEN abs(records - median) <= tolerated THEN 'usual'
            WHEN records = 0 AND fewest > 0 THEN 'empty'
            WHEN records < median THEN 'few'
            ELSE 'many'
        END AS verdict,
        -- A list that is read whole has no holidays.
        EXISTS (
            SELECT FROM ops.tallies
            WHERE tallies.source = measured.source AND tallies.account = measured.account
                AND measured.stream = ANY(string_to_array(tallies.streams, ', '))
        ) AS is_whole
    FROM measured
)

SELECT
    judged.client_id,
    judged.source,
    judged.account,
    judged.stream,
    judged.location_id,
    locations.name AS location_name,
    judged.start_time AS read_at,
    judged.records,
    judged.weeks,
    judged.median,
    judged.deviation,
    round(judged.tolerated::numeric, 1) AS tolerated,
    judged.verdict,
    CASE
        WHEN judged.verdict = 'usual' THEN 'info'
        WHEN judged.verdict = 'empty' AND judged.is_whole THEN 'error'
        ELSE 'warning'
    END AS severity,
    CASE
        WHEN judged.verdict = 'usual' THEN 'nothing to do'
        WHEN judged.verdict = 'many' THEN
            'look whether the vendor was changed in bulk or lists what it did not before; '
            'docs/runbook.md#a-count-is-unusual'
        ELSE
            'look at the same list in the vendor''s own screens: closed that day, or a filter or right that was taken '
            'away; docs/runbook.md#a-count-is-unusual'
    END AS remedy
FROM judged
LEFT JOIN core.locations USING (location_id);
COMMENT ON VIEW ops.volumes IS
'Records of the newest read against the same weekday and hour of eight weeks, a row a stream and location: median, MAD';

-- ----------------------------------------------------------------------------------------------------- all of it

CREATE OR REPLACE VIEW ops.findings WITH (security_invoker = TRUE) AS
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
    -- what somebody ignores for a reason is told to nobody, unless a vendor's records are rejected in numbers
    CASE WHEN ignored.why IS NOT NULL AND severity = 'warning' THEN 'info' ELSE severity END,
    concat_ws(' ', table_name, nullif(field, ''), reason),
    format(
        '%s open since %s, such as %s%s',
        open_rows, to_char(oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), example_key,
        '; ignored by ' || ignored.decided_by || ': ' || ignored.why
    ),
    open_rows,
    remedy
FROM ops.quarantine_summary
LEFT JOIN ops.quarantine_ignored AS ignored USING (client_id, source, account, stream, table_name, reason, field)
UNION ALL
SELECT
    client_id,
    source,
    account,
    stream,
    location_id,
    'volume',
    severity,
    concat_ws(' ', stream, 'of ' || location_name),
    format(
        '%s: %s records, usually %s on this weekday (%s weeks)', verdict, records, round(median::numeric), weeks
    ),
    -- in what is tolerated
    round((abs(records - median) / tolerated)::numeric, 2),
    remedy
FROM ops.volumes;
COMMENT ON VIEW ops.findings IS
'Freshness, reconciliation, quarantine and volume in one list: what, how bad, the fact, and one line that says what to do';

GRANT SELECT ON ops.volumes TO branchline_loader, branchline_reader, branchline_api, branchline_operator;
