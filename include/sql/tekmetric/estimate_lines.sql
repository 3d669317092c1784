-- tekmetric.estimate_lines: one row a line of an estimate, of any kind (section 2). The order's fees come inside an
-- object; fees have no id, and neither have some of the other lines.
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_repair_order_id,
    list.kind,
    list.tm_job_id,
    concat_ws('/', list.kind, list.tm_job_id) || '/'
    || coalesce(tekmetric.as_id(line.value ->> 'id'), tekmetric.line_key(list.lines, line.value, line.ordinal)) AS line,
    line.value ->> 'id' AS tm_id,
    line.ordinal::text AS ordinal,
    core.as_text(line.value ->> 'name') AS name,
    core.as_text(line.value ->> 'partNumber') AS part_number,
    coalesce(line.value ->> 'total', line.value ->> 'retail') AS line_total,
    line.value ->> 'coreCharge' AS core_charge,
    CASE WHEN list.kind = 'part' THEN line.value ->> 'vendorId' END AS vendor_id,
    CASE WHEN list.kind = 'part' THEN core.as_text(line.value ->> 'vendorName') END AS vendor_name,
    line.value ->> 'ordered' AS ordered,
    line.value ->> 'received' AS received,
    line.value ->> 'backordered' AS backordered,
    core.as_text(line.value #>> '{technician,fullName}') AS technician_name,
    core.as_text(line.value ->> 'skillLevel') AS skill_level,
    line.value ->> 'amount' AS amount,
    line.value ->> 'percentage' AS percentage,
    line.value ->> 'cap' AS cap,
    line.value ->> 'taxable' AS taxable
FROM landed
INNER JOIN staged_estimates AS root USING (record_id)
CROSS JOIN LATERAL (
    SELECT
        kinds.kind,
        tekmetric.as_id(job.value ->> 'id') AS tm_job_id,
        core.elements(kinds.lines) AS lines
    FROM jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
    CROSS JOIN LATERAL (
        VALUES
        ('part', job.value -> 'parts'),
        ('labor', job.value -> 'labor'),
        ('fee', job.value -> 'fees'),
        ('sublet', job.value -> 'sublets')
    ) AS kinds (kind, lines)
    UNION ALL
    SELECT
        'order_fee',
        NULL,
        core.elements(
            CASE jsonb_typeof(body -> 'fees') WHEN 'object' THEN body #> '{fees,data}' ELSE body -> 'fees' END
        )
) AS list
CROSS JOIN LATERAL jsonb_array_elements(list.lines) WITH ORDINALITY AS line (value, ordinal)
