-- tekmetric.tech_daily_metrics: one row a technician and changed day with posted labor, from the snapshots' own account
-- of it. Labor where nobody is named is nobody's.
WITH told AS (
    SELECT
        snapshots.client_id,
        snapshots.account,
        snapshots.tm_shop_id,
        snapshots.location_id,
        snapshots.snapshot_date,
        snapshots.tm_repair_order_id,
        snapshots.observed_at,
        labor.*
    FROM changed_days
    INNER JOIN tekmetric.ro_snapshots AS snapshots
        ON snapshots.client_id = %(client)s AND snapshots.account = %(account)s
        AND changed_days.tm_shop_id = snapshots.tm_shop_id AND changed_days.metric_date = snapshots.snapshot_date
    CROSS JOIN jsonb_to_recordset(snapshots.labor_technicians) AS labor (
        technician bigint, hours numeric, revenue bigint, cost bigint, rate_source text, lines integer, jobs integer,
        clocked_hours numeric, clocked_billed numeric
    )
    WHERE NOT snapshots.is_deleted AND snapshots.snapshot_trigger = 'posted' AND labor.technician IS NOT NULL
),

sources AS (
    SELECT tm_shop_id, snapshot_date, technician, jsonb_object_agg(rate_source, lines) AS counts
    FROM (
        SELECT tm_shop_id, snapshot_date, technician, rate_source, sum(lines) AS lines
        FROM told
        GROUP BY tm_shop_id, snapshot_date, technician, rate_source
    ) AS each_source
    GROUP BY tm_shop_id, snapshot_date, technician
),

sums AS (
    SELECT
        client_id,
        account,
        tm_shop_id,
        snapshot_date,
        technician,
        max(location_id) AS location_id,
        sum(hours) AS hours,
        sum(revenue)::bigint AS revenue,
        CASE WHEN count(*) = count(cost) THEN sum(cost) END::bigint AS cost,
        sum(jobs)::integer AS jobs,
        count(DISTINCT tm_repair_order_id)::integer AS orders,
        sum(clocked_hours) AS clocked,
        sum(clocked_billed) AS billed,
        max(observed_at) AS observed_at
    FROM told
    GROUP BY client_id, account, tm_shop_id, snapshot_date, technician
)

SELECT
    sums.client_id,
    sums.account,
    sums.tm_shop_id,
    sums.location_id,
    sums.technician AS tm_technician_id,
    sums.snapshot_date AS metric_date,
    'posted' AS basis,
    sums.hours AS hours_billed,
    core.half_even(sums.revenue / nullif(sums.hours, 0))::bigint AS hourly_rate,
    core.half_even(sums.cost / nullif(sums.hours, 0))::bigint AS hourly_cost,
    sums.revenue AS labor_revenue,
    sums.cost AS labor_cost,
    sums.revenue - sums.cost AS labor_profit,
    CASE WHEN sums.revenue > 0 THEN core.half_even(100 * (sums.revenue - sums.cost)::numeric / sums.revenue, 2) END
    AS labor_gp_percent,
    core.half_even((sums.revenue - sums.cost) / nullif(sums.hours, 0))::bigint AS gp_per_hour,
    sums.jobs AS jobs_worked,
    sums.orders AS ros_worked,
    sources.counts AS rate_sources,
    sums.clocked AS hours_clocked,
    sums.billed AS hours_billed_clocked,
    core.half_even(100 * sums.billed / nullif(sums.clocked, 0), 2) AS efficiency,
    sums.observed_at,
    FALSE AS is_deleted
FROM sums
INNER JOIN sources USING (tm_shop_id, snapshot_date, technician)
