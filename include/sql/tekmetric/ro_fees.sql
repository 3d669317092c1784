-- tekmetric.ro_fees: one row a fee of the order itself (section 1.9).
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    coalesce(
        tekmetric.as_id(fee.value ->> 'id'),
        tekmetric.line_key(body -> 'fees', fee.value, fee.ordinal)
    ) AS line,
    core.as_text(fee.value ->> 'name') AS name,
    tekmetric.fee_type(fee.value ->> 'name') AS fee_type,
    fee.value ->> 'total' AS total
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'fees')) WITH ORDINALITY AS fee (value, ordinal)
