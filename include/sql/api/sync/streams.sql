-- How streams of a source stand, a row an account and stream: the sync that ended last, whether one is running now, and
-- the worst verdict of its locations on how old it is.
WITH fresh AS (
    SELECT
        client_id, account, stream, verdict, severity, location_name, read_at, remedy,
        CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END AS urgency
    FROM ops.freshness
    WHERE source = %(source)s AND stream = ANY(%(streams)s)
),

ages AS (
    SELECT
        client_id, account, stream, min(urgency) AS urgency, min(read_at) AS read_at, count(*) AS places,
        count(*) FILTER (WHERE urgency < 3) AS places_late,
        (array_agg(verdict ORDER BY urgency, read_at NULLS FIRST))[1] AS verdict,
        (array_agg(severity ORDER BY urgency, read_at NULLS FIRST))[1] AS severity,
        (array_agg(remedy ORDER BY urgency, read_at NULLS FIRST))[1] AS remedy
    FROM fresh
    GROUP BY client_id, account, stream
),

found AS (
    SELECT
        accounts.client_id, accounts.account, asked.stream, ages.urgency, ages.verdict, ages.severity, ages.read_at,
        ages.places, ages.places_late, ages.remedy,
        coalesce(newest.status = 'running', FALSE) AS is_running,
        CASE WHEN newest.status = 'running' THEN newest.start_time END AS running_since,
        last.body AS last_sync
    FROM core.accounts
    CROSS JOIN unnest(%(streams)s::text[]) WITH ORDINALITY AS asked (stream, place)
    LEFT JOIN ages USING (client_id, account, stream)
    LEFT JOIN LATERAL (
        SELECT history.status, history.start_time
        FROM ops.sync_history AS history
        WHERE history.crm_source = %(source)s AND history.sync_type = asked.stream
            AND history.client_id = accounts.client_id AND history.account = accounts.account
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS newest ON TRUE
    LEFT JOIN LATERAL (
        SELECT
{% include 'api/sync/told.sql' %} AS body
        FROM ops.sync_history AS history
        WHERE history.crm_source = %(source)s AND history.sync_type = asked.stream
            AND history.client_id = accounts.client_id AND history.account = accounts.account
            AND history.status <> 'running'
        ORDER BY history.start_time DESC
        LIMIT 1
    ) AS last ON TRUE
    WHERE accounts.source = %(source)s
    ORDER BY accounts.client_id, accounts.account, asked.place
)

SELECT
    coalesce(jsonb_agg(to_jsonb(found) - 'urgency'), '[]')::text AS streams,
    (array_agg(found.verdict ORDER BY found.urgency) FILTER (WHERE found.verdict IS NOT NULL))[1] AS verdict
FROM found
