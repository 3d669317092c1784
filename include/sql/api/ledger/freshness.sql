-- Worst first. An interval is text, so that JSON and CSV write it alike.
SELECT
    CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END AS urgency,
    client_id, source, account, stream, coalesce(location_id, 0) AS place, location_id, location_name, verdict,
    severity, period::text AS period, read_at, dag_id, is_paused, last_status, last_started_at, since, remedy
FROM ops.freshness
