-- The slices of one run, what is not as it should be first.
SELECT
    slices.stream,
    locations.name AS location_name,
    slices.window_start,
    slices.window_end,
    slices.priority,
    slices.state,
    slices.vendor_total,
    slices.records,
    slices.verdict,
    slices.api_calls,
    round(slices.waited_seconds::numeric, 1) AS waited,
    slices.reread,
    CASE
        WHEN slices.state = 'failed' THEN 'error'
        WHEN slices.state <> 'merged' OR slices.verdict = 'short' THEN 'warning'
        ELSE 'info'
    END AS severity
FROM ops.sync_slices AS slices
LEFT JOIN core.locations USING (location_id)
WHERE slices.dag_id = %(dag_id)s AND slices.run_id = %(run_id)s
    AND (%(stream)s::text IS NULL OR slices.stream = %(stream)s)
ORDER BY
    CASE
        WHEN slices.state = 'failed' THEN 1
        WHEN slices.state <> 'merged' OR slices.verdict = 'short' THEN 2
        ELSE 3
    END,
    slices.stream, locations.name, slices.slice_id
FETCH FIRST 500 ROWS ONLY
