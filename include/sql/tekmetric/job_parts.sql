-- tekmetric.job_parts: one row a part of a job (section 1.9). Cost and retail are a unit's; where a line's total is
-- sent and equals retail itself and not retail x quantity, to one percent, they are the whole line's (section 2). A
-- quantity that cannot be read is a total that cannot: it stands in the total's place, where it rejects the order.
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    job.value ->> 'id' AS tm_job_id,
    coalesce(
        tekmetric.as_id(part.value ->> 'id'),
        tekmetric.line_key(job.value -> 'parts', part.value, part.ordinal)
    ) AS line,
    part.value ->> 'id' AS tm_id,
    core.as_text(part.value ->> 'name') AS name,
    core.as_text(part.value ->> 'brand') AS brand,
    core.as_text(part.value ->> 'partNumber') AS part_number,
    core.as_text(part.value ->> 'description') AS description,
    part.value ->> 'quantity' AS quantity,
    part.value ->> 'retail' AS retail,
    part.value ->> 'cost' AS cost,
    CASE WHEN part.value ->> 'cost' IS NOT NULL THEN basis.word END AS cost_basis,
    CASE
        WHEN basis.word = 'line' THEN core.half_even(number.cost)
        ELSE core.half_even(number.cost * number.quantity)
    END::text AS line_cost,
    coalesce(
        part.value ->> 'total',
        core.half_even(number.retail * number.quantity)::text,
        CASE WHEN part.value ->> 'retail' IS NOT NULL THEN part.value ->> 'quantity' END
    ) AS total,
    tekmetric.as_code(part.value #>> '{partType,code}') AS part_type,
    part.value #>> '{partType,id}' AS part_type_id,
    core.as_text(part.value ->> 'model') AS model,
    core.as_text(part.value ->> 'width') AS width,
    part.value ->> 'ratio' AS ratio,
    part.value ->> 'diameter' AS diameter,
    core.as_text(part.value ->> 'constructionType') AS construction_type,
    core.as_text(part.value ->> 'loadIndex') AS load_index,
    core.as_text(part.value ->> 'speedRating') AS speed_rating,
    CASE
        WHEN jsonb_typeof(part.value -> 'dotNumbers') = 'array'
            THEN ARRAY(SELECT jsonb_array_elements_text(part.value -> 'dotNumbers'))
    END AS dot_numbers
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'jobs')) AS job (value)
CROSS JOIN jsonb_array_elements(core.elements(job.value -> 'parts')) WITH ORDINALITY AS part (value, ordinal)
CROSS JOIN LATERAL (
    SELECT
        tekmetric.as_number(part.value ->> 'quantity') AS quantity,
        tekmetric.as_number(part.value ->> 'retail') AS retail,
        tekmetric.as_number(part.value ->> 'cost') AS cost,
        tekmetric.as_number(part.value ->> 'total') AS total
) AS number
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN
                number.quantity > 1
                AND 100 * abs(number.retail * number.quantity - number.total) > number.total
                AND 100 * abs(number.retail - number.total) <= number.total THEN 'line'
            ELSE 'unit'
        END AS word
) AS basis
