-- The few numbers that are looked at first. A slot is a scheduled stream and a UTC day of the last 30 whole ones since
-- it was expected; it is fresh when some sync of it that day succeeded.
WITH late AS MATERIALIZED (
    SELECT source, stream, location_id, severity FROM ops.freshness WHERE severity <> 'info'
),

slots AS (
    SELECT count(*) AS due, count(read.day) AS fresh
    FROM ops.expectations AS expected
    CROSS JOIN LATERAL (
        SELECT min(history.start_time) AS began_at
        FROM ops.sync_history AS history
        WHERE history.crm_source = expected.source AND history.account = expected.account
            AND history.sync_type = expected.stream
    ) AS first
    CROSS JOIN LATERAL generate_series(
        greatest(
            (now() AT TIME ZONE 'UTC')::date - 30, (greatest(expected.since, first.began_at) AT TIME ZONE 'UTC')::date
        )::timestamp,
        (now() AT TIME ZONE 'UTC')::date - 1,
        interval '1 day'
    ) AS days (day)
    LEFT JOIN LATERAL (
        SELECT days.day
        FROM ops.sync_history AS history
        WHERE history.crm_source = expected.source AND history.account = expected.account
            AND history.sync_type = expected.stream AND history.status = 'success'
            AND history.start_time >= days.day AT TIME ZONE 'UTC'
            AND history.start_time < (days.day + interval '1 day') AT TIME ZONE 'UTC'
        ORDER BY history.start_time
        LIMIT 1
    ) AS read ON TRUE
    WHERE expected.period IS NOT NULL AND NOT expected.is_paused AND first.began_at IS NOT NULL
),

today AS MATERIALIZED (
    SELECT sync_id, records_fetched - duplicates - created - updated - unchanged - stale - quarantined AS lost
    FROM ops.sync_history
    WHERE start_time > now() - interval '1 day' AND status <> 'running'
)

SELECT
    (SELECT count(DISTINCT location_id) FROM late) AS late_branches,
    (SELECT count(*) FROM (SELECT source, stream FROM late GROUP BY source, stream) AS streams) AS late_streams,
    (SELECT count(*) FROM late WHERE severity = 'error') AS errors,
    slots.due AS slots_due,
    slots.fresh AS slots_fresh,
    (
        SELECT count(*) FROM ops.quarantine AS open
        WHERE open.resolved_at IS NULL AND NOT EXISTS (
            SELECT FROM ops.quarantine_ignored AS ignored
            WHERE ignored.client_id = open.client_id AND ignored.source = open.source
                AND ignored.account = open.account AND ignored.stream = open.stream
                AND ignored.table_name = open.table_name AND ignored.reason = open.reason
                AND ignored.field = open.field
        )
    ) AS quarantined,
    (
        SELECT count(*) FROM ops.sync_slices AS slices INNER JOIN today USING (sync_id)
        WHERE slices.verdict = 'short'
    ) + (SELECT count(*) FROM today WHERE lost <> 0) AS unreconciled
FROM slots
