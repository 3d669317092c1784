-- customers.location_ids: where a customer's opportunities are, as far as their details are known. It is no part of
-- the row's hash: a sweep neither sets nor clears it.
WITH places AS (
    SELECT DISTINCT
        swept.client_id,
        swept.account,
        swept.customer_id,
        coalesce(detail.location_id, swept.location_id) AS location_id
    FROM smartmoving.swept_opportunities AS swept
    LEFT JOIN smartmoving.opportunities AS detail USING (client_id, account, opportunity_id)
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
),

known AS (
    SELECT
        client_id,
        account,
        customer_id,
        array_agg(location_id ORDER BY location_id) FILTER (WHERE location_id IS NOT NULL) AS location_ids
    FROM places
    GROUP BY client_id, account, customer_id
),

phones AS (
    UPDATE smartmoving.customer_phones AS target SET location_ids = known.location_ids
    FROM known
    WHERE target.client_id = known.client_id AND target.account = known.account
        AND target.customer_id = known.customer_id AND target.location_ids <> known.location_ids
)

UPDATE smartmoving.customers AS target SET location_ids = known.location_ids
FROM known
WHERE target.client_id = known.client_id AND target.account = known.account
    AND target.customer_id = known.customer_id AND target.location_ids <> known.location_ids
