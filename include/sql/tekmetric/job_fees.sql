-- tekmetric.job_fees: one row a fee of a job (section 1.9), two of one name included. A percentage is
-- resolved to an amount already.
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    job.value ->> 'id' AS tm_job_id,
    coalesce(
        tekmetric.as_id(fee.value ->> 'id'),
        tekmetric.line_key(job.value -> 'fees', fee.value, fee.ordinal)
    ) AS line,
    fee.value ->> 'id' AS tm_id,
    core.as_text(fee.value ->> 'name') AS name,
    tekmetric.fee_type(fee.value ->> 'name') AS fee_type,
    fee.value ->> 'total' AS total
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
CROSS JOIN jsonb_array_elements(core.elements(job.value -> 'fees')) WITH ORDINALITY AS fee (value, ordinal)
