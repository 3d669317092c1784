-- When what the figures are made of was read last, the oldest of the places in question, and how the worst stands.
SELECT
    count(*) AS expected,
    count(*) FILTER (WHERE severity <> 'info') AS late,
    count(*) FILTER (WHERE read_at IS NULL) AS never_read,
    min(read_at) AS oldest_read_at,
    CASE WHEN bool_or(severity = 'error') THEN 'error' WHEN bool_or(severity = 'warning') THEN 'warning' ELSE 'info' END
    AS severity,
    (array_agg(remedy ORDER BY severity = 'error' DESC, severity = 'warning' DESC, read_at NULLS FIRST))[1] AS remedy
FROM ops.freshness
WHERE source = %(source)s AND stream = %(stream)s
    AND (%(branch)s::integer IS NULL OR location_id IS NULL OR location_id = %(branch)s)
