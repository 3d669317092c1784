-- Jobs whose opportunity has been fetched, with their times where the vendor's jobs list has shown them. One that a
-- sweep alone has shown so far is among the journeys.
SELECT
    jobs.client_id, jobs.account, jobs.job_id, jobs.job_number, jobs.opportunity_id, opportunities.customer_id,
    jobs.location_id, locations.name AS location_name, jobs.service_date, jobs.service_type, jobs.is_confirmed,
    jobs.arrival_window, jobs.billable_hours, jobs.tips_cents, opportunities.status AS opportunity_status,
    times.start_at, times.end_at, times.confirmed_at, times.completed_at, times.closed_at, jobs.synced_at
FROM smartmoving.opportunity_jobs AS jobs
LEFT JOIN smartmoving.opportunities USING (client_id, account, opportunity_id)
LEFT JOIN smartmoving.jobs AS times USING (client_id, account, job_id)
LEFT JOIN core.locations ON jobs.client_id = locations.client_id AND jobs.location_id = locations.location_id
WHERE NOT jobs.is_deleted
