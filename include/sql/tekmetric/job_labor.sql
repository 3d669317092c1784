-- tekmetric.job_labor: one row a labor line of a job (section 1.9). Who did it stands on the line where the vendor
-- sends that field; where it does not, the job's technician did. Rate and hours make the total; hours
-- that cannot be read stand in its place, where they reject the order.
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    job.value ->> 'id' AS tm_job_id,
    coalesce(
        tekmetric.as_id(labor.value ->> 'id'),
        tekmetric.line_key(job.value -> 'labor', labor.value, labor.ordinal)
    ) AS line,
    labor.value ->> 'id' AS tm_id,
    core.as_text(labor.value ->> 'name') AS name,
    labor.value ->> 'hours' AS hours,
    labor.value ->> 'rate' AS rate,
    coalesce(
        labor.value ->> 'total',
        core.half_even(
            tekmetric.as_number(labor.value ->> 'rate') * tekmetric.as_number(labor.value ->> 'hours')
        )::text,
        CASE WHEN labor.value ->> 'rate' IS NOT NULL THEN labor.value ->> 'hours' END
    ) AS total,
    technician.tm_technician_id,
    CASE WHEN technician.tm_technician_id IS NOT NULL THEN technician.basis END AS technician_basis,
    labor.value ->> 'complete' AS is_complete
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
CROSS JOIN jsonb_array_elements(core.elements(job.value -> 'labor')) WITH ORDINALITY AS labor (value, ordinal)
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN labor.value ? 'technicianId' THEN 'line' ELSE 'job' END AS basis,
        CASE WHEN labor.value ? 'technicianId' THEN labor.value ELSE job.value END ->> 'technicianId'
        AS tm_technician_id
) AS technician
