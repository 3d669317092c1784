-- The open orders of metrics.work_in_progress as a document, by status and by shop. Money in cents, never summed over
-- currencies. As of the shop's newest complete read; where nothing is expected yet, of the account's newest successful
-- sync.
WITH boards AS (
    SELECT * FROM metrics.work_in_progress
    WHERE %(shop)s::bigint IS NULL OR tm_shop_id = %(shop)s::bigint
),

by_status AS (
    SELECT
        boards.currency, boards.status_id, boards.status, sum(boards.orders) AS orders,
        sum(boards.orders_authorized) AS orders_authorized, sum(boards.authorized_cents) AS authorized_cents,
        sum(boards.potential_cents) AS potential_cents, sum(boards.authorized_hours) AS authorized_hours
    FROM boards
    GROUP BY boards.currency, boards.status_id, boards.status
),

shops AS (
    SELECT
        boards.client_id, boards.account, boards.tm_shop_id, boards.location_id, boards.location_name, boards.currency,
        sum(boards.orders) AS orders, sum(boards.orders_authorized) AS orders_authorized,
        sum(boards.authorized_cents) AS authorized_cents, sum(boards.potential_cents) AS potential_cents,
        sum(boards.authorized_hours) AS authorized_hours,
        coalesce(
            min(boards.as_of),
            (
                SELECT history.start_time FROM ops.sync_history AS history
                WHERE history.crm_source = 'tekmetric' AND history.sync_type = 'repair_orders'
                    AND history.client_id = boards.client_id AND history.account = boards.account
                    AND history.status = 'success' AND core.is_routine(history.configuration)
                ORDER BY history.start_time DESC
                LIMIT 1
            )
        ) AS as_of,
        jsonb_agg(jsonb_build_object(
            'status_id', boards.status_id, 'status', boards.status, 'orders', boards.orders,
            'orders_authorized', boards.orders_authorized, 'authorized_cents', boards.authorized_cents,
            'potential_cents', boards.potential_cents, 'authorized_hours', boards.authorized_hours,
            'oldest_at', boards.oldest_at
        ) ORDER BY boards.status_id) AS statuses
    FROM boards
    GROUP BY
        boards.client_id, boards.account, boards.tm_shop_id, boards.location_id, boards.location_name, boards.currency
)

SELECT
    jsonb_build_object(
        'as_of', (SELECT min(shops.as_of) FROM shops),
        'by_status', coalesce(
            (SELECT jsonb_agg(by_status ORDER BY by_status.currency, by_status.status_id) FROM by_status), '[]'
        ),
        'shops', coalesce(
            (SELECT jsonb_agg(shops ORDER BY shops.client_id, shops.account, shops.tm_shop_id) FROM shops), '[]'
        )
    )::text AS body
