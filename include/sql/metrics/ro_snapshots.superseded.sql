-- ro_snapshots that do not count any more: the order was unposted, moved to another day or deleted. They are kept.
UPDATE tekmetric.ro_snapshots AS target SET
    is_deleted = TRUE,
    deleted_at = now(),
    synced_at = now()
FROM changed_orders
INNER JOIN tekmetric.repair_orders AS orders
    ON orders.client_id = %(client)s AND orders.account = %(account)s
    AND changed_orders.tm_shop_id = orders.tm_shop_id AND changed_orders.tm_repair_order_id = orders.tm_id
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND target.tm_shop_id = orders.tm_shop_id AND target.tm_repair_order_id = orders.tm_id
    AND NOT target.is_deleted AND target.snapshot_trigger <> 'manual'
    AND (
        orders.is_deleted
        OR (target.snapshot_trigger, target.snapshot_date) IS DISTINCT FROM (
            CASE WHEN orders.is_posted THEN 'posted' WHEN orders.is_completed THEN 'completed' END,
            CASE WHEN orders.is_posted THEN orders.posted_date WHEN orders.is_completed THEN orders.completed_date END
        )
    )
