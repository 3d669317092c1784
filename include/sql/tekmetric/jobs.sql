-- tekmetric.jobs: one row a job of an order: the list of jobs misses what changed through the order (section 1.6).
-- authorized is null where nobody answered; authorizedDate comes without a zone and is set on a decline too (1.7, 1.9).
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    job.value ->> 'id' AS tm_id,
    job.value ->> 'technicianId' AS tm_technician_id,
    core.as_text(job.value ->> 'name') AS name,
    core.as_text(job.value ->> 'note') AS note,
    core.as_text(job.value ->> 'jobCategoryName') AS job_category_name,
    job.value ->> 'authorized' AS authorized,
    core.as_instant(job.value ->> 'authorizedDate') AS authorized_date,
    job.value ->> 'selected' AS selected,
    job.value ->> 'archived' AS archived,
    core.as_instant(job.value ->> 'completedDate') AS completed_at,
    job.value ->> 'subtotal' AS total,
    job.value ->> 'subtotal' AS subtotal,
    job.value ->> 'discountTotal' AS discount,
    job.value ->> 'partsTotal' AS parts_total,
    job.value ->> 'laborTotal' AS labor_total,
    job.value ->> 'laborHours' AS labor_hours,
    job.value ->> 'loggedHours' AS logged_hours,
    job.value ->> 'feeTotal' AS fees_total,
    coalesce(job.value ->> 'sort', (job.ordinal - 1)::text) AS sort_order,
    core.as_instant(job.value ->> 'createdDate') AS tm_created_at,
    core.as_instant(job.value ->> 'updatedDate') AS source_updated_at
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) WITH ORDINALITY AS job (value, ordinal)
