-- tekmetric.ro_concerns: one row a concern of the customer (section 1.9).
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    coalesce(
        tekmetric.as_id(concern.value ->> 'id'),
        tekmetric.line_key(body -> 'customerConcerns', concern.value, concern.ordinal)
    ) AS line,
    core.as_text(concern.value ->> 'concern') AS concern,
    core.as_text(concern.value ->> 'techComment') AS tech_comment
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN
    jsonb_array_elements(core.elements(body -> 'customerConcerns')) WITH ORDINALITY AS concern (value, ordinal)
