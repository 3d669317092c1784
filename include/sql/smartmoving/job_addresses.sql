-- smartmoving.job_addresses: one row a stop, one to four a job (section 5.2).
SELECT
    landed.record_id,
    job.value ->> 'id' AS job_id,
    address.ordinal::text AS ordinal,
    body ->> 'id' AS opportunity_id,
    root.location_id,
    address.value AS address
FROM landed
INNER JOIN staged_opportunities AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
CROSS JOIN
    jsonb_array_elements_text(core.elements(job.value -> 'jobAddresses')) WITH ORDINALITY AS address (value, ordinal)
