-- The public API answers by id for repair orders (section 1.5); a payment names its order.
SELECT
    taken.event_id,
    CASE WHEN named.order_id ~ '^[1-9][0-9]{0,17}$' THEN jsonb_build_object('named_orders', named.order_id) END AS asks,
    'no repair order is named: the next sync reads what has changed' AS why
FROM taken
CROSS JOIN LATERAL (
    SELECT CASE taken.object_type
        WHEN 'payment' THEN taken.payload #>> '{data,repairOrderId}'
        WHEN 'repair order' THEN taken.object_id
    END AS order_id
) AS named
