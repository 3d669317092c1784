-- customers.location_ids: where a customer's opportunities are, as far as their details are known. It is no part of
-- the row's hash: a sweep neither sets nor clears it.
WITH known AS (
    SELECT
        swept.customer_id,
        array_agg(DISTINCT places.location_id) FILTER (WHERE places.location_id IS NOT NULL) AS location_ids
    FROM smartmoving.swept_opportunities AS swept
    LEFT JOIN smartmoving.opportunities AS detail
        ON detail.account = %(account)s AND swept.opportunity_id = detail.opportunity_id
    CROSS JOIN LATERAL (SELECT coalesce(detail.location_id, swept.location_id) AS location_id) AS places
    WHERE swept.account = %(account)s AND (
        swept.synced_at >= %(since)s
        OR swept.customer_id IN (
            SELECT customer_id FROM smartmoving.swept_opportunities
            WHERE account = %(account)s AND synced_at >= %(since)s
            UNION ALL
            SELECT customer_id FROM smartmoving.opportunities WHERE account = %(account)s AND synced_at >= %(since)s
            UNION ALL
            SELECT customer_id FROM smartmoving.customers WHERE account = %(account)s AND synced_at >= %(since)s
            UNION ALL
            SELECT customer_id FROM smartmoving.customer_phones WHERE account = %(account)s AND synced_at >= %(since)s
        )
    )
    GROUP BY swept.customer_id
),

phones AS (
    UPDATE smartmoving.customer_phones AS target SET location_ids = known.location_ids
    FROM known
    WHERE target.client_id = %(client)s AND target.account = %(account)s
        AND target.customer_id = known.customer_id AND target.location_ids <> known.location_ids
)

UPDATE smartmoving.customers AS target SET location_ids = known.location_ids
FROM known
WHERE target.client_id = %(client)s AND target.account = %(account)s
    AND target.customer_id = known.customer_id AND target.location_ids <> known.location_ids
