-- tekmetric.ro_snapshots: one row a changed order that is posted (status 5, 6) or completed (3) on a day of the shop's
-- own calendar, and one for who asks by hand. From authorized lines; what the vendor reports stands beside it. Names
-- are those of the day it was taken, as long as the posting stands.
WITH taken AS (
    SELECT
        orders.*,
        chosen.snapshot_trigger,
        chosen.snapshot_date
    FROM changed_orders
    INNER JOIN tekmetric.repair_orders AS orders
        ON orders.client_id = %(client)s AND orders.account = %(account)s
        AND changed_orders.tm_shop_id = orders.tm_shop_id AND changed_orders.tm_repair_order_id = orders.tm_id
    LEFT JOIN tekmetric.shops
        ON orders.client_id = shops.client_id AND orders.account = shops.account AND orders.tm_shop_id = shops.tm_id
    CROSS JOIN LATERAL (
        SELECT 'posted' AS snapshot_trigger, orders.posted_date AS snapshot_date WHERE orders.is_posted
        UNION ALL
        SELECT 'completed', orders.completed_date WHERE orders.is_completed
        UNION ALL
        SELECT 'manual', tekmetric.local_day(now(), shops.timezone) WHERE changed_orders.is_manual
    ) AS chosen
    WHERE NOT orders.is_deleted AND chosen.snapshot_date IS NOT NULL
),

-- One line after the other: what it sells for, what it costs, whether it is authorized.
work AS (
    SELECT tm_shop_id, tm_repair_order_id, tm_id AS tm_job_id, coalesce(authorized, FALSE) AS is_sold, logged_hours
    FROM tekmetric.jobs
    INNER JOIN changed_orders USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
),

sublets AS (
    SELECT tm_shop_id, tm_repair_order_id, coalesce(authorized, FALSE) AS is_sold, retail, cost
    FROM tekmetric.job_sublets
    INNER JOIN changed_orders USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s AND NOT is_deleted
),

answered AS (
    SELECT tm_shop_id, tm_repair_order_id, bool_or(is_sold) AS is_sold
    FROM (
        SELECT tm_shop_id, tm_repair_order_id, is_sold FROM work
        UNION ALL
        SELECT tm_shop_id, tm_repair_order_id, is_sold FROM sublets
    ) AS every
    GROUP BY tm_shop_id, tm_repair_order_id
),

lines AS (
    SELECT tm_shop_id, tm_repair_order_id, 'job' AS kind, is_sold, 0::bigint AS price, 0::bigint AS cost FROM work
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, 'sublet', is_sold, coalesce(retail, 0), cost FROM sublets
    UNION ALL
    SELECT parts.tm_shop_id, parts.tm_repair_order_id, 'part', work.is_sold, coalesce(parts.total, 0), parts.line_cost
    FROM work
    INNER JOIN tekmetric.job_parts AS parts
        ON parts.client_id = %(client)s AND parts.account = %(account)s
        AND work.tm_shop_id = parts.tm_shop_id AND work.tm_job_id = parts.tm_job_id
    UNION ALL
    SELECT labor.tm_shop_id, labor.tm_repair_order_id, 'labor', work.is_sold, coalesce(labor.total, 0), labor.labor_cost
    FROM work
    INNER JOIN tekmetric.job_labor AS labor
        ON labor.client_id = %(client)s AND labor.account = %(account)s
        AND work.tm_shop_id = labor.tm_shop_id AND work.tm_job_id = labor.tm_job_id
    UNION ALL
    SELECT fees.tm_shop_id, fees.tm_repair_order_id, 'fee', work.is_sold, fees.total, 0
    FROM work
    INNER JOIN tekmetric.job_fees AS fees
        ON fees.client_id = %(client)s AND fees.account = %(account)s
        AND work.tm_shop_id = fees.tm_shop_id AND work.tm_job_id = fees.tm_job_id
    UNION ALL
    SELECT discounts.tm_shop_id, discounts.tm_repair_order_id, 'discount', work.is_sold, discounts.total, 0
    FROM work
    INNER JOIN tekmetric.job_discounts AS discounts
        ON discounts.client_id = %(client)s AND discounts.account = %(account)s
        AND work.tm_shop_id = discounts.tm_shop_id AND work.tm_job_id = discounts.tm_job_id
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, 'fee', coalesce(answered.is_sold, FALSE), total, 0
    FROM tekmetric.ro_fees
    INNER JOIN changed_orders USING (tm_shop_id, tm_repair_order_id)
    LEFT JOIN answered USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s
    UNION ALL
    SELECT tm_shop_id, tm_repair_order_id, 'discount', coalesce(answered.is_sold, FALSE), total, 0
    FROM tekmetric.ro_discounts
    INNER JOIN changed_orders USING (tm_shop_id, tm_repair_order_id)
    LEFT JOIN answered USING (tm_shop_id, tm_repair_order_id)
    WHERE client_id = %(client)s AND account = %(account)s
),

-- A sum of costs of which one is not known is not known.
sums AS (
    SELECT
        tm_shop_id,
        tm_repair_order_id,
        count(*) FILTER (WHERE is_sold AND kind = 'job')::integer AS jobs,
        coalesce(sum(price) FILTER (WHERE is_sold AND kind = 'part'), 0)::bigint AS parts,
        coalesce(sum(price) FILTER (WHERE is_sold AND kind = 'labor'), 0)::bigint AS labor,
        coalesce(sum(price) FILTER (WHERE is_sold AND kind = 'sublet'), 0)::bigint AS sublets,
        coalesce(sum(price) FILTER (WHERE is_sold AND kind = 'fee'), 0)::bigint AS fees,
        coalesce(sum(price) FILTER (WHERE is_sold AND kind = 'discount'), 0)::bigint AS discounts,
        CASE
            WHEN count(*) FILTER (WHERE is_sold AND kind = 'part' AND cost IS NULL) = 0
                THEN coalesce(sum(cost) FILTER (WHERE is_sold AND kind = 'part'), 0)
        END::bigint AS parts_cost,
        CASE
            WHEN count(*) FILTER (WHERE is_sold AND kind = 'labor' AND cost IS NULL) = 0
                THEN coalesce(sum(cost) FILTER (WHERE is_sold AND kind = 'labor'), 0)
        END::bigint AS labor_cost,
        CASE
            WHEN count(*) FILTER (WHERE is_sold AND kind = 'sublet' AND cost IS NULL) = 0
                THEN coalesce(sum(cost) FILTER (WHERE is_sold AND kind = 'sublet'), 0)
        END::bigint AS sublet_cost,
        count(*) FILTER (WHERE kind = 'job')::integer AS potential_jobs,
        coalesce(sum(CASE kind WHEN 'discount' THEN -price ELSE price END), 0)::bigint AS potential
    FROM changed_orders
    LEFT JOIN lines USING (tm_shop_id, tm_repair_order_id)
    GROUP BY tm_shop_id, tm_repair_order_id
),

-- Whose labor it is. A job that two technicians share has one clock, which belongs to neither.
job_labor AS (
    SELECT
        labor.tm_shop_id,
        labor.tm_repair_order_id,
        labor.tm_job_id,
        labor.tm_technician_id,
        coalesce(labor.rate_source, 'unknown') AS rate_source,
        max(labor.tech_hourly_cost) AS rate,
        count(*) AS lines,
        coalesce(sum(labor.hours), 0) AS hours,
        coalesce(sum(labor.total), 0) AS price,
        CASE WHEN count(*) = count(labor.labor_cost) THEN sum(labor.labor_cost) END AS cost,
        CASE
            WHEN work.logged_hours > 0 AND labor.tm_technician_id IS NOT NULL AND count(*) = sum(count(*)) OVER job
                THEN work.logged_hours
        END AS clocked
    FROM work
    INNER JOIN tekmetric.job_labor AS labor
        ON labor.client_id = %(client)s AND labor.account = %(account)s
        AND work.tm_shop_id = labor.tm_shop_id AND work.tm_job_id = labor.tm_job_id
    WHERE work.is_sold
    GROUP BY
        labor.tm_shop_id, labor.tm_repair_order_id, labor.tm_job_id, labor.tm_technician_id, labor.rate_source,
        work.logged_hours
    WINDOW job AS (PARTITION BY labor.tm_shop_id, labor.tm_job_id)
),

technicians AS (
    SELECT
        tm_shop_id,
        tm_repair_order_id,
        tm_technician_id,
        rate_source,
        sum(hours) AS hours,
        sum(lines) AS lines,
        jsonb_build_object(
            'technician', tm_technician_id,
            'hours', sum(hours),
            'revenue', sum(price),
            'cost', CASE WHEN count(*) = count(cost) THEN sum(cost) END,
            'rate', max(rate),
            'rate_source', rate_source,
            'lines', sum(lines),
            'jobs', count(*),
            'clocked_hours', sum(clocked),
            'clocked_billed', sum(hours) FILTER (WHERE clocked IS NOT NULL)
        ) AS told
    FROM job_labor
    GROUP BY tm_shop_id, tm_repair_order_id, tm_technician_id, rate_source
),

labor AS (
    SELECT
        tm_shop_id,
        tm_repair_order_id,
        sum(hours) AS hours,
        jsonb_agg(told ORDER BY tm_technician_id, rate_source) AS technicians
    FROM technicians
    GROUP BY tm_shop_id, tm_repair_order_id
),

sources AS (
    SELECT tm_shop_id, tm_repair_order_id, jsonb_object_agg(rate_source, lines) AS counts
    FROM (
        SELECT tm_shop_id, tm_repair_order_id, rate_source, sum(lines) AS lines
        FROM technicians
        GROUP BY tm_shop_id, tm_repair_order_id, rate_source
    ) AS each_source
    GROUP BY tm_shop_id, tm_repair_order_id
),

ours AS (
    SELECT
        sums.*,
        revenue.cents AS revenue,
        revenue.cents - (parts_cost + labor_cost + sublet_cost) AS profit,
        CASE
            WHEN revenue.cents > 0 THEN core.half_even(
                100 * (revenue.cents - (parts_cost + labor_cost + sublet_cost))::numeric / revenue.cents, 2
            )
        END AS gp_percent
    FROM sums
    CROSS JOIN LATERAL (
        SELECT sums.parts + sums.labor + sums.sublets + sums.fees - sums.discounts AS cents
    ) AS revenue
)

SELECT
    taken.client_id,
    taken.account,
    taken.tm_shop_id,
    taken.location_id,
    taken.tm_id AS tm_repair_order_id,
    taken.snapshot_date,
    taken.snapshot_trigger,
    coalesce(taken.status, codes.label, taken.status_id::text) AS ro_status,
    taken.ro_number,
    coalesce(existing.customer_name, theirs.customer_name) AS customer_name,
    coalesce(existing.vehicle_description, theirs.vehicle) AS vehicle_description,
    coalesce(existing.advisor_name, theirs.advisor_name) AS advisor_name,
    ours.revenue AS authorized_revenue,
    ours.revenue - ours.profit AS authorized_cost,
    ours.profit AS authorized_profit,
    ours.gp_percent AS authorized_gp_percent,
    ours.jobs AS authorized_job_count,
    ours.parts AS parts_revenue,
    ours.parts_cost,
    ours.parts - ours.parts_cost AS parts_profit,
    ours.labor AS labor_revenue,
    ours.labor_cost,
    ours.labor - ours.labor_cost AS labor_profit,
    coalesce(labor.hours, 0) AS labor_hours,
    ours.sublets AS sublet_revenue,
    ours.sublet_cost,
    ours.fees AS fees_total,
    ours.discounts AS discount_total,
    coalesce(taken.taxes, 0) AS tax_total,
    ours.potential AS potential_revenue,
    ours.potential_jobs AS potential_job_count,
    coalesce(labor.technicians, '[]'::jsonb) AS labor_technicians,
    coalesce(sources.counts, '{}'::jsonb) AS rate_sources,
    profits.authorized_revenue AS tm_reported_revenue,
    profits.authorized_cost AS tm_reported_cost,
    profits.authorized_profit AS tm_reported_profit,
    theirs.gp_percent AS tm_reported_gp_percent,
    ours.gp_percent - theirs.gp_percent AS variance_percent,
    CASE
        WHEN abs(ours.gp_percent - theirs.gp_percent) > 0.5 THEN coalesce(
            nullif(
                concat_ws(
                    ', ',
                    CASE WHEN abs(ours.revenue - profits.authorized_revenue) > 100 THEN 'revenue_differs' END,
                    CASE WHEN abs(ours.labor_cost - profits.labor_cost) > 100 THEN 'labor_cost_differs' END,
                    CASE
                        WHEN
                            abs(
                                ours.parts_cost + ours.sublet_cost - (profits.authorized_cost - profits.labor_cost)
                            ) > 100 THEN 'other_cost_differs'
                    END
                ), ''
            ), 'small_amounts'
        )
    END AS variance_reason,
    array_remove(
        ARRAY[
            CASE WHEN abs(ours.revenue - profits.authorized_revenue) > 100 THEN 'revenue_beyond_100_cents' END,
            CASE WHEN abs(ours.profit - profits.authorized_profit) > 100 THEN 'profit_beyond_100_cents' END,
            CASE WHEN abs(ours.gp_percent - theirs.gp_percent) > 0.5 THEN 'gp_beyond_half_point' END,
            CASE WHEN ours.profit < 0 THEN 'negative_profit_possible_warranty' END,
            CASE WHEN ours.profit IS NULL THEN 'cost_unknown' END
        ], NULL
    ) AS flags,
    greatest(taken.observed_at, profits.observed_at) AS observed_at,
    FALSE AS is_deleted
FROM taken
INNER JOIN ours ON taken.tm_shop_id = ours.tm_shop_id AND taken.tm_id = ours.tm_repair_order_id
LEFT JOIN labor ON taken.tm_shop_id = labor.tm_shop_id AND taken.tm_id = labor.tm_repair_order_id
LEFT JOIN sources ON taken.tm_shop_id = sources.tm_shop_id AND taken.tm_id = sources.tm_repair_order_id
LEFT JOIN tekmetric.profits
    ON taken.client_id = profits.client_id AND taken.account = profits.account
    AND taken.tm_shop_id = profits.tm_shop_id AND taken.tm_id = profits.tm_repair_order_id AND NOT profits.is_deleted
LEFT JOIN tekmetric.ro_snapshots AS existing
    ON taken.client_id = existing.client_id AND taken.account = existing.account
    AND taken.tm_shop_id = existing.tm_shop_id AND taken.tm_id = existing.tm_repair_order_id
    AND taken.snapshot_trigger = existing.snapshot_trigger AND taken.snapshot_date = existing.snapshot_date
    AND NOT existing.is_deleted
LEFT JOIN core.codes
    ON codes.source = 'tekmetric' AND codes.vocabulary = 'repairOrderStatus' AND codes.code = taken.status_id::text
LEFT JOIN tekmetric.customers
    ON taken.client_id = customers.client_id AND taken.account = customers.account
    AND taken.tm_shop_id = customers.tm_shop_id AND taken.tm_customer_id = customers.tm_id
LEFT JOIN tekmetric.vehicles
    ON taken.client_id = vehicles.client_id AND taken.account = vehicles.account
    AND taken.tm_shop_id = vehicles.tm_shop_id AND taken.tm_vehicle_id = vehicles.tm_id
LEFT JOIN tekmetric.employees
    ON taken.client_id = employees.client_id AND taken.account = employees.account
    AND taken.tm_shop_id = employees.tm_shop_id AND taken.tm_service_advisor_id = employees.tm_id
CROSS JOIN LATERAL (
    SELECT
        core.half_even(100 * profits.authorized_margin, 2) AS gp_percent,
        coalesce(
            customers.company_name, nullif(concat_ws(' ', customers.first_name, customers.last_name), '')
        ) AS customer_name,
        nullif(concat_ws(' ', vehicles.year, vehicles.make, vehicles.model, vehicles.sub_model), '') AS vehicle,
        nullif(concat_ws(' ', employees.first_name, employees.last_name), '') AS advisor_name
) AS theirs
