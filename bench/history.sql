-- A made-up history of one client: 66 branches of SmartMoving every two hours, six shops of Tekmetric every quarter of
-- an hour, nights of FMS, hours of Arrivy, over %(days)s days, with the failures and gaps that such days have.
INSERT INTO core.clients (client_id, name) VALUES (%(client)s, 'Meadow Group') ON CONFLICT (client_id) DO NOTHING;

INSERT INTO core.accounts (source, account, conn_id, client_id)
SELECT source, %(client)s, source, %(client)s FROM unnest('{smartmoving,tekmetric,fms,arrivy}'::text[]) AS source;

INSERT INTO core.locations (client_id, source, account, external_id, name, timezone, country, currency)
SELECT
    %(client)s,
    CASE WHEN place <= 66 THEN 'smartmoving' ELSE 'tekmetric' END,
    %(client)s,
    'place ' || place,
    CASE WHEN place = 1 THEN '<script>alert(1)</script> & "Sons"' ELSE 'Meadow ' || place END,
    (ARRAY['America/New_York', 'America/Chicago', 'America/Los_Angeles', 'America/Toronto'])[1 + place %% 4],
    'US', 'USD'
FROM generate_series(1, 72) AS place;

CREATE TEMPORARY TABLE plan ON COMMIT DROP AS
SELECT streams.*, places.is_located
FROM (VALUES
    ('smartmoving', 'branches', interval '2 hours', 1), ('smartmoving', 'customers', interval '2 hours', 2),
    ('smartmoving', 'opportunities', interval '2 hours', 1), ('smartmoving', 'jobs', interval '2 hours', 1),
    ('smartmoving', 'payments', interval '2 hours', 1), ('smartmoving', 'users', interval '2 hours', 1),
    ('tekmetric', 'shops', interval '15 minutes', 1), ('tekmetric', 'customers', interval '15 minutes', 1),
    ('tekmetric', 'vehicles', interval '15 minutes', 1), ('tekmetric', 'repair_orders', interval '15 minutes', 1),
    ('tekmetric', 'employees', interval '15 minutes', 1),
    ('fms', 'vehicles', interval '1 day', 1), ('fms', 'loan_history', interval '1 day', 1),
    ('fms', 'media_partners', interval '1 day', 1), ('fms', 'current_activity', interval '1 day', 1),
    ('arrivy', 'tasks', interval '1 hour', 2), ('arrivy', 'entities', interval '1 hour', 1),
    ('arrivy', 'location_reports', interval '1 hour', 1), ('arrivy', 'customers', interval '1 hour', 1)
) AS streams (source, stream, period, parts)
CROSS JOIN LATERAL (
    SELECT (streams.source, streams.stream) IN (
        ('smartmoving', 'customers'), ('tekmetric', 'customers'), ('tekmetric', 'repair_orders')
    ) AS is_located
) AS places;

INSERT INTO ops.expectations (source, account, stream, client_id, dag_id, period, is_paused, since)
SELECT source, %(client)s, stream, %(client)s, source, period, source = 'fms' AND stream = 'current_activity',
    now() - make_interval(days => %(days)s)
FROM plan;

-- One run in forty fails, one in twenty is a person's, a few replay or make good; the counts always add up but one.
INSERT INTO ops.sync_history (
    crm_source, account, client_id, sync_type, status, start_time, end_time, records_fetched, duplicates, created,
    updated, unchanged, quarantined, deleted, api_calls, error_message, configuration, performance_metrics, dag_id,
    run_id
)
SELECT
    plan.source,
    %(client)s,
    %(client)s,
    plan.stream,
    CASE WHEN made.luck = 0 THEN 'failed' WHEN made.luck = 7 THEN 'partial' ELSE 'success' END,
    made.at,
    made.at + make_interval(secs => 20 + made.luck),
    200 + made.luck, 3, 2, 5, 190 + made.luck - CASE WHEN made.number = 3 AND plan.stream = 'payments' THEN 1 ELSE 0 END,
    0, 0, 40,
    CASE WHEN made.luck = 0 THEN
        'GET ' || plan.source || ' page 4: HTTP 503. Retrying may clear this; nothing already fetched is fetched again'
    END,
    CASE
        WHEN made.luck = 11 THEN '{"asked_by": "pat"}'
        WHEN made.luck = 13 THEN '{"replay": true, "asked_by": "sam"}'
        WHEN made.luck = 17 THEN '{"is_backfill": true}'
        ELSE '{}'
    END::jsonb,
    '{"duration_seconds": 24}',
    plan.source,
    CASE WHEN made.luck IN (11, 13) THEN 'manual__' ELSE 'scheduled__' END
    || to_char(made.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
FROM plan
CROSS JOIN LATERAL (
    SELECT at, number, (number * 7 + length(plan.stream)) %% 40 AS luck
    FROM generate_series(
        now() - interval '20 minutes', now() - make_interval(days => %(days)s), -plan.period
    ) WITH ORDINALITY AS made (at, number)
) AS made
ORDER BY made.at, plan.source, plan.stream;

INSERT INTO ops.sync_slices (
    sync_id, source, account, client_id, stream, dag_id, run_id, scope, location_id, window_start, window_end, priority,
    state, vendor_total, records, api_calls, waited_seconds, fetched_from, fetched_to, verdict, merged_at
)
SELECT
    history.sync_id, history.crm_source, history.account, history.client_id, history.sync_type, history.dag_id,
    history.run_id, concat_ws(' ', places.location_id, part), places.location_id, history.start_time::date + part - 1,
    history.start_time::date + part, CASE part WHEN 1 THEN 'today' ELSE 'tomorrow' END,
    CASE WHEN fate.number < 12 THEN 'failed' ELSE 'merged' END,
    fate.total, CASE WHEN fate.number BETWEEN 12 AND 24 THEN fate.total - 1 ELSE fate.total END, 2, 0.4,
    history.start_time, history.start_time + interval '9 seconds',
    CASE WHEN fate.number BETWEEN 12 AND 24 THEN 'short' ELSE 'balanced' END, history.end_time
FROM ops.sync_history AS history
INNER JOIN plan ON history.crm_source = plan.source AND history.sync_type = plan.stream
CROSS JOIN generate_series(1, plan.parts) AS part
LEFT JOIN core.locations AS places
    ON plan.is_located AND places.client_id = history.client_id AND places.source = history.crm_source
CROSS JOIN LATERAL (
    SELECT
        (history.sync_id * 31 + coalesce(places.location_id, 0) * 17 + part) %% 9000 AS number,
        CASE
            -- a branch that falls silent
            WHEN places.external_id = 'place 5' AND history.start_time > now() - interval '4 days' THEN 0
            ELSE (coalesce(places.location_id, 40) * 3) %% 90 + 1
        END AS total
) AS fate
WHERE history.client_id = %(client)s
    -- a branch that nobody asks for any more
    AND NOT (places.external_id IS NOT DISTINCT FROM 'place 9' AND history.start_time > now() - interval '3 days')
-- a slice is numbered when it is planned
ORDER BY history.sync_id, places.location_id, part;

INSERT INTO ops.quarantine (
    source, account, client_id, stream, table_name, record_key, severity, reason, field, payload, sync_id,
    first_seen_at, last_seen_at
)
SELECT
    newest.crm_source, %(client)s, %(client)s, newest.sync_type, newest.crm_source || '.' || newest.sync_type,
    'record ' || number, CASE WHEN number %% 3 = 0 THEN 'field' ELSE 'record' END,
    (ARRAY['not_a_date', 'missing', 'not_money'])[1 + number %% 3],
    (ARRAY['service_date', 'customer_id', 'amount'])[1 + number %% 3],
    jsonb_build_object('id', number, 'customerName', 'Pat Example', 'serviceDate', '2026-13-45'),
    newest.sync_id, now() - make_interval(days => number %% 20 + 1), now() - interval '2 hours'
FROM (
    SELECT DISTINCT ON (crm_source, sync_type) * FROM ops.sync_history
    WHERE client_id = %(client)s AND sync_type IN ('customers', 'repair_orders')
    ORDER BY crm_source, sync_type, sync_id DESC
) AS newest
CROSS JOIN generate_series(1, 120) AS number;

INSERT INTO ops.schema_drift (source, stream, kind, subject, first_seen_at, sync_id)
SELECT
    history.crm_source, history.sync_type, 'unknown_code', 'madeUpStatus ' || history.sync_id, history.start_time,
    history.sync_id
FROM ops.sync_history AS history
WHERE history.client_id = %(client)s AND history.sync_type = 'jobs' AND history.sync_id %% 7 = 0
ORDER BY history.sync_id DESC
LIMIT 5;

INSERT INTO ops.api_calls (source, account, called_on, priority, calls)
SELECT source, %(client)s, (now() AT TIME ZONE 'UTC')::date - day, priority, 100 + (day * 37) %% 90
FROM unnest('{smartmoving,tekmetric,fms,arrivy}'::text[]) AS source
CROSS JOIN generate_series(0, %(days)s) AS day
CROSS JOIN unnest('{today,tomorrow,details,reference}'::text[]) AS priority;

SELECT access.grant_role('pages_admin', 'ADMIN', %(client)s);
