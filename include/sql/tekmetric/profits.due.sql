-- Orders whose profit is asked for: posted or completed ones whose version was fetched after they were asked for last.
-- An order of the last 30 days is asked for once more a week after it was posted: its costs may come late.
SELECT
    orders.tm_id::text AS record_key,
    CASE WHEN lookup.record_key IS NULL THEN 'new' ELSE 'changed' END AS reason,
    orders.location_id
FROM tekmetric.repair_orders AS orders
LEFT JOIN ops.lookups AS lookup
    ON lookup.source = 'tekmetric' AND orders.account = lookup.account AND lookup.stream = 'profits'
    AND orders.tm_id::text = lookup.record_key
    -- an answer of the future is no answer: a clock was wrong (T64)
    AND lookup.asked_at <= now() + interval '1 day'
WHERE orders.account = %(account)s AND NOT orders.is_deleted AND (orders.is_posted OR orders.is_completed)
    AND (
        lookup.record_key IS NULL OR lookup.asked_at < orders.observed_at
        OR (
            orders.posted_at BETWEEN %(now)s - interval '30 days' AND %(now)s - interval '7 days'
            AND lookup.asked_at < orders.posted_at + interval '7 days'
        )
    )
ORDER BY orders.posted_at DESC NULLS LAST, orders.tm_shop_id, orders.tm_id
