-- smartmoving.swept_jobs: one row a job of a swept customer. serviceDate is a string here (section 7).
SELECT
    landed.record_id,
    job.value ->> 'id' AS job_id,
    opportunity.value ->> 'id' AS opportunity_id,
    body ->> 'id' AS customer_id,
    job.value ->> 'jobNumber' AS job_number,
    core.as_day(job.value ->> 'serviceDate') AS service_date,
    job.value ->> 'type' AS service_type,
    landed.location_id,
    job.value AS extra
FROM landed
CROSS JOIN jsonb_array_elements(core.elements(body -> 'opportunities')) AS opportunity (value)
CROSS JOIN jsonb_array_elements(core.elements(opportunity.value -> 'jobs')) AS job (value)
