-- A row a stream, worst first. A place that is late makes its stream late: what is green has no late part. The word
-- says what is the matter, the severity who sees to it: error a person, warning itself.
WITH places AS MATERIALIZED (
    SELECT * FROM ops.freshness
    WHERE (%(source)s::text IS NULL OR source = %(source)s) AND (%(account)s::text IS NULL OR account = %(account)s)
),

streams AS (
    SELECT
        client_id,
        source,
        account,
        stream,
        min(dag_id) AS dag_id,
        min(period) AS period,
        count(location_id) AS places,
        count(location_id) FILTER (WHERE severity <> 'info') AS late_places,
        (array_agg(location_name ORDER BY location_name) FILTER (WHERE severity <> 'info'))[1:5] AS named,
        min(CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END) AS urgency,
        CASE WHEN bool_and(read_at IS NOT NULL) THEN min(read_at) END AS read_at,
        (array_agg(
            remedy ORDER BY CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, location_name
        ))[1] AS remedy,
        bool_or(is_paused) AS is_paused,
        bool_or(verdict = 'never') AS is_never,
        bool_and(period IS NULL) AS is_unscheduled
    FROM places
    GROUP BY client_id, source, account, stream
)

SELECT
    streams.client_id,
    streams.source,
    streams.account,
    streams.stream,
    streams.dag_id,
    streams.period::text AS period,
    streams.places,
    streams.late_places,
    streams.named,
    CASE streams.urgency WHEN 1 THEN 'error' WHEN 2 THEN 'warning' ELSE 'info' END AS severity,
    streams.read_at,
    now() - streams.read_at AS age,
    CASE WHEN NOT streams.is_paused THEN streams.read_at + streams.period END AS next_by,
    streams.remedy,
    CASE
        WHEN streams.urgency > 1 AND streams.is_paused THEN 'Paused'
        WHEN streams.urgency = 1 AND streams.is_never THEN 'Never read'
        WHEN streams.urgency = 1 THEN 'Too old'
        WHEN streams.urgency = 2 AND newest.status = 'running' THEN 'Late, being read'
        WHEN streams.urgency = 2 THEN 'Late'
        WHEN streams.is_never THEN 'First run not due'
        WHEN newest.status IN ('failed', 'partial') THEN 'On track, last run ' || newest.status
        WHEN newest.status = 'running' THEN 'Healthy, being read'
        WHEN streams.is_unscheduled THEN 'Read when due'
        ELSE 'Healthy'
    END AS word,
    newest.run_id,
    newest.records_fetched,
    newest.created + newest.updated + newest.deleted AS changed,
    newest.quarantined,
    newest.api_calls,
    date_trunc('second', newest.end_time - newest.start_time) AS took
FROM streams
LEFT JOIN LATERAL (
    SELECT history.*
    FROM ops.sync_history AS history
    WHERE history.crm_source = streams.source AND history.account = streams.account
        AND history.sync_type = streams.stream AND NOT history.configuration ?| ARRAY['dry_run', 'migrated_from']
    ORDER BY history.start_time DESC
    LIMIT 1
) AS newest ON TRUE
WHERE %(severity)s::text IS NULL
    OR streams.urgency = CASE %(severity)s WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END
-- what is read when something is due has no lateness of its own
ORDER BY
    streams.urgency, streams.is_unscheduled, streams.read_at NULLS FIRST,
    streams.source, streams.account, streams.stream
