-- tekmetric.job_sublets: one row a sublet of an order. In the public API it is the order's and has its own answer; no
-- job is sent with it (section 1.9).
SELECT
    landed.record_id,
    root.tm_shop_id,
    root.location_id,
    root.tm_id AS tm_repair_order_id,
    coalesce(
        tekmetric.as_id(sublet.value ->> 'id'),
        tekmetric.line_key(body -> 'sublets', sublet.value, sublet.ordinal)
    ) AS line,
    sublet.value ->> 'id' AS tm_id,
    core.as_text(sublet.value ->> 'name') AS name,
    core.as_text(sublet.value ->> 'note') AS note,
    sublet.value #>> '{vendor,id}' AS vendor_id,
    core.as_text(sublet.value #>> '{vendor,name}') AS vendor_name,
    sublet.value ->> 'authorized' AS authorized,
    core.as_instant(sublet.value ->> 'authorizedDate') AS authorized_date,
    sublet.value ->> 'selected' AS selected,
    sublet.value ->> 'cost' AS cost,
    sublet.value ->> 'price' AS retail,
    sublet.value -> 'items' AS items
FROM landed
INNER JOIN staged_repair_orders AS root USING (record_id)
CROSS JOIN jsonb_array_elements(core.elements(body -> 'sublets')) WITH ORDINALITY AS sublet (value, ordinal)
