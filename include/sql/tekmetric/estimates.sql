-- tekmetric.estimates: one row an order, asked for by its id (section 2). Whole numbers come as floats and texts too.
SELECT
    landed.record_id,
    shop.external_id AS tm_shop_id,
    shop.location_id,
    landed.asked AS tm_repair_order_id,
    body ->> 'total' AS total,
    body ->> 'subtotal' AS subtotal,
    body ->> 'tax' AS tax,
    body ->> 'authorizedTotal' AS authorized_total,
    body ->> 'taxes' AS authorized_tax,
    body ->> 'feesTotal' AS fees_total,
    body ->> 'shopSuppliesTotal' AS shop_supplies_total,
    body ->> 'epaTotal' AS epa_total,
    body ->> 'discountTotal' AS discount_total,
    body ->> 'balanceDue' AS balance_due,
    body ->> 'taxRate' AS tax_rate
FROM landed
LEFT JOIN core.locations AS shop ON landed.location_id = shop.location_id
