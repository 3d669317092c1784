SELECT
    jobs.client_id, jobs.account, jobs.job_id, jobs.job_number, jobs.opportunity_id, jobs.location_id,
    locations.name AS location_name, jobs.service_date, jobs.service_type, jobs.start_at, jobs.end_at,
    jobs.confirmed_at, jobs.completed_at, jobs.closed_at, jobs.synced_at
FROM smartmoving.jobs
LEFT JOIN core.locations USING (client_id, location_id)
WHERE NOT jobs.is_deleted
