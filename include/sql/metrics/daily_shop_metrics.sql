-- tekmetric.daily_shop_metrics: one row a shop and changed day that has a snapshot. Money is of posted orders alone.
-- Where every one of them has the vendor's own revenue, cost and profit, the day's are the vendor's; else all are by
-- lines. A sum of costs of which one is not known is not known.
WITH counted AS (
    SELECT snapshots.*
    FROM changed_days
    INNER JOIN tekmetric.ro_snapshots AS snapshots
        ON snapshots.client_id = %(client)s AND snapshots.account = %(account)s
        AND changed_days.tm_shop_id = snapshots.tm_shop_id AND changed_days.metric_date = snapshots.snapshot_date
    WHERE NOT snapshots.is_deleted AND snapshots.snapshot_trigger <> 'manual'
),

posted AS (
    SELECT
        tm_shop_id,
        snapshot_date,
        count(*)::integer AS orders,
        count(*) = count(tm_reported_revenue + tm_reported_cost + tm_reported_profit) AS is_vendors,
        sum(tm_reported_revenue)::bigint AS reported_revenue,
        sum(tm_reported_cost)::bigint AS reported_cost,
        sum(tm_reported_profit)::bigint AS reported_profit,
        sum(authorized_revenue)::bigint AS revenue,
        CASE WHEN count(*) = count(authorized_cost) THEN sum(authorized_cost) END::bigint AS cost,
        (count(*) - count(authorized_cost))::integer AS without_cost,
        sum(authorized_job_count)::integer AS jobs,
        sum(parts_revenue)::bigint AS parts_revenue,
        CASE WHEN count(*) = count(parts_cost) THEN sum(parts_cost) END::bigint AS parts_cost,
        sum(labor_revenue)::bigint AS labor_revenue,
        CASE WHEN count(*) = count(labor_cost) THEN sum(labor_cost) END::bigint AS labor_cost,
        sum(labor_hours) AS labor_hours,
        sum(sublet_revenue)::bigint AS sublet_revenue,
        CASE WHEN count(*) = count(sublet_cost) THEN sum(sublet_cost) END::bigint AS sublet_cost,
        sum(fees_total)::bigint AS fees,
        sum(discount_total)::bigint AS discounts,
        sum(tax_total)::bigint AS taxes,
        sum(potential_revenue)::bigint AS potential,
        sum(potential_job_count)::integer AS potential_jobs
    FROM counted
    WHERE snapshot_trigger = 'posted'
    GROUP BY tm_shop_id, snapshot_date
),

sources AS (
    SELECT tm_shop_id, snapshot_date, jsonb_object_agg(rate_source, lines) AS counts
    FROM (
        SELECT counted.tm_shop_id, counted.snapshot_date, told.key AS rate_source, sum(told.value::integer) AS lines
        FROM counted
        CROSS JOIN jsonb_each_text(counted.rate_sources) AS told (key, value)
        WHERE counted.snapshot_trigger = 'posted'
        GROUP BY counted.tm_shop_id, counted.snapshot_date, told.key
    ) AS each_source
    GROUP BY tm_shop_id, snapshot_date
),

days AS (
    SELECT
        client_id,
        account,
        tm_shop_id,
        snapshot_date,
        max(location_id) AS location_id,
        count(*)::integer AS snapshots,
        count(*) FILTER (WHERE snapshot_trigger = 'completed')::integer AS completed,
        max(observed_at) AS observed_at
    FROM counted
    GROUP BY client_id, account, tm_shop_id, snapshot_date
)

SELECT
    days.client_id,
    days.account,
    days.tm_shop_id,
    days.location_id,
    days.snapshot_date AS metric_date,
    'posted' AS basis,
    CASE WHEN posted.is_vendors THEN 'vendor' ELSE 'lines' END AS revenue_source,
    coalesce(posted.orders, 0) AS ro_count,
    coalesce(posted.orders, 0) AS ro_posted_count,
    days.completed AS ro_completed_count,
    coalesce(posted.orders, 0) AS car_count,
    money.revenue AS authorized_revenue,
    money.cost AS authorized_cost,
    money.profit AS authorized_profit,
    CASE WHEN money.revenue > 0 THEN core.half_even(100 * money.profit::numeric / money.revenue, 2) END
    AS authorized_gp_percent,
    coalesce(posted.revenue, 0) AS lines_revenue,
    coalesce(posted.jobs, 0) AS authorized_job_count,
    coalesce(posted.parts_revenue, 0) AS parts_revenue,
    CASE WHEN posted.orders IS NULL THEN 0 ELSE posted.parts_cost END AS parts_cost,
    CASE WHEN posted.orders IS NULL THEN 0 ELSE posted.parts_revenue - posted.parts_cost END AS parts_profit,
    CASE
        WHEN posted.parts_revenue > 0 THEN core.half_even(
            100 * (posted.parts_revenue - posted.parts_cost)::numeric / posted.parts_revenue, 2
        )
    END AS parts_gp_percent,
    coalesce(posted.labor_revenue, 0) AS labor_revenue,
    CASE WHEN posted.orders IS NULL THEN 0 ELSE posted.labor_cost END AS labor_cost,
    CASE WHEN posted.orders IS NULL THEN 0 ELSE posted.labor_revenue - posted.labor_cost END AS labor_profit,
    CASE
        WHEN posted.labor_revenue > 0 THEN core.half_even(
            100 * (posted.labor_revenue - posted.labor_cost)::numeric / posted.labor_revenue, 2
        )
    END AS labor_gp_percent,
    coalesce(posted.labor_hours, 0) AS labor_hours,
    coalesce(posted.sublet_revenue, 0) AS sublet_revenue,
    CASE WHEN posted.orders IS NULL THEN 0 ELSE posted.sublet_cost END AS sublet_cost,
    coalesce(posted.fees, 0) AS fees_total,
    coalesce(posted.discounts, 0) AS discount_total,
    coalesce(posted.taxes, 0) AS tax_total,
    core.half_even(money.revenue::numeric / nullif(posted.orders, 0))::bigint AS avg_ro_value,
    core.half_even(money.profit::numeric / nullif(posted.orders, 0))::bigint AS avg_ro_profit,
    core.half_even(posted.labor_revenue / nullif(posted.labor_hours, 0))::bigint AS avg_labor_rate,
    core.half_even((posted.labor_revenue - posted.labor_cost) / nullif(posted.labor_hours, 0))::bigint
    AS gp_per_labor_hour,
    core.half_even(money.profit / nullif(posted.labor_hours, 0))::bigint AS total_gp_per_labor_hour,
    coalesce(posted.potential, 0) AS potential_revenue,
    coalesce(posted.potential_jobs, 0) AS potential_job_count,
    CASE WHEN posted.potential > 0 THEN core.half_even(100 * posted.revenue::numeric / posted.potential, 2) END
    AS authorization_rate,
    coalesce(sources.counts, '{}'::jsonb) AS rate_sources,
    coalesce(posted.without_cost, 0) AS ro_without_cost_count,
    days.snapshots AS source_snapshot_count,
    days.observed_at,
    FALSE AS is_deleted
FROM days
LEFT JOIN posted USING (tm_shop_id, snapshot_date)
LEFT JOIN sources USING (tm_shop_id, snapshot_date)
CROSS JOIN LATERAL (
    SELECT posted.reported_revenue AS revenue, posted.reported_cost AS cost, posted.reported_profit AS profit
    WHERE posted.is_vendors
    UNION ALL
    SELECT posted.revenue, posted.cost, posted.revenue - posted.cost WHERE NOT posted.is_vendors
    UNION ALL
    SELECT 0, 0, 0 WHERE posted.orders IS NULL
) AS money
