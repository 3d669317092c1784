-- job_labor: what its hours cost, by the chain assigned (the technician's own pay) -> shop_avg (mean of the pay of the
-- shop's technicians, role 3) -> default (the setting) -> unknown. A pay that an order was counted with stays: a rise
-- does not rewrite the past, and only a technician's own pay takes the place of a mean. Where nobody is named the line
-- costs nothing, as the vendor counts it, if the shop's pay is known at all; else nothing is known of its cost either.
WITH pay AS (
    SELECT
        tm_shop_id,
        core.half_even(avg(hourly_rate) FILTER (WHERE role = 3))::bigint AS shop_avg,
        count(hourly_rate) > 0 AS is_known
    FROM tekmetric.employees
    WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
    GROUP BY tm_shop_id
),

-- the newest posting of each order, whether it still counts or was taken back
newest AS (
    SELECT DISTINCT ON (tm_shop_id, tm_repair_order_id) tm_shop_id, tm_repair_order_id, labor_technicians
    FROM tekmetric.ro_snapshots
    INNER JOIN changed_orders USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s AND snapshot_trigger <> 'manual' AND NOT %(new_rates)s
    ORDER BY tm_shop_id, tm_repair_order_id, is_deleted, synced_at DESC
),

used AS (
    SELECT
        newest.tm_shop_id,
        newest.tm_repair_order_id,
        (told.value ->> 'technician')::bigint AS tm_technician_id,
        (told.value ->> 'rate')::bigint AS rate,
        told.value ->> 'rate_source' AS rate_source
    FROM newest
    CROSS JOIN jsonb_array_elements(newest.labor_technicians) AS told (value)
    WHERE told.value ->> 'rate_source' IN ('assigned', 'shop_avg') AND told.value ->> 'technician' IS NOT NULL
),

priced AS (
    SELECT
        labor.client_id,
        labor.account,
        labor.tm_shop_id,
        labor.tm_job_id,
        labor.line,
        labor.hours,
        chosen.rate,
        chosen.rate_source,
        CASE
            WHEN chosen.rate_source = 'unassigned' THEN
                CASE WHEN labor.hours = 0 OR pay.is_known OR %(default_rate)s::bigint IS NOT NULL THEN 0 END
            WHEN labor.hours = 0 THEN 0
            ELSE core.half_even(labor.hours * chosen.rate)
        END::bigint AS labor_cost
    FROM changed_orders
    INNER JOIN tekmetric.job_labor AS labor
        ON labor.client_id = %(client)s AND labor.account = %(account)s
        AND changed_orders.tm_shop_id = labor.tm_shop_id
        AND changed_orders.tm_repair_order_id = labor.tm_repair_order_id
    LEFT JOIN tekmetric.employees
        ON labor.client_id = employees.client_id AND labor.account = employees.account
        AND labor.tm_shop_id = employees.tm_shop_id AND labor.tm_technician_id = employees.tm_id
    LEFT JOIN used
        ON labor.tm_shop_id = used.tm_shop_id AND labor.tm_repair_order_id = used.tm_repair_order_id
        AND labor.tm_technician_id = used.tm_technician_id
    LEFT JOIN pay ON labor.tm_shop_id = pay.tm_shop_id
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN labor.tm_technician_id IS NULL THEN 'unassigned'
                WHEN used.rate_source = 'assigned' OR employees.hourly_rate IS NOT NULL THEN 'assigned'
                WHEN coalesce(used.rate, pay.shop_avg) IS NOT NULL THEN 'shop_avg'
                WHEN %(default_rate)s::bigint IS NOT NULL THEN 'default'
                ELSE 'unknown'
            END AS rate_source,
            CASE
                WHEN labor.tm_technician_id IS NULL THEN NULL
                WHEN used.rate_source = 'assigned' THEN used.rate
                ELSE coalesce(employees.hourly_rate, used.rate, pay.shop_avg, %(default_rate)s::bigint)
            END AS rate
    ) AS chosen
)

UPDATE tekmetric.job_labor AS target SET
    tech_hourly_cost = priced.rate,
    labor_cost = priced.labor_cost,
    rate_source = priced.rate_source
FROM priced
WHERE target.client_id = priced.client_id AND target.account = priced.account
    AND target.tm_shop_id = priced.tm_shop_id AND target.tm_job_id = priced.tm_job_id AND target.line = priced.line
    AND (target.tech_hourly_cost, target.labor_cost, target.rate_source)
    IS DISTINCT FROM (priced.rate, priced.labor_cost, priced.rate_source)
