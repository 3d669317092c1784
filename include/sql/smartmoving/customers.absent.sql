-- Opportunities with a job that a complete window should show and does not, or that their customer no longer shows:
-- moved, cancelled away or deleted (sections 11.5 and 11.6). A job whose detail says that it moved is accounted for;
-- an opportunity that was asked for as missing within a day is not asked for again.
WITH known AS (
    SELECT
        swept.client_id,
        swept.account,
        swept.job_id,
        swept.opportunity_id,
        swept.customer_id,
        swept.location_id,
        swept.service_date
    FROM smartmoving.swept_jobs AS swept
    LEFT JOIN smartmoving.opportunity_jobs AS detail
        ON swept.client_id = detail.client_id AND swept.account = detail.account AND swept.job_id = detail.job_id
    WHERE NOT swept.is_deleted AND coalesce(detail.service_date, swept.service_date) = swept.service_date
    UNION
    SELECT
        jobs.client_id,
        jobs.account,
        jobs.job_id,
        jobs.opportunity_id,
        opportunities.customer_id,
        jobs.location_id,
        jobs.service_date
    FROM smartmoving.opportunity_jobs AS jobs
    INNER JOIN smartmoving.opportunities USING (client_id, account, opportunity_id)
    WHERE NOT jobs.is_deleted AND NOT opportunities.is_deleted
)

SELECT DISTINCT
    windows.source,
    windows.account,
    'opportunities' AS stream,
    known.opportunity_id AS record_key
FROM known
INNER JOIN ops.sync_slices AS windows
    ON known.client_id = windows.client_id AND known.account = windows.account
LEFT JOIN ops.lookups AS lookup
    ON lookup.source = windows.source AND lookup.account = windows.account AND lookup.stream = 'opportunities'
    AND known.opportunity_id = lookup.record_key
WHERE windows.slice_id = ANY(%(slices)s)
    AND (
        (
            -- a short window proves no absence: the row may have shifted past us (T21)
            windows.verdict IS DISTINCT FROM 'short'
            AND known.service_date >= windows.window_start AND known.service_date < windows.window_end
            AND (windows.location_id IS NULL OR known.location_id = windows.location_id)
        )
        OR EXISTS (
            SELECT FROM verdicts
            WHERE verdicts.customer_id = known.customer_id AND verdicts.is_own AND verdicts.is_newest
        )
    )
    AND coalesce(lookup.was_found, TRUE)
    AND (
        lookup.reason IS DISTINCT FROM 'missing' OR lookup.asked_at < windows.fetched_from - interval '1 day'
        -- an answer of the future is no answer: a clock was wrong (T64)
        OR lookup.asked_at > now() + interval '1 day'
    )
    AND NOT EXISTS (SELECT FROM staged_swept_jobs AS staged WHERE staged.job_id = known.job_id)
