-- Open orders: status 1 estimate, 2 work in progress, 3 complete and not posted, 4 saved for later. 5 and 6 are posted,
-- 7 is deleted, and a status that nobody declared is no open order. Money in cents, never summed over currencies.
-- As of the shop's newest complete read; where nothing is expected yet, of the account's newest successful sync.
WITH reads AS (
    SELECT client_id, account, location_id, read_at
    FROM ops.freshness
    WHERE source = 'tekmetric' AND stream = 'repair_orders'
),

boards AS (
    SELECT
        orders.client_id, orders.account, orders.tm_shop_id, orders.location_id, places.name AS location_name,
        places.currency, orders.status_id, codes.label AS status, count(*) AS orders,
        count(*) FILTER (WHERE orders.authorized_job_count > 0) AS orders_authorized,
        sum(orders.authorized_total)::bigint AS authorized_cents,
        sum(orders.potential_total)::bigint AS potential_cents,
        coalesce(sum(orders.authorized_labor_hours), 0) AS authorized_hours,
        min(orders.created_date) AS oldest_at
    FROM tekmetric.repair_orders AS orders
    LEFT JOIN core.locations AS places
        ON orders.client_id = places.client_id AND orders.location_id = places.location_id
    LEFT JOIN core.codes
        ON codes.source = 'tekmetric' AND codes.vocabulary = 'repairOrderStatus'
        AND codes.code = orders.status_id::text
    WHERE NOT orders.is_deleted AND orders.status_id IN (1, 2, 3, 4)
        AND (%(shop)s::bigint IS NULL OR orders.tm_shop_id = %(shop)s::bigint)
    GROUP BY
        orders.client_id, orders.account, orders.tm_shop_id, orders.location_id, places.name, places.currency,
        orders.status_id, codes.label
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
            (
                SELECT min(reads.read_at) FROM reads
                WHERE reads.client_id = boards.client_id AND reads.account = boards.account
                    AND (reads.location_id IS NULL OR reads.location_id = boards.location_id)
            ),
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
