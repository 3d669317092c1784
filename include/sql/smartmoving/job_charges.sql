-- smartmoving.job_charges: one row a charge, estimated or actual; no id is sent, its place in the list is its key.
SELECT
    landed.record_id,
    job.value ->> 'id' AS job_id,
    lists.kind,
    charge.ordinal::text AS ordinal,
    body ->> 'id' AS opportunity_id,
    root.location_id,
    charge.value ->> 'name' AS name,
    charge.value ->> 'chargeCategory' AS charge_category,
    charge.value ->> 'description' AS description,
    core.as_cents(charge.value ->> 'subtotal') AS subtotal_cents,
    core.as_cents(charge.value ->> 'discountAmount') AS discount_cents,
    core.as_cents(charge.value ->> 'totalCost') AS total_cents
FROM landed
INNER JOIN staged_opportunities AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
CROSS JOIN (VALUES ('estimated', 'estimatedCharges'), ('actual', 'actualCharges')) AS lists (kind, key)
CROSS JOIN
    jsonb_array_elements(core.elements(job.value -> lists.key)) WITH ORDINALITY AS charge (value, ordinal)
