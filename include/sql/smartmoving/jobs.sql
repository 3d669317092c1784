-- smartmoving.jobs: one row a job of an opportunity's jobs list, a bare array (sections 2 and 5.3). The opportunity is
-- the id that was asked for; times are UTC, null for an unworked job.
SELECT
    landed.record_id,
    body ->> 'id' AS job_id,
    landed.asked AS opportunity_id,
    body ->> 'jobNumber' AS job_number,
    core.as_day(body ->> 'jobDate') AS service_date,
    body ->> 'type' AS service_type,
    core.as_instant(body ->> 'startTimeUtc') AS start_at,
    core.as_instant(body ->> 'endTimeUtc') AS end_at,
    core.as_instant(body ->> 'completedAtUtc') AS completed_at,
    core.as_instant(body ->> 'confirmedAtUtc') AS confirmed_at,
    core.as_instant(body ->> 'closedAtUtc') AS closed_at,
    detail.location_id
FROM landed
LEFT JOIN smartmoving.opportunities AS detail
    ON landed.client_id = detail.client_id AND landed.account = detail.account
    AND landed.asked = detail.opportunity_id
