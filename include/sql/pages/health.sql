-- Worst first.
SELECT source, stream, location_name, verdict, severity, read_at, remedy
FROM ops.freshness
ORDER BY
    CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, source, stream, location_name
