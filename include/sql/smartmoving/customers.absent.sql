-- Jobs that a complete window should show and does not: moved, cancelled away or deleted (sections 11.5 and 11.6).
-- A job whose detail says that it moved is accounted for; one that was asked for within a day is not asked again.
SELECT DISTINCT
    windows.source,
    windows.account,
    'opportunities' AS stream,
    swept.opportunity_id AS record_key
FROM smartmoving.swept_jobs AS swept
INNER JOIN ops.sync_slices AS windows
    ON swept.client_id = windows.client_id AND swept.account = windows.account
    AND swept.service_date >= windows.window_start AND swept.service_date < windows.window_end
    AND (windows.location_id IS NULL OR swept.location_id = windows.location_id)
LEFT JOIN smartmoving.opportunity_jobs AS detail
    ON swept.client_id = detail.client_id AND swept.account = detail.account AND swept.job_id = detail.job_id
LEFT JOIN ops.lookups AS lookup
    ON lookup.source = windows.source AND lookup.account = windows.account AND lookup.stream = 'opportunities'
    AND swept.opportunity_id = lookup.record_key
WHERE windows.slice_id = ANY(%(slices)s) AND NOT swept.is_deleted
    AND coalesce(detail.service_date, swept.service_date) = swept.service_date
    AND coalesce(lookup.was_found, TRUE)
    AND coalesce(lookup.asked_at < windows.fetched_from - interval '1 day', TRUE)
    AND NOT EXISTS (SELECT FROM staged_swept_jobs AS staged WHERE staged.job_id = swept.job_id)
