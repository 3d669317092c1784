-- A row a stream with its lag now, and how long it was between two good syncs of the last fortnight: half of them were
-- closer together than p50, and one in twenty farther apart than p95. A gap beyond twice the period is a breach.
WITH gaps AS (
    SELECT
        crm_source AS source,
        account,
        sync_type AS stream,
        start_time - lag(start_time) OVER (PARTITION BY crm_source, account, sync_type ORDER BY start_time) AS gap
    FROM ops.sync_history
    WHERE start_time > now() - interval '14 days' AND status = 'success'
),

lags AS (
    SELECT
        gaps.source,
        gaps.account,
        gaps.stream,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(EPOCH FROM gaps.gap)) AS p50,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(EPOCH FROM gaps.gap)) AS p95,
        count(*) FILTER (WHERE gaps.gap > 2 * expected.period) AS breaches,
        avg(gaps.gap - expected.period) FILTER (WHERE gaps.gap > 2 * expected.period) AS mended_in
    FROM gaps
    INNER JOIN ops.expectations AS expected USING (source, account, stream)
    WHERE gaps.gap IS NOT NULL
    GROUP BY gaps.source, gaps.account, gaps.stream
),

now_late AS (
    SELECT
        source,
        account,
        stream,
        min(period) AS period,
        min(CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END) AS urgency,
        CASE WHEN bool_and(read_at IS NOT NULL) THEN extract(EPOCH FROM now() - min(read_at)) END AS lag,
        count(location_id) AS places
    FROM ops.freshness
    WHERE %(source)s::text IS NULL OR source = %(source)s
    GROUP BY source, account, stream
)

SELECT
    now_late.source,
    now_late.account,
    now_late.stream,
    extract(EPOCH FROM now_late.period) AS period,
    now_late.lag,
    now_late.places,
    CASE now_late.urgency WHEN 1 THEN 'error' WHEN 2 THEN 'warning' ELSE 'info' END AS severity,
    lags.p50,
    lags.p95,
    coalesce(lags.breaches, 0) AS breaches,
    extract(EPOCH FROM lags.mended_in) AS mended_in
FROM now_late
LEFT JOIN lags USING (source, account, stream)
ORDER BY now_late.stream, now_late.source, now_late.account
