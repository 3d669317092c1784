-- The vendor's profit and estimate of an older version of an order are not this version's: they are tombstones until
-- they are asked for again, so that no day counts them meanwhile (the shop API's token may have expired).
WITH older AS (
    UPDATE tekmetric.estimates AS target SET
        is_deleted = TRUE, deleted_at = now(), synced_at = now(), sync_id = %(sync_id)s
    FROM tekmetric.repair_orders AS orders
    WHERE orders.client_id = target.client_id AND orders.account = target.account
        AND orders.tm_shop_id = target.tm_shop_id AND orders.tm_id = target.tm_repair_order_id
        AND orders.sync_id = %(sync_id)s AND orders.synced_at = now()
        AND NOT target.is_deleted AND target.observed_at < orders.observed_at
)

UPDATE tekmetric.profits AS target SET is_deleted = TRUE, deleted_at = now(), synced_at = now(), sync_id = %(sync_id)s
FROM tekmetric.repair_orders AS orders
WHERE orders.client_id = target.client_id AND orders.account = target.account
    AND orders.tm_shop_id = target.tm_shop_id AND orders.tm_id = target.tm_repair_order_id
    AND orders.sync_id = %(sync_id)s AND orders.synced_at = now()
    AND NOT target.is_deleted AND target.observed_at < orders.observed_at
