-- Orders whose snapshot may have to change: written since the last run (the order, a line of it, the vendor's profit);
-- or somebody asks for the days they were counted on or now belong to, or for a manual snapshot. And those that waited:
-- for a name that was not known yet, for a technician's own pay.
SELECT tm_shop_id, tm_repair_order_id, bool_or(is_manual) AS is_manual
FROM (
    SELECT tm_shop_id, tm_id AS tm_repair_order_id, FALSE AS is_manual
    FROM tekmetric.repair_orders
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.profits
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.jobs
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.job_parts
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.job_labor
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.job_fees
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.job_discounts
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.job_sublets
    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
    UNION ALL
    SELECT tm_shop_id, tm_id, FALSE FROM tekmetric.repair_orders
    WHERE client_id = %(client)s AND account = %(account)s
        AND (
            (is_posted AND posted_date BETWEEN %(first)s AND %(last)s)
            OR (is_completed AND completed_date BETWEEN %(first)s AND %(last)s)
        )
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, FALSE FROM tekmetric.ro_snapshots
    WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
        AND snapshot_date BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT tm_shop_id, tm_id, TRUE FROM tekmetric.repair_orders
    WHERE client_id = %(client)s AND account = %(account)s AND tm_id = ANY(%(manual)s)
    UNION ALL
    SELECT snapshots.tm_shop_id, snapshots.tm_repair_order_id, FALSE
    FROM tekmetric.ro_snapshots AS snapshots
    INNER JOIN tekmetric.repair_orders AS orders
        ON snapshots.client_id = orders.client_id AND snapshots.account = orders.account
        AND snapshots.tm_shop_id = orders.tm_shop_id AND snapshots.tm_repair_order_id = orders.tm_id
    WHERE snapshots.client_id = %(client)s AND snapshots.account = %(account)s AND NOT snapshots.is_deleted
        AND (
            (
                snapshots.customer_name IS NULL
                AND (orders.tm_shop_id, orders.tm_customer_id) IN (
                    SELECT tm_shop_id, tm_id FROM tekmetric.customers
                    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
                )
            )
            OR (
                snapshots.vehicle_description IS NULL
                AND (orders.tm_shop_id, orders.tm_vehicle_id) IN (
                    SELECT tm_shop_id, tm_id FROM tekmetric.vehicles
                    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
                )
            )
            OR (
                (
                    snapshots.advisor_name IS NULL
                    OR snapshots.labor_cost IS NULL
                    OR snapshots.rate_sources ?| ARRAY['shop_avg', 'default', 'unknown']
                )
                AND snapshots.tm_shop_id IN (
                    SELECT tm_shop_id FROM tekmetric.employees
                    WHERE client_id = %(client)s AND account = %(account)s AND synced_at >= %(since)s
                )
            )
        )
) AS every
GROUP BY tm_shop_id, tm_repair_order_id
