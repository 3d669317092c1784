-- Worst first.
SELECT
    CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END AS urgency,
    client_id, source, account, coalesce(stream, '') AS stream, coalesce(location_id, 0) AS place, location_id,
    check_name, severity, subject, fact, worst, remedy
FROM ops.findings
