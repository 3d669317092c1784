-- Calls a UTC day of this month, source by source.
SELECT days.day::date AS day, sources.source, coalesce(sum(calls.calls), 0)::bigint AS calls
FROM generate_series(
    date_trunc('month', now() AT TIME ZONE 'UTC'), (now() AT TIME ZONE 'UTC')::date, interval '1 day'
) AS days (day)
CROSS JOIN (
    SELECT DISTINCT source FROM ops.api_calls WHERE called_on >= date_trunc('month', now() AT TIME ZONE 'UTC')
) AS sources
LEFT JOIN ops.api_calls AS calls ON sources.source = calls.source AND days.day::date = calls.called_on
GROUP BY days.day, sources.source
ORDER BY days.day, sources.source
