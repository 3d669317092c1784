-- Orders whose estimate is asked for: those whose version was fetched after they were asked for last, whatever their
-- status, the newest first. Nothing changed asks for nothing.
SELECT
    orders.tm_id::text AS record_key,
    CASE WHEN lookup.record_key IS NULL THEN 'new' ELSE 'changed' END AS reason,
    orders.location_id
FROM tekmetric.repair_orders AS orders
LEFT JOIN ops.lookups AS lookup
    ON lookup.source = 'tekmetric' AND orders.account = lookup.account AND lookup.stream = 'estimates'
    AND orders.tm_id::text = lookup.record_key
    -- an answer of the future is no answer: a clock was wrong (T64)
    AND lookup.asked_at <= now() + interval '1 day'
WHERE orders.account = %(account)s AND NOT orders.is_deleted
    AND (lookup.record_key IS NULL OR lookup.asked_at < orders.observed_at)
ORDER BY orders.updated_date DESC NULLS LAST, orders.tm_shop_id, orders.tm_id
