-- tekmetric.ro_discounts: one row a discount of the order itself (section 1.9).
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    coalesce(
        tekmetric.as_id(discount.value ->> 'id'),
        tekmetric.line_key(body -> 'discounts', discount.value, discount.ordinal)
    ) AS line,
    core.as_text(discount.value ->> 'name') AS name,
    discount.value ->> 'total' AS total
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'discounts')) WITH ORDINALITY AS discount (value, ordinal)
