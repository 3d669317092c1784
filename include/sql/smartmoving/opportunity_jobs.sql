-- smartmoving.opportunity_jobs: one row a job embedded in a detail. jobDate is a local date (section 7).
SELECT
    landed.record_id,
    job.value ->> 'id' AS job_id,
    body ->> 'id' AS opportunity_id,
    root.location_id,
    job.value ->> 'jobNumber' AS job_number,
    core.as_day(job.value ->> 'jobDate') AS service_date,
    job.value ->> 'type' AS service_type,
    job.value ->> 'confirmed' AS is_confirmed,
    job.value #>> '{arrivalWindow,description}' AS arrival_window,
    core.as_cents(job.value ->> 'totalTips') AS tips_cents,
    job.value #>> '{jobTime,billableHours}' AS billable_hours,
    job.value AS extra
FROM landed
INNER JOIN staged_opportunities AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
