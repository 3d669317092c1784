-- The places of one stream, worst first; an instant also in the place's own time.
SELECT
    freshness.location_id,
    freshness.location_name,
    freshness.verdict,
    freshness.severity,
    freshness.read_at,
    now() - freshness.read_at AS age,
    to_char(freshness.read_at AT TIME ZONE locations.timezone, 'YYYY-MM-DD HH24:MI') AS local_time,
    locations.timezone,
    freshness.remedy
FROM ops.freshness
LEFT JOIN core.locations USING (location_id)
WHERE freshness.source = %(source)s AND freshness.stream = %(stream)s
    AND (%(account)s::text IS NULL OR freshness.account = %(account)s)
ORDER BY
    CASE freshness.severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, freshness.location_name,
    freshness.account
