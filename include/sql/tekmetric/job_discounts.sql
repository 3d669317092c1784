-- tekmetric.job_discounts: one row a discount of a job (section 1.9), two of one name included. Its
-- total is what is taken off, a positive number.
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    job.value ->> 'id' AS tm_job_id,
    coalesce(
        tekmetric.as_id(discount.value ->> 'id'),
        tekmetric.line_key(job.value -> 'discounts', discount.value, discount.ordinal)
    ) AS line,
    discount.value ->> 'id' AS tm_id,
    core.as_text(discount.value ->> 'name') AS name,
    discount.value ->> 'total' AS total
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
CROSS JOIN jsonb_array_elements(core.elements(job.value -> 'discounts')) WITH ORDINALITY AS discount (value, ordinal)
